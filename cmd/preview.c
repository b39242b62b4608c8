/* preview.c - tidemill preview PROMPT [DATA]: what would be sent, without sending it */
#include "cmd/preview.h"
#include "cmd/command.h"
#include "cmd/prompt_argument.h"
#include "cmd/source_flags.h"
#include "cmd/source_media.h"
#include "cmd/ui/say.h"
#include "core/catalog.h"
#include "core/error.h"
#include "core/json.h"
#include "core/provider/provider.h"
#include <inttypes.h>

/* Below this a thinking model may spend the whole cap on thoughts and answer nothing (seen in public
 * reports). */
enum { SMALL_CAP = 1024 };

static gint64 opt_rows = 3;
static gboolean opt_json, opt_raw;

static const GOptionEntry options[] = {
    {"rows", 'n', 0, G_OPTION_ARG_INT64, &opt_rows, "Show the first N rows (default 3)\n-n 10", "N"},
    TM_SOURCE_OPTIONS,
    TM_SOURCE_VALUES,
    {"json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "A line of JSON a row, with the request's body", NULL},
    {0},
};
static const GOptionEntry more[] = {
    TM_SOURCE_MEDIA,
    {"raw-data", 0, 0, G_OPTION_ARG_NONE, &opt_raw,
     "Each row is Dotprompt's whole render object: input, messages, docs, context, options", NULL},
    TM_SOURCE_DATA,
    {0},
};

/* What the rows are turned into requests with. */
typedef struct {
    const tm_prompt *prompt;
    const tm_provider *provider; /* NULL: no request is shown */
    tm_skeleton *skeleton;
    tm_account *account;
    tm_source_media *media; /* NULL: it has no media, or no row is read */
    int64_t shown, unusable;
} tm_session;

static void session_clear(tm_session *session)
{
    if (session->skeleton)
        session->provider->skeleton_free(session->skeleton);
    tm_account_free(session->account);
    tm_source_media_free(session->media);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(tm_session, session_clear)

static void row_clear(tm_preview_row *row)
{
    g_free(row->key);
    g_free(row->why);
    json_decref(row->request);
    if (row->messages)
        g_ptr_array_unref(row->messages);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(tm_preview_row, row_clear)

/* The wire format that the prompt's model speaks, and where: of the catalogue, no config is needed. */
static gboolean prepare(tm_session *session, GError **error)
{
    static const char *const googles[] = {"googleai", "google-genai", "vertexai", NULL};
    const tm_prompt *prompt = session->prompt;
    const char *guess = tm_catalog_wire_of(prompt->model);
    const char *name = !prompt->provider                            ? (guess ? guess : "gemini")
                       : g_strv_contains(googles, prompt->provider) ? "gemini"
                                                                    : prompt->provider;
    const tm_preset *preset = tm_catalog_preset(name);
    const tm_provider *provider = preset ? tm_provider_named(preset->provider) : NULL;
    if (!prompt->model) {
        tm_say("no model is named, so no request is shown: --model NAME, or model: in the prompt");
        return TRUE;
    }
    if (!provider) {
        tm_say("%s: its wire format is not known here, so no request is shown", name);
        return TRUE;
    }
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    session->skeleton = provider->prepare(prompt, prompt->model, notes, error);
    if (!session->skeleton)
        return FALSE;
    session->provider = provider;
    session->account = tm_account_from_preset("preview", name);
    for (guint i = 0; i < notes->len; i++)
        tm_say("%s", (const char *)notes->pdata[i]);
    return tm_account_set_base_url(session->account, preset->base_url, error);
}

static void warn_small_cap(const tm_prompt *prompt)
{
    int64_t cap = tm_json_integer(prompt->config, "maxOutputTokens", -1);
    int64_t budget = tm_json_integer(tm_json_object(prompt->config, "thinkingConfig"), "thinkingBudget", -1);
    if (cap >= 0 && cap < SMALL_CAP && budget != 0 && prompt->model && tm_catalog_model_thinks(prompt->model))
        tm_warn("maxOutputTokens is %" PRId64
                ", and %s thinks first: thoughts count too, so the answer may be cut or "
                "empty. Raise it, or set thinkingConfig.thinkingBudget to 0",
                cap, prompt->model);
}

static void add_request(const tm_session *session, tm_preview_row *row)
{
    g_autoptr(GError) error = NULL;
    if (!session->provider || !row->messages)
        return;
    tm_operation operation = {.kind = TM_OP_GENERATE,
                              .account = session->account,
                              .model = session->prompt->model,
                              .skeleton = session->skeleton,
                              .messages = row->messages};
    row->request = tm_provider_request(session->provider, &operation, &error);
    if (!row->request)
        row->why = g_strdup(error->message);
}

static void show_row(tm_session *session, const tm_preview *preview, const tm_preview_row *row)
{
    session->shown++;
    session->unusable += row->why != NULL;
    if (opt_json)
        tm_preview_write_json(stdout, preview, row);
    else
        tm_preview_print_row(stdout, row);
}

/* ---- without data ---- */

/* Values for what --set and the defaults leave open: the variable's own name in braces, so that its place
 * shows. */
static json_t *stand_ins(const tm_prompt *prompt, const json_t *given)
{
    size_t n;
    const tm_variable *variables = tm_template_variables(prompt->template, &n);
    json_t *input = json_object();
    for (size_t i = 0; i < n; i++) {
        json_t *value = json_object_get(given, variables[i].name);
        if (value) {
            json_object_set(input, variables[i].name, value);
        } else if (variables[i].needed && !json_object_get(prompt->input_default, variables[i].name)) {
            g_autofree char *braces = g_strdup_printf("{{%s}}", variables[i].name);
            json_object_set_new(input, variables[i].name, json_string(braces));
        }
    }
    return input;
}

static int preview_alone(tm_session *session, tm_preview *preview, GError **error)
{
    const tm_binding_options settings = tm_source_flags_binding();
    g_autoptr(tm_binding) binding = tm_binding_new(session->prompt, NULL, &settings, error);
    if (!binding)
        return TM_EXIT_ERROR;
    g_autoptr(json_t) bound = tm_binding_to_json(binding);
    preview->given = tm_json_object(bound, "set");
    if (!opt_json)
        tm_preview_print_head(stdout, preview);
    g_auto(tm_preview_row) row = {0};
    g_autoptr(GError) why = NULL;
    g_autoptr(json_t) input = stand_ins(session->prompt, preview->given);
    row.messages = tm_prompt_render(session->prompt, input, &why);
    if (row.messages)
        add_request(session, &row);
    else
        row.why = g_strdup(why->message);
    show_row(session, preview, &row);
    return session->unusable ? TM_EXIT_FAILED : TM_EXIT_OK;
}

/* ---- rows ---- */

static char *hex(const uint8_t *bytes, size_t n)
{
    GString *text = g_string_sized_new(2 * n);
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    return g_string_free(text, FALSE);
}

static json_t *object_of(const tm_dataset *dataset, const tm_row *row)
{
    g_autoptr(GString) text = g_string_new(NULL);
    tm_row_write_json(dataset, row, text);
    return tm_json_parse_row(text->str, text->len, NULL);
}

static void preview_row(tm_session *session, const tm_preview *preview, const tm_binding *binding,
                        const tm_dataset *dataset, const tm_row *data)
{
    uint8_t key[16];
    g_autoptr(GError) error = NULL;
    g_auto(tm_preview_row) row = {.number = data->number, .line = data->line};
    if (data->bad) {
        row.why = g_strdup(data->bad);
    } else if (tm_media_rows_key(session->media ? session->media->rows : NULL, binding, dataset, data, NULL,
                                 key, &row.why, &error)) {
        row.key = hex(key, sizeof key);
        g_autoptr(json_t) object = object_of(dataset, data);
        g_autoptr(json_t) input = tm_binding_input(binding, object, &error);
        row.messages = input ? tm_prompt_render(session->prompt, input, &error) : NULL;
        if (row.messages)
            add_request(session, &row);
        else
            row.why = g_strdup(error->message);
    } else if (error) {
        row.why = g_strdup(error->message);
    }
    show_row(session, preview, &row);
}

/* A row that is Dotprompt's whole render object. What its options say is laid over the prompt's own. */
static void preview_raw(tm_session *session, const tm_preview *preview, const tm_row *data)
{
    const json_t *object = data->object, *given = tm_json_object(object, "options");
    const json_t *input = tm_json_object(given, "input");
    tm_preview merged = *preview;
    g_auto(tm_preview_row) row = {.number = data->number, .line = data->line};
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) values = json_object(), config = json_deep_copy(preview->config);
    if (!object) {
        row.why = g_strdup(data->bad ? data->bad : "--raw-data needs rows of JSON objects");
        show_row(session, preview, &row);
        return;
    }
    merged.config = config;
    if (tm_json_object(given, "config"))
        json_object_update(config, json_object_get(given, "config"));
    if (input)
        merged.input_default = tm_json_object(input, "default");
    if (merged.input_default)
        json_object_update(values, (json_t *)(uintptr_t)merged.input_default);
    if (tm_json_object(object, "input"))
        json_object_update(values, json_object_get(object, "input"));
    const tm_render render = {.input = values,
                              .messages = json_object_get(object, "messages"),
                              .docs = json_object_get(object, "docs"),
                              .context = json_object_get(object, "context")};
    row.messages = tm_template_render(session->prompt->template, &render, &error);
    if (!row.messages)
        row.why = g_strdup(error->message);
    show_row(session, &merged, &row);
}

static int preview_data(tm_session *session, tm_preview *preview, const char *path, GError **error)
{
    const tm_binding_options settings = tm_source_flags_binding();
    g_autoptr(tm_dataset) dataset = tm_source_flags_dataset(path, error);
    if (!dataset)
        return TM_EXIT_ERROR;
    preview->columns = tm_dataset_columns(dataset);
    g_autoptr(tm_binding) binding =
        opt_raw ? NULL : tm_binding_new(session->prompt, preview->columns, &settings, error);
    if (!binding && !opt_raw)
        return TM_EXIT_ERROR;
    GError *failed = NULL;
    session->media = binding ? tm_source_media_open(session->prompt, binding, path, &failed) : NULL;
    if (failed) {
        g_propagate_error(error, failed);
        return TM_EXIT_ERROR;
    }
    g_autoptr(json_t) bound = binding ? tm_binding_to_json(binding) : json_object();
    preview->binding = bound;
    if (!opt_json)
        tm_preview_print_head(stdout, preview);
    tm_next_row next = TM_NEXT_END;
    tm_row row;
    while (session->shown < opt_rows && (next = tm_dataset_next(dataset, &row, error)) == TM_NEXT_ROW) {
        if (opt_raw)
            preview_raw(session, preview, &row);
        else
            preview_row(session, preview, binding, dataset, &row);
    }
    if (next == TM_NEXT_ERROR)
        return TM_EXIT_ERROR;
    if (!session->shown && opt_rows)
        tm_say("%s has no rows", path);
    return session->unusable ? TM_EXIT_FAILED : TM_EXIT_OK;
}

static int run(tm_context *context, int argc, char **argv, GError **error)
{
    (void)context;
    const char *text = tm_source_flags.prompt;
    const char *first = text ? NULL : argv[1], *data = text ? argv[1] : argc > 1 ? argv[2] : NULL;
    if (text && argc > 2)
        return tm_fail(error, TM_ERROR_USAGE, "--prompt is the prompt: only DATA may follow") ? 0
                                                                                              : TM_EXIT_USAGE;
    if (opt_rows < 0 || (opt_raw && !data))
        return tm_fail(error, TM_ERROR_USAGE,
                       opt_rows < 0 ? "-n: a number from 0 up" : "--raw-data needs DATA")
                   ? 0
                   : TM_EXIT_USAGE;
    g_autoptr(tm_prompt) prompt = tm_prompt_argument(first, text, tm_source_flags.lanes.model, error);
    if (!prompt || !tm_source_flags_label(prompt, error))
        return TM_EXIT_ERROR;
    g_auto(tm_session) session = {.prompt = prompt};
    tm_preview preview = {.prompt = prompt, .config = prompt->config, .input_default = prompt->input_default};
    if (!opt_raw && !prepare(&session, error))
        return TM_EXIT_ERROR;
    warn_small_cap(prompt);
    return data ? preview_data(&session, &preview, data, error) : preview_alone(&session, &preview, error);
}

const tm_command tm_cmd_preview = {
    .name = "preview",
    .args = "PROMPT [DATA]",
    .min_args = 0,
    .max_args = 2,
    .summary = "show what would be sent for the first rows; sends nothing",
    .description =
        "PROMPT is a .prompt file, an AI Studio saved prompt, or EXPORT#NAME. Variables, model, settings, "
        "schema and\nthe exact messages are shown. No key, no store and no network are needed.",
    .examples =
        "tidemill preview classify.prompt reviews.csv\n"
        "tidemill preview classify.prompt reviews.csv -n 1 --json\n"
        "tidemill preview --prompt 'Label {{text}}' --model gemini-2.5-flash reviews.csv --map text=review\n"
        "tidemill preview export.zip#summarise",
    .options = options,
    .more = more,
    .run = run,
};
