#!/usr/bin/env python3
"""Killed at random moments: every row has one answer, in order; repeats are counted; no window is exceeded."""
import collections
import json
import os
import random
import signal
import time
from mill import PROMPT, House, main, most_in_window, refused

ROWS, KILLS, RPM = 2000, 10, 600


def kills():
    """2,000 rows, killed (-9) ten times at random moments"""
    rng = random.Random(int(os.environ.get("SEED", "20261124")))
    with House(windows=("2s", "1h"), limits={"rpm": RPM, "rpd": 100000}) as house:
        house.twin("--rpm", RPM, "--rpd", 100000, "--minute", "2s", "--day", "1h", "--latency", "60ms", "--jitter", "40ms")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", ROWS)
        command = ("run", prompt, data, "-o", house.path("out.jsonl"))
        for _ in range(KILLS):
            p = house.start(*command)
            time.sleep(rng.uniform(0.1, 1.0))
            p.send_signal(signal.SIGKILL)
            p.communicate()
        house.run(*command, timeout=120)
        with open(house.path("out.jsonl"), encoding="utf-8") as f:
            out = [json.loads(line) for line in f]
        assert [r["row"] for r in out] == list(range(1, ROWS + 1)), "rows lost, doubled or out of order"
        wrong = [r for r in out if not r["output"].startswith(f"echo: Label this review: review number {r['row']}")]
        assert not wrong, wrong[:2]

        arrivals = house.arrivals()
        assert not refused(arrivals), f"{len(refused(arrivals))} refused"
        most = most_in_window([a["at_ms"] for a in arrivals], 2000)
        assert most <= RPM, f"{most} in a window of {RPM}"
        asked = collections.Counter(a["text"] for a in arrivals)
        twice = sum(n - 1 for n in asked.values())
        counted = json.loads(house.run("status", "label.reviews", "--json").out)["repeats"]
        assert twice <= counted, f"{twice} rows asked again at the server, {counted} counted"
        return f"{len(arrivals)} arrivals for {ROWS} rows, {twice} asked again, {counted} counted, most in a window {most} of {RPM}"


def three():
    """Three processes on one store stay together inside the same limits"""
    with House(windows=("2s", "1h"), limits={"rpm": 60, "rpd": 100000}) as house:
        house.twin("--rpm", 60, "--rpd", 100000, "--minute", "2s", "--day", "1h", "--latency", "30ms")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 300)
        processes = [house.start("run", prompt, data) for _ in range(3)]
        for p in processes:
            out, err = p.communicate(timeout=120)
            assert p.returncode == 0, err
        arrivals = house.arrivals()
        most = most_in_window([a["at_ms"] for a in arrivals], 2000)
        asked = collections.Counter(a["text"] for a in arrivals)
        assert not refused(arrivals) and most <= 60, (len(refused(arrivals)), most)
        assert len(asked) == 300 and max(asked.values()) == 1, "a row was asked twice"
        assert len(house.results("label.reviews")) == 300
        return f"300 rows once each, at most {most} of 60 in any window, none refused"


def blameless():
    """That its run was cut off four times is no fault of a row: one error of the server does not fail it then"""
    with House(windows=("2s", "1h")) as house:
        house.twin("--latency", "1s", "--fail", "server@5")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 1)
        for n in range(1, 5):
            p = house.start("run", prompt, data)
            end = time.monotonic() + 30
            while len(house.arrivals()) < n:
                assert time.monotonic() < end, f"request {n} has not come"
                time.sleep(0.02)
            if n % 2:
                p.kill()
            else:  # twice: it leaves at once
                p.terminate()
                time.sleep(0.1)
                p.terminate()
            p.communicate(timeout=30)
        house.run("run", prompt, data)
        [row] = house.results("label.reviews")
        asked = [a["http"] for a in house.arrivals()]
        assert asked == [200, 200, 200, 200, 500, 200], asked
        repeats = house.json("status", "label.reviews")["repeats"]
        assert row["status"] == "done" and repeats == 4, (row, repeats)
        return f"done after {len(asked)} requests, {repeats} counted as repeats, {row['attempts']} as attempts"


if __name__ == "__main__":
    main([kills, three, blameless])
