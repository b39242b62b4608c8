#!/usr/bin/env python3
"""Three services at once: a free account with a small day, a proxy that speaks OpenAI's format, and a paid one whose
budget runs out; killed (-9) five times in between. Judged from the logs of arrivals, and from the results."""
import json
import random
import signal
import time

from mill import KEY, House, answered, main, refused

ROWS, FREE_A_DAY, PROXY_A_DAY = 500, 60, 150
PRICE = {"in": 20, "out": 200}
BUDGET = 0.35
PROMPT = """---
model: gemini-2.5-flash-lite
config: {maxOutputTokens: 60}
---
Label this review: {{text}}
"""


def micro(usage):
    return -int(-(usage["input"] * PRICE["in"] + (usage["output"] + max(usage["thinking"], 0)) * PRICE["out"]) // 1)


def opened():
    h = House()
    h.write("label.prompt", PROMPT)
    h.rows("data.csv", ROWS)
    slow = ("--latency", "60ms", "--jitter", "40ms")
    free = h.twin("--rpd", FREE_A_DAY, "--day", "24h", *slow)
    proxy = h.twin("--rpd", PROXY_A_DAY, "--day", "rolling", "--models", "google/gemini-2.5-flash-lite", *slow)
    paid = h.twin("--rpm", 100000, *slow)
    h.write("config/tidemill/config.yaml", f"""accounts:
  free: {{provider: gemini, key: $GEMINI_API_KEY, tier: free, project: one, day: utc, windows: {{day: 24h}}, base_url: "{free}/v1beta", limits: {{"*": {{rpm: 10000, rpd: {FREE_A_DAY}}}}}}}
  proxy: {{provider: openai, key: $GEMINI_API_KEY, cost: none, base_url: "{proxy}/v1", day: rolling, limits: {{"*": {{rpm: 10000, rpd: {PROXY_A_DAY}}}}}, models: {{gemini-2.5-flash-lite: google/gemini-2.5-flash-lite}}}}
  paid: {{provider: gemini, key: $GEMINI_API_KEY, tier: 1, project: two, base_url: "{paid}/v1beta", limits: {{"*": {{rpm: 10000, rpd: 100000}}}}, prices: {json.dumps({"gemini-2.5-flash-lite": PRICE})}, budget: {BUDGET} USD}}
routes:
  all: [free, proxy, paid]
""")
    return h


def killed(h, times):
    """Runs it again and again, and kills it so often at random moments; then to its end."""
    chance, kills = random.Random(7), 0
    while kills < times:
        p = h.start("run", "label.prompt", "data.csv", "--route", "all", "--concurrency", 8)
        time.sleep(chance.uniform(0.4, 1.2))
        ended = p.poll() is not None
        p.send_signal(signal.SIGKILL)
        p.communicate()
        if ended:
            break
        kills += 1
    return kills, h.run("run", "label.prompt", "data.csv", "--route", "all", "--no-wait", "--concurrency", 8, status=None)


def three_services_one_batch():
    """each to its end, in the route's order; nothing refused, nothing over the budget, nothing twice but what was cut"""
    with opened() as h:
        kills, last = killed(h, 5)
        rows = h.results("label.data")
        done = [r for r in rows if r["status"] == "done"]
        by = {name: [r for r in done if r["account"] == name] for name in ("free", "proxy", "paid")}
        arrivals = [h.arrivals(twin=0), h.arrivals(twin=1, op="chat"), h.arrivals(twin=2)]
        cut = sum(map(len, arrivals)) - len(done)
        repeats = h.json("status", "label.data")["repeats"]
        assert not any(refused(a) for a in arrivals), [len(refused(a)) for a in arrivals]
        assert len(arrivals[0]) <= FREE_A_DAY and len(arrivals[1]) <= PROXY_A_DAY, [len(a) for a in arrivals]
        assert len(arrivals[0]) >= FREE_A_DAY - repeats and len(by["proxy"]) > 0, {k: len(v) for k, v in by.items()}
        spent = sum(micro(r["usage"]) for r in by["paid"])
        assert 0 < spent <= BUDGET * 1e6, spent
        assert cut <= repeats, (cut, repeats)
        if len(done) < ROWS:
            assert last.status == 4, (last.status, last.err)
        assert len(rows) == ROWS
        quota = h.run("quota").out
        assert "$0.35" in quota, quota
        return (f"{ {k: len(v) for k, v in by.items()} }, ${spent / 1e6:.3f} of ${BUDGET}, {kills} kills, {cut} answers cut off, "
                f"{repeats} counted, {sum(len(answered(a)) for a in arrivals)} answered")


def a_setting_is_refused_once():
    """a service that refuses a setting is asked by one request first, whatever the batch has been through"""
    with House() as h:
        h.write("label.prompt", PROMPT.replace("60}", "60, temperature: 0.2}").replace("gemini-2.5-flash-lite", "gpt-5-mini"))
        h.rows("data.csv", 120)
        url = h.twin("--models", "gpt-5-mini", "--latency", "30ms")
        h.write("config/tidemill/config.yaml", f"""accounts:
  o: {{provider: openai, key: $GEMINI_API_KEY, cost: none, base_url: "{url}/v1", limits: {{"*": {{rpm: 10000}}}}}}
""")
        for limit in (60, 60):
            h.run("run", "label.prompt", "data.csv", "--account", "o", "--limit", limit, "--concurrency", 16, status=None)
        arrivals = h.arrivals(op="chat")
        off = [a for a in arrivals if a["http"] == 400]
        assert 1 <= len(off) <= 4, len(off)
        return f"{len(off)} refused of {len(arrivals)}, in two runs"


def two_names_of_one_key_are_one_account():
    """two accounts with the same key, of two projects' names or none, spend one day once"""
    with House() as h:
        h.write("label.prompt", PROMPT)
        h.rows("data.csv", 40)
        url = h.twin("--rpd", 20, "--day", "24h")
        one = f'provider: gemini, key: $GEMINI_API_KEY, tier: free, day: utc, windows: {{day: 24h}}, base_url: "{url}/v1beta", limits: {{"*": {{rpm: 1000, rpd: 20}}}}'
        h.write("config/tidemill/config.yaml",
                f"accounts:\n  a: {{{one}}}\n  b: {{{one.replace('$GEMINI_API_KEY', '$OTHER_NAME')}}}\nroutes:\n  both: [a, b]\n")
        h.env["OTHER_NAME"] = KEY
        h.run("run", "label.prompt", "data.csv", "--route", "both", "--no-wait", status=4)
        assert len(h.arrivals()) == 20 and not refused(h.arrivals()), len(h.arrivals())


if __name__ == "__main__":
    main([three_services_one_batch, a_setting_is_refused_once, two_names_of_one_key_are_one_account])
