"""The twin's OpenAI wire over real sockets, its presets, and accounts of their own."""
import base64
import json
import os
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

TIDEMILL = os.environ["TIDEMILL"]
CHAT = "/v1/chat/completions"


class Twin:
    def __init__(self, *options, env=None):
        clean = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")}
        clean.update(env or {})
        self.process = subprocess.Popen([TIDEMILL, "simulate", *options], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env=clean)
        self.address = self.process.stdout.readline().strip()
        self.said = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.said = self.process.communicate(timeout=20)[1]

    def ask(self, path, body=None, key="k", method=None):
        """Status, body (parsed where it is JSON) and headers."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.address + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                status, text, told = reply.status, reply.read().decode(), reply.headers
        except urllib.error.HTTPError as error:
            with error:
                status, text, told = error.code, error.read().decode(), error.headers
        try:
            return status, json.loads(text), told
        except ValueError:
            return status, text, told

    def chat(self, text, key="k", path=CHAT, **more):
        return self.ask(path, {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **more}, key)

    def generate(self, text, key):
        request = urllib.request.Request(
            self.address + "/v1beta/models/gemini-2.5-flash:generateContent",
            json.dumps({"contents": [{"parts": [{"text": text}]}]}).encode(), {"x-goog-api-key": key})
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                return reply.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code


class OpenAI(unittest.TestCase):
    def test_every_operation_answers(self):
        with Twin() as twin:
            status, body, told = twin.chat("tides")
            self.assertEqual((status, body["choices"][0]["message"]["content"]), (200, "echo: tides"))
            self.assertNotIn("x-ratelimit-limit-requests", told)  # no limit, nothing to tell
            status, text, told = twin.chat("tides", stream=True)
            self.assertEqual((status, told["Content-Type"]), (200, "text/event-stream"))
            self.assertTrue(text.endswith("data: [DONE]\n\n"))
            status, body, _ = twin.ask("/v1/images/generations", {"model": "gpt-image-2", "prompt": "a mill"})
            self.assertEqual(base64.b64decode(body["data"][0]["b64_json"])[:8], b"\x89PNG\r\n\x1a\n")
            status, body, _ = twin.ask("/v1/models")
            self.assertIn("gpt-4o-mini", [model["id"] for model in body["data"]])
            self.assertEqual(twin.ask("/v1/models/gpt-4o-mini")[1]["object"], "model")
            self.assertEqual(twin.chat("tides", path="/v1beta/openai/chat/completions", model="gemini-2.5-flash")[0], 200)

    def test_without_v1_there_is_plain_text(self):
        with Twin() as twin:
            status, text, told = twin.chat("a", path="/chat/completions")
            self.assertEqual((status, text), (404, "404 page not found\n"))
            self.assertTrue(told["Content-Type"].startswith("text/plain"))

    def test_keys(self):
        with Twin("--key", "sk-rehearsal-0123456789") as twin:
            self.assertEqual(twin.chat("a", key="sk-rehearsal-0123456789")[0], 200)
            status, body, _ = twin.chat("a", key="sk-somebody-else-5678")
            self.assertEqual((status, body["error"]["code"]), (401, "invalid_api_key"))
            self.assertIn("sk-so***5678", body["error"]["message"])
            self.assertNotIn("somebody", body["error"]["message"])
            self.assertEqual(twin.chat("a", key=None)[0], 401)

    def test_a_rate_is_told_before_and_after_it_is_spent(self):
        with Twin("--rpm", "2", "--minute", "3s") as twin:
            status, _, told = twin.chat("a")
            self.assertEqual((status, told["x-ratelimit-limit-requests"], told["x-ratelimit-remaining-requests"]),
                             (200, "2", "1"))
            self.assertEqual(told["x-ratelimit-reset-requests"], "3s")
            twin.chat("b")
            status, body, told = twin.chat("c")
            self.assertEqual((status, body["error"]["code"], body["error"]["type"]),
                             (429, "rate_limit_exceeded", "requests"))
            self.assertIn("Limit 2, Used 2, Requested 1. Please try again in ", body["error"]["message"])
            self.assertIn(told["retry-after"], ("1", "2", "3"))
            time.sleep(3.1)  # the refused one has left the minute, too
            self.assertEqual(twin.chat("c")[0], 200)

    def test_kinds_of_days(self):
        """Of 4 requests in 4 s, `none` gives one back each second, `rolling` none until 4 s after the first."""
        for kind, statuses in (("none", {200}), ("rolling", {429})):
            with Twin("--rpd", "4", "--day", "4s", "--day-kind", kind) as twin:
                begun = time.monotonic()
                self.assertEqual([twin.chat("a")[0] for _ in range(4)], [200] * 4)
                time.sleep(max(0, 1.5 - (time.monotonic() - begun)))
                self.assertEqual({twin.chat("a")[0]}, statuses, kind)

    def test_presets(self):
        with Twin("--preset", "groq", "--rpd", "1") as twin:
            status, _, told = twin.chat("a", path="/openai/v1/chat/completions", unknown="ignored")
            self.assertEqual((status, told["x-ratelimit-limit-requests"]), (200, "1"))
            self.assertNotIn("retry-after", told)
            status, _, told = twin.chat("a")
            self.assertEqual(status, 429)
            self.assertGreater(int(told["retry-after"]), 86000)
        with Twin("--preset", "openrouter", "--rpm", "1") as twin:
            self.assertNotIn("X-RateLimit-Limit", twin.chat("a", path="/api/v1/chat/completions")[2])
            status, body, told = twin.chat("b")
            self.assertEqual((status, body["error"]["code"]), (429, 429))
            self.assertAlmostEqual(int(told["X-RateLimit-Reset"]) / 1000, time.time() + 60, delta=10)
        with Twin("--preset", "ollama") as twin:
            self.assertEqual(twin.chat("a", key=None)[0], 200)
            self.assertEqual(twin.ask("/v1/models", key=None)[1]["object"], "list")

    def test_usage_errors(self):
        for options in (["--preset", "nobody"], ["--preset", "gemini"], ["--day-kind", "lunar"],
                        ["--accounts", "x.yaml", "--rpm", "3"]):
            done = subprocess.run([TIDEMILL, "simulate", *options], capture_output=True, text=True, timeout=20)
            self.assertEqual((done.returncode, done.stdout), (2, ""), options)
            self.assertIn(options[0], done.stderr)

    def test_the_addresses_of_both_wires_are_said(self):
        with Twin("--rpm", "3") as twin:
            pass
        self.assertIn(twin.address + "/v1beta\n", twin.said)
        self.assertIn(twin.address + "/v1\n", twin.said)
        self.assertIn("3 requests a minute", twin.said)


ACCOUNTS = """
accounts:
  - {name: free, provider: gemini, key: free-key, tier: free, models: [gemini-2.5-flash], rpm: 1}
  - {name: paid, provider: openai, key: $REHEARSAL_KEY, tpm: 1000, credit: 0.00002 USD}
  - name: flaky
    key: [flaky-key, flaky-key-too]
    fail: {overloaded: "@1", server: 0}
  - {name: groq, provider: groq, key: groq-key, rpd: 1, minute: 2s, day: 20s, fail: ["blocked~rude"]}
"""


class Accounts(unittest.TestCase):
    def write(self, folder, text):
        path = os.path.join(folder, "accounts.yaml")
        with open(path, "w") as file:
            file.write(text)
        return path

    def test_each_has_windows_credit_and_faults_of_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "seen.jsonl")
            path = self.write(folder, ACCOUNTS)
            with Twin("--accounts", path, "--log", log, env={"REHEARSAL_KEY": "paid-key"}) as twin:
                self.assertEqual([twin.generate(t, "free-key") for t in "ab"], [200, 429])
                statuses = [twin.chat("a", key="paid-key")[0] for _ in range(20)]
                self.assertEqual((statuses[0], statuses[-1]), (200, 429))
                self.assertEqual(twin.chat("a", key="paid-key")[1]["error"]["code"], "insufficient_quota")
                self.assertEqual([twin.chat("a", key=k)[0] for k in ("flaky-key", "flaky-key-too")], [503, 200])
                body = twin.chat("how rude", key="groq-key", path="/openai/v1/chat/completions")[1]
                self.assertEqual(body["choices"][0]["finish_reason"], "content_filter")
                self.assertEqual(twin.chat("a", key="groq-key")[0], 429)
                self.assertEqual(twin.chat("a", key="free-key")[0], 401)  # another wire's
                self.assertEqual(twin.generate("a", "paid-key"), 400)
            self.assertIn("account paid (openai): 1000 tokens a minute", twin.said)
            with open(log) as file:
                lines = [json.loads(line) for line in file]
            seen = [(line.get("account"), line.get("provider"), line["http"], line["class"]) for line in lines]
            self.assertEqual(seen[:3], [("free", "gemini", 200, "ok"), ("free", "gemini", 429, "quota_minute"),
                                        ("paid", "openai", 200, "ok")])
            self.assertIn(("paid", "openai", 429, "money"), seen)
            self.assertEqual(seen[-6:], [("flaky", "openai", 503, "overloaded"), ("flaky", "openai", 200, "ok"),
                                         ("groq", "groq", 200, "blocked"), ("groq", "groq", 429, "quota_day"),
                                         (None, None, 401, "auth"), (None, None, 400, "auth")])

    def test_what_is_wrong_with_a_file_is_said(self):
        cases = [("- {name: a}", ":1: 0: an account is known by its key"),
                 ("- {key: k, provider: gorq}", 'there is no provider "gorq" (did you mean groq?)'),
                 ("- {key: k, rpm: many}", "limits count from 0"),
                 ("- {key: k}\n- {key: k, provider: groq}", ":2: 1: another account on the same wire has this key"),
                 ("- {key: k, colour: red}", "unknown member"),
                 ("- {key: k, fail: {storm: 1}}", 'no fault: "storm:1"'),
                 ("- {key: k, day: soon}", "say a duration (20s)"),
                 ("- {key: k, credit: much}", "credit: say an amount"),
                 ("- {key: $NOT_SET_ANYWHERE}", "the variable $NOT_SET_ANYWHERE is not set"),
                 ("[]", "say a list of accounts"), ("accounts: 3", "say a list of accounts")]
        with tempfile.TemporaryDirectory() as folder:
            for text, words in cases:
                path = self.write(folder, text)
                done = subprocess.run([TIDEMILL, "simulate", "--accounts", path], capture_output=True, text=True, timeout=20)
                self.assertEqual((done.returncode, done.stdout), (1, ""), text)
                self.assertIn(words, done.stderr)
                self.assertIn(path, done.stderr)


if __name__ == "__main__":
    unittest.main()
