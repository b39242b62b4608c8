"""The house's rules: includes point one way and never in circles, files stay small, nothing of any one machine is in
the tree."""
import os
import re
import subprocess
import sys
import unittest

ROOT = os.environ.get("TIDEMILL_SOURCE") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FLOORS = ["core", "jobs", "cmd"]
MOST_LINES = 700
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
# Written in pieces, so that this file does not hold them.
HOSTS = ["deb.deb" + "ian.org", "registry.npm" + "js.org", "py" + "pi.org", "files.python" + "hosted.org",
         "proxy.go" + "lang.org", "crates" + ".io", "archive.ubu" + "ntu.com", "docker" + ".io"]


def machine_paths():
    """Paths that only mean something on the machine where this runs."""
    root = os.path.realpath(ROOT)
    paths = {path for path in (root, os.path.dirname(root), os.path.expanduser("~")) if path.count("/") >= 2}
    return [re.compile(r"(?<![\w.-])" + re.escape(path) + "/") for path in sorted(paths)]


def tracked():
    """Files of the project: git's where there is git, else all but what is built."""
    try:
        out = subprocess.run(["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z", "--cached", "--others",
                              "--exclude-standard"], capture_output=True, check=True).stdout
        names = [name for name in out.decode().split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = []
        for folder, folders, files in os.walk(ROOT):
            folders[:] = [f for f in folders if f not in ("build", ".git", "__pycache__", "node_modules")]
            names += [os.path.relpath(os.path.join(folder, f), ROOT) for f in files]
    return sorted(name for name in names if os.path.isfile(os.path.join(ROOT, name)))


def read(name):
    with open(os.path.join(ROOT, name), "rb") as file:
        return file.read().decode("utf-8", "replace")


def sources():
    return [name for name in tracked() if name.endswith((".c", ".h")) and name.split("/")[0] in FLOORS + ["tests"]]


class Floors(unittest.TestCase):
    def test_no_floor_includes_a_higher_one(self):
        wrong = []
        for name in sources():
            floor = name.split("/")[0]
            if floor == "tests":
                continue
            above = FLOORS[FLOORS.index(floor) + 1:]
            wrong += [f"{name} includes {other}" for other in INCLUDE.findall(read(name))
                      if other.split("/")[0] in above]
        self.assertEqual(wrong, [])

    def test_no_includes_in_circles(self):
        headers = {name: INCLUDE.findall(read(name)) for name in sources() if name.endswith(".h")}
        done, circles = set(), []

        def walk(name, trail):
            if name in trail:
                circles.append(" -> ".join(trail[trail.index(name):] + [name]))
            elif name in headers and name not in done:
                for other in headers[name]:
                    walk(other, trail + [name])
                done.add(name)

        for name in headers:
            walk(name, [])
        self.assertEqual(circles, [])

    def test_no_two_sources_include_each_other(self):
        nouns = {name[:-2]: {other[:-2] for other in INCLUDE.findall(read(name))} for name in sources()
                 if name.endswith(".c") and not name.startswith("tests/")}
        pairs = [f"{one} and {other}" for one in nouns for other in nouns[one]
                 if one < other and one in nouns.get(other, ())]
        self.assertEqual(pairs, [])

    def test_core_knows_no_database_no_socket_and_no_clock(self):
        wrong = []
        for name in sources():
            if name.startswith("core/"):
                for word in (r"<sqlite3\.h>", r"<curl/", r"<microhttpd\.h>", r"<sys/socket\.h>", r"\bclock_gettime\(",
                             r"\bg_get_real_time\(", r"\bg_get_monotonic_time\(", r"\bg_date_time_new_now"):
                    if re.search(word, read(name)):
                        wrong.append(f"{name}: {word}")
        self.assertEqual(wrong, [])

    def test_jobs_knows_no_terminal(self):
        wrong = [name for name in sources() if name.startswith("jobs/") and
                 re.search(r"\bisatty\(|<termios\.h>|TIOCGWINSZ", read(name))]
        self.assertEqual(wrong, [])


class Files(unittest.TestCase):
    def test_a_source_says_first_what_it_is(self):
        wrong = []
        for name in sources():
            if not name.startswith("tests/") and not read(name).startswith(f"/* {os.path.basename(name)} - "):
                wrong.append(name)
        self.assertEqual(wrong, [])

    def test_a_header_is_read_once(self):
        wrong = [name for name in sources() if name.endswith(".h") and "#pragma once" not in read(name)]
        self.assertEqual(wrong, [])

    def test_no_file_needs_a_table_of_contents(self):
        long = []
        for name in tracked():
            if name.endswith((".c", ".h", ".py", ".sh", ".cmake")):
                lines = read(name).count("\n")
                if lines > MOST_LINES:
                    long.append(f"{name}: {lines} lines")
        self.assertEqual(long, [])

    def test_nothing_is_left_for_later(self):
        mark = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
        wrong = [name for name in tracked() if name.endswith((".c", ".h", ".py", ".sh", ".md", ".txt", ".cmake"))
                 and not name.startswith("fixtures/") and mark.search(read(name))]
        self.assertEqual(wrong, [])

    def test_nothing_of_one_machine_or_registry(self):
        wrong, paths = [], machine_paths()
        for name in tracked():
            text = read(name)
            wrong += [f"{name}: {host}" for host in HOSTS if host in text]
            wrong += [f"{name}: {match.group(0)}" for path in paths for match in path.finditer(text)]
        self.assertEqual(wrong, [])

    def test_scripts_can_be_run(self):
        for name in tracked():
            if read(name).startswith("#!") and not name.endswith(".py") and not name.startswith("fixtures/"):
                self.assertTrue(os.access(os.path.join(ROOT, name), os.X_OK), f"{name} is not executable")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + ["-v"])
