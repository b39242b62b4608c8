/* test_prompt.c - .prompt files: front matter, body, partials, and the copy a revision keeps. */
#include "core/error.h"
#include "core/json.h"
#include "core/prompt.h"
#include "tests/unit/folder.h"
#include <glib/gstdio.h>
#include <string.h>

static tm_prompt *parse(const char *text, GError **error)
{
    return tm_prompt_from_text("t.prompt", text, strlen(text), NULL, error);
}

static char *render(const tm_prompt *prompt, const char *row)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) input = tm_json_parse(row, strlen(row), NULL);
    g_autoptr(GPtrArray) messages = prompt ? tm_prompt_render(prompt, input, &error) : NULL;
    if (!messages)
        return g_strdup(error ? error->message : "no prompt");
    g_autoptr(json_t) json = tm_messages_to_json(messages);
    return tm_json_text(json);
}

static void assert_json(const json_t *json, const char *want)
{
    g_autofree char *text = tm_json_text(json);
    g_assert_cmpstr(text, ==, want);
}

static void a_whole_prompt_is_read(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_prompt) prompt =
        parse("# Copyright of somebody\n"
              "\n"
              "---\n"
              "model: googleai/gemini-2.5-flash\n"
              "config:\n"
              "  temperature: 0.1\n"
              "  stopSequences: [END]\n"
              "input:\n"
              "  schema:\n"
              "    text: string, the review\n"
              "    lang?: string\n"
              "  default: {lang: en}\n"
              "output:\n"
              "  format: json\n"
              "  schema:\n"
              "    label(enum): [good, bad]\n"
              "tools: [x]\n"
              "metadata: {from: here}\n"
              "acme.team.owner: me\n"
              "acme.level: 3\n"
              "custom: 1\n"
              "---\n"
              "\n"
              "  {{role \"system\"}}Label it.{{role \"user\"}}{{lang}}: {{text}}\n\n",
              &error);
    g_assert_no_error(error);
    g_assert_cmpstr(prompt->model, ==, "gemini-2.5-flash");
    g_assert_cmpstr(prompt->provider, ==, "googleai");
    assert_json(prompt->config, "{\"temperature\":0.1,\"stopSequences\":[\"END\"]}");
    assert_json(prompt->input_default, "{\"lang\":\"en\"}");
    assert_json(prompt->tools, "[\"x\"]");
    assert_json(prompt->metadata, "{\"from\":\"here\"}");
    assert_json(prompt->ext, "{\"acme.team\":{\"owner\":\"me\"},\"acme\":{\"level\":3}}");
    assert_json(prompt->output_schema,
                "{\"type\":\"object\",\"properties\":{\"label\":{\"enum\":[\"good\",\"bad\"]}},"
                "\"required\":[\"label\"],\"additionalProperties\":false}");
    g_assert_cmpstr(prompt->output_format, ==, "json");
    g_assert_true(tm_prompt_wants_json(prompt));
    g_autoptr(json_t) answer = json_pack("{s:s}", "label", "ugly");
    g_autofree char *why = NULL;
    g_assert_false(tm_schema_check(prompt->output_check, answer, &why));
    g_assert_cmpstr(why, ==, "/label: \"ugly\" is none of \"good\", \"bad\"");
    size_t n;
    const tm_variable *variables = tm_template_variables(prompt->template, &n);
    g_assert_cmpuint(n, ==, 2);
    g_assert_cmpint(variables[0].line, ==, 24);
    g_autofree char *messages = render(prompt, "{\"text\": \"fine\"}");
    g_assert_cmpstr(
        messages, ==,
        "[{\"role\":\"system\",\"content\":[{\"text\":\"Label it.\"}]},{\"role\":\"user\",\"content\":"
        "[{\"text\":\"en: fine\"}]}]");
    g_autofree char *over = render(prompt, "{\"text\": \"gut\", \"lang\": \"de\"}");
    g_assert_nonnull(strstr(over, "de: gut"));
}

static void odd_files_are_read(void)
{
    static const char *const cases[][2] = {
        {"just {{x}}\n", "just 1\n"},
        {"\xef\xbb\xbfjust {{x}}", "just 1"},
        {"\xef\xbb\xbf---\r\nmodel: m\r\n---\r\nhi\r\n{{x}}\r\n", "hi\r\n1"},
        {"---\n---\n{{x}}", "1"},
        {"---\n# nothing\n---\n{{x}}", "1"},
        {"---  \nmodel: m\n--- \t\n\n {{x}} \n\n", "1"},
        {"# no front matter {{x}}\n", "# no front matter 1\n"},
        {"text\n---\nmore {{x}}", "text\n---\nmore 1"},
        {"---\nmodel: m\n---\na\n---\nb", "a\n---\nb"},
        {"---\nmodel: m\n---", ""},
        {"---\nconfig: {a: '--- x'}\n---\n----\n{{x}}", "----\n1"},
        {"", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(tm_prompt) prompt = parse(cases[i][0], &error);
        g_assert_no_error(error);
        g_autofree char *messages = render(prompt, "{\"x\": 1}");
        g_autoptr(json_t) all = tm_json_parse(messages, strlen(messages), NULL);
        json_t *content = json_object_get(json_array_get(all, 0), "content");
        const char *text = json_string_value(json_object_get(json_array_get(content, 0), "text"));
        g_assert_cmpstr(text ? text : "", ==, cases[i][1]);
    }
}

static void models_lose_their_prefixes(void)
{
    static const char *const cases[][3] = {
        {"gemini-2.5-flash", NULL, "gemini-2.5-flash"},
        {"models/gemini-2.5-flash", NULL, "gemini-2.5-flash"},
        {"googleai/models/x", "googleai", "x"},
        {"openai/gpt-5", "openai", "gpt-5"},
        {"openrouter/google/gemini-2.5-flash", "openrouter", "google/gemini-2.5-flash"},
        {"meta-llama/Llama-3", NULL, "meta-llama/Llama-3"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("---\nmodel: %s\n---\nx", cases[i][0]);
        g_autoptr(tm_prompt) prompt = parse(text, NULL);
        g_assert_cmpstr(prompt->provider, ==, cases[i][1]);
        g_assert_cmpstr(prompt->model, ==, cases[i][2]);
    }
}

static void mistakes_name_file_and_line(void)
{
    static const char *const cases[][2] = {
        {"---\nmodel: m\nx", "t.prompt:1: the front matter that begins here never ends"},
        {"\n# c\n---\na: b: c\n---\n",
         "t.prompt:4:5: mapping values are not allowed in this context\n    a: b: c\n        ^"},
        {"---\napiKey: AIzaSyTheSecretOfThisTest000000000000000\nb: [\n---\n", "t.prompt:"},
        {"---\n- a\n---\n", "t.prompt:2: the front matter is no map"},
        {"---\na: 1\nmodel: [x]\n---\n", "t.prompt:3:1: model is no text"},
        {"---\nmodel: two words\n---\n", "t.prompt:2:1: model is no model's name"},
        {"---\nmodel: m\nconfig: 5\n---\n", "t.prompt:3:1: config is no map"},
        {"---\ntools: {}\n---\n", "t.prompt:2:1: tools is no list"},
        {"---\ninput:\n  default: 5\n---\n", "t.prompt:2:1: input default:"},
        {"---\nmodel: m\noutput:\n  schema:\n    a: strin\n---\n",
         "t.prompt:5:8: output schema: unknown type 'strin'; did you mean 'string'?\n        a: strin\n      "
         "     ^"},
        {"---\noutput:\n  schema: {type: object, properties: {a: {type: text}}}\n---\n",
         "unknown type 'text'"},
        {"---\nouput:\n  format: json\n---\n",
         "t.prompt:2:1: ouput is no key of a prompt; did you mean 'output'?\n    ouput:\n    ^"},
        {"---\nmodel: m\n---\n\nHi\n{{jsn x}}", "t.prompt:6:3: unknown helper 'jsn'; did you mean 'json'?"},
        {"---\nmodel: m\n---\n{{> x}}", "t.prompt:4:1: there is no partial 'x'"},
        {"\xff\xfeh\0i", "t.prompt: not UTF-8"},
        {"a\xe4", "t.prompt: not UTF-8"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(parse(cases[i][0], &error));
        g_assert_error(error, TM_ERROR, TM_ERROR_INPUT);
        g_assert_null(strstr(error->message, "TheSecret"));
        if (error && !strstr(error->message, cases[i][1])) {
            g_test_message("%s\n says   %s\n not    %s", cases[i][0], error->message, cases[i][1]);
            g_test_fail();
        }
    }
}

static void write_file(const char *dir, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void a_copy_needs_no_files(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("prompt-XXXXXX", NULL);
    const char *const names[] = {"main.prompt", "_greet.prompt", "_name.prompt", "_unused.prompt"};
    g_autofree char *path = g_build_filename(dir, names[0], NULL);
    write_file(dir, names[0], "---\nmodel: m\n---\n{{> greet}} and {{x}}");
    write_file(dir, names[1], "\xef\xbb\xbfHello {{> name}}");
    write_file(dir, names[2], "<{{name}}>");
    write_file(dir, names[3], "no");
    g_autoptr(tm_prompt) prompt = tm_prompt_load(path, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(prompt->name, ==, "main");
    g_assert_true(g_path_is_absolute(prompt->path));
    g_autoptr(json_t) kept = tm_prompt_to_json(prompt);
    g_assert_cmpuint(json_object_size(json_object_get(kept, "partials")), ==, 2);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = g_build_filename(dir, names[i], NULL);
        g_unlink(file);
    }
    g_autoptr(tm_prompt) back = tm_prompt_from_json(kept, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(back->hash, ==, prompt->hash);
    g_assert_cmpstr(back->path, ==, prompt->path);
    g_autofree char *first = render(prompt, "{\"name\": \"Ann\", \"x\": 1}");
    g_autofree char *second = render(back, "{\"name\": \"Ann\", \"x\": 1}");
    g_assert_cmpstr(first, ==, "[{\"role\":\"user\",\"content\":[{\"text\":\"Hello <Ann> and 1\"}]}]");
    g_assert_cmpstr(second, ==, first);
    json_object_set_new(json_object_get(kept, "partials"), "name", json_string("[{{name}}]"));
    g_autoptr(tm_prompt) other = tm_prompt_from_json(kept, NULL);
    g_assert_cmpstr(other->hash, !=, prompt->hash);
    g_rmdir(dir);
}

/* What a front matter's output schema becomes in that folder; what went wrong is the answer, too. */
static char *output_schema_in(const char *dir, const char *schema, tm_prompt **prompt)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strdup_printf("---\noutput:\n  schema: %s\n---\nx", schema);
    g_clear_pointer(prompt, tm_prompt_free);
    *prompt = tm_prompt_from_text("t", text, strlen(text), dir, &error);
    if (*prompt)
        return tm_json_text((*prompt)->output_schema);
    char *message = g_strdup(error->message), *line = strchr(message, '\n');
    if (line)
        *line = '\0';
    return message;
}

static void schemas_have_names(void)
{
    g_autofree char *dir = g_dir_make_tmp("prompt-XXXXXX", NULL);
    tm_prompt *prompt = NULL;
    write_file(dir, "_Foo.schema.json", "{\n\t\"type\": \"number\", \"description\": \"a foo\"\n}");
    write_file(dir, "_Person.schema.yaml", "name: string\nfoo?: Foo\n");
    write_file(dir, "_Loop.schema.yaml", "a: Loop\n");
    write_file(dir, "_Bad.schema.yaml", "a: strng\n");
    write_file(dir, "_Broken.schema.json", "{");
    static const char *const cases[][2] = {
        /* Dotprompt's own two cases of named schemas */
        {"Foo, an overridden foo", "{\"type\":\"number\",\"description\":\"an overridden foo\"}"},
        {"{foo: Foo, foo2?: 'Foo, this one is optional'}",
         "{\"type\":\"object\",\"properties\":{\"foo\":{\"type\":\"number\",\"description\":\"a "
         "foo\"},\"foo2\":{"
         "\"type\":[\"number\",\"null\"],\"description\":\"this one is optional\"}},\"required\":[\"foo\"],"
         "\"additionalProperties\":false}"},
        {"{'who(array, all)': Person}",
         "{\"type\":\"object\",\"properties\":{\"who\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
         "\"properties\":{"
         "\"name\":{\"type\":\"string\"},\"foo\":{\"type\":[\"number\",\"null\"],\"description\":\"a "
         "foo\"}},\"required\":["
         "\"name\"],\"additionalProperties\":false},\"description\":\"all\"}},\"required\":[\"who\"],"
         "\"additionalProperties\":false}"},
        {"Loop", "t:3:11: output schema: Loop: the schema 'Loop' is made of itself; use JSON Schema's $ref"},
        {"Bad", "t:2:1: output schema: Bad: unknown type 'strng'; did you mean 'string'?"},
        {"Other", "t:3:11: output schema: unknown type 'Other'; there are string, number, integer, boolean, "
                  "null, any; a "
                  "schema of your own stands in _Other.schema.yaml beside the prompt"},
        {"../Foo", "t:3:11: output schema: unknown type '../Foo'; there are string, number, integer, "
                   "boolean, null, any"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = output_schema_in(dir, cases[i][0], &prompt);
        g_assert_cmpstr(got, ==, cases[i][1]);
    }
    g_autofree char *broken = output_schema_in(dir, "Broken", &prompt);
    g_assert_nonnull(strstr(broken, "_Broken.schema.json: "));
    g_autofree char *first = output_schema_in(dir, "'Person, one'", &prompt);
    folder_remove(dir);
    g_autoptr(json_t) kept = tm_prompt_to_json(prompt);
    g_autoptr(tm_prompt) back = tm_prompt_from_json(kept, NULL);
    g_assert_nonnull(back);
    g_autofree char *second = tm_json_text(back->output_schema);
    g_assert_cmpstr(second, ==, first);
    g_assert_cmpstr(back->hash, ==, prompt->hash);
    json_object_set_new(json_object_get(kept, "schemas"), "Foo", json_string("string"));
    g_autoptr(tm_prompt) other = tm_prompt_from_json(kept, NULL);
    g_assert_cmpstr(other->hash, !=, prompt->hash);
    tm_prompt_free(prompt);
}

static void partials_stay_in_their_folder(void)
{
    g_autofree char *dir = g_dir_make_tmp("prompt-XXXXXX", NULL), *inside = g_build_filename(dir, "in", NULL);
    g_mkdir(inside, 0700);
    write_file(dir, "_x.prompt", "secret");
    static const char *const sources[] = {"{{> \"../x\"}}", "{{> \"../_x\"}}", "{{> \"/etc/passwd\"}}",
                                          "{{> ..}}"};
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(tm_prompt_from_text("t", sources[i], strlen(sources[i]), inside, &error));
        g_assert_error(error, TM_ERROR, TM_ERROR_INPUT);
    }
    g_autofree char *file = g_build_filename(dir, "_x.prompt", NULL);
    g_unlink(file);
    g_rmdir(inside);
    g_rmdir(dir);
}

static void missing_files_are_told(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(tm_prompt_load("/nowhere/x.prompt", &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_IO);
    g_clear_error(&error);
    g_assert_null(tm_prompt_load("/", &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_INPUT);
    g_clear_error(&error);
    g_autoptr(json_t) empty = json_object();
    g_assert_null(tm_prompt_from_json(empty, &error));
    g_assert_nonnull(error);
}

static void json_is_wanted_by_several_words(void)
{
    static const struct {
        const char *text;
        gboolean json;
    } cases[] = {
        {"x", FALSE},
        {"---\noutput: {format: json}\n---\nx", TRUE},
        {"---\noutput: {format: text}\n---\nx", FALSE},
        {"---\noutput: {schema: {a: string}}\n---\nx", TRUE},
        {"---\nconfig: {responseMimeType: application/json}\n---\nx", TRUE},
        {"---\nconfig: {responseMimeType: text/plain}\n---\nx", FALSE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(tm_prompt) prompt = parse(cases[i].text, NULL);
        g_assert_true(tm_prompt_wants_json(prompt) == cases[i].json);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/prompt/a whole prompt is read", a_whole_prompt_is_read);
    g_test_add_func("/prompt/BOM, CRLF, no front matter, rules in the body", odd_files_are_read);
    g_test_add_func("/prompt/models lose their prefixes", models_lose_their_prefixes);
    g_test_add_func("/prompt/mistakes name file and line", mistakes_name_file_and_line);
    g_test_add_func("/prompt/a kept copy needs no files", a_copy_needs_no_files);
    g_test_add_func("/prompt/schemas have names, and files of their own", schemas_have_names);
    g_test_add_func("/prompt/partials stay in their folder", partials_stay_in_their_folder);
    g_test_add_func("/prompt/missing files are told", missing_files_are_told);
    g_test_add_func("/prompt/JSON is wanted by format, schema or MIME type", json_is_wanted_by_several_words);
    return g_test_run();
}
