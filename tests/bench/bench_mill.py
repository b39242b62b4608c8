#!/usr/bin/env python3
"""Requests a second of `tidemill run`, all promises on, beside a bare libcurl loop against the same server in the same
run; and with its store and ledger in memory (a folder of tmpfs), which shows what durability costs.
Usage: bench_mill.py BUILD_DIR [ROWS] [CONCURRENCY] [ROUNDS]; prints a line a round and the medians."""
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

build = os.path.abspath(sys.argv[1])
rows, concurrency, rounds = (int(sys.argv[i]) if len(sys.argv) > i else d for i, d in ((2, 30000), (3, 64), (4, 3)))
os.environ["TIDEMILL"] = os.path.join(build, "tidemill")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from mill import House  # noqa: E402

PROMPT = "---\nmodel: gemini-2.5-flash\n---\n{{text}}"
MEMORY = "/dev/shm"


def measured(work):
    """Requests a second, and microseconds of CPU a request."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    work()
    wall, after = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return rows / wall, cpu * 1e6 / rows


def mill(house, prompt, data, name, env):
    """Adds the rows, which is not measured, and runs them."""
    house.run("add", prompt, data, "--name", name, env=env)
    return measured(lambda: house.run("run", name, "--concurrency", concurrency, timeout=600, env=env))


def in_memory(house, prompt, data):
    folder = tempfile.mkdtemp(prefix="tidemill-bench-", dir=MEMORY)
    try:
        return mill(house, prompt, data, "memory", {"XDG_DATA_HOME": folder, "XDG_STATE_HOME": folder})
    finally:
        shutil.rmtree(folder)


figures = {}
with House(limits={"rpm": 100000000, "rpd": 1000000000}) as house:
    url = house.twin("--latency", "0ms")
    prompt = house.write("p.prompt", PROMPT)
    data = house.rows("rows.csv", rows, lambda i: f"{i:08d} " + "x" * 900)
    bare = [os.path.join(build, "tests/bench/bench_bare"), f"{url}/v1beta/models/gemini-2.5-flash:generateContent",
            str(rows), str(concurrency), "1000"]
    for i in range(rounds):
        line = {"bare": measured(lambda: subprocess.run(bare, env=house.env, stdout=subprocess.DEVNULL, check=True))}
        if os.path.isdir(MEMORY):
            line["in memory"] = in_memory(house, prompt, data)
        line["durable"] = mill(house, prompt, data, f"round{i}", {})
        for what, (rate, cpu) in line.items():
            figures.setdefault(what, []).append((rate / line["bare"][0], cpu))
        print(f"round {i}: " + "; ".join(f"{what} {rate:.0f} requests/s, {cpu:.1f} us CPU each, "
                                         f"{rate / line['bare'][0]:.2f} of bare"
                                         for what, (rate, cpu) in line.items()), flush=True)
print("median: " + "; ".join(f"{what} {statistics.median(ratio for ratio, _ in seen):.2f} of bare, "
                             f"{statistics.median(cpu for _, cpu in seen):.1f} us CPU each"
                             for what, seen in figures.items()))
