/* machine_check.c - what the stores hold when a story is over. */
#include "tests/sim/machine.h"

static void check_row(machine *m, int number, const tm_stored *row, int64_t *again)
{
    const story *s = m->story;
    g_autofree char *text = story_row_text(s, number, (int)row->ordinal);
    g_autofree char *want = g_strconcat("echo: Say ", text, NULL);
    int asked = m->judge->asked[number][row->ordinal];
    *again += MAX(asked - 1, 0);
    if (row->state == TM_JOB_DONE && g_strcmp0(row->output, want) != 0)
        judge_broken(m->judge, "store %d row %d has another row's answer", number, (int)row->ordinal);
    if (row->state == TM_JOB_DONE && asked == 0)
        judge_broken(m->judge, "store %d row %d has an answer that nobody gave", number, (int)row->ordinal);
    if (row->state != TM_JOB_DONE && !(s->may_fail && row->state == TM_JOB_FAILED))
        judge_broken(m->judge, "store %d row %d ended %s: %s", number, (int)row->ordinal,
                     tm_job_state_name(row->state), row->message ? row->message : "");
}

static int64_t check_store(machine *m, int number, int64_t *repeats)
{
    int64_t again = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_store) store = tm_store_open(m->store_urls[number], &m->clock.clock, true, &error);
    g_autoptr(tm_batch) batch = store ? tm_store_batch(store, "night", NULL, &error) : NULL;
    g_autoptr(GArray) page = g_array_new(FALSE, TRUE, sizeof(tm_stored));
    if (!batch || !tm_store_page(store, batch, 0, m->story->rows + 1, false, page, &error)) {
        judge_broken(m->judge, "the store can't be read: %s", error->message);
        return 0;
    }
    *repeats += batch->n_repeats;
    if ((int)page->len != m->story->rows)
        judge_broken(m->judge, "%u rows of %d are left", page->len, m->story->rows);
    for (guint i = 0; i < page->len; i++) {
        check_row(m, number, &g_array_index(page, tm_stored, i), &again);
        tm_stored_clear(&g_array_index(page, tm_stored, i));
    }
    return again;
}

/* The use of one limit, as the ledger has it now. -1: none of that kind. */
static int64_t used_of(const GArray *uses, tm_unit unit)
{
    for (guint i = 0; i < uses->len; i++) {
        const tm_use *use = &g_array_index(uses, tm_use, i);
        if (use->limit.unit == unit && use->limit.window == TM_WINDOW_DAY)
            return use->used;
    }
    return -1;
}

/* What the ledger has of the day against what the server has counted: never less; and the same, in tokens
 * too, where nothing has happened that leaves a doubt. */
static void check_books(machine *m)
{
    enum { AT_MIDNIGHT = 120000 }; /* a request there, or that leaves slowly, may stand in both days */
    const judge *j = m->judge;
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_ledger) ledger = tm_ledger_open(m->ledger_path, &m->clock.clock, &error);
    int64_t scope = ledger ? tm_ledger_scope(ledger, m->accounts[m->renamed], &error) : -1;
    tm_limit limits[] = {{TM_UNIT_REQUESTS, TM_WINDOW_DAY, m->story->rpd, TM_SOURCE_CONFIG, true, 0},
                         {TM_UNIT_INPUT_TOKENS, TM_WINDOW_DAY, 1000000000, TM_SOURCE_CONFIG, true, 0}};
    tm_lane lane = {.scope = scope,
                    .model = "gemini-2.5-flash",
                    .windows = &m->story->windows,
                    .limits = limits,
                    .n_limits = G_N_ELEMENTS(limits)};
    g_autoptr(GArray) uses = scope >= 0 ? tm_ledger_uses(ledger, &lane, &error) : NULL;
    if (!uses) {
        judge_broken(m->judge, "the ledger can't be read: %s", error->message);
        return;
    }
    int64_t requests = used_of(uses, TM_UNIT_REQUESTS), tokens = used_of(uses, TM_UNIT_INPUT_TOKENS);
    if (machine_now(m) >= j->day_end_ms)
        return;
    if (requests < j->day)
        judge_broken(m->judge, "the ledger has %d requests of the day, the server %d", (int)requests,
                     (int)j->day);
    bool doubt = m->kills || m->story->turns->len || m->story->connect_ms ||
                 machine_now(m) < j->day_start_ms + AT_MIDNIGHT;
    if (!doubt && (requests != j->day || tokens != j->day_tokens))
        judge_broken(m->judge, "the ledger has %d requests and %d tokens of the day, the server %d and %d",
                     (int)requests, (int)tokens, (int)j->day, (int)j->day_tokens);
}

void machine_check(machine *m)
{
    int64_t again = 0, repeats = 0;
    power_vfs_fail(m->vfs, POWER_WRITE, 0, 0, 0); /* what had not failed yet does not now */
    power_vfs_cut_at(m->vfs, 0, false);
    for (int i = 0; i < m->story->stores; i++)
        again += check_store(m, i, &repeats);
    check_books(m);
    if (again > repeats + m->judge->errors)
        judge_broken(m->judge, "%d requests were sent again, but %d counted (and %d failed)", (int)again,
                     (int)repeats, (int)m->judge->errors);
}
