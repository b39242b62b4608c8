/* twin.c - judges requests by key and model, hands them on, and tells the log. */
#include "jobs/twin/twin.h"

#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin_arrival.h"
#include "jobs/twin/twin_fault.h"
#include "jobs/twin/twin_model.h"

enum { LOGGED_CHARACTERS = 80 };

gboolean tm_twin_fault_check(const char *fault, GError **error)
{
    char *one[] = {(char *)fault, NULL};
    GArray *faults = tm_twin_faults_new(one, error);
    if (faults)
        g_array_unref(faults);
    return faults != NULL;
}

const char **tm_twin_presets(void)
{
    GPtrArray *names = g_ptr_array_new();
    const tm_twin_preset *preset;
    for (guint i = 0; (preset = tm_twin_preset_nth(i)); i++)
        g_ptr_array_add(names, (gpointer)preset->name);
    g_ptr_array_add(names, NULL);
    return (const char **)g_ptr_array_free(names, FALSE);
}

tm_day_kind tm_twin_preset_day(const char *preset)
{
    return tm_twin_preset_named(preset)->day;
}

/* One account for each wire, when none are named. */
static void default_accounts(const tm_twin_options *options, tm_twin_account_options *both)
{
    const tm_twin_preset *preset = tm_twin_preset_named(options->preset);
    both[0] = (tm_twin_account_options){.provider = "gemini",
                                        .keys = options->keys,
                                        .models = options->models,
                                        .rpm = options->rpm,
                                        .tpm = options->tpm,
                                        .rpd = options->rpd,
                                        .windows = options->windows,
                                        .tier = options->tier,
                                        .credit_micro_usd = -1,
                                        .fails = options->fails};
    both[1] = both[0];
    both[1].provider = options->preset;
    if (options->openai_windows)
        both[1].windows = *options->openai_windows;
    else if (preset)
        both[1].windows.day = preset->day;
}

tm_twin *tm_twin_new(const tm_twin_options *options)
{
    tm_twin_account_options both[2];
    const tm_twin_account_options *accounts = options->n_accounts ? options->accounts : both;
    size_t n = options->n_accounts ? options->n_accounts : G_N_ELEMENTS(both);
    tm_twin *twin = g_new0(tm_twin, 1);
    twin->latency_ms = options->latency_ms;
    twin->jitter_ms = options->jitter_ms;
    twin->seed = options->seed;
    twin->accounts = g_ptr_array_new_with_free_func((GDestroyNotify)tm_twin_account_free);
    if (!options->n_accounts)
        twin->preset = tm_twin_preset_named(options->preset);
    default_accounts(options, both);
    for (size_t i = 0; i < n; i++) {
        tm_twin_account *account = tm_twin_account_new(&accounts[i]);
        if (!account) {
            tm_twin_free(twin);
            return NULL;
        }
        g_ptr_array_add(twin->accounts, account);
        if (!twin->preset && !account->gemini)
            twin->preset = account->preset; /* the words for keys that nobody has */
    }
    if (!twin->preset)
        twin->preset = tm_twin_preset_named(NULL);
    return twin;
}

void tm_twin_free(tm_twin *twin)
{
    if (!twin)
        return;
    g_ptr_array_unref(twin->accounts);
    g_free(twin);
}

void tm_twin_set_limits(tm_twin *twin, int64_t rpm, int64_t tpm, int64_t rpd)
{
    for (guint i = 0; i < twin->accounts->len; i++) {
        tm_twin_account *account = g_ptr_array_index(twin->accounts, i);
        account->rpm = rpm;
        account->tpm = tpm;
        account->rpd = rpd;
    }
}

gboolean tm_twin_set_fails(tm_twin *twin, char **fails)
{
    g_autoptr(GArray) faults = tm_twin_faults_new(fails, NULL);
    if (!faults)
        return FALSE;
    for (guint i = 0; i < twin->accounts->len; i++) {
        tm_twin_account *account = g_ptr_array_index(twin->accounts, i);
        g_array_unref(account->faults);
        account->faults = g_array_ref(faults);
    }
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
    json_t *page = tm_twin_model_list((const char *const *)a->account->models, page_size, token);
    if (page)
        tm_twin_answer_json(a, page);
    else
        tm_twin_bad_request(a, "page token is not valid");
}

/* The account of a good key at a path's wire; NULL: there is none. */
static tm_twin_account *find_account(const tm_twin_arrival *a, const char *key)
{
    for (guint i = 0; i < a->twin->accounts->len; i++) {
        tm_twin_account *account = g_ptr_array_index(a->twin->accounts, i);
        bool wire = account->gemini == (a->wire != TM_TWIN_OPENAI);
        if (wire && (key ? tm_twin_account_takes(account, key) : account->preset->keyless))
            return account;
    }
    return NULL;
}

/* Is the key good? If not, the refusal is filled in. */
static bool pass_key(tm_twin_arrival *a)
{
    g_autofree char *in_query = a->wire == TM_TWIN_NATIVE ? tm_twin_query(a, "key") : NULL;
    bool wrong_header = a->request->bearer != (a->wire != TM_TWIN_NATIVE);
    const char *key = a->request->key && !wrong_header ? a->request->key : in_query;
    key = key && *key ? key : NULL;
    a->account = find_account(a, key);
    if (a->account) {
        if (a->wire == TM_TWIN_OPENAI)
            a->preset = a->account->preset;
        return true;
    }
    if (!key && a->request->bearer && a->wire == TM_TWIN_NATIVE)
        tm_twin_answer(a, 401, "auth", tm_twin_refusal_key_as_bearer());
    else if (!key)
        tm_twin_answer(a, 403, "auth", tm_twin_refusal_key_missing());
    else
        tm_twin_answer(a, 400, "auth", tm_twin_refusal_key_wrong());
    return false;
}

static void judge(tm_twin_arrival *a)
{
    if (!tm_twin_read_path(a) || !pass_key(a))
        return;
    if (a->wire != TM_TWIN_NATIVE)
        tm_twin_judge_openai(a);
    else if (a->model && !tm_twin_account_has(a->account, a->model))
        tm_twin_answer(a, 404, "no_model", tm_twin_refusal_no_model(a->model, a->version, a->method));
    else if (strcmp(a->op, "models") == 0)
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
    tm_twin_use *known = a->account && a->model ? g_hash_table_lookup(a->account->uses, a->model) : NULL;
    tm_twin_count count = known ? tm_twin_use_at(known, a->wall_ms) : (tm_twin_count){0};
    g_autofree char *text = NULL,
                    *hash = g_strdup_printf("%016" G_GINT64_MODIFIER "x", hash_body(a->request));
    if (a->text) {
        g_autofree char *valid = g_utf8_make_valid(a->text->str, (gssize)strlen(a->text->str));
        text = g_utf8_substring(valid, 0, MIN(LOGGED_CHARACTERS, g_utf8_strlen(valid, -1)));
    }
    json_t *line =
        json_pack("{sI,ss,ss*,ss*,ss*,si,ss,sI,sI,sI,ss,ss}", "at_ms", (json_int_t)a->wall_ms, "op", a->op,
                  "account", a->account ? a->account->name : NULL, "provider",
                  a->account ? a->account->preset->name : NULL, "model", a->model, "http", a->reply->http,
                  "class", a->class, "tokens", (json_int_t)a->tokens, "minute", (json_int_t)count.minute,
                  "day", (json_int_t)count.day, "text", text ? text : "", "hash", hash);
    a->twin->log(line, a->twin->log_data);
    json_decref(line);
}

void tm_twin_judge(tm_twin *twin, const tm_twin_request *request, int64_t wall_ms, tm_twin_reply *reply)
{
    tm_twin_arrival a = {.twin = twin, .request = request, .wall_ms = wall_ms, .op = "other", .reply = reply};
    *reply = (tm_twin_reply){0};
    judge(&a);
    tm_twin_add_rates(&a);
    if (twin->log)
        write_log(&a);
    g_free(a.version);
    g_free(a.model);
    g_free(a.method);
    g_free(a.query);
    if (a.text)
        g_string_free(a.text, TRUE);
}
