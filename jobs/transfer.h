/* transfer.h - one call on its way over libcurl: an easy handle that is used again for call after call, what
 * it has received so far, and how it ended. transport_curl.c drives many of them. */
#pragma once
#include "jobs/body_reader.h"
#include "jobs/transport.h"
#include <curl/curl.h>

typedef struct tm_transfer tm_transfer;
struct tm_transfer {
    CURL *easy;
    const tm_transport_options *options;    /* borrowed; every member set */
    void (*leaving)(tm_transfer *transfer); /* told once: the first byte is about to leave */
    void *owner;                            /* of whom drives it */
    guint index;                            /* its place there */

    uint64_t tag;
    tm_call call;             /* held until the end: libcurl sends the body from here, without a copy */
    tm_body_reader *reader;   /* of a body with files in it; NULL: none */
    struct curl_slist *lines; /* header lines, pointing into the call */
    guint n_lines;            /* room in `lines` */
    tm_reply *reply;          /* filled while it arrives */
    bool left;                /* the first byte may have left */
    bool refused_again;       /* libcurl wanted to send it a second time */
    bool too_big;
    bool changed; /* a file of the body is not what it was */
    bool direct;  /* the handle is set to use no proxy */

    int64_t received; /* bytes of the answer, its header lines included */
    int64_t moved;    /* bytes moved either way when last looked at */
    int64_t moved_ms; /* boot ms of the last look that saw some move */

    char date_text[64]; /* the last Date header and what it meant: at speed it is the same for thousands */
    int64_t date_ms;
    char error[CURL_ERROR_SIZE];
};

/* NULL: no memory. (transfer full) */
tm_transfer *tm_transfer_new(const tm_transport_options *options);
void tm_transfer_free(tm_transfer *transfer);
/* Takes the call over and readies the handle to be added to a multi handle. */
void tm_transfer_begin(tm_transfer *transfer, tm_call *call, uint64_t tag);
/* How it ended, by libcurl's word; the handle is then free for another call. (transfer full) */
tm_reply *tm_transfer_end(tm_transfer *transfer, CURLcode code);
/* It was given up, by us: `wire` and words. (transfer full) */
tm_reply *tm_transfer_give_up(tm_transfer *transfer, tm_wire wire, const char *detail);
/* Has no byte moved on the way up, or on the way down, for too long at `now_ms` (boot)? Waiting in silence
 * for the answer's first byte is no stall. Looked at about once a second. */
bool tm_transfer_stalled(tm_transfer *transfer, int64_t now_ms);
