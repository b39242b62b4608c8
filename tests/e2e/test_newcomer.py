#!/usr/bin/env python3
"""What one sees who never saw it before: the progress line, waits, last lines, and words for the usual slips."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from mill import PROMPT, TIDEMILL, House, main


def on_terminal(house, *args, seconds, columns=120):
    """What stands on a terminal's stderr after `seconds` and a Ctrl-C; every redrawn line counts as one."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
    process = subprocess.Popen([TIDEMILL, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs,
                               env={**house.env, "TERM": "xterm"}, cwd=house.dir)
    os.close(theirs)
    shown, end = b"", time.monotonic() + seconds
    while True:
        ready = select.select([ours], [], [], max(0, end - time.monotonic()))[0]
        if not ready:
            process.send_signal(signal.SIGINT)
            end += 30
            continue
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the last writer has gone
            break
        shown += piece
    os.close(ours)
    process.wait(timeout=10)
    return [line.strip() for line in re.split(r"[\r\n]+", shown.decode().replace("\x1b[K", "")) if line.strip()]


def rate():
    """The progress line names no rate before there is one, and none that is absurd"""
    with House(limits={"rpm": 1200, "rpd": 100000}) as house:
        house.twin("--latency", "150ms")
        lines = on_terminal(house, "run", house.write("label.prompt", PROMPT), house.rows("reviews.csv", 2000), seconds=8)
        rates = [float(n) for line in lines for n in re.findall(r"([\d.,]+)/min", line)]
        assert rates, lines[-5:]
        assert max(rates) < 2400, f"{max(rates)} a minute, and 1200 are allowed"  # a first burst is allowed, too
        return f"{rates[0]:.0f}/min at first, {rates[-1]:.0f}/min at last"


def narrow():
    """Forty columns are enough to see how far it is and until when it waits"""
    with House(windows=("10s", "40s"), limits={"rpd": 3}) as house:
        house.twin("--rpd", 3, "--day", "40s")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("a-file-with-a-rather-long-name.csv", 2000)
        lines = on_terminal(house, "run", prompt, data, seconds=6, columns=40)
        drawn = [line for line in lines if re.match(r"\d+ of 2,000", line)]
        assert any(re.match(r"3 of 2,000 .*waiting until \d\d:\d\d:\d\d$", line) for line in drawn), drawn[-3:]
        assert max(map(len, drawn)) < 40, drawn
        return drawn[-1]


def pacing():
    """A pause between two requests of a minute is told once, not after every row"""
    with House(windows=("10s", "1d"), limits={"rpm": 5}) as house:
        house.twin("--rpm", 5, "--minute", "10s")
        err = house.run("run", house.write("label.prompt", PROMPT), house.rows("reviews.csv", 7)).err
        waits = [line for line in err.splitlines() if line.startswith("waiting")]
        assert len(waits) == 1, err
        return waits[0]


def goes_on_as_said():
    """The last line's command goes on where this one was sent, with its limits and its output"""
    with House() as house:
        url = house.twin()
        house.write("config/tidemill/config.yaml", "accounts: {other: {provider: gemini, key: $NOT_SET, tier: free}}\n")
        config = house.write("my config.yaml", "accounts: {mine: {provider: gemini, key: $GEMINI_API_KEY, tier: free}}\n")
        house.write("label.prompt", PROMPT)
        house.rows("reviews (1).csv", 4)
        err = house.run("run", "label.prompt", "reviews (1).csv", "--limit", 1, "-o", "my labels.csv", "--base-url", url,
                        "--rpm", 5000, "--config", config, status=4).err
        last = err.splitlines()[-1]
        command = re.search(r"Go on with: tidemill (.*); what is there now: tidemill (.*)", last)
        assert command, last
        for typed in command.groups():
            done = subprocess.run(["sh", "-c", f'"$0" {typed}', TIDEMILL], env=house.env, cwd=house.dir,
                                  capture_output=True, text=True, check=False)
            assert done.returncode == 0, (typed, done.stderr)
        with open(house.path("my labels.csv"), encoding="utf-8") as f:
            assert len(f.read().splitlines()) == 5
        return command.group(1)


def said_once():
    """The service's words are said once; the last line says what to do"""
    with House() as house:
        house.twin(key="another-key-000000000000")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 3)
        err = house.run("run", prompt, data, status=4).err
        assert err.count("API key not valid") == 1, err
        last = err.splitlines()[-1]
        assert "GEMINI_API_KEY" in last and "tidemill check" in last and "tidemill run label.reviews" in last, last
        out = house.run("check", status=1).out
        assert "refuses the API key from GEMINI_API_KEY: API key not valid" in out, out
    with House() as house:
        house.twin()
        prompt, data = house.write("label.prompt", PROMPT.replace("2.5", "9.9")), house.rows("reviews.csv", 3)
        last = house.run("run", prompt, data, status=4).err.splitlines()[-1]
        assert "has no model gemini-9.9-flash" in last and "--model" in last and "(Model is not" not in last, last
        assert house.run("status").err == "", "status talks of models that nobody asked it about"
        return last


def no_rows():
    """A file without rows: said, and nothing to be sent is offered"""
    with House() as house:
        house.twin()
        prompt, data = house.write("label.prompt", PROMPT), house.write("reviews.csv", "id,text\n")
        for command in ("run", "add"):
            last = house.run(command, prompt, data).err.splitlines()[-1]
            assert "has no rows" in last and "tidemill run" not in last, last
        return house.run("try", prompt, data, status=1).err.splitlines()[-1]


def slips():
    """A misspelt prompt, data for a prompt, a row that is not there: what is wrong is named"""
    with House() as house:
        house.twin()
        house.write("label.prompt", PROMPT)
        house.rows("reviews.csv", 3)
        for args, status, words in [
                (["run", "lable.prompt", "reviews.csv"], 1, "did you mean label.prompt?"),
                (["run", "prompts/label", "reviews.csv"], 1, "prompts/label: there is no such file"),
                (["run", "reviews.csv"], 2, "with which prompt? tidemill run PROMPT reviews.csv"),
                (["run", "reviews.csv", "label.prompt"], 1, "reviews.csv is data: the prompt comes first"),
                (["try", "label.prompt", "reviews.csv", "--row", 9], 1, "reviews.csv has no row 9"),
                (["preview", "label.prompt", "reviews.csv", "--format", "csv"], 2, "did you mean --data-format?"),
                (["retry", "x", "--class", "blockd"], 2, "(did you mean blocked?)")]:
            err = house.run(*args, status=status).err
            assert words in err, err
        house.run("add", "label.prompt", "reviews.csv")
        house.run("cancel", "label.reviews")
        assert "--name NEW" in house.run("run", "label.prompt", "reviews.csv").err.splitlines()[-1]
        assert "--data-format" in house.run("run", "label.prompt", "reviews.csv", "--format", "csv").err
        house.run("rm", "label.reviews", "--yes")
        house.run("run", "label.prompt", "reviews.csv")
        assert "answered before: nothing was sent" in house.run("try", "label.prompt", "reviews.csv").err
        assert "no row failed" in house.run("results", "label.reviews", "--failed").err
        return ""


def costs():
    """check says that an account costs money, and what run makes of that"""
    with House() as house:
        house.write("config/tidemill/config.yaml",
                    "accounts: {paid: {provider: gemini, key: $GEMINI_API_KEY, base_url: 'http://192.0.2.1:9', "
                    "plain_http: true, tier: 1}}\n")
        out = house.run("check", status=1, timeout=60).out
        line = next(line for line in out.splitlines() if "costs money" in line)
        assert "budget" in line, line
        return line


def head():
    """`results | head` ends without a complaint"""
    with House() as house:
        house.twin()
        house.run("run", house.write("label.prompt", PROMPT), house.rows("reviews.csv", 600))
        done = subprocess.run(["sh", "-c", '"$0" results label.reviews | head -n 1', TIDEMILL], env=house.env,
                              cwd=house.dir, capture_output=True, text=True, check=False)
        assert done.stdout.count("\n") == 1 and "can't write" not in done.stderr, done.stderr
        return done.stderr.strip()


if __name__ == "__main__":
    main([rate, narrow, pacing, goes_on_as_said, said_once, no_rows, slips, costs, head])
