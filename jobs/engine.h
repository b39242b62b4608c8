/* engine.h - the step engine: reserve (ledger), lease (store), send (transport), record (store), settle
 * (ledger), until every row has its answer. One thread; a step never blocks. */
#pragma once
#include "jobs/ledger.h"
#include "jobs/store.h"
#include "jobs/transport.h"

typedef struct tm_engine tm_engine;

/* One way a batch's rows can go: an account's model. */
typedef struct {
    tm_account *account; /* with its key resolved; borrowed */
    const tm_provider *provider;
    const char *model; /* our name of it; borrowed */
    GArray *limits;    /* of tm_limit; the engine takes a reference */
    unsigned on;       /* bits of the classes with which a row goes on to the next lane */
} tm_engine_lane;

/* One batch to work on. */
typedef struct {
    tm_batch *batch; /* borrowed; counters are kept fresh in it */
    const tm_revision *revision;
    const tm_prompt *prompt; /* borrowed */
    const struct tm_binding *binding;
    struct tm_media_loader *media; /* gives the files that its rows name; NULL: they name none */
    const tm_engine_lane *lanes;   /* in the order of the route */
    size_t n_lanes;
    const int64_t *jobs; /* `try`: only these jobs; NULL: all */
    size_t n_jobs;
} tm_engine_work;

typedef enum {
    TM_ENGINE_RUNNING, /* call again after wait, or when *wake_ms has come */
    TM_ENGINE_DONE,    /* nothing waits or runs any more */
    TM_ENGINE_STOPPED, /* rows wait: see tm_engine_stop_reason() */
} tm_engine_state;

typedef enum {
    TM_STOP_NONE,
    TM_STOP_SIGNAL,  /* tm_engine_stop() */
    TM_STOP_UNTIL,   /* --until */
    TM_STOP_LIMIT,   /* --limit */
    TM_STOP_NO_WAIT, /* --no-wait and the wait would be over a minute */
    TM_STOP_BUDGET,  /* the budget is spent, or rows suddenly cost far more */
    TM_STOP_CANARY,  /* the same failure again and again */
    TM_STOP_CLOSED,  /* wrong key, unknown model, money: every lane is closed */
    TM_STOP_STORE,   /* the store or the ledger can't be written */
} tm_stop;

/* What happens, told to observers: terminal, JSON lines, a page. */
typedef enum {
    TM_TELL_SENT,     /* a request is leaving */
    TM_TELL_ANSWERED, /* a row was recorded: done, failed or blocked */
    TM_TELL_AGAIN,    /* a row went back */
    TM_TELL_WAIT,     /* nothing can be sent until until_ms, and why */
    TM_TELL_RESUME,   /* a wait is over */
    TM_TELL_NOTE,     /* something a person should read */
} tm_tell_kind;
typedef struct {
    tm_tell_kind kind;
    const tm_batch *batch;       /* may be NULL */
    const char *account, *model; /* may be NULL */
    const tm_answer *answer;     /* ANSWERED, AGAIN */
    int64_t ordinal;             /* ANSWERED, AGAIN, SENT */
    int64_t until_ms;            /* WAIT: wall ms; INT64_MAX: not known */
    const char *text;            /* WAIT, NOTE: words for a person */
} tm_tell;
typedef void (*tm_observer)(const tm_tell *tell, void *data);

typedef struct {
    tm_store *store;
    tm_ledger *ledger;
    tm_transport *transport;
    tm_clock *clock;
    int concurrency;          /* requests in flight at most; 0: auto (400) */
    int64_t bytes;            /* of bodies in flight at most; 0: 16 MB */
    int64_t until_ms;         /* wall; 0: no end */
    int64_t limit;            /* rows sent at most; 0: no end */
    int64_t budget_micro_usd; /* of this run, on accounts that cost money; 0: none */
    int reask;       /* how often an answer that breaks the schema is asked for again, with the complaint */
    bool grow;       /* a truncated answer is asked for once more, with four times the cap */
    bool no_wait;    /* stop instead of waiting over a minute */
    bool keep_going; /* no canary stop */
    bool hold_unknown;
    int max_attempts; /* of a row; 0: 5 */
    uint64_t seed;    /* of the jitter */
    struct tm_media_fetcher
        *fetcher; /* of media that rows name by http addresses; NULL: they are not fetched */
} tm_engine_options;

/* (transfer full) All that is borrowed must live as long as the engine. */
tm_engine *tm_engine_new(const tm_engine_options *options, const tm_engine_work *works, size_t n_works,
                         GError **error);
void tm_engine_free(tm_engine *engine);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_engine, tm_engine_free)
void tm_engine_observe(tm_engine *engine, tm_observer observer, void *data);

/* Hands over what the transport's wait gave. */
void tm_engine_events(tm_engine *engine, tm_event *events, int n);
/* Does all that can be done now. *wake_ms: how long the transport may wait until the next step is useful. */
tm_engine_state tm_engine_step(tm_engine *engine, int64_t *wake_ms);
/* Send no more; what is in flight is awaited and recorded. `now`: give up what is in flight (fate unknown).
 */
void tm_engine_stop(tm_engine *engine, bool now);
tm_stop tm_engine_stop_reason(const tm_engine *engine, const char **words);

/* The lane whose day a progress line shows: the first batch's first. NULL: none. Borrowed. */
const tm_lane *tm_engine_first_lane(const tm_engine *engine);

typedef struct {
    int in_flight;
    int64_t sent, answered, failed, blocked, repeats;
    int64_t spent_micro_usd;
    double rate;           /* answers a minute, lately */
    int64_t wait_until_ms; /* 0: not waiting */
    char wait_why[200];
} tm_engine_view;
void tm_engine_look(const tm_engine *engine, tm_engine_view *view);
