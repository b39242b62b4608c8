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

void machine_check(machine *m)
{
    int64_t again = 0, repeats = 0;
    power_vfs_fail(m->vfs, POWER_WRITE, 0, 0, 0); /* what had not failed yet does not now */
    power_vfs_cut_at(m->vfs, 0, false);
    for (int i = 0; i < m->story->stores; i++)
        again += check_store(m, i, &repeats);
    if (again > repeats + m->judge->errors)
        judge_broken(m->judge, "%d requests were sent again, but %d counted (and %d failed)", (int)again,
                     (int)repeats, (int)m->judge->errors);
}
