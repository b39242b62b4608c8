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

typedef struct {
    const tm_front_matter *front;
    const char *file;
    tm_schema_loader load;
    void *data;
    GError **error;
} tm_reader;

/* Where `key` stands at the margin; the beginning where it does not. */
static const char *place_of(const tm_front_matter *front, const char *key)
{
    const char *end = front->text + front->length;
    size_t n = strlen(key);
    for (const char *at = front->text; at < end; at = next_line(at, end)) {
        const char *word = at + (*at == '"' || *at == '\'');
        if ((size_t)(end - word) > n && memcmp(word, key, n) == 0 && strchr(": \t\"'", word[n]))
            return word;
    }
    return front->text;
}

/* Where the first word that `what` quotes stands behind `from`, so that the caret is under what is meant;
 * else `from`. */
static const char *place_quoted(const tm_front_matter *front, const char *from, const char *what)
{
    const char *open = strchr(what, '\''), *close = open ? strchr(open + 1, '\'') : NULL;
    size_t n = close ? (size_t)(close - open - 1) : 0;
    const char *end = front->text + front->length;
    for (const char *at = from; n && (at = memmem(at, (size_t)(end - at), open + 1, n)) != NULL; at++) {
        bool begins = at == front->text || !(g_ascii_isalnum(at[-1]) || at[-1] == '_');
        bool ends = at + n >= end || !(g_ascii_isalnum(at[n]) || at[n] == '_');
        if (begins && ends)
            return at;
    }
    return from;
}

/* "file:LINE:COLUMN: what", the line and a caret. */
static gboolean fail_at(const tm_reader *reader, const char *at, const char *what)
{
    const tm_front_matter *front = reader->front;
    tm_unit *unit = tm_unit_new(reader->file, front->text, front->length, front->line);
    tm_unit_fail(unit, (size_t)(at - front->text), reader->error, "%s", what);
    tm_unit_free(unit);
    return FALSE;
}

static gboolean fail_key(const tm_reader *reader, const char *key, const char *what)
{
    g_autofree char *whole = g_strdup_printf("%s %s", key, what);
    const char *at = place_of(reader->front, key);
    return fail_at(reader, place_quoted(reader->front, at, what), whole);
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

/* libyaml's message begins with file, line and column: the line is shown below it, as of the other mistakes.
 */
static gboolean fail_yaml(const tm_reader *reader, const GError *cause)
{
    const tm_front_matter *front = reader->front;
    const char *end = front->text + front->length, *at = front->text;
    char *rest = NULL;
    size_t file = strlen(reader->file);
    bool placed = g_str_has_prefix(cause->message, reader->file) && cause->message[file] == ':';
    guint64 line = placed ? g_ascii_strtoull(cause->message + file + 1, &rest, 10) : 0;
    guint64 column = rest && *rest == ':' ? g_ascii_strtoull(rest + 1, &rest, 10) : 0;
    if (!line || !column || !g_utf8_validate(front->text, (gssize)front->length, NULL))
        return tm_fail(reader->error, TM_ERROR_INPUT, "%s", cause->message);
    for (guint64 i = (guint64)front->line; i < line && at < end; i++)
        at = next_line(at, end);
    for (; column > 1 && at < end; column--)
        at = g_utf8_next_char(at);
    return fail_at(reader, MIN(at, end), rest + (g_str_has_prefix(rest, ": ") ? 2 : 0));
}

gboolean tm_front_matter_read(const tm_front_matter *front, const char *file, tm_prompt *prompt,
                              tm_schema_loader load, void *data, GError **error)
{
    const tm_reader reader = {front, file, load, data, error};
    g_autoptr(GError) cause = NULL;
    prompt->raw = tm_yaml_parse(front->text, front->length, file, front->line, &cause);
    if (!prompt->raw)
        return fail_yaml(&reader, cause);
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
