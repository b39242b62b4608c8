/* test_source_callers.c - apps that wrap their calls: what the callers say, and the model that is chosen
 * elsewhere */
#include "source_house.h"

#define SDK                                                                                                  \
    "import {GoogleGenAI, Type} from '@google/genai';\nconst ai = new GoogleGenAI({apiKey: "                 \
    "process.env.API_KEY});\n"

static void a_spread_request_is_the_callers(void)
{
    g_autoptr(house_app) house = house_read(
        "a.ts",
        SDK "async function withSpare(options) {\n"
            "  return ai.models.generateContent({...options, model: 'gemini-spare'});\n}\n"
            "export const nameIt = (what) => withSpare({model: 'gemini-first', contents: `Name ${what}`, "
            "config: {systemInstruction: 'Be short.'}});\n",
        NULL);
    g_assert_cmpuint(house->drafts->len, ==, 1);
    g_autofree char *sends = house_sends(house, 0, "{'what': 'tea'}");
    g_assert_cmpstr(sends, ==, "system: Be short.\nuser: Name tea");
    g_assert_cmpstr(house_draft_of(house, 0)->model, ==, "gemini-spare");
}

static void a_body_that_is_text_already_is_the_callers(void)
{
    g_autoptr(house_app) house = house_read(
        "api.ts",
        "async function post(params) {\n  for (const model of ['gemini-2.5-flash', 'gemini-2.0-flash']) {\n"
        "    const r = await "
        "fetch(`https://generativelanguage.googleapis.com/v1beta/models/${model}:generateContent`, "
        "{method: 'POST', body: params.body});\n    if (r.ok) return r;\n  }\n}\n"
        "export const rate = (text) => post({body: JSON.stringify({contents: [{parts: [{text: `Rate "
        "${text}`}]}], "
        "generationConfig: {temperature: 0}})});\n",
        NULL);
    g_assert_cmpuint(house->drafts->len, ==, 1);
    g_autofree char *sends = house_sends(house, 0, "{'text': 'T'}");
    g_assert_cmpstr(sends, ==, "user: Rate T");
    g_assert_cmpstr(house_draft_of(house, 0)->model, ==, "gemini-2.5-flash");
}

static void a_provider_is_told_by_its_class(void)
{
    g_autoptr(house_app) house = house_read(
        "llm.ts",
        "import {GoogleGenAI} from '@google/genai';\n"
        "export class Google { ai = new GoogleGenAI({});\n"
        "  async generateContent(model, text) { return this.ai.models.generateContent({model, contents: "
        "text}); }\n}\n"
        "export class Other {\n  async generateContent(model, text) { return nothing(model, text); }\n}\n"
        "export const provider = (kind) => kind === 'other' ? new Other() : new Google();\n",
        "use.ts",
        "import {provider} from './llm';\nexport async function greet(kind, name) {\n  const p = "
        "provider(kind);\n"
        "  return p.generateContent('gemini-2.5-pro', `Greet ${name}`);\n}\n",
        /* Not one of its callers: that is the SDK's own. */
        "check.js",
        "const g = new GoogleGenerativeAI(k);\nasync function test() {\n"
        "  const model = g.getGenerativeModel({model: 'gemini-old'});\n  await "
        "model.generateContent('Hello');\n}\n",
        NULL);
    g_assert_cmpuint(house->drafts->len, ==, 2);
    g_autofree char *first = house_sends(house, 0, "{}"), *second = house_sends(house, 1, "{'name': 'Bo'}");
    g_assert_cmpstr(first, ==, "user: Hello");
    g_assert_cmpstr(second, ==, "user: Greet Bo");
    g_assert_cmpstr(house_draft_of(house, 1)->model, ==, "gemini-2.5-pro");
}

static void a_system_turn_is_the_callers(void)
{
    g_autoptr(house_app) house =
        house_read("groq.ts",
                   "async function answer(p) {\n  return "
                   "fetch('https://api.groq.com/openai/v1/chat/completions', {method: 'POST', "
                   "body: JSON.stringify({model: 'llama', messages: [{role: 'system', content: p.system}, "
                   "{role: 'user', "
                   "content: `Question: ${p.query}`}]})});\n}\n"
                   "export const help = (query) => answer({system: 'You help.', query});\n",
                   NULL);
    g_assert_cmpuint(house->drafts->len, ==, 1);
    g_autofree char *sends = house_sends(house, 0, "{'query': 'q'}");
    g_assert_cmpstr(sends, ==, "system: You help.\nuser: Question: q");
}

/* Where a model is named: the sources, and which it is. */
static const struct {
    const char *text, *model;
} models[] = {
    {SDK
     "const defaults = {textModel: 'gemini-2.5-flash'};\n"
     "export const ask = (q, config) => ai.models.generateContent({model: config.textModel, contents: q});\n",
     "gemini-2.5-flash"},
    {SDK "function App() { const [chosenModel, setChosenModel] = useState('gemini-2.5-pro'); }\n"
         "export const ask = (q, modelName) => ai.models.generateContent({model: modelName, contents: q});\n",
     "gemini-2.5-pro"},
    {"class S {\n  constructor() {\n    this.g = new GoogleGenerativeAI(k);\n"
     "    this.model = this.g.getGenerativeModel({model: 'gemini-1.5-flash'});\n  }\n"
     "  async ask(q) { return this.model.generateContent(q); }\n}\n",
     "gemini-1.5-flash"},
    {SDK
     "export async function ask(q, mode) {\n  const first = mode === 'deep' ? 'gemini-pro' : 'gemini-fast';\n"
     "  for (const model of [first, 'gemini-last']) {\n"
     "    const r = await ai.models.generateContent({model, contents: q});\n    if (r) return r;\n  }\n}\n",
     "gemini-fast"},
    /* a callback of the app's own that is tried with one model after the other */
    {SDK "const withFallback = async (work) => { for (const m of ['gemini-2.5-flash', 'gemini-2.0-flash']) { "
         "try { return await work(m); } catch (e) {} } };\n"
         "export const ask = (q) => withFallback(async (model) => ai.models.generateContent({model, "
         "contents: q}));\n",
     "gemini-2.5-flash"},
    {"import {GoogleGenAI} from '@google/genai';\nclass S {\n  ai = new GoogleGenAI({});\n"
     "  MODELS = ['gemini-2.5-flash-lite', 'gemini-2.5-pro'];\n"
     "  async retry(work, tries = 2, at = 0) {\n    const m = this.MODELS[at] || this.MODELS[0];\n"
     "    try { return await work(m); } catch (e) { return this.retry(work, tries - 1, at + 1); }\n  }\n"
     "  ask(q) { return this.retry(async (model) => this.ai.models.generateContent({model, contents: q})); "
     "}\n}\n",
     "gemini-2.5-flash-lite"},
    {SDK "function App() { const [modelId, setModelId] = useState(() => { return "
         "localStorage.getItem('m') || 'gemini-2.5-pro'; }); }\n"
         "export const ask = (q, modelId) => ai.models.generateContent({model: modelId, contents: q});\n",
     "gemini-2.5-pro"},
    {SDK "export const start = {version: 'gemini-2.5-flash', tone: 'dry'};\n"
         "export const ask = (q, modelSettings) => ai.models.generateContent({model: modelSettings.version, "
         "contents: q});\n",
     "gemini-2.5-flash"},
    {"import google.generativeai as genai\nclass S:\n    def __init__(self, key):\n        self.model = "
     "None\n"
     "        if key:\n            self.model = genai.GenerativeModel('gemini-2.5-flash-lite')\n"
     "    def ask(self, q):\n        return self.model.generate_content(f'Q: {q}')\n# def \n",
     "gemini-2.5-flash-lite"},
    {"def make():\n    return genai.GenerativeModel('gemini-1.5-pro')\n"
     "import google.generativeai as genai\n"
     "def ask(model, q):\n    return model.generate_content(f'Q: {q}')\n"
     "def main():\n    m = make()\n    ask(m, input())\n",
     "gemini-1.5-pro"},
};

static void the_model_is_found_where_it_is_named(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(models); i++) {
        bool python = strstr(models[i].text, "def ") != NULL;
        g_autoptr(house_app) house = house_read(python ? "a.py" : "a.tsx", models[i].text, NULL);
        g_test_message("%s", models[i].text);
        g_assert_cmpstr(house_draft_of(house, 0)->model, ==, models[i].model);
    }
}

/* Its own words would read as code, and hide what follows. */
static void a_page_is_read_by_its_scripts(void)
{
    g_autoptr(house_app) house = house_read(
        "index.html",
        "<!doctype html>\n<p>It's {one} of `many & <b>more</b></p>\n<script>const late = 1;</script>\n"
        "<SCRIPT type=\"module\">\nimport {GoogleGenAI} from '@google/genai';\nconst ai = new "
        "GoogleGenAI({});\n"
        "async function ask() {\n  const q = document.getElementById('q').value;\n"
        "  const text = `Answer: ${q}`;\n"
        "  return ai.models.generateContent({model: 'gemini-2.5-flash', contents: text});\n}\n</SCRIPT>\n",
        NULL);
    g_autofree char *sends = house_sends(house, 0, "{'q': 'Q'}");
    g_assert_cmpstr(sends, ==, "user: Answer: Q");
    g_assert_cmpint(house_draft_of(house, 0)->line, ==, 10);
}

static void a_switch_without_a_default_keeps_its_cases(void)
{
    g_autoptr(house_app) house = house_read(
        "a.ts",
        SDK "const say = (mode) => { switch (mode) { case 'a': return 'Be A.'; case 'b': return 'Be B.'; "
            "case 'c': "
            "return 'Be C.'; } };\n"
            "export const ask = (mode, q) => ai.models.generateContent({model: 'm', contents: q, config: "
            "{systemInstruction: say(mode)}});\n",
        NULL);
    g_autofree char *a = house_sends(house, 0, "{'mode': 'a', 'q': 'Q'}"),
                    *c = house_sends(house, 0, "{'mode': 'c', 'q': 'Q'}");
    g_assert_cmpstr(a, ==, "system: Be A.\nuser: Q");
    g_assert_cmpstr(c, ==, "system: Be C.\nuser: Q");
}

static void turns_that_a_chat_is_given_are_left_out(void)
{
    g_autoptr(house_app) house = house_read(
        "a.ts",
        SDK
        "export async function talk(message, history = []) {\n"
        "  const chat = ai.chats.create({model: 'm', history, config: {systemInstruction: 'Be kind.'}});\n"
        "  return chat.sendMessage({message});\n}\n",
        NULL);
    g_autofree char *sends = house_sends(house, 0, "{'message': 'Hi'}");
    g_assert_cmpstr(sends, ==, "system: Be kind.\nuser: Hi");
    g_assert_cmpuint(house_draft_of(house, 0)->unresolved->len, ==, 1);
}

static void a_file_is_called_as_the_app_calls_it(void)
{
    g_autoptr(house_app) house = house_read(
        "a.ts",
        SDK "const encode = async (blob) => {\n  const data = new Promise((resolve) => { const reader = new "
            "FileReader(); reader.onloadend = () => resolve(reader.result.split(',')[1]); "
            "reader.readAsDataURL(blob); });\n  return {inlineData: {data: await data, mimeType: "
            "blob.type}};\n};\n"
            "export async function tell(photo) {\n"
            "  return ai.models.generateContent({model: 'm', contents: {parts: [await encode(photo), {text: "
            "'What is "
            "it?'}]}});\n}\n",
        NULL);
    g_autofree char *sends = house_sends(house, 0, "{'photo': 'p.png'}");
    g_assert_cmpstr(sends, ==, "user: (p.png)|What is it?");
}

static void what_a_screen_begins_with(void)
{
    g_autoptr(house_app) house = house_read("App.tsx",
                                            SDK "const RULES = 'You are a patient teacher.\\nNever give the "
                                                "answer away, ask the next small question.';\n"
                                                "export function App() {\n  const [form, setForm] = "
                                                "useState({rules: RULES, tone: 'warm', topic: ''});\n"
                                                "  const ask = async () => ai.models.generateContent({model: "
                                                "'m', contents: `${form.tone}: ${form.topic}`, "
                                                "config: {systemInstruction: form.rules}});\n}\n",
                                            NULL);
    g_autofree char *sends = house_sends(house, 0, "{'topic': 'sums'}");
    g_assert_cmpstr(sends, ==,
                    "system: You are a patient teacher.\nNever give the answer away, ask the next small "
                    "question.\nuser: warm: sums");
}

static void a_notebook_is_its_code(void)
{
    g_autoptr(house_app) house = house_read(
        "lab.ipynb",
        "{\"cells\": [{\"cell_type\": \"markdown\", \"source\": [\"client.models.generate_content()\"]},\n"
        "{\"cell_type\": \"code\", \"source\": [\"!pip install google-genai\\n\", \"MODEL = "
        "'gemini-2.5-flash'\"]},\n"
        "{\"cell_type\": \"code\", \"source\": \"def ask(what):\\n    return "
        "client.models.generate_content(model=MODEL, "
        "contents=f'Tell of {what}')\"}]}",
        NULL);
    g_assert_cmpuint(house->drafts->len, ==, 1);
    g_autofree char *sends = house_sends(house, 0, "{'what': 'tea'}");
    g_assert_cmpstr(sends, ==, "user: Tell of tea");
    g_assert_cmpstr(house_draft_of(house, 0)->model, ==, "gemini-2.5-flash");
}

static void vercels_sdk(void)
{
    g_autoptr(house_app) house =
        house_read("a.ts",
                   "import {generateText, generateObject as unused, generateObject} from 'ai';\n"
                   "import {google} from '@ai-sdk/google';\nimport {z} from 'zod';\nconst fast = "
                   "google('gemini-2.5-flash');\n"
                   "export async function sum(text) {\n"
                   "  await generateText({model: fast, system: 'Be brief.', prompt: `Sum up ${text}`, "
                   "temperature: 0.2});\n"
                   "  await generateObject({model: google('gemini-2.5-pro'), schema: z.object({title: "
                   "z.string()}), messages: "
                   "[{role: 'user', content: `Title of ${text}`}]});\n}\n",
                   NULL);
    g_assert_cmpuint(house->drafts->len, ==, 2);
    g_autofree char *first = house_sends(house, 0, "{'text': 'T'}"),
                    *second = house_sends(house, 1, "{'text': 'T'}");
    g_assert_cmpstr(first, ==, "system: Be brief.\nuser: Sum up T");
    g_assert_cmpstr(second, ==, "user: Title of T");
    tm_draft *one = house_draft_of(house, 0), *two = house_draft_of(house, 1);
    g_autofree char *config = tm_json_text(one->config);
    g_assert_cmpstr(one->model, ==, "gemini-2.5-flash");
    g_assert_cmpstr(config, ==, "{\"temperature\":0.2}");
    g_assert_null(one->response_mime);
    g_assert_cmpstr(two->model, ==, "gemini-2.5-pro");
    g_assert_cmpstr(two->response_mime, ==, "application/json");
    g_assert_nonnull(json_object_get(json_object_get(two->schema, "properties"), "title"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!tm_parse_can()) {
        g_test_message("built without grammars");
        return 0;
    }
    g_test_add_func("/source/a page is read by its scripts", a_page_is_read_by_its_scripts);
    g_test_add_func("/source/a spread request is the callers'", a_spread_request_is_the_callers);
    g_test_add_func("/source/a body that is text already is the callers'",
                    a_body_that_is_text_already_is_the_callers);
    g_test_add_func("/source/a provider is told by its class", a_provider_is_told_by_its_class);
    g_test_add_func("/source/a system turn is the callers'", a_system_turn_is_the_callers);
    g_test_add_func("/source/the model is found where it is named", the_model_is_found_where_it_is_named);
    g_test_add_func("/source/a switch without a default keeps its cases",
                    a_switch_without_a_default_keeps_its_cases);
    g_test_add_func("/source/turns that a chat is given are left out",
                    turns_that_a_chat_is_given_are_left_out);
    g_test_add_func("/source/a file is called as the app calls it", a_file_is_called_as_the_app_calls_it);
    g_test_add_func("/source/Vercel's SDK", vercels_sdk);
    g_test_add_func("/source/what a screen begins with", what_a_screen_begins_with);
    g_test_add_func("/source/a notebook is its code", a_notebook_is_its_code);
    return g_test_run();
}
