"""The command line itself: help, guesses, exit statuses, colour, and what a terminal is shown."""
import os
import pty
import re
import subprocess
import sys
import tempfile
import unittest

TIDEMILL = os.environ.get("TIDEMILL", "build/dev/tidemill")


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tidemill-cli-")
        self.addCleanup(self.folder.cleanup)
        self.env = {"PATH": os.environ["PATH"], "HOME": self.folder.name}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "G_SLICE"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def run_it(self, *args, env=None, **more):
        return subprocess.run([TIDEMILL, *args], capture_output=True, env=dict(self.env, **(env or {})),
                              cwd=self.folder.name, stdin=subprocess.DEVNULL, timeout=60, check=False, **more)

    def on_terminal(self, *args, env=None):
        """What a terminal gets on stderr, and the exit status."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen([TIDEMILL, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs,
                                   env={**self.env, "TERM": "xterm", **(env or {})}, cwd=self.folder.name)
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the last writer has gone
                break
            if not piece:
                break
            shown += piece
        os.close(ours)
        return shown.decode("utf-8", "replace"), process.wait(timeout=60)

    def commands(self):
        text = self.run_it("--help").stdout.decode()
        return [name for name in re.findall(r"^  (\w+) +\S", text, re.M) if name != "help"]


class Help(Case):
    def test_version(self):
        done = self.run_it("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout.decode(), r"^tidemill \d+\.\d+\.\d+\n$")
        self.assertEqual(done.stderr, b"")

    def test_help_goes_to_stdout(self):
        for args in (["--help"], ["-h"], ["help"], ["-q", "--help"]):
            done = self.run_it(*args)
            self.assertEqual((done.returncode, done.stderr), (0, b""), args)
            self.assertIn(b"usage: tidemill COMMAND", done.stdout)

    def test_every_command_says_what_it_does(self):
        for name in self.commands():
            short, long = self.run_it(name, "--help"), self.run_it(name, "--help-all")
            self.assertEqual((short.returncode, long.returncode), (0, 0), name)
            self.assertTrue(short.stdout.startswith(f"usage: tidemill {name}".encode()), name)
            self.assertEqual(self.run_it("help", name).stdout, short.stdout)
            self.assertIn(b"\nExamples:\n  tidemill " + name.encode(), short.stdout, f"{name} shows no example")
            self.assertIn(b"--config FILE", long.stdout)
            self.assertNotIn(b"--config FILE", short.stdout)
            options = re.findall(r"^  (?:-\w, )?--[\w-]+", short.stdout.decode().split("\nExamples:")[0], re.M)
            self.assertLessEqual(len(set(options)), 9, f"{name} --help shows more than 8 options: {options}")

    def test_help_of_a_misspelt_command(self):
        done = self.run_it("help", "hepl")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"did you mean help?", done.stderr)


class Usage(Case):
    def check(self, args, words):
        done = self.run_it(*args)
        self.assertEqual(done.returncode, 2, (args, done.stderr))
        self.assertEqual(done.stdout, b"")
        lines = done.stderr.decode().splitlines()
        self.assertEqual(len(lines), 2, lines)
        self.assertTrue(lines[0].startswith("tidemill: "), lines)
        self.assertIn(words, lines[0])
        self.assertTrue(lines[1].startswith("usage: tidemill "), lines)

    def test_no_command(self):
        self.check([], "no command given")

    def test_a_misspelt_command_gets_a_guess(self):
        self.check(["hlep"], "did you mean help?")
        for name in self.commands():
            self.check([name + "x"], f"did you mean {name}?" if len(name) > 2 else "there is no command")

    def test_a_word_that_is_near_nothing_gets_none(self):
        self.check(["zzzzzzzzzz"], 'there is no command "zzzzzzzzzz"')

    def test_an_unknown_option_gets_a_guess(self):
        self.check(["--vresion"], "unknown option --vresion (did you mean --version?)")
        self.check(["--stroe=x", "help"], "did you mean --store?")
        for name in self.commands():
            self.check([name, "--qiuet"], "did you mean --quiet?")

    def test_contradictions(self):
        self.check(["--color", "sometimes", "help"], "auto, always or never")
        self.check(["-q", "-v", "help"], "contradict")
        self.check(["--config"], "Missing argument")

    def test_too_many_arguments(self):
        for name in self.commands():
            usage = self.run_it(name, "--help").stdout.decode().splitlines()[0]
            if "..." not in usage:
                done = self.run_it(name, *["x"] * 9)
                self.assertEqual(done.returncode, 2, name)


class Terminal(Case):
    WORD = "\x1b[31mred\u202e\x07"

    def test_a_pipe_gets_bytes_as_they_are(self):
        self.assertIn(self.WORD.encode(), self.run_it(self.WORD).stderr)

    def test_a_terminal_gets_them_escaped(self):
        shown, status = self.on_terminal("--color", "never", self.WORD)
        self.assertEqual(status, 2)
        self.assertIn("\\x1b[31mred\\u202e\\x07", shown)
        self.assertNotIn("\x1b", shown)

    def test_no_line_of_a_name_passes_for_one_of_ours(self):
        shown, _ = self.on_terminal("--color", "never", "x\ntidemill: all answered")
        self.assertNotRegex(shown, r"(?m)^tidemill: all answered")

    def test_colour_heeds_no_color(self):
        self.assertIn("\x1b[31mtidemill: \x1b[0m", self.on_terminal("nothing-like-it")[0])
        self.assertNotIn("\x1b", self.on_terminal("nothing-like-it", env={"NO_COLOR": "1"})[0])
        self.assertIn("\x1b", self.on_terminal("nothing-like-it", env={"NO_COLOR": ""})[0])
        self.assertNotIn("\x1b", self.on_terminal("nothing-like-it", env={"TERM": "dumb"})[0])
        self.assertIn(b"\x1b", self.run_it("--color", "always", "nothing-like-it", env={"NO_COLOR": "1"}).stderr)
        self.assertNotIn(b"\x1b", self.run_it("nothing-like-it").stderr)

    def test_the_c_locale_shows_letters_too(self):
        for locale in ("C", "POSIX", "no_SUCH.utf8"):
            self.assertIn("größe", self.on_terminal("größe", env={"LC_ALL": locale})[0])


class Output(Case):
    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_output_that_can_not_be_written_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([TIDEMILL, "--help"], stdout=full, stderr=subprocess.PIPE, env=self.env, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"can't write the output", done.stderr)

    def test_a_reader_that_has_gone_kills_nothing(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([TIDEMILL, "--help"], stdout=writer, stderr=subprocess.PIPE, env=self.env, check=False)
        os.close(writer)
        self.assertEqual((done.returncode, done.stderr), (0, b""))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + ["-v"])
