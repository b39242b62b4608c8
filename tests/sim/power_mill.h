/* power_mill.h - add, run and results on a power_vfs, with the twin as the server, and what must hold
 * whatever happened to the disk: what was told stays, what left is counted, in the end one answer a row. */
#pragma once
#include "core/binding.h"
#include "jobs/engine.h"
#include "tests/sim/power_vfs.h"
#include "tests/sim/virtual_transport.h"

#define MILL_MODEL "gemini-2.5-flash"

typedef struct {
    power_vfs *vfs;
    const char *dir;
    char *store_url, *ledger_path;
    tm_twin *twin;
    virtual_world *world;
    virtual_clock clock;
    tm_prompt *prompt;
    tm_account *account;
    GArray *limits;
    guint32 seed;
    bool reads;        /* results are read while a run writes */
    int checkpoint_at; /* pages of the WAL; 0: as ever */

    GHashTable *asked; /* text -> how often it reached the model */
    int64_t arrived, refused;
    int added;        /* rows that an add has reported queued */
    GHashTable *told; /* text of rows whose answer was told -> how often they had been asked by then */
} mill;

/* In a folder of the test's, borrowed: the plain files that stay in it serve the next mill. `rpm`: of client
 * and server. */
void mill_open(mill *m, const char *dir, int rpm, guint32 seed);
void mill_close(mill *m);

/* `tidemill add` over a file of so many rows: true when it says that they are queued. */
bool mill_add(mill *m, int rows, GError **error);
/* `tidemill run`: true when it says that all is answered. False and *error: it could not, or stopped with
 * rows waiting; or without one the power went. */
bool mill_run(mill *m, GError **error);
/* `tidemill results`: counts done rows, and remembers them as told. -1 and *error. */
int64_t mill_results(mill *m, GError **error);

/* The power comes back on a machine that boots anew. */
void mill_reboot(mill *m, power_loss how, guint32 seed);
/* power_mill_check.c */
/* What must hold at any moment at which nothing is open. */
void mill_check_kept(mill *m);
/* After add, or run, has gone on to its end. */
void mill_check_queued(mill *m, int rows);
void mill_check_end(mill *m, int rows);
