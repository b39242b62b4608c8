"""Import by the real program: what hostile, broken and odd archives do, and what is left behind."""
import io
import json
import os
import stat
import struct
import subprocess
import sys
import tempfile
import unittest
import zipfile

TIDEMILL = os.environ.get("TIDEMILL", "build/dev/tidemill")
SOURCE = os.environ.get("TIDEMILL_SOURCE") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIXTURES = os.path.join(SOURCE, "fixtures")


def prompt(text="Label {{text}}.", **settings):
    """A saved prompt as AI Studio writes it."""
    return json.dumps({
        "runSettings": {"model": "models/gemini-2.5-flash", **settings},
        "systemInstruction": {},
        "chunkedPrompt": {"chunks": [{"text": text, "role": "user"}], "pendingInputs": [{"text": "", "role": "user"}]},
    })


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tidemill-import-test-")
        self.addCleanup(self.folder.cleanup)
        self.place = os.path.join(self.folder.name, "in", "here")
        os.makedirs(self.place)

    def zip(self, *entries, name="export.zip", how=zipfile.ZIP_DEFLATED):
        path = os.path.join(self.folder.name, name)
        with zipfile.ZipFile(path, "w", how) as archive:
            for entry, content in entries:
                archive.writestr(entry, content)
        return path

    def run_it(self, *args, env=None):
        clean = {"PATH": os.environ["PATH"], "HOME": self.folder.name, **(env or {})}
        clean.update({name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ})
        return subprocess.run([TIDEMILL, "import", *args], capture_output=True, cwd=self.place, env=clean, timeout=120,
                              stdin=subprocess.DEVNULL, check=False)

    def files(self):
        """Everything below the test's folder but the archives."""
        found = []
        for folder, folders, files in os.walk(self.folder.name):
            found += [os.path.relpath(os.path.join(folder, f), self.folder.name) for f in folders + files]
        return sorted(f for f in found if f not in ("in", os.path.join("in", "here")) and not f.endswith(".zip"))

    def good(self, path, *args, env=None):
        """Imports and gives the JSON."""
        done = self.run_it(path, "--json", *args, env=env)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return json.loads(done.stdout)

    def refused(self, path, *words):
        """The import ends with status 1, an error that holds the words, and nothing left behind."""
        done = self.run_it(path)
        error = done.stderr.decode()
        self.assertEqual(done.returncode, 1, error)
        self.assertTrue(error.startswith("tidemill: "), error)
        for word in words:
            self.assertIn(word, error)
        self.assertEqual(self.files(), [])


class Hostile(Case):
    def test_a_name_that_leaves_the_folder(self):
        for name, why in (("../x", "a path with .."), ("a/../../x", "a path with .."), ("/tmp/x", "an absolute path"),
                          ("C:/x", "drive letter"), ("..\\x", "a path with .."), ("C:\\x", "drive letter"), ("..", "..")):
            with self.subTest(name):
                self.refused(self.zip(("good", prompt()), (name, prompt())), name.replace("\\", "/"), why)

    def test_a_link_out_of_the_folder(self):
        link = zipfile.ZipInfo("app/link")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        self.refused(self.zip(("good", prompt()), (link, "../../etc/passwd")), "app/link", "outside")
        self.refused(self.zip(("good", prompt()), (link, "/etc/passwd")), "app/link", "outside")

    def test_a_link_inside_and_a_device_are_not_followed(self):
        link, device = zipfile.ZipInfo("app/link"), zipfile.ZipInfo("app/device")
        link.create_system = device.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        device.external_attr = (stat.S_IFCHR | 0o666) << 16
        found = self.good(self.zip(("good", prompt()), (link, "../good"), (device, prompt())))
        self.assertEqual([p["name"] for p in found["prompts"]], ["good"])
        self.assertEqual([s["file"] for s in found["skipped"]], ["app/link", "app/device"])
        self.assertEqual(self.files(), ["in/here/prompts", "in/here/prompts/good.prompt"])

    def test_a_bomb(self):
        bomb = '{"runSettings": {}, "chunkedPrompt": "' + "a" * (31 << 20) + '"}'
        self.refused(self.zip(("good", prompt()), ("bomb", bomb)), "entry bomb", "200 times")

    def test_a_bomb_that_is_no_prompt_is_never_unpacked(self):
        found = self.good(self.zip(("good", prompt()), ("zeros.bin", bytes(64 << 20))))
        self.assertEqual(len(found["prompts"]), 1)

    def test_too_many_entries(self):
        many = [(f"f{i}", "") for i in range(100001)]
        self.refused(self.zip(*many, how=zipfile.ZIP_STORED), "entry f100000", "100000 entries")

    def test_a_prompt_that_is_too_large_is_skipped(self):
        big = '{"runSettings": {}, "pad": "' + os.urandom(1 << 20).hex() * 17 + '"}'
        found = self.good(self.zip(("good", prompt()), ("big", big), how=zipfile.ZIP_STORED))
        self.assertEqual([p["name"] for p in found["prompts"]], ["good"])
        self.assertEqual([(s["file"], s["why"]) for s in found["skipped"]], [("big", "larger than 32 MB")])

    def test_json_nested_to_the_moon(self):
        deep = '{"runSettings": {"responseSchema": ' + '{"items": ' * 900 + "{}" + "}" * 900 + '}, "chunkedPrompt": {"chunks": [{"text": "x"}]}}'
        deeper = '{"runSettings": ' + "[" * 100000
        found = self.good(self.zip(("good", prompt()), ("deep", deep), ("deeper", deeper)))
        self.assertEqual([p["name"] for p in found["prompts"]], ["good"])
        self.assertEqual(sorted(s["file"] for s in found["skipped"]), ["deep", "deeper"])


class Broken(Case):
    def test_encrypted(self):
        path = self.zip(("secret", prompt()))
        with open(path, "r+b") as file:
            data = bytearray(file.read())
            for magic, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
                data[data.index(magic) + at] |= 1
            file.seek(0)
            file.write(data)
        self.refused(path, "entry secret", "encrypted", "password")

    def test_truncated(self):
        path = self.zip(*[(f"prompt {i}", prompt(os.urandom(300).hex())) for i in range(5)])
        size = os.path.getsize(path)
        for keep in (10, 100, size // 2, size - 60, size - 1):
            with self.subTest(keep):
                with open(path, "rb") as file:
                    data = file.read(keep)
                cut = os.path.join(self.folder.name, "cut.zip")
                with open(cut, "wb") as file:
                    file.write(data)
                self.refused(cut, "broken or cut short", "download it again")

    def test_a_bad_checksum(self):
        path = self.zip(("first", prompt()), ("second", prompt("Nothing {{else_}}.")), how=zipfile.ZIP_STORED)
        with open(path, "r+b") as file:
            data = file.read().replace(b"Nothing", b"nothing")
            file.seek(0)
            file.write(data)
        self.refused(path, "entry second", "download it again")

    def test_no_zip_at_all(self):
        path = os.path.join(self.folder.name, "page.zip")
        with open(path, "w", encoding="utf-8") as file:
            file.write("<html>Sign in</html>")
        self.refused(path, "is no ZIP archive")
        with open(path, "wb"):
            pass
        self.refused(path, "is no ZIP archive")

    def test_other_archives(self):
        path = os.path.join(self.folder.name, "takeout.zip")
        for magic, kind in ((b"\x1f\x8b\x08", "gzip"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07", "RAR")):
            with open(path, "wb") as file:
                file.write(magic + bytes(100))
            self.refused(path, kind, "unpack it")

    def test_an_empty_zip_and_a_foreign_one(self):
        self.refused(self.zip(), "no prompt saved by AI Studio")
        self.refused(self.zip(("a.txt", "hello"), ("package.json", "{}")), "no prompt saved by AI Studio")

    def test_nothing_there(self):
        self.refused(os.path.join(self.folder.name, "nowhere.zip"), "nowhere.zip", "No such file")

    def test_random_damage_never_leaves_a_half_import(self):
        path = self.zip(*[(f"prompt {i}", prompt(f"Number {i} {{{{text}}}}")) for i in range(4)])
        with open(path, "rb") as file:
            whole = file.read()
        for at in range(0, len(whole), max(1, len(whole) // 40)):
            data = bytearray(whole)
            data[at] ^= 0x41
            with open(path, "wb") as file:
                file.write(data)
            done = self.run_it(path)
            self.assertIn(done.returncode, (0, 1), done.stderr.decode())
            left = self.files()
            self.assertFalse([f for f in left if ".tidemill-import" in f], at)
            if done.returncode == 1:
                self.assertEqual(left, [], at)
            else:
                for name in left:
                    full = os.path.join(self.folder.name, name)
                    if os.path.isfile(full):
                        os.unlink(full)
                os.rmdir(os.path.join(self.place, "prompts"))


def raw_zip(path, name, content, utf8=False):
    """A ZIP whose one name is these very bytes."""
    flags, crc = (0x800 if utf8 else 0), zipfile.crc32(content)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, flags, 0, 0, 0x21, crc, len(content), len(content), len(name), 0)
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, flags, 0, 0, 0x21, crc, len(content), len(content), len(name),
                          0, 0, 0, 0, 0, 0)
    start = len(local) + len(name) + len(content)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central) + len(name), start, 0)
    with open(path, "wb") as file:
        file.write(local + name + content + central + name + end)


class Names(Case):
    def test_in_every_encoding_and_locale(self):
        path = os.path.join(self.folder.name, "names.zip")
        for raw, utf8, file, name in ((b"caf\x82 men\x81", False, "caf\u00e9 men\u00fc", "caf\u00e9-men\u00fc"),
                                      ("\u0442\u0435\u0441\u0442".encode(), False, "\u0442\u0435\u0441\u0442", "\u0442\u0435\u0441\u0442"),
                                      ("\u8a55\u4fa1 A".encode(), True, "\u8a55\u4fa1 A", "\u8a55\u4fa1-a")):
            raw_zip(path, raw, prompt().encode(), utf8)
            for locale in ({}, {"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}):
                with self.subTest(file=file, **locale):
                    found = self.good(path, "--list", env=locale)["prompts"][0]
                    self.assertEqual((found["file"], found["name"], found["path"]), (file, name, None))

    def test_that_differ_in_case_only_or_not_at_all(self):
        path = self.zip(("Labels", prompt("1 {{a}}")), ("LABELS", prompt("2 {{a}}")), ("sub/labels", prompt("3 {{a}}")),
                        ("cafe\u0301", prompt("4 {{a}}")), ("caf\u00e9", prompt("5 {{a}}")))
        found = self.good(path)
        self.assertEqual([p["name"] for p in found["prompts"]], ["labels", "labels-2", "labels-3", "caf\u00e9", "caf\u00e9-2"])
        for n, one in enumerate(found["prompts"], 1):
            with open(os.path.join(self.place, one["path"]), encoding="utf-8") as file:
                self.assertIn(f"\n{n} {{{{a}}}}", file.read())

    def test_that_are_no_names(self):
        odd = ["...", "_partial", "con", "a" * 300, "x#y", "-rf", " ", "a\x1b[31m"]
        found = self.good(self.zip(*[(f"d{n}/{name}", prompt()) for n, name in enumerate(odd)]))
        names = [p["name"] for p in found["prompts"]]
        self.assertEqual(len(set(names)), len(odd))
        for name in names:
            self.assertRegex(name, r"^[a-z0-9][a-z0-9-]*$")
            self.assertLessEqual(len(name), 84)

    def test_takeout_and_macos(self):
        path = self.zip(("Takeout/Drive/Google AI Studio/Copy of It's (1)", prompt()),
                        ("Takeout/Drive/Google AI Studio/applet_access_history.json", "{}"),
                        ("Takeout/Drive/Google AI Studio/photo.png", b"\x89PNG"), ("Takeout/archive_browser.html", "<html>"),
                        ("__MACOSX/Takeout/._Copy", b"\0\5\x16\7"))
        found = self.good(path)
        self.assertEqual(found["skipped"], [])
        self.assertEqual([(p["name"], p["file"]) for p in found["prompts"]],
                         [("copy-of-it-s-1", "Takeout/Drive/Google AI Studio/Copy of It's (1)")])


class Writing(Case):
    def test_the_sample_export(self):
        done = self.run_it(os.path.join(FIXTURES, "exports", "reviews.zip"))
        self.assertEqual(done.returncode, 0)
        paths = done.stdout.decode().split("\n")[:-1]
        self.assertIn("prompts/review-labels.prompt", paths)
        self.assertEqual(sorted("in/here/" + p for p in paths), self.files()[1:])
        self.assertRegex(done.stderr.decode().strip().split("\n")[-1], r"^next: tidemill preview prompts/\S+\.prompt DATA")
        with open(os.path.join(self.place, "prompts/review-labels.prompt"), encoding="utf-8") as ours, \
                open(os.path.join(FIXTURES, "prompts", "review-labels.prompt"), encoding="utf-8") as sample:
            self.assertEqual(ours.read(), sample.read())

    def test_the_sample_zip_is_made_of_the_sample_folder(self):
        with zipfile.ZipFile(os.path.join(FIXTURES, "exports", "reviews.zip")) as archive:
            for name in os.listdir(os.path.join(FIXTURES, "studio")):
                with open(os.path.join(FIXTURES, "studio", name), "rb") as file:
                    self.assertEqual(archive.read("Google AI Studio/" + name), file.read(), name)

    def test_nothing_is_overwritten_without_force(self):
        path = self.zip(("one", prompt("1 {{a}}")), ("two", prompt("2 {{a}}")))
        self.good(path)
        two = os.path.join(self.place, "prompts", "two.prompt")
        one = os.path.join(self.place, "prompts", "one.prompt")
        with open(two, "w", encoding="utf-8") as file:
            file.write("mine")
        os.unlink(one)
        done = self.run_it(path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("two.prompt exists: nothing was written; --force", done.stderr.decode())
        self.assertEqual(self.files(), ["in/here/prompts", "in/here/prompts/two.prompt"])
        with open(two, encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")
        self.good(path, "--force")
        with open(two, encoding="utf-8") as file:
            self.assertIn("2 {{a}}", file.read())
        self.assertEqual(len(self.files()), 3)

    def test_the_same_import_again_is_no_error(self):
        path = self.zip(("one", prompt()))
        self.assertEqual(self.good(path), self.good(path))

    def test_a_link_in_the_target_is_replaced_not_followed(self):
        os.makedirs(os.path.join(self.place, "prompts"))
        outside = os.path.join(self.folder.name, "outside")
        with open(outside, "w", encoding="utf-8") as file:
            file.write("keep")
        os.symlink(outside, os.path.join(self.place, "prompts", "one.prompt"))
        path = self.zip(("one", prompt()))
        self.assertEqual(self.run_it(path).returncode, 1)
        self.good(path, "--force")
        with open(outside, encoding="utf-8") as file:
            self.assertEqual(file.read(), "keep")
        self.assertFalse(os.path.islink(os.path.join(self.place, "prompts", "one.prompt")))

    def test_a_target_that_can_not_be(self):
        with open(os.path.join(self.place, "file"), "w", encoding="utf-8"):
            pass
        done = self.run_it(self.zip(("one", prompt())), "-o", "file/below")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.files(), ["in/here/file"])
        os.makedirs(os.path.join(self.place, "prompts", "one.prompt"))
        done = self.run_it(self.zip(("one", prompt())), "--force")
        self.assertEqual(done.returncode, 1)
        self.assertIn("is a folder", done.stderr.decode())

    def test_a_new_folder_of_folders(self):
        self.good(self.zip(("one", prompt())), "-o", "a/b/c/")
        self.assertIn("in/here/a/b/c/one.prompt", self.files())

    def test_list_writes_nothing(self):
        done = self.run_it(os.path.join(FIXTURES, "studio"), "--list")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout.decode(), r"(?m)^review-labels +gemini-2.5-flash +product, review +schema +Review labels$")
        self.assertEqual(self.files(), [])


class Kinds(Case):
    def test_zip_folder_and_file_give_the_same(self):
        zipped = self.good(os.path.join(FIXTURES, "exports", "reviews.zip"), "--list")["prompts"]
        folder = self.good(os.path.join(FIXTURES, "studio"), "--list")["prompts"]
        one = self.good(os.path.join(FIXTURES, "studio", "Review labels"), "--list")["prompts"]
        for prompts in (zipped, folder, one):
            for each in prompts:
                each["file"] = os.path.basename(each["file"])
        self.assertEqual(zipped, folder)
        self.assertEqual(one, [p for p in zipped if p["name"] == "review-labels"])

    def test_told_by_content_not_by_name(self):
        found = self.good(self.zip(("a.json", prompt()), ("b.txt", "\ufeff\n " + prompt()), ("c.md", prompt()), ("d.ts", prompt()),
                                   ("notes", "{not json"), ("data.json", '{"runSettings": 1}'), ("list", "[" + prompt() + "]"),
                                   ("broken", prompt()[:-9])))
        self.assertEqual([p["name"] for p in found["prompts"]], ["a", "b", "c", "d-ts"])
        self.assertEqual([s["file"] for s in found["skipped"]], ["broken"])
        self.assertIn("broken JSON", found["skipped"][0]["why"])

    def test_one_broken_file(self):
        path = os.path.join(self.folder.name, "Saved.zip")[:-4]
        with open(path, "w", encoding="utf-8") as file:
            file.write(prompt()[:-9])
        done = self.run_it(path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("broken JSON", done.stderr.decode())

    def test_links_pipes_and_deep_folders(self):
        root = os.path.join(self.folder.name, "drive")
        os.makedirs(os.path.join(root, "node_modules", "x"))
        for name in ("good", "node_modules/x/other"):
            with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                file.write(prompt())
        os.symlink(root, os.path.join(root, "loop"))
        os.symlink("good", os.path.join(root, "link"))
        os.mkfifo(os.path.join(root, "pipe"))
        found = self.good(root)
        self.assertEqual([p["name"] for p in found["prompts"]], ["good"])
        self.assertEqual([s["file"] for s in found["skipped"]], ["link", "loop", "pipe"])

    def test_keys_are_scrubbed(self):
        key = "AIzaSyA0123456789abcdefghijklmnopqrstuv"
        path = self.zip(("with key", prompt(f"Use {key} for {{{{text}}}}", stopSequences=[key])), (f"d/{key}", prompt("y {{a}}")))
        done = self.run_it(path, "--json")
        self.assertEqual(done.returncode, 0)
        self.assertNotIn(key.encode(), done.stdout + done.stderr)
        for name in self.files():
            full = os.path.join(self.folder.name, name)
            self.assertNotIn(key.lower(), name)
            if os.path.isfile(full):
                with open(full, encoding="utf-8") as file:
                    self.assertNotIn(key, file.read())
        self.assertIn("something shaped like an API key", json.loads(done.stdout)["prompts"][0]["notes"][0])

    def test_an_image_that_lies_beside_under_its_id(self):
        drive = "1aBcDeFgHiJkLmNoPqRsTuVwXyZ012345"
        saved = json.dumps({"runSettings": {}, "chunkedPrompt": {"chunks": [
            {"driveImage": {"id": drive}, "role": "user"}, {"text": "What is it?", "role": "user"}]}})
        missing = self.good(self.zip(("ask", saved)), "--list")["prompts"][0]
        self.assertEqual((missing["complete"], missing["media"], missing["variables"]), (False, True, ["image", "input"]))
        self.assertIn(drive, missing["notes"][0])
        there = self.good(self.zip(("ask", saved), (f"{drive}.png", b"\x89PNG")))["prompts"][0]
        self.assertEqual((there["complete"], there["variables"]), (True, ["image", "input"]))
        with open(os.path.join(self.place, there["path"]), encoding="utf-8") as file:
            self.assertIn("image: data:image/png;base64,iVBORw==", file.read())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + ["-v"])
