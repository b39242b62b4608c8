/* machine.h - one machine in virtual time: its clock, its disk, its stores and ledger, and the processes that
 * work on them and can be killed. The code under test is the real one; server and network are the world's. */
#pragma once
#include "core/binding.h"
#include "jobs/engine.h"
#include "tests/sim/judge.h"
#include "tests/sim/power_vfs.h"
#include "tests/sim/virtual_transport.h"

typedef struct machine machine;

/* One process: everything it has, and loses when it is killed. */
typedef struct {
    machine *machine;
    int store_number;
    bool runs;
    enum kill_at dies; /* KILL_NOW: it does not */
    int64_t due_ms;    /* true time of its next step */
    tm_store *store;
    tm_ledger *ledger;
    tm_transport *transport;
    tm_batch *batch;
    tm_revision *revision;
    tm_engine *engine;
} process;

struct machine {
    const story *story;
    judge *judge;
    GRand *random;
    power_vfs *vfs;
    char *dir, *store_urls[STORY_STORES], *ledger_path;
    tm_twin *twin;
    virtual_world *world;
    virtual_options weather;
    virtual_clock clock;
    tm_prompt *prompt;
    tm_binding *binding;
    tm_account *accounts[2]; /* one key under two names */
    bool renamed;
    GArray *limits;
    process processes[STORY_PROCESSES];
    bool answered[STORY_STORES]; /* a process has said that all rows of the store are done */
    bool loses;                  /* the next death at a write loses what was not synced */
    int64_t asleep_until_ms, fails_until_ms, storms_until_ms, full_until_ms; /* 0: it is not so */
    int64_t rpm, rpd;
    int64_t kills, steps;
};

/* A machine of the story with its rows queued. Judge borrowed; chance by the story's seed. */
void machine_open(machine *m, const story *s, judge *j);
void machine_close(machine *m);
/* True time. */
int64_t machine_now(const machine *m);

/* False: it could not begin (disk full, ...) and says so as its user sees it. */
bool process_start(process *p);
/* killed: nothing is written any more. */
void process_end(process *p, bool killed);
void process_kill(process *p);
void machine_kill_all(machine *m);
/* Processes on a real clock look around each second. */
void machine_wake(machine *m);
/* All processes that are due take a step. Returns the true time of the next. */
int64_t machine_step(machine *m);
/* What the stores say in the end: one answer a row, repeats counted. */
void machine_check(machine *m);
