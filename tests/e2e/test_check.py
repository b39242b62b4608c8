"""tidemill check against the copy of the API: what it says of key, models, clock and files, and its exit status."""
import http.server
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

TIDEMILL = os.environ.get("TIDEMILL", "build/dev/tidemill")
KEY = "AIzaSyCheckCheckCheckCheckCheckCheck1234"


class Check(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.twin = subprocess.Popen([TIDEMILL, "simulate", "--key", KEY, "--models", "gemini-2.5-flash,gemini-2.5-pro"],
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        cls.url = cls.twin.stdout.readline().decode().strip()

    @classmethod
    def tearDownClass(cls):
        cls.twin.terminate()
        cls.twin.wait(timeout=30)
        cls.twin.stdout.close()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tidemill-check-")
        self.addCleanup(self.folder.cleanup)
        self.env = {"PATH": os.environ["PATH"], "HOME": self.folder.name, "no_proxy": "127.0.0.1"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "G_SLICE"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def config(self, text):
        path = os.path.join(self.folder.name, "config.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.env["TIDEMILL_CONFIG"] = path

    def check(self, *args, **env):
        done = subprocess.run([TIDEMILL, "check", *args], capture_output=True, env={**self.env, **env},
                              stdin=subprocess.DEVNULL, cwd=self.folder.name, timeout=60, check=False)
        self.assertNotIn(KEY.encode(), done.stdout + done.stderr)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_all_is_well(self):
        self.config(f"accounts: {{free: {{provider: gemini, base_url: '{self.url}', key: $K, tier: free}}}}\n"
                    "routes: {default: [{account: free, models: [gemini-2.5-pro]}]}\n")
        status, out, err = self.check(K=KEY)
        self.assertEqual((status, err), (0, ""), out)
        for words in ("the store can be written", "the ledger can be written", "free: the key is valid for 127.0.0.1",
                      "free: tier free", "free: model gemini-2.5-pro is there", "free: answers in", "this clock"):
            self.assertIn(words, out)
        self.assertNotIn("failed", out)
        self.assertEqual(status, self.check("free", "-m", "gemini-2.5-flash", K=KEY)[0])

    def test_the_environment_alone(self):
        status, out, _ = self.check("-m", "gemini-2.5-flash", GEMINI_API_KEY=KEY, GEMINI_BASE_URL=self.url)
        self.assertEqual(status, 0, out)
        self.assertIn("gemini: the key is valid", out)
        status, out, _ = self.check("--base-url", self.url, GEMINI_API_KEY=KEY)
        self.assertEqual(status, 0, out)

    def test_all_accounts_are_asked_at_once(self):
        """The service answers nobody before all three have come."""
        together = threading.Barrier(3, timeout=20)

        class Slow(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                together.wait()
                body = b'{"object": "list", "data": [{"id": "m1"}]}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}"
        self.config("accounts:\n" + "".join(f"  {name}: {{provider: openai, base_url: '{url}/{name}/v1'}}\n" for name in "abc")
                    + f"  paid: {{provider: gemini, base_url: '{self.url}', key: $K, tier: 1, "
                    "prices: {gemini-2.5-flash: {in: 0.3, out: 2.5}}}\n")
        status, out, _ = self.check("-m", "m1", K=KEY)
        for name in "abc":
            self.assertIn(f"{name}: model m1 is there", out)
        self.assertIn("paid: costs money", out)
        self.assertIn("paid: the price of m1 is not known", out)
        self.assertEqual(status, 1)  # the twin has no m1
        out = self.check("paid", "-m", "gemini-2.5-flash", K=KEY)[1]
        self.assertIn("gemini-2.5-flash: $0.30 a million tokens in, $2.50 out", out)

    def test_a_wrong_key(self):
        status, out, _ = self.check(GEMINI_API_KEY="AIzaSyWrongWrongWrongWrongWrongWrong1234", GEMINI_BASE_URL=self.url)
        self.assertEqual(status, 1)
        self.assertIn("failed  gemini: ", out)
        self.assertIn("refuses the API key from GEMINI_API_KEY", out)
        self.assertNotIn("AIzaSyWrong", out)

    def test_a_misspelt_model_gets_a_guess(self):
        status, out, _ = self.check("-m", "gemini-2.5-falsh", GEMINI_API_KEY=KEY, GEMINI_BASE_URL=self.url)
        self.assertEqual(status, 1)
        self.assertIn("there is no model gemini-2.5-falsh; did you mean gemini-2.5-flash?", out)

    def test_no_key(self):
        status, out, _ = self.check()
        self.assertEqual(status, 1)
        self.assertIn("set GEMINI_API_KEY (free: https://aistudio.google.com/apikey)", out)

    def test_a_key_by_command(self):
        self.config(f"accounts: {{a: {{provider: gemini, base_url: '{self.url}', key: {{command: 'echo {KEY}; echo more'}}}}}}\n")
        self.assertEqual(self.check()[0], 0)
        self.config(f"accounts: {{a: {{provider: gemini, base_url: '{self.url}', key: {{command: 'exit 3'}}}}}}\n")
        status, out, _ = self.check()
        self.assertEqual(status, 1)
        self.assertIn("the key's command failed (exit status 3): exit 3", out)

    def test_nobody_listens(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}"
        status, out, _ = self.check(GEMINI_API_KEY=KEY, GEMINI_BASE_URL=url)
        self.assertEqual(status, 1)
        self.assertIn("failed  gemini: ", out)

    def test_files_that_can_not_be_written(self):
        status, out, _ = self.check(GEMINI_API_KEY=KEY, GEMINI_BASE_URL=self.url, TIDEMILL_STORE="sqlite:/dev/null/a.db",
                                    TIDEMILL_LEDGER="/dev/null/b.db")
        self.assertEqual(status, 1)
        self.assertIn("failed  the store: can't make the folder /dev/null", out)
        self.assertIn("failed  the ledger: can't make the folder /dev/null", out)

    def test_json(self):
        status, out, _ = self.check("--json", "-m", "nothing-like-it", GEMINI_API_KEY=KEY, GEMINI_BASE_URL=self.url)
        told = json.loads(out)
        self.assertEqual((status, told["ok"]), (1, False))
        checks = {entry["check"]: entry for entry in told["checks"]}
        self.assertEqual((checks["key"]["ok"], checks["key"]["account"]), (True, "gemini"))
        self.assertFalse(checks["model"]["ok"])
        self.assertIsNone(checks["store"]["account"])

    def test_usage(self):
        self.config("accounts: {free: {provider: gemini, key: $K}}\n")
        status, out, err = self.check("fre", K=KEY)
        self.assertEqual((status, out), (2, ""))
        self.assertIn('there is no account "fre" (did you mean free?)', err)
        status, out, err = self.check("--base-url", "http://example.com", K=KEY)
        self.assertEqual((status, out), (2, ""))
        self.assertIn("--base-url: over plain http anybody on the way to example.com could read the key", err)

    def test_a_config_that_is_off(self):
        self.config("accounts:\n  free: {provider: gemini, kye: $K}\n")
        status, out, err = self.check()
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(err, r"config\.yaml:2: accounts\.free\.kye: unknown member \(did you mean key\?\)")
        self.assertEqual(self.check("--config", "nowhere.yaml")[0], 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + ["-v"])
