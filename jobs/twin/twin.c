/* twin.c - judges requests by key and model, hands them on, and tells the log. */
#include "jobs/twin/twin.h"

#include <string.h>

#include "core/catalog.h"
#include "core/json.h"
#include "jobs/twin/twin_arrival.h"
#include "jobs/twin/twin_fault.h"
#include "jobs/twin/twin_model.h"
#include "jobs/twin/twin_window.h"

enum { LOGGED_CHARACTERS = 80 };

/* Options. */

static GHashTable *set_of(const char *const *names)
{
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (; names && *names; names++)
        g_hash_table_add(set, g_strdup(*names));
    return set;
}

gboolean tm_twin_fault_check(const char *fault, GError **error)
{
    char *one[] = {(char *)fault, NULL};
    GArray *faults = tm_twin_faults_new(one, error);
    if (faults)
        g_array_unref(faults);
    return faults != NULL;
}

tm_twin *tm_twin_new(const tm_twin_options *options)
{
    GArray *faults = tm_twin_faults_new(options->fails, NULL);
    if (!faults)
        return NULL;
    tm_twin *twin = g_new0(tm_twin, 1);
    twin->options = *options;
    twin->options.fails = NULL;
    twin->options.keys = NULL;
    twin->options.models =
        g_strdupv(options->models ? options->models : (char **)tm_catalog_models("gemini"));
    twin->options.tier = g_intern_string(options->tier ? options->tier : "free");
    twin->faults = faults;
    twin->uses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)tm_twin_use_free);
    twin->keys = options->keys ? set_of((const char *const *)options->keys) : NULL;
    twin->openai_models = options->models ? NULL : tm_catalog_models("openai");
    twin->models = set_of((const char *const *)twin->options.models);
    return twin;
}

void tm_twin_free(tm_twin *twin)
{
    if (!twin)
        return;
    g_strfreev(twin->options.models);
    g_array_unref(twin->faults);
    g_hash_table_unref(twin->uses);
    g_hash_table_unref(twin->models);
    if (twin->keys)
        g_hash_table_unref(twin->keys);
    g_free(twin);
}

void tm_twin_set_limits(tm_twin *twin, int64_t rpm, int64_t tpm, int64_t rpd)
{
    twin->options.rpm = rpm;
    twin->options.tpm = tpm;
    twin->options.rpd = rpd;
}

gboolean tm_twin_set_fails(tm_twin *twin, char **fails)
{
    GArray *faults = tm_twin_faults_new(fails, NULL);
    if (!faults)
        return FALSE;
    g_array_unref(twin->faults);
    twin->faults = faults;
    return TRUE;
}

void tm_twin_set_log(tm_twin *twin, tm_twin_log log, void *data)
{
    twin->log = log;
    twin->log_data = data;
}

static void judge_models(tm_twin_arrival *a)
{
    g_autofree char *size = tm_twin_query(a, "pageSize"), *token = tm_twin_query(a, "pageToken");
    int page_size = size ? (int)g_ascii_strtoll(size, NULL, 10) : 0;
    json_t *page = tm_twin_model_list((const char *const *)a->twin->options.models, page_size, token);
    if (page)
        tm_twin_answer_json(a, page);
    else
        tm_twin_bad_request(a, "page token is not valid");
}

/* Is the key good? If not, the refusal is filled in. */
static bool pass_key(tm_twin_arrival *a)
{
    g_autofree char *in_query = tm_twin_query(a, "key");
    const char *key = a->request->key ? a->request->key : in_query;
    if (!key || !*key || (a->openai && !a->request->bearer))
        tm_twin_answer(a, 403, "auth", tm_twin_refusal_key_missing());
    else if (a->request->bearer && !a->openai && !in_query)
        tm_twin_answer(a, 401, "auth", tm_twin_refusal_key_as_bearer());
    else if (a->twin->keys ? !g_hash_table_contains(a->twin->keys, key) : strcmp(key, "invalid-key") == 0)
        tm_twin_answer(a, 400, "auth", tm_twin_refusal_key_wrong());
    else
        return true;
    return false;
}

static void judge(tm_twin_arrival *a)
{
    if (!tm_twin_read_path(a)) {
        tm_twin_html(a, 404, "bad_request", "Not Found");
        return;
    }
    if (!pass_key(a))
        return;
    if (a->openai) {
        if (strcmp(a->op, "chat") == 0)
            tm_twin_judge_chat(a);
        else
            tm_twin_judge_openai_models(a);
        return;
    }
    if (a->model && !g_hash_table_contains(a->twin->models, a->model)) {
        tm_twin_answer(a, 404, "no_model", tm_twin_refusal_no_model(a->model, a->version, a->method));
        return;
    }
    if (strcmp(a->op, "models") == 0)
        judge_models(a);
    else if (strcmp(a->op, "model") == 0)
        tm_twin_answer_json(a, tm_twin_model(a->model));
    else if (strcmp(a->op, "count") == 0)
        tm_twin_judge_count(a);
    else
        tm_twin_judge_generate(a);
}

static uint64_t hash_body(const tm_twin_request *request)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; request->body && i < request->length; i++)
        hash = (hash ^ (unsigned char)request->body[i]) * 1099511628211u; /* FNV-1a */
    return hash;
}

static void write_log(const tm_twin_arrival *a)
{
    const tm_twin_use *known = a->model ? g_hash_table_lookup(a->twin->uses, a->model) : NULL;
    tm_twin_count count = known ? tm_twin_use_at((tm_twin_use *)known, a->wall_ms) : (tm_twin_count){0};
    g_autofree char *text = NULL,
                    *hash = g_strdup_printf("%016" G_GINT64_MODIFIER "x", hash_body(a->request));
    if (a->text) {
        g_autofree char *valid = g_utf8_make_valid(a->text->str, (gssize)strlen(a->text->str));
        text = g_utf8_substring(valid, 0, MIN(LOGGED_CHARACTERS, g_utf8_strlen(valid, -1)));
    }
    json_t *line = json_pack("{sI,ss,ss*,si,ss,sI,sI,sI,ss,ss}", "at_ms", (json_int_t)a->wall_ms, "op", a->op,
                             "model", a->model, "http", a->reply->http, "class", a->class, "tokens",
                             (json_int_t)a->tokens, "minute", (json_int_t)count.minute, "day",
                             (json_int_t)count.day, "text", text ? text : "", "hash", hash);
    a->twin->log(line, a->twin->log_data);
    json_decref(line);
}

void tm_twin_judge(tm_twin *twin, const tm_twin_request *request, int64_t wall_ms, tm_twin_reply *reply)
{
    tm_twin_arrival a = {.twin = twin, .request = request, .wall_ms = wall_ms, .op = "other", .reply = reply};
    *reply = (tm_twin_reply){0};
    judge(&a);
    if (twin->log)
        write_log(&a);
    g_free(a.version);
    g_free(a.model);
    g_free(a.method);
    g_free(a.query);
    if (a.text)
        g_string_free(a.text, TRUE);
}
