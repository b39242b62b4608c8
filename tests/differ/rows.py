#!/usr/bin/env python3
"""rows.py - tidemill's data readers against Python's csv and json, npm's papaparse and PostgreSQL's COPY ... CSV, on files
made from a seed: plain and hostile CSV, delimiters to guess, encodings, packed files, JSON lines and arrays.

    npm install papaparse            # in any folder; then, from that folder (without it papaparse is left out):
    .../tests/differ/rows.py .../build/dev/tests/differ/print_rows [-n FILES] [--seed N] [--show N] [-v]

PostgreSQL (Debian's postgresql) is started in a temporary folder; where it is not installed it is left out. No part of CI.
Every file is read a second time in pieces of a few bytes, as through a pipe: nothing may differ.
Prints each kind of difference with its number and its shortest cases; ends with 1 if one is not in KNOWN."""
import argparse
import collections
import json
import os
import random
import sys
import tempfile

import readers
import rows_csv
import rows_json
import rows_packed

# What differs and is meant; why, and what was mended, stands in docs/decisions/0014-edges-of-data.md.
KNOWN = {
    "csv, papaparse: papaparse knows one kind of line end in a file",
    "csv, papaparse: papaparse skips blanks behind a closing quote",
    "csv, PostgreSQL: PostgreSQL knows one kind of line end in a file",
    "csv, PostgreSQL: PostgreSQL lets a quote begin in the middle of a cell",
    "csv, PostgreSQL: PostgreSQL takes text behind a closing quote",
    "csv, PostgreSQL: PostgreSQL takes an empty line for a row of one cell",
    "csv, PostgreSQL: PostgreSQL ends at a line of \\.",
    "delimiter, as written: no row tells",
    "array: a comma too many between elements is skipped",
    "array: lone surrogates become U+FFFD",
    "jsonl: lone surrogates become U+FFFD",
    "array: we refuse: NUL byte in object key not supported",
    "jsonl: we refuse: NUL byte in object key not supported",
    "array: we refuse: real number overflow",
    "jsonl: we refuse: real number overflow",
    "packed, cut: cut before its first four bytes are over it is no packed file",
    "packed, garbage: gz: the tool complains of what stands behind the data, the rows are all there",
    "packed, flip: gz: the tool complains of what stands behind the data, the rows are all there",
    "packed, flip: gz: we take what the unpacker refuses",
    "packed, flip: bz2: rows of the damaged block came before the error",
}


class Report:
    def __init__(self):
        self.kinds, self.cases, self.same = collections.Counter(), collections.defaultdict(list), collections.Counter()

    def add(self, subject, kind, document, theirs=None, ours=None):
        """kind None: no difference."""
        if kind is None:
            self.same[subject] += 1
            return
        kind = f"{subject}: {kind}"
        self.kinds[kind] += 1
        self.cases[kind].append((len(document), self.kinds[kind], document, theirs, ours))

    def print(self, show, verbose):
        for subject, n in sorted(self.same.items()):
            print(f"{n:6} the same: {subject}")
        for kind, n in sorted(self.kinds.items()):
            print(f"{n:6} {kind}{' (known)' if kind in KNOWN else ''}")
            for _, _, document, theirs, ours in sorted(self.cases[kind], key=lambda case: case[:2])[:show if verbose or kind not in KNOWN else 0]:
                print(f"       document {document[:300]!r}\n       theirs   {json.dumps(theirs)[:300]}\n       ours     {json.dumps(ours)[:300]}")
        return set(self.kinds) - KNOWN


class Bench:
    """A folder of files to read, and our own reader."""

    def __init__(self, program, folder, options):
        self.program, self.folder, self.options, self.n = program, folder, options, 0

    def random(self, subject, i):
        return random.Random(f"{self.options.seed}/{subject}/{i}")

    def file(self, data, ending):
        self.n += 1
        path = f"{self.folder}/f{self.n}{ending}"
        with open(path, "wb") as f:
            f.write(data)
        return path

    def ours(self, asks):
        """What tidemill reads; a second time in pieces, which must be the same."""
        whole = readers.tidemill(self.program, asks)
        pieces = readers.tidemill(self.program, [{"format": self.format_of(ask["path"]), **ask, "chunk": 1 + i % 7} for i, ask in enumerate(asks)])
        for ask, a, b in zip(asks, whole, pieces):
            b["error"] = b["error"] and b["error"].replace("standard input", ask["path"])
            if a != b:
                sys.exit(f"read in pieces it is another: {ask}\n{a}\n{b}")
        return whole

    @staticmethod
    def format_of(path):
        name = os.path.basename(path)
        return "jsonl" if ".jsonl" in name else "json" if ".json" in name else "tsv" if ".tsv" in name else "csv"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="build/dev/tests/differ/print_rows")
    parser.add_argument("-n", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-v", action="store_true", help="cases of known differences, too")
    parser.add_argument("--show", type=int, default=1, help="so many cases of each kind")
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    report = Report()
    with tempfile.TemporaryDirectory(prefix="differ-rows-") as folder:
        os.chmod(folder, 0o755)  # the server reads there
        bench = Bench(options.program, folder, options)
        for part in (rows_csv.hostile, rows_csv.delimiters, rows_packed.encodings, rows_packed.packed, rows_json.lines, rows_json.arrays):
            part(bench, report)
    sys.exit(1 if report.print(options.show, options.v) else 0)


main()
