#!/usr/bin/env python3
"""Answers joined back to a data file: `results BATCH DATA`, whatever has become of the file since."""
import csv
import io
import json
import subprocess
from mill import PROMPT, TIDEMILL, House, main

SHAPED = """---
model: gemini-2.5-flash
output:
  format: json
  schema:
    label(enum): [positive, negative]
    tags(array): string
    place(object):
      city: string
      n: integer
---
{{text}}
"""


def answered_house(rows=6, text=lambda i: f"review number {i}", prompt=PROMPT, columns=None):
    house = House()
    house.twin()
    prompt = house.write("label.prompt", prompt)
    data = house.rows("reviews.csv", rows, text) if columns is None else house.write("reviews.csv", columns)
    house.run("run", prompt, data)
    return house


def table(text, delimiter=","):
    """As a list of lists: names may come twice."""
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def raw(house, *args):
    """Bytes: as text CR LF in cells would become LF."""
    return subprocess.run([TIDEMILL, *args], env=house.env, cwd=house.dir, capture_output=True, check=True).stdout.decode()


def write_table(house, name, rows, delimiter=","):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return house.write(name, out.getvalue())


def changed_file():
    """A file that was reordered, gained a column and a row, lost rows: its rows and order, each with its own answer"""
    with answered_house() as house:
        rows = [["note", "text", "id"], ["z", "review number 5", "5"], ["y", "a new one", "9"], ["x", "review number 2", "2"], ["w", "review number 1", "1"]]
        for name, flags, delimiter in (("sorted.csv", ["--format", "csv"], ","), ("sorted.tsv", ["--format", "tsv"], "\t")):
            result = house.run("results", "label.reviews", write_table(house, name, rows, delimiter), *flags)
            got = table(result.out, delimiter)
            assert got[0] == ["note", "text", "id", "output", "_status", "_error"], got
            assert [r[:3] for r in got[1:]] == rows[1:], got
            assert [r[3:] for r in got[1:]] == [["echo: Label this review: " + r[1], "done", ""] if r[2] != "9" else ["", "new", ""]
                                                for r in rows[1:]], got
            assert "1 rows of the data were never queued" in result.err, result.err
        lines = house.results("label.reviews", "sorted.csv")
        assert [(r["row"], r["status"]) for r in lines] == [(1, "done"), (2, "new"), (3, "done"), (4, "done")], lines
        house.write("rows.jsonl", "".join(json.dumps(dict(zip(rows[0], r))) + "\n" for r in rows[1:]))
        assert [r["output"] for r in house.results("label.reviews", "rows.jsonl")] == [r["output"] for r in lines]
        got = table(house.run("results", "label.reviews", "rows.jsonl", "--format", "csv").out)
        assert got[0] == ["id", "text", "output", "_status", "_error"], got  # of JSON the columns are those of the batch


def duplicates():
    """Equal rows have an answer each; one more of them than was queued gets the first one's"""
    with answered_house(columns="id,text\n1,same\n2,other\n3,same\n") as house:
        twice = house.write("twice.csv", "id,text\n3,same\n1,same\n7,same\n2,other\n")
        got = house.results("label.reviews", twice)
        assert [(r["input"]["id"], r["status"]) for r in got] == [("3", "done"), ("1", "done"), ("7", "done"), ("2", "done")], got
        assert len(house.arrivals()) == 3
        assert len({r["key"] for r in got}) == 2


def rejected_rows():
    """A row of the file that can't be read is in the results as rejected, with the reason, and the columns stay in line"""
    with answered_house(columns="id,text\n1,one\n2\n3,three\n") as house:
        got = table(house.run("results", "label.reviews", "reviews.csv", "--format", "csv").out)
        assert got[2] == ["", "", "", "rejected", "has 1 cell, the header has 2"], got
        assert {len(r) for r in got} == {5}, got
        assert [r["status"] for r in house.results("label.reviews")] == ["done", "done"]


def own_names():
    """A column of the data called output, _status or _error stays as it is; the answers' are called output_2 and so on"""
    data = "output,_status,text,_error,output_2\nA,B,one,C,D\nE,F,two,G,H\n"
    with answered_house(columns=data) as house:
        expected = ["output", "_status", "text", "_error", "output_2", "output_3", "_status_2", "_error_2"]
        for args in ((), ("reviews.csv",)):
            result = house.run("results", "label.reviews", *args, "--format", "csv")
            got = table(result.out)
            assert got[0] == expected and len(set(got[0])) == len(got[0]), got
            assert got[1] == ["A", "B", "one", "C", "D", "echo: Label this review: one", "done", ""], got
            assert "output is in output_3, _status is in _status_2, _error is in _error_2" in result.err, result.err
        assert house.results("label.reviews")[0]["input"]["output"] == "A"
        again = house.write("again.csv", house.run("results", "label.reviews", "--format", "csv").out)
        assert [r["status"] for r in house.results("label.reviews", again)] == ["done", "done"]  # results as data


def shaped_answers():
    """Nested answers and lists are JSON in a cell that reads back; a data column output.label keeps its name"""
    with answered_house(prompt=SHAPED, columns="text,output.label\none,mine\ntwo,mine\n") as house:
        lines = house.results("label.reviews")
        for delimiter, name in ((",", "csv"), ("\t", "tsv")):
            got = table(house.run("results", "label.reviews", "reviews.csv", "--format", name).out, delimiter)
            assert got[0] == ["text", "output.label", "output.label_2", "output.tags", "output.place", "_status", "_error"], got
            for row, line in zip(got[1:], lines):
                assert row[1] == "mine" and row[2] == line["output"]["label"], row
                assert json.loads(row[3]) == line["output"]["tags"] and json.loads(row[4]) == line["output"]["place"], row


GUARDED = ["=1+1", "+cmd", "-x", "@a", "\tx", "\rx", "+", "-", "--5", "=", "-5e"]
PLAIN = ["-5", "+49", "-1.50", "a=b", "", " =1", "5-3", "'=1", "é"]


def spreadsheet():
    """--spreadsheet: a BOM, and cells that a spreadsheet would take for formulas begin with '; numbers do not"""
    cells = GUARDED + PLAIN
    with answered_house(columns="id,text\n1,x\n") as house:
        data = write_table(house, "cells.csv", [["=name", "text"]] + [[cell, "x"] for cell in cells])
        for name, delimiter in (("csv", ","), ("tsv", "\t")):
            text = raw(house, "results", "label.reviews", data, "--format", name, "--spreadsheet")
            assert text.startswith("\ufeff'=name") or text.startswith("\ufeff\"'=name\""), text[:30]
            got = [r[0] for r in table(text[1:], delimiter)[1:]]
            assert got == ["'" + c for c in GUARDED] + PLAIN, got
            plain = raw(house, "results", "label.reviews", data, "--format", name)
            assert [r[0] for r in table(plain, delimiter)[1:]] == cells
        house.run("results", "label.reviews", data, "-o", "out.csv", "--spreadsheet")
        with open(house.path("out.csv"), "rb") as f:
            assert f.read(3) == b"\xef\xbb\xbf"
        assert house.results("label.reviews", house.path("out.csv"))[0]["input"]["'=name"] == "'=1+1"


def other_scripts():
    """Names of columns and files beyond ASCII, and line ends, quotes and delimiters in cells, come back as they were"""
    text = "sehr gut,\r\n\"wirklich\"\tja"
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["Größe", "テキスト", "a\nb"], ["XL", text, "ü"], ["", "👍", "\u2028"]])
    with House() as house:
        house.twin()
        prompt, data = house.write("bewertung ä.prompt", "---\nmodel: gemini-2.5-flash\n---\n{{テキスト}}"), house.write("données 数据.csv", out.getvalue())
        house.run("run", prompt, data, "--name", "ä", "-o", "résultats é.csv")
        with open(house.path("résultats é.csv"), encoding="utf-8", newline="") as f:
            got = table(f.read())
        assert got == [["Größe", "テキスト", "a\nb", "output", "_status", "_error"], ["XL", text, "ü", "echo: " + text, "done", ""],
                       ["", "👍", "\u2028", "echo: 👍", "done", ""]], got
        assert table(raw(house, "results", "ä", data, "--format", "tsv"), "\t") == got


def reader_goes():
    """A reader that closes the pipe early ends `results` at once and without a word"""
    with House() as house:
        house.twin()
        data = house.rows("many.csv", 30000, lambda i: f"review number {i} " + "x" * 100)
        house.run("add", house.write("label.prompt", PROMPT), data)
        for args in ([], ["--format", "csv"], [data], [data, "--format", "tsv"]):
            p = house.start("results", "label.many", *args)
            assert p.stdout.readline()
            p.stdout.close()
            assert p.wait(timeout=20) in (0, 1) and p.stderr.read() == "", args
            p.stderr.close()


if __name__ == "__main__":
    main([changed_file, duplicates, rejected_rows, own_names, shaped_answers, spreadsheet, other_scripts, reader_goes])
