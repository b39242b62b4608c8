"""mill.py - what the end-to-end tests share: a house of their own (store, ledger, config in a temp folder), the real
binary, the twin over real HTTP, and its log of arrivals, from which alone they judge."""
import collections
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

TIDEMILL = os.environ.get("TIDEMILL") or os.path.join(os.path.dirname(__file__), "../../build/tidemill")
SOURCE = os.environ.get("TIDEMILL_SOURCE") or os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
KEY = "AIzaTestKey0123456789abcdefghijklmnop"  # shaped like a real one, so that scrubbing is tested, too

PROMPT = """---
model: gemini-2.5-flash
---
Label this review: {{text}}
"""


class House:
    """A folder with everything a user would have; nothing outside of it is touched."""

    def __init__(self, windows=None, limits=None, guard=None, key=KEY):
        self.dir = tempfile.mkdtemp(prefix="tidemill-e2e-")
        self.twins, self.twin_command = [], None
        self.env = {
            "PATH": os.environ["PATH"], "HOME": self.dir, "LANG": "C", "NO_COLOR": "1",
            "XDG_DATA_HOME": self.path("data"), "XDG_STATE_HOME": self.path("state"),
            "XDG_CONFIG_HOME": self.path("config"), "GEMINI_API_KEY": key,
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "G_SLICE", "LSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.windows, self.guard = windows, guard
        self.limits = limits or {"rpm": 100000, "rpd": 1000000}  # no test waits for the free tier's own

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8", newline="") as f:
            f.write(text)
        return self.path(name)

    def rows(self, name, n, text=lambda i: f"review number {i}"):
        with open(self.path(name), "w", encoding="utf-8", newline="") as f:
            w = csv.writer(f)
            w.writerow(["id", "text"])
            for i in range(1, n + 1):
                w.writerow([i, text(i)])
        return self.path(name)

    def twin(self, *args, key=None):
        """Starts `tidemill simulate`; its address is where this house's account sends from now on."""
        log = self.path(f"twin{len(self.twins)}.log")
        self.twin_command = [TIDEMILL, "simulate", "--log", log, "--key", key or KEY, *map(str, args)]
        process, url = self.start_twin()
        self.twins.append((process, log))
        self.configure(url)
        return url

    def twin_again(self):
        """Starts the last twin anew after its end: with --port where it was, with the same log, its counts forgotten."""
        process, _ = self.start_twin()
        self.twins[-1] = (process, self.twins[-1][1])

    def start_twin(self):
        process = subprocess.Popen(self.twin_command, env=self.env, cwd=self.dir, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        return process, process.stdout.readline().split()[-1]

    def configure(self, url, tier="free", more=""):
        account = f"provider: gemini, key: $GEMINI_API_KEY, tier: {tier}, base_url: \"{url}/v1beta\""
        if self.windows:
            account += f", windows: {{minute: {self.windows[0]}, day: {self.windows[1]}}}"
        if self.limits:
            numbers = ", ".join(f"{k}: {v}" for k, v in self.limits.items())
            account += f", limits: {{\"*\": {{{numbers}}}}}"
        if self.guard is not None:
            account += f", guard: {self.guard}"
        self.write("config/tidemill/config.yaml", f"accounts:\n  gemini: {{{account}}}\n{more}")

    def arrivals(self, twin=-1, op="generate"):
        with open(self.twins[twin][1], encoding="utf-8") as f:
            lines = [json.loads(line) for line in f if line.endswith("\n")]
        return [a for a in lines if a["op"] == op]

    def start(self, *args, **more):
        env = {**self.env, **more.pop("env", {})}
        return subprocess.Popen([TIDEMILL, *map(str, args)], env=env, cwd=more.pop("cwd", self.dir),
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)

    def run(self, *args, status=0, timeout=120, **more):
        """Runs a command to its end; fails unless its exit status is the one expected (None: any)."""
        p = self.start(*args, **more)
        try:
            out, err = p.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            p.kill()
            out, err = p.communicate()
            raise AssertionError(f"{args}: not done after {timeout} s\n{out}\n{err}")
        if status is not None and p.returncode != status:
            raise AssertionError(f"{args}: exit {p.returncode}, not {status}\n--- stdout\n{out}\n--- stderr\n{err}")
        return Result(p.returncode, out, err)

    def results(self, batch, *args):
        out = self.run("results", batch, *args).out
        return [json.loads(line) for line in out.splitlines()]

    def json(self, *args):
        return json.loads(self.run(*args, "--json").out)

    def close(self):
        for process, _ in self.twins:
            if process.poll() is None:
                process.terminate()
                process.wait(timeout=10)
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


Result = collections.namedtuple("Result", "status out err")


def most_in_window(times, length):
    """The most arrivals in any sliding window [t, t + length)."""
    times, best, first = sorted(times), 0, 0
    for last, t in enumerate(times):
        while t - times[first] >= length:
            first += 1
        best = max(best, last - first + 1)
    return best


def per_day(times, length):
    return collections.Counter(int(t // length) for t in times)


def day_that_begins(in_s, about_s):
    """The length in ms of a day, about so long, of which one begins in so many seconds (less than 0: has begun): days that
    are not 24 h start at multiples of their length since 1970, so nobody need wait for a round one."""
    at_ms = int((time.time() + in_s) * 1000)
    return min(range(int(about_s * 900), int(about_s * 1100)), key=lambda day_ms: at_ms % day_ms)


def answered(arrivals):
    return [a for a in arrivals if a["http"] == 200]


def refused(arrivals):
    return [a for a in arrivals if a["http"] == 429]


def main(tests):
    """Runs the functions given (or those named on the command line); prints what each showed."""
    failed = 0
    for test in tests:
        if len(sys.argv) > 1 and test.__name__ not in sys.argv[1:]:
            continue
        begun = time.monotonic()
        try:
            words = test()
            print(f"ok - {test.__doc__} ({time.monotonic() - begun:.1f} s){': ' + words if words else ''}", flush=True)
        except Exception as error:  # every test is run, whatever the others did
            failed += 1
            print(f"not ok - {test.__doc__}: {error}", flush=True)
            if not isinstance(error, AssertionError):
                traceback.print_exc()
    sys.exit(1 if failed else 0)
