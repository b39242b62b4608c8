#!/usr/bin/env python3
"""Edges of data, as docs/guide.md names them: what is too large, too wide, empty, named oddly or hardly text."""
import bz2
import gzip
import json
import lzma
import subprocess
import sys
from mill import TIDEMILL, House, main

MB = 1 << 20
TEXT = ["--prompt", "{{text}}", "--model", "gemini-2.5-flash"]


def ask(house, data, *args, prompt="{{text}}", status=0, name="b"):
    """Queues and answers all; the rows as results gives them, by line ends that are line ends."""
    house.said = house.run("run", "--prompt", prompt, "--model", "gemini-2.5-flash", data, "--name", name, *args, status=status).err
    return [json.loads(line) for line in house.run("results", name).out.split("\n") if line]


def echoes(rows):
    return [r["output"].removeprefix("echo: ") for r in rows]


def open_house():
    house = House()
    house.twin()
    return house


def preview(house, prompt, data, *args):
    """The text that the first row's message holds."""
    line = house.run("preview", "--prompt", prompt, "--model", "gemini-2.5-flash", data, "--json", "-n", "1", *args).out
    return json.loads(line)["messages"][0]["content"][0]["text"]


def rejects(house, data):
    with open(f"{data}.rejects.jsonl", encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def peak_kb(house, *args):
    """The most memory that a command took; told by a small process, since a child begins with its parent's peak."""
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, capture_output=True); " \
           "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    return int(subprocess.run([sys.executable, "-c", code, TIDEMILL, *args], env=house.env, cwd=house.dir, capture_output=True, check=True).stdout)


def large_cells():
    """A cell of 10 MB is kept whole; a record of over 16 MB is rejected, whatever lines it holds, and the rest goes on"""
    ten, prose = "a" * 10 * MB, "one line of it, and \"\"another\"\"\nmore\n" * (17 * MB // 36)
    rows = [("1", ten), ("2", "small"), ("3", "c" * 17 * MB), ("5", "after")]
    with House() as house:
        files = {
            "t.csv": "id,text\n" + "".join(f"{i},{t}\n" for i, t in rows[:3]) + f"4,\"{prose}\"\n5,after\n",
            "t.jsonl": "".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in rows),
            "t.json": json.dumps([{"id": i, "text": t} for i, t in rows]),
        }
        for name, text in files.items():
            data = house.write(name, text)
            house.run("add", *TEXT, data, "--name", name)
            got = [(r["input"]["id"], r["input"]["text"] in (ten, "small", "after")) for r in house.results(name)]
            assert got == [("1", True), ("2", True), ("5", True)], got
            bad = rejects(house, data)
            assert [b["row"] for b in bad] == ([3, 4] if name == "t.csv" else [3]), [b["row"] for b in bad]
            assert all("longer than 16 MB" in b["why"] and len(b["raw"]) <= MB for b in bad)
            if name == "t.csv":
                joined = [r["status"] for r in house.results(name, data)]
                assert joined == ["waiting", "waiting", "rejected", "rejected", "waiting"], joined


def many_columns():
    """10,000 columns are read, bound and written, also where all have one name"""
    n = 10000
    with open_house() as house:
        wide = house.write("wide.csv", ",".join(f"c{i}" for i in range(n)) + "\n" + ",".join(map(str, range(n))) + "\n")
        assert echoes(ask(house, wide, prompt="{{c9999}} {{c0}}")) == ["9999 0"]
        head = house.run("results", "b", "--format", "csv", timeout=30).out.split("\n")[0].split(",")
        assert len(head) == n + 3 and head[n - 1:] == ["c9999", "output", "_status", "_error"]
        same = house.write("same.csv", ",".join(["x"] * n) + "\n" + ",".join(map(str, range(n))) + "\n")
        assert preview(house, "{{x}} {{x_2}} {{x_10000}}", same) == "0 1 9999"
        short = house.run("add", *TEXT, same, status=1).err
        assert "(10000 in all)" in short and len(short) < 2000, len(short)


def names():
    """Columns without a name, of one name, and names that templates read otherwise: [a.b] and the like reach each"""
    with open_house() as house:
        data = house.write("odd.csv", "this,@index,a.b,a b,,text,text,text_2\nT,I,AB,A B,none,t1,t2,t3\n")
        for prompt, text in (("{{[this]}} {{this.[this]}}", "T T"), ("{{[@index]}}", "I"), ("{{[a.b]}}", "AB"), ("{{[a b]}}", "A B"),
                             ("{{column5}}", "none"), ("{{text}} {{text_3}} {{text_2}}", "t1 t2 t3"),
                             ("{{#each this}}{{@key}} {{/each}}", "this @index a.b a b column5 text text_3 text_2 ")):
            assert preview(house, prompt, data) == text, prompt
        assert json.loads(preview(house, "{{this}}", data))["this"] == "T"
        refused = house.run("add", "--prompt", "{{a.b}}", "--model", "gemini-2.5-flash", data, status=1).err
        assert "{{[a.b]}}" in refused, refused
        lines = house.write("odd.jsonl", json.dumps({"this": "T", "@index": "I", "a.b": "AB", "a b": "A B", "": "none"}) + "\n")
        assert preview(house, "{{[this]}} {{[@index]}} {{[a.b]}} {{[a b]}} {{this.[]}}", lines) == "T I AB A B none"
        got = house.run("add", "--prompt", "{{[a.b]}}", "--model", "gemini-2.5-flash", lines, "--name", "odd", "--json").out
        assert json.loads(got)["new"] == 1
        assert house.run("results", "odd", "--format", "csv").out.split("\n")[0] == "this,@index,a.b,a b,,output,_status,_error"


def nothing():
    """No rows at all: an empty file, only a BOM, only line ends, only a header, []; said, and no error"""
    with House() as house:
        for name, data in (("e.csv", b""), ("bom.csv", b"\xef\xbb\xbf"), ("bom16.csv", b"\xff\xfe"), ("lines.csv", b"\r\n\n\n"), ("head.csv", b"id,text\n"),
                           ("head2.csv", b"\xef\xbb\xbfid,text"), ("e.jsonl", b""), ("bom.jsonl", b"\xef\xbb\xbf"), ("e.json", b"[]"), ("e2.json", b" [\n]\n"),
                           ("e.csv.gz", gzip.compress(b"")), ("e.tsv.xz", lzma.compress(b""))):
            with open(house.path(name), "wb") as f:
                f.write(data)
            result = house.run("add", *TEXT, name, "--name", name.replace(".", "-"))
            assert "no rows" in result.err, (name, result.err)
            assert house.run("run", *TEXT, name).err.count("no rows") == 1
            assert house.run("results", name.replace(".", "-")).out == ""
            assert house.run("results", name.replace(".", "-"), name, "--format", "csv").out.count("\n") == 1


def hardly_text():
    """U+0000 in cells and JSON is text; a lone surrogate becomes U+FFFD; bytes that are no UTF-8 cost their row"""
    with open_house() as house:
        assert echoes(ask(house, house.write("nul.csv", "id,text\n1,a\0b\n2,\"\0\"\n"))) == ["a\0b", "\0"]
        lines = house.write("lone.jsonl", '{"text":"x\\ud83dy"}\n{"text":"\\udc4d\\ud83d"}\n{"text":"\\ud83d\\udc4d \\u0000"}\n{"te\\u0000xt":"x","text":"y"}\n')
        rows = ask(house, lines, name="lone")
        assert echoes(rows) == ["x\ufffdy", "\ufffd\ufffd", "👍 \0"], rows
        assert [r["input"]["text"] for r in rows] == echoes(rows)
        assert "NUL byte in object key" in rejects(house, lines)[0]["why"]
        with open(house.path("latin.csv"), "wb") as f:
            f.write("text\ngut\nschön\n".encode("latin-1"))
        assert echoes(ask(house, "latin.csv", name="latin")) == ["gut"] and "not UTF-8" in house.said
        assert echoes(ask(house, "latin.csv", "--encoding", "latin1", name="latin1")) == ["gut", "schön"]
        with open(house.path("wide.csv"), "wb") as f:
            f.write("\ufefftext\nschön\n€\n".encode("utf-16-be"))
        assert echoes(ask(house, "wide.csv", name="utf16")) == ["schön", "€"]


def large_numbers():
    """A number past 2^53, or past 64 bits, is the same digits in the prompt, in results, and as --id"""
    ids = ["9007199254740993", "9223372036854775807", "-9223372036854775808", "18446744073709551615", "18446744073709551616", "123456789012345678901234567890",
           "0.12345678901234567890"]
    with open_house() as house:
        for name, text in (("n.jsonl", "".join(f'{{"id":{i},"text":{i}}}\n' for i in ids)), ("n.json", "[" + ", ".join(f'{{"id": {i}, "text": {i}}}' for i in ids) + "]")):
            data = house.write(name, text)
            rows = ask(house, data, "--id", "id", name=name)
            assert echoes(rows) == ids, (house.said, echoes(rows))
            out = house.run("results", name).out
            assert all(f'"id":{i},' in out for i in ids), out
            cells = house.run("results", name, "--format", "csv").out.split("\n")[1:-1]
            assert [c.split(",")[:2] for c in cells] == [[i, i] for i in ids], cells
        table = house.write("n.csv", "id,text\n" + "".join(f"{i},{i}\n" for i in ids))
        assert {r["status"] for r in house.results("n.json", table)} == {"done"}  # the same key from CSV


def doubled_keys():
    """Of members of one name in a JSON row the last counts, in the prompt and for whoever reads the results"""
    with open_house() as house:
        for name, text in (("d.jsonl", '{"text":"first","text":"last"}\n'), ("d.json", '[{"text": "first", "text": "last"}]')):
            rows = ask(house, house.write(name, text), name=name)
            assert echoes(rows) == ["last"] and rows[0]["input"] == {"text": "last"}, rows


def packed_files():
    """gz, xz, bz2, zst, of several members, too; one that is cut short is an error after the rows before the cut"""
    text = "id,text\n" + "".join(f"{i},row {i} of a file\n" for i in range(20000))
    packers = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress,
               "zst": lambda data: subprocess.run(["zstd", "-qc"], input=data, capture_output=True, check=True).stdout}
    with House() as house:
        for ending, pack in packers.items():
            data, half = text.encode(), len(text) // 2
            for what, packed, status in (("whole", pack(data), 0), ("members", pack(data[:half]) + pack(data[half:]), 0), ("cut", pack(data)[:-50], 1),
                                         ("head", pack(data)[:5], 1)):
                with open(house.path(f"{what}.csv.{ending}"), "wb") as f:
                    f.write(packed)
                result = house.run("add", *TEXT, f"{what}.csv.{ending}", "--name", what + ending, "--json", status=status)
                if status == 0:
                    assert json.loads(result.out)["new"] == 20000, (ending, what)
                else:
                    assert "cut short or damaged" in result.err, (ending, what, result.err)
                    assert what == "head" or "rows before this place were read" in result.err, result.err


def long_array():
    """A JSON array is streamed: forty times the rows take the same memory"""
    def array(name, n):
        with open(house.path(name), "w", encoding="utf-8") as f:
            f.write("[")
            f.writelines(("" if i == 0 else ",\n") + json.dumps({"id": i, "text": f"row {i} " + "x" * 900}, indent=1) for i in range(n))
            f.write("]")
        return name
    with House() as house:
        small, large = array("small.json", 500), array("large.json", 20000)
        peaks = [peak_kb(house, "plan", *TEXT, data) for data in (small, large)]
        assert peaks[1] < peaks[0] + 12 * 1024, peaks
        return f"{peaks[0]} KB, {peaks[1]} KB"


if __name__ == "__main__":
    main([large_cells, many_columns, names, nothing, hardly_text, large_numbers, doubled_keys, packed_files, long_array])
