#!/usr/bin/env python3
"""Several processes on one store, several stores on one ledger: nobody waits for nothing, no day is spent twice."""
import os
import time
from mill import PROMPT, House, answered, main, refused


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def room_in_day(day_s, room_s):
    """Begins where so much is left of the day."""
    left = day_s - time.time() % day_s
    if left < room_s:
        time.sleep(left + 0.2)


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
    with House(windows=("2s", "60s"), limits={"rpm": 600, "rpd": 20}) as house:
        house.twin("--rpm", 600, "--rpd", 20, "--minute", "2s", "--day", "60s", "--latency", "200ms")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 20)
        house.run("add", prompt, data)
        room_in_day(60, 25)
        begun = time.monotonic()
        end_all([house.start("run", "label.reviews") for _ in range(2)], 80)
        took = time.monotonic() - begun
        assert took < 20, f"{took:.0f} s"
        assert len(answered(house.arrivals())) == 20 and not refused(house.arrivals())
        return f"ended after {took:.1f} s, {60 - took:.0f} s before the next day"


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


if __name__ == "__main__":
    main([last_rows, last_of_the_day, quiet_at_the_end])
