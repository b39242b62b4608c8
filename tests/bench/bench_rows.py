#!/usr/bin/env python3
"""Time and peak memory of every command that walks all rows, at several numbers of rows, each beside its reference in
the same run: `add` beside `sqlite3 .import` into a table with a text primary key, `results` beside `sqlite3 -json`.
Usage: bench_rows.py BUILD_DIR [ROWS...]          (default: 10000 1000000 10000000; the last one takes some 15 GB)
--answers N: so many rows have an answer of 1 KB when results are written (default 1000000)"""
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

arguments = sys.argv[1:]
answers = int(arguments.pop(arguments.index("--answers") + 1)) if "--answers" in arguments else 1000000
arguments = [a for a in arguments if a != "--answers"]
build = os.path.abspath(arguments[0])
sizes = [int(a) for a in arguments[1:]] or [10000, 1000000, 10000000]
os.environ["TIDEMILL"] = os.path.join(build, "tidemill")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from mill import TIDEMILL, House  # noqa: E402

PROMPT = "---\nmodel: gemini-2.5-flash\n---\n{{text}}"
# Lines of the table: {what: {rows: text}}
table = {}


class Spent:
    """Wall and CPU seconds, peak resident MB, exit status of a command whose output goes nowhere."""

    def __init__(self, house, *command, kill_after=None):
        begun = time.monotonic()
        process = subprocess.Popen(list(map(str, command)), env=house.env, cwd=house.dir, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        if kill_after:
            time.sleep(kill_after)
            os.kill(process.pid, signal.SIGKILL)  # send_signal() would take its status, if it has ended
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = self.status = os.waitstatus_to_exitcode(status)
        self.wall = time.monotonic() - begun
        self.cpu = usage.ru_utime + usage.ru_stime
        self.megabytes = usage.ru_maxrss // 1024


def note(what, n, spent, reference=None, allowed=(0,)):
    assert spent.status in allowed, (what, spent.status)
    beside = f", {spent.wall / reference.wall:.2f} ({spent.cpu / reference.cpu:.2f} by CPU)" if reference else ""
    text = f"{spent.wall:.2f} s, {spent.megabytes} MB{beside}"
    table.setdefault(what, {})[n] = text
    print(f"{n:>10} {what:<32} {text}  [{spent.cpu:.2f} s of CPU]", flush=True)
    return spent


def store_of(house):
    return house.path("data", "tidemill", "tidemill.db")


def answer_rows(house, n):
    """As if that many rows had been answered: nobody waits for a million requests here."""
    with sqlite3.connect(store_of(house)) as db:
        db.execute("PRAGMA synchronous = OFF")
        batch, revision = db.execute("SELECT id, revision FROM batch WHERE name = 'p.rows'").fetchone()
        rows = f"id > {batch} << 32 AND id <= {batch} << 32 | {n}"
        text = ("a word of an answer, some \"quoted\", and some lines\n" * 21)[:1024]
        db.execute("INSERT INTO answer(job, revision, request, account, model, class, http, output, finish, tokens_in,"
                   " tokens_cached, tokens_out, tokens_think, left_ms, done_ms, cost_micro_usd)"
                   " SELECT id, ?, 0, 'gemini', 'gemini-2.5-flash', 0, 200, ?, 'STOP', 20, 0, 200, 0, 1, 2, 0 FROM job"
                   f" WHERE {rows} AND state = 0 ORDER BY id", (revision, text))
        changed = db.execute("UPDATE job SET state = 2, attempts = 1, answer = (SELECT max(id) FROM answer WHERE"
                             f" answer.job = job.id) WHERE {rows} AND state = 0").rowcount
        db.execute("UPDATE batch SET n_done = n_done + ?, n_waiting = n_waiting - ?, cursor = max(cursor, ?)"
                   " WHERE id = ?", (changed, changed, n, batch))


def reference_results(house, n):
    """A table of its own that `sqlite3 -json` writes as many bytes of."""
    path = house.path("reference-results.db")
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("ATTACH ? AS s", (store_of(house),))
        db.execute("CREATE TABLE t AS SELECT j.ordinal AS row, lower(hex(i.key)) AS key, j.state AS status,"
                   " i.body AS input, a.output, a.model, a.account, a.revision, a.tokens_in AS usage_input,"
                   " a.tokens_cached AS cached, a.tokens_out AS output_tokens, a.tokens_think AS thinking, a.finish,"
                   " j.attempts, 1 AS packed FROM s.job j JOIN s.input i ON i.job = j.id"
                   " LEFT JOIN s.answer a ON a.id = j.answer ORDER BY j.id")
    spent = Spent(house, "sqlite3", "-json", path, "SELECT * FROM t")
    os.unlink(path)
    return spent


def first_request(house, n):
    """From the start of `run` to the arrival at the twin, and from there to the end."""
    begun = time.time()
    spent = Spent(house, TIDEMILL, "run", "p.rows", "--limit", 1)
    arrived = house.arrivals()[-1]["at_ms"] / 1000
    spent.wall = arrived - begun
    return note("first request of run", n, spent, allowed=(4,))


def measure(n):
    with House(limits={"rpm": 1000000, "rpd": 1000000000}) as house:
        house.twin("--latency", "1ms")
        prompt = house.write("p.prompt", PROMPT)
        data = house.rows("rows.csv", n, lambda i: f"{i:08d} a review of some length, so that a row is no toy")
        reference = note("sqlite3 .import", n, Spent(
            house, "sqlite3", house.path("reference.db"), "CREATE TABLE t(id TEXT PRIMARY KEY, text TEXT);",
            ".mode csv", f".import --skip 1 {data} t"))
        os.unlink(house.path("reference.db"))
        first = note("add", n, Spent(house, TIDEMILL, "add", prompt, data), reference)
        note("add again, nothing new", n, Spent(house, TIDEMILL, "add", prompt, data), first)
        note("plan", n, Spent(house, TIDEMILL, "plan", prompt, data))
        note("--version: a process, nothing more", n, Spent(house, TIDEMILL, "--version"))
        note("status", n, Spent(house, TIDEMILL, "status"))
        first_request(house, n)
        note("run --limit 2000", n, Spent(house, TIDEMILL, "run", "p.rows", "--limit", 2000), allowed=(4,))
        answer_rows(house, min(n, answers))
        note("results", n, Spent(house, TIDEMILL, "results", "p.rows"), reference_results(house, n))
        note("results, joined to the file", n, Spent(house, TIDEMILL, "results", "p.rows", data))
        note("cancel", n, Spent(house, TIDEMILL, "cancel", "p.rows"))
        note("rm", n, Spent(house, TIDEMILL, "rm", "p.rows", "--yes"))
        killed = Spent(house, TIDEMILL, "add", prompt, data, kill_after=first.wall / 2)
        rest = note("add, killed half-way, goes on", n, Spent(house, TIDEMILL, "add", prompt, data))
        print(f"{'':>10} killed after {killed.wall:.2f} s; both together {(killed.wall + rest.wall) / first.wall:.2f} of "
              "one add", flush=True)
        rows = json.loads(house.run("status", "p.rows", "--json").out)["rows"]
        assert rows == n, rows


for size in sizes:
    measure(size)
print("\n| | " + " | ".join(f"{size:,} rows" for size in sizes) + " |\n|" + " --- |" * (len(sizes) + 1))
for what, cells in table.items():
    print(f"| {what} | " + " | ".join(cells.get(size, "") for size in sizes) + " |")
