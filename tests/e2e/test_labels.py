#!/usr/bin/env python3
"""Label sets from end to end: what is asked, what is taken for an answer, and that a batch keeps its labels."""
import json
from mill import House, main

PLAIN = """---
model: gemini-2.5-flash
config: {responseMimeType: text/plain}
---
{{text}}"""
ENUM = """---
model: gemini-2.5-flash
output:
  schema: {type: string, enum: [Good, Bad]}
---
Label {{text}}"""
LABELS = ["positive", "negative", "mixed"]


def asked(house, *args):
    """generationConfig of the first row's request."""
    return json.loads(house.run("preview", *args, "--json", "-n", 1).out)["request"]["generationConfig"]


def test_words():
    """--labels asks for an enum, and the answers are its words, in JSON and in CSV"""
    with House() as house:
        house.twin()
        data = house.rows("reviews.csv", 12)
        prompt = ["--prompt", "Label {{text}}", "--model", "gemini-2.5-flash", data]
        config = asked(house, *prompt, "--labels", "positive, negative,mixed")
        assert config == {"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING", "enum": LABELS}}, config
        house.run("run", *prompt, "--labels", "positive,negative,mixed", "-o", "out.csv")
        rows = house.results("prompt.reviews")
        assert len(rows) == 12 and {row["output"] for row in rows} <= set(LABELS), rows
        assert not any("output_raw" in row for row in rows)
        with open(house.path("out.csv"), encoding="utf-8") as f:
            cells = [line.strip().split(",") for line in f]
        assert cells[0] == ["id", "text", "output", "_status", "_error"] and cells[1][2] in LABELS, cells[:2]


def test_kept():
    """a batch keeps its labels: stopped and gone on by its name alone, they still hold"""
    with House() as house:
        house.twin()
        data = house.rows("reviews.csv", 6)
        house.write("labels.txt", "positive\nnegative\n\nmixed\n")
        prompt = house.write("ask.prompt", ENUM.replace("output:\n  schema: {type: string, enum: [Good, Bad]}\n", ""))
        house.run("run", prompt, data, "--labels", "@labels.txt", "--limit", 2, status=4)
        house.write("labels.txt", "other\n")
        house.run("run", "ask.reviews")
        rows = house.results("ask.reviews")
        assert len(rows) == 6 and {row["output"] for row in rows} <= set(LABELS), rows
        assert {row["revision"] for row in rows} == {rows[0]["revision"]}, rows


def test_other_labels():
    """other labels are an edit: after more than 10 answers they need a choice"""
    with House() as house:
        house.twin()
        data = house.rows("reviews.csv", 11)
        prompt = ["--prompt", "Label {{text}}", "--model", "gemini-2.5-flash", data]
        house.run("run", *prompt, "--labels", "a,b")
        again = house.run("run", *prompt, "--labels", "a,b,c", status=1)
        assert "--requeue" in again.err, again.err
        house.run("run", *prompt, "--labels", "x,y", "--requeue")
        assert {row["output"] for row in house.results("prompt.reviews")} <= {"x", "y"}


def test_enum():
    """an enum of words as the output schema is a label set: the answer is a word, not JSON"""
    with House() as house:
        house.twin()
        prompt, data = house.write("ask.prompt", ENUM), house.rows("reviews.csv", 5)
        assert asked(house, prompt, data)["responseMimeType"] == "text/x.enum"
        house.run("run", prompt, data)
        assert {row["output"] for row in house.results("ask.reviews")} <= {"Good", "Bad"}


def test_forgiven():
    """case is forgiven and the raw text kept; anything else is class schema, its text kept"""
    with House() as house:
        house.twin()
        prompt = house.write("ask.prompt", PLAIN)
        house.write("data.csv", 'text\nGOOD\nbad\nneither\n"```\nGood\n```"\n')
        assert "responseSchema" not in asked(house, prompt, "data.csv", "--labels", "echo: good,echo: bad")
        house.run("run", prompt, "data.csv", "--labels", "echo: good,echo: bad", status=3)
        rows = house.results("ask.data")
        assert [row["status"] for row in rows] == ["done", "done", "failed", "failed"], rows
        assert (rows[0]["output"], rows[0]["output_raw"]) == ("echo: good", "echo: GOOD"), rows[0]
        assert rows[1]["output"] == "echo: bad" and "output_raw" not in rows[1], rows[1]
        assert rows[2]["output"] == "echo: neither" and rows[2]["error"]["class"] == "schema", rows[2]
        assert rows[2]["error"]["message"] == "the answer is none of the labels: echo: good, echo: bad", rows[2]


def test_every_command():
    """run, add, plan, try and preview know --labels, and refuse it beside a prompt that asks for JSON"""
    with House() as house:
        house.twin()
        prompt = house.write("ask.prompt", ENUM)
        json_prompt = house.write("json.prompt", PLAIN.replace("config:", "output: {schema: {a: string}}\nconfig:"))
        data = house.rows("reviews.csv", 3)
        for command in ("preview", "plan", "try", "add", "run"):
            house.run(command, prompt, data, "--labels", "a,b")
            wrong = house.run(command, json_prompt, data, "--labels", "a,b", status=None)
            assert wrong.status in (1, 2) and "asks for JSON" in wrong.err, (command, wrong)
            assert "--labels positive,negative,mixed" in house.run(command, "--help-all").out, command
        assert {row["output"] for row in house.results("ask.reviews")} <= {"a", "b"}


main([test_words, test_kept, test_other_labels, test_enum, test_forgiven, test_every_command])
