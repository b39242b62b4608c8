#!/usr/bin/env python3
"""Requests a second of `tidemill run`, all promises on, beside a bare libcurl loop against the same server in the same run.
Usage: bench_mill.py BUILD_DIR [ROWS] [CONCURRENCY] [ROUNDS]; prints a line a round and the median ratio."""
import os
import re
import resource
import statistics
import subprocess
import sys
import time

build = os.path.abspath(sys.argv[1])
rows, concurrency, rounds = (int(sys.argv[i]) if len(sys.argv) > i else d for i, d in ((2, 30000), (3, 64), (4, 3)))
os.environ["TIDEMILL"] = os.path.join(build, "tidemill")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from mill import House  # noqa: E402

PROMPT = "---\nmodel: gemini-2.5-flash\n---\n{{text}}"
ratios = []
with House(limits={"rpm": 100000000, "rpd": 1000000000}) as house:
    url = house.twin("--latency", "0ms")
    prompt = house.write("p.prompt", PROMPT)
    data = house.rows("rows.csv", rows, lambda i: f"{i:08d} " + "x" * 900)
    bare_url = f"{url}/v1beta/models/gemini-2.5-flash:generateContent"
    for i in range(rounds):
        bare = subprocess.run([os.path.join(build, "tests/bench/bench_bare"), bare_url, str(rows), str(concurrency), "1000"],
                              env=house.env, capture_output=True, text=True, check=True).stdout.strip()
        house.run("add", prompt, data, "--name", f"round{i}")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.monotonic()
        house.run("run", f"round{i}", "--concurrency", concurrency, timeout=600)
        wall = time.monotonic() - begun
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        ours = rows / wall
        ratio = ours / float(re.match(r"(\d+)", bare).group(1))
        ratios.append(ratio)
        print(f"round {i}: bare {bare}; tidemill {ours:.0f} requests/s, {cpu * 1e6 / rows:.1f} us CPU a request; ratio {ratio:.2f}",
              flush=True)
print(f"median ratio {statistics.median(ratios):.2f}")
