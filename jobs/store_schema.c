/* store_schema.c - the tables of store.db. Why they are so: docs/decisions/0004-store-tables.md */
#include "core/error.h"
#include "jobs/store_private.h"

/* What all requests of a revision have cost so far, those without an answer included. */
#define COST "  cost_micro_usd INTEGER NOT NULL DEFAULT 0"

/* The model that was asked for, of an answer that did not do: the row goes on with it. */
#define ASKED "  asked TEXT"
/* The first of the route's lanes that may take the row. */
#define STEP "  step INTEGER NOT NULL DEFAULT 0"
/* Media files that rows name, as they were when the row was queued. Who reads a file's row anew finds its
 * hash by path. */
#define MEDIA                                                                                                \
    "CREATE TABLE media(job INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL,"                    \
    "  mtime_ns INTEGER NOT NULL, sha256 BLOB NOT NULL, PRIMARY KEY(job, path)) STRICT, WITHOUT ROWID;"      \
    "CREATE INDEX media_path ON media(path);"

static const char schema[] =
    "CREATE TABLE store(id TEXT NOT NULL, created_ms INTEGER NOT NULL) STRICT;"
    "INSERT INTO store VALUES (lower(hex(randomblob(8))), CAST((julianday('now') - 2440587.5) * 86400000 AS "
    "INTEGER));"

    "CREATE TABLE batch("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  name TEXT NOT NULL, dir TEXT NOT NULL, data TEXT, prompt TEXT,"
    "  identity TEXT UNIQUE,"
    "  priority INTEGER NOT NULL DEFAULT 0,"
    "  revision INTEGER NOT NULL DEFAULT 0," /* the current one */
    "  created_ms INTEGER NOT NULL,"
    "  removing INTEGER NOT NULL DEFAULT 0,"
    "  loading INTEGER NOT NULL DEFAULT 0," /* rows are in, their keys not yet: TM_LOAD_... */
    "  loader INTEGER,"                     /* the worker that loads */
    "  top INTEGER NOT NULL DEFAULT 0,"     /* the highest ordinal */
    "  cursor INTEGER NOT NULL DEFAULT 0,"  /* fresh rows begin behind it */
    "  n_waiting INTEGER NOT NULL DEFAULT 0, n_running INTEGER NOT NULL DEFAULT 0,"
    "  n_done INTEGER NOT NULL DEFAULT 0, n_failed INTEGER NOT NULL DEFAULT 0,"
    "  n_blocked INTEGER NOT NULL DEFAULT 0, n_cancelled INTEGER NOT NULL DEFAULT 0,"
    "  n_held INTEGER NOT NULL DEFAULT 0, n_same INTEGER NOT NULL DEFAULT 0,"
    "  n_repeats INTEGER NOT NULL DEFAULT 0,"
    "  recent BLOB NOT NULL DEFAULT x''," /* classes of the last ended rows, newest first, a byte each */
    "  UNIQUE(dir, name)) STRICT;"

    "CREATE TABLE class_count(batch INTEGER NOT NULL, class INTEGER NOT NULL, n INTEGER NOT NULL,"
    "  PRIMARY KEY(batch, class)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE revision("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, batch INTEGER NOT NULL, hash TEXT NOT NULL,"
    "  prompt TEXT NOT NULL, options TEXT NOT NULL, created_ms INTEGER NOT NULL,"
    "  answered INTEGER NOT NULL DEFAULT 0, tokens_in INTEGER NOT NULL DEFAULT 0,"
    "  tokens_out INTEGER NOT NULL DEFAULT 0, tokens_think INTEGER NOT NULL DEFAULT 0,"
    "  body_bytes INTEGER NOT NULL DEFAULT 0," COST ","
    "  first_ms INTEGER NOT NULL DEFAULT 0, last_ms INTEGER NOT NULL DEFAULT 0,"
    "  UNIQUE(batch, hash)) STRICT;"

    /* Small and hot. id = batch << 32 | ordinal. */
    "CREATE TABLE job("
    "  id INTEGER PRIMARY KEY,"
    "  state INTEGER NOT NULL DEFAULT 0," /* tm_job_state */
    "  attempts INTEGER NOT NULL DEFAULT 0,"
    "  request INTEGER,"       /* running: whose */
    "  not_before_ms INTEGER," /* waiting and in `ready`; NULL: fresh */
    "  class INTEGER,"         /* failed, blocked, held: why */
    "  answer INTEGER,"        /* the one that counts */
    "  same_as INTEGER,"       /* --dedupe: the job it follows */
    "  batch INTEGER GENERATED ALWAYS AS (id >> 32) VIRTUAL,"
    "  ordinal INTEGER GENERATED ALWAYS AS (id & 4294967295) VIRTUAL) STRICT;"
    /* Not by a list of states: SQLite builds such a list anew for every row that is written. */
    "CREATE INDEX job_ended ON job(id) WHERE class IS NOT NULL;"
    "CREATE INDEX job_same ON job(same_as) WHERE same_as IS NOT NULL;"

    "CREATE TABLE input(job INTEGER PRIMARY KEY, key BLOB NOT NULL, body TEXT NOT NULL) STRICT;"
    "CREATE TABLE jobkey(batch INTEGER NOT NULL, key BLOB NOT NULL, occurrence INTEGER NOT NULL, job INTEGER "
    "NOT NULL,"
    "  PRIMARY KEY(batch, key, occurrence)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE ready(batch INTEGER NOT NULL, not_before_ms INTEGER NOT NULL, job INTEGER NOT NULL," STEP
    ","
    "  PRIMARY KEY(batch, not_before_ms, job)) STRICT, WITHOUT ROWID;"

    "CREATE TABLE answer("
    "  id INTEGER PRIMARY KEY,"
    "  job INTEGER," /* NULL: it came too late, the row is another request's by now */
    "  revision INTEGER NOT NULL, request INTEGER NOT NULL, account TEXT, model TEXT,"
    "  class INTEGER NOT NULL, http INTEGER NOT NULL,"
    "  output TEXT, parts TEXT, finish TEXT, message TEXT,"
    "  tokens_in INTEGER, tokens_cached INTEGER, tokens_out INTEGER, tokens_think INTEGER,"
    "  left_ms INTEGER NOT NULL, done_ms INTEGER NOT NULL, cost_micro_usd INTEGER NOT NULL," ASKED ") STRICT;"
    "CREATE INDEX answer_job ON answer(job) WHERE job IS NOT NULL;"
    "CREATE INDEX answer_late ON answer(request) WHERE job IS NULL;"

    "CREATE TABLE worker(id INTEGER PRIMARY KEY AUTOINCREMENT, host TEXT NOT NULL, boot TEXT NOT NULL,"
    "  pid INTEGER NOT NULL, started_ms INTEGER NOT NULL) STRICT;"
    /* What is in flight, what was when a worker died, and what answered too late. An id is never used again.
     */
    "CREATE TABLE request("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, state INTEGER NOT NULL, worker INTEGER NOT NULL,"
    "  batch INTEGER NOT NULL, revision INTEGER NOT NULL, account TEXT, model TEXT, reservation INTEGER NOT "
    "NULL,"
    "  bytes INTEGER NOT NULL, leased_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE request_job(request INTEGER NOT NULL, job INTEGER NOT NULL,"
    "  PRIMARY KEY(request, job)) STRICT, WITHOUT ROWID;" MEDIA;

/* What brings version i + 1 up to the next. */
static const char *const steps[] = {
    "ALTER TABLE revision ADD COLUMN" COST,
    "ALTER TABLE answer ADD COLUMN" ASKED ";"
    "ALTER TABLE ready ADD COLUMN" STEP,
    MEDIA,
};

static gboolean migrate(sqlite3 *db, int from, GError **error)
{
    for (size_t i = (size_t)from - 1; i < G_N_ELEMENTS(steps); i++)
        if (sqlite3_exec(db, steps[i], NULL, NULL, NULL) != SQLITE_OK)
            return tm_fail(error, TM_ERROR_IO, "the store can't be brought up: %s", sqlite3_errmsg(db));
    return TRUE;
}

const tm_database_kind tm_store_kind = {
    .application_id = 0x746d5331, /* "tmS1" */
    .version = 1 + G_N_ELEMENTS(steps),
    .schema = schema,
    .migrate = migrate,
};
