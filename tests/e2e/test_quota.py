"""tidemill quota: reads the ledger with and without a key; every window, where its limit comes from, holds."""
import json
import os
import sqlite3
import subprocess
import tempfile
import time
import unittest

TIDEMILL = os.environ.get("TIDEMILL", "build/dev/tidemill")
KEY = "AIzaSyQuotaQuotaQuotaQuotaQuotaQuota1234"
HOST = "generativelanguage.googleapis.com"
CONFIG = "accounts:\n  free: {provider: gemini, key: $SOME_KEY, tier: free, project: my-project, limits: {'*': {rpd: 100}}}\n"


class Quota(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tidemill-quota-")
        self.addCleanup(self.folder.cleanup)
        self.ledger = os.path.join(self.folder.name, "state", "ledger.db")
        self.env = {"PATH": os.environ["PATH"], "HOME": self.folder.name, "TIDEMILL_LEDGER": self.ledger}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "G_SLICE"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def quota(self, *args):
        done = subprocess.run([TIDEMILL, "quota", *args], env=self.env, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def configure(self):
        path = os.path.join(self.folder.name, "config.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(CONFIG)
        self.env["TIDEMILL_CONFIG"] = path

    def spend(self, until_ms):
        """As a run would have left it: 7 of the day, 3 errors, a limit seen two hours ago, a hold."""
        self.quota()
        now = int(time.time() * 1000)
        db = sqlite3.connect(self.ledger)
        with db:
            db.execute("INSERT INTO scope(id, provider, host, project, zone) VALUES(9, 'gemini', ?, 'my-project', 'utc')",
                       (HOST,))
            db.execute("INSERT INTO lane VALUES(9, 'gemini-x', 'utc', 60000, 0, 0, 0, 0, 0, 0)")
            for unit, used in (("requests", 7), ("errors", 3)):
                # far ahead, so that it is of this day by any account's zone: later days count as now
                db.execute("INSERT INTO spend VALUES(9, 'gemini-x', ?, 'day', 0, ?, ?, ?)",
                           (unit, now + 86400000, used, now))
            db.execute("INSERT INTO limit_seen(scope, model, unit, window, value, hard, source, seen_ms) VALUES(9, 'gemini-x', 'requests', 'day', 20, 1, 'seen', ?)",
                       (now - 7200000,))
            db.execute("INSERT INTO hold VALUES(9, 'gemini-x', ?, 'RPD spent', 1, 0, 0, 0, 0, 0, NULL, NULL, NULL)",
                       (until_ms,))
        db.close()

    def test_an_empty_ledger_says_so(self):
        self.assertIn("nothing was sent yet", self.quota())
        self.assertEqual(json.loads(self.quota("--json")), {"lanes": []})
        self.assertEqual(os.stat(self.ledger).st_mode & 0o777, 0o600)

    def test_without_config_and_key_the_ledger_is_read(self):
        until = int(time.time() * 1000) + 3600000
        self.spend(until)
        text = self.quota()
        for word in ("project my-project", "gemini-x", "RPD", "a 429, 2 h ago, hard", "Pacific", "RPD spent", "3 of the day"):
            self.assertIn(word, text)
        lane = json.loads(self.quota("--json"))["lanes"][0]
        self.assertIsNone(lane["account"])
        self.assertEqual(lane["hold"]["until_ms"], until)
        self.assertEqual(lane["errors_today"], 3)
        day = [limit for limit in lane["limits"] if limit["word"] == "RPD"]
        self.assertEqual([(d["used"], d["limit"], d["source"], d["hard"]) for d in day], [(7, 20, "seen", True)])
        minute = [limit for limit in lane["limits"] if limit["word"] == "RPM"][0]
        self.assertIsNone(minute["limit"])
        self.assertEqual((day[0]["from"], minute["from"]), ("a 429, 2 h ago, hard", "no limit known"))
        self.assertAlmostEqual(day[0]["age_ms"], 7200000, delta=60000)
        self.assertIn("Pacific", day[0]["frees"])
        self.assertIn("Pacific", lane["hold"]["until"])
        self.assertEqual((lane["next"]["at_ms"], lane["next"]["why"]), (until, "RPD spent"))

    def test_a_spent_limit_and_a_probe_to_come_are_said(self):
        self.spend(0)
        db = sqlite3.connect(self.ledger)
        with db:
            db.execute("UPDATE spend SET used = 20 WHERE unit = 'requests'")
        db.close()
        text = self.quota()
        self.assertRegex(text, r"next request .* here, .* Pacific: RPD: 20 of 20 used")
        self.assertIn("the next request goes alone, to see whether it works again: RPD spent", text)
        lane = json.loads(self.quota("--json"))["lanes"][0]
        self.assertTrue(lane["probe_next"])
        self.assertIsNone(lane["hold"])
        self.assertEqual(lane["next"]["why"], "RPD: 20 of 20 used")
        self.assertGreater(lane["next"]["at_ms"], time.time() * 1000)

    def test_an_account_is_known_by_its_project_without_its_key(self):
        self.spend(int(time.time() * 1000) + 3600000)
        self.configure()
        lane = json.loads(self.quota("--json"))["lanes"][0]
        self.assertEqual(lane["account"], "free")
        found = {(d["limit"], d["source"]) for d in lane["limits"] if d["word"] == "RPD"}
        self.assertEqual(found, {(100, "config"), (20, "seen")})
        self.assertIn("a 429, 2 h ago, soft", self.quota())  # the user's word is another: it is tested

    def test_the_key_stands_nowhere(self):
        self.configure()
        self.env["SOME_KEY"] = KEY
        self.spend(0)
        self.quota()
        for name in os.listdir(os.path.dirname(self.ledger)):
            with open(os.path.join(os.path.dirname(self.ledger), name), "rb") as file:
                self.assertNotIn(KEY[8:].encode(), file.read())


if __name__ == "__main__":
    unittest.main(verbosity=2)
