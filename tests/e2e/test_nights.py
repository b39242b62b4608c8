#!/usr/bin/env python3
"""Days are spent to their last request, none is refused, and stopping and starting changes nothing."""
import time
from mill import PROMPT, House, answered, day_that_begins, main, most_in_window, per_day, refused


def check_days(house, rows, a_day, day_ms):
    arrivals = house.arrivals()
    assert len(refused(arrivals)) == 0, f"{len(refused(arrivals))} requests were refused"
    assert len(answered(arrivals)) == rows, f"{len(answered(arrivals))} answers for {rows} rows"
    days = per_day([a["at_ms"] for a in arrivals], day_ms)
    counts = [days[d] for d in sorted(days)]
    assert max(counts) <= a_day, counts
    assert all(n == a_day for n in counts[:-1]), f"a whole day was not used to its last request: {counts}"
    return f"requests by day {counts}, none refused"


def house_of_days(about_s):
    """Its first day has begun a second ago: it is a whole one, and surely begun by the server's clock, too. The house and
    the length of a day in ms."""
    day_ms = day_that_begins(-1, about_s)
    house = House(windows=("2s", f"{day_ms}ms"), limits={"rpm": 60, "rpd": 20})
    house.twin("--rpm", 60, "--rpd", 20, "--minute", "2s", "--day", f"{day_ms}ms", "--latency", "20ms")
    return house, day_ms


def one_run():
    """60 rows under 20 a day, a day of 6 s: one run waits through three days"""
    house, day_ms = house_of_days(6)
    with house:
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 60)
        err = house.run("run", prompt, data, "-o", "out.jsonl", timeout=60).err
        assert "waiting" in err, err
        words = check_days(house, 60, 20, day_ms)
        out = house.results("label.reviews")
        assert [r["row"] for r in out] == list(range(1, 61))
        assert all(r["output"].startswith(f"echo: Label this review: review number {r['row']}") for r in out), out[0]
        return words


def started_each_day():
    """The same with the runner stopped and started each day"""
    house, day_ms = house_of_days(6)
    with house:
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 60)
        runs = 0
        while True:
            runs += 1
            result = house.run("run", prompt, data, "--no-wait", status=None, timeout=60)
            assert result.status in (0, 4), result
            if result.status == 0:
                break
            assert "Go on with" in result.err.splitlines()[-1], result.err
            assert runs < 8, "no end"
            time.sleep((day_ms - time.time() * 1000 % day_ms) / 1000 + 1.1)
        return check_days(house, 60, 20, day_ms) + f", {runs} runs"


def minute():
    """A minute of 2 s with 5 requests is never exceeded in any sliding window"""
    with House(windows=("2s", "1h"), limits={"rpm": 5, "rpd": 1000}) as house:
        house.twin("--rpm", 5, "--minute", "2s", "--day", "1h", "--latency", "30ms", "--jitter", "100ms")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 20)
        house.run("run", prompt, data, timeout=60)
        arrivals = house.arrivals()
        most = most_in_window([a["at_ms"] for a in arrivals], 2000)
        assert not refused(arrivals) and most <= 5, (len(refused(arrivals)), most)
        return f"at most {most} of 5 in any 2 s, none refused"


if __name__ == "__main__":
    main([one_run, started_each_day, minute])
