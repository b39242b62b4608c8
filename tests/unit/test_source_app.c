/* test_source_app.c - calls of models in whole apps: found in every style, with model, settings, schema,
 * callers */
#include "source_house.h"

#define SDK                                                                                                  \
    "import {GoogleGenAI, Type} from '@google/genai';\nconst ai = new GoogleGenAI({apiKey: "                 \
    "process.env.API_KEY});\n"

static char *schema_keys(const tm_draft *draft)
{
    GString *keys = g_string_new(NULL);
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(draft->schema, "properties"), key, value)
        g_string_append_printf(keys, "%s%s", keys->len ? "," : "", key);
    return g_string_free(keys, FALSE);
}

static void everything_of_a_call(void)
{
    g_autoptr(house_app) house = house_read("services/gemini.ts",
                                            SDK "import { MODELS, base } from '../constants';\n"
                                                "const common = { temperature: 0.2, topP: 0.9 };\n"
                                                "const schema = { type: Type.OBJECT, properties: { ...base, "
                                                "stars: { type: Type.INTEGER, description: 'how many' } }, "
                                                "required: ['stars'] };\n"
                                                "export const rateReview = async (review: string) => {\n"
                                                "  const r = await ai.models.generateContent({\n"
                                                "    model: MODELS.fast,\n    contents: `Rate: ${review}`,\n"
                                                "    config: { ...common, topP: 0.5, systemInstruction: 'Be "
                                                "strict.', responseMimeType: 'application/json', "
                                                "responseSchema: schema },\n  });\n};\n",
                                            "constants.ts",
                                            "export const base = { label: { type: 'STRING' } };\nexport "
                                            "const MODELS = { fast: 'gemini-2.5-flash' } as const;\n",
                                            NULL);
    tm_draft *draft = house_draft_of(house, 0);
    g_autofree char *sends = house_sends(house, 0, "{'review': 'fine'}"), *keys = schema_keys(draft);
    g_assert_cmpstr(sends, ==, "system: Be strict.\nuser: Rate: fine");
    g_assert_cmpstr(draft->model, ==, "gemini-2.5-flash");
    g_assert_cmpstr(draft->title, ==, "rate-review");
    g_assert_cmpstr(draft->api, ==, "generateContent");
    g_assert_cmpint(draft->line, ==, 7);
    g_assert_cmpstr(keys, ==, "label,stars");
    g_assert_cmpstr(draft->response_mime, ==, "application/json");
    g_autofree char *config = tm_json_text(draft->config);
    g_assert_cmpstr(config, ==, "{\"temperature\":0.2,\"topP\":0.5}");
    g_assert_cmpuint(draft->unresolved->len, ==, 0);
}

static void a_wrapper_is_a_prompt_for_each_caller(void)
{
    g_autoptr(house_app) house = house_read(
        "lib/call.ts",
        SDK "export async function callModel(prompt: string, schema?: object, model = 'gemini-2.5-flash') {\n"
            "  return ai.models.generateContent({model, contents: prompt, config: {...(schema ? "
            "{responseSchema: schema, "
            "responseMimeType: 'application/json'} : {})}});\n}\n",
        "lib/index.ts", "export * from './call';\n", "app/jobs.ts",
        "import { callModel as ask } from '@/lib';\n"
        "export const nameShop = (what) => ask(`Name a shop for ${what}.`);\n"
        "export const listTags = (text) => ask(`Tags of ${text}`, {type: 'ARRAY', items: {type: 'STRING'}}, "
        "'gemini-2.5-pro');\n",
        NULL);
    g_assert_cmpuint(house->drafts->len, ==, 2);
    g_autofree char *first = house_sends(house, 0, "{'what': 'tea'}"),
                    *second = house_sends(house, 1, "{'text': 'T'}");
    g_assert_cmpstr(first, ==, "user: Name a shop for tea.");
    g_assert_cmpstr(second, ==, "user: Tags of T");
    tm_draft *one = house_draft_of(house, 0), *two = house_draft_of(house, 1);
    g_assert_cmpstr(one->title, ==, "name-shop");
    g_assert_cmpstr(one->caller_file, ==, "app/jobs.ts");
    g_assert_cmpint(one->caller_line, ==, 2);
    g_assert_null(one->schema);
    g_assert_nonnull(two->schema);
    g_assert_cmpstr(two->model, ==, "gemini-2.5-pro");
    g_assert_cmpuint(two->unresolved->len, ==, 0);
}

static void a_wrapper_of_a_whole_request(void)
{
    g_autoptr(house_app) house = house_read(
        "core.ts",
        SDK "export const ask = async (request) => retry(() => ai.models.generateContent(request));\n",
        "a.ts",
        "import { ask } from './core';\nexport const nameIt = (what) => ask({model: 'm', contents: `Name "
        "${what}`});\n",
        NULL);
    g_assert_cmpuint(house->drafts->len, ==, 1);
    g_assert_cmpuint(house->skipped->len, ==, 0);
    g_autofree char *sends = house_sends(house, 0, "{'what': 'tea'}");
    g_assert_cmpstr(sends, ==, "user: Name tea");
    g_assert_cmpstr(house_draft_of(house, 0)->title, ==, "name-it");
}

/* Every style: the file, its text, what it sends, the model, the name of the API. */
static const struct {
    const char *file, *text, *input, *sends, *model, *api;
} styles[] = {
    {"a.js",
     SDK "const x = await ai.models.generateContentStream({model: 'm1', contents: [{role: 'user', parts: "
         "[{text: 'Hi'}]}]});",
     "{}", "user: Hi", "m1", "generateContentStream"},
    {"old.js",
     "const g = new GoogleGenerativeAI(k);\nconst model = g.getGenerativeModel({model: 'm2', "
     "systemInstruction: 'S', generationConfig: "
     "{temperature: 1}});\nasync function f(q) { const r = await model.generateContent(`Q: ${q}`); }",
     "{'q': '1'}", "system: S\nuser: Q: 1", "m2", "generateContent"},
    {"chat.tsx",
     SDK "export function App() {\n  const [text, setText] = useState('');\n  const chat = "
         "ai.chats.create({model: 'm3', config: "
         "{systemInstruction: 'S'}});\n  const send = async () => { await chat.sendMessage({message: `So: "
         "${text}`}); };\n  return <p onClick={send}>A & B</p>;\n}",
     "{'text': 't'}", "system: S\nuser: So: t", "m3", "chats.sendMessage"},
    {"image.ts",
     SDK "const draw = (what) => ai.models.generateImages({model: 'imagen', prompt: `Draw ${what}`, config: "
         "{aspectRatio: '1:1'}});",
     "{'what': 'x'}", "user: Draw x", "imagen", "generateImages"},
    {"open.ts",
     "const openai = new OpenAI({baseURL: 'https://example.com'});\nexport const f = async (q) => "
     "openai.chat.completions.create({model: 'm4', max_tokens: 9, messages: "
     "[{role: 'system', content: 'S'}, {role: 'user', content: q + '?'}]});",
     "{'q': 'w'}", "system: S\nuser: w?", "m4", "chat.completions.create"},
    {"rest.js",
     "const MODEL = 'm5';\nasync function f(q) {\n const body = {contents: [{parts: [{text: `R ${q}`}]}]};\n "
     "await "
     "fetch(`https://generativelanguage.googleapis.com/v1beta/models/${MODEL}:generateContent?key=${K}`, "
     "{method: 'POST', body: "
     "JSON.stringify(body)});\n}",
     "{'q': 'w'}", "user: R w", "m5", "generateContent"},
    {"new.ts", SDK "const f = (q) => ai.interactions.create({model: 'm6', input: `I ${q}`});", "{'q': 'w'}",
     "user: I w", "m6", "interactions.create"},
    {"class.ts",
     SDK "class Service {\n  private model = 'm7';\n  constructor(private key) { this.lead = 'Lead'; }\n  "
         "private build(x) { return `${this.lead}: ${x}`; }\n  async ask(topic) { "
         "return ai.models.generateContent({model: this.model, contents: this.build(topic)}); }\n}",
     "{'topic': 'w'}", "user: Lead: w", "m7", "generateContent"},
    {"py/new.py",
     "from google import genai\nfrom google.genai import types\nclient = genai.Client()\n\ndef ask(topic, "
     "lines):\n    prompt = f\"\"\"On {topic}:\n\"\"\" + "
     "\"\\n\".join(f\"- {line}\" for line in lines)\n    return client.models.generate_content(model=\"m8\", "
     "contents=prompt, "
     "config=types.GenerateContentConfig(system_instruction=\"S\", temperature=0.5, max_output_tokens=7))\n",
     "{'topic': 't', 'lines': ['a', 'b']}", "system: S\nuser: On t:\n- a\n- b", "m8", "generateContent"},
    {"py/old.py",
     "import google.generativeai as genai\nmodel = genai.GenerativeModel('m9', "
     "system_instruction='S')\n\ndef ask(q):\n    return "
     "model.generate_content('Q: {}'.format(q))\n",
     "{'q': 'x'}", "system: S\nuser: Q: x", "m9", "generateContent"},
    {"run.sh",
     "MODEL_ID=\"m10\"\ncat << EOF > request.json\n{\n \"contents\": [{\"role\": \"user\", \"parts\": "
     "[{\"text\": \"INSERT_INPUT_HERE\"},]},],\n "
     "\"generationConfig\": {\"temperature\": 1,},\n}\nEOF\n\ncurl \\\n-X POST "
     "\\\n\"https://generativelanguage.googleapis.com/v1beta/models/"
     "${MODEL_ID}:streamGenerateContent?key=${GEMINI_API_KEY}\" -d '@request.json'\n",
     "{'input': 'x'}", "user: x", "m10", "generateContent"},
    {"snippet",
     "curl \"https://generativelanguage.googleapis.com/v1beta/models/m11:generateContent\" -d "
     "'{\"contents\": [{\"parts\": [{\"text\": \"Hi\"}]}]}'\n",
     "{}", "user: Hi", "m11", "generateContent"},
};

static void every_style_of_calling(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(styles); i++) {
        g_test_message("%s", styles[i].file);
        g_autoptr(house_app) house = house_read(styles[i].file, styles[i].text, NULL);
        g_assert_cmpuint(house->drafts->len, ==, 1);
        tm_draft *draft = house_draft_of(house, 0);
        g_autofree char *sends = house_sends(house, 0, styles[i].input);
        g_assert_cmpstr(sends, ==, styles[i].sends);
        g_assert_cmpstr(draft->model, ==, styles[i].model);
        g_assert_cmpstr(draft->api, ==, styles[i].api);
    }
}

static void a_python_class_is_a_schema(void)
{
    g_autoptr(house_app) house =
        house_read("a.py",
                   "from google import genai\nfrom pydantic import BaseModel, Field\nclass "
                   "Step(BaseModel):\n    text: str\nclass Recipe(BaseModel):\n    name: str = "
                   "Field(description=\"its name\")\n    steps: list[Step]\n    kind: Optional[str] = None\n"
                   "r = genai.Client().models.generate_content(model='m', contents='x', "
                   "config={'response_mime_type': 'application/json', "
                   "'response_schema': list[Recipe]})\n",
                   NULL);
    tm_draft *draft = house_draft_of(house, 0);
    g_autofree char *schema = tm_json_text(draft->schema);
    g_assert_cmpstr(
        schema, ==,
        "{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\","
        "\"description\":\"its "
        "name\"},\"steps\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"text\":{"
        "\"type\":\"string\"}},\"required\":["
        "\"text\"]}},\"kind\":{\"type\":[\"string\",\"null\"]}},\"required\":[\"name\",\"steps\"]}}");
}

static void zod_is_a_schema(void)
{
    g_autoptr(house_app) house = house_read(
        "a.ts",
        SDK "import { z } from 'zod';\nimport { zodToJsonSchema } from 'zod-to-json-schema';\n"
            "const step = z.object({ text: z.string().min(3), kind: z.enum(['a', 'b']).optional() });\n"
            "const recipe = z.object({ name: z.string().describe('its name'), steps: z.array(step), stars: "
            "z.number().int() });\n"
            "ai.models.generateContent({model: 'm', contents: 'x', config: {responseMimeType: "
            "'application/json', "
            "responseJsonSchema: zodToJsonSchema(recipe)}});",
        NULL);
    tm_draft *draft = house_draft_of(house, 0);
    g_autofree char *schema = tm_json_text(draft->schema);
    g_assert_cmpstr(
        schema, ==,
        "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"description\":\"its "
        "name\"},\"steps\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"text\":{"
        "\"type\":"
        "\"string\",\"minLength\":3},\"kind\":{\"type\":\"string\",\"enum\":[\"a\",\"b\"]}},\"required\":["
        "\"text\"]}},"
        "\"stars\":{\"type\":\"integer\"}},\"required\":[\"name\",\"steps\",\"stars\"]}");
}

static void what_is_no_prompt_is_told(void)
{
    g_autoptr(house_app) house = house_read("a.ts",
                                            SDK "await ai.models.embedContent({model: 'e', contents: "
                                                "'x'});\nawait ai.models.generateContent(request);",
                                            NULL);
    g_assert_cmpuint(house->drafts->len, ==, 0);
    g_assert_cmpuint(house->skipped->len, ==, 2);
    g_assert_cmpstr(g_ptr_array_index(house->skipped, 0), ==,
                    "a.ts:3: embedContent makes vectors, not answers: no prompt");
    g_assert_true(
        g_str_has_prefix(g_ptr_array_index(house->skipped, 1), "a.ts:4: what it sends can't be read"));
}

static void an_apps_own_function_is_no_call(void)
{
    g_autoptr(house_app) house =
        house_read("a.ts",
                   "const tools = { generateContent(x) { return x; } "
                   "};\ntools.generateContent('x');\nchrome.runtime.sendMessage('x');",
                   NULL);
    g_assert_cmpuint(house->drafts->len + house->skipped->len, ==, 0);
}

static void keys_are_taken_out(void)
{
    g_autoptr(house_app) house = house_read("a.ts",
                                            SDK "await ai.models.generateContent({model: 'm', contents: 'Key "
                                                "AIzaSyA0123456789abcdefghijklmnopqrstuv end'});",
                                            NULL);
    g_autofree char *sends = house_sends(house, 0, NULL);
    g_assert_cmpstr(sends, ==, "user: Key [key] end");
}

static void hostile_sources_end(void)
{
    static const char *const opens[] = {"(", "[", "{", "`${", "a?", "\"", "f(", "x=>", "if(1)", "<div>", "-"};
    for (gsize i = 0; i < G_N_ELEMENTS(opens); i++) {
        g_autoptr(GString) deep = g_string_new(SDK "ai.models.generateContent({model: 'm', contents: ");
        for (int n = 0; n < 20000; n++)
            g_string_append(deep, opens[i]);
        house_close(house_read("deep.ts", deep->str, "deep.py", deep->str, NULL));
    }
    house_close(house_read("loop.ts",
                           SDK "const a = b, b = a; function f(x) { return f(x + f(x)); }\nlet s = 'x'; for "
                               "(const q of [1,2,3,4,5,6,7,8,9]) { s = s + s + s + s; }\n"
                               "ai.models.generateContent({model: a, contents: f(s)});",
                           "one.ts", "export * from './two'; export * from './one';", "two.ts",
                           "export * from './one'; import {z} from './one'; z();", NULL));
    g_autoptr(tm_app) app = tm_app_new();
    g_assert_false(tm_app_add(app, "film.ts", "G\0x", 3));
    g_assert_true(tm_app_add(app, "odd.ts", "const \xff = '\xc3';", 14));
    g_autoptr(GPtrArray) drafts = g_ptr_array_new(), skipped = g_ptr_array_new_with_free_func(g_free);
    tm_app_read(app, drafts, house_skip, skipped);
    g_assert_cmpuint(drafts->len, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!tm_parse_can()) {
        g_test_message("built without grammars");
        return 0;
    }
    g_test_add_func("/app/everything of a call", everything_of_a_call);
    g_test_add_func("/app/a wrapper is a prompt for each caller", a_wrapper_is_a_prompt_for_each_caller);
    g_test_add_func("/app/a wrapper of a whole request", a_wrapper_of_a_whole_request);
    g_test_add_func("/app/every style of calling", every_style_of_calling);
    g_test_add_func("/app/a Python class is a schema", a_python_class_is_a_schema);
    g_test_add_func("/app/zod is a schema", zod_is_a_schema);
    g_test_add_func("/app/what is no prompt is told", what_is_no_prompt_is_told);
    g_test_add_func("/app/an app's own function is no call", an_apps_own_function_is_no_call);
    g_test_add_func("/app/keys are taken out", keys_are_taken_out);
    g_test_add_func("/app/hostile sources end", hostile_sources_end);
    return g_test_run();
}
