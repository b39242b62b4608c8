"""test_csv_dialects.py - the CSV reader and writer against Python's own: whatever a random document holds, both
refuse it or both read the same rows, and what `results` writes Python reads back."""
import csv
import io
import json
import os
import random
import shutil
import subprocess
import tempfile
import unittest

TIDEMILL = os.path.abspath(os.environ.get("TIDEMILL", "build/dev/tidemill"))
PIECES = ["a", "b", "x y", '"', '"', '""', ",", ",", "\n", "\r\n", '","', '",', ',"', "\u00e9", "\u20ac", " "]


def expected(document):
    """Python's rows as dicts, None for those with another number of cells; None: Python refuses the document."""
    try:
        rows = [row for row in csv.reader(io.StringIO(document, newline=""), strict=True) if row]
    except csv.Error:
        return None
    return [dict(zip(rows[0], row)) if len(row) == len(rows[0]) else None for row in rows[1:]]


class Dialects(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="tidemill-csv-")
        self.env = dict(os.environ, HOME=self.dir, XDG_DATA_HOME=self.dir, XDG_STATE_HOME=self.dir,
                        XDG_CONFIG_HOME=self.dir, GEMINI_API_KEY="not-used", NO_COLOR="1")
        if self.tidemill("add", "--help").returncode != 0:
            self.skipTest("this build has no `add`")

    def tearDown(self):
        shutil.rmtree(self.dir)

    def tidemill(self, *args):
        run = subprocess.run([TIDEMILL, *args], cwd=self.dir, env=self.env, capture_output=True, check=False)
        run.stdout = run.stdout.decode()  # not as text: that would turn CR LF in cells into LF
        return run

    def read(self, n, document):
        """What tidemill keeps of a document: its rows, and how many were rejected."""
        name = f"d{n}.csv"
        with open(os.path.join(self.dir, name), "w", newline="", encoding="utf-8") as file:
            file.write(document)
        added = self.tidemill("add", "--prompt", "{{one}} {{two}}", "--model", "gemini-2.5-flash", name,
                              "--delimiter", ",", "--name", f"d{n}")
        self.assertEqual(added.returncode, 0, added.stderr)
        lines = self.tidemill("results", f"d{n}")
        self.assertEqual(lines.returncode, 0, lines.stderr)
        rows = [json.loads(line)["input"] for line in lines.stdout.splitlines()]
        table = self.tidemill("results", f"d{n}", "--format", "csv")
        back = [{key: row[key] for key in ("one", "two")}
                for row in csv.DictReader(io.StringIO(table.stdout, newline=""), strict=True)] if rows else []
        self.assertEqual(back, rows)
        rejects = os.path.join(self.dir, f"{name}.rejects.jsonl")
        rejected = 0
        if os.path.exists(rejects):
            with open(rejects, encoding="utf-8") as file:
                rejected = len(file.readlines())
        return rows, rejected

    def test_random_documents(self):
        random.seed(20261124)
        for n in range(60):
            document = "one,two\n" + "".join(random.choice(PIECES) for _ in range(random.randint(1, 40)))
            rows, rejected = self.read(n, document)
            theirs = expected(document)
            with self.subTest(document=document):
                if theirs is None:
                    self.assertGreater(rejected, 0)
                else:
                    self.assertEqual(rows, [row for row in theirs if row is not None])
                    self.assertEqual(rejected, theirs.count(None))


if __name__ == "__main__":
    unittest.main()
