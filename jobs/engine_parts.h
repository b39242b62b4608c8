/* engine_parts.h - what the engine's files share: lanes, works, flights, and what waits to be recorded. */
#pragma once
#include "core/error.h"
#include "core/price.h"
#include "jobs/canary.h"
#include "jobs/drift.h"
#include "jobs/engine.h"
#include "jobs/media_fetcher.h"

/* A (account, model) pair; several batches may go over the same one. */
typedef struct {
    tm_account *account;
    const tm_provider *provider;
    const char *model;
    GArray *limits;
    tm_lane ledger; /* what the ledger is asked with */
    enum {
        TM_LANE_NEW,
        TM_LANE_ASKING,
        TM_LANE_OPEN,
        TM_LANE_CLOSED
    } state; /* ASKING: GET of the model is under way */
    char *closed_why;
    tm_class closed_class;
    int64_t ask_again_ms;  /* wall: not worth asking the ledger before; 0: now */
    int64_t asked_boot_ms; /* when the ledger was asked last */
    tm_grant wait;         /* the grant that said no */
    int in_flight;
    double mean_tokens; /* of requests lately */
    double most_tokens; /* of requests lately: falls back towards the mean */
    tm_cost reserved;   /* what each request of the present group was reserved for */
    tm_price price;     /* of the day price_day (since the epoch); only where priced */
    int64_t price_day;
    bool priced;
    bool limits_tokens; /* is there any limit on tokens? */
    double mean_output; /* tokens of answers lately, thoughts included */
    bool said_guard;
    bool heard; /* a request was answered, and not for its settings alone */
} tm_engine_lane_state;

/* One batch. */
typedef struct {
    tm_engine_work work;
    int *lanes;              /* indexes into engine->lanes, in the route's order */
    tm_skeleton **skeletons; /* one a lane, made when first needed */
    tm_skeleton **grown;     /* the same with a larger cap */
    tm_canary canary;
    tm_drift drift;
    int64_t output_cap;    /* tokens of an answer at most */
    int64_t output_said;   /* the same by the prompt's own word; -1: it says none */
    GQueue ahead;          /* of tm_flight, owned: leased, their place in flight is still to come free */
    int in_flight;         /* these included */
    bool ended;            /* nothing left to do here */
    bool stopped;          /* by canary, or all its lanes closed */
    int64_t idle_until_ms; /* boot: not worth asking the store for rows before; 0: ask */
    struct {
        int64_t idle_until_ms; /* the same for this lane alone: rows there are are for later ones */
        bool empty;            /* no row that waits is for this lane */
    } * steps;                 /* one a lane */
} tm_engine_batch;

/* One request between its lease and its reply. */
typedef struct {
    uint64_t tag;           /* from submit on */
    tm_engine_batch *batch; /* NULL: a lane's GET of its model */
    int lane;
    size_t step; /* of the batch's route */
    tm_lease lease;
    tm_operation operation;
    int64_t reserved_tokens, reserved_micro_usd;
    int64_t reserved_output; /* for the answer, where input and output count together */
    tm_answer *asked; /* of a lane's question that takes further calls: what earlier ones gave; owned */
    tm_cost cost;
    size_t bytes;         /* of the body in memory; before there is one, of the row */
    GArray *stamps;       /* of its media files, while its call is made */
    size_t media_bytes;   /* of these, what is media and no text */
    int64_t media_tokens; /* about how many its media count */
    int64_t left_ms;      /* wall; 0: not yet */
    int64_t left_boot_ms;
} tm_flight;

/* Outcomes are recorded in groups of so many, or so long after the first. */
enum { TM_RECORD_GROUP = 256, TM_RECORD_MS = 40 };

/* An outcome that is to be recorded with the next group. */
typedef struct {
    tm_engine_batch *batch;
    int lane;
    int64_t job, request, ordinal, bytes;
    int attempts;
    tm_job_state to;
    bool attempt, repeat, keep;
    int step;
    int64_t not_before_ms, left_ms, done_ms, cost_micro_usd;
    tm_answer answer;
    bool has_answer; /* false: it goes back untouched, nothing happened to it */
} tm_record;

struct tm_engine {
    tm_engine_options options;
    GArray *lanes; /* tm_engine_lane_state */
    tm_engine_batch *batches;
    size_t n_batches;
    GHashTable *flights; /* tag -> tm_flight, owned */
    uint64_t next_tag;
    size_t bytes_in_flight;   /* rows ahead included */
    int n_ahead;              /* rows ahead in all batches */
    bool fetching;            /* some of them wait for their media */
    int ahead;                /* how many to lease ahead */
    int64_t pace, pace_ms;    /* rows answered since, boot */
    GArray *records;          /* tm_record */
    int64_t oldest_record_ms; /* boot */
    int64_t records_retry_ms; /* boot: the store could not be written, not again before; 0: it could */
    int record_failures;      /* in a row */
    int64_t refill_ms;        /* boot: a small refill waits until then */
    int64_t recovered_ms;     /* boot: when dead workers were looked for */
    bool ledger_dirty;        /* it keeps something in memory */
    int64_t flushed_ms;       /* boot */
    int64_t pause_until_ms;   /* boot: the ledger or the store refused a write */
    int64_t progress_ms;      /* boot: when a row ended last, or the run began */
    int64_t sent;             /* rows sent in this run */
    int64_t answered, failed, blocked, repeats;
    int64_t spent_micro_usd, reserved_micro_usd; /* by this run; by its requests under way, at most */
    bool stopping, leave_now;
    bool failed_for_good; /* the store can't be written at all */
    tm_stop stop;
    char *stop_words;
    bool waiting_told;
    int64_t wait_until_ms;
    char wait_why[200];
    int64_t times[64]; /* boot: of the last answers, a ring, for the rate */
    unsigned n_times;
    GRand *random;
    tm_observer observers[4];
    void *observer_data[4];
    int n_observers;
};

static inline tm_engine_lane_state *tm_engine_lane_at(const tm_engine *engine, int i)
{
    return &g_array_index(engine->lanes, tm_engine_lane_state, i);
}

/* engine.c */
void tm_engine_tell(tm_engine *engine, const tm_tell *tell);
void tm_engine_note(tm_engine *engine, const tm_engine_batch *batch, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* No batch sends again; the first reason stands. */
void tm_engine_end(tm_engine *engine, tm_stop stop, const char *words);
/* The ledger or the store refused a write: pause, or end when it can't pass. */
void tm_engine_write_failed(tm_engine *engine, const GError *error, const tm_instant *now);
/* The same about one batch: one that was removed, or has another prompt by now, ends alone. */
void tm_engine_batch_failed(tm_engine *engine, tm_engine_batch *batch, const GError *error,
                            const tm_instant *now);
/* This batch sends no more; the others go on. */
void tm_engine_stop_batch(tm_engine *engine, tm_engine_batch *batch, tm_stop stop, const char *words);

/* engine_send.c: sends what may be sent now. */
/* Looks what other processes have left of the batch: it may be over. False: the store can't be read. */
bool tm_engine_look_at_batch(tm_engine *engine, tm_engine_batch *batch, const tm_instant *now);
/* There may be rows again. */
void tm_engine_wake_batch(tm_engine_batch *batch);
void tm_engine_send(tm_engine *engine, const tm_instant *now);
/* May one more be in flight? */
bool tm_engine_has_place(const tm_engine *engine);

/* engine_cost.c */
/* What a group's requests of `tokens` input tokens are reserved for. */
tm_cost tm_engine_cost_each(const tm_engine *engine, tm_engine_lane_state *lane, const tm_engine_batch *batch,
                            double tokens);
/* The same of one that is rendered: at most. */
tm_cost tm_engine_cost_of_call(const tm_engine *engine, const tm_flight *flight, const tm_call *call);
/* What it did cost; as reserved, where nobody tells. */
tm_cost tm_engine_cost_of_answer(const tm_engine *engine, const tm_flight *flight, const tm_answer *answer);
/* Learns how long answers are. */
void tm_engine_note_output(tm_engine_lane_state *lane, const tm_answer *answer);
/* How many of `wanted` requests this run's budget lets go, at `each` micro-dollars. */
int tm_engine_afforded(const tm_engine *engine, const tm_engine_lane_state *lane, int64_t each, int wanted);
/* Not one: the lane waits until what is under way has cost less. */
void tm_engine_broke(tm_engine_lane_state *lane, const tm_engine *engine, int64_t each);
/* A request has ended, for so much. */
void tm_engine_spend(tm_engine *engine, const tm_flight *flight, int64_t micro_usd);
/* A lane of the batch whose budget is spent for good, if all that are not closed are such; else NULL. */
const tm_engine_lane_state *tm_engine_spent_lane(const tm_engine *engine, const tm_engine_batch *batch);

/* engine_again.c */
/* May a row whose answer was of `class` go on? *step: the first lane of the route that may take it then. */
bool tm_engine_goes_on(const tm_engine *engine, const tm_flight *flight, tm_class class, int *step);
/* Has this lane had its say on the row? Then it is for the next (its step is set), or ends with *answer. */
bool tm_engine_was_here(const tm_engine *engine, tm_flight *flight, tm_answer *answer);
/* Is there no open lane behind it? */
bool tm_engine_is_last(const tm_engine *engine, const tm_engine_batch *batch, size_t step);
/* Appends what the lane answered before and what was wrong with it. */
void tm_engine_complain(const tm_engine *engine, const tm_flight *flight, GPtrArray *messages);
int64_t tm_engine_output_cap(const tm_engine *engine, const tm_flight *flight);
const tm_skeleton *tm_engine_skeleton_of(tm_engine *engine, tm_flight *flight);

/* engine_row.c: a row that was leased */
void tm_engine_row(tm_engine *engine, tm_engine_batch *batch, size_t step, const tm_skeleton *skeleton,
                   const tm_lease *lease); /* takes what the lease holds over */
/* The rows ahead leave as far as there are places. */
void tm_engine_send_rows(tm_engine *engine, tm_engine_batch *batch);
/* Rows ahead of this batch (NULL: of any) over this lane (-1: any) go back, as if never leased: nothing may
 * leave there now. */
void tm_engine_take_back(tm_engine *engine, const tm_engine_batch *batch, int lane);
void tm_flight_free(tm_flight *flight);

/* engine_media.c: a row's media, before and after its call is made */
/* DONE: the provider may begin. GOING: its media are being fetched. FAILED: *error. */
tm_fetch tm_engine_media_begin(const tm_engine *engine, tm_flight *flight, const GPtrArray *messages,
                               GError **error);
/* Gives the call (NULL: none was made) its files, and lets go of what begin took. */
void tm_engine_media_end(tm_flight *flight, const GPtrArray *messages, tm_call *call);

/* engine_reply.c: a reply has come, or what stands for it. */
void tm_engine_reply(tm_engine *engine, tm_flight *flight, const tm_reply *reply, const tm_instant *at);
/* The row's request is over without having left: the row goes back, or ends with `answer`. Takes *answer
 * over. */
void tm_engine_unsent(tm_engine *engine, tm_engine_batch *batch, int lane, const tm_lease *lease,
                      tm_answer *answer);
/* Does a refusal tell of a limit on tokens? The account may name none. */
bool tm_engine_told_of_tokens(const tm_answer *answer);
void tm_engine_close_lane(tm_engine *engine, int lane, const tm_answer *answer);

/* engine_record.c: the group commit. */
void tm_engine_record(tm_engine *engine, const tm_instant *now);
bool tm_engine_record_due(const tm_engine *engine, const tm_instant *now);
