/* front_matter.c - the YAML head of a .prompt file: model, config, input, output, tools, metadata. */
#include "core/front_matter.h"
#include "core/error.h"
#include "core/guess.h"
#include "core/json.h"
#include "core/template_nodes.h"
#include "core/yaml.h"
#include <string.h>

/* Dotprompt's own keys. Any other is kept in `raw`, with a dot in `ext` too. */
static const char *const keys[] = {"name",     "variant",  "version", "description", "model",
                                   "tools",    "toolDefs", "config",  "input",       "output",
                                   "metadata", "raw",      "ext",     NULL};

/* Prefixes that name a service or a Genkit plugin and are no part of the model's name. */
static const char *const providers[] = {"googleai", "google-genai", "vertexai",   "gemini",  "openai",
                                        "ollama",   "groq",         "openrouter", "mistral", "deepseek",
                                        "xai",      "together",     NULL};

/* The end of the line that begins at `at`, behind its line end. */
static const char *next_line(const char *at, const char *end)
{
    const char *feed = memchr(at, '\n', (size_t)(end - at));
    return feed ? feed + 1 : end;
}

static bool is_blank(const char *at, const char *end)
{
    return strspn(at, " \t\r\n") >= (size_t)(end - at);
}

static bool is_rule(const char *at, const char *end)
{
    return end - at >= 3 && memcmp(at, "---", 3) == 0 && is_blank(at + 3, end);
}

static void trim_body(tm_front_matter *front)
{
    const char *end = front->body + front->body_length;
    size_t n;
    while ((n = tm_space_at(front->body, end)) > 0) {
        front->body_line += *front->body == '\n';
        front->body += n;
    }
    while ((n = tm_space_before(front->body, end)) > 0)
        end -= n;
    front->body_length = (size_t)(end - front->body);
}

gboolean tm_front_matter_find(const char *text, size_t length, const char *file, tm_front_matter *front,
                              GError **error)
{
    const char *at = text, *end = text + length;
    int line = 1;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    *front = (tm_front_matter){.body = at, .body_length = (size_t)(end - at), .body_line = 1};
    while (at < end && (*at == '#' || is_blank(at, next_line(at, end)))) {
        at = next_line(at, end);
        line++;
    }
    if (at >= end || !is_rule(at, next_line(at, end)))
        return TRUE;
    int opened = line;
    at = next_line(at, end);
    front->text = at;
    front->line = ++line;
    for (; at < end; at = next_line(at, end), line++) {
        if (!is_rule(at, next_line(at, end)))
            continue;
        front->length = (size_t)(at - front->text);
        front->body = next_line(at, end);
        front->body_length = (size_t)(end - front->body);
        front->body_line = line + 1;
        trim_body(front);
        return TRUE;
    }
    return tm_fail(error, TM_ERROR_INPUT,
                   "%s:%d: the front matter that begins here never ends; close it with a line of --- (a "
                   "prompt whose text "
                   "begins with --- needs an empty front matter before it)",
                   file, opened);
}

/* The file's line on which `key` stands at the margin. */
static int line_of(const tm_front_matter *front, const char *key)
{
    const char *end = front->text + front->length;
    size_t n = strlen(key);
    int line = front->line;
    for (const char *at = front->text; at < end; at = next_line(at, end), line++) {
        const char *word = at + (*at == '"' || *at == '\'');
        if ((size_t)(end - word) > n && memcmp(word, key, n) == 0 && strchr(": \t\"'", word[n]))
            return line;
    }
    return front->line;
}

typedef struct {
    const tm_front_matter *front;
    const char *file;
    tm_schema_loader load;
    void *data;
    GError **error;
} tm_reader;

static gboolean fail_key(const tm_reader *reader, const char *key, const char *what)
{
    return tm_fail(reader->error, TM_ERROR_INPUT, "%s:%d: %s %s", reader->file, line_of(reader->front, key),
                   key, what);
}

/* A member of the right type; true with NULL where it is absent or null. (transfer full) */
static gboolean take(const tm_reader *reader, const json_t *raw, const char *key, json_type type,
                     json_t **value)
{
    json_t *member = json_object_get(raw, key);
    if (!member || json_is_null(member))
        return TRUE;
    if (json_typeof(member) != type)
        return fail_key(reader, key,
                        type == JSON_OBJECT  ? "is no map; write its members below it, indented"
                        : type == JSON_ARRAY ? "is no list; write its elements as - lines"
                                             : "is no text");
    json_decref(*value);
    *value = json_incref(member);
    return TRUE;
}

static gboolean read_model(const tm_reader *reader, const json_t *raw, tm_prompt *prompt)
{
    g_autoptr(json_t) value = NULL;
    if (!take(reader, raw, "model", JSON_STRING, &value))
        return FALSE;
    if (!value)
        return TRUE;
    const char *model = json_string_value(value), *slash = strchr(model, '/');
    g_autofree char *prefix = slash ? g_strndup(model, (gsize)(slash - model)) : NULL;
    if (prefix && g_strv_contains(providers, prefix)) {
        prompt->provider = g_steal_pointer(&prefix);
        model = slash + 1;
    }
    if (g_str_has_prefix(model, "models/"))
        model += strlen("models/");
    if (!*model || strpbrk(model, " \t\r\n?#"))
        return fail_key(reader, "model", "is no model's name");
    prompt->model = g_strdup(model);
    return TRUE;
}

/* The schema below input or output, as JSON Schema. */
static gboolean read_schema(const tm_reader *reader, const char *key, const json_t *part, json_t **schema)
{
    const json_t *pico = json_object_get(part, "schema");
    g_autoptr(GError) why = NULL;
    if (!pico || json_is_null(pico))
        return TRUE;
    *schema = tm_schema_from_pico(pico, reader->load, reader->data, &why);
    if (*schema)
        return TRUE;
    g_autofree char *what = g_strdup_printf("schema: %s", why->message);
    return fail_key(reader, key, what);
}

static gboolean read_input(const tm_reader *reader, const json_t *raw, tm_prompt *prompt)
{
    g_autoptr(json_t) input = NULL;
    if (!take(reader, raw, "input", JSON_OBJECT, &input))
        return FALSE;
    json_t *values = json_object_get(input, "default");
    if (values && !json_is_null(values) && !json_is_object(values))
        return fail_key(reader, "input", "default: is no map of variables and their values");
    prompt->input_default = json_is_object(values) ? json_incref(values) : NULL;
    return read_schema(reader, "input", input, &prompt->input_schema);
}

static gboolean read_output(const tm_reader *reader, const json_t *raw, tm_prompt *prompt)
{
    g_autoptr(json_t) output = NULL;
    if (!take(reader, raw, "output", JSON_OBJECT, &output) ||
        !read_schema(reader, "output", output, &prompt->output_schema))
        return FALSE;
    prompt->output_format = g_strdup(tm_json_string(output, "format", NULL));
    if (!prompt->output_schema)
        return TRUE;
    g_autoptr(GError) why = NULL;
    prompt->output_check = tm_schema_compile(prompt->output_schema, &why);
    return prompt->output_check || fail_key(reader, "output", why->message);
}

/* a.b.c: value becomes ext {"a.b": {"c": value}}. */
static void keep_extension(tm_prompt *prompt, const char *key, json_t *value)
{
    const char *dot = strrchr(key, '.');
    g_autofree char *space = g_strndup(key, (gsize)(dot - key));
    if (!prompt->ext)
        prompt->ext = json_object();
    json_t *fields = json_object_get(prompt->ext, space);
    if (!fields) {
        fields = json_object();
        json_object_set_new(prompt->ext, space, fields);
    }
    json_object_set(fields, dot + 1, value);
}

static gboolean read_other_keys(const tm_reader *reader, json_t *raw, tm_prompt *prompt)
{
    const char *key;
    json_t *value;
    json_object_foreach(raw, key, value) {
        if (g_strv_contains(keys, key))
            continue;
        if (strchr(key, '.')) {
            keep_extension(prompt, key, value);
            continue;
        }
        const char *guess = tm_guess(key, keys, (size_t)-1);
        if (guess) {
            g_autofree char *what = g_strdup_printf("is no key of a prompt; did you mean '%s'?", guess);
            return fail_key(reader, key, what);
        }
    }
    return TRUE;
}

gboolean tm_front_matter_read(const tm_front_matter *front, const char *file, tm_prompt *prompt,
                              tm_schema_loader load, void *data, GError **error)
{
    const tm_reader reader = {front, file, load, data, error};
    prompt->raw = tm_yaml_parse(front->text, front->length, file, front->line, error);
    if (!prompt->raw)
        return FALSE;
    if (json_is_null(prompt->raw)) {
        g_clear_pointer(&prompt->raw, json_decref);
        return TRUE;
    }
    if (!json_is_object(prompt->raw))
        return tm_fail(error, TM_ERROR_INPUT, "%s:%d: the front matter is no map of keys and values", file,
                       front->line);
    return read_model(&reader, prompt->raw, prompt) &&
           take(&reader, prompt->raw, "config", JSON_OBJECT, &prompt->config) &&
           take(&reader, prompt->raw, "tools", JSON_ARRAY, &prompt->tools) &&
           take(&reader, prompt->raw, "metadata", JSON_OBJECT, &prompt->metadata) &&
           read_input(&reader, prompt->raw, prompt) && read_output(&reader, prompt->raw, prompt) &&
           read_other_keys(&reader, prompt->raw, prompt);
}
