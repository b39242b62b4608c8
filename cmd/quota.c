/* quota.c - tidemill quota: what was used of each limit, where the limits come from, and why a lane waits */
#include <inttypes.h>
#include <stdio.h>

#include "cmd/command.h"
#include "cmd/quota_view.h"
#include "cmd/ui/say.h"
#include "cmd/ui/table.h"
#include "core/price.h"

static gboolean opt_json;
static const GOptionEntry options[] = {
    {"json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "Print JSON\n--json", NULL},
    {0},
};

/* ---- for a person ---- */

static char *source_text(const tm_limit *limit, bool refused, int64_t now_ms)
{
    const char *force = limit->hard ? "hard" : "soft";
    if (limit->value == TM_QUOTA_NO_LIMIT)
        return g_strdup("no limit known");
    if (limit->source == TM_SOURCE_CATALOGUE && limit->seen_ms) {
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(limit->seen_ms / 1000);
        g_autofree char *day = date ? g_date_time_format(date, "%Y-%m-%d") : g_strdup("?");
        return g_strdup_printf("catalogue of %s, %s", day, force);
    }
    if (limit->source == TM_SOURCE_SEEN || limit->source == TM_SOURCE_HEADER) {
        g_autofree char *age = tm_ui_duration(now_ms - limit->seen_ms);
        const char *what = limit->source == TM_SOURCE_HEADER ? "the server's header"
                           : refused                         ? "a 429"
                                                             : "the server's answers";
        return g_strdup_printf("%s, %s ago, %s", what, age, force);
    }
    return g_strdup_printf(
        "%s, %s", limit->source == TM_SOURCE_DEFAULT ? "a guess" : tm_limit_source_name(limit->source),
        force);
}

static char *source_of(const tm_quota_lane *l, guint i, int64_t now_ms)
{
    return source_text(&g_array_index(l->uses, tm_use, i).limit, g_array_index(l->refused, bool, i), now_ms);
}

/* A moment is told here, a wait also in the time by which the days of Gemini go. */
static char *when_text(int64_t at_ms, int64_t now_ms)
{
    return at_ms - now_ms > 60000 ? tm_ui_time_pacific(at_ms, now_ms) : tm_ui_time(at_ms, now_ms);
}

/* Empty: nothing is in use. */
static char *reset_text(const tm_use *use, int64_t now_ms)
{
    if (use->frees_at_ms <= 0 || use->limit.window == TM_WINDOW_NONE || (!use->calendar && use->used == 0))
        return g_strdup("");
    return use->calendar ? tm_ui_time_pacific(use->frees_at_ms, now_ms) : when_text(use->frees_at_ms, now_ms);
}

static char *amount(const tm_limit *limit, int64_t n)
{
    return limit->unit == TM_UNIT_MICRO_USD ? tm_price_text(n) : tm_ui_number(n);
}

static void add_rows(tm_table *table, const tm_quota_lane *l, int64_t now_ms)
{
    g_autofree char *owner = tm_quota_lane_owner(l);
    for (guint i = 0; i < l->uses->len; i++) {
        const tm_use *use = &g_array_index(l->uses, tm_use, i);
        g_autofree char *used = amount(&use->limit, use->used);
        g_autofree char *of =
            use->limit.value == TM_QUOTA_NO_LIMIT ? g_strdup("?") : amount(&use->limit, use->limit.value);
        g_autofree char *source = source_of(l, i, now_ms);
        g_autofree char *reset = reset_text(use, now_ms);
        tm_table_row(table, i ? "" : owner, i ? "" : l->entry->model,
                     tm_limit_word(use->limit.unit, use->limit.window), used, of, source, reset, NULL);
    }
}

/* What the table can't say: holds, errors, a raised guard. Appended as lines. */
static void add_notes(GString *notes, const tm_quota_lane *l, int64_t now_ms)
{
    const tm_lane_state *state = &l->state;
    g_autofree char *owner = tm_quota_lane_owner(l);
    if (state->until_ms) {
        g_autofree char *until =
            state->until_ms == INT64_MAX ? g_strdup("you act") : tm_ui_time_pacific(state->until_ms, now_ms);
        g_string_append_printf(notes, "%s on %s waits until %s%s: %s\n", l->entry->model, owner, until,
                               state->probe_next ? ", then one request goes first" : "", state->why);
    } else if (state->probe_next) {
        g_string_append_printf(notes,
                               "%s on %s: the next request goes alone, to see whether it works again: %s\n",
                               l->entry->model, owner, state->why);
    }
    if (state->probe_in_flight)
        g_string_append_printf(notes, "%s on %s: one request is out to see whether it works again: %s\n",
                               l->entry->model, owner, state->why);
    if (l->next.granted == 0 && l->next.retry_ms != state->until_ms) {
        g_autofree char *at =
            l->next.retry_ms == INT64_MAX ? g_strdup("never by itself") : when_text(l->next.retry_ms, now_ms);
        g_string_append_printf(notes, "%s on %s: next request %s: %s\n", l->entry->model, owner, at,
                               l->next.why);
    } else if (l->next.granted && l->next.tests) {
        g_string_append_printf(notes, "%s on %s: the next request goes alone, %s\n", l->entry->model, owner,
                               l->next.why);
    }
    if (state->errors_today)
        g_string_append_printf(notes, "%s on %s: %" PRId64 " of the day's requests ended in an error\n",
                               l->entry->model, owner, state->errors_today);
    if (state->guard_ms > (l->account ? l->account->guard_ms : 350))
        g_string_append_printf(notes,
                               "%s on %s: refused per minute though there was room; keeping %" PRId64
                               " ms more distance for a week\n",
                               l->entry->model, owner, state->guard_ms);
}

static void add_unused(GString *notes, const tm_quota_view *v)
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

static int print_text(const tm_quota_view *v, GError **error)
{
    static const char *const headings[] = {"account", "model", "limit",           "used",
                                           "of",      "from",  "frees or resets", NULL};
    if (v->entries->len == 0)
        return print_nothing();
    tm_table *table = tm_table_new(headings);
    g_autoptr(GString) notes = g_string_new(NULL);
    bool fine = true;
    for (guint i = 0; i < v->entries->len && fine; i++) {
        g_auto(tm_quota_lane) l = {0};
        fine = tm_quota_lane_fill(v, g_ptr_array_index(v->entries, i), &l, error);
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

static json_t *instant_json(int64_t ms)
{
    return ms > 0 && ms != INT64_MAX ? json_integer(ms) : json_null();
}

static json_t *limit_json(const tm_quota_lane *l, guint i, int64_t now_ms)
{
    const tm_use *use = &g_array_index(l->uses, tm_use, i);
    const tm_limit *limit = &use->limit;
    bool known = limit->value != TM_QUOTA_NO_LIMIT;
    g_autofree char *from = source_of(l, i, now_ms);
    g_autofree char *frees = reset_text(use, now_ms);
    return json_pack(
        "{s:s, s:s, s:s, s:I, s:o, s:s, s:b, s:o, s:o, s:s, s:o, s:o}", "unit", tm_unit_name(limit->unit),
        "window", tm_window_name(limit->window), "word", tm_limit_word(limit->unit, limit->window), "used",
        (json_int_t)use->used, "limit", known ? json_integer(limit->value) : json_null(), "source",
        known ? tm_limit_source_name(limit->source) : "none", "hard", (int)limit->hard, "seen_ms",
        instant_json(limit->seen_ms), "frees_ms",
        limit->window != TM_WINDOW_NONE ? instant_json(use->frees_at_ms) : json_null(), "from", from,
        "age_ms", limit->seen_ms ? json_integer(MAX(now_ms - limit->seen_ms, 0)) : json_null(), "frees",
        *frees ? json_string(frees) : json_null());
}

static json_t *hold_json(const tm_lane_state *state, int64_t now_ms)
{
    if (!state->until_ms && !state->probe_in_flight)
        return json_null();
    bool timed = state->until_ms && state->until_ms != INT64_MAX;
    g_autofree char *until = timed ? tm_ui_time_pacific(state->until_ms, now_ms) : NULL;
    return json_pack("{s:o, s:s, s:b, s:s?}", "until_ms", instant_json(state->until_ms), "why", state->why,
                     "probe_in_flight", (int)state->probe_in_flight, "until", until);
}

/* When the next request may go; null: now. */
static json_t *next_json(const tm_quota_lane *l, int64_t now_ms)
{
    if (l->next.granted)
        return json_null();
    g_autofree char *at = l->next.retry_ms != INT64_MAX ? tm_ui_time_pacific(l->next.retry_ms, now_ms) : NULL;
    return json_pack("{s:o, s:s?, s:s}", "at_ms", instant_json(l->next.retry_ms), "at", at, "why",
                     l->next.why);
}

static json_t *lane_json(const tm_quota_lane *l, int64_t now_ms)
{
    json_t *limits = json_array();
    for (guint i = 0; i < l->uses->len; i++)
        json_array_append_new(limits, limit_json(l, i, now_ms));
    const tm_lane_state *state = &l->state;
    return json_pack("{s:s?, s:s, s:s, s:s?, s:s, s:o, s:o, s:o, s:b, s:I, s:I, s:I}", "account",
                     l->account ? l->account->name : NULL, "provider", l->entry->provider, "host",
                     l->entry->host, "project", l->entry->project, "model", l->entry->model, "limits", limits,
                     "hold", hold_json(state, now_ms), "next", next_json(l, now_ms), "probe_next",
                     (int)state->probe_next, "errors_today", (json_int_t)state->errors_today, "guard_ms",
                     (json_int_t)state->guard_ms, "clock_offset_ms", (json_int_t)state->offset_ms);
}

static int print_json(const tm_quota_view *v, GError **error)
{
    json_t *lanes = json_array();
    bool fine = true;
    for (guint i = 0; i < v->entries->len && fine; i++) {
        g_auto(tm_quota_lane) l = {0};
        fine = tm_quota_lane_fill(v, g_ptr_array_index(v->entries, i), &l, error);
        if (fine)
            json_array_append_new(lanes, lane_json(&l, v->now_ms));
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
    g_auto(tm_quota_view) v = {0};
    if (!tm_quota_view_fill(&v, context, error))
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
