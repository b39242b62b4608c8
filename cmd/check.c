/* check.c - tidemill check [ACCOUNT]: is everything there that a night needs? Free calls only. */
#include "cmd/ask.h"
#include "cmd/command.h"
#include "cmd/lanes.h"
#include "cmd/ui/say.h"
#include "core/catalog.h"
#include "core/error.h"
#include "core/guess.h"
#include "core/json.h"
#include "core/price.h"
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static const int64_t clock_warn_ms = 2000; /* more than the ledger's guards take in their stride */

static char **opt_models;
static char *opt_base_url;
static gboolean opt_json;

static const GOptionEntry options[] = {
    {"model", 'm', 0, G_OPTION_ARG_STRING_ARRAY, &opt_models,
     "Is this model there? May be given again\n-m gemini-2.5-flash", "NAME"},
    {"base-url", 0, 0, G_OPTION_ARG_STRING, &opt_base_url,
     "Where the account's service is\n--base-url http://127.0.0.1:8080", "URL"},
    {"json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "One JSON object", NULL},
    {0},
};

/* What was found so far. */
typedef struct {
    json_t *checks;
    bool failed;
} report;

/* One line. `what` is a word for programs, `account` NULL where it is about none. */
G_GNUC_PRINTF(5, 6)
static void tell(report *r, bool ok, const char *account, const char *what, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    r->failed = r->failed || !ok;
    if (opt_json) {
        json_array_append_new(r->checks, json_pack("{s:s, s:s?, s:b, s:s}", "check", what, "account", account,
                                                   "ok", ok, "text", text));
        return;
    }
    g_autofree char *line = g_strdup_printf("%s%s%s", account ? account : "", account ? ": " : "", text);
    g_autofree char *shown = tm_ui_show(STDOUT_FILENO, line);
    const char *mark = ok ? "ok      " : "failed  ";
    if (tm_ui_color(STDOUT_FILENO))
        printf("\033[%dm%s\033[0m%s\n", ok ? 32 : 31, mark, shown);
    else
        printf("%s%s\n", mark, shown);
}

/* ---- an account ---- */

/* The names in a service's list: {"models": [{"name": "models/x"}]} or {"data": [{"id": "x"}]}. (transfer
 * full) */
static GPtrArray *names_in(const json_t *list)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    const json_t *array =
        tm_json_array(list, "models") ? tm_json_array(list, "models") : tm_json_array(list, "data");
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *entry = json_array_get(array, i);
        const char *name = tm_json_string(entry, "name", tm_json_string(entry, "id", NULL));
        if (name)
            g_ptr_array_add(names,
                            g_strdup(g_str_has_prefix(name, "models/") ? name + strlen("models/") : name));
    }
    return names;
}

static void tell_models(report *r, const tm_account *account, const GPtrArray *names, char **wanted)
{
    for (char **model = wanted; model && *model; model++) {
        const char *theirs = tm_account_model(account, *model);
        bool there = false;
        for (guint i = 0; i < names->len && !there; i++)
            there = strcmp(names->pdata[i], theirs) == 0;
        const char *guess = there ? NULL : tm_guess(theirs, (const char *const *)names->pdata, names->len);
        if (there)
            tell(r, true, account->name, "model", "model %s is there", theirs);
        else if (guess)
            tell(r, false, account->name, "model", "there is no model %s; did you mean %s?", theirs, guess);
        else
            tell(r, false, account->name, "model", "there is no model %s among the service's %u", theirs,
                 names->len);
    }
}

static void tell_clock(report *r, const tm_account *account, const tm_asked *got)
{
    tell(r, true, account->name, "latency", "answers in %" PRId64 " ms", got->took_ms);
    if (!got->dated) {
        tell(r, true, account->name, "clock", "the service does not tell its time");
        return;
    }
    /* Date has whole seconds: anything between low and high fits. */
    int64_t off = got->offset_low_ms > 0    ? got->offset_low_ms
                  : got->offset_high_ms < 0 ? got->offset_high_ms
                                            : 0;
    if (off == 0) {
        tell(r, true, account->name, "clock", "this clock agrees with the service's");
        return;
    }
    g_autofree char *much = tm_ui_duration(ABS(off));
    tell(r, ABS(off) < clock_warn_ms, account->name, "clock", "this clock is %s %s the service's%s", much,
         off > 0 ? "behind" : "before",
         ABS(off) < clock_warn_ms ? "" : ": set it, for days begin by the service's");
}

/* The models that routes name for this account, and those of --model. (transfer full) */
static char **wanted_models(const tm_config *config, const tm_account *account)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    if (opt_models) {
        g_strv_builder_addv(builder, (const char **)opt_models);
        return g_strv_builder_end(builder);
    }
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, config->routes);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const GPtrArray *route = value;
        for (guint i = 0; i < route->len; i++) {
            const tm_route_step *step = route->pdata[i];
            if (step->account == account && step->models)
                g_strv_builder_addv(builder, (const char **)step->models);
        }
    }
    return g_strv_builder_end(builder);
}

static void tell_refusal(report *r, const tm_account *account, const tm_answer *answer)
{
    const char *said = answer->message ? answer->message : "no further words";
    const char *variable = account->key_variable;
    if (answer->class == TM_CLASS_AUTH)
        tell(r, false, account->name, "key", "%s refuses the API key%s%s: %s", account->host,
             variable ? " from " : "", variable ? variable : "", said);
    else if (answer->class == TM_CLASS_NETWORK) /* the words say whom it could not reach, and why */
        tell(r, false, account->name, "service", "%s", said);
    else
        tell(r, false, account->name, "service", "%s does not answer as it should (%s): %s", account->host,
             tm_class_name(answer->class), said);
}

static void tell_service(report *r, tm_context *context, const tm_account *account, const tm_asked *got)
{
    if (got->error) {
        tell(r, false, account->name, "service", "%s: %s", account->host, got->error->message);
        return;
    }
    if (got->answer.class != TM_CLASS_OK) {
        tell_refusal(r, account, &got->answer);
        return;
    }
    g_autoptr(json_t) list =
        tm_json_parse(got->answer.text ? got->answer.text : "", got->answer.text_length, NULL);
    g_autoptr(GPtrArray) names = names_in(list);
    g_auto(GStrv) wanted = wanted_models(tm_context_config(context, NULL), account);
    if (account->key)
        tell(r, true, account->name, "key", "the key is valid for %s (%u models)", account->host, names->len);
    else
        tell(r, true, account->name, "key", "%s wants no key (%u models)", account->host, names->len);
    tell_models(r, account, names, wanted);
    tell_clock(r, account, got);
}

/* What is known of the service beforehand, by the catalogue. */
static void tell_known(report *r, const tm_account *account)
{
    static const char *const json[] = {"holds answers to a JSON schema", "has JSON mode, without a schema",
                                       "has no JSON mode"};
    static const char *const headers[] = {"tells no limits in headers",
                                          "tells its limits in headers",
                                          "tells its limits in headers: requests a day, tokens a minute",
                                          "tells its limits in headers: requests and tokens a minute",
                                          "tells its limits when it refuses",
                                          "tells its limits in headers: requests a day, tokens a minute",
                                          "may tell its limits in headers"};
    static const char *const days[] = {"its day is Pacific", "its day is UTC", "its day is the config's zone",
                                       "its day refills all the time", "it has no day"};
    const tm_preset *service = account->service;
    if (strcmp(account->provider, "openai") != 0)
        return;
    if (!service) {
        tell(r, true, account->name, "known",
             "speaks OpenAI's format; nothing more is known of %s: JSON schemas and max_tokens are tried "
             "first",
             account->host);
        return;
    }
    tell(r, true, account->name, "known", "%s %s; %s; %s%s%s", service->name, json[service->json],
         headers[service->headers], days[account->windows.day], service->note ? "; " : "",
         service->note ? service->note : "");
}

static void tell_prices(report *r, tm_context *context, const tm_account *account)
{
    int64_t now_ms = tm_clock_now(tm_context_clock(context)).wall_ms;
    g_auto(GStrv) wanted = wanted_models(tm_context_config(context, NULL), account);
    tell(r, true, account->name, "cost", "costs money: run asks first, or keeps to a budget");
    for (char **model = wanted; model && *model; model++) {
        tm_price price;
        if (!tm_price_find(account, tm_account_model(account, *model), now_ms, &price)) {
            tell(r, true, account->name, "price",
                 "the price of %s is not known: `prices:` in the config says it", *model);
            continue;
        }
        g_autofree char *in = tm_price_text(price.input), *out = tm_price_text(price.output);
        tell(r, true, account->name, "price", "%s: %s a million tokens in, %s out", *model, in, out);
    }
}

/* Its question, and what is known without asking. False: there is none to ask. */
static bool begin_account(report *r, tm_context *context, tm_account *account, tm_asked *asked)
{
    g_autoptr(GError) error = NULL;
    asked->provider = tm_provider_named(account->provider);
    asked->operation = (tm_operation){.kind = TM_OP_MODELS, .account = account};
    if (!tm_context_key(context, account, &error)) {
        tell(r, false, account->name, "key", "%s", error->message);
        return false;
    }
    if (!asked->provider)
        tell(r, false, account->name, "service", "%s's format is not supported yet in this version",
             account->provider);
    return asked->provider != NULL;
}

static void tell_account(report *r, tm_context *context, const tm_account *account, const tm_asked *asked)
{
    if (strcmp(account->provider, "gemini") == 0)
        tell(r, true, account->name, "tier", "tier %s",
             account->tier ? account->tier : "not named: the free one's limits are taken");
    tell_known(r, account);
    if (account->costs)
        tell_prices(r, context, account);
    tell_service(r, context, account, asked);
}

/* All accounts at once: one that does not answer keeps nobody waiting. */
static void check_accounts(report *r, tm_context *context, tm_transport *transport, const GArray *steps)
{
    g_autofree tm_asked *asked = g_new0(tm_asked, steps->len + 1);
    g_autofree tm_account **accounts = g_new0(tm_account *, steps->len + 1);
    guint n = 0;
    for (guint i = 0; i < steps->len; i++) {
        accounts[n] = g_array_index(steps, tm_route_step, i).account;
        n += begin_account(r, context, accounts[n], &asked[n]);
    }
    tm_ask_all(transport, tm_context_clock(context), asked, n);
    for (guint i = 0; i < n; i++) {
        tell_account(r, context, accounts[i], &asked[i]);
        tm_asked_clear(&asked[i]);
    }
}

/* ---- what is on this machine ---- */

static void check_files(report *r, tm_context *context)
{
    g_autoptr(GError) error = NULL;
    if (tm_context_store(context, &error))
        tell(r, true, NULL, "store", "the store can be written");
    else
        tell(r, false, NULL, "store", "the store: %s", error->message);
    g_clear_error(&error);
    if (tm_context_ledger(context, &error))
        tell(r, true, NULL, "ledger", "the ledger can be written");
    else
        tell(r, false, NULL, "ledger", "the ledger: %s", error->message);
}

static GArray *chosen(tm_context *context, const tm_config *config, const char *name, GError **error)
{
    if (name || opt_base_url) {
        tm_lane_flags flags = TM_LANE_FLAGS_INIT;
        flags.account = (char *)(gpointer)name;
        flags.base_url = opt_base_url;
        flags.model = opt_models ? opt_models[0] : NULL; /* whose format is spoken may follow from its name */
        return tm_lanes_steps(context, NULL, &flags, error);
    }
    GArray *steps = g_array_new(FALSE, FALSE, sizeof(tm_route_step));
    for (guint i = 0; i < config->accounts->len; i++) {
        tm_route_step step = {.account = config->accounts->pdata[i]};
        g_array_append_val(steps, step);
    }
    return steps;
}

static int run(tm_context *context, int argc, char **argv, GError **error)
{
    const tm_config *config = tm_context_config(context, error);
    if (!config)
        return TM_EXIT_ERROR;
    g_autoptr(GArray) steps = chosen(context, config, argc > 1 ? argv[1] : NULL, error);
    tm_transport *transport = steps ? tm_transport_curl(tm_context_clock(context), NULL, error) : NULL;
    if (!transport)
        return TM_EXIT_ERROR;
    report r = {.checks = json_array()};
    for (guint i = 0; i < config->notes->len; i++)
        tell(&r, true, NULL, "note", "%s", (char *)config->notes->pdata[i]);
    tell(&r, true, NULL, "config", "%s",
         config->path ? config->path : "no config file; the environment is used");
    check_files(&r, context);
    check_accounts(&r, context, transport, steps);
    transport->free(transport);
    if (opt_json) {
        g_autoptr(json_t) all = json_pack("{s:b, s:O}", "ok", !r.failed, "checks", r.checks);
        g_autofree char *text = tm_json_text(all);
        puts(text);
    }
    json_decref(r.checks);
    return r.failed ? TM_EXIT_ERROR : TM_EXIT_OK;
}

const tm_command tm_cmd_check = {
    .name = "check",
    .args = "[ACCOUNT | SERVICE]",
    .min_args = 0,
    .max_args = 1,
    .summary = "are key, models, clock and files as a night needs them?",
    .description = "One line for each thing that was looked at, of one account or of all; a service of the "
                   "catalogue\n"
                   "(groq, openrouter, ollama ...) needs no account, only its key in the environment. Asks "
                   "for the list\n"
                   "of models, which costs nothing and counts against no quota.",
    .examples = "tidemill check\ntidemill check free -m gemini-2.5-flash\ntidemill check groq",
    .options = options,
    .run = run,
};
