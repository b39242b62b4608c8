"""Import of apps by the real program: a sample export in several styles, snippets, and trees that mean harm."""
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

TIDEMILL = os.environ.get("TIDEMILL", "build/dev/tidemill")

SAMPLE = {
    "metadata.json": '{"name": "Garden diary", "requestFramePermissions": []}',
    "package.json": '{"dependencies": {"@google/genai": "^1.0.0"}}',
    ".env.local": "GEMINI_API_KEY=AIza" + "x" * 35,
    "types.ts": "export enum Season { Spring = 'spring', Autumn = 'autumn' }\nexport interface Bed { plants: string[] }\n",
    "constants.ts": "export const MODEL = 'gemini-2.5-flash';\nexport const LEAD = `You know gardens.\\nAnswer briefly.`;\n",
    "services/geminiService.ts": """import { GoogleGenAI, Type } from "@google/genai";
import { LEAD, MODEL } from '../constants';
import { Season, Bed } from '../types';

const ai = new GoogleGenAI({ apiKey: process.env.API_KEY });

const planSchema = {
  type: Type.OBJECT,
  properties: {
    title: { type: Type.STRING },
    tasks: { type: Type.ARRAY, items: { type: Type.STRING } },
  },
  required: ['title', 'tasks'],
};

export const planWeek = async (bed: Bed, season: Season = Season.Spring, notes?: string) => {
  let prompt = `Plan a week in ${season} for these plants:
${bed.plants.map(p => `* ${p}`).join('\\n')}`;
  if (notes) {
    prompt += `\\nNotes: ${notes}`;
  }
  const response = await ai.models.generateContent({
    model: MODEL,
    contents: prompt,
    config: { systemInstruction: LEAD, responseMimeType: "application/json", responseSchema: planSchema, temperature: 0.4 },
  });
  return JSON.parse(response.text);
};

export const nameThePlant = async (base64Image: string) => {
  const response = await ai.models.generateContent({
    model: MODEL,
    contents: { parts: [{ inlineData: { mimeType: 'image/jpeg', data: base64Image } }, { text: 'Name this plant.' }] },
  });
  return response.text;
};

export const embed = (text: string) => ai.models.embedContent({ model: 'gemini-embedding-001', contents: text });
""",
    "components/Chat.tsx": """import React, { useState } from 'react';
import { GoogleGenAI } from '@google/genai';
import { MODEL } from '@/constants';
export const Chat: React.FC = () => {
  const [question, setQuestion] = useState('');
  const handleSend = async () => {
    const ai = new GoogleGenAI({ apiKey: process.env.API_KEY });
    const chat = ai.chats.create({ model: MODEL, config: { systemInstruction: 'You are a gardener.' } });
    const reply = await chat.sendMessage({ message: question });
  };
  return <button onClick={handleSend}>Ask & learn</button>;
};
""",
    "tools/label.py": """from google import genai

client = genai.Client()

def label_photo(caption: str, words: list[str]):
    return client.models.generate_content(
        model="gemini-2.5-flash-lite",
        contents="Label %s with one of: %s" % (caption, ", ".join(words)),
    )
""",
    "node_modules/sdk/index.js": "ai.models.generateContent({model: 'no', contents: 'no'})",
    "dist/bundle.js": "ai.models.generateContent({model: 'no', contents: 'no'})",
}


def has_grammars():
    """Can this build read sources at all?"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.ts")
        with open(path, "w", encoding="utf-8") as file:
            file.write("ai.models.generateContent({model: 'm', contents: 'x'});")
        done = subprocess.run([TIDEMILL, "import", path, "--list"], capture_output=True, check=False, stdin=subprocess.DEVNULL)
        return b"built without the grammars" not in done.stderr


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tidemill-app-test-")
        self.addCleanup(self.folder.cleanup)
        self.place = os.path.join(self.folder.name, "here")
        os.makedirs(self.place)

    def run_it(self, *args):
        env = {"PATH": os.environ["PATH"], "HOME": self.folder.name}
        env.update({name: os.environ[name] for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ})
        return subprocess.run([TIDEMILL, *args], capture_output=True, cwd=self.place, env=env, timeout=250, check=False,
                              stdin=subprocess.DEVNULL)

    def good(self, path, *args):
        done = self.run_it("import", path, "--json", *args)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return json.loads(done.stdout)

    def tree(self, files, under=""):
        root = os.path.join(self.folder.name, "app")
        for name, text in files.items():
            path = os.path.join(root, under, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(text if isinstance(text, bytes) else text.encode())
        return root

    def zip(self, files, under=""):
        path = os.path.join(self.folder.name, "app.zip")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                archive.writestr(under + name, text)
        return path


class Sample(Case):
    def test_the_list_and_the_contract(self):
        found = self.good(self.zip(SAMPLE))
        self.assertEqual([(p["name"], p["file"], p["line"]) for p in found["prompts"]],
                         [("chat", "components/Chat.tsx", 9), ("plan-week", "services/geminiService.ts", 22),
                          ("name-the-plant", "services/geminiService.ts", 31), ("label-photo", "tools/label.py", 6)])
        plan = found["prompts"][1]
        self.assertEqual(plan, {
            "name": "plan-week", "path": "prompts/plan-week.prompt", "file": "services/geminiService.ts", "line": 22,
            "api": "generateContent", "model": "gemini-2.5-flash", "variables": ["season", "plants", "notes"],
            "system_chars": len("You know gardens.\nAnswer briefly."),
            "template_chars": len("Plan a week in  for these plants:\n") + len("* ") + 1 + len("\nNotes: "),
            "response_mime": "application/json", "schema": True, "schema_keys": ["title", "tasks"], "media": False,
            "config": ["temperature"], "complete": True, "notes": ["plants is a list: give it as one, in JSONL"]})
        self.assertTrue(found["prompts"][2]["media"])
        self.assertEqual(found["skipped"], [{"file": "services/geminiService.ts", "line": 38,
                                             "why": "embedContent makes vectors, not answers: no prompt"}])

    def test_a_folder_a_zip_and_a_zip_with_a_folder_in_it_give_the_same(self):
        zipped, inner, folder = self.good(self.zip(SAMPLE), "--list"), None, self.good(self.tree(SAMPLE), "--list")
        inner = self.good(self.zip(SAMPLE, "garden/"), "--list")
        for prompt in inner["prompts"] + inner["skipped"]:
            self.assertTrue(prompt["file"].startswith("garden/"))
            prompt["file"] = prompt["file"][len("garden/"):]
        self.assertEqual(zipped, inner)
        self.assertEqual(zipped, folder)

    def test_what_is_written_says_what_the_app_says(self):
        self.good(self.zip(SAMPLE))
        with open(os.path.join(self.place, "rows.jsonl"), "w", encoding="utf-8") as file:
            file.write('{"plants": ["leek", "bean"], "notes": "dry", "season": "autumn"}\n{"plants": ["leek"], "notes": ""}\n')
        done = self.run_it("preview", "prompts/plan-week.prompt", "rows.jsonl", "-n", "2", "--json")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        sent = [[m["content"][0]["text"] for m in json.loads(line)["messages"]] for line in done.stdout.splitlines()]
        self.assertEqual(sent, [
            ["You know gardens.\nAnswer briefly.", "Plan a week in autumn for these plants:\n* leek\n* bean\nNotes: dry"],
            ["You know gardens.\nAnswer briefly.", "Plan a week in spring for these plants:\n* leek"]])

    def test_the_table_and_the_next_command(self):
        path = self.zip(SAMPLE)
        done = self.run_it("import", path, "--list")
        self.assertRegex(done.stdout.decode(), r"(?m)^plan-week +gemini-2.5-flash +season, plants, notes +schema +services/geminiService.ts:22$")
        done = self.run_it("import", path)
        self.assertRegex(done.stderr.decode().strip().split("\n")[-1], r"^next: tidemill preview prompts/plan-week.prompt DATA")
        self.assertNotIn(b"AIza", done.stdout + done.stderr)
        with open(os.path.join(self.place, "prompts", "plan-week.prompt"), encoding="utf-8") as file:
            text = file.read()
        self.assertIn("file: services/geminiService.ts\n    line: 22", text)
        self.assertIn("plants: bed.plants", text)

    def test_the_same_import_gives_the_same_files(self):
        path = self.zip(SAMPLE)
        self.assertEqual(self.good(path), self.good(path))

    def test_one_prompt_by_its_name(self):
        path = self.zip(SAMPLE)
        with open(os.path.join(self.place, "rows.csv"), "w", encoding="utf-8") as file:
            file.write("caption,words\na leaf,\"red, green\"\n")
        done = self.run_it("preview", path + "#label-photo", "rows.csv", "--json")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(json.loads(done.stdout)["messages"][0]["content"], [{"text": "Label a leaf with one of: red, green"}])


class Snippets(Case):
    def one(self, text, name="snippet"):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return self.good(path)["prompts"]

    def test_get_code_in_each_language(self):
        script = """import { GoogleGenAI } from '@google/genai';
async function main() {
  const ai = new GoogleGenAI({ apiKey: process.env.GEMINI_API_KEY });
  const config = { thinkingConfig: { thinkingBudget: 0 }, systemInstruction: [{ text: `Be kind.` }] };
  const model = 'gemini-2.5-flash';
  const contents = [{ role: 'user', parts: [{ text: `INSERT_INPUT_HERE` }] }];
  const response = await ai.models.generateContentStream({ model, config, contents });
}
main();
"""
        python = '''import os
from google import genai
from google.genai import types

def generate():
    client = genai.Client(api_key=os.environ.get("GEMINI_API_KEY"))
    model = "gemini-2.5-flash"
    contents = [types.Content(role="user", parts=[types.Part.from_text(text="""INSERT_INPUT_HERE""")])]
    generate_content_config = types.GenerateContentConfig(
        thinking_config=types.ThinkingConfig(thinking_budget=0),
        system_instruction=[types.Part.from_text(text="""Be kind.""")],
    )
    for chunk in client.models.generate_content_stream(model=model, contents=contents, config=generate_content_config):
        print(chunk.text, end="")

if __name__ == "__main__":
    generate()
'''
        shell = """#!/bin/bash
MODEL_ID="gemini-2.5-flash"
GENERATE_CONTENT_API="streamGenerateContent"

cat << EOF > request.json
{
    "contents": [{"role": "user", "parts": [{"text": "INSERT_INPUT_HERE"},]},],
    "systemInstruction": {"parts": [{"text": "Be kind."},]},
    "generationConfig": {"thinkingConfig": {"thinkingBudget": 0,},},
}
EOF

curl \\
-X POST \\
-H "Content-Type: application/json" \\
"https://generativelanguage.googleapis.com/v1beta/models/${MODEL_ID}:${GENERATE_CONTENT_API}?key=${GEMINI_API_KEY}" -d '@request.json'
"""
        for n, text in enumerate((script, python, shell)):
            with self.subTest(text[:20]):
                found = self.one(text, f"snippet{n}")
                self.assertEqual(len(found), 1)
                self.assertEqual((found[0]["model"], found[0]["variables"], found[0]["system_chars"], found[0]["template_chars"],
                                  found[0]["config"]), ("gemini-2.5-flash", ["input"], len("Be kind."), 0, ["thinkingConfig"]))


class Hostile(Case):
    CALL = "ai.models.generateContent({model: 'm', contents: 'Hi'});\n"

    def test_ten_thousand_files(self):
        files = {f"src/{n % 100}/f{n}.ts": f"export const x{n} = {n};\n" for n in range(10000)}
        files["src/call.ts"] = "import { x1 } from './1/f1';\n" + self.CALL
        start = time.monotonic()
        found = self.good(self.zip(files), "--list")
        self.assertEqual([p["file"] for p in found["prompts"]], ["src/call.ts"])
        self.assertLess(time.monotonic() - start, 120)

    def test_deep_broken_and_binary_files(self):
        files = {"good.ts": self.CALL, "deep.ts": "(" * 100000, "quotes.ts": '"' * 100000, "deeper.py": "[" * 100000,
                 "film.ts": b"G" + bytes(range(256)) * 10, "latin.ts": "const é = 'ü';\n".encode("latin-1") + self.CALL.encode(),
                 "large.ts": "x" * ((1 << 20) + 1), "empty.ts": "", "cut.tsx": "export const A = () => { return <div>{`${"}
        start = time.monotonic()
        found = self.good(self.tree(files), "--list")
        self.assertEqual([p["file"] for p in found["prompts"]], ["good.ts", "latin.ts"])
        why = {s["file"]: s["why"] for s in found["skipped"]}
        self.assertEqual(why.pop("film.ts"), "no text, whatever its name says")
        self.assertEqual(why.pop("large.ts"), "source larger than 1 MB: not read")
        self.assertTrue(all("too long" in reason for reason in why.values()), why)
        self.assertLess(time.monotonic() - start, 60)

    def test_links_are_not_followed(self):
        root = self.tree({"good.ts": self.CALL})
        os.symlink("/etc/passwd", os.path.join(root, "passwd.ts"))
        os.symlink(root, os.path.join(root, "loop"))
        found = self.good(root, "--list")
        self.assertEqual([p["file"] for p in found["prompts"]], ["good.ts"])
        self.assertEqual(sorted(s["file"] for s in found["skipped"]), ["loop", "passwd.ts"])

    def test_imports_out_of_the_export_and_in_circles(self):
        files = {"a.ts": "import {p} from '../../../etc/passwd'; import {q} from './b';\nai.models.generateContent({model: 'm', contents: `${p} ${q}`});",
                 "b.ts": "export {q} from './c';", "c.ts": "export {q} from './b';"}
        found = self.good(self.tree(files), "--list")
        self.assertEqual(found["prompts"][0]["variables"], ["p", "q"])

    def test_texts_that_grow_beyond_all_memory(self):
        """Such a text is not known; the call is found all the same, and nothing is eaten up."""
        for grows in ('"xyz"' + ".repeat(1000)" * 6, "b + b", "b.replaceAll('b', b)", "[b, b, b].join(b)"):
            found = self.good(self.tree({"a.ts": (
                'import { GoogleGenAI } from "@google/genai";\nconst ai = new GoogleGenAI({});\nlet b = "bb";\n'
                + f"b = {grows};\n" * 40
                + 'export const f = () => ai.models.generateContent({ model: "gemini-2.5-flash", contents: b });\n')}))
            self.assertEqual(len(found["prompts"]), 1, grows)
            self.assertLess(found["prompts"][0]["template_chars"], 9 << 20)

    def test_a_value_that_doubles(self):
        text = "let s = 'x';\n" + "s = s + s;\n" * 200 + "ai.models.generateContent({model: 'm', contents: s});"
        start = time.monotonic()
        self.good(self.tree({"a.ts": text}), "--list")
        self.assertLess(time.monotonic() - start, 20)


if __name__ == "__main__":
    if not has_grammars():
        print("built without the grammars: an app's source is not read, nothing to test")
        sys.exit(0)
    unittest.main(argv=sys.argv[:1] + ["-v"])
