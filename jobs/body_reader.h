/* body_reader.h - a call's body piece by piece: its text, and the base64 of its files read from disk as it
 * goes, so that a body takes no more memory than its text. */
#pragma once
#include "core/provider/provider.h"

typedef struct tm_body_reader tm_body_reader;

/* The call is borrowed. (transfer full) */
tm_body_reader *tm_body_reader_new(const tm_call *call);
void tm_body_reader_free(tm_body_reader *reader);

/* Up to `room` (at least 8) bytes into `out`; 0: that was all. -1: a file is not what it was; its last bytes
 * have not been given. */
ssize_t tm_body_reader_read(tm_body_reader *reader, char *out, size_t room);
