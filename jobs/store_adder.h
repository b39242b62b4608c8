/* store_adder.h - rows on their way into the store: what store_add.c, store_load.c and store_group.c share.
 */
#pragma once
#include "jobs/store_private.h"

struct tm_adder {
    tm_store *store;
    tm_batch *batch; /* id and name only; NULL: a dry run of a batch that is not there yet */
    tm_add_options options;
    bool loading;      /* rows only, their keys follow at the end */
    bool none;         /* loading: no row has its key yet */
    int64_t resumed;   /* loading: up to here the rows of a load that was cut off; 0: a load of our own */
    int64_t n_resumed; /* of these, found in the file so far */
    tm_match *match;   /* NULL: nothing to compare with */
    tm_sorter *sorter; /* loading: of the rows without keys; a dry run: keys that the batch has not */
    tm_seen *seen;     /* by_id: the repeat of an id has to be told at once */
    GArray *rows;      /* of tm_gathered */
    GByteArray *bodies;
    GArray *media; /* of tm_row_media: of `rows`, and of the one that comes next */
    guint *order;  /* TM_CHUNK: those that are looked up by key, in the order of keys */
    guint n_order;
    bool kept_out; /* somebody else loads */
    tm_added added;
};

typedef struct {
    int64_t top, loading, loader;
} tm_adder_at;

/* ---- store_load.c ---- */
/* Where the batch stands; an error if it was removed. */
gboolean tm_adder_place(tm_adder *adder, tm_adder_at *at, GError **error);
gboolean tm_adder_kept_out(const tm_adder *adder, GError **error); /* TM_ERROR_BUSY; false */
void tm_adder_start_sorter(tm_adder *adder);
/* After the transaction that marks the batch as loading by us, and after the one that ends it. */
void tm_adder_begin_loading(tm_adder *adder);
void tm_adder_end_loading(tm_adder *adder);
/* In a transaction: an empty batch becomes ours to load (adder->loading), if it still is empty. */
gboolean tm_adder_begin_load(tm_store *store, gpointer adder, GError **error);
/* Goes on with a dead loader's load. */
gboolean tm_adder_resume(tm_adder *adder, const tm_adder_at *before, GError **error);
/* Puts the keys in: at the end of the file, or when it is no longer the one whose load was cut off. */
gboolean tm_adder_end_load(tm_adder *adder, GError **error);
gboolean tm_adder_end_resumed(tm_adder *adder, GError **error);

/* ---- store_group.c ---- */
/* Takes in the rows at hand and counts them. */
gboolean tm_adder_flush(tm_adder *adder, GError **error);
