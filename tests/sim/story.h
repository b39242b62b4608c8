/* story.h - what one seed decides about a month of nights: how large the batch is, what quota the client and
 * the server believe in, how the weather is, and what happens when. The same kind and seed give the same
 * story. */
#pragma once
#include "core/limit.h"
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { STORY_PROCESSES = 5, STORY_STORES = 2 };

typedef enum {
    TURN_START,      /* a process begins, if it does not run */
    TURN_STOP,       /* the user ends it: Ctrl-C */
    TURN_KILL,       /* it is killed; n: a kill_at */
    TURN_KILL_WRITE, /* all are killed just before the nth change of the disk from now */
    TURN_POWER,      /* the same by a power cut that loses what was not synced; the machine boots anew */
    TURN_REBOOT,     /* at once, and orderly to the disk */
    TURN_CLOCK,      /* someone sets the wall clock: n ms ahead of the true time */
    TURN_DRIFT,      /* the wall clock is n ms further ahead */
    TURN_SLEEP,      /* the machine is suspended for so long */
    TURN_RPM,        /* the server's limits change to n */
    TURN_RPD,
    TURN_FOREIGN, /* another tool sends n requests on the same quota */
    TURN_FAIL,    /* the server fails as `text` says, for so long */
    TURN_WEATHER, /* the network fails at a rate of n in a thousand, for so long */
    TURN_FULL,    /* the disk is full, for so long */
    TURN_IO,      /* the nth of one kind of disk calls fails; `text`: which kind */
    TURN_RENAME,  /* from now on processes know the account by another name */
} turn_kind;
const char *turn_name(turn_kind kind);

/* When a kill strikes: at once, or around an event on its way to the engine. */
enum kill_at { KILL_NOW, KILL_BEFORE_LEFT, KILL_AFTER_LEFT, KILL_BEFORE_DONE, KILL_AFTER_DONE, KILL_N };

typedef struct {
    int64_t at_ms; /* from the story's begin */
    turn_kind kind;
    int process;
    int64_t n, for_ms;
    const char *text;
} turn;

typedef struct {
    const char *kind;
    guint32 seed;
    int rows;      /* of each store's batch */
    int stores;    /* 1 or 2, on one ledger */
    int processes; /* 1 to 5, over the stores in turn */
    int rpm, rpd;  /* of both sides, unless a turn changes the server's */
    int tpm;       /* 0: no such limit; else rows are of very different size */
    bool soft;     /* the client knows them from a catalogue only */
    bool oversize; /* with tpm: some rows are larger than the minute's limit */
    bool fast;     /* answers come at once: rows are leased ahead of their place in flight */
    int64_t start_ms;
    int64_t connect_ms; /* from submit to the first byte's leaving at most; 0: the usual */
    tm_windows windows; /* of both sides */
    GArray *turns;      /* of turn, in time's order */

    int64_t absent_ms; /* nobody runs: the user looks in after so long */
    bool no_wait;      /* --no-wait: a day that is spent ends the process */

    /* what to expect */
    int refusals_allowed;
    bool whole_days; /* each whole day is spent to its last request */
    bool may_fail;   /* rows may end without an answer */
    bool one_probe;  /* nobody dies: a failing server is asked by one request at a time */
    int64_t days_allowed;
} story;

/* Kinds by number: 0..story_kinds()-1. */
int story_kinds(void);
const char *story_kind_name(int kind);
story *story_new(int kind, guint32 seed); /* (transfer full) */
void story_free(story *s);
/* Prints it as a person would tell it, a line a turn. */
void story_print(const story *s);
