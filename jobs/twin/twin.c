/* twin.c - finds out what a request wants, judges it by key, model, body and limits, and answers. */
#include "jobs/twin/twin.h"

#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin_answer.h"
#include "jobs/twin/twin_fault.h"
#include "jobs/twin/twin_model.h"
#include "jobs/twin/twin_refusal.h"
#include "jobs/twin/twin_request.h"
#include "jobs/twin/twin_window.h"

#define JSON_TYPE "application/json; charset=UTF-8"
enum { LOGGED_CHARACTERS = 80 };

struct tm_twin {
    tm_twin_options options; /* own copies of all it points to */
    GArray *faults;
    GHashTable *uses; /* model -> tm_twin_use */
    GHashTable *keys; /* NULL: any but invalid-key */
    GHashTable *models;
    int64_t n_generate;
    tm_twin_log log;
    void *log_data;
};

/* One request on its way through the judge. */
typedef struct {
    tm_twin *twin;
    const tm_twin_request *request;
    int64_t wall_ms;
    const char *op;                         /* as the log names it */
    tm_twin_form form;                      /* how its answer is written */
    char *version, *model, *method, *query; /* of the path; NULL where absent */
    const char *class;                      /* as the log names it */
    int64_t tokens, nth;
    GString *text; /* the last user text; NULL: none */
    tm_twin_reply *reply;
} arrival;

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
        options->models ? g_strdupv(options->models) : g_strdupv((char **)tm_twin_model_names());
    twin->options.tier = g_intern_string(options->tier ? options->tier : "free");
    twin->faults = faults;
    twin->uses = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)tm_twin_use_free);
    twin->keys = options->keys ? set_of((const char *const *)options->keys) : NULL;
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

void tm_twin_set_log(tm_twin *twin, tm_twin_log log, void *data)
{
    twin->log = log;
    twin->log_data = data;
}

void tm_twin_reply_clear(tm_twin_reply *reply)
{
    if (reply->body)
        g_string_free(reply->body, TRUE);
    *reply = (tm_twin_reply){0};
}

/* Replies. */

static void answer(arrival *a, int http, const char *class, GString *body)
{
    a->reply->http = http;
    a->reply->body = body;
    a->reply->content_type = JSON_TYPE;
    a->class = class;
    /* without alt=sse a stream's error comes as a list of one */
    if (http != 200 && a->form == TM_TWIN_LIST) {
        g_string_prepend_c(body, '[');
        g_string_append_c(body, ']');
    }
    if (http == 200 && a->form == TM_TWIN_SSE)
        a->reply->content_type = "text/event-stream";
}

static void refuse(arrival *a, int http, const char *class, const char *status, const char *message)
{
    answer(a, http, class, tm_twin_refusal(http, status, message, NULL));
}

static void bad_request(arrival *a, const char *message)
{
    refuse(a, 400, "bad_request", "INVALID_ARGUMENT", message);
}

static void html(arrival *a, int http, const char *class, const char *title)
{
    answer(a, http, class, tm_twin_refusal_html(http, title));
    a->reply->content_type = "text/html; charset=UTF-8";
}

static void answer_json(arrival *a, json_t *value)
{
    GString *out = g_string_new(NULL);
    tm_json_write(out, value);
    json_decref(value);
    answer(a, 200, "ok", out);
}

/* Limits. */

static tm_twin_use *use_of(tm_twin *twin, const char *model)
{
    tm_twin_use *use = g_hash_table_lookup(twin->uses, model);
    if (!use) {
        use = tm_twin_use_new(&twin->options.windows);
        g_hash_table_insert(twin->uses, g_strdup(model), use);
    }
    return use;
}

static void refuse_quota(arrival *a, const tm_twin_violation *violations, size_t n, int64_t wait_ms)
{
    const char *class = "quota_minute";
    for (size_t i = 0; i < n; i++)
        if (violations[i].window == TM_WINDOW_DAY)
            class = "quota_day";
    if (violations[0].value == 0)
        class = "no_model";
    answer(a, 429, class, tm_twin_refusal_quota(violations, n, a->model, a->twin->options.tier, wait_ms));
}

/* Refuses what is over a limit: all that are exceeded stand in one body. A refused request counts nowhere. */
static bool over_limit(arrival *a, tm_twin_use *use)
{
    const tm_twin_options *o = &a->twin->options;
    tm_twin_count now = tm_twin_use_at(use, a->wall_ms);
    tm_twin_violation violations[3];
    size_t n = 0;
    int64_t wait = 0;
    bool never = o->rpm == 0 || o->tpm == 0 || o->rpd == 0; /* on no tier: only the zeros are named */
    if (never ? o->rpd == 0 : o->rpd > 0 && now.day >= o->rpd) {
        violations[n++] = (tm_twin_violation){TM_UNIT_REQUESTS, TM_WINDOW_DAY, o->rpd};
        wait = MAX(wait, never ? 0 : tm_twin_use_day_wait(use, a->wall_ms, o->rpd - 1));
    }
    if (never ? o->rpm == 0 : o->rpm > 0 && now.minute >= o->rpm) {
        violations[n++] = (tm_twin_violation){TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, o->rpm};
        wait = MAX(wait, never ? 0 : tm_twin_use_minute_wait(use, a->wall_ms, o->rpm - 1, -1));
    }
    if (never ? o->tpm == 0 : o->tpm > 0 && now.minute_tokens + a->tokens > o->tpm) {
        bool can_pass = a->tokens <= o->tpm;
        violations[n++] = (tm_twin_violation){TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE, o->tpm};
        /* seen: a request larger than its whole window is told to wait a second */
        wait = MAX(wait, can_pass ? tm_twin_use_minute_wait(use, a->wall_ms, -1, o->tpm - a->tokens) : 1000);
    }
    if (n)
        refuse_quota(a, violations, n, never ? o->windows.minute_ms : wait);
    return n > 0;
}

/* Faults that come before a request counts. */
static bool refuse_by_fault(arrival *a, tm_twin_fault fault, tm_twin_use *use)
{
    const tm_twin_options *o = &a->twin->options;
    tm_twin_violation minute = {TM_UNIT_REQUESTS, TM_WINDOW_MINUTE, o->rpm > 0 ? o->rpm : 15};
    tm_twin_violation day = {TM_UNIT_REQUESTS, TM_WINDOW_DAY, o->rpd > 0 ? o->rpd : 20};
    switch (fault) {
    case TM_FAULT_BAD_REQUEST:
        bad_request(a, "Request contains an invalid argument.");
        return true;
    case TM_FAULT_TOO_LARGE:
        refuse(a, 400, "too_large", "INVALID_ARGUMENT",
               "The input token count exceeds the maximum number of tokens allowed 1048576.");
        return true;
    case TM_FAULT_AUTH:
        answer(a, 400, "auth", tm_twin_refusal_key_wrong());
        return true;
    case TM_FAULT_NO_MODEL:
        answer(a, 404, "no_model", tm_twin_refusal_no_model(a->model, a->version, a->method));
        return true;
    case TM_FAULT_MONEY: { /* both statuses are seen */
        int http = a->nth % 2 ? 402 : 429;
        answer(a, http, "money", tm_twin_refusal_money(http));
        return true;
    }
    case TM_FAULT_QUOTA_MINUTE:
        refuse_quota(a, &minute, 1, tm_twin_use_minute_wait(use, a->wall_ms, 0, -1));
        return true;
    case TM_FAULT_QUOTA_DAY:
        tm_twin_use_at(use, a->wall_ms); /* the day's end is known from here on */
        refuse_quota(a, &day, 1, tm_twin_use_day_wait(use, a->wall_ms, -1));
        return true;
    case TM_FAULT_QUOTA_BARE:
        answer(a, 429, "quota_minute", tm_twin_refusal_bare_quota());
        return true;
    default:
        return false;
    }
}

/* Faults of a request that counts: seen, 503s eat the day. */
static bool fail_by_fault(arrival *a, tm_twin_fault fault)
{
    static const char overloaded[] = "The model is overloaded. Please try again later.";
    switch (fault) {
    case TM_FAULT_OVERLOADED:
        refuse(a, 503, "overloaded", "UNAVAILABLE", overloaded);
        return true;
    case TM_FAULT_ARRAY:
        refuse(a, 503, "overloaded", "UNAVAILABLE", overloaded);
        if (a->form != TM_TWIN_LIST) {
            g_string_prepend_c(a->reply->body, '[');
            g_string_append_c(a->reply->body, ']');
        }
        return true;
    case TM_FAULT_SERVER:
        refuse(a, 500, "server", "INTERNAL",
               "An internal error has occurred. Please retry or report in "
               "https://developers.generativeai.google/guide/troubleshooting");
        return true;
    case TM_FAULT_HTML:
        html(a, 502, "server", "Server Error");
        return true;
    case TM_FAULT_UNKNOWN:
        a->reply->fate = TM_TWIN_CUT;
        a->class = "unknown";
        return true;
    case TM_FAULT_TIMEOUT:
        a->reply->fate = TM_TWIN_HANG;
        a->class = "timeout";
        return true;
    default:
        return false;
    }
}

/* Operations. */

static json_t *read_body(arrival *a, const tm_twin_message *message)
{
    json_error_t where;
    const char *text = a->request->body ? a->request->body : "";
    json_t *body =
        json_loadb(text, a->request->body ? a->request->length : 0, JSON_ALLOW_NUL | JSON_DECODE_ANY, &where);
    if (!body) {
        g_autofree char *message_text = g_strdup_printf(
            "Invalid JSON payload received. %s (line %d, column %d)", where.text, where.line, where.column);
        bad_request(a, message_text);
        return NULL;
    }
    g_autoptr(GPtrArray) flaws = tm_twin_read(body, message);
    if (flaws) {
        answer(a, 400, "bad_request", tm_twin_refusal_flaws(flaws));
        g_clear_pointer(&body, json_decref);
    }
    return body;
}

static const char *class_of_answer(tm_twin_fault fault)
{
    return fault == TM_FAULT_BLOCKED     ? "blocked"
           : fault == TM_FAULT_TRUNCATED ? "truncated"
           : fault == TM_FAULT_SCHEMA    ? "schema"
           : fault == TM_FAULT_EMPTY     ? "empty"
                                         : "ok";
}

static tm_twin_fault draw_fault(arrival *a, const json_t *body)
{
    if (a->twin->faults->len == 0)
        return TM_FAULT_NONE;
    g_autoptr(GString) text = tm_twin_prompt_text(body);
    return tm_twin_faults_draw(a->twin->faults, a->twin->options.seed, a->nth, text->str);
}

static void judge_generate(arrival *a)
{
    tm_twin *twin = a->twin;
    g_autoptr(json_t) body = read_body(a, &tm_twin_generate_request);
    if (!body)
        return;
    a->nth = ++twin->n_generate;
    a->text = tm_twin_last_text(body);
    a->tokens = tm_twin_count_tokens(body);
    g_autofree char *wrong = tm_twin_check(body, a->model);
    if (wrong) {
        bad_request(a, wrong);
        return;
    }
    tm_twin_use *use = use_of(twin, a->model);
    tm_twin_fault fault = draw_fault(a, body);
    if (refuse_by_fault(a, fault, use))
        return;
    if (a->tokens > TM_TWIN_INPUT_TOKENS) { /* seen: refused, and counted in full */
        tm_twin_use_add(use, a->wall_ms, a->tokens);
        refuse(a, 400, "too_large", "INVALID_ARGUMENT",
               "The input token count exceeds the maximum number of tokens allowed 1048576.");
        return;
    }
    if (over_limit(a, use))
        return;
    tm_twin_use_add(use, a->wall_ms, a->tokens);
    int64_t jitter = twin->options.jitter_ms;
    a->reply->delay_ms = twin->options.latency_ms;
    if (jitter > 0)
        a->reply->delay_ms +=
            (int64_t)(tm_twin_mix(twin->options.seed, (uint64_t)a->nth) % (uint64_t)(jitter + 1));
    if (!fail_by_fault(a, fault))
        answer(a, 200, class_of_answer(fault), tm_twin_answer_body(body, a->model, a->form, fault, a->nth));
}

static void judge_count(arrival *a)
{
    g_autoptr(json_t) body = read_body(a, &tm_twin_count_request);
    if (!body)
        return;
    const json_t *whole = json_object_get(body, "generateContentRequest");
    if (whole && json_object_get(body, "contents")) {
        bad_request(a, "Only one of contents and generate_content_request can be set.");
        return;
    }
    const json_t *counted = whole ? whole : body;
    g_autofree char *wrong = tm_twin_check(counted, a->model);
    if (wrong) {
        bad_request(a, wrong);
        return;
    }
    a->text = tm_twin_last_text(counted);
    a->tokens = tm_twin_count_tokens(counted);
    answer(a, 200, "ok", tm_twin_count_body(counted));
}

/* A member of the path's query, unescaped. (transfer full) */
static char *query_member(const arrival *a, const char *name)
{
    g_auto(GStrv) pairs = g_strsplit(a->query ? a->query : "", "&", -1);
    for (char **pair = pairs; *pair; pair++) {
        char *value = strchr(*pair, '=');
        if (!value || (size_t)(value - *pair) != strlen(name) || strncmp(*pair, name, strlen(name)) != 0)
            continue;
        return g_uri_unescape_string(value + 1, NULL);
    }
    return NULL;
}

static void judge_models(arrival *a)
{
    g_autofree char *size = query_member(a, "pageSize"), *token = query_member(a, "pageToken");
    int page_size = size ? (int)g_ascii_strtoll(size, NULL, 10) : 0;
    json_t *page = tm_twin_model_list((const char *const *)a->twin->options.models, page_size, token);
    if (page)
        answer_json(a, page);
    else
        bad_request(a, "page token is not valid");
}

/* /v1beta/models/gemini-2.5-flash:generateContent?alt=sse into its pieces; false: no path of this API. */
static bool read_path(arrival *a)
{
    const char *path = a->request->path, *query = strchr(path, '?');
    g_autofree char *bare = query ? g_strndup(path, (gsize)(query - path)) : g_strdup(path);
    a->query = query ? g_strdup(query + 1) : NULL;
    g_auto(GStrv) steps = g_strsplit(bare, "/", 5); /* "", version, "models", model:method */
    guint n = g_strv_length(steps);
    if (n < 3 || n > 4 || *steps[0] || strcmp(steps[2], "models") != 0 ||
        (strcmp(steps[1], "v1beta") != 0 && strcmp(steps[1], "v1") != 0))
        return false;
    a->version = g_strdup(steps[1]);
    if (n == 3)
        return true;
    char *colon = strchr(steps[3], ':');
    if (colon) {
        *colon = '\0';
        a->method = g_strdup(colon + 1);
    }
    a->model = g_uri_unescape_string(steps[3], NULL);
    return a->model && *a->model && g_utf8_validate(a->model, -1, NULL);
}

static bool read_op(arrival *a)
{
    bool get = strcmp(a->request->method, "GET") == 0, post = strcmp(a->request->method, "POST") == 0;
    g_autofree char *alt = query_member(a, "alt");
    if (!a->model)
        a->op = "models";
    else if (!a->method)
        a->op = "model";
    else if (strcmp(a->method, "generateContent") == 0)
        a->op = "generate";
    else if (strcmp(a->method, "countTokens") == 0)
        a->op = "count";
    else if (strcmp(a->method, "streamGenerateContent") == 0)
        a->op = "stream";
    else
        return false;
    if (strcmp(a->op, "stream") == 0)
        a->form = g_strcmp0(alt, "sse") == 0 ? TM_TWIN_SSE : TM_TWIN_LIST;
    return a->method ? post : get;
}

/* Is the key good? If not, the refusal is filled in. */
static bool pass_key(arrival *a)
{
    g_autofree char *in_query = query_member(a, "key");
    const char *key = a->request->key ? a->request->key : in_query;
    if (!key || !*key)
        answer(a, 403, "auth", tm_twin_refusal_key_missing());
    else if (a->request->bearer && !in_query)
        answer(a, 401, "auth", tm_twin_refusal_key_as_bearer());
    else if (a->twin->keys ? !g_hash_table_contains(a->twin->keys, key) : strcmp(key, "invalid-key") == 0)
        answer(a, 400, "auth", tm_twin_refusal_key_wrong());
    else
        return true;
    return false;
}

static void judge(arrival *a)
{
    if (!read_path(a) || !read_op(a)) {
        html(a, 404, "bad_request", "Not Found");
        return;
    }
    if (!pass_key(a))
        return;
    if (a->model && !g_hash_table_contains(a->twin->models, a->model)) {
        answer(a, 404, "no_model", tm_twin_refusal_no_model(a->model, a->version, a->method));
        return;
    }
    if (strcmp(a->op, "models") == 0)
        judge_models(a);
    else if (strcmp(a->op, "model") == 0)
        answer_json(a, tm_twin_model(a->model));
    else if (strcmp(a->op, "count") == 0)
        judge_count(a);
    else
        judge_generate(a);
}

static uint64_t hash_body(const tm_twin_request *request)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; request->body && i < request->length; i++)
        hash = (hash ^ (unsigned char)request->body[i]) * 1099511628211u; /* FNV-1a */
    return hash;
}

static void write_log(const arrival *a)
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
    arrival a = {.twin = twin, .request = request, .wall_ms = wall_ms, .op = "other", .reply = reply};
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
