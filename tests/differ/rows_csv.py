"""rows_csv.py - CSV files for rows.py: hostile ones, and ones whose delimiter is to be guessed."""
import csv
import io

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


def kind_of_papaparse(theirs, ours):
    rows = [row for row in theirs["rows"] if row != [""]]
    n = len(rows[0]) if rows else 0
    bad_quotes = {"MissingQuotes", "InvalidQuotes"} & set(theirs["errors"])
    if ours["error"]:
        return None if bad_quotes else "we refuse the file: " + ours["error"].split(": ")[-1][:50]
    if bad_quotes:
        return None if None in cells(ours) else "they refuse a quote, we take all"
    if cells(ours) == [row if len(row) == n else None for row in rows[1:]]:
        return None
    if any("\r" in c or "\n" in c for row in rows for c in row):
        return "they know one kind of line end a file"
    return "rows differ"


def kind_of_postgres(theirs, ours):
    refused = bool(ours["error"]) or None in cells(ours)
    if "error" in theirs:
        return None if refused else "they refuse: " + theirs["error"].split(":")[0][:60]
    if refused:
        return "we refuse: " + (ours["error"] or next(row["bad"] for row in ours["rows"] if "bad" in row)).split(": ")[-1][:50]
    return None if theirs["rows"] == cells(ours) else "rows differ"


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
        report.add("csv, papaparse", kind_of_papaparse(t, o), text, t, o)
    print("papaparse: left out, it is not installed here" if theirs is None else "papaparse: compared")
    with readers.Postgres() as server:
        print("PostgreSQL: compared" if server else "PostgreSQL: left out, it is not installed")
        theirs = server.copy([{**ask, "columns": n} for ask, (_, n) in zip(asks, documents)]) if server else []
    for (text, _), t, o in zip(documents, theirs, ours):
        report.add("csv, PostgreSQL", kind_of_postgres(t, o), text, t, o)


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
        report.add("delimiter, as written", None if ok else "guessed another", text, table[:3], o)
        rest = theirs[i]["rows"] if theirs else []
        if theirs and rest[:-1] != table and rest != table:
            report.same["delimiter, papaparse guessed another"] += 1
        try:
            guess = csv.Sniffer().sniff(text)
            right = python_rows(text, guess.delimiter)[0] == [row for row in table]
        except csv.Error:
            right = False
        report.same["delimiter, Python's Sniffer guessed another"] += not right
