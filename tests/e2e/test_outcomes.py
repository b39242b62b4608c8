#!/usr/bin/env python3
"""Every way in which a request can end, made by the twin: exit status, what became of the rows, and how many requests
it cost. The classes are those of docs/guide.md."""
import collections
import json
import socket
import sys
from mill import KEY, PROMPT, House, answered, main, per_day, refused

SCHEMA_PROMPT = """---
model: gemini-2.5-flash
output:
  schema:
    label: string
---
Label this review: {{text}}
"""

# fault, rows, exit status, states of the rows, least and most requests that arrive, a word that is said
Case = collections.namedtuple("Case", "fail rows status states least most word more",
                              defaults=("", {}))

CASES = [
    # once in a while: the row is asked again and answered
    Case("quota_minute@5", 20, 0, {"done": 20}, 21, 22),
    Case("quota_bare@5", 20, 0, {"done": 20}, 21, 23),
    Case("overloaded@5", 20, 0, {"done": 20}, 21, 22),
    Case("array@5", 20, 0, {"done": 20}, 21, 22),
    Case("html@5", 20, 0, {"done": 20}, 21, 22),
    Case("server@5", 20, 0, {"done": 20}, 21, 22),
    Case("unknown@5", 20, 0, {"done": 20, "repeats": 1}, 21, 21),
    Case("unknown@5", 20, 3, {"done": 19, "held": 1, "repeats": 0}, 20, 20, more={"flags": ["--hold-unknown"]}),
    # the row's own fate: recorded once, never asked again
    Case("blocked~number 7", 20, 3, {"done": 19, "blocked": 1}, 20, 20),
    Case("truncated~number 7", 20, 3, {"done": 19, "failed": 1}, 20, 20),
    Case("bad_request~number 7", 20, 3, {"done": 19, "failed": 1}, 20, 20),
    Case("too_large~number 7", 20, 3, {"done": 19, "failed": 1}, 20, 20),
    Case("schema~number 7", 20, 3, {"done": 19, "failed": 1}, 20, 20, more={"prompt": SCHEMA_PROMPT}),
    # a server that fails with one row fails it after three attempts
    Case("server~number 7", 9, 3, {"done": 8, "failed": 1}, 11, 11),
    Case("html~number 7", 9, 3, {"done": 8, "failed": 1}, 11, 11),
    Case("empty~number 7", 9, 3, {"done": 8, "failed": 1}, 9, 11),
    # closes the account: nobody fails, nothing more is sent
    Case("auth@5", 20, 4, {"waiting": 1, "failed": 0}, 5, 19, "key"),
    Case("no_model@5", 20, 4, {"failed": 0}, 5, 19, "model"),
    Case("money@5", 20, 4, {"failed": 0}, 5, 19, "closed"),
    # a mistake in every row costs a handful
    Case("blocked:1", 200, 4, {"done": 0, "blocked": 5}, 5, 5, "blocked"),
    Case("truncated:1", 200, 4, {"done": 0, "failed": 5}, 5, 5, "truncated"),
    Case("too_large:1", 200, 4, {"done": 0, "failed": 5}, 5, 5, "too_large"),
    Case("bad_request:1", 200, 4, {"done": 0, "failed": 5}, 5, 5, "bad_request"),
    Case("schema:1", 200, 4, {"done": 0, "failed": 5}, 5, 5, "schema", more={"prompt": SCHEMA_PROMPT}),
    Case("blocked:1", 30, 3, {"done": 0, "blocked": 30}, 30, 30, more={"flags": ["--keep-going"]}),
]


def run_case(case):
    with House(windows=("2s", "1h")) as house:
        house.twin("--fail", case.fail, "--minute", "2s", "--day", "1h", "--latency", "20ms")
        prompt = house.write("label.prompt", case.more.get("prompt", PROMPT))
        data = house.rows("reviews.csv", case.rows, lambda i: f"number {i}.")
        result = house.run("run", prompt, data, "--concurrency", 4, *case.more.get("flags", []), status=None,
                           timeout=60)
        n = len(house.arrivals())
        status = json.loads(house.run("status", "label.reviews", "--json").out)
        wrong = []
        if result.status != case.status:
            wrong.append(f"exit {result.status}, not {case.status}")
        wrong += [f"{status[state]} {state}, not {count}" for state, count in case.states.items()
                  if (status[state] < count if state == "waiting" else status[state] != count)]
        if not case.least <= n <= case.most:
            wrong.append(f"{n} requests, not {case.least} to {case.most}")
        if case.word not in result.err:
            wrong.append(f"{case.word!r} is not said")
        if status["running"] != 0:
            wrong.append(f"{status['running']} rows are still leased")
        assert KEY not in result.err + result.out, "the key is shown"
        return [f"{case.fail} {case.more.get('flags', '')}: {w}" for w in wrong], result.err if wrong else ""


def every_class():
    """Every class ends as the guide says, at its price"""
    wrong = []
    for case in CASES:
        words, err = run_case(case)
        if words:
            print("#", "; ".join(words), "\n#   " + err.strip().replace("\n", "\n#   "), file=sys.stderr)
        wrong += words
    assert not wrong, "; ".join(wrong)
    return f"{len(CASES)} cases"


def no_wait_without_network():
    """--no-wait without a network ends after two minutes without an answer"""
    with House(windows=("2s", "60s")) as house:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        house.configure(f"http://127.0.0.1:{port}")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 5)
        result = house.run("run", prompt, data, "--no-wait", status=4, timeout=20)
        assert "can't be reached" in result.err, result.err
        return result.err.strip().splitlines()[-1]


def unnamed_token_limit():
    """A limit on tokens that nobody named is learnt from the first refusals and kept from then on"""
    with House(windows=("2s", "1h"), limits={"rpm": 600, "rpd": 100000}) as house:
        house.twin("--models", "my-model", "--tpm", 600, "--minute", "2s", "--day", "1h", "--latency", "20ms")
        prompt = house.write("label.prompt", PROMPT.replace("gemini-2.5-flash", "my-model"))
        data = house.rows("reviews.csv", 40, lambda i: f"{i} " + "x" * 200)
        house.run("run", prompt, data)
        first = refused(house.arrivals())
        house.run("run", prompt, house.rows("more.csv", 20, lambda i: f"{i} " + "y" * 200))
        arrivals = house.arrivals()
        later = len(refused(arrivals)) - len(first)
        assert len(answered(arrivals)) == 60
        wave = [a for a in first if a["at_ms"] < first[0]["at_ms"] + 1000]  # those in flight before the first refusal
        assert len(wave) <= 30 and len(first) - len(wave) <= 2 and later <= 2, (len(wave), len(first), later)
        return f"{len(wave)} of the first wave were refused, {len(first) - len(wave)} after, {later} in the next run"


def nothing_fits():
    """Rows that are all larger than the window: a handful fails, nothing is sent, and the limit is named"""
    with House(limits={"rpm": 600, "rpd": 1000, "tpm": 10}) as house:
        house.twin()
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 300, lambda i: "x" * 500)
        result = house.run("run", prompt, data, status=4)
        status = json.loads(house.run("status", "label.reviews", "--json").out)
        assert house.arrivals() == [] and status["failed"] <= 10, status
        assert "too_large" in result.err and "the limit is 10 a minute" in result.err, result.err
        return f"{status['failed']} rows failed, no request"


def overloaded_nights():
    """A third of all requests ends in 503, 20 a day: every row is answered, the server refuses none"""
    with House(windows=("2s", "20s"), limits={"rpm": 600, "rpd": 20}) as house:
        house.twin("--rpm", 600, "--rpd", 20, "--minute", "2s", "--day", "20s", "--latency", "20ms",
                   "--fail", "overloaded:0.3")
        prompt, data = house.write("label.prompt", PROMPT), house.rows("reviews.csv", 25)
        house.run("run", prompt, data, timeout=150)
        arrivals = house.arrivals()
        days = per_day([a["at_ms"] for a in arrivals], 20000)
        burnt = per_day([a["at_ms"] for a in arrivals if a["http"] == 503], 20000)
        assert len(answered(arrivals)) == 25 and not refused(arrivals) and max(days.values()) <= 20
        return ", ".join(f"{burnt[d]} of {days[d]} burnt" for d in sorted(days))


if __name__ == "__main__":
    main([every_class, no_wait_without_network, unnamed_token_limit, nothing_fits, overloaded_nights])
