"""stand_in.py - a small server that speaks OpenAI's format and does what a test tells it: it notes what arrives and
answers by a function of the request."""
import http.server
import json
import threading

KEY = "sk-StandIn0123456789abcdefghijklmnop"


def answer(text, finish="stop", **more):
    usage = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}
    return 200, {"model": "gpt-x-2026", "choices": [{"index": 0, "finish_reason": finish,
                                                      "message": {"role": "assistant", "content": text}}],
                 "usage": usage, **more}, {}


def error(http, message, code=None, kind="invalid_request_error", param=None, **headers):
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return http, body, {name.replace("_", "-"): value for name, value in headers.items()}


class StandIn:
    """`reply(body, n)`: status, JSON, headers of the n-th chat (from 0). Requests are noted in `chats`."""

    def __init__(self, reply, models=("gpt-x",), pages=True, key=KEY):
        self.reply, self.models, self.pages, self.key = reply, models, pages, key
        self.chats, self.gets, self.lock = [], [], threading.Lock()
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def send(self, status, body, headers):
                data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html" if isinstance(body, str) else "application/json")
                self.send_header("Content-Length", str(len(data)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def allowed(self):
                if stand_in.key is None or self.headers.get("Authorization") == "Bearer " + stand_in.key:
                    return True
                said = self.headers.get("Authorization", "")[7:]
                self.send(*error(401, f"Incorrect API key provided: {said[:9]}***{said[-4:]}.", "invalid_api_key"))
                return False

            def do_GET(self):
                with stand_in.lock:
                    stand_in.gets.append(self.path)
                if not self.path.startswith("/v1/"):
                    self.send(404, "<html><title>Nothing here</title></html>", {})
                elif not self.allowed():
                    return
                elif self.path == "/v1/models":
                    self.send(200, {"object": "list", "data": [{"id": m, "object": "model"} for m in stand_in.models]}, {})
                elif not stand_in.pages:
                    self.send(404, {"detail": "Not Found"}, {})
                elif self.path[len("/v1/models/"):] in stand_in.models:
                    self.send(200, {"id": self.path[len("/v1/models/"):], "object": "model"}, {})
                else:
                    self.send(*error(404, "The model does not exist or you do not have access to it.", "model_not_found"))

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if not self.path.startswith("/v1/"):
                    self.send(404, "<html><title>Nothing here</title></html>", {})
                    return
                if not self.allowed():
                    return
                with stand_in.lock:
                    n = len(stand_in.chats)
                    stand_in.chats.append(body)
                self.send(*stand_in.reply(body, n))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
