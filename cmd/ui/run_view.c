/* run_view.c - see run_view.h */
#include "cmd/ui/run_view.h"

#include "cmd/ui/progress.h"
#include "cmd/ui/say.h"
#include "jobs/prospect.h"
#include <math.h>
#include <string.h>

enum {
    QUOTA_MS = 2000,
    FORECAST_MS = 10000,
    LOOK_MS = 60000, /* at the rows to come and how long answers take */
    DRAW_MS = 100,
    SAMPLES = 60,
    SAMPLE_MS = 2000, /* so a rate is that of the last two minutes */
    RATE_MS = 5000,   /* before that, and before so many answers, it is anybody's guess */
    RATE_ANSWERS = 5,
    STILL_MS = 60000, /* after so long without an answer the rate is measured anew */
    SHORT_MS = 60000, /* a wait that is told once, however often it comes */
};

/* So many rows had ended by then. */
typedef struct {
    int64_t boot_ms, ended;
} sample;

struct tm_run_view {
    tm_run_scene scene;
    int64_t drawn_ms, quota_ms, forecast_ms, looked_ms; /* boot */
    int64_t day_used, day_limit;                        /* limit -1: none */
    int64_t finish_ms;                                  /* wall; 0: not known */
    tm_prospect prospect;
    sample samples[SAMPLES]; /* a ring */
    unsigned n_samples;      /* taken so far */
    char *waited_for;        /* what the last wait that was told was for; NULL: none yet */
};

tm_run_view *tm_run_view_new(const tm_run_scene *scene)
{
    tm_run_view *view = g_new0(tm_run_view, 1);
    view->scene = *scene;
    view->drawn_ms = view->quota_ms = view->forecast_ms = view->looked_ms = INT64_MIN / 2;
    view->day_limit = -1;
    view->prospect.prompt_bytes = scene->prompt_bytes;
    view->prospect.concurrency = scene->concurrency;
    return view;
}

void tm_run_view_free(tm_run_view *view)
{
    tm_progress_clear();
    g_free(view->waited_for);
    g_free(view);
}

/* Rows a minute; 0: too early to say. The engine's own rate is that of the last few answers: in the first
 * second, when they come all at once, it is thousands a minute. */
static double rate_of(tm_run_view *view, const tm_engine_view *look, const tm_instant *now)
{
    int64_t ended = look->answered + look->failed + look->blocked;
    const sample *newest = view->n_samples ? &view->samples[(view->n_samples - 1) % SAMPLES] : NULL;
    if (!newest || now->boot_ms >= newest->boot_ms + SAMPLE_MS)
        view->samples[view->n_samples++ % SAMPLES] = (sample){now->boot_ms, ended};
    const sample *oldest = &view->samples[(view->n_samples - MIN(view->n_samples, SAMPLES)) % SAMPLES];
    int64_t span = now->boot_ms - oldest->boot_ms, n = ended - oldest->ended;
    if (n == 0 && span > STILL_MS)
        view->n_samples = 0;
    return span < RATE_MS || n < RATE_ANSWERS ? 0 : (double)n * 60000.0 / (double)span;
}

/* The ledger is asked now and then only: it is a file others write, too. */
static void look_at_quota(tm_run_view *view, const tm_instant *now)
{
    const tm_run_scene *scene = &view->scene;
    if (!scene->lane || now->boot_ms < view->quota_ms + QUOTA_MS)
        return;
    view->quota_ms = now->boot_ms;
    g_autoptr(GArray) uses = tm_ledger_uses(scene->ledger, scene->lane, NULL);
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
}

/* When it is done: by a rehearsal; where no limit binds, by the pace of late. The first batch stands for all.
 */
static void look_ahead(tm_run_view *view, int64_t rows, double rate, const tm_instant *now)
{
    const tm_run_scene *scene = &view->scene;
    tm_prospect *prospect = &view->prospect;
    tm_forecast forecast;
    if (!scene->lane || rows <= 0 || now->boot_ms < view->forecast_ms + FORECAST_MS)
        return;
    view->forecast_ms = now->boot_ms;
    prospect->rows = rows;
    if (now->boot_ms >= view->looked_ms + LOOK_MS) {
        view->looked_ms = now->boot_ms;
        tm_store_sample(scene->store, scene->batches[0], &prospect->sizes, &prospect->latency_ms, NULL);
    }
    if (!tm_store_totals(scene->store, scene->batches[0], &prospect->totals, NULL) ||
        !tm_prospect_forecast(prospect, scene->ledger, scene->lane, now, &forecast, NULL))
        return;
    view->finish_ms = forecast.finish_ms == INT64_MAX ? 0 : forecast.finish_ms;
    if (forecast.end == TM_FORECAST_DONE && forecast.bound.value < 0)
        view->finish_ms = rate > 0 ? now->wall_ms + (int64_t)((double)rows / rate * 60000.0) : 0;
}

/* "1,437 of 3,000" (transfer full) */
static char *count_words(int64_t n, int64_t of)
{
    g_autofree char *n_words = tm_ui_number(n);
    g_autofree char *of_words = tm_ui_number(of);
    return g_strdup_printf("%s of %s", n_words, of_words);
}

void tm_run_view_draw(tm_run_view *view, const tm_engine *engine)
{
    tm_instant now = tm_clock_now(view->scene.clock);
    if (now.boot_ms < view->drawn_ms + DRAW_MS)
        return;
    view->drawn_ms = now.boot_ms;
    tm_engine_view look;
    tm_engine_look(engine, &look);
    int64_t done = 0, failed = 0, total = 0, open = 0;
    for (size_t i = 0; i < view->scene.n_batches; i++) {
        const tm_batch *b = view->scene.batches[i];
        done += b->n[TM_JOB_DONE];
        failed += b->n[TM_JOB_FAILED] + b->n[TM_JOB_BLOCKED] + b->n[TM_JOB_HELD];
        open += tm_batch_open(b);
        total += b->n_total - b->n[TM_JOB_CANCELLED];
    }
    double rate = rate_of(view, &look, &now);
    look_at_quota(view, &now);
    look_ahead(view, MAX(open - look.in_flight, MIN(open, 1)), rate, &now);

    g_autofree char *count = count_words(done, total);
    g_autofree char *part = total > 0 ? g_strdup_printf("%d %%", (int)(done * 100 / total)) : NULL;
    g_autofree char *bad = failed ? g_strdup_printf("failed %" G_GINT64_FORMAT, failed) : NULL;
    g_autofree char *speed = rate >= 0.05 ? g_strdup_printf(rate < 10 ? "%.1f/min" : "%.0f/min", rate) : NULL;
    g_autofree char *today = view->day_limit >= 0 ? count_words(view->day_used, view->day_limit) : NULL;
    g_autofree char *day = today ? g_strdup_printf("today %s", today) : NULL;
    g_autofree char *flying = look.in_flight ? g_strdup_printf("%d in flight", look.in_flight) : NULL;
    bool waits = look.wait_until_ms && look.wait_until_ms != INT64_MAX;
    g_autofree char *until = waits ? tm_ui_time(look.wait_until_ms, now.wall_ms) : NULL;
    g_autofree char *wait = waits ? g_strdup_printf("waiting until %s", until) : NULL;
    g_autofree char *why = waits && *look.wait_why ? g_strdup_printf("(%s)", look.wait_why) : NULL;
    bool ends = open && view->finish_ms;
    g_autofree char *finish = ends ? tm_ui_time(view->finish_ms, now.wall_ms) : NULL;
    g_autofree char *end = ends ? g_strdup_printf("done about %s", finish) : NULL;
    const tm_progress_piece pieces[] = {
        {4, view->scene.n_batches == 1 ? view->scene.batches[0]->name : NULL},
        {0, count},
        {5, part},
        {1, bad},
        {6, speed},
        {3, day},
        {7, flying},
        {0, wait},
        {8, why},
        {2, end},
    };
    tm_progress_pieces(pieces, G_N_ELEMENTS(pieces));
}

/* At five requests a minute one waits after each of them: that is told once, and seen in the line. */
static bool is_news(tm_run_view *view, const tm_tell *tell, int64_t wait_ms)
{
    g_autofree char *what = g_strndup(tell->text, strcspn(tell->text, ":"));
    bool known = wait_ms < SHORT_MS && g_strcmp0(what, view->waited_for) == 0;
    g_free(view->waited_for);
    view->waited_for = g_steal_pointer(&what);
    return !known;
}

static void say_wait(tm_run_view *view, const tm_tell *tell)
{
    int64_t now_ms = tm_clock_now(view->scene.clock).wall_ms;
    if (!is_news(view, tell, tell->until_ms == INT64_MAX ? 0 : tell->until_ms - now_ms))
        return;
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
