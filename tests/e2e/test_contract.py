#!/usr/bin/env python3
"""What scripts build on: JSON shapes, exit statuses, flags, variables; each as the documents name it."""
import json
import os
import sqlite3
from mill import KEY, PROMPT, House, main

LABELS = """---
model: gemini-2.5-flash
output:
  format: json
  schema:
    label(enum): [positive, negative]
    reason: string
---
Label this review: {{text}}
"""
KEYS = ["row", "key", "status", "input", "output", "model", "account", "revision", "usage", "finish", "attempts", "packed"]


def open_house(*twin, prompt=LABELS, rows=4):
    house = House()
    house.url = house.twin(*twin)
    return house, house.write("label.prompt", prompt), house.rows("reviews.csv", rows)


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def shape_of_results():
    """results' JSONL: the members in their order, numbers that are numbers, an error only where one is"""
    house, prompt, data = open_house("--fail", "schema@2", "--fail", "blocked@3", "--fail", "bad_request@4")
    with house:
        shown = lines(house.run("preview", prompt, data, "--json", "-n", "4").out)
        house.run("run", prompt, data, "--concurrency", "1", status=3)
        rows = house.results("label.reviews")
        assert [r["row"] for r in rows] == [1, 2, 3, 4]
        assert [r["key"] for r in rows] == [s["key"] for s in shown]
        assert [r["status"] for r in rows] == ["done", "failed", "blocked", "failed"], rows
        assert all(list(r)[:12] == KEYS for r in rows)
        assert all(type(n) is int for r in rows for n in r["usage"].values()), rows
        assert set(rows[0]["output"]) == {"label", "reason"} and "error" not in rows[0]
        assert [r["error"]["class"] for r in rows[1:]] == ["schema", "blocked", "bad_request"]
        assert all(set(r["error"]) == {"class", "http", "message"} for r in rows[1:])
        head = house.run("results", "label.reviews", "--format", "csv").out.splitlines()[0]
        assert head == "id,text,output.label,output.reason,_status,_error", head
        assert len(house.results("label.reviews", "--failed")) == 3


def shape_of_try():
    """try -n N sends N rows; its --json lines are those of results"""
    house, prompt, data = open_house()
    with house:
        tried = lines(house.run("try", prompt, data, "-n", "2", "--json").out)
        assert tried == house.results("label.reviews")[:2] and len(house.arrivals()) == 2, tried


def json_everywhere():
    """--json prints JSON and nothing else on stdout: plan, add, run, status, quota, check, retry, cancel, rm"""
    house, prompt, data = open_house()
    with house:
        assert lines(house.run("plan", prompt, data, "--json").out)[0]["new"] == 4
        added = lines(house.run("add", prompt, data, "--json").out)[0]
        assert (added["batch"], added["rows"], added["new"], added["known"]) == ("label.reviews", 4, 4, 0), added
        ran = lines(house.run("run", prompt, data, "--limit", "1", "--json", status=4).out)[0]
        assert (ran["exit"], ran["done"], ran["waiting"], ran["classes"]) == (4, 1, 3, {"ok": 1}), ran
        assert "--limit" in ran["stopped"]
        assert lines(house.run("run", prompt, data, "--json").out)[0]["exit"] == 0
        assert lines(house.run("status", "--json").out)[0]["done"] == 4
        assert lines(house.run("quota", "--json").out)[0]["lanes"][0]["limits"][0]["used"] == 4
        for command in (("check",), ("retry", "label.reviews"), ("cancel", "label.reviews"), ("rm", "label.reviews", "--yes")):
            assert len(lines(house.run(*command, "--json").out)) == 1


def usage_errors():
    """A flag that makes no sense is exit status 2, queues nothing, sends nothing, and says what to do"""
    house, prompt, data = open_house()
    with house:
        for flags, word in ((["--limit", "0"], "above 0"), (["--rpm", "0"], "--rpm"), (["--rpm", "-1"], "--rpm"),
                            (["--until", "25:00"], "no time"), (["--format", "xml"], "jsonl, csv and tsv"),
                            (["--pack", "3"], "not in this version"), (["--labels=a,b"], "label(enum)"),
                            (["--budget", "5 EUR"], "US dollars"), (["--account", "nobody"], "nobody"),
                            (["--json", "-o", "-"], "stdout")):
            result = house.run("run", prompt, data, *flags, status=2)
            assert word in result.err, (flags, result.err)
        assert not house.arrivals() and not os.path.exists(house.path("data/tidemill/tidemill.db"))


def stopped():
    """-o stays untouched on exit 4, --partial writes it; the last line names the batch and says what to type"""
    house, prompt, data = open_house(prompt=PROMPT, rows=12)
    with house:
        out = house.write("out.csv", "OLD\n")
        last = house.run("run", prompt, data, "-o", out, "--limit", "2", status=4).err.splitlines()[-1]
        assert "tidemill run label.reviews" in last and "tidemill results label.reviews" in last, last
        with open(out, encoding="utf-8") as f:
            assert f.read() == "OLD\n"
        house.run("run", prompt, data, "-o", out, "--limit", "2", "--partial", status=4)
        with open(out, encoding="utf-8") as f:
            assert f.readline() == "id,text,output,_status,_error\n" and len(f.readlines()) == 12
        house.twin("--fail", "bad_request:1")
        last = house.run("run", prompt, data, "--name", "again", status=4).err.splitlines()[-1]
        assert "bad_request" in last and "--keep-going" in last and ".." not in last, last


def limit_counts_what_left():
    """--limit counts requests that left: a service that can't be reached uses none of it"""
    house, prompt, data = open_house()
    with house:
        nowhere = ("--base-url", "http://127.0.0.1:9")
        last = house.run("run", prompt, data, *nowhere, "--limit", "1", "--until", "2s", status=4).err.splitlines()[-1]
        assert "--until" in last, last
        house.run("run", prompt, data, "--limit", "1", status=4)
        assert len(house.arrivals()) == 1


def raised_limit():
    """A limit that is raised counts at once: what a slower pace would have waited for is forgotten"""
    house, prompt, data = open_house(rows=8)
    with house:
        house.run("run", prompt, data, "--rpm", "5", "--limit", "3", status=4)
        house.run("run", prompt, data, timeout=15)


def variables():
    """TIDEMILL_CONFIG, _STORE and _LEDGER with and without sqlite:, keys of both names, files 0600 in folders 0700"""
    house, prompt, data = open_house(prompt=PROMPT)
    with house:
        config = house.path("elsewhere/work.yaml")
        os.makedirs(house.path("elsewhere"))
        os.rename(house.path("config/tidemill/config.yaml"), config)
        for scheme, folder in (("", "a"), ("sqlite:", "b")):
            env = {"TIDEMILL_CONFIG": config, "TIDEMILL_STORE": scheme + house.path(folder, "store.db"),
                   "TIDEMILL_LEDGER": scheme + house.path(folder, "ledger.db")}
            house.run("run", prompt, data, env=env)
            for name in ("store.db", "ledger.db"):
                assert os.stat(house.path(folder, name)).st_mode & 0o777 == 0o600, name
            assert os.stat(house.path(folder)).st_mode & 0o777 == 0o700
            with sqlite3.connect(house.path(folder, "ledger.db")) as ledger:
                used = ledger.execute("SELECT sum(used) FROM spend WHERE unit = 'requests' AND window = 'day'").fetchone()
                assert used == (4,), used
            with sqlite3.connect(house.path(folder, "store.db")) as store:
                assert store.execute("SELECT count(*) FROM answer WHERE class = 0").fetchone() == (4,)
                assert store.execute("SELECT n_done, n_waiting FROM batch").fetchone() == (4, 0)
        url = ("--base-url", house.url, "--rpm", "600")
        both = house.run("run", prompt, data, *url, env={"GOOGLE_API_KEY": KEY + "x"})
        assert "GEMINI_API_KEY is taken" in both.err, both.err
        del house.env["GEMINI_API_KEY"]
        house.run("run", prompt, data, *url, "--name", "google", "--limit", "1", status=4,
                  env={"GOOGLE_API_KEY": KEY})


def misnamed_member():
    """In JSONL a row that lacks the variable goes to the rejects, though it has one other member only"""
    house, prompt, _ = open_house(prompt=PROMPT)
    with house:
        data = house.write("rows.jsonl", '{"text":"a"}\n{"txt":"b"}\n{"text":"c"}\n')
        house.run("run", prompt, data)
        assert [r["input"] for r in house.results("label.rows")] == [{"text": "a"}, {"text": "c"}]
        with open(house.path("rows.jsonl.rejects.jsonl"), encoding="utf-8") as f:
            assert json.loads(f.read())["row"] == 2
        alone = house.write("alone.jsonl", '{"review":"a"}\n{"review":"b"}\n')
        house.run("run", prompt, alone)
        assert len(house.results("label.alone")) == 2


def cancelled_rows():
    """Cancelled rows are counted as cancelled, by results and by status"""
    house, prompt, data = open_house()
    with house:
        house.run("run", prompt, data, "--limit", "1", status=4)
        house.run("cancel", "label.reviews")
        assert "3 cancelled" in house.run("results", "label.reviews").err
        assert "cancelled: 3" in house.run("status", "label.reviews").out


if __name__ == "__main__":
    main([shape_of_results, shape_of_try, json_everywhere, usage_errors, stopped, limit_counts_what_left, raised_limit,
          variables, misnamed_member, cancelled_rows])
