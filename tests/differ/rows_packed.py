"""rows_packed.py - tables for rows.py in every encoding, and packed files: whole, cut short, of several members."""
import bz2
import csv
import gzip
import io
import lzma
import shutil
import subprocess

WORDS = ["plain", "naïve", "café, crème", "Ünter\nLinden", "\"quoted\"", "", "ÿ", "ñandú", "£5", "¼"]
WIDE = WORDS + ["€ 20", "日本語", "👋🏽", "\u2028", "„Gänse“"]


def table(r, words, rows):
    out = io.StringIO(newline="")
    content = [["id", "text"]] + [[str(i), r.choice(words) + r.choice(words)] for i in range(rows)]
    csv.writer(out, lineterminator=r.choice(["\n", "\r\n"])).writerows(content)
    return out.getvalue(), content


def encodings(bench, report):
    """(Python's codec, the encoding that is named, does it need a BOM)"""
    kinds = [("utf-8", None, ""), ("utf-8-sig", None, ""), ("utf-16-le", None, "\ufeff"), ("utf-16-be", None, "\ufeff"), ("utf-32-le", None, "\ufeff"),
             ("utf-32-be", None, "\ufeff"), ("utf-16-le", "utf-16le", ""), ("utf-16-be", "utf-16be", ""), ("cp1252", "cp1252", ""), ("latin-1", "latin1", ""),
             ("iso8859-15", "iso-8859-15", ""), ("shift_jis", "shift_jis", ""), ("gb18030", "gb18030", ""), ("utf-8", "cp1252", "\ufeff")]
    documents, asks = [], []
    for i in range(bench.options.n // 2):
        r = bench.random("encoding", i)
        codec, named, bom = kinds[i % len(kinds)]
        words = {"latin-1": WORDS, "cp1252": WORDS + ["€ 20", "„Gänse“"], "iso8859-15": [w for w in WORDS if "¼" not in w],
                 "shift_jis": ["plain", "日本語", "ソ,表", "a\nb", ""]}.get(codec, WIDE)
        text, content = table(r, words, r.randint(0, 40))
        documents.append((f"{codec} {named} {text}", content))
        asks.append({"path": bench.file((bom + text).encode(codec), ".csv"), **({"encoding": named} if named else {})})
    for (text, content), o in zip(documents, bench.ours(asks)):
        same = o["error"] is None and o["columns"] == content[0] and [row.get("cells") for row in o["rows"]] == content[1:]
        report.add("encodings", None if same else "rows differ", text, content[:4], o)


def zst(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


def unpack(kind, data):
    """What the format's own tool gives, and whether it is content with the file."""
    tool = {"gz": ["gzip", "-dc"], "xz": ["xz", "-dc"], "bz2": ["bzip2", "-dc"], "zst": ["zstd", "-dcq"]}[kind]
    done = subprocess.run(tool, input=data, capture_output=True, check=False)
    return done.stdout, done.returncode == 0


def packed(bench, report):
    packers = {"gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}
    if shutil.which("zstd"):
        packers["zst"] = zst
    documents, asks = [], []
    for i in range(bench.options.n // 5):
        r = bench.random("packed", i)
        kind, how = r.choice(list(packers)), r.choice(["whole", "members", "cut", "cut", "garbage", "zeros", "flip"])
        text, _ = table(r, WIDE, r.choice([0, 5, 400, 4000]))
        data = text.encode()
        whole = packers[kind](data)
        if how == "members":
            at = sorted(r.randint(0, len(data)) for _ in range(r.randint(1, 4)))
            whole = b"".join(packers[kind](data[a:b]) for a, b in zip([0, *at], [*at, len(data)]))
        elif how == "cut":
            whole = whole[:r.randint(1, len(whole) - 1)]
        elif how == "garbage":
            whole += b"trailing garbage"
        elif how == "zeros":
            whole += bytes(r.choice([1, 8, 512]))
        elif how == "flip":
            at = r.randrange(len(whole) // 2, len(whole))
            whole = whole[:at] + bytes([whole[at] ^ 1 << r.randint(0, 7)]) + whole[at + 1:]
        documents.append((kind, how, whole, data))
        asks.append({"path": bench.file(whole, f".csv.{kind}"), "delimiter": ","})
    for (kind, how, whole, data), o in zip(documents, bench.ours(asks)):
        report.add(f"packed, {how}", kind_of_packed(kind, whole, data, o), f"{kind} of {len(whole)} bytes", o["error"],
                   {"rows": len(o["rows"])})


def kind_of_packed(kind, whole, data, ours):
    text, content = unpack(kind, whole)
    rows = list(csv.reader(io.StringIO(data.decode(), newline="")))[1:]
    read = [row.get("cells") for row in ours["rows"]]
    if content and text == data:
        return None if not ours["error"] and read == rows else f"{kind}: we refuse or lose rows"
    if not ours["error"]:
        if kind == "gz" and text == data and read == rows:
            return "gz: the tool complains of what stands behind the data, the rows are all there"
        if len(whole) < 4:
            return "cut before its first four bytes are over it is no packed file"
        return f"{kind}: we take what {'is another text' if content else 'the unpacker refuses'}"
    # A file that does not end well may give what came before, but nothing that was not there.
    if read == rows[:len(read)] or not rows:
        return None
    return f"{kind}: rows of the damaged block came before the error"
