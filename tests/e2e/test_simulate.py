"""The twin as a program: `tidemill simulate` over real sockets."""
import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

TIDEMILL = os.environ["TIDEMILL"]
FLASH = "/v1beta/models/gemini-2.5-flash"


class Twin:
    def __init__(self, *options, env=None):
        clean = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")}
        clean.update(env or {})
        self.process = subprocess.Popen([TIDEMILL, "simulate", *options], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env=clean)
        self.address = self.process.stdout.readline().strip()
        self.port = int(self.address.rsplit(":", 1)[1]) if self.address else 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()
        self.process.stderr.close()

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def ask(self, method, path, body=None, key="k", headers=None, connection=None):
        own = connection or self.connect()
        headers = dict(headers or {})
        if key:
            headers["x-goog-api-key"] = key
        own.request(method, path, json.dumps(body) if body is not None else None, headers)
        reply = own.getresponse()
        text = reply.read().decode()
        if not connection:
            own.close()
        try:
            return reply.status, json.loads(text), reply
        except ValueError:
            return reply.status, text, reply

    def generate(self, text, **more):
        return self.ask("POST", FLASH + ":generateContent", prompt(text), **more)


def prompt(text, **config):
    body = {"contents": [{"role": "user", "parts": [{"text": text}]}]}
    if config:
        body["generationConfig"] = config
    return body


def read_lines(path):
    with open(path) as file:
        return [json.loads(line) for line in file]


class Simulate(unittest.TestCase):
    def test_first_line_is_the_address_on_loopback(self):
        with Twin() as twin:
            self.assertRegex(twin.address, r"^http://127\.0\.0\.1:\d+$")

    def test_all_endpoints_answer(self):
        with Twin() as twin:
            status, body, reply = twin.generate("tides")
            self.assertEqual((status, body["candidates"][0]["content"]["parts"][0]["text"]), (200, "echo: tides"))
            self.assertTrue(reply.getheader("Date"))
            usage = body["usageMetadata"]
            status, body, _ = twin.ask("POST", FLASH + ":countTokens", prompt("tides"))
            self.assertEqual((status, body["totalTokens"]), (200, usage["promptTokenCount"]))
            status, body, _ = twin.ask("POST", FLASH + ":streamGenerateContent?alt=sse", prompt("tides"))
            self.assertTrue(body.startswith("data: {"))
            status, body, _ = twin.ask("POST", FLASH + ":streamGenerateContent", prompt("tides"))
            self.assertEqual(len(body), 2)
            status, body, _ = twin.ask("GET", "/v1beta/models?pageSize=1")
            self.assertEqual(len(body["models"]), 1)
            status, body, _ = twin.ask("GET", FLASH)
            self.assertEqual(body["name"], "models/gemini-2.5-flash")

    def test_schemas_are_obeyed(self):
        schema = {"type": "OBJECT", "properties": {"label": {"type": "STRING", "enum": ["a", "b"]}}, "required": ["label"]}
        with Twin() as twin:
            seen = set()
            for i in range(20):
                status, body, _ = twin.ask("POST", FLASH + ":generateContent",
                                           prompt(f"row {i}", responseMimeType="application/json", responseSchema=schema))
                seen.add(json.loads(body["candidates"][0]["content"]["parts"][0]["text"])["label"])
            self.assertEqual(seen, {"a", "b"})

    def test_keys(self):
        with Twin() as twin:
            status, body, _ = twin.generate("a", key="invalid-key")
            self.assertEqual((status, body["error"]["details"][0]["reason"]), (400, "API_KEY_INVALID"))
            self.assertEqual(twin.generate("a", key=None)[0], 403)
            status, body, _ = twin.generate("a", key=None, headers={"Authorization": "Bearer k"})
            self.assertEqual(status, 401)
        with Twin(env={"GEMINI_API_KEY": "of-the-environment"}) as twin:
            self.assertEqual(twin.generate("a", key="of-the-environment")[0], 200)
            self.assertEqual(twin.generate("a", key="another")[0], 400)
        with Twin("--key", "named", env={"GEMINI_API_KEY": "of-the-environment"}) as twin:
            self.assertEqual(twin.generate("a", key="named")[0], 200)
            self.assertEqual(twin.generate("a", key="of-the-environment")[0], 400)

    def test_models(self):
        with Twin("--models", "one,two") as twin:
            status, body, _ = twin.generate("a")
            self.assertEqual((status, body["error"]["status"]), (404, "NOT_FOUND"))
            self.assertEqual(twin.ask("GET", "/v1beta/models/two")[0], 200)

    def test_limits_in_a_short_minute_and_the_log(self):
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "seen.jsonl")
            with Twin("--rpm", "2", "--minute", "2s", "--log", log) as twin:
                self.assertEqual([twin.generate(t)[0] for t in "abc"], [200, 200, 429])
                lines = read_lines(log)  # written before the answers came
                self.assertEqual([line["http"] for line in lines], [200, 200, 429])
                status, body, _ = twin.generate("c")
                waits = [d for d in body["error"]["details"] if d["@type"].endswith("RetryInfo")]
                self.assertIn(waits[0]["retryDelay"], ("0s", "1s"))
                time.sleep(2.1)
                self.assertEqual(twin.generate("c")[0], 200)
                twin.process.send_signal(signal.SIGTERM)
                self.assertEqual(twin.process.wait(20), 0)
            lines = read_lines(log)
            self.assertEqual([line["class"] for line in lines],
                             ["ok", "ok", "quota_minute", "quota_minute", "ok"])
            self.assertEqual([line["text"] for line in lines], list("abccc"))
            self.assertEqual(os.stat(log).st_mode & 0o777, 0o600)

    def test_faults_on_the_wire(self):
        with Twin("--fail", "unknown@1", "--fail", "timeout@2") as twin:
            with self.assertRaises((http.client.RemoteDisconnected, ConnectionResetError)):
                twin.generate("a")
            hung = twin.connect()
            hung.request("POST", FLASH + ":generateContent", json.dumps(prompt("b")), {"x-goog-api-key": "k"})
            hung.sock.settimeout(0.3)
            with self.assertRaises(socket.timeout):
                hung.sock.recv(1)
            hung.close()
            self.assertEqual(twin.generate("c")[0], 200)

    def test_slow_answers_do_not_hold_each_other_up(self):
        with Twin("--latency", "300ms") as twin:
            begun = time.monotonic()
            statuses = []
            threads = [threading.Thread(target=lambda: statuses.append(twin.generate("a")[0])) for _ in range(20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(statuses, [200] * 20)
            self.assertGreater(time.monotonic() - begun, 0.29)
            self.assertLess(time.monotonic() - begun, 20 * 0.3)

    def test_a_connection_serves_many_requests(self):
        with Twin() as twin:
            connection = twin.connect()
            for i in range(50):
                self.assertEqual(twin.generate(f"row {i}", connection=connection)[0], 200)
            connection.close()

    def test_other_host_names_are_refused(self):
        with Twin() as twin:
            self.assertEqual(twin.generate("a", headers={"Host": "evil.example"})[0], 403)
            self.assertEqual(twin.generate("a", headers={"Host": f"localhost:{twin.port}"})[0], 200)

    def test_ends_cleanly_with_answers_pending(self):
        for signum in (signal.SIGTERM, signal.SIGINT):
            with Twin("--latency", "60s", "--fail", "timeout@2") as twin:
                waiting = []
                for text in "ab":
                    connection = twin.connect()
                    connection.request("POST", FLASH + ":generateContent", json.dumps(prompt(text)), {"x-goog-api-key": "k"})
                    waiting.append(connection)
                time.sleep(0.3)
                twin.process.send_signal(signum)
                self.assertEqual(twin.process.wait(20), 0)
                for connection in waiting:
                    connection.close()

    def test_usage_errors(self):
        for options in (["--minute", "soon"], ["--fail", "storm:1"], ["--tier", "9"], ["--port", "70000"],
                        ["--rpm", "-5"], ["extra"]):
            done = subprocess.run([TIDEMILL, "simulate", *options], capture_output=True, text=True, timeout=20)
            self.assertEqual((done.returncode, done.stdout), (2, ""), options)
            self.assertTrue(done.stderr, options)

    def test_a_port_in_use_is_said(self):
        with Twin() as twin:
            done = subprocess.run([TIDEMILL, "simulate", "--port", str(twin.port)], capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 1)
            self.assertIn(str(twin.port), done.stderr)

    def test_help_has_examples(self):
        done = subprocess.run([TIDEMILL, "simulate", "--help"], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 0)
        self.assertIn("tidemill simulate --", done.stdout)

    def test_jitter_takes_a_time_or_none(self):
        for options in (["--latency", "10ms", "--jitter", "--rpm", "5"], ["--jitter", "20ms"], ["--jitter=20ms"]):
            with Twin(*options) as twin:
                self.assertEqual(twin.generate("a")[0], 200)


if __name__ == "__main__":
    unittest.main()
