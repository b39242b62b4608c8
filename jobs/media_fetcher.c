/* media_fetcher.c - see media_fetcher.h */
#include "jobs/media_fetcher.h"

#include "core/error.h"
#include "core/media.h"
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum {
    THREADS = 8,
    UNDER_WAY = 32, /* begun or not yet taken: bounds the disk that is used */
    REDIRECTS = 5,
    TRIES = 3,
    CONNECT_S = 10,
    WHOLE_S = 300,
    STALL_S = 30,
};

/* One address, from the first ask until it is told. */
typedef struct {
    tm_media_fetcher *fetcher;
    char *url, *path;
    char *type, *why;
    tm_fetch state;
    /* of the thread that fetches it */
    int fd;
    int64_t length;
    bool refused, too_large, unwritten;
    long http;
} fetch;

struct tm_media_fetcher {
    char *folder;
    int64_t cap;
    bool allow_private;
    GThreadPool *pool;
    GMutex lock;
    GHashTable *fetches; /* url -> fetch, owned */
    uint64_t next;
    gint ending;
};

static void fetch_free(gpointer pointer)
{
    fetch *f = pointer;
    if (f->path)
        unlink(f->path);
    g_free(f->url);
    g_free(f->path);
    g_free(f->type);
    g_free(f->why);
    g_free(f);
}

bool tm_media_is_the_services(const char *url)
{
    static const char *const hosts[] = {"youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be",
                                        "generativelanguage.googleapis.com"};
    g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, NULL);
    const char *host = uri ? g_uri_get_host(uri) : NULL;
    for (size_t i = 0; host && i < G_N_ELEMENTS(hosts); i++)
        if (g_ascii_strcasecmp(host, hosts[i]) == 0)
            return true;
    return false;
}

/* ---- on a thread: one try ---- */

/* Called with the address that is about to be connected to: names were resolved, redirects followed. */
static curl_socket_t on_open(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    fetch *f = data;
    (void)purpose;
    f->refused = !f->fetcher->allow_private && !tm_media_address_is_public(&address->addr);
    if (f->refused)
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t on_body(char *bytes, size_t size, size_t n, void *data)
{
    fetch *f = data;
    size_t length = size * n, done = 0;
    f->too_large = f->length + (int64_t)length > f->fetcher->cap;
    while (!f->too_large && done < length) {
        ssize_t written = write(f->fd, bytes + done, length - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            f->unwritten = true;
            return CURL_WRITEFUNC_ERROR;
        }
        done += (size_t)written;
    }
    f->length += (int64_t)done;
    return f->too_large ? CURL_WRITEFUNC_ERROR : length;
}

static int on_progress(void *data, curl_off_t down, curl_off_t now, curl_off_t up, curl_off_t up_now)
{
    const fetch *f = data;
    (void)down, (void)now, (void)up, (void)up_now;
    return g_atomic_int_get(&f->fetcher->ending);
}

static void set_up(CURL *easy, fetch *f)
{
    curl_easy_setopt(easy, CURLOPT_URL, f->url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)REDIRECTS);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* a proxy would resolve names itself, unseen by us */
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)WHOLE_S);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)STALL_S);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "tidemill/" TM_VERSION);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)f->fetcher->cap);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, f);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, f);
    const char *authorities = g_getenv("SSL_CERT_FILE");
    if (authorities && *authorities)
        curl_easy_setopt(easy, CURLOPT_CAINFO, authorities);
}

/* The Content-Type without its parameters; NULL: none, or one that says nothing. */
static char *type_of(CURL *easy)
{
    char *said = NULL;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &said);
    g_autofree char *type = said ? g_ascii_strdown(said, (gssize)strcspn(said, "; ")) : NULL;
    bool nothing = !type || !*type || strcmp(type, "application/octet-stream") == 0 ||
                   strcmp(type, "binary/octet-stream") == 0;
    return nothing ? NULL : g_steal_pointer(&type);
}

/* Why it failed, in words; NULL: it did not. (transfer full) */
static char *failure_of(const fetch *f, CURLcode code, const char *type)
{
    if (f->refused)
        return g_strdup("its address is this machine's or a private network's: such are not fetched "
                        "(--fetch-private fetches them)");
    if (f->too_large || code == CURLE_FILESIZE_EXCEEDED)
        return g_strdup_printf("it is larger than %.1f MB", (double)f->fetcher->cap / 1e6);
    if (f->unwritten)
        return g_strdup("it can't be kept on disk");
    if (code != CURLE_OK)
        return g_strdup(curl_easy_strerror(code));
    if (f->http < 200 || f->http > 299)
        return g_strdup_printf("HTTP %ld", f->http);
    if (f->length == 0)
        return g_strdup("it is empty");
    if (type && !tm_media_is_sendable(type))
        return g_strdup_printf("it is %s: images, audio, video, PDF and text can be sent", type);
    return NULL;
}

/* *again: it may pass. */
static void try_once(fetch *f, bool *again)
{
    CURL *easy = curl_easy_init();
    f->fd = open(f->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    f->length = 0;
    f->http = 0;
    f->refused = f->too_large = false;
    f->unwritten = f->fd < 0;
    g_clear_pointer(&f->type, g_free);
    CURLcode code = CURLE_FAILED_INIT;
    if (easy && f->fd >= 0) {
        set_up(easy, f);
        code = curl_easy_perform(easy);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &f->http);
        f->type = type_of(easy);
    }
    g_free(f->why);
    f->why = failure_of(f, code, f->type);
    bool ours = f->refused || f->too_large || f->unwritten || code == CURLE_FILESIZE_EXCEEDED;
    *again = f->why && !ours && (code != CURLE_OK || f->http >= 500 || f->http == 429) &&
             code != CURLE_TOO_MANY_REDIRECTS && code != CURLE_UNSUPPORTED_PROTOCOL &&
             code != CURLE_URL_MALFORMAT;
    curl_easy_cleanup(easy);
    if (f->fd >= 0)
        close(f->fd);
}

static void work(gpointer data, gpointer pool_data)
{
    fetch *f = data;
    tm_media_fetcher *fetcher = pool_data;
    bool again = true;
    for (int n = 1; again && !g_atomic_int_get(&fetcher->ending); n++) {
        try_once(f, &again);
        again = again && n < TRIES;
        for (int i = 0; again && i < 10 * n && !g_atomic_int_get(&fetcher->ending); i++)
            g_usleep(100000);
    }
    g_mutex_lock(&fetcher->lock);
    f->state = f->why ? TM_FETCH_FAILED : TM_FETCH_DONE;
    g_mutex_unlock(&fetcher->lock);
}

/* ---- its folder ---- */

static void empty_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        unlink(path);
    }
    g_rmdir(folder);
}

/* Folders are named by their process. */
static void sweep(const char *parent)
{
    g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)) != NULL) {
        guint64 pid = 0;
        if (!g_ascii_string_to_unsigned(name, 10, 1, G_MAXINT32, &pid, NULL))
            continue;
        g_autofree char *path = g_build_filename(parent, name, NULL);
        if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
            empty_folder(path);
    }
}

tm_media_fetcher *tm_media_fetcher_new(const char *folder, int64_t cap, bool allow_private, GError **error)
{
    g_autofree char *own = g_strdup_printf("%s/%d", folder, (int)getpid());
    sweep(folder);
    empty_folder(own);
    if (g_mkdir_with_parents(own, 0700) != 0) {
        tm_fail(error, TM_ERROR_IO, "the folder %s can't be made: %s", own, g_strerror(errno));
        return NULL;
    }
    tm_media_fetcher *fetcher = g_new0(tm_media_fetcher, 1);
    fetcher->folder = g_steal_pointer(&own);
    fetcher->cap = cap;
    fetcher->allow_private = allow_private;
    fetcher->fetches = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, fetch_free);
    fetcher->pool = g_thread_pool_new(work, fetcher, THREADS, FALSE, NULL);
    g_mutex_init(&fetcher->lock);
    return fetcher;
}

void tm_media_fetcher_free(tm_media_fetcher *fetcher)
{
    if (!fetcher)
        return;
    g_atomic_int_set(&fetcher->ending, 1);
    g_thread_pool_free(fetcher->pool, FALSE, TRUE); /* those that wait end at once */
    g_hash_table_unref(fetcher->fetches);
    empty_folder(fetcher->folder);
    g_mutex_clear(&fetcher->lock);
    g_free(fetcher->folder);
    g_free(fetcher);
}

/* ---- asked ---- */

static void clear_fetched(gpointer pointer)
{
    tm_fetched *file = pointer;
    g_free(file->url);
    g_free(file->path);
    g_free(file->type);
}

GArray *tm_fetched_new(void)
{
    GArray *files = g_array_new(FALSE, TRUE, sizeof(tm_fetched));
    g_array_set_clear_func(files, clear_fetched);
    return files;
}

static void begin(tm_media_fetcher *fetcher, const char *url)
{
    fetch *f = g_new0(fetch, 1);
    f->fetcher = fetcher;
    f->url = g_strdup(url);
    f->path = g_strdup_printf("%s/%" G_GUINT64_FORMAT, fetcher->folder, ++fetcher->next);
    g_hash_table_insert(fetcher->fetches, f->url, f);
    g_thread_pool_push(fetcher->pool, f, NULL);
}

/* All of a row's are begun together: rows that each hold half of what they need would wait for ever. */
static bool begin_row(tm_media_fetcher *fetcher, const GPtrArray *urls)
{
    bool any = false;
    for (guint i = 0; i < urls->len; i++)
        any = any || g_hash_table_contains(fetcher->fetches, urls->pdata[i]);
    if (!any && g_hash_table_size(fetcher->fetches) >= UNDER_WAY)
        return false;
    for (guint i = 0; i < urls->len; i++)
        if (!g_hash_table_contains(fetcher->fetches, urls->pdata[i]))
            begin(fetcher, urls->pdata[i]);
    return true;
}

static tm_fetch state_of(tm_media_fetcher *fetcher, const char *url)
{
    const fetch *f = g_hash_table_lookup(fetcher->fetches, url);
    g_mutex_lock(&fetcher->lock);
    tm_fetch state = f->state;
    g_mutex_unlock(&fetcher->lock);
    return state;
}

tm_fetch tm_media_fetcher_ask(tm_media_fetcher *fetcher, const GPtrArray *urls, GArray *files, char **why)
{
    const char *failed = NULL;
    if (!begin_row(fetcher, urls))
        return TM_FETCH_GOING;
    for (guint i = 0; i < urls->len; i++) {
        tm_fetch state = state_of(fetcher, urls->pdata[i]);
        if (state == TM_FETCH_GOING)
            return TM_FETCH_GOING;
        if (state == TM_FETCH_FAILED)
            failed = urls->pdata[i];
    }
    if (failed) {
        const fetch *f = g_hash_table_lookup(fetcher->fetches, failed);
        *why = g_strdup_printf("media \"%.200s\" can't be fetched: %s", failed, f->why);
    }
    for (guint i = 0; i < urls->len; i++) {
        fetch *f = g_hash_table_lookup(fetcher->fetches, urls->pdata[i]);
        if (!failed) {
            tm_fetched file = {g_strdup(f->url), g_steal_pointer(&f->path), g_steal_pointer(&f->type)};
            g_array_append_val(files, file);
        }
        g_hash_table_remove(fetcher->fetches, urls->pdata[i]);
    }
    return failed ? TM_FETCH_FAILED : TM_FETCH_DONE;
}
