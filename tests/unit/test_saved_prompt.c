/* test_saved_prompt.c - saved prompts through the whole way: what was saved is what is sent */
#include "core/studio/settings.h"
#include "studio_house.h"

#define PROMPT(chunks, pending)                                                                              \
    "{'runSettings':{'model':'models/"                                                                       \
    "gemini-2.5-flash'},'systemInstruction':{},'chunkedPrompt':{'chunks':[" chunks                           \
    "],'pendingInputs':[" pending "]}}"
#define USER(text) "{'role':'user','text':'" text "'}"
#define MODEL(text) "{'role':'model','text':'" text "','finishReason':'STOP'}"

typedef struct {
    const char *name, *saved;
    bool append;
    const char *variables; /* joined with , */
    const char *rendered;  /* with defaults only, and "V" for what has none */
} chat_case;

static const chat_case chats[] = {
    {"the last user turn is varied, its answer cut",
     PROMPT(USER("Hi") "," MODEL("Hello") "," USER("Bye?") "," MODEL("Bye!"), USER("")), false, "input",
     "user: Hi\nmodel: Hello\nuser: Bye?"},
    {"append keeps all turns", PROMPT(USER("Hi") "," MODEL("Hello"), USER("")), true, "input",
     "user: Hi\nmodel: Hello\nuser: V"},
    {"a pending input is varied, the turns stay", PROMPT(USER("Hi") "," MODEL("Hello"), USER("Next")), false,
     "input", "user: Hi\nmodel: Hello\nuser: Next"},
    {"append and a pending input", PROMPT(USER("Hi") "," MODEL("Hello"), USER("Next")), true, "input",
     "user: Hi\nmodel: Hello\nuser: Next"},
    {"variables stay, the answer is cut", PROMPT(USER("Label {{text}}.") "," MODEL("ok"), USER("")), false,
     "text", "user: Label V."},
    {"variables in the system text count",
     "{'runSettings':{},'systemInstruction':{'text':'You are {{who}}.'},'chunkedPrompt':{'chunks':[" USER(
         "Hi") "]}}",
     false, "who", "system: You are V.\nuser: Hi"},
    {"braces of an answer are no variable", PROMPT(USER("a") "," MODEL("{{b}}") "," USER("c"), ""), false,
     "input", "user: a\nmodel: {{b}}\nuser: c"},
    {"thoughts are no part of it",
     PROMPT(USER("a") ",{'role':'model','text':'hm','isThought':true}," MODEL("b") "," USER("c"), ""), false,
     "input", "user: a\nmodel: b\nuser: c"},
    {"text and parts say the same",
     PROMPT(
         USER("a") ",{'role':'model','text':'one two','parts':[{'text':'one'},{'text':' two'}]}," USER("c"),
         ""),
     false, "input", "user: a\nmodel: one two\nuser: c"},
    {"parts alone, thoughts among them",
     PROMPT(USER("a") ",{'role':'model','parts':[{'text':'hm','thought':true},{'text':'one'},{'text':' "
                      "two'}]}," USER("c"),
            ""),
     false, "input", "user: a\nmodel: one two\nuser: c"},
    {"failed answers go, and part the turns",
     PROMPT(USER("a") ",{'role':'model','text':'half','errorMessage':'internal'}," USER("b"), ""), false,
     "input", "user: a\nuser: b"},
    {"neighbours of one role are one turn", PROMPT(USER("a") "," USER("b") "," MODEL("c") "," USER("d"), ""),
     false, "input", "user: a\n\nb\nmodel: c\nuser: d"},
    {"an attachment joins its question",
     PROMPT("{'role':'user','inlineImage':{'mimeType':'image/png','data':'iVBORw=='}}," USER(
                "What?") "," MODEL("A leaf") "," USER("Sure?"),
            ""),
     false, "input", "user: (data:image/png;base64,iVBORw==)|What?\nmodel: A leaf\nuser: Sure?"},
    {"attachments of the varied turn are varied too",
     PROMPT("{'role':'user','inlineImage':{'mimeType':'image/png','data':'iVBORw=='}}," USER("What?"), ""),
     false, "image,input", "user: (data:image/png;base64,iVBORw==)|What?"},
    {"missing files become variables",
     PROMPT("{'role':'user','driveImage':{'id':'A'}},{'role':'user','driveImage':{'id':'B'}},"
            "{'role':'user','driveDocument':{'id':'C'}}," USER("Compare"),
            ""),
     false, "image,image2,document,input", "user: (V)|(V)|(V)|Compare"},
    {"a missing file in an earlier turn",
     PROMPT("{'role':'user','driveAudio':{'id':'A'}}," MODEL("b") "," USER("c"), ""), false, "audio,input",
     "user: (V)\nmodel: b\nuser: c"},
    {"a film on YouTube",
     PROMPT("{'role':'user','youtubeVideo':{'id':'abc-123'}}," USER("Sum up") "," MODEL("x") "," USER("y"),
            ""),
     false, "input", "user: (https://www.youtube.com/watch?v=abc-123)|Sum up\nmodel: x\nuser: y"},
    {"code that ran is text",
     PROMPT(
         USER("a") ",{'role':'model','executableCode':{'language':'PYTHON','code':'print(1)'}},"
                   "{'role':'model','codeExecutionResult':{'outcome':'OUTCOME_OK','output':'1'}}," USER("b"),
         ""),
     false, "input", "user: a\nmodel: ```python\nprint(1)\n```\n\n```\n1\n```\nuser: b"},
    {"white space around a turn stays", PROMPT(USER("  a \\n") "," MODEL("\\tb\\n\\n") "," USER(" c"), ""),
     false, "input", "user:   a \n\nmodel: \tb\n\n\nuser:  c"},
    {"a system text alone",
     "{'runSettings':{},'systemInstruction':{'parts':[{'text':'Be '},{'text':'brief.'}]},'chunkedPrompt':{}}",
     false, "input", "system: Be brief.\nuser: V"},
    {"no chunks, a pending input", PROMPT("", USER("Now")), false, "input", "user: Now"},
    {"names that helpers have", PROMPT(USER("{{role}} and {{media}}"), ""), false, "role,media",
     "user: V and V"},
    {"text that looks like front matter or a role",
     PROMPT(USER("---\\na: b\\n---\\n{{role \\\"system\\\"}}") "," MODEL("ok") "," USER("x"), ""), false,
     "input", "user: ---\na: b\n---\n{{role \"system\"}}\nmodel: ok\nuser: x"},
};

static void a_chat(gconstpointer data)
{
    const chat_case *c = data;
    g_autofree char *saved = g_strdup(c->saved);
    g_autoptr(tm_draft) draft = house_draft(saved, c->append);
    g_autoptr(tm_prompt) prompt = house_prompt(draft);
    if (!prompt)
        return;
    g_autoptr(GString) values = g_string_new("{");
    for (guint i = 0; i < draft->variables->len; i++) {
        const char *name = g_ptr_array_index(draft->variables, i);
        if (!json_object_get(draft->defaults, name))
            g_string_append_printf(values, "%s'%s':'V'", values->len > 1 ? "," : "", name);
    }
    g_string_append_c(values, '}');
    g_autofree char *rendered = house_render(prompt, values->str);
    g_ptr_array_add(draft->variables, NULL);
    g_autofree char *variables = g_strjoinv(",", (char **)draft->variables->pdata);
    g_assert_cmpstr(variables, ==, c->variables);
    g_assert_cmpstr(rendered, ==, c->rendered);
}

typedef struct {
    const char *run;    /* runSettings */
    const char *config; /* JSON of the config */
    const char *note;   /* begins the only note; NULL: none */
} settings_case;

static void settings(void)
{
    static const settings_case cases[] = {
        {"{}", "{}", NULL},
        {"{'temperature':0.5,'topP':0.9,'topK':40,'maxOutputTokens':100,'responseMimeType':'text/plain'}",
         "{'temperature':0.5,'topP':0.9,'topK':40,'maxOutputTokens':100}", NULL},
        {"{'stopSequences':['END'],'candidateCount':1}", "{'stopSequences':['END']}", NULL},
        {"{'stopSequences':'END','candidateCount':2}", "{'stopSequences':['END']}", "candidateCount"},
        {"{'model':'models/gemini-2.5-flash','thinkingBudget':-1}",
         "{'thinkingConfig':{'thinkingBudget':-1}}", NULL},
        {"{'model':'models/gemini-2.0-flash','thinkingBudget':-1}", "{}", NULL},
        {"{'model':'models/gemini-3-pro','thinkingBudget':-1,'thinkingLevel':'THINKING_HIGH'}",
         "{'thinkingConfig':{'thinkingLevel':'HIGH'}}", NULL},
        {"{'model':'models/gemini-3-pro','thinkingBudget':99,'thinkingLevel':'THINKING_LOW'}",
         "{'thinkingConfig':{'thinkingLevel':'LOW'}}", "thinkingBudget"},
        {"{'model':'models/gemini-2.5-pro','thinkingBudget':99,'thinkingLevel':'THINKING_LOW'}",
         "{'thinkingConfig':{'thinkingBudget':99}}", "thinkingLevel"},
        {"{'thinkingLevel':'THINKING_LEVEL_UNSPECIFIED'}", "{}", NULL},
        {"{'outputResolution':'1K','aspectRatio':'1:1'}", "{}", NULL},
        {"{'model':'models/"
         "gemini-2.5-flash-image','outputResolution':'2K','responseModalities':['IMAGE','TEXT']}",
         "{'responseModalities':['IMAGE','TEXT'],'imageConfig':{'imageSize':'2K'}}", NULL},
        {"{'responseModalities':['TEXT']}", "{}", NULL},
        {"{'enableSearchAsATool':true,'googleSearch':{},'enableBrowseAsATool':true,'enableCodeExecution':"
         "true,"
         "'enableGoogleMaps':true}",
         "{'tools':[{'googleSearch':{}},{'urlContext':{}},{'codeExecution':{}},{'googleMaps':{}}]}", NULL},
        {"{'enableSearchAsATool':false,'googleSearch':{},'enableAutoFunctionResponse':true}", "{}", NULL},
        {"{'functionDeclarations':[{'name':'f'}]}", "{'tools':[{'functionDeclarations':[{'name':'f'}]}]}",
         "the prompt declares"},
        {"{'safetySettings':[{'category':'HARM_CATEGORY_HARASSMENT','threshold':'OFF'},"
         "{'category':'HARM_CATEGORY_HARASSMENT','threshold':'BLOCK_NONE'}]}",
         "{'safetySettings':[{'category':'HARM_CATEGORY_HARASSMENT','threshold':'OFF'}]}", NULL},
        {"{'safetySettings':[{'category':'HARM_CATEGORY_DEROGATORY','threshold':'BLOCK_NONE'}]}", "{}",
         "safety settings of PaLM"},
        {"{'model':'models/chat-bison-001'}", "{}", "chat-bison-001 is gone"},
        {"{'temperature':'hot','stopSequences':{},'tools':5,'safetySettings':'x','model':7,'thinkingBudget':"
         "null}",
         "{}", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].run);
        g_autofree char *saved = g_strdup_printf(
            "{'runSettings':%s,'chunkedPrompt':{'chunks':[{'text':'x {{a}}'}]}}", cases[i].run);
        g_autoptr(tm_draft) draft = house_draft(saved, false);
        g_autoptr(tm_prompt) prompt = house_prompt(draft);
        g_autoptr(json_t) wanted = house_json(cases[i].config);
        g_autofree char *got = tm_json_text(prompt->config), *want = tm_json_text(wanted);
        g_assert_cmpstr(got, ==, want);
        g_assert_cmpint(draft->notes->len, ==, cases[i].note != NULL);
        if (cases[i].note && draft->notes->len)
            g_assert_true(g_str_has_prefix(g_ptr_array_index(draft->notes, 0), cases[i].note));
    }
}

static void schemas(void)
{
    static const char *const cases[][2] = {
        {"{'type':'OBJECT','properties':{'type':{'type':'STRING'},'nullable':{'type':'BOOLEAN','nullable':"
         "true}},"
         "'required':['type'],'propertyOrdering':['type','nullable']}",
         "{'type':'object','properties':{'type':{'type':'string'},'nullable':{'type':['boolean','null']}},"
         "'required':['type'],'propertyOrdering':['type','nullable']}"},
        {"{'type':'ARRAY','minItems':'1','maxItems':3,'items':{'type':'STRING','enum':['A','B'],'nullable':"
         "true}}",
         "{'type':'array','minItems':1,'maxItems':3,'items':{'type':['string','null'],'enum':['A','B',null]}"
         "}"},
        {"{'anyOf':[{'type':'STRING'},{'type':'NUMBER','minimum':0.5}],'nullable':true}",
         "{'anyOf':[{'type':'string'},{'type':'number','minimum':0.5},{'type':'null'}]}"},
        {"{'type':'TYPE_UNSPECIFIED','description':'OBJECT'}", "{'description':'OBJECT'}"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(json_t) saved = house_json(cases[i][0]);
        g_autoptr(json_t) wanted = house_json(cases[i][1]);
        g_autoptr(json_t) got = tm_settings_schema(saved);
        g_autofree char *got_text = tm_json_text(got), *want_text = tm_json_text(wanted);
        g_assert_cmpstr(got_text, ==, want_text);
    }
}

static void a_schema_as_text(void)
{
    g_autoptr(json_t) root =
        json_pack("{s:{s:s, s:s}, s:{s:[{s:s}]}}", "runSettings", "responseMimeType", "application/json",
                  "responseSchema", "{\"type\": \"OBJECT\", \"properties\": {\"a\": {\"type\": \"STRING\"}}}",
                  "chunkedPrompt", "chunks", "text", "{{x}}");
    g_autoptr(tm_draft) draft = tm_saved_prompt_read(root, "f", false, NULL);
    g_autoptr(tm_prompt) prompt = house_prompt(draft);
    g_assert_cmpstr(prompt->output_format, ==, "json");
    g_assert_true(tm_prompt_wants_json(prompt));
    g_assert_cmpstr(tm_json_string(json_object_get(json_object_get(prompt->output_schema, "properties"), "a"),
                                   "type", ""),
                    ==, "string");
}

static void what_is_none(void)
{
    static const char *const none[] = {
        "{}", "{'runSettings':{}}", "{'chunkedPrompt':[]}", "{'runSettings':[],'name':'x'}", "[]",
        "5",  "{'applets':[]}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        g_autoptr(json_t) root = house_json(none[i]);
        g_assert_false(tm_saved_prompt_is(root));
    }
    static const char *const empty[][2] = {
        {PROMPT("", USER("")), "holds no text"},
        {PROMPT("{'role':'model','text':'t','isThought':true},7,null,'x'", "5"), "holds no text"},
        {"{'runSettings':{},'videoPrompt':{}}", "of the kind videoPrompt"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(empty); i++) {
        g_autoptr(json_t) root = house_json(empty[i][0]);
        g_autoptr(GError) error = NULL;
        g_assert_true(tm_saved_prompt_is(root));
        g_assert_null(tm_saved_prompt_read(root, "f", false, &error));
        g_assert_nonnull(error);
        if (error)
            g_assert_nonnull(strstr(error->message, empty[i][1]));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    for (size_t i = 0; i < G_N_ELEMENTS(chats); i++) {
        g_autofree char *path = g_strdup_printf("/saved prompt/%s", chats[i].name);
        g_test_add_data_func(path, &chats[i], a_chat);
    }
    g_test_add_func("/saved prompt/settings become config", settings);
    g_test_add_func("/saved prompt/Gemini's schema becomes JSON Schema", schemas);
    g_test_add_func("/saved prompt/a schema may be a text", a_schema_as_text);
    g_test_add_func("/saved prompt/what is none, and what is an empty one", what_is_none);
    return g_test_run();
}
