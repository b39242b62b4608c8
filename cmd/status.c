/* status.c - tidemill status [BATCH]: counts by state and class, rate, holds, finishing time */
#include "cmd/batch_json.h"
#include "cmd/command.h"
#include "cmd/forecast.h"
#include "cmd/signals.h"
#include "cmd/ui/say.h"
#include "cmd/ui/table.h"
#include "core/error.h"
#include "core/json.h"
#include "core/price.h"
#include <stdio.h>
#include <string.h>

static gboolean opt_all, opt_watch, opt_json;

static const GOptionEntry options[] = {
    {"all", 'a', 0, G_OPTION_ARG_NONE, &opt_all, "Batches of all folders, not of this one only\n-a", NULL},
    {"watch", 'w', 0, G_OPTION_ARG_NONE, &opt_watch, "Show it again every 2 s\n--watch", NULL},
    {"json", 0, 0, G_OPTION_ARG_NONE, &opt_json, "A line of JSON a batch\n--json", NULL},
    {0},
};

static gboolean print_json(tm_store *store, const tm_batch *b, const tm_outlook *outlook, GError **error)
{
    g_autoptr(json_t) line = tm_batch_json(store, b, error);
    if (!line)
        return FALSE;
    if (outlook->hold_until_ms)
        json_object_set_new(
            line, "hold",
            json_pack("{s:I, s:s}", "until_ms", (json_int_t)outlook->hold_until_ms, "why", outlook->why));
    if (outlook->finish_ms && outlook->finish_ms != INT64_MAX)
        json_object_set_new(line, "finish_ms", json_integer(outlook->finish_ms));
    g_autofree char *text = tm_json_text(line);
    puts(text);
    return TRUE;
}

static void print_row(tm_table *table, const tm_batch *b, const tm_outlook *outlook, int64_t now_ms)
{
    g_autofree char *name = tm_ui_show(1, b->name);
    g_autofree char *rows = tm_ui_number(b->n_total);
    g_autofree char *done = tm_ui_number(b->n[TM_JOB_DONE]);
    g_autofree char *waiting = tm_ui_number(tm_batch_open(b));
    g_autofree char *failed = tm_ui_number(b->n[TM_JOB_FAILED] + b->n[TM_JOB_BLOCKED] + b->n[TM_JOB_HELD]);
    g_autofree char *finish = tm_batch_open(b) == 0 ? g_strdup(b->n_total ? "done" : "empty")
                              : outlook->finish_ms && outlook->finish_ms != INT64_MAX
                                  ? tm_ui_time(outlook->finish_ms, now_ms)
                              : outlook->finish_ms ? g_strdup("never")
                                                   : g_strdup("?");
    tm_table_row(table, name, rows, done, waiting, failed, finish, NULL);
}

static void say_details(const tm_batch *b, const int64_t classes[TM_N_CLASSES],
                        const tm_store_totals_t *totals, const tm_outlook *outlook, int64_t now_ms)
{
    for (int class = 0; class < TM_N_CLASSES; class ++)
        if (classes[class])
            printf("  %s: %" G_GINT64_FORMAT "\n", tm_class_name((tm_class) class), classes[class]);
    static const tm_job_state quiet[] = {TM_JOB_HELD, TM_JOB_CANCELLED};
    for (size_t i = 0; i < G_N_ELEMENTS(quiet); i++)
        if (b->n[quiet[i]])
            printf("  %s: %" G_GINT64_FORMAT "\n", tm_job_state_name(quiet[i]), b->n[quiet[i]]);
    if (b->n_repeats)
        printf("  requests of unknown fate sent again: %" G_GINT64_FORMAT "\n", b->n_repeats);
    if (totals->answered)
        printf("  tokens: %" G_GINT64_FORMAT " in, %" G_GINT64_FORMAT " out, %" G_GINT64_FORMAT " thinking\n",
               totals->tokens_in, totals->tokens_out, totals->tokens_think);
    if (totals->cost_micro_usd) {
        g_autofree char *spent = tm_price_text(totals->cost_micro_usd);
        printf("  spent: %s\n", spent);
    }
    if (outlook->lane[0] && tm_batch_open(b)) {
        g_autofree char *words = tm_outlook_words(outlook);
        g_autofree char *shown = tm_ui_show(1, words);
        printf("  next over %s\n  %s\n", outlook->lane, shown);
    }
    if (outlook->hold_until_ms > now_ms) {
        g_autofree char *when = tm_ui_time_pacific(outlook->hold_until_ms, now_ms);
        printf("  held until %s: %s\n", when, outlook->why);
    } else if (outlook->next_ms > now_ms && outlook->next_ms != INT64_MAX && tm_batch_open(b)) {
        g_autofree char *when = tm_ui_time_pacific(outlook->next_ms, now_ms);
        printf("  next request at %s: %s\n", when, outlook->why);
    }
}

/* One look: of one batch with details, else a table. */
static gboolean show(tm_context *context, tm_store *store, const char *name, GError **error)
{
    int64_t now_ms = tm_clock_now(tm_context_clock(context)).wall_ms;
    g_autoptr(GPtrArray) batches = NULL;
    if (name) {
        batches = g_ptr_array_new_with_free_func((GDestroyNotify)tm_batch_free);
        tm_batch *batch = tm_store_batch(store, name, tm_context_dir(context), error);
        if (!batch)
            return FALSE;
        g_ptr_array_add(batches, batch);
    } else {
        batches = tm_store_batches(store, opt_all ? NULL : tm_context_dir(context), false, error);
        if (!batches)
            return FALSE;
    }
    static const char *const headings[] = {"batch", "rows", "done", "waiting", "failed", "finished", NULL};
    tm_table *table = opt_json || batches->len == 0 ? NULL : tm_table_new(headings);
    for (guint i = 0; i < batches->len; i++) {
        const tm_batch *b = batches->pdata[i];
        int64_t classes[TM_N_CLASSES] = {0};
        tm_store_totals_t totals = {0};
        tm_outlook outlook;
        if (!tm_store_classes(store, b, classes, error) || !tm_store_totals(store, b, &totals, error))
            return FALSE;
        tm_outlook_of(context, b, &totals, &outlook);
        if (opt_json) {
            if (!print_json(store, b, &outlook, error))
                return FALSE;
            continue;
        }
        print_row(table, b, &outlook, now_ms);
        if (name) {
            tm_table_print(g_steal_pointer(&table), stdout);
            say_details(b, classes, &totals, &outlook, now_ms);
        }
    }
    if (table)
        tm_table_print(table, stdout);
    if (batches->len == 0 && !opt_json)
        tm_say("no batches%s. Begin with: tidemill run PROMPT DATA",
               opt_all ? "" : " of this folder (-a: all)");
    fflush(stdout);
    return TRUE;
}

static int run(tm_context *context, int argc, char **argv, GError **error)
{
    tm_store *store = tm_context_store_read(context, error);
    if (!store)
        return TM_EXIT_ERROR;
    const char *name = argc > 1 ? argv[1] : NULL;
    if (opt_watch)
        tm_signals_catch();
    for (;;) {
        if (opt_watch && tm_ui_is_terminal(1))
            fputs("\x1b[H\x1b[J", stdout);
        if (!show(context, store, name, error))
            return TM_EXIT_ERROR;
        if (!opt_watch || tm_signals_count())
            return TM_EXIT_OK;
        g_usleep(2 * G_USEC_PER_SEC);
    }
}

const tm_command tm_cmd_status = {
    .name = "status",
    .args = "[BATCH]",
    .min_args = 0,
    .max_args = 1,
    .summary = "how far the batches are, what they wait for, when they are done",
    .examples = "tidemill status\n"
                "tidemill status classify.reviews\n"
                "tidemill status -a --json",
    .options = options,
    .run = run,
};
