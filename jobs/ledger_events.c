/* ledger_events.c - what happened to requests is kept in memory and written in groups */
#include "jobs/ledger_inside.h"

enum { ALL_WINDOWS = (1u << TM_N_WINDOWS) - 1, TOLD_AGAIN_MS = 10 * 60 * 1000 };

void tm_ledger_event_clear(gpointer pointer)
{
    tm_ledger_event *event = pointer;
    if (event->answer) {
        tm_answer_clear(event->answer);
        g_free(event->answer);
    }
}

static void keep(tm_ledger *ledger, tm_ledger_event event)
{
    g_array_append_val(ledger->events, event);
}

void tm_ledger_left(tm_ledger *ledger, int64_t id, const tm_instant *at)
{
    tm_reservation *reservation = g_hash_table_lookup(ledger->reservations, &id);
    if (!reservation || reservation->left)
        return;
    tm_ledger_stamp(ledger, reservation, at);
    keep(ledger, (tm_ledger_event){.kind = TM_EVENT_STAMP, .reservation = reservation});
}

/* What a verdict is made of. */
static tm_answer *copy_of(const tm_answer *answer)
{
    tm_answer *copy = g_new0(tm_answer, 1);
    tm_answer_init(copy);
    copy->class = answer->class;
    copy->http = answer->http;
    copy->code = g_strdup(answer->code);
    copy->message = g_strdup(answer->message);
    copy->retry_ms = answer->retry_ms;
    copy->pause_ms = answer->pause_ms;
    if (answer->violations)
        copy->violations = g_array_copy(answer->violations);
    if (answer->told)
        copy->told = g_array_copy(answer->told);
    return copy;
}

/* Headers tell the same limits in every answer: only what is new, or has not been told for a while, is
 * written. */
static bool tells_news(tm_ledger_lane *lane, const tm_answer *answer, const tm_instant *now)
{
    bool news = false;
    for (guint i = 0; answer->told && i < answer->told->len; i++) {
        const tm_violation *told = &g_array_index(answer->told, tm_violation, i);
        tm_told *last = &lane->told[told->unit][told->window];
        if (last->known && last->value == told->value && now->boot_ms < last->boot_ms + TOLD_AGAIN_MS)
            continue;
        *last = (tm_told){true, told->value, now->boot_ms};
        news = true;
    }
    return news;
}

/* When the ledger can't even be read: look again soon. */
static tm_verdict blind(const tm_answer *answer, const tm_instant *now)
{
    tm_verdict verdict = {.class = answer->class, .until_ms = now->wall_ms + 1000, .probe = true};
    g_snprintf(verdict.why, sizeof verdict.why, "%s, and the ledger can't be written",
               tm_class_name(answer->class));
    return verdict;
}

tm_verdict tm_ledger_settle(tm_ledger *ledger, const tm_lane *asked, int64_t id, bool left,
                            const tm_answer *answer, const tm_cost *actual)
{
    tm_instant now = tm_clock_now(ledger->clock);
    tm_reservation *reservation = g_hash_table_lookup(ledger->reservations, &id);
    tm_verdict verdict = {.class = answer ? answer->class : TM_CLASS_OK};
    if (!reservation)
        return verdict;
    tm_ledger_lane_of(ledger, asked);
    if (left)
        tm_ledger_left(ledger, id, &now); /* if nobody has said so before */
    tm_ledger_event event = {.kind = TM_EVENT_END, .reservation = reservation, .answered = answer != NULL};
    if (answer) {
        event.class = answer->class;
        if (tm_ledger_is_trouble(answer->class) || answer->violations || answer->pause_ms > 0 ||
            tells_news(reservation->lane, answer, &now))
            event.answer = copy_of(answer);
    }
    if (actual && reservation->left) {
        event.corrected = true;
        event.actual = *actual;
    }
    keep(ledger, event);
    if (!answer || !tm_ledger_is_trouble(answer->class))
        return verdict;
    if (tm_ledger_flush(ledger, NULL))
        return ledger->verdict;
    ledger->transaction++; /* rows read before may have changed */
    return tm_ledger_judge(ledger, &event, &now, &verdict, NULL) ? verdict : blind(answer, &now);
}

/* How many of a grant's row no longer count as now. */
typedef struct {
    int64_t row, n;
} gone;

static void note_gone(GArray *rows, int64_t row)
{
    for (guint i = rows->len; i > 0; i--) {
        gone *known = &g_array_index(rows, gone, i - 1);
        if (known->row == row) {
            known->n++;
            return;
        }
    }
    gone fresh = {row, 1};
    g_array_append_val(rows, fresh);
}

static gboolean write_gone(tm_ledger *ledger, GArray *rows, GError **error)
{
    static const char less[] = "UPDATE reserve SET n = n - ? WHERE id = ?";
    static const char none[] = "DELETE FROM reserve WHERE id = ? AND n <= 0";
    for (guint i = 0; i < rows->len; i++) {
        const gone *g = &g_array_index(rows, gone, i);
        if (!tm_ledger_run(ledger, tm_ledger_sql(ledger, less, "ii", g->n, g->row), error) ||
            !tm_ledger_run(ledger, tm_ledger_sql(ledger, none, "i", g->row), error))
            return FALSE;
    }
    g_array_set_size(rows, 0);
    return TRUE;
}

static void correct(tm_ledger *ledger, const tm_ledger_event *event)
{
    tm_cost difference;
    for (unsigned u = 0; u < TM_N_UNITS; u++)
        difference.of[u] = event->actual.of[u] - event->reservation->cost.of[u];
    tm_ledger_charge(ledger, event->reservation, &difference, 1, ALL_WINDOWS);
}

gboolean tm_ledger_apply(tm_ledger *ledger, const tm_instant *now, GError **error)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(gone));
    for (guint i = 0; i < ledger->events->len; i++) {
        const tm_ledger_event *event = &g_array_index(ledger->events, tm_ledger_event, i);
        const tm_reservation *reservation = event->reservation;
        if (event->kind == TM_EVENT_STAMP) {
            tm_ledger_charge(ledger, reservation, &reservation->cost, 1, ALL_WINDOWS);
            note_gone(rows, reservation->row);
            continue;
        }
        if (!reservation->left)
            note_gone(rows, reservation->row);
        if (event->corrected)
            correct(ledger, event);
        if (!tm_ledger_lane_read(ledger, reservation->lane, error))
            return FALSE;
        if (!event->answered || !tm_ledger_is_trouble(event->class)) {
            if (!tm_ledger_well(ledger, event, now, error))
                return FALSE;
            continue;
        }
        if (!write_gone(ledger, rows, error) || !tm_ledger_trouble(ledger, event, now, error))
            return FALSE;
    }
    return write_gone(ledger, rows, error);
}

void tm_ledger_applied(tm_ledger *ledger)
{
    for (guint i = 0; i < ledger->events->len; i++) {
        const tm_ledger_event *event = &g_array_index(ledger->events, tm_ledger_event, i);
        if (event->kind == TM_EVENT_END)
            g_hash_table_remove(ledger->reservations, &event->reservation->id);
    }
    g_array_set_size(ledger->events, 0);
    for (guint i = 0; i < ledger->lanes->len; i++) {
        tm_ledger_lane *lane = g_ptr_array_index(ledger->lanes, i);
        lane->is_new = lane->is_new && !lane->dirty;
        lane->dirty = lane->hold_dirty = false;
        if (lane->ratio_dirty)
            tm_ledger_ratios_written(lane);
    }
    for (guint i = 0; i < ledger->clocks->len; i++)
        ((tm_scope_clock *)g_ptr_array_index(ledger->clocks, i))->dirty = false;
}
