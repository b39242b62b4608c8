"""test_rows.py - many rows: an add that was cut off goes on, the same file again queues nothing, rows that were tried
before keep their place, and nobody minds a reader of results who has had enough."""
import contextlib
import os
import signal
import subprocess
import time

from mill import PROMPT, TIDEMILL, House, main

N = 20000
# So long that a group of rows is some thousand of them: 4 MB.
LONG = "a review that goes on and on " * 30


def text(i):
    return f"{i:08d} {LONG}"


def line(i):
    return f"{i},{text(i)}\r\n"


def wait_for_rows(house, batch, least, process):
    for _ in range(600):
        assert process.poll() is None, process.stderr.read()
        listed = house.run("status", batch, "--json", status=None)
        if listed.status == 0 and '"rows":' in listed.out:
            rows = house.json("status", batch)["rows"]
            if rows >= least:
                return rows
        time.sleep(0.05)
    raise AssertionError(f"{batch}: not {least} rows after 30 s")


def cut_off(house, prompt, how, command="add"):
    """A command that reads from a pipe, ended by `how` when 12,000 rows went through; then the pipe's place is taken by the
    whole file."""
    data = house.path("reviews.csv")
    os.mkfifo(data)
    process = house.start(command, prompt, data)
    with contextlib.suppress(BrokenPipeError), open(data, "w", encoding="utf-8", newline="") as pipe:
        pipe.write("id,text\r\n")
        for i in range(1, 12001):
            pipe.write(line(i))
        pipe.flush()
        rows = wait_for_rows(house, "label.reviews", 4000, process)
        process.send_signal(how)
        if how == signal.SIGINT:
            pipe.write(line(12001))  # it looks up when the next row comes
    process.communicate(timeout=30)
    os.unlink(data)
    house.rows("reviews.csv", N, text)
    return data, rows, process.returncode


def check_all(house, prompt, data):
    again = house.json("add", prompt, data)
    assert (again["new"], again["known"], again["rows"]) == (0, N, N), again
    planned = house.json("plan", prompt, data)
    assert (planned["new"], planned["known"]) == (0, N), planned
    rows = house.results("label.reviews")
    assert [r["row"] for r in rows] == list(range(1, N + 1))
    assert all(r["input"]["id"] == str(r["row"]) and r["status"] == "waiting" for r in rows)
    joined = house.results("label.reviews", data)
    assert [r["key"] for r in joined] == [r["key"] for r in rows]


def killed():
    """an add that was killed goes on where it was, and the same file again queues nothing"""
    with House() as house:
        prompt = house.write("label.prompt", PROMPT)
        data, rows, status = cut_off(house, prompt, signal.SIGKILL)
        assert status == -signal.SIGKILL
        added = house.json("add", prompt, data)
        assert rows <= added["known"] < N and added["new"] == N - added["known"] and added["rows"] == N, added
        check_all(house, prompt, data)
        return f"{added['known']} rows were there"


def interrupted():
    """Ctrl-C ends the queueing of a run with a word, and the same rows go on"""
    with House() as house:
        house.twin()
        prompt = house.write("label.prompt", PROMPT)
        data, _, status = cut_off(house, prompt, signal.SIGINT, "run")
        assert status == 4, status
        there = house.json("status", "label.reviews")["rows"]
        added = house.json("add", prompt, data)
        assert added["known"] == there >= 4000 and added["rows"] == N, (there, added)
        check_all(house, prompt, data)
        return f"{there} rows were there"


def killed_then_run():
    """the rows of a killed add are worked by `run BATCH`, which needs no data file"""
    with House() as house:
        house.twin()
        prompt = house.write("label.prompt", PROMPT)
        _, rows, _ = cut_off(house, prompt, signal.SIGKILL)
        house.run("run", "label.reviews", "--limit", 300, status=4)
        answered = [r for r in house.results("label.reviews") if r["status"] == "done"]
        assert len(answered) == 300, len(answered)
        return f"300 of {rows}"


def tried_before():
    """rows that were tried keep their place and their answer when the whole file follows"""
    with House() as house:
        house.twin()
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", N)
        house.run("try", prompt, data, "--sample", 5, "--seed", 3)
        added = house.json("add", prompt, data)
        assert (added["new"], added["known"]) == (N - 5, 5), added
        rows = house.results("label.reviews")
        assert [int(r["input"]["id"]) for r in rows] == list(range(1, N + 1))
        assert sum(r["status"] == "done" for r in rows) == 5


def early_end():
    """results into a pipe that is closed early end quietly, with status 0"""
    with House() as house:
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", N)
        house.run("add", prompt, data)
        for more in ([], [data], ["--format", "csv"]):
            process = subprocess.Popen([TIDEMILL, "results", "label.reviews", *more], env=house.env, cwd=house.dir,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            assert process.stdout.readline()
            process.stdout.close()
            said = process.stderr.read()
            assert process.wait(timeout=30) == 0, process.returncode
            assert said == "", said


if __name__ == "__main__":
    main([killed, interrupted, killed_then_run, tried_before, early_end])
