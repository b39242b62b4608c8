"""rows_csv.py - CSV files for rows.py: hostile ones, and ones whose delimiter is to be guessed."""
import csv
import io
import re

import readers

PIECES = ["a", "b", "x y", '"', '"', '""', ",", ",", ",", "\n", "\n", "\r\n", "\r", '","', '",', ',"', "\n\n", ' "', '" ', "é", "€", "👋",
          " ", "\t", ";", "'", "\\", '\\"', "\\.", "\\n", "\0", "\ufeff", "\u00a0", "\u2028", "\v", "\f", "=1+1", "#", "NULL", "--", "0"]


def python_rows(text, delimiter=","):
    """Python's rows, and the error that ended them."""
    rows = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if row:
                rows.append(row)
    except csv.Error as error:
        return rows, str(error)
    return rows, None


def cells(ours):
    return [row.get("cells") for row in ours["rows"]]


def kind_of_python(rows, error, ours):
    if ours["error"]:
        return "we refuse the file: " + ours["error"].split(": ")[-1][:50] if not error else None
    expected = [row if len(row) == len(rows[0]) else None for row in rows[1:]]
    if error:
        if cells(ours)[:len(expected)] != expected:
            return "rows before a bad quote differ"
        return None if None in cells(ours)[len(expected):] else "they refuse a quote, we take all"
    return None if cells(ours) == expected else "rows differ"


def line_ends(text):
    """How many kinds there are outside of quotes, or so."""
    return len(set(re.findall("\r\n|\r|\n", text)))


def kind_of_papaparse(text, theirs, ours):
    rows = [row for row in theirs["rows"] if row != [""]]
    n = len(rows[0]) if rows else 0
    refused = bool({"MissingQuotes", "InvalidQuotes"} & set(theirs["errors"]))
    if not ours["error"] and not refused and cells(ours) == [row if len(row) == n else None for row in rows[1:]]:
        return None
    if refused and (ours["error"] or None in cells(ours)):
        return None
    if line_ends(text) > 1:
        return "papaparse knows one kind of line end in a file"
    if re.search('"[ \t\v\f\u00a0\u2028\ufeff]+(,|\r|\n|$)', text):
        return "papaparse skips blanks behind a closing quote"
    return "they refuse a quote, we take all" if refused else "we refuse the file" if ours["error"] else "rows differ"


def kind_of_postgres(text, theirs, ours):
    refused = bool(ours["error"]) or None in cells(ours)
    blank = [[""]] if len(ours["columns"]) == 1 else []
    if "error" in theirs and refused:
        return None
    if "rows" in theirs and not refused and [r for r in theirs["rows"] if r not in blank] == [r for r in cells(ours) if r not in blank]:
        return None
    if re.search(r"(^|[\r\n])\\\.([\r\n]|$)", text):
        return "PostgreSQL ends at a line of \\."
    if re.search('[^,\r\n"]"', text):
        return "PostgreSQL lets a quote begin in the middle of a cell"
    if re.search('"[^,\r\n"]', text):
        return "PostgreSQL takes text behind a closing quote"
    if "error" in theirs and "found in data" in theirs["error"] and line_ends(text) > 1:
        return "PostgreSQL knows one kind of line end in a file"
    if "error" in theirs and "missing data" in theirs["error"] and re.search("(\r\n|\r|\n){2}", text):
        return "PostgreSQL takes an empty line for a row of one cell"
    return "they refuse: " + theirs["error"] if "error" in theirs else "we refuse" if refused else "rows differ"


def hostile(bench, report):
    documents, asks = [], []
    for i in range(bench.options.n):
        r = bench.random("csv", i)
        header = ",".join(["one", "two", "three"][:r.randint(1, 3)])
        pieces = PIECES if r.random() < 0.6 else PIECES[:16]
        text = header + r.choice(["\n", "\n", "\r\n", "\r"]) + "".join(r.choice(pieces) for _ in range(r.randint(1, 40)))
        documents.append((text, header.count(",") + 1))
        asks.append({"path": bench.file(text.encode(), ".csv"), "delimiter": ","})
    ours = bench.ours(asks)
    for (text, _), ask, o in zip(documents, asks, ours):
        rows, error = python_rows(text)
        report.add("csv, Python", kind_of_python(rows, error, o), text, error or rows, o)
    theirs = readers.papaparse(asks)
    for (text, _), t, o in zip(documents, theirs or [], ours):
        report.add("csv, papaparse", kind_of_papaparse(text, t, o), text, t, o)
    print("papaparse: left out, it is not installed here" if theirs is None else "papaparse: compared")
    with readers.Postgres() as server:
        print("PostgreSQL: compared" if server else "PostgreSQL: left out, it is not installed")
        theirs = server.copy([{**ask, "columns": n} for ask, (_, n) in zip(asks, documents)]) if server else []
    for (text, _), t, o in zip(documents, theirs, ours):
        report.add("csv, PostgreSQL", kind_of_postgres(text, t, o), text, t, o)


WORDS = ["good", "bad, really", "so-so; fine", "a|b", "tab\there", "line\nbreak", 'said "no"', "", "1,5", "2.50", "12;30", "12:45", "x", "é", "http://a.b/c?d=e",
         "Long text with, several, commas, in, it", "[1, 2]", '{"a": 1, "b": 2}', "2026-11-27 12:00"]


def delimiters(bench, report):
    """Tables as a program writes them, with quotes where needed: whose guess is the delimiter it was written with?"""
    documents, asks = [], []
    for i in range(bench.options.n):
        r = bench.random("delimiter", i)
        delimiter, n = r.choice(",;\t|"), r.randint(2, 6)
        table = [[f"{r.choice(['id', 'text', 'stars (1,5)', 'a b', 'price; net'])}{k}" for k in range(n)]]
        table += [[r.choice(WORDS) for _ in range(n)] for _ in range(r.randint(0, 12))]
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter, lineterminator=r.choice(["\n", "\r\n"])).writerows(table)
        documents.append((out.getvalue(), table))
        asks.append({"path": bench.file(out.getvalue().encode(), ".csv")})
    theirs = readers.papaparse(asks)
    for i, ((text, table), o) in enumerate(zip(documents, bench.ours(asks))):
        ok = o["columns"] == table[0] and cells(o) == table[1:]
        report.add("delimiter, as written", None if ok else "no row tells" if len(table) == 1 else "guessed another", text, table[:3], o)
        rest = theirs[i]["rows"] if theirs else []
        if theirs and rest[:-1] != table and rest != table:
            report.same["delimiter, papaparse guessed another"] += 1
        try:
            guess = csv.Sniffer().sniff(text)
            right = python_rows(text, guess.delimiter)[0] == table
        except csv.Error:
            right = False
        report.same["delimiter, Python's Sniffer guessed another"] += not right
