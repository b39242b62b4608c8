#!/usr/bin/env python3
"""Services that speak OpenAI's format, over real HTTP: a stand-in that does what such services were seen to do."""
import json
import time
from mill import House, main, most_in_window
from stand_in import KEY, StandIn, answer, error

PROMPT = """---
model: gpt-x
config:
  temperature: 0.2
  maxOutputTokens: 300
---
Label this review: {{text}}
"""
JSON_PROMPT = """---
model: gpt-x
output:
  schema:
    type: object
    properties:
      label: {type: string}
      score: {type: integer}
    required: [label]
---
Label this review: {{text}}
"""


class Home(House):
    """A house whose only key is one for OpenAI's format."""

    def __init__(self, rows=30, prompt=PROMPT):
        super().__init__()
        del self.env["GEMINI_API_KEY"]
        self.env["OPENAI_API_KEY"] = KEY
        self.prompt, self.data = self.write("label.prompt", prompt), self.rows("reviews.csv", rows)

    def go(self, service, *more, status=0):
        return self.run("run", self.prompt, self.data, "--base-url", service.url + "/v1", *more, status=status)

    def answers(self):
        return self.results("label.reviews")

    def used(self, window="day"):
        lanes = [lane for lane in self.json("quota")["lanes"] if lane["model"] == "gpt-x"]
        return [u["used"] for u in lanes[0]["limits"] if u["unit"] == "requests" and u["window"] == window]


def thirty_rows():
    """30 rows are answered by --base-url and a key in the environment"""
    with Home() as home, StandIn(lambda body, n: answer("good")) as service:
        home.go(service, "--model", "gpt-x")
        rows = home.answers()
        assert [r["output"] for r in rows] == ["good"] * 30, rows[:2]
        assert all(r["model"] == "gpt-x-2026" and r["usage"]["output"] == 5 and r["attempts"] == 1 for r in rows), rows[0]
        assert len(service.chats) == 30 and service.gets == ["/v1/models/gpt-x"], service.gets
        first = service.chats[0]
        assert first["messages"] == [{"role": "user", "content": "Label this review: review number 1"}], first
        assert first["max_tokens"] == 300 and first["temperature"] == 0.2, first


def by_environment():
    """OPENAI_BASE_URL alone is enough, for a model of any name where there is no key for Gemini"""
    with Home(3, PROMPT.replace("gpt-x", "qwen3:8b")) as home, \
            StandIn(lambda body, n: answer("good"), models=("qwen3:8b",), key=None) as service:
        del home.env["OPENAI_API_KEY"]
        home.env["OPENAI_BASE_URL"] = service.url + "/v1"
        home.run("run", home.prompt, home.data)
        assert [r["output"] for r in home.answers()] == ["good"] * 3


def beside_gemini():
    """With keys for both, gpt-x goes to the account that speaks OpenAI's format"""
    with Home(3) as home, StandIn(lambda body, n: answer("good")) as service:
        home.env["GEMINI_API_KEY"] = "AIzaTestKey0123456789abcdefghijklmnop"
        home.env["OPENAI_BASE_URL"] = service.url + "/v1"
        home.run("run", home.prompt, home.data)
        assert len(service.chats) == 3
        assert all(r["account"] == "openai" for r in home.answers())


def wrong_key():
    """A wrong key costs no request, fails no row and is not shown"""
    with Home() as home, StandIn(lambda body, n: answer("good"), key="sk-another000000000000") as service:
        said = home.go(service, status=4)
        assert not service.chats and "OPENAI_API_KEY" in said.err and KEY not in said.err + said.out, said
        assert KEY[:9] not in said.err and KEY[-4:] + "." not in said.err, said.err
        status = json.loads(home.run("status", "label.reviews", "--json").out)
        assert status["waiting"] == 30 and status["failed"] == 0, status
        return said.err.strip().splitlines()[-1]


def unknown_model():
    """An unknown model costs no request and fails no row"""
    with Home() as home, StandIn(lambda body, n: answer("good")) as service:
        said = home.go(service, "--model", "gpt-y", status=4)
        assert not service.chats and "gpt-y" in said.err, said
        return said.err.strip().splitlines()[-1]


def no_page_for_a_model():
    """Where a model has no page the list is asked, and a model that is not in it is tried all the same"""
    with Home(3) as home, StandIn(lambda body, n: answer("good"), models=("other",), pages=False) as service:
        home.go(service)
        assert service.gets == ["/v1/models/gpt-x", "/v1/models"], service.gets
        assert len(service.chats) == 3


def an_address_that_lacks_v1():
    """A base URL without its /v1 is named, and no row fails"""
    with Home() as home, StandIn(lambda body, n: answer("good")) as service:
        said = home.run("run", home.prompt, home.data, "--base-url", service.url, status=4)
        assert "base_url probably lacks /v1" in said.err, said.err
        return said.err.strip().splitlines()[-1]


def waits():
    """A 429 holds all for as long as it says; no attempt of a row is spent"""
    times = []

    def reply(_, n):
        times.append(time.monotonic())
        if n == 3:
            return error(429, "Rate limit reached for gpt-x on requests per min (RPM): Limit 40, Used 40, Requested 1. "
                              "Please try again in 1.5s.", "rate_limit_exceeded", "requests")
        return answer("good")

    with Home(8) as home, StandIn(reply) as service:
        home.go(service, "--concurrency", 1)
        rows = home.answers()
        assert len(service.chats) == 9 and all(r["status"] == "done" and r["attempts"] == 1 for r in rows), rows
        assert times[4] - times[3] >= 2.4, times  # 1.5 s and a second of margin
        limits = [u for lane in home.json("quota")["lanes"] for u in lane["limits"]]
        assert any(u["unit"] == "requests" and u["window"] == "minute" and u["limit"] == 40 for u in limits), limits


def swaps():
    """Refused settings are left out or named anew, said once, at no row's expense; the refused requests count"""
    def reply(body, _):
        if "max_tokens" in body:
            return error(400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                              "'max_completion_tokens' instead.", "unsupported_parameter", param="max_tokens")
        if "temperature" in body:
            return error(400, "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) "
                              "value is supported.", "unsupported_value", param="temperature")
        return answer("good")

    with Home() as home, StandIn(reply) as service:
        said = home.go(service, "--rpd", 1000)
        rows = home.answers()
        assert all(r["status"] == "done" and r["attempts"] == 1 for r in rows), rows
        refused = [c for c in service.chats if "max_tokens" in c or "temperature" in c]
        assert len(refused) == 2 and len(service.chats) == 32, (len(refused), len(service.chats))
        assert said.err.count("max_completion_tokens is sent from here on") == 1, said.err
        assert said.err.count("temperature: it is left out from here on") == 1, said.err
        assert home.used() == [32], home.used()


def steps_down():
    """A service without json_schema gets JSON mode and the schema in words; null stands for what may be absent"""
    def reply(body, _):
        kind = body.get("response_format", {}).get("type")
        if kind == "json_schema":
            return error(400, "'response_format' of type 'json_schema' is not supported with this model")
        assert kind == "json_object" and "obeys this JSON Schema" in body["messages"][0]["content"], body
        return answer('{"label": "good", "score": null}')

    with Home(prompt=JSON_PROMPT) as home, StandIn(reply) as service:
        home.go(service)
        rows = home.answers()
        assert [r["output"] for r in rows] == [{"label": "good"}] * 30, rows[0]
        assert len(service.chats) == 31 and all(r["attempts"] == 1 for r in rows), len(service.chats)


def strict():
    """A schema goes out in strict form"""
    def reply(body, _):
        schema = body["response_format"]["json_schema"]
        assert schema["strict"] and schema["schema"]["required"] == ["label", "score"], schema
        return answer('{"label": "good", "score": null}')

    with Home(2, JSON_PROMPT) as home, StandIn(reply) as service:
        home.go(service)
        assert [r["output"] for r in home.answers()] == [{"label": "good"}] * 2


def labels():
    """Labels are an enum inside of an object, and come out bare"""
    def reply(body, _):
        schema = body["response_format"]["json_schema"]["schema"]
        return answer(json.dumps({"label": schema["properties"]["label"]["enum"][1]}))

    with Home(2) as home, StandIn(reply) as service:
        home.go(service, "--labels", "good,bad")
        assert [r["output"] for r in home.answers()] == ["bad"] * 2, home.answers()


def an_error_in_a_200():
    """An error inside of a 200 is one: the row goes again"""
    def reply(_, n):
        return (200, {"error": {"code": 502, "message": "Provider disconnected"}}, {}) if n == 1 else answer("good")

    with Home(4) as home, StandIn(reply) as service:
        home.go(service)
        rows = home.answers()
        assert all(r["status"] == "done" for r in rows) and len(service.chats) == 5, rows
        assert sorted(r["attempts"] for r in rows) == [1, 1, 1, 2], rows


def no_money():
    """An empty purse closes the account; no row fails"""
    def reply(_, n):
        return error(429, "You exceeded your current quota, please check your plan and billing details.",
                     "insufficient_quota", "insufficient_quota")

    with Home() as home, StandIn(reply) as service:
        said = home.go(service, status=4)
        assert len(service.chats) == 1 and "quota" in said.err, said.err
        assert json.loads(home.run("status", "label.reviews", "--json").out)["waiting"] == 30


def headers():
    """Limits told by headers are learnt; a window that is spent holds all until it is free"""
    times = []

    def reply(_, n):
        times.append(time.monotonic())
        left = "0" if n == 2 else "900"
        status, body, _ = answer("good")
        return status, body, {"x-ratelimit-limit-tokens": "1000", "x-ratelimit-remaining-tokens": left,
                              "x-ratelimit-reset-tokens": "1.5s"}

    with Home(5, PROMPT.replace("  maxOutputTokens: 300\n", "")) as home, StandIn(reply) as service:
        home.go(service, "--concurrency", 1)
        assert times[3] - times[2] >= 1.4, times
        limits = [u for lane in home.json("quota")["lanes"] for u in lane["limits"]]
        assert any(u["unit"] == "tokens" and u["limit"] == 1000 and u["source"] == "header" for u in limits), limits


def tokens_in_and_out():
    """TPM counts the input and the answer's cap: it is reserved, and stays however short the answer"""
    times = []

    def reply(_, n):
        times.append(time.monotonic())
        return answer("good")

    with Home(12) as home, StandIn(reply) as service:
        home.write("config/tidemill/config.yaml",
                   f"accounts:\n  here: {{provider: openai, base_url: \"{service.url}/v1\", key: $OPENAI_API_KEY, "
                   "windows: {minute: 2s, day: 600s}, guard: 100ms, limits: {\"*\": {tpm: 1400}}}\n")
        home.run("run", home.prompt, home.data)
        assert all(r["status"] == "done" for r in home.answers())
        most = most_in_window(times, 2.0)
        assert 3 <= most <= 4, (most, [t - times[0] for t in times])  # 320 each, 1,400 a window
        return f"{most} in a window"


def larger_than_the_limit():
    """A cap that no window holds is told at once, with what helps"""
    with Home(2) as home, StandIn(lambda body, n: answer("good")) as service:
        said = home.go(service, "--tpm", 100, status=3)
        rows = home.answers()
        assert not service.chats and all(r["error"]["class"] == "too_large" for r in rows), rows
        assert "a smaller maxOutputTokens would help" in rows[0]["error"]["message"], rows[0]
        return said.err.strip().splitlines()[-1]


def pictures():
    """A picture's model draws at its own page; the picture becomes a file"""
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

    def reply(body, _):
        assert body["prompt"].startswith("Draw review") and body["size"] == "1024x1024", body
        return 200, {"created": 1, "data": [{"b64_json": png}], "usage": {"input_tokens": 9, "output_tokens": 100}}, {}

    prompt = "---\nmodel: gpt-image-2\nconfig: {size: 1024x1024}\n---\nDraw {{text}}\n"
    with Home(2, prompt) as home, StandIn(reply, models=("gpt-image-2",)) as service:
        home.run("run", home.prompt, home.data, "--base-url", service.url + "/v1", "-o", "out.jsonl")
        with open(home.path("out.jsonl"), encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        assert all(r["status"] == "done" and ".png" in json.dumps(r) for r in rows), rows[0]


def check():
    """check says what it found of an account and what is known of its service"""
    with Home() as home, StandIn(lambda body, n: answer("good"), models=("gpt-x", "gpt-z")) as service:
        said = home.run("check", "--base-url", service.url + "/v1", "-m", "gpt-x")
        for words in ("the key is valid", "2 models", "model gpt-x is there"):
            assert words in said.out, said.out
        home.write("config/tidemill/config.yaml",
                   f"accounts:\n  quick: {{provider: groq, base_url: \"{service.url}/v1\", key: $OPENAI_API_KEY}}\n")
        said = home.run("check", "quick")
        assert "groq" in said.out and "requests a day" in said.out, said.out
        return said.out.strip().splitlines()[-3]


if __name__ == "__main__":
    main([thirty_rows, by_environment, beside_gemini, wrong_key, unknown_model, no_page_for_a_model,
          an_address_that_lacks_v1, waits, swaps, steps_down, strict, labels, an_error_in_a_200, no_money, headers,
          tokens_in_and_out, larger_than_the_limit, pictures, check])
