#!/usr/bin/env python3
"""Memory of a run whose rows name large files: 64 rows of 20 MB, 64 at a time, against a service that counts the bytes
and throws them away. Prints seconds and the peak of the resident memory."""
import http.server
import json
import os
import resource
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
from mill import TIDEMILL, House  # noqa: E402
from test_media import PHOTO, data_of, png, put  # noqa: E402

ROWS, SIZE = int(os.environ.get("ROWS", 64)), int(os.environ.get("SIZE", 20_000_000))


class Counter(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen, now, most = 0, 0, 0
    lock = threading.Lock()

    def do_GET(self):
        self.answer({"name": "models/x"})

    def do_POST(self):
        left = int(self.headers["Content-Length"])
        with self.lock:
            Counter.now += 1
            Counter.most = max(Counter.most, Counter.now)
        while left > 0:
            data = self.rfile.read1(min(left, 1 << 20))
            if not data:
                break
            left -= len(data)
            Counter.seen += len(data)
        time.sleep(1)  # a service thinks
        with self.lock:
            Counter.now -= 1
        self.answer({"candidates": [{"content": {"parts": [{"text": "seen"}]}, "finishReason": "STOP"}],
                     "usageMetadata": {"promptTokenCount": 300, "candidatesTokenCount": 1}})

    def answer(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def timed(house, *args):
    begun = time.monotonic()
    process = subprocess.Popen([TIDEMILL, *args], cwd=house.dir, env=house.env, stderr=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    return time.monotonic() - begun, os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024, usage.ru_utime


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256


with House() as house:
    server = Server(("127.0.0.1", 0), Counter)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    house.configure(f"http://127.0.0.1:{server.server_address[1]}")
    house.write("look.prompt", PHOTO)
    for i in range(ROWS):
        head = png(i)
        with open(put(house, f"p{i}.png", head), "ab") as f:
            f.write(os.urandom(SIZE - len(head)))
    data_of(house, "photos.csv", [f"p{i}.png" for i in range(ROWS)])
    for words in (("add", "look.prompt", "photos.csv"), ("add", "look.prompt", "photos.csv"),
                  ("run", "look.photos", "--concurrency", "64", "--keep-going")):
        seconds, status, peak, user = timed(house, *words)
        print(f"{words[0]}: {seconds:.1f} s ({user:.1f} s of CPU), exit {status}, peak {peak:.0f} MB", flush=True)
    print(f"{Counter.seen / 1e6:.0f} MB of bodies, {Counter.most} at once, files {ROWS * SIZE / 1e6:.0f} MB")
    server.shutdown()
