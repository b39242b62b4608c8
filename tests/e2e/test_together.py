#!/usr/bin/env python3
"""Several processes on one store, several stores on one ledger: nobody waits for nothing, no day is spent twice."""
import os
import subprocess
import time
from mill import PROMPT, House, answered, day_that_begins, main, per_day, refused


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def end_all(processes, timeout):
    for p in processes:
        _, err = p.communicate(timeout=timeout)
        assert p.returncode == 0, (p.returncode, err)


def last_rows():
    """Three processes with many requests in flight each end when the last row is answered, whoever has it"""
    with House() as house:
        house.twin("--latency", "300ms", "--jitter", "600ms")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 400)
        house.run("add", prompt, data)
        end_all([house.start("run", "label.reviews", "--concurrency", 40) for _ in range(3)], 30)
        assert len(house.arrivals()) == 400
        return "400 rows, 400 requests, three ended"


def last_of_the_day():
    """The other process answered the last row with the day's last request: no wait for the next day"""
    day_ms = day_that_begins(-1, 60)
    with House(windows=("2s", f"{day_ms}ms"), limits={"rpm": 600, "rpd": 20}) as house:
        house.twin("--rpm", 600, "--rpd", 20, "--minute", "2s", "--day", f"{day_ms}ms", "--latency", "200ms")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 20)
        house.run("add", prompt, data)
        begun = time.monotonic()
        end_all([house.start("run", "label.reviews") for _ in range(2)], 80)
        took = time.monotonic() - begun
        assert took < 20, f"{took:.0f} s"
        assert len(answered(house.arrivals())) == 20 and not refused(house.arrivals())
        return f"ended after {took:.1f} s of a day of {day_ms / 1000:.0f} s"


def quiet_at_the_end():
    """After --until the answers in flight are awaited asleep, not in a busy loop"""
    with House() as house:
        house.twin("--latency", "5s")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 60)
        p = house.start("run", prompt, data, "--keep-going", "--until", "2s")
        time.sleep(2.5)
        before = cpu_seconds(p.pid)
        time.sleep(2)
        used = cpu_seconds(p.pid) - before
        _, err = p.communicate(timeout=30)
        assert p.returncode in (0, 4), err
        assert used < 0.5, f"{used:.2f} s of CPU in 2 s of waiting"
        return f"{used:.2f} s of CPU in 2 s"


def one_key_two_names():
    """Two stores, and the same key under two account names: a day is spent once, to its last request"""
    day_ms = day_that_begins(-1, 6)
    with House(windows=("2s", f"{day_ms}ms"), limits={"rpm": 600, "rpd": 20}) as house:
        url = house.twin("--rpm", 600, "--rpd", 20, "--minute", "2s", "--day", f"{day_ms}ms", "--latency", "100ms")
        account = (f"{{provider: gemini, key: $GEMINI_API_KEY, tier: free, base_url: \"{url}/v1beta\", "
                   f"windows: {{minute: 2s, day: {day_ms}ms}}, limits: {{\"*\": {{rpm: 600, rpd: 20}}}}}}")
        house.write("config/tidemill/config.yaml", f"accounts:\n  gemini: {account}\n  other: {account}\n")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 30)
        end_all([house.start("run", prompt, data),
                 house.start("run", prompt, data, "--account", "other", "--store", "sqlite:" + house.path("b.db"))], 60)
        arrivals = house.arrivals()
        days = per_day([a["at_ms"] for a in arrivals], day_ms)
        assert len(answered(arrivals)) == 60 and not refused(arrivals), len(refused(arrivals))
        assert max(days.values()) <= 20, days
        return f"requests by day {[days[d] for d in sorted(days)]}, none refused"


def removed_meanwhile():
    """A batch that is removed while a run waits ends alone: the other one goes on"""
    day_ms = day_that_begins(-1, 8)
    with House(windows=("2s", f"{day_ms}ms"), limits={"rpm": 600, "rpd": 10}) as house:
        house.twin("--minute", "2s", "--day", f"{day_ms}ms", "--latency", "20ms")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 15)
        house.run("add", prompt, data, "--name", "one")
        house.run("add", prompt, data, "--name", "two")
        p = house.start("run", "one", "two")
        try:
            time.sleep(2)
            house.run("rm", "one", "--yes")
            _, err = p.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            p.kill()
            raise
        assert "the batch one was removed" in err, err
        done = [r["status"] for r in house.results("two")].count("done")
        assert done == 15, (done, err)
        return f"exit {p.returncode}, two has its 15 answers"


if __name__ == "__main__":
    main([last_rows, last_of_the_day, quiet_at_the_end, one_key_two_names, removed_meanwhile])
