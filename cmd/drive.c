/* drive.c - see drive.h */
#include "cmd/drive.h"

#include "cmd/signals.h"
#include "cmd/ui/run_view.h"
#include "cmd/ui/say.h"
#include "core/error.h"
#include "jobs/media_fetcher.h"
#include <unistd.h>

enum {
    MEDIA_CAP = 70000000, /* bytes of what is fetched for a row */
    EVENTS = 512,
    WAKE_MS = 1000, /* a clock that was set and a laptop that slept are seen within a second */
};

static void obey_signals(tm_engine *engine, int *seen)
{
    int count = tm_signals_count();
    if (count == *seen)
        return;
    tm_signals_drain();
    if (*seen == 0 && count == 1)
        tm_say("stopping: nothing more is sent, waiting for what is in flight (once more to leave now)");
    else if (*seen < 2)
        tm_say("leaving now: rows in flight are asked once more next time");
    *seen = count;
    tm_engine_stop(engine, count > 1);
}

static void loop(tm_engine *engine, tm_transport *transport, tm_run_view *view, tm_drive_end *end)
{
    tm_event events[EVENTS];
    int seen = 0, fd = tm_signals_fd();
    for (;;) {
        int64_t wake_ms = 0;
        obey_signals(engine, &seen);
        end->state = tm_engine_step(engine, &wake_ms);
        tm_run_view_draw(view, engine);
        if (end->state != TM_ENGINE_RUNNING)
            return;
        int n = transport->wait(transport, MIN(wake_ms, WAKE_MS), &fd, 1, events, EVENTS);
        tm_engine_events(engine, events, n);
    }
}

gboolean tm_drive(tm_context *context, tm_engine_work *works, size_t n_works, const tm_drive_options *options,
                  tm_drive_end *end, GError **error)
{
    tm_clock *clock = tm_context_clock(context);
    tm_ledger *ledger = tm_context_ledger(context, error);
    if (!ledger)
        return FALSE;
    tm_transport *transport = tm_transport_curl(clock, NULL, error);
    if (!transport)
        return FALSE;
    g_autoptr(tm_media_fetcher) fetcher = NULL;
    if (options->fetch_media) {
        g_autofree char *folder = g_build_filename(g_get_user_cache_dir(), "tidemill", "media", NULL);
        fetcher = tm_media_fetcher_new(folder, MEDIA_CAP, options->fetch_private, error);
        if (!fetcher) {
            transport->free(transport);
            return FALSE;
        }
    }
    tm_engine_options engine_options = {
        .fetcher = fetcher,
        .store = tm_context_store(context, error),
        .ledger = ledger,
        .transport = transport,
        .clock = clock,
        .concurrency = options->concurrency,
        .until_ms = options->until_ms,
        .limit = options->limit,
        .budget_micro_usd = options->budget_micro_usd,
        .reask = options->reask,
        .grow = options->grow,
        .no_wait = options->no_wait,
        .keep_going = options->keep_going,
        .hold_unknown = options->hold_unknown,
        .seed = (uint64_t)tm_clock_now(clock).wall_ms ^ (uint64_t)getpid(),
    };
    tm_engine *engine = engine_options.store ? tm_engine_new(&engine_options, works, n_works, error) : NULL;
    if (engine) {
        g_autofree tm_batch **batches = g_new0(tm_batch *, n_works + 1);
        for (size_t i = 0; i < n_works; i++)
            batches[i] = works[i].batch;
        const tm_run_scene scene = {
            .clock = clock,
            .store = engine_options.store,
            .ledger = ledger,
            .lane = tm_engine_first_lane(engine),
            .batches = batches,
            .n_batches = n_works,
            .prompt_bytes = n_works ? (int64_t)tm_template_static_length(works[0].prompt->template) : 0,
            .concurrency = options->concurrency,
        };
        tm_run_view *view = tm_run_view_new(&scene);
        tm_engine_observe(engine, tm_run_view_tell, view);
        tm_signals_catch();
        loop(engine, transport, view, end);
        tm_run_view_free(view);
        const char *words = NULL;
        end->stop = tm_engine_stop_reason(engine, &words);
        end->words = g_strdup(words);
        tm_engine_look(engine, &end->view);
        end->wait_until_ms = end->view.wait_until_ms;
        tm_engine_free(engine);
    }
    transport->free(transport);
    return engine != NULL;
}
