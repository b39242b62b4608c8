"""rows_json.py - JSON lines and arrays for rows.py, against Python's json."""
import json
import re

import readers

TEXTS = ["", "a", "two words", "é👋", "\n", "\r\n", "\t", "\"", "\\", "/", "\u2028", "\0", "\x7f", "</script>", "\ufeff", "a" * 70]
RAW = ['"\\ud83d"', '"\\ude00x"', '"\\ud83d\\ude00"', '"\\ud83d\\u0041"', '"\\/"', '"\\u00e9"', "1e400", "-1e400", "0.10", "1.0", "1e2", "1E+2", "-0", "-0.0",
       "9007199254740993", "-9223372036854775808", "9223372036854775807", "9223372036854775808", "18446744073709551615", "123456789012345678901234567890",
       "3.14159265358979323846", "0.1000000000000000055", "1e-400", "100000000000000000000000.5", "NaN", "Infinity", "-Infinity", "01", "1.", ".5", "+1", "0x10",
       "tru", "True", "None", "undefined", "'a'", '"\\x41"', '"\\u12"', '"tab\there"', '"open', "[1,]", "{,}", '{"a" 1}', "// no", "/* no */"]


class Maker:
    def __init__(self, r, wild):
        self.r, self.wild = r, wild

    def value(self, depth=0):
        roll = self.r.random()
        if self.wild and roll < 0.25:
            return self.r.choice(RAW)
        if roll < 0.6 or depth > 3:
            return json.dumps(self.r.choice([*TEXTS, 0, 1, -1, 3.5, 1e21, 1e-7, 0.1, True, False, None, 2 ** 53 + 1]), ensure_ascii=self.r.random() < 0.5)
        if roll < 0.8:
            return "[" + ("," + self.space()).join(self.value(depth + 1) for _ in range(self.r.randint(0, 3))) + "]"
        return self.object(depth + 1)

    def space(self):
        return self.r.choice(["", "", "", " ", "  "])

    def object(self, depth=0):
        names = ["a", "b", "text", "é", "", "a b", "a", "x\\u0000y"] if self.wild else ["a", "b", "text", "é", "", "a b"]
        members = [f"\"{self.r.choice(names)}\":{self.space()}{self.value(depth)}" for _ in range(self.r.randint(0, 4))]
        return "{" + self.space() + ",".join(members) + self.space() + "}"


def number(text):
    return ("number", text)


def read(text):
    """With numbers as they are written. Raises ValueError."""
    def refuse(word):
        raise ValueError(word)
    return json.loads(text, parse_int=number, parse_float=number, parse_constant=refuse)


def mended(value):
    """Lone surrogates as U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [mended(v) for v in value]
    if isinstance(value, dict):
        return {mended(k): mended(v) for k, v in value.items()}
    return value


def exact(value):
    """Numbers by their values: 1.0 is 1."""
    if isinstance(value, tuple):
        return float(value[1]) if any(c in value[1] for c in ".eE") else int(value[1])
    if isinstance(value, list):
        return [exact(v) for v in value]
    return {k: exact(v) for k, v in value.items()} if isinstance(value, dict) else value


def kind_of_row(text, ours):
    try:
        theirs = read(text)
    except (ValueError, RecursionError):
        theirs = None
    if theirs is None or not isinstance(theirs, dict):
        return None if "bad" in ours else "they refuse, we take it"
    if "bad" in ours:
        return "we refuse: " + ours["bad"].split(": ")[-1].split(" near")[0][:60]
    got = ours["object"]
    if got == theirs or got == mended(theirs):
        return None if got == theirs else "lone surrogates become U+FFFD"
    return "numbers are written otherwise, their values are the same" if exact(got) == exact(mended(theirs)) else "values differ"


def ours_of(bench, asks):
    """Our rows, with numbers as they are written."""
    bench.ours(asks)
    return readers.through([bench.program], asks, parse_int=number, parse_float=number)


def lines(bench, report):
    documents, asks = [], []
    for i in range(bench.options.n):
        r = bench.random("jsonl", i)
        maker = Maker(r, r.random() < 0.6)
        rows = [maker.object() for _ in range(r.randint(1, 6))]
        text = r.choice(["", "\ufeff"]) + r.choice(["\n", "\r\n", "\n\n", " \n"]).join(rows) + r.choice(["", "\n"])
        documents.append(rows)
        asks.append({"path": bench.file(text.encode("utf-8", "surrogatepass"), ".jsonl"), "format": "jsonl"})
    for rows, ours in zip(documents, ours_of(bench, asks)):
        if len(ours["rows"]) != len(rows):
            report.add("jsonl", "another number of rows", "\n".join(rows), len(rows), ours)
            continue
        for text, row in zip(rows, ours["rows"]):
            report.add("jsonl", kind_of_row(text, row), text, text, row)


def arrays(bench, report):
    documents, asks = [], []
    for i in range(bench.options.n):
        r = bench.random("array", i)
        maker = Maker(r, r.random() < 0.5)
        rows = [maker.object() if r.random() < 0.95 else maker.value() for _ in range(r.randint(0, 6))]
        if r.random() < 0.3:
            try:
                rows = [json.dumps(json.loads(row), indent=r.randint(0, 4)) for row in rows]
            except ValueError:
                pass
        text = r.choice(["", "\n ", "\ufeff"]) + "[" + r.choice([",", ", ", ",\n", "\n,\n"]).join(rows) + r.choice(["]", "]", "\n]\n", "", ",]", "] x"])
        documents.append(text)
        asks.append({"path": bench.file(text.encode("utf-8", "surrogatepass"), ".json"), "format": "json"})
    for text, ours in zip(documents, ours_of(bench, asks)):
        report.add("array", kind_of_array(text, ours), text, None, ours)


def kind_of_array(text, ours):
    refused = ours["error"] or any("bad" in row for row in ours["rows"])
    try:
        theirs = read(text.lstrip("\ufeff"))
    except ValueError:
        return None if refused else "a comma too many between elements is skipped" if re.search(r",\s*\]\s*$", text) else "they refuse, we take it"
    if ours["error"]:
        return "we refuse: " + ours["error"][-50:]
    if len(theirs) != len(ours["rows"]):
        return "another number of rows"
    kinds = [kind_of_row(text_of(row), got) for row, got in zip(theirs, ours["rows"])]
    return next((kind for kind in kinds if kind), None)


def text_of(value):
    """JSON with numbers as they were."""
    if isinstance(value, tuple):
        return value[1]
    if isinstance(value, list):
        return "[" + ",".join(text_of(v) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{text_of(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)
