#!/usr/bin/env python3
"""No money by surprise: what it may cost is said first, budgets of a run, of a day and in all are kept, an unknown price
is not zero."""
import json
import sqlite3

from mill import House, answered, main, refused

PROMPT = """---
model: gemini-2.5-flash
config: {maxOutputTokens: 200, thinkingConfig: {thinkingBudget: 0}}
---
Label this review: {{text}}
"""
PRICE = {"in": 50, "cached": 5, "out": 400}  # dollars a million tokens: some cents a row


def paid(h, url, more="", price=PRICE):
    prices = f'prices: {{"gemini-2.5-flash": {json.dumps(price)}}}' if price else "prices: openai"
    h.write("config/tidemill/config.yaml",
            f'accounts:\n  paid: {{provider: gemini, key: $GEMINI_API_KEY, tier: 1, base_url: "{url}/v1beta", '
            f'limits: {{"*": {{rpm: 10000, rpd: 100000}}}}, {prices}{more}}}\n')


def opened(rows=40, more="", price=PRICE, twin=()):
    h = House()
    h.write("label.prompt", PROMPT)
    h.rows("data.csv", rows)
    paid(h, h.twin("--rpm", 100000, *twin), more, price)
    return h


def micro(usage):
    exact = ((usage["input"] - usage["cached"]) * PRICE["in"] + usage["cached"] * PRICE["cached"]
             + (usage["output"] + usage["thinking"]) * PRICE["out"])
    return -int(-exact // 1)


def spent(h, batch="label.data"):
    return sum(micro({k: max(v or 0, 0) for k, v in r["usage"].items()})
               for r in h.results(batch) if r["status"] == "done")


def without_a_word_nothing_is_sent():
    """an account that costs is not used before a budget or a yes"""
    with opened() as h:
        said = h.run("run", "label.prompt", "data.csv", status=1).err
        assert "costs money" in said and "--budget" in said and "--yes" in said and "at most $" in said, said
        assert not h.arrivals()
        said = h.run("try", "label.prompt", "data.csv", status=1).err
        assert "costs money" in said, said
        plan = h.run("plan", "label.prompt", "data.csv").out
        assert "cost: $" in plan and "your config" in plan, plan
        usd = h.json("plan", "label.prompt", "data.csv")["accounts"][0]["usd"]
        assert usd["likely"] is None and 0 < usd["input"] < usd["most"], usd
        done = h.run("run", "label.prompt", "data.csv", "--yes")
        assert "spent in this run: $" in done.err, done.err
        assert len(answered(h.arrivals())) == 40
        status = h.run("status", "label.data").out
        assert "spent: $" in status, status
        assert abs(h.json("status", "label.data")["spent_usd"] * 1e6 - spent(h)) < 1, (h.json("status"), spent(h))


def a_budget_of_the_run_is_kept():
    """--budget stops the run before it could be passed, and the next one goes on"""
    with opened(rows=60) as h:
        stops, before = 0, 0
        for _ in range(30):
            p = h.run("run", "label.prompt", "data.csv", "--budget", "0.2", "--concurrency", 4, status=None)
            now = spent(h)
            assert now - before <= 200000, (before, now)
            before = now
            if p.status == 0:
                break
            assert p.status == 4 and "budget of $0.20" in p.err and "--budget 0.2" in p.err, p.err
            stops += 1
        assert p.status == 0 and stops >= 1, (p.status, stops, p.err)
        assert len(h.arrivals()) == 60, len(h.arrivals())
        return f"{stops + 1} runs of at most $0.20, ${before / 1e6:.2f} in all"


def a_budget_of_the_account_is_kept_by_all():
    """`budget: 0.25 USD` holds over runs, kills and two processes at once"""
    with opened(rows=80, more=", budget: 0.25 USD", twin=("--latency", "20ms")) as h:
        two = [h.start("run", "label.prompt", "data.csv", "--concurrency", 4) for _ in range(2)]
        ends = [(p, *p.communicate(timeout=60)) for p in two]
        for p, _, err in ends:
            assert p.returncode == 4 and "budget in all" in err, (p.returncode, err)
        assert spent(h) <= 250000, spent(h)
        again = h.run("run", "label.prompt", "data.csv", status=4)
        assert "budget in all: $" in again.err, again.err
        assert spent(h) <= 250000, spent(h)
        quota = h.run("quota").out
        assert "budget in all" in quota and "$0.25" in quota, quota
        used = spent(h)
        paid(h, h.twin("--rpm", 100000), ", budget: 9 USD")
        h.run("run", "label.prompt", "data.csv")
        return f"${used / 1e6:.4f} of $0.25 used"


def a_budget_of_the_day_waits_for_the_next():
    """`budget: 0.15 USD/day` is spent day by day"""
    windows = ", windows: {minute: 1s, day: 4s}, budget: 0.15 USD/day"
    with opened(rows=60, more=windows) as h:
        p = h.run("run", "label.prompt", "data.csv", "--no-wait", "--concurrency", 4, status=None)
        first = spent(h)
        assert p.status == 4 and first <= 300000, (p.status, first)
        h.run("run", "label.prompt", "data.csv", "--concurrency", 4, timeout=100)
        days = {}
        for a in answered(h.arrivals()):
            days[a["at_ms"] // 4000] = days.get(a["at_ms"] // 4000, 0) + 1
        assert len(h.arrivals()) == 60 and len(days) >= 2, days
        return f"rows by day: {list(days.values())}"


def an_unknown_price_is_not_zero():
    """a model without a price asks, whatever the budget"""
    with opened(rows=5, price=None) as h:
        said = h.run("run", "label.prompt", "data.csv", "--budget", "5", status=1).err
        assert "price of gemini-2.5-flash is not known" in said and "prices:" in said, said
        assert "not known" in h.run("plan", "label.prompt", "data.csv").out
        assert h.json("plan", "label.prompt", "data.csv")["accounts"][0]["usd"] is None
        assert not h.arrivals()
        h.run("run", "label.prompt", "data.csv", "--yes")
        assert len(h.arrivals()) == 5


def bad_amounts_are_refused():
    """--budget takes an amount above 0"""
    with opened(rows=2) as h:
        for amount in ("much", "0", "-3", "5 EUR", ""):
            p = h.run("run", "label.prompt", "data.csv", "--budget=" + amount, status=None)
            assert p.status == 2 and "--budget" in p.err, (amount, p.status, p.err)
        p = h.run("run", "label.prompt", "data.csv", "--budget", "0.0001", status=4)
        assert "may cost up to" in p.err, p.err
        assert not h.arrivals()
        h.run("run", "label.prompt", "data.csv", "--budget", "2USD/day")
        assert not refused(h.arrivals())


def a_store_of_before_is_brought_up():
    """a store that knows no costs yet gets them"""
    with opened(rows=3) as h:
        h.run("run", "label.prompt", "data.csv", "--yes")
        db = sqlite3.connect(h.path("data", "tidemill", "tidemill.db"))
        with db:
            db.execute("DROP TABLE media")
            for table, column in (("revision", "cost_micro_usd"), ("answer", "asked"), ("ready", "step")):
                db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
            db.execute("PRAGMA user_version = 1")
        db.close()
        h.rows("data.csv", 5)
        h.run("run", "label.prompt", "data.csv", "--yes")
        assert h.json("status", "label.data")["spent_usd"] > 0


if __name__ == "__main__":
    main([without_a_word_nothing_is_sent, a_budget_of_the_run_is_kept, a_budget_of_the_account_is_kept_by_all,
          a_budget_of_the_day_waits_for_the_next, an_unknown_price_is_not_zero, bad_amounts_are_refused,
          a_store_of_before_is_brought_up])
