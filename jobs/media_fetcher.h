/* media_fetcher.h - media that rows name by http addresses, fetched to files on threads of their own, for who
 * asked for it (--fetch-media). No address of this machine or of a private network is fetched, whatever a
 * name resolves to and wherever a redirect leads: a cell may not look around behind a firewall. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct tm_media_fetcher tm_media_fetcher;

/* Into a folder of this process in `folder`, made (0700) and removed at the end; what dead processes left
 * there goes. `cap`: bytes of a file at most. allow_private: private addresses, too. (transfer full) */
tm_media_fetcher *tm_media_fetcher_new(const char *folder, int64_t cap, bool allow_private, GError **error);
void tm_media_fetcher_free(tm_media_fetcher *fetcher);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_media_fetcher, tm_media_fetcher_free)

typedef enum {
    TM_FETCH_GOING,  /* begun, or there are enough under way: ask again */
    TM_FETCH_DONE,   /* all are there */
    TM_FETCH_FAILED, /* *why (transfer full) */
} tm_fetch;
typedef struct {
    char *url, *path;
    char *type; /* NULL: the server told none */
} tm_fetched;   /* owned by its array; the file is the receiver's to remove */

/* The addresses (char*, each once) of one row, all or none. Never blocks. DONE appends a tm_fetched for each
 * to `files`; what was told is forgotten. */
tm_fetch tm_media_fetcher_ask(tm_media_fetcher *fetcher, const GPtrArray *urls, GArray *files, char **why);
GArray *tm_fetched_new(void); /* of tm_fetched (transfer full) */
/* Is it an address that only the service itself can read (YouTube, its own Files API)? */
bool tm_media_is_the_services(const char *url);

/* May this address be connected to: is it one of the public internet? */
bool tm_media_address_is_public(const struct sockaddr *address);
