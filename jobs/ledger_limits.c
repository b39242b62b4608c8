/* ledger_limits.c - which limits hold for a lane: the account's, merged with what servers were seen to
 * enforce */
#include "jobs/ledger_inside.h"

/* A 429's word is hard for so many days, then soft. */
#define HARD_DAYS 7
/* Exact stamps up to so many requests a minute. */
#define EXACT_UP_TO 240
/* A told value is not written again sooner, when it is the same. */
#define REFRESH_MS (3600 * (int64_t)1000)

bool tm_ledger_unit(const char *name, tm_unit *unit)
{
    for (unsigned u = 0; name && u < TM_N_UNITS; u++)
        if (strcmp(name, tm_unit_name(u)) == 0) {
            *unit = u;
            return true;
        }
    return false;
}

bool tm_ledger_window(const char *name, tm_window *window)
{
    for (unsigned w = 0; name && w < TM_N_WINDOWS; w++)
        if (strcmp(name, tm_window_name(w)) == 0) {
            *window = w;
            return true;
        }
    return false;
}

/* A limit that a server was seen to enforce. */
typedef struct {
    tm_limit limit;
    int64_t own; /* what the user had said by then; -1: nothing */
} seen_limit;

static GArray *read_seen(tm_ledger *ledger, const tm_ledger_lane *lane, GError **error)
{
    g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(seen_limit));
    sqlite3_stmt *row =
        tm_ledger_sql(ledger,
                      "SELECT unit, window, value, hard, source, seen_ms, own FROM limit_seen "
                      "WHERE scope = ? AND model = ?",
                      "is", lane->scope, lane->model);
    int status;
    while ((status = sqlite3_step(row)) == SQLITE_ROW) {
        const char *source = (const char *)sqlite3_column_text(row, 4);
        seen_limit seen = {
            .limit = {.value = sqlite3_column_int64(row, 2),
                      .hard = sqlite3_column_int(row, 3),
                      .source = g_strcmp0(source, "header") == 0 ? TM_SOURCE_HEADER : TM_SOURCE_SEEN,
                      .seen_ms = sqlite3_column_int64(row, 5)},
            .own = sqlite3_column_int64(row, 6),
        };
        if (tm_ledger_unit((const char *)sqlite3_column_text(row, 0), &seen.limit.unit) &&
            tm_ledger_window((const char *)sqlite3_column_text(row, 1), &seen.limit.window))
            g_array_append_val(all, seen);
    }
    sqlite3_reset(row);
    if (status != SQLITE_DONE) {
        tm_database_fail(ledger->db, error, "reading the ledger");
        return NULL;
    }
    return g_steal_pointer(&all);
}

static const tm_limit *find(const GArray *limits, tm_unit unit, tm_window window)
{
    for (guint i = 0; i < limits->len; i++) {
        const tm_limit *limit = &g_array_index(limits, tm_limit, i);
        if (limit->unit == unit && limit->window == window)
            return limit;
    }
    return NULL;
}

static const seen_limit *find_seen(const GArray *told, tm_unit unit, tm_window window)
{
    for (guint i = 0; i < told->len; i++) {
        const seen_limit *seen = &g_array_index(told, seen_limit, i);
        if (seen->limit.unit == unit && seen->limit.window == window)
            return seen;
    }
    return NULL;
}

/* What was seen ages: a told value is hard for a week, a told 0 for an hour (tiers change by a click). All in
 * proportion when days are shorter. */
static tm_limit aged(const tm_limit *told, const tm_ledger_lane *lane, const tm_instant *now)
{
    tm_limit limit = *told;
    int64_t day = tm_ledger_day_length(&lane->windows), age = now->wall_ms - told->seen_ms;
    limit.hard = told->hard && age < (told->value == 0 ? day / 24 : HARD_DAYS * day);
    return limit;
}

/* One (unit, window): the account's limit and the one seen, if any. The user's word is never exceeded. Where
 * the server was seen to allow less than the user says, the server is believed for a week, then one probe
 * tests it; a word that the user has changed since is newer than that, and is tested at once. */
static void merge(GArray *merged, const tm_limit *own, const seen_limit *seen, const tm_ledger_lane *lane,
                  const tm_instant *now)
{
    if (!seen) {
        g_array_append_val(merged, *own);
        return;
    }
    const tm_limit *told = &seen->limit;
    tm_limit limit = aged(told, lane, now);
    int64_t day = tm_ledger_day_length(&lane->windows), age = now->wall_ms - told->seen_ms;
    if (!own || (!own->hard && (limit.hard || age < HARD_DAYS * day || own->seen_ms < told->seen_ms))) {
        g_array_append_val(merged, limit);
        return;
    }
    g_array_append_val(merged, *own);
    if (own->hard && told->hard && limit.value < own->value) {
        limit.hard = limit.hard && (seen->own == own->value || age < day / 24);
        g_array_append_val(merged, limit);
    }
}

/* What must be counted, and how finely, follows from the limits. */
static void track(tm_ledger_lane *lane, const GArray *limits)
{
    lane->exact = false;
    for (guint i = 0; i < limits->len; i++) {
        const tm_limit *limit = &g_array_index(limits, tm_limit, i);
        lane->tracked[limit->unit] |= 1u << limit->window;
        if (limit->unit == TM_UNIT_REQUESTS && limit->window == TM_WINDOW_MINUTE &&
            limit->value <= EXACT_UP_TO)
            lane->exact = true;
    }
}

GArray *tm_ledger_limits(tm_ledger *ledger, tm_ledger_lane *lane, const tm_instant *now, GError **error)
{
    g_autoptr(GArray) told = read_seen(ledger, lane, error);
    if (!told)
        return NULL;
    GArray *merged = g_array_new(FALSE, TRUE, sizeof(tm_limit));
    for (guint i = 0; i < lane->limits->len; i++) {
        const tm_limit *own = &g_array_index(lane->limits, tm_limit, i);
        merge(merged, own, find_seen(told, own->unit, own->window), lane, now);
    }
    for (guint i = 0; i < told->len; i++) {
        const seen_limit *seen = &g_array_index(told, seen_limit, i);
        if (!find(lane->limits, seen->limit.unit, seen->limit.window))
            merge(merged, NULL, seen, lane, now);
    }
    track(lane, merged);
    return merged;
}

gboolean tm_ledger_learn(tm_ledger *ledger, tm_ledger_lane *lane, tm_unit unit, tm_window window,
                         int64_t value, bool hard, tm_limit_source source, const tm_instant *now,
                         GError **error)
{
    static const char sql[] =
        "INSERT INTO limit_seen(scope, model, unit, window, value, hard, source, seen_ms, own) "
        "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?10) ON CONFLICT DO UPDATE SET value = ?5, hard = ?6,"
        " source = ?7, seen_ms = ?8, own = ?10"
        " WHERE value <> ?5 OR hard <> ?6 OR source <> ?7 OR seen_ms < ?9 OR seen_ms > ?8 OR own <> ?10";
    const tm_limit *own = find(lane->limits, unit, window);
    if (unit >= TM_N_UNITS || window >= TM_N_WINDOWS || value < 0)
        return TRUE;
    int64_t refresh =
        source == TM_SOURCE_HEADER ? MIN(REFRESH_MS, tm_ledger_day_length(&lane->windows) / 24) : 0;
    return tm_ledger_run(ledger,
                         tm_ledger_sql(ledger, sql, "isssiisiii", lane->scope, lane->model,
                                       tm_unit_name(unit), tm_window_name(window), value, (int64_t)hard,
                                       tm_limit_source_name(source), now->wall_ms, now->wall_ms - refresh,
                                       own ? own->value : (int64_t)-1),
                         error);
}
