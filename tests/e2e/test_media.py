#!/usr/bin/env python3
"""Media through the front door: files that rows name are sent as they were when they were queued, nothing outside of
their folder is; pictures and sound that answers hold become files beside the results."""
import base64
import csv
import hashlib
import http.server
import json
import os
import struct
import threading
import wave
import zlib
from mill import House, main

PHOTO = """---
model: gemini-2.5-flash
---
What is this? {{media url=photo}}
"""


def png(seed=0, size=8):
    """A real picture of one colour."""
    rows = b"".join(b"\0" + bytes([seed % 256, seed // 256 % 256, 7] * size) for _ in range(size))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def wav(n=800):
    data = bytes(2 * n)
    return (b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " +
            struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16) + b"data" + struct.pack("<I", len(data)) + data)


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def put(house, name, data):
    os.makedirs(os.path.dirname(house.path(name)), exist_ok=True)
    with open(house.path(name), "wb") as f:
        f.write(data)
    return house.path(name)


def data_of(house, name, cells, column="photo"):
    os.makedirs(os.path.dirname(house.path(name)), exist_ok=True)
    with open(house.path(name), "w", encoding="utf-8", newline="") as f:
        w = csv.writer(f)
        w.writerow(["id", column])
        for i, cell in enumerate(cells, 1):
            w.writerow([i, cell])
    return house.path(name)


def rejects(house, name):
    with open(house.path(f"{name}.rejects.jsonl"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


class Sink(http.server.BaseHTTPRequestHandler):
    """A service that keeps the bodies it is sent, and answers each."""
    protocol_version = "HTTP/1.1"
    bodies, gets, broken = [], [], []
    hook = None

    def do_GET(self):
        self.gets.append(self.path)
        self.reply({"name": self.path, "supportedGenerationMethods": ["generateContent"]})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if len(body) < int(self.headers["Content-Length"]):
            self.broken.append(body)
            self.close_connection = True
            return
        self.bodies.append(body)
        if self.hook:
            self.hook(len(self.bodies))
        self.reply({"candidates": [{"content": {"parts": [{"text": "seen"}]}, "finishReason": "STOP"}],
                    "usageMetadata": {"promptTokenCount": 300, "candidatesTokenCount": 1}})

    def reply(self, json_body):
        data = json.dumps(json_body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def sink(house):
    handler = type("OneSink", (Sink,), {"bodies": [], "gets": [], "broken": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    house.configure(f"http://127.0.0.1:{server.server_address[1]}")
    return server, handler


def sent(handler):
    """Type and bytes of each inline part that arrived."""
    parts = [p["inlineData"] for body in handler.bodies for c in json.loads(body)["contents"] for p in c["parts"]
             if "inlineData" in p]
    return sorted((p["mimeType"], base64.b64decode(p["data"], validate=True)) for p in parts)


def pictures_sound_and_pdf_arrive_whole():
    """pictures, sound, PDF and text arrive whole, with their types"""
    with House() as house:
        server, handler = sink(house)
        house.write("look.prompt", PHOTO)
        files = {"a.png": png(1), "sub/b.png": png(2, 300), "c.wav": wav(), "d.pdf": PDF, "e.txt": b"words \xc3\xa9\n",
                 "f.wav": wav(100001)}
        for name, data in files.items():
            put(house, f"photos/{name}", data)
        data_of(house, "photos/photos.csv", list(files))
        house.run("run", "look.prompt", "photos/photos.csv", "-o", "out.jsonl")
        want = sorted([("image/png", files["a.png"]), ("image/png", files["sub/b.png"]), ("audio/wav", files["c.wav"]),
                       ("application/pdf", files["d.pdf"]), ("text/plain", files["e.txt"]), ("audio/wav", files["f.wav"])])
        assert sent(handler) == want, [(t, len(b)) for t, b in sent(handler)]
        server.shutdown()
    with House() as house:
        house.twin()
        house.write("look.prompt", PHOTO)
        for name, data in files.items():
            put(house, name, data)
        data_of(house, "photos.csv", list(files))
        house.run("run", "look.prompt", "photos.csv")
        assert [r["status"] for r in house.results("look.photos")] == ["done"] * 6


def only_files_of_the_folder():
    """a row that names a file outside, or no file that can be sent, is rejected with its reason"""
    with House() as house:
        house.twin()
        house.write("look.prompt", PHOTO)
        put(house, "secret.png", png(9))
        put(house, "photos/good.png", png(1))
        put(house, "photos/empty.png", b"")
        put(house, "photos/tool", b"\x7fELF\2\1\1" + bytes(9) + b"\2\0>\0\1\0\0\0")
        with open(house.path("photos/big.png"), "wb") as f:
            f.write(png(1))
            f.truncate(71_000_000)
        os.makedirs(house.path("photos/folder"))
        os.mkfifo(house.path("photos/fifo"))
        os.symlink("../secret.png", house.path("photos/out.png"))
        os.symlink("/etc/passwd", house.path("photos/passwd"))
        os.symlink("good.png", house.path("photos/in.png"))
        os.symlink("/dev/zero", house.path("photos/zero"))
        os.symlink("..", house.path("photos/up"))
        bad = {"../secret.png": "outside", "/etc/passwd": "outside", house.path("secret.png"): "outside",
               "out.png": "outside", "passwd": "outside", "up/secret.png": "outside", "zero": "outside",
               "/dev/zero": "outside", "folder": "no regular file", "fifo": "no regular file",
               "none.png": "No such file", "big.png": "71.0 MB", "empty.png": "is empty", "tool": "can be sent",
               "file:///etc/passwd": "can be sent", "ftp://example.com/a.png": "can be sent",
               "": "is empty", "data:image/png;base64,iVBOR*": "base64",
               "data:image/png;base64,iVBORw0KG": "base64", "data:image/png": "comma",
               "data:application/x-sh;base64,AAAA": "x-sh", "data:text/plain,%zz": "escape"}
        good = ["good.png", "./good.png", "folder/../good.png", "in.png", house.path("photos/good.png"),
                "data:image/png;base64," + base64.b64encode(png(3)).decode(), "data:text/plain,a%20b"]
        data_of(house, "photos/photos.csv", [*bad, *good])
        house.run("run", "look.prompt", "photos/photos.csv")
        found = rejects(house, "photos.csv")
        assert len(found) == len(bad), [r for r in found]
        for (cell, words), line in zip(bad.items(), found):
            assert words in json.dumps(line), f"{cell}: {line}"
        assert len(house.results("look.photos")) == len(good)
        assert len(house.arrivals()) == len(good)
        shown = house.run("preview", "look.prompt", "photos/photos.csv", "-n", 1, status=3)
        assert "outside" in shown.out + shown.err
        return f"{len(bad)} kinds of bad cells"


def another_root():
    """--media-root names the folder, and a batch keeps it; rows of stdin need it"""
    with House() as house:
        house.twin()
        house.write("look.prompt", PHOTO)
        put(house, "store/a.png", png(1))
        data_of(house, "data/photos.csv", ["a.png"])
        house.run("add", "look.prompt", "data/photos.csv", "--media-root", "store")
        house.run("run", "look.photos")
        assert house.results("look.photos")[0]["status"] == "done"
        house.run("results", "look.photos", "data/photos.csv", "--media-root", "store", "-o", "out.csv")
        assert house.run("add", "look.prompt", "data/photos.csv", "--media-root", "nowhere", status=1).err
        with open(house.path("data/photos.csv"), encoding="utf-8") as f:
            refused = house.run("run", "look.prompt", "-", "--data-format", "csv", stdin=f, status=None)
        assert "--media-root" in refused.err, refused.err


def changed_after_add():
    """a file that changed, or became a link, after it was queued fails its row and spends no request"""
    with House() as house:
        house.twin()
        house.write("look.prompt", PHOTO)
        for i in range(1, 8):
            put(house, f"p{i}.png", png(i))
        put(house, "secret.png", png(99))
        os.makedirs(house.path("in"))
        for i in range(1, 8):
            os.rename(house.path(f"p{i}.png"), house.path(f"in/p{i}.png"))
        data_of(house, "in/photos.csv", [f"p{i}.png" for i in range(1, 8)])
        house.run("add", "look.prompt", "in/photos.csv")
        put(house, "in/p1.png", png(1, 9))                        # another size
        put(house, "in/p2.png", png(200))                         # another content
        assert os.path.getsize(house.path("in/p2.png")) == len(png(2))
        os.remove(house.path("in/p3.png"))
        os.remove(house.path("in/p4.png"))
        os.symlink("../secret.png", house.path("in/p4.png"))
        os.remove(house.path("in/p5.png"))
        os.symlink("p6.png", house.path("in/p5.png"))             # another file, inside
        os.utime(house.path("in/p6.png"))                         # only touched
        house.run("run", "look.photos", status=3)
        got = [(r["status"], (r.get("error") or {}).get("class")) for r in house.results("look.photos")]
        assert got == [("failed", "input_changed")] * 5 + [("done", None)] * 2, got
        assert len(house.arrivals()) == 2, house.arrivals()
        assert house.json("quota")


def changed_while_it_is_sent():
    """a file whose size and time lie is found out before its last bytes have gone: nobody answers half a request"""
    with House() as house:
        server, handler = sink(house)
        house.write("look.prompt", PHOTO)
        put(house, "a.png", png(1, 400))
        data_of(house, "photos.csv", ["a.png"])
        house.run("add", "look.prompt", "photos.csv")
        was = os.stat(house.path("a.png"))
        data = bytearray(open(house.path("a.png"), "rb").read())
        data[-20] ^= 1
        put(house, "a.png", bytes(data))
        os.utime(house.path("a.png"), ns=(was.st_atime_ns, was.st_mtime_ns))
        house.run("run", "look.photos", status=3)
        row = house.results("look.photos")[0]
        assert row["error"]["class"] == "input_changed", row
        assert not handler.bodies
        server.shutdown()


def keys_hold_the_content():
    """the same path with another content is a new row, a renamed file is a known one, and neither is asked twice"""
    with House() as house:
        house.twin()
        house.write("look.prompt", PHOTO)
        put(house, "a.png", png(1))
        put(house, "b.png", png(2))
        data_of(house, "photos.csv", ["a.png", "b.png"])
        house.run("run", "look.prompt", "photos.csv")
        assert len(house.arrivals()) == 2
        os.rename(house.path("a.png"), house.path("renamed.png"))
        data_of(house, "photos.csv", ["renamed.png", "b.png"])
        known = house.json("add", "look.prompt", "photos.csv")
        assert (known["new"], known["known"]) == (0, 2), known
        put(house, "b.png", png(3))
        more = house.json("add", "look.prompt", "photos.csv")
        assert (more["new"], more["known"]) == (1, 1), more
        house.run("run", "look.photos")
        assert len(house.arrivals()) == 3
        rows = house.results("look.photos", "photos.csv")
        assert [r["status"] for r in rows] == ["done", "done"], rows
        os.remove(house.path("b.png"))                            # the answers outlive the files
        rows = house.results("look.photos", "photos.csv")
        assert [r["status"] for r in rows] == ["done", "done"], rows
        # Where the prompt shows the name, too, the name counts.
        house.write("name.prompt", PHOTO + "It is called {{photo}}.\n")
        data_of(house, "named.csv", ["renamed.png"])
        house.run("run", "name.prompt", "named.csv")
        os.rename(house.path("renamed.png"), house.path("again.png"))
        data_of(house, "named.csv", ["again.png"])
        assert house.json("add", "name.prompt", "named.csv")["new"] == 1


def the_prompts_own_files():
    """a file that the prompt itself names lies beside it; another content is an edit of the prompt"""
    with House() as house:
        server, handler = sink(house)
        house.write("prompts/ask.prompt", "---\nmodel: gemini-2.5-flash\n---\n{{media url=\"logo.png\"}} Is it in {{text}}?\n")
        put(house, "prompts/logo.png", png(5))
        put(house, "data/logo.png", png(6))
        house.write("data/rows.csv", "text\n" + "".join(f"text {i}\n" for i in range(12)))
        house.run("run", "prompts/ask.prompt", "data/rows.csv")
        assert sent(handler) == [("image/png", png(5))] * 12
        put(house, "prompts/logo.png", png(7))
        asked = house.run("run", "prompts/ask.prompt", "data/rows.csv", status=1)
        assert "--requeue" in asked.err, asked.err
        house.run("run", "prompts/ask.prompt", "data/rows.csv", "--requeue")
        assert sent(handler)[12:] == [("image/png", png(7))] * 12
        os.remove(house.path("prompts/logo.png"))
        assert "logo.png" in house.run("run", "prompts/ask.prompt", "data/rows.csv", status=1).err
        server.shutdown()


def other_formats_read_files_too():
    """files reach a service of OpenAI's format whole, in that format's places"""
    with House() as house:
        server, handler = sink(house)

        def chat(self, body):
            if "candidates" in body:
                body = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "seen"}, "finish_reason": "stop"}],
                        "usage": {"prompt_tokens": 300, "completion_tokens": 1}}
            return Sink.reply(self, body)
        handler.reply = chat
        house.write("config/tidemill/config.yaml", "accounts:\n  local: {provider: openai, base_url: "
                    f"\"http://127.0.0.1:{server.server_address[1]}/v1\"}}\n")
        house.write("look.prompt", PHOTO.replace("gemini-2.5-flash", "local-vision"))
        files = {"a.png": png(1, 300), "c.wav": wav(), "d.pdf": PDF, "e.txt": b"words\n"}
        for name, data in files.items():
            put(house, name, data)
        data_of(house, "photos.csv", list(files))
        house.run("run", "look.prompt", "photos.csv", "--account", "local")
        parts = {}
        for body in handler.bodies:
            for part in json.loads(body)["messages"][-1]["content"]:
                parts[part["type"]] = part
        url = parts["image_url"]["image_url"]["url"]
        assert url.startswith("data:image/png;base64,") and base64.b64decode(url.split(",")[1]) == files["a.png"]
        assert base64.b64decode(parts["input_audio"]["input_audio"]["data"]) == files["c.wav"]
        assert base64.b64decode(parts["file"]["file"]["file_data"].split(",")[1]) == files["d.pdf"]
        assert any(b"words" in body for body in handler.bodies)
        server.shutdown()


class Web(http.server.BaseHTTPRequestHandler):
    """A web server with pictures, and with what is none."""
    protocol_version = "HTTP/1.1"
    pages = {}

    def do_GET(self):
        self.asked.append(self.path)
        status, kind, data = self.pages.get(self.path, (404, "text/html", b"no"))
        if self.path == "/flaky.png" and self.asked.count(self.path) < 3:
            status = 503
        self.send_response(status)
        if status == 302:
            self.send_header("Location", data.decode())
            data = b""
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:  # who asked has seen enough
            pass

    def log_message(self, *_):
        pass


def web():
    pages = {f"/{i}.png": (200, "image/png", png(i)) for i in range(40)}
    pages.update({
        "/typed": (200, "image/png; charset=binary", png(1)), "/told": (200, "application/octet-stream", png(2)),
        "/silent.wav": (200, None, wav()), "/moved": (302, None, b"/1.png"), "/loop": (302, None, b"/loop"),
        "/file": (302, None, b"file:///etc/passwd"), "/page": (200, "application/zip", b"PK"), "/empty": (200, "image/png", b""),
        "/flaky.png": (200, "image/png", png(3)), "/large": (200, "image/png", png(1) + bytes(70_000_001)),
        "/data": (200, "application/octet-stream", b"\x7fELF\2\1\1" + bytes(9) + b"\2\0>\0\1\0\0\0")})
    handler = type("OneWeb", (Web,), {"asked": [], "pages": pages})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, handler, f"http://127.0.0.1:{server.server_address[1]}"


def addresses_go_as_they_are():
    """an http address is not fetched here: the service is told it; YouTube's and gs:// too"""
    with House() as house:
        server, handler = sink(house)
        site, pages, url = web()
        house.write("look.prompt", PHOTO)
        cells = [f"{url}/1.png", "https://www.youtube.com/watch?v=x", "gs://bucket/a.png"]
        data_of(house, "photos.csv", cells)
        house.run("run", "look.prompt", "photos.csv")
        uris = sorted(p["fileData"]["fileUri"] for body in handler.bodies for p in json.loads(body)["contents"][0]["parts"]
                      if "fileData" in p)
        assert uris == sorted(cells) and not pages.asked, (uris, pages.asked)
        server.shutdown(), site.shutdown()


def fetched_only_when_asked():
    """--fetch-media sends bytes; this machine and private networks are refused, however they are written"""
    with House() as house:
        server, handler = sink(house)
        site, pages, url = web()
        port = url.rsplit(":", 1)[1]
        house.write("look.prompt", PHOTO)
        inside = [f"{url}/1.png", f"http://localhost:{port}/1.png", f"http://2130706433:{port}/1.png",
                  f"http://[::ffff:127.0.0.1]:{port}/1.png", f"http://0x7f.1:{port}/1.png", f"http://0:{port}/1.png"]
        data_of(house, "inside.csv", inside)
        house.run("run", "look.prompt", "inside.csv", "--fetch-media", "--keep-going", status=3)
        rows = house.results("look.inside")
        assert all(r["error"]["class"] == "bad_request" and "private" in r["error"]["message"] for r in rows), rows
        assert not pages.asked and not handler.bodies

        good = {"/typed": png(1), "/told": png(2), "/silent.wav": wav(), "/moved": png(1), "/flaky.png": png(3)}
        bad = {"/loop": "redirect", "/file": "rotocol", "/page": "application/zip", "/empty": "empty", "/none": "HTTP 404",
               "/large": "70.0 MB", "/data": "can be sent"}
        data_of(house, "web.csv", [url + path for path in [*good, *bad]])
        house.run("run", "look.prompt", "web.csv", "--fetch-media", "--fetch-private", "--keep-going", status=3)
        rows = house.results("look.web")
        assert [r["status"] for r in rows] == ["done"] * len(good) + ["failed"] * len(bad), rows
        for words, row in zip(bad.values(), rows[len(good):]):
            assert words in row["error"]["message"], row["error"]
        assert sorted(data for _, data in sent(handler)) == sorted(good.values())
        assert len(handler.bodies) == len(good)

        handler.bodies.clear()
        house.write("two.prompt", PHOTO + "{{media url=other}}")
        with open(house.path("many.csv"), "w", encoding="utf-8") as f:
            f.write("photo,other\n" + "".join(f"{url}/{i % 40}.png,{url}/{(i * 7 + 1) % 40}.png\n" for i in range(200)))
        house.run("run", "two.prompt", "many.csv", "--fetch-media", "--fetch-private")
        assert len(handler.bodies) == 200 and len(sent(handler)) == 400
        left = [name for _, _, names in os.walk(house.path(".cache")) for name in names]
        assert not left, left
        server.shutdown(), site.shutdown()


DRAW = """---
model: gemini-3.1-flash-lite-image
config:
  responseModalities: [TEXT, IMAGE]
---
Draw {{text}}
"""
SAY = """---
model: gemini-3.8-flash-tts
config:
  responseModalities: [AUDIO]
---
Say: {{text}}
"""


def pictures_of_answers_become_files():
    """pictures in answers become files named by their content, beside the results, whose rows hold their paths"""
    with House() as house:
        house.twin()
        house.write("draw.prompt", DRAW)
        house.write("only.prompt", DRAW.replace("[TEXT, IMAGE]", "[IMAGE]"))
        house.write("rows.csv", "text\na boat\na mill\na boat\n")
        house.run("run", "draw.prompt", "rows.csv", "-o", "out/../pictures/drawn.csv", status=1)
        os.makedirs(house.path("pictures"))
        house.run("run", "draw.prompt", "rows.csv", "-o", "pictures/drawn.csv")
        with open(house.path("pictures/drawn.csv"), encoding="utf-8", newline="") as f:
            rows = list(csv.DictReader(f))
        assert [r["output"] for r in rows] == ["echo: Draw a boat", "echo: Draw a mill", "echo: Draw a boat"], rows
        files = [r["_files"] for r in rows]
        assert files[0] == files[2] != files[1]
        for name in files:
            with open(house.path(name), "rb") as f:
                data = f.read()
            assert data.startswith(b"\x89PNG") and os.path.basename(name) == hashlib.sha256(data).hexdigest()[:32] + ".png"
        assert sorted(os.listdir(house.path("pictures"))) == sorted({os.path.basename(n) for n in files} | {"drawn.csv"})
        house.run("results", "draw.rows", "-o", "drawn.jsonl")
        with open(house.path("drawn.jsonl"), encoding="utf-8") as f:
            lines = [json.loads(line) for line in f]
        assert [len(line["files"]) for line in lines] == [1, 1, 1] and "parts" not in lines[0]
        house.run("run", "only.prompt", "rows.csv", "-o", "only.csv")
        with open(house.path("only.csv"), encoding="utf-8", newline="") as f:
            rows = list(csv.DictReader(f))
        assert all(r["output"].endswith(".png") and os.path.exists(house.path(r["output"])) for r in rows), rows
        # A model that can't draw is told so by the service, once a row at most.
        house.write("cant.prompt", DRAW.replace("gemini-3.1-flash-lite-image", "gemini-2.5-flash"))
        house.run("run", "cant.prompt", "rows.csv", status=3)
        assert "modalities" in house.results("cant.rows")[0]["error"]["message"]


def speech_gets_a_header():
    """raw samples of a speech model become a WAV file that players know"""
    with House() as house:
        house.twin()
        house.write("say.prompt", SAY)
        house.write("rows.csv", "text\nebb\nflood\n")
        house.run("run", "say.prompt", "rows.csv", "-o", "said.csv")
        with open(house.path("said.csv"), encoding="utf-8", newline="") as f:
            rows = list(csv.DictReader(f))
        for row in rows:
            assert row["output"].endswith(".wav"), row
            with wave.open(house.path(row["output"]), "rb") as sound:
                assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (24000, 1, 2)
                assert sound.getnframes() == 2400
        assert rows[0]["output"] != rows[1]["output"]


if __name__ == "__main__":
    main([pictures_sound_and_pdf_arrive_whole, only_files_of_the_folder, another_root, changed_after_add,
          changed_while_it_is_sent, other_formats_read_files_too, keys_hold_the_content, the_prompts_own_files,
          addresses_go_as_they_are, fetched_only_when_asked, pictures_of_answers_become_files, speech_gets_a_header])
