/* run_view.c - see run_view.h */
#include "cmd/ui/run_view.h"

#include "cmd/ui/progress.h"
#include "cmd/ui/say.h"
#include "jobs/plan.h"
#include <math.h>
#include <string.h>

enum { QUOTA_MS = 2000, DRAW_MS = 100 };

struct tm_run_view {
    tm_clock *clock;
    tm_ledger *ledger;
    const tm_lane *lane;
    tm_batch *const *batches;
    size_t n_batches;
    int64_t drawn_ms, quota_ms;  /* boot */
    int64_t day_used, day_limit; /* limit -1: none */
    int64_t finish_ms;           /* wall; 0: not known */
};

tm_run_view *tm_run_view_new(tm_clock *clock, tm_ledger *ledger, const tm_lane *lane,
                             tm_batch *const *batches, size_t n_batches)
{
    tm_run_view *view = g_new0(tm_run_view, 1);
    *view = (tm_run_view){.clock = clock,
                          .ledger = ledger,
                          .lane = lane,
                          .batches = batches,
                          .n_batches = n_batches,
                          .drawn_ms = INT64_MIN / 2,
                          .quota_ms = INT64_MIN / 2,
                          .day_limit = -1};
    return view;
}

void tm_run_view_free(tm_run_view *view)
{
    tm_progress_clear();
    g_free(view);
}

/* The ledger is asked now and then only: it is a file others write, too. */
static void look_at_quota(tm_run_view *view, int64_t rows, double rate, const tm_instant *now)
{
    if (!view->lane || now->boot_ms < view->quota_ms + QUOTA_MS)
        return;
    view->quota_ms = now->boot_ms;
    g_autoptr(GArray) uses = tm_ledger_uses(view->ledger, view->lane, NULL);
    if (!uses)
        return;
    view->day_limit = -1;
    for (guint i = 0; i < uses->len; i++) {
        const tm_use *use = &g_array_index(uses, tm_use, i);
        if (use->limit.unit == TM_UNIT_REQUESTS && use->limit.window == TM_WINDOW_DAY) {
            view->day_used = use->used;
            view->day_limit = use->limit.value;
        }
    }
    tm_cost each = {{0}};
    each.of[TM_UNIT_REQUESTS] = 1;
    tm_forecast forecast = tm_plan((const tm_use *)(void *)uses->data, uses->len, view->lane->windows, &each,
                                   rows, view->lane->guard_ms, now);
    view->finish_ms = forecast.finish_ms == INT64_MAX ? 0 : forecast.finish_ms;
    if (rate > 0 && forecast.a_minute == 0 && forecast.days <= 1)
        view->finish_ms = now->wall_ms + (int64_t)((double)rows / rate * 60000.0);
}

void tm_run_view_draw(tm_run_view *view, const tm_engine *engine)
{
    tm_instant now = tm_clock_now(view->clock);
    if (now.boot_ms < view->drawn_ms + DRAW_MS)
        return;
    view->drawn_ms = now.boot_ms;
    tm_engine_view look;
    tm_engine_look(engine, &look);
    int64_t done = 0, failed = 0, total = 0, open = 0;
    for (size_t i = 0; i < view->n_batches; i++) {
        const tm_batch *b = view->batches[i];
        done += b->n[TM_JOB_DONE];
        failed += b->n[TM_JOB_FAILED] + b->n[TM_JOB_BLOCKED] + b->n[TM_JOB_HELD];
        open += tm_batch_open(b);
        total += b->n_total - b->n[TM_JOB_CANCELLED];
    }
    look_at_quota(view, open, look.rate, &now);

    g_autoptr(GString) line = g_string_new(NULL);
    g_autofree char *done_words = tm_ui_number(done);
    g_autofree char *total_words = tm_ui_number(total);
    if (view->n_batches == 1)
        g_string_append_printf(line, "%s  ", view->batches[0]->name);
    g_string_append_printf(line, "%s of %s", done_words, total_words);
    if (total > 0)
        g_string_append_printf(line, " (%d %%)", (int)(done * 100 / total));
    if (failed)
        g_string_append_printf(line, "  failed %" G_GINT64_FORMAT, failed);
    if (look.rate >= 0.05)
        g_string_append_printf(line, look.rate < 10 ? "  %.1f/min" : "  %.0f/min", look.rate);
    if (view->day_limit >= 0)
        g_string_append_printf(line, "  today %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT, view->day_used,
                               view->day_limit);
    if (look.in_flight)
        g_string_append_printf(line, "  %d in flight", look.in_flight);
    if (look.wait_until_ms && look.wait_until_ms != INT64_MAX) {
        g_autofree char *when = tm_ui_time(look.wait_until_ms, now.wall_ms);
        g_string_append_printf(line, "  waiting until %s", when);
    }
    if (open && view->finish_ms) {
        g_autofree char *when = tm_ui_time(view->finish_ms, now.wall_ms);
        g_string_append_printf(line, "  done about %s", when);
    }
    tm_progress_line(line->str);
}

static void say_wait(const tm_run_view *view, const tm_tell *tell)
{
    int64_t now_ms = tm_clock_now(view->clock).wall_ms;
    if (tell->until_ms == INT64_MAX) {
        tm_say("waiting: %s", tell->text);
        return;
    }
    g_autofree char *how_long = tm_ui_duration(tell->until_ms - now_ms);
    g_autofree char *when = tell->until_ms - now_ms > 60000 ? tm_ui_time_pacific(tell->until_ms, now_ms)
                                                            : tm_ui_time(tell->until_ms, now_ms);
    tm_say("waiting %s, until %s: %s", how_long, when, tell->text);
}

void tm_run_view_tell(const tm_tell *tell, void *data)
{
    tm_run_view *view = data;
    switch (tell->kind) {
    case TM_TELL_WAIT:
        say_wait(view, tell);
        break;
    case TM_TELL_NOTE:
        tm_say("%s", tell->text);
        break;
    case TM_TELL_ANSWERED:
        if (tell->answer->class != TM_CLASS_OK)
            tm_say_more("row %" G_GINT64_FORMAT ": %s: %s", tell->ordinal, tm_class_name(tell->answer->class),
                        tell->answer->message ? tell->answer->message : "");
        break;
    case TM_TELL_AGAIN:
        tm_say_more("row %" G_GINT64_FORMAT " goes back: %s: %s", tell->ordinal,
                    tm_class_name(tell->answer->class), tell->answer->message ? tell->answer->message : "");
        break;
    case TM_TELL_SENT:
    case TM_TELL_RESUME:
        break;
    }
}
