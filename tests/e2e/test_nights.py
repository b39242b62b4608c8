#!/usr/bin/env python3
"""Days are spent to their last request, none is refused, and stopping and starting changes nothing."""
import time
from mill import PROMPT, House, answered, main, most_in_window, per_day, refused


def check_days(house, rows, a_day, day_ms):
    arrivals = house.arrivals()
    assert len(refused(arrivals)) == 0, f"{len(refused(arrivals))} requests were refused"
    assert len(answered(arrivals)) == rows, f"{len(answered(arrivals))} answers for {rows} rows"
    days = per_day([a["at_ms"] for a in arrivals], day_ms)
    counts = [days[d] for d in sorted(days)]
    assert max(counts) <= a_day, counts
    assert all(n == a_day for n in counts[:-1]), f"a whole day was not used to its last request: {counts}"
    return f"requests by day {counts}, none refused"


def wait_for_day(day_s):
    """Begin just after a day has begun, so that the first day is a whole one, too."""
    time.sleep(day_s - time.time() % day_s + 0.1)


def one_run():
    """60 rows under 20 a day, a day of 10 s: one run waits through three days"""
    with House(windows=("2s", "10s"), limits={"rpm": 60, "rpd": 20}) as house:
        house.twin("--rpm", 60, "--rpd", 20, "--minute", "2s", "--day", "10s", "--latency", "20ms")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 60)
        wait_for_day(10)
        err = house.run("run", prompt, data, "-o", "out.jsonl", timeout=60).err
        assert "waiting" in err, err
        words = check_days(house, 60, 20, 10000)
        out = house.results("label.reviews")
        assert [r["row"] for r in out] == list(range(1, 61))
        assert all(r["output"].startswith(f"echo: Label this review: review number {r['row']}") for r in out), out[0]
        return words


def started_each_day():
    """The same with the runner stopped and started each day"""
    with House(windows=("2s", "10s"), limits={"rpm": 60, "rpd": 20}) as house:
        house.twin("--rpm", 60, "--rpd", 20, "--minute", "2s", "--day", "10s", "--latency", "20ms")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 60)
        wait_for_day(10)
        runs = 0
        while True:
            runs += 1
            result = house.run("run", prompt, data, "--no-wait", status=None, timeout=60)
            assert result.status in (0, 4), result
            if result.status == 0:
                break
            assert "Go on with" in result.err.splitlines()[-1], result.err
            assert runs < 8, "no end"
            wait_for_day(10)
        return check_days(house, 60, 20, 10000) + f", {runs} runs"


def minute():
    """A minute of 2 s with 5 requests is never exceeded in any sliding window"""
    with House(windows=("2s", "1h"), limits={"rpm": 5, "rpd": 1000}) as house:
        house.twin("--rpm", 5, "--minute", "2s", "--day", "1h", "--latency", "30ms", "--jitter", "100ms")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 30)
        house.run("run", prompt, data, timeout=60)
        arrivals = house.arrivals()
        most = most_in_window([a["at_ms"] for a in arrivals], 2000)
        assert not refused(arrivals) and most <= 5, (len(refused(arrivals)), most)
        return f"at most {most} of 5 in any 2 s, none refused"


if __name__ == "__main__":
    main([one_run, started_each_day, minute])
