#!/usr/bin/env python3
"""Memory of add, of run's first requests, and of results at two numbers of rows; add beside `sqlite3 .import`.
Usage: bench_memory.py BUILD_DIR [SMALL] [LARGE]"""
import os
import subprocess
import sys
import time

build = os.path.abspath(sys.argv[1])
sizes = [int(sys.argv[i]) if len(sys.argv) > i else d for i, d in ((2, 10000), (3, 1000000))]
os.environ["TIDEMILL"] = os.path.join(build, "tidemill")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from mill import TIDEMILL, House  # noqa: E402

PROMPT = "---\nmodel: gemini-2.5-flash\n---\n{{text}}"


def measured(house, command):
    """Wall seconds and peak resident MB of a command, by /usr/bin/time."""
    begun = time.monotonic()
    p = subprocess.run(["/usr/bin/env", "python3", "-c", """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
""", *map(str, command)], env=house.env, cwd=house.dir, capture_output=True, text=True, check=True)
    status, megabytes = p.stdout.split()
    return time.monotonic() - begun, int(megabytes), int(status)


print(f"{'rows':>10} {'what':<28} {'seconds':>8} {'MB':>5} {'exit':>4}")
for n in sizes:
    with House(limits={"rpm": 1000000, "rpd": 1000000000}) as house:
        house.twin("--latency", "1ms")
        prompt = house.write("p.prompt", PROMPT)
        data = house.rows("rows.csv", n, lambda i: f"{i:08d} a review of some length, so that a row is no toy")
        database = house.path("reference.db")
        begun = time.monotonic()
        subprocess.run(["sqlite3", database, "CREATE TABLE t(id TEXT PRIMARY KEY, text TEXT);",
                        ".mode csv", f".import --skip 1 {data} t"], check=True)
        reference = time.monotonic() - begun
        print(f"{n:>10} {'sqlite3 .import (reference)':<28} {reference:>8.2f}")
        for what, command in (
                ("add", ("add", prompt, data)), ("add again", ("add", prompt, data)),
                ("status", ("status",)), ("run --limit 1", ("run", "p.rows", "--limit", 1)),
                ("run --limit 2000", ("run", "p.rows", "--limit", 2000)),
                ("results", ("results", "p.rows", "-o", "out.jsonl")), ("rm", ("rm", "p.rows", "--yes"))):
            seconds, megabytes, status = measured(house, (TIDEMILL, *command))
            ratio = f"  {seconds / reference:.2f} of the reference" if what.startswith("add") else ""
            print(f"{n:>10} {what:<28} {seconds:>8.2f} {megabytes:>5} {status:>4}{ratio}", flush=True)
