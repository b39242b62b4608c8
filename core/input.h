/* input.h - the bytes of a data file or of stdin: plain, gz, xz, zst or bz2, turned into UTF-8. Readers look
 * at a window of bytes at hand, skip what they used, and ask for more. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct tm_input tm_input;

/* `path` "-" is stdin. A BOM says UTF-8, UTF-16 or UTF-32 and is skipped; else `encoding` (any name that
 * iconv knows; NULL: UTF-8). A byte that the encoding does not have comes out as 0xFF, which is no UTF-8, so
 * that its row is found bad. ZIP, Excel and Parquet files are refused. (transfer full) */
tm_input *tm_input_open(const char *path, const char *encoding, GError **error);
void tm_input_close(tm_input *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_input, tm_input_close)

/* The bytes at hand, borrowed until tm_input_more(). */
const char *tm_input_bytes(const tm_input *input, size_t *n);
/* `n` of them are used up. */
void tm_input_skip(tm_input *input, size_t n);

typedef enum { TM_MORE, TM_MORE_NONE, TM_MORE_ERROR } tm_more;
/* Brings more bytes behind those at hand (at least half as many again when they are many, so that rescanning
 * them stays cheap). TM_MORE_NONE: the file ends with those at hand. */
tm_more tm_input_more(tm_input *input, GError **error);
/* Has the end of the file been seen? */
bool tm_input_ended(const tm_input *input);

/* The file's name for messages. */
const char *tm_input_name(const tm_input *input);
/* Counts one more row that could not be decoded and gives the reason; from the third on, where no encoding
 * was named, it suggests one. Static or borrowed from `input`. */
const char *tm_input_undecodable(tm_input *input);
/* Bytes of the file read so far and its size (-1: unknown). */
void tm_input_progress(const tm_input *input, int64_t *read, int64_t *size);
