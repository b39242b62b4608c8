#!/usr/bin/env python3
"""Answers that do not do: asked again with the complaint, for a longer answer, or of the next account on the route; what
was answered is kept, and no row goes to one account twice for nothing."""
import json

from mill import House, answered, main

SCHEMA = """---
model: gemini-2.5-flash
output:
  format: json
  schema: {label: "string, one word"}
config: {maxOutputTokens: %d, thinkingConfig: {thinkingBudget: 0}}
---
Label this review: {{text}}
"""


def house(rows=12, cap=500, faults=(), prompt=None):
    h = House()
    h.write("label.prompt", prompt or SCHEMA % cap)
    h.rows("data.csv", rows, lambda i: f"review number {i}" + (" rude" if i % 4 == 0 else ""))
    h.twin("--rpm", 100000, *[x for f in faults for x in ("--fail", f)])
    return h


def two_accounts(h, first, second, on):
    both = "".join(f'  {name}: {{provider: gemini, key: $GEMINI_API_KEY, tier: free, project: {name}, base_url: "{url}/v1beta", '
                   f'limits: {{"*": {{rpm: 100000, rpd: {rpd}}}}}}}\n'
                   for name, url, rpd in (("one", *first), ("two", *second)))
    h.write("config/tidemill/config.yaml",
            f"accounts:\n{both}routes:\n  both: [{{account: one, on: {{{on}: next}}}}, two]\n")


def a_bad_answer_is_asked_for_again():
    """--reask tells what was wrong, and keeps the paid text"""
    with house(faults=["schema@4"]) as h:
        h.run("run", "label.prompt", "data.csv", "--reask", 1, "--concurrency", 1)
        rows = h.results("label.data")
        assert all(r["status"] == "done" for r in rows), rows
        assert len(h.arrivals()) == 13, len(h.arrivals())
        assert sorted(r["attempts"] for r in rows) == [1] * 11 + [2], [r["attempts"] for r in rows]
        every = h.results("label.data", "--all-revisions")
        assert len(every) == 13, len(every)


def without_it_the_row_fails():
    """without --reask the row fails with its text, and a later run with it does not ask again by itself"""
    with house(faults=["schema@4"]) as h:
        h.run("run", "label.prompt", "data.csv", "--concurrency", 1, status=3)
        failed = [r for r in h.results("label.data") if r["status"] == "failed"]
        assert len(failed) == 1 and failed[0]["error"]["class"] == "schema", failed
        h.run("run", "label.prompt", "data.csv", "--reask", 2, status=3)
        assert len(h.arrivals()) == 12
        h.run("retry", "label.data", "--class", "schema")
        h.run("run", "label.data", "--reask", 2)
        assert len(h.arrivals()) == 13


def it_is_asked_again_only_so_often():
    """after --reask N more answers that break the schema the row fails"""
    with house(rows=5, faults=["schema~number 3"]) as h:
        h.run("run", "label.prompt", "data.csv", "--reask", 2, status=3)
        assert len(h.arrivals()) == 7, len(h.arrivals())
        row = [r for r in h.results("label.data") if r["status"] == "failed"][0]
        assert row["row"] == 3 and row["attempts"] == 3, row


def the_complaint_survives_a_stop():
    """a row that waits to be asked again is so after a stop, and shows as waiting"""
    with house(rows=5, faults=["schema@2"]) as h:
        h.run("run", "label.prompt", "data.csv", "--reask", 1, "--limit", 2, "--concurrency", 1, status=4)
        waiting = [r for r in h.results("label.data") if r["status"] == "waiting"]
        assert len(waiting) == 4 and all(not r.get("output") for r in waiting), waiting
        h.run("run", "label.data", "--reask", 1)
        assert len(h.arrivals()) == 6 and all(r["status"] == "done" for r in h.results("label.data"))


def a_cut_answer_gets_more_room():
    """--grow asks once more with four times the cap"""
    plain = "---\nmodel: gemini-2.5-flash\nconfig: {maxOutputTokens: 8, thinkingConfig: {thinkingBudget: 0}}\n---\n{{text}}\n"
    with house(rows=4, prompt=plain) as h:
        h.rows("data.csv", 4, lambda i: "a review of some twenty words " * 2 if i == 3 else f"short {i}")
        p = h.run("run", "label.prompt", "data.csv", "--grow", "--keep-going", status=None)
        rows = h.results("label.data")
        assert p.status == 0 and [r["attempts"] for r in rows] == [1, 1, 2, 1], (p.status, rows)
        h.run("rm", "label.data", "--yes")
        h.run("run", "label.prompt", "data.csv", "--keep-going", status=3)
        assert [r["status"] for r in h.results("label.data")].count("failed") == 1


def a_blocked_row_goes_to_the_next():
    """on: {blocked: next} passes a row on, once, and every answer says who gave it"""
    with house(rows=20) as h:
        first, second = h.twin("--rpm", 100000, "--fail", "blocked~rude"), h.twin("--rpm", 100000)
        two_accounts(h, (first, 1000), (second, 1000), "blocked")
        h.run("run", "label.prompt", "data.csv", "--route", "both")
        rows = h.results("label.data")
        assert all(r["status"] == "done" for r in rows), rows
        assert [r["account"] for r in rows] == ["two" if i % 4 == 0 else "one" for i in range(1, 21)]
        assert len(h.arrivals(twin=1)) == 20 and len(h.arrivals(twin=2)) == 5


def a_spent_account_passes_rows_on():
    """the first account's day is spent: the second goes on, nothing is refused, nothing sent twice"""
    with house(rows=30) as h:
        first, second = h.twin("--rpd", 12), h.twin("--rpd", 100)
        two_accounts(h, (first, 12), (second, 100), "schema")
        h.run("run", "label.prompt", "data.csv", "--route", "both")
        rows = h.results("label.data")
        by = [r["account"] for r in rows]
        assert by.count("one") == 12 and by.count("two") == 18, by
        assert len(answered(h.arrivals(twin=1))) == 12 and len(h.arrivals(twin=1)) == 12
        assert len(h.arrivals(twin=2)) == 18


def with_nobody_left_it_ends():
    """a blocked row whose next account is closed ends as blocked, without a further request"""
    with house(rows=8) as h:
        first, second = h.twin("--rpm", 100000, "--fail", "blocked~rude"), h.twin("--rpm", 100000, key="other")
        two_accounts(h, (first, 1000), (second, 1000), "blocked")
        p = h.run("run", "label.prompt", "data.csv", "--route", "both", status=None, timeout=60)
        states = [r["status"] for r in h.results("label.data")]
        assert p.status == 3 and states.count("blocked") == 2 and states.count("done") == 6, (p.status, states, p.err)
        assert len(h.arrivals(twin=1)) == 8, len(h.arrivals(twin=1))


def both_on_one_ledger_wait_for_a_budget():
    """rows that only the paid account may still answer end the run when its budget is spent"""
    with house(rows=8) as h:
        first, second = h.twin("--rpm", 100000, "--fail", "blocked~rude"), h.twin("--rpm", 100000)
        h.write("config/tidemill/config.yaml", f"""accounts:
  one: {{provider: gemini, key: $GEMINI_API_KEY, tier: free, project: one, base_url: "{first}/v1beta", limits: {{"*": {{rpm: 1000, rpd: 1000}}}}}}
  two: {{provider: gemini, key: $GEMINI_API_KEY, tier: 1, project: two, base_url: "{second}/v1beta", limits: {{"*": {{rpm: 1000, rpd: 1000}}}}, prices: {json.dumps({"gemini-2.5-flash": {"in": 10, "out": 1000}})}, budget: 0.01 USD}}
routes:
  both: [{{account: one, on: {{blocked: next}}}}, two]
""")
        p = h.run("run", "label.prompt", "data.csv", "--route", "both", status=None, timeout=60)
        states = [r["status"] for r in h.results("label.data")]
        assert p.status == 4 and states.count("waiting") == 2 and "budget" in p.err, (p.status, states, p.err)
        assert len(h.arrivals(twin=1)) == 8 and not h.arrivals(twin=2)


if __name__ == "__main__":
    main([a_bad_answer_is_asked_for_again, without_it_the_row_fails, it_is_asked_again_only_so_often,
          the_complaint_survives_a_stop, a_cut_answer_gets_more_room, a_blocked_row_goes_to_the_next,
          a_spent_account_passes_rows_on, with_nobody_left_it_ends, both_on_one_ledger_wait_for_a_budget])
