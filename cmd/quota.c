/* quota.c - tidemill quota: what was used of each limit, where the limits come from, and why a lane waits */
#include <inttypes.h>
#include <stdio.h>

#include "cmd/command.h"
#include "cmd/ui/say.h"
#include "cmd/ui/table.h"

static gboolean opt_json;
static const GOptionEntry options[] = {
    {"json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "Print JSON\n--json", NULL},
    {0},
};

/* A window without a limit is shown all the same. */
#define NO_LIMIT INT64_MAX

typedef struct {
    tm_context *context;
    tm_ledger *ledger;
    int64_t now_ms;
    GPtrArray *accounts; /* tm_account of the config, borrowed */
    GArray *scopes;      /* int64_t each, in their order; -1: its key is not at hand */
    GPtrArray *entries;
} view;

static void view_clear(view *v)
{
    g_clear_pointer(&v->accounts, g_ptr_array_unref);
    g_clear_pointer(&v->scopes, g_array_unref);
    g_clear_pointer(&v->entries, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(view, view_clear)

/* An account whose key is not set can only be told by its project. */
static int64_t scope_of(view *v, tm_account *account)
{
    bool keyed = tm_context_key(v->context, account, NULL);
    if (!keyed && !account->project)
        return -1;
    return tm_ledger_scope(v->ledger, account, NULL);
}

static gboolean look(view *v, tm_context *context, GError **error)
{
    v->context = context;
    v->now_ms = tm_clock_now(tm_context_clock(context)).wall_ms;
    v->accounts = g_ptr_array_new();
    v->scopes = g_array_new(FALSE, FALSE, sizeof(int64_t));
    tm_config *config = tm_context_config(context, error);
    v->ledger = config ? tm_context_ledger(context, error) : NULL;
    if (!v->ledger)
        return FALSE;
    for (guint i = 0; i < config->accounts->len; i++) {
        tm_account *account = g_ptr_array_index(config->accounts, i);
        int64_t scope = scope_of(v, account);
        g_ptr_array_add(v->accounts, account);
        g_array_append_val(v->scopes, scope);
    }
    v->entries = tm_ledger_entries(v->ledger, error);
    return v->entries != NULL;
}

static const tm_account *account_of(const view *v, int64_t scope)
{
    for (guint i = 0; i < v->accounts->len; i++)
        if (g_array_index(v->scopes, int64_t, i) == scope)
            return g_ptr_array_index(v->accounts, i);
    return NULL;
}

/* ---- one lane ---- */

typedef struct {
    const tm_ledger_entry *entry;
    const tm_account *account; /* NULL: none of the config's */
    GArray *uses;
    tm_lane_state state;
} lane_view;

static void lane_view_clear(lane_view *l)
{
    g_clear_pointer(&l->uses, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(lane_view, lane_view_clear)

static void add_unlimited(GArray *limits)
{
    static const tm_window windows[] = {TM_WINDOW_MINUTE, TM_WINDOW_DAY};
    for (size_t w = 0; w < G_N_ELEMENTS(windows); w++) {
        tm_limit none = {TM_UNIT_REQUESTS, windows[w], NO_LIMIT, TM_SOURCE_DEFAULT, false, 0};
        bool known = false;
        for (guint i = 0; i < limits->len; i++) {
            const tm_limit *limit = &g_array_index(limits, tm_limit, i);
            known = known || (limit->unit == none.unit && limit->window == none.window);
        }
        if (!known)
            g_array_append_val(limits, none);
    }
}

static gboolean look_at_lane(const view *v, const tm_ledger_entry *entry, lane_view *l, GError **error)
{
    l->entry = entry;
    l->account = account_of(v, entry->scope);
    g_autoptr(GArray) limits = l->account ? tm_account_limits(l->account, entry->model, NULL, 0)
                                          : g_array_new(FALSE, FALSE, sizeof(tm_limit));
    add_unlimited(limits);
    tm_lane lane = {
        .scope = entry->scope,
        .model = entry->model,
        .windows = l->account ? &l->account->windows : &entry->windows,
        .limits = (const tm_limit *)(const void *)limits->data,
        .n_limits = limits->len,
        .guard_ms = l->account ? l->account->guard_ms : 350,
    };
    l->uses = tm_ledger_uses(v->ledger, &lane, error);
    return l->uses && tm_ledger_lane_state(v->ledger, &lane, &l->state, error);
}

/* Who pays, in a word. (transfer full) */
static char *owner_of(const lane_view *l)
{
    if (l->account)
        return g_strdup(l->account->name);
    if (l->entry->project)
        return g_strdup_printf("project %s", l->entry->project);
    return g_strdup_printf("%s #%" PRId64, l->entry->host, l->entry->scope);
}

/* ---- for a person ---- */

static char *source_text(const tm_limit *limit, int64_t now_ms)
{
    const char *force = limit->hard ? "hard" : "soft";
    if (limit->value == NO_LIMIT)
        return g_strdup("no limit known");
    if (limit->source == TM_SOURCE_CATALOGUE && limit->seen_ms) {
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(limit->seen_ms / 1000);
        g_autofree char *day = date ? g_date_time_format(date, "%Y-%m-%d") : g_strdup("?");
        return g_strdup_printf("catalogue of %s, %s", day, force);
    }
    if (limit->source == TM_SOURCE_SEEN || limit->source == TM_SOURCE_HEADER) {
        g_autofree char *age = tm_ui_duration(now_ms - limit->seen_ms);
        const char *what = limit->source == TM_SOURCE_HEADER ? "the server's header"
                           : limit->hard                     ? "a 429"
                                                             : "the server's answers";
        return g_strdup_printf("%s, %s ago, %s", what, age, force);
    }
    return g_strdup_printf("%s, %s", tm_limit_source_name(limit->source), force);
}

static char *reset_text(const tm_use *use, int64_t now_ms)
{
    if (use->frees_at_ms <= 0 || use->limit.window == TM_WINDOW_NONE || (!use->calendar && use->used == 0))
        return g_strdup("");
    return use->calendar ? tm_ui_time_pacific(use->frees_at_ms, now_ms)
                         : tm_ui_time(use->frees_at_ms, now_ms);
}

static void add_rows(tm_table *table, const lane_view *l, int64_t now_ms)
{
    g_autofree char *owner = owner_of(l);
    for (guint i = 0; i < l->uses->len; i++) {
        const tm_use *use = &g_array_index(l->uses, tm_use, i);
        g_autofree char *used = tm_ui_number(use->used);
        g_autofree char *of = use->limit.value == NO_LIMIT ? g_strdup("?") : tm_ui_number(use->limit.value);
        g_autofree char *source = source_text(&use->limit, now_ms);
        g_autofree char *reset = reset_text(use, now_ms);
        tm_table_row(table, i ? "" : owner, i ? "" : l->entry->model,
                     tm_limit_word(use->limit.unit, use->limit.window), used, of, source, reset, NULL);
    }
}

/* What the table can't say: holds, errors, a raised guard. Appended as lines. */
static void add_notes(GString *notes, const lane_view *l, int64_t now_ms)
{
    const tm_lane_state *state = &l->state;
    g_autofree char *owner = owner_of(l);
    if (state->until_ms) {
        g_autofree char *until =
            state->until_ms == INT64_MAX ? g_strdup("you act") : tm_ui_time_pacific(state->until_ms, now_ms);
        g_string_append_printf(notes, "%s on %s waits until %s: %s\n", l->entry->model, owner, until,
                               state->why);
    }
    if (state->probe_in_flight)
        g_string_append_printf(notes, "%s on %s: one request is out to see whether it works again: %s\n",
                               l->entry->model, owner, state->why);
    if (state->errors_today)
        g_string_append_printf(notes, "%s on %s: %" PRId64 " of the day's requests ended in an error\n",
                               l->entry->model, owner, state->errors_today);
    if (state->guard_ms > (l->account ? l->account->guard_ms : 350))
        g_string_append_printf(notes,
                               "%s on %s: refused per minute though there was room; keeping %" PRId64
                               " ms more distance for a week\n",
                               l->entry->model, owner, state->guard_ms);
}

static void add_unused(GString *notes, const view *v)
{
    for (guint i = 0; i < v->accounts->len; i++) {
        const tm_account *account = g_ptr_array_index(v->accounts, i);
        int64_t scope = g_array_index(v->scopes, int64_t, i);
        bool used = false;
        for (guint k = 0; k < v->entries->len; k++)
            used = used || ((tm_ledger_entry *)g_ptr_array_index(v->entries, k))->scope == scope;
        if (scope < 0)
            g_string_append_printf(notes,
                                   "account %s: its key is not set, so its use can't be told from others'\n",
                                   account->name);
        else if (!used)
            g_string_append_printf(notes, "account %s: nothing was sent yet\n", account->name);
    }
}

/* Names and reasons may hold anything; the line ends are ours. */
static void print_notes(const GString *notes)
{
    g_auto(GStrv) lines = g_strsplit(notes->str, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autofree char *shown = tm_ui_show(1, *line);
        if (**line)
            puts(shown);
    }
}

static int print_nothing(void)
{
    g_autoptr(GString) notes = g_string_new("nothing was sent yet: the ledger is empty\n");
    print_notes(notes);
    return TM_EXIT_OK;
}

static int print_text(const view *v, GError **error)
{
    static const char *const headings[] = {"account", "model", "limit",           "used",
                                           "of",      "from",  "frees or resets", NULL};
    if (v->entries->len == 0)
        return print_nothing();
    tm_table *table = tm_table_new(headings);
    g_autoptr(GString) notes = g_string_new(NULL);
    bool fine = true;
    for (guint i = 0; i < v->entries->len && fine; i++) {
        g_auto(lane_view) l = {0};
        fine = look_at_lane(v, g_ptr_array_index(v->entries, i), &l, error);
        if (fine) {
            add_rows(table, &l, v->now_ms);
            add_notes(notes, &l, v->now_ms);
        }
    }
    add_unused(notes, v);
    tm_table_print(table, stdout);
    print_notes(notes);
    return fine ? TM_EXIT_OK : TM_EXIT_ERROR;
}

/* ---- for a program ---- */

static json_t *limit_json(const tm_use *use)
{
    bool frees = use->frees_at_ms > 0 && use->limit.window != TM_WINDOW_NONE;
    return json_pack(
        "{s:s, s:s, s:s, s:I, s:o, s:s, s:b, s:o, s:o}", "unit", tm_unit_name(use->limit.unit), "window",
        tm_window_name(use->limit.window), "word", tm_limit_word(use->limit.unit, use->limit.window), "used",
        (json_int_t)use->used, "limit",
        use->limit.value == NO_LIMIT ? json_null() : json_integer(use->limit.value), "source",
        use->limit.value == NO_LIMIT ? "none" : tm_limit_source_name(use->limit.source), "hard",
        (int)use->limit.hard, "seen_ms", use->limit.seen_ms ? json_integer(use->limit.seen_ms) : json_null(),
        "frees_ms", frees ? json_integer(use->frees_at_ms) : json_null());
}

static json_t *lane_json(const lane_view *l)
{
    json_t *limits = json_array();
    for (guint i = 0; i < l->uses->len; i++)
        json_array_append_new(limits, limit_json(&g_array_index(l->uses, tm_use, i)));
    const tm_lane_state *state = &l->state;
    json_t *hold = json_null();
    if (state->until_ms || state->probe_in_flight)
        hold = json_pack("{s:o, s:s, s:b}", "until_ms",
                         state->until_ms && state->until_ms != INT64_MAX ? json_integer(state->until_ms)
                                                                         : json_null(),
                         "why", state->why, "probe_in_flight", (int)state->probe_in_flight);
    return json_pack("{s:s?, s:s, s:s, s:s?, s:s, s:o, s:o, s:I, s:I, s:I}", "account",
                     l->account ? l->account->name : NULL, "provider", l->entry->provider, "host",
                     l->entry->host, "project", l->entry->project, "model", l->entry->model, "limits", limits,
                     "hold", hold, "errors_today", (json_int_t)state->errors_today, "guard_ms",
                     (json_int_t)state->guard_ms, "clock_offset_ms", (json_int_t)state->offset_ms);
}

static int print_json(const view *v, GError **error)
{
    json_t *lanes = json_array();
    bool fine = true;
    for (guint i = 0; i < v->entries->len && fine; i++) {
        g_auto(lane_view) l = {0};
        fine = look_at_lane(v, g_ptr_array_index(v->entries, i), &l, error);
        if (fine)
            json_array_append_new(lanes, lane_json(&l));
    }
    json_t *all = json_pack("{s:o}", "lanes", lanes);
    if (fine) {
        json_dumpf(all, stdout, JSON_COMPACT | JSON_REAL_PRECISION(15));
        putchar('\n');
    }
    json_decref(all);
    return fine ? TM_EXIT_OK : TM_EXIT_ERROR;
}

static int run(tm_context *context, int argc, char **argv, GError **error)
{
    (void)argc, (void)argv;
    g_auto(view) v = {0};
    if (!look(&v, context, error))
        return TM_EXIT_ERROR;
    return opt_json ? print_json(&v, error) : print_text(&v, error);
}

const tm_command tm_cmd_quota = {
    .name = "quota",
    .args = "",
    .summary = "what was used of each limit, and when it comes back",
    .description = "For each account and model: the use of every window, the limit and where it comes from\n"
                   "(hard: never exceeded; soft: tested by one request when spent), what waits and why,\n"
                   "and when the day resets, here and in Pacific time. Reads tidemill's own ledger; other\n"
                   "tools on the same project are not seen.",
    .examples = "tidemill quota\ntidemill quota --json",
    .options = options,
    .run = run,
};
