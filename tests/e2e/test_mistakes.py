#!/usr/bin/env python3
"""What goes wrong in real life: each with its message, its exit status, and what was left behind."""
import json
import os
import socket
import subprocess
import sys
import tempfile
from mill import KEY, PROMPT, SOURCE, House, main

BAD_CONFIG_PROMPT = """---
model: gemini-2.5-flash
config:
  temprature: 0.5
---
Label: {{text}}
"""


def expect(result, *words):
    said = result.err + result.out
    for word in words:
        assert word in said, f"{word!r} is not said:\n{said}"
    assert KEY not in said, "the key is shown"
    return said.strip().splitlines()[-1]


def simple(house, rows=20, prompt=PROMPT):
    return house.write("label.prompt", prompt), house.rows("reviews.csv", rows)


def wrong_key():
    """A wrong key costs no request and fails no row"""
    with House() as house:
        house.twin(key="another-key-000000000000")
        prompt, data = simple(house)
        words = expect(house.run("run", prompt, data, status=4), "API key", "GEMINI_API_KEY")
        assert house.arrivals() == [], "requests were spent"
        status = json.loads(house.run("status", "label.reviews", "--json").out)
        assert status["waiting"] == 20 and status["failed"] == 0, status
        return words


def no_key():
    """Without any key: what to set"""
    with House() as house:
        del house.env["GEMINI_API_KEY"]
        prompt, data = simple(house)
        return expect(house.run("run", prompt, data, status=1), "GEMINI_API_KEY")


def unknown_model():
    """An unknown model costs no request and fails no row"""
    with House() as house:
        house.twin()
        prompt, data = simple(house, prompt=PROMPT.replace("2.5-flash", "2.5-flsh"))
        words = expect(house.run("run", prompt, data, status=4), "gemini-2.5-flsh")
        assert house.arrivals() == []
        return words


def no_network():
    """No network: rows wait, --no-wait ends with what to type"""
    with House() as house:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        house.configure(f"http://127.0.0.1:{port}")
        prompt, data = simple(house)
        p = house.start("run", prompt, data)
        try:
            p.communicate(timeout=4)
            raise AssertionError("it ended by itself")
        except subprocess.TimeoutExpired:
            p.terminate()
        out, err = p.communicate(timeout=10)
        assert p.returncode == 4, (p.returncode, err)
        assert "Go on with: tidemill run label.reviews" in err, err
        status = json.loads(house.run("status", "label.reviews", "--json").out)
        assert status["waiting"] == 20 and status["repeats"] == 0, status
        return err.strip().splitlines()[-1]


def bad_config():
    """A setting the API refuses: the canary stops after a handful"""
    with House() as house:
        house.twin()
        prompt, data = simple(house, rows=200, prompt=BAD_CONFIG_PROMPT)
        words = expect(house.run("run", prompt, data, status=4), "bad_request", "temprature")
        cost = len(house.arrivals())
        assert cost <= 5, f"it cost {cost} requests"
        house.run("run", prompt, data, status=4)
        assert len(house.arrivals()) <= cost + 1, "running it again cost more than one"
        return f"{cost} requests: {words}"


def bad_rows():
    """A CSV with bad rows: they go to the rejects, the rest is answered"""
    with House() as house:
        house.twin()
        prompt = house.write("label.prompt", PROMPT)
        data = house.write("reviews.csv", 'id,text\n1,good\n2,too,many\n3,fine\n4\n5,"quoted ""so"""\n')
        result = house.run("run", prompt, data, "-o", "out.csv")
        expect(result, "reviews.csv:3", "reviews.csv.rejects.jsonl")
        with open(house.path("reviews.csv.rejects.jsonl"), encoding="utf-8") as f:
            rejects = [json.loads(line) for line in f]
        assert [r["line"] for r in rejects] == [3, 5], rejects
        with open(house.path("out.csv"), encoding="utf-8") as f:
            lines = f.read().splitlines()
        assert len(lines) == 4, lines
        return f"rejected lines {[r['line'] for r in rejects]}, {len(lines) - 1} rows in the output"


def empty_csv():
    """An empty CSV, and one with a header only, are no error"""
    with House() as house:
        house.twin()
        prompt = house.write("label.prompt", PROMPT)
        house.run("run", prompt, house.write("header.csv", "id,text\n"), "-o", "out.jsonl")
        assert os.path.getsize(house.path("out.jsonl")) == 0
        result = house.run("run", prompt, house.write("empty.csv", ""), status=None)
        assert result.status in (0, 1), result
        return (result.err.strip().splitlines() or [""])[-1]


def missing_column():
    """A column that is not there: variable, line, columns, and the flag that mends it"""
    with House() as house:
        prompt = house.write("label.prompt", PROMPT)
        data = house.write("reviews.csv", "id,review,stars\n1,good,5\n")
        result = house.run("run", prompt, data, status=1)
        expect(result, "text", "label.prompt:4", "review", "--map text=review")
        house.twin()
        house.run("run", prompt, data, "--map", "text=review")
        assert house.results("label.reviews")[0]["output"].startswith("echo: Label this review: good")
        return result.err.strip().splitlines()[0]


def broken_zip():
    """A broken ZIP as prompt"""
    with House() as house:
        archive = house.write("export.zip", "PK\x03\x04 this is no archive")
        result = house.run("run", archive, house.rows("reviews.csv", 3), status=1)
        return expect(result, "export.zip")


def read_only_store():
    """A store that can't be written: said before anything is sent"""
    with House() as house:
        house.twin()
        prompt, data = simple(house)
        house.run("add", prompt, data)
        store = house.path("data", "tidemill")
        if os.geteuid() == 0:
            subprocess.run(["mount", "--bind", store, store], check=False)
            if subprocess.run(["mount", "-o", "remount,ro,bind", store], check=False).returncode != 0:
                return "skipped: no right to mount here"
        else:
            os.chmod(store, 0o500)
        try:
            words = expect(house.run("run", prompt, data, status=1), "tidemill.db")
            assert house.arrivals() == []
        finally:
            if os.geteuid() == 0:
                subprocess.run(["umount", store], check=False)
            else:
                os.chmod(store, 0o700)
        return words


def full_disk():
    """A full disk (a small tmpfs): answers stay in memory, nothing more is sent, and it goes on when there is room"""
    if os.geteuid() != 0:
        return "skipped: needs root for a tmpfs"
    with House(limits={"rpm": 100000, "rpd": 1000000}) as house:
        os.makedirs(house.path("data"))
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", house.path("data")],
                          check=False).returncode != 0:
            return "skipped: no right to mount here"
        try:
            house.twin("--latency", "5ms")
            prompt = house.write("label.prompt", PROMPT)
            data = house.rows("reviews.csv", 3000, lambda i: f"{i} " + "x" * 150)
            p = house.start("run", prompt, data)
            lines = []
            for line in p.stderr:
                lines.append(line)
                if "full" in line:
                    break
            assert p.poll() is None or lines, "it ended"
            subprocess.run(["mount", "-o", "remount,size=64m", house.path("data")], check=True)
            out, err = p.communicate(timeout=60)
            if p.returncode != 0:  # the disk was full while reading the data: the same command goes on
                house.run("run", prompt, data)
            got = house.results("label.reviews")
            assert len(got) == 3000 and all(r["status"] == "done" for r in got)
            repeats = json.loads(house.run("status", "label.reviews", "--json").out)["repeats"]
            assert repeats == 0, repeats
            return (lines[-1] if lines else "").strip()
        finally:
            subprocess.run(["umount", house.path("data")], check=False)


def secrets():
    """The key stands in nothing that was written, and not in the process list"""
    with House() as house:
        house.twin("--fail", "server:0.1", "--fail", "bad_request~number 7", "--latency", "40ms")
        prompt, data = simple(house, rows=60)
        p = house.start("run", prompt, data, "-o", "out.jsonl", "-v")
        with open(f"/proc/{p.pid}/cmdline", "rb") as f:
            assert KEY.encode() not in f.read()
        out, err = p.communicate(timeout=60)
        assert KEY not in out + err
        house.run("check", status=None)
        house.run("quota")
        found = []
        for folder, _, files in os.walk(house.dir):
            for name in files:
                with open(os.path.join(folder, name), "rb") as f:
                    if KEY.encode()[:16] in f.read():
                        found.append(name)
        assert not found, found
        for name in ("data/tidemill", "state/tidemill"):
            assert os.stat(house.path(name)).st_mode & 0o077 == 0, name
            for file in os.listdir(house.path(name)):
                assert os.stat(house.path(name, file)).st_mode & 0o077 == 0, file
        return "store, ledger, outputs, logs and talk searched"


if __name__ == "__main__":
    main([wrong_key, no_key, unknown_model, no_network, bad_config, bad_rows, empty_csv, missing_column, broken_zip,
          read_only_store, full_disk, secrets])
