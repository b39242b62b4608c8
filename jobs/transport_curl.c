/* transport_curl.c - the transport over libcurl: one multi handle, HTTP/1.1 kept alive, one thread. A call is
 * sent at most once (docs/decisions/0005-no-hidden-resend.md); the event LEFT comes from libcurl's
 * pre-request callback. */
#include "jobs/transport.h"

#include "core/error.h"
#include "jobs/transfer.h"
#include "jobs/watch.h"

enum {
    LOOK_MS = 1000, /* poll sleeps on a clock that stands still in suspend, stalls are looked for as often */
    COMPANY_MS = 1, /* how long the word that calls have left waits for answers to be told with */
};

typedef struct {
    tm_transport base;
    tm_clock *clock;
    tm_transport_options options;
    CURLM *multi;
    tm_watch *watch;
    GPtrArray *active; /* of tm_transfer*, owned: in the multi handle */
    GPtrArray *idle;   /* of tm_transfer*, owned: ready for another call */
    GQueue waiting;    /* of tm_transfer*, owned: begun, until a connection may be had */
    GArray *events;    /* of tm_event, from `first` on */
    guint first;
    int64_t look_ms; /* boot ms of the next look for stalls */
} curl_transport;

/* ---- events ---- */

static void push(curl_transport *self, tm_event_kind kind, uint64_t tag, tm_reply *reply)
{
    tm_event event = {.kind = kind, .tag = tag, .at = tm_clock_now(self->clock), .reply = reply};
    g_array_append_val(self->events, event);
}

static int take(curl_transport *self, tm_event *events, int n)
{
    guint count = MIN(self->events->len - self->first, (guint)MAX(n, 0));
    for (guint i = 0; i < count; i++)
        events[i] = g_array_index(self->events, tm_event, self->first + i);
    self->first += count;
    if (self->first == self->events->len) {
        g_array_set_size(self->events, 0);
        self->first = 0;
    }
    return (int)count;
}

static void on_leaving(tm_transfer *transfer)
{
    push(transfer->owner, TM_EVENT_LEFT, transfer->tag, NULL);
}

/* ---- transfers come and go ---- */

static void done(curl_transport *self, tm_transfer *transfer, tm_reply *reply)
{
    push(self, TM_EVENT_DONE, transfer->tag, reply);
    g_ptr_array_add(self->idle, transfer);
}

static void start(curl_transport *self, tm_transfer *transfer)
{
    CURLMcode code = curl_multi_add_handle(self->multi, transfer->easy);
    if (code != CURLM_OK) {
        done(self, transfer, tm_transfer_give_up(transfer, TM_WIRE_REFUSED, curl_multi_strerror(code)));
        return;
    }
    transfer->index = self->active->len;
    g_ptr_array_add(self->active, transfer);
}

static void start_waiting(curl_transport *self)
{
    while (self->active->len < (guint)self->options.max_connections && self->waiting.length > 0)
        start(self, g_queue_pop_head(&self->waiting));
}

static void remove_active(curl_transport *self, tm_transfer *transfer)
{
    curl_multi_remove_handle(self->multi, transfer->easy);
    g_ptr_array_steal_index_fast(self->active, transfer->index); /* the last one takes its place */
    if (transfer->index < self->active->len)
        ((tm_transfer *)self->active->pdata[transfer->index])->index = transfer->index;
}

static void take_ended(curl_transport *self)
{
    int queued = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(self->multi, &queued))) {
        tm_transfer *transfer = NULL;
        CURLcode code = message->data.result; /* the message dies with remove_active() */
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        remove_active(self, transfer);
        done(self, transfer, tm_transfer_end(transfer, code));
    }
    start_waiting(self);
}

static void look_for_stalls(curl_transport *self, int64_t now_ms)
{
    if (now_ms < self->look_ms)
        return;
    self->look_ms = now_ms + MIN(LOOK_MS, MAX(self->options.stall_ms / 4, 1));
    for (guint i = 0; i < self->active->len;) {
        tm_transfer *transfer = self->active->pdata[i];
        if (!tm_transfer_stalled(transfer, now_ms)) {
            i++;
            continue;
        }
        g_autofree char *words =
            g_strdup_printf("no byte moved for %.1f s", (double)self->options.stall_ms / 1000);
        remove_active(self, transfer);
        done(self, transfer, tm_transfer_give_up(transfer, TM_WIRE_TIMEOUT, words));
    }
    start_waiting(self);
}

/* ---- the transport's functions ---- */

static gboolean submit(tm_transport *base, tm_call *call, uint64_t tag, GError **error)
{
    curl_transport *self = (curl_transport *)base;
    tm_transfer *transfer;
    if (self->idle->len > 0) {
        transfer = g_ptr_array_steal_index_fast(self->idle, self->idle->len - 1);
    } else {
        transfer = tm_transfer_new(&self->options);
        if (!transfer)
            return tm_fail(error, TM_ERROR_INTERNAL, "libcurl gives no further handle: out of memory?");
        transfer->owner = self;
        transfer->leaving = on_leaving;
    }
    tm_transfer_begin(transfer, call, tag);
    g_queue_push_tail(&self->waiting, transfer);
    start_waiting(self);
    return TRUE;
}

/* Only that calls have left: worth telling, but not worth a turn of the caller's loop of its own. */
static bool only_left(const curl_transport *self)
{
    for (guint i = self->first; i < self->events->len; i++)
        if (g_array_index(self->events, tm_event, i).kind == TM_EVENT_DONE)
            return false;
    return true;
}

static int wait(tm_transport *base, int64_t max_ms, const int *fds, int n_fds, tm_event *events, int n)
{
    curl_transport *self = (curl_transport *)base;
    int64_t now_ms = tm_clock_now(self->clock).boot_ms;
    int64_t end_ms = max_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + MAX(max_ms, 0);
    while (only_left(self)) {
        bool left = self->first < self->events->len;
        int64_t ms = MIN(end_ms - now_ms, LOOK_MS);
        if (self->active->len > 0)
            ms = MIN(ms, self->look_ms - now_ms);
        if (left)
            ms = MIN(ms, COMPANY_MS);
        bool other = tm_watch_turn(self->watch, MAX(ms, 0), fds, n_fds);
        take_ended(self);
        now_ms = tm_clock_now(self->clock).boot_ms;
        look_for_stalls(self, now_ms);
        if (other || now_ms >= end_ms || left)
            break;
    }
    return take(self, events, n);
}

static void cancel(tm_transport *base, uint64_t tag)
{
    curl_transport *self = (curl_transport *)base;
    for (guint i = 0; i < self->active->len; i++) {
        tm_transfer *transfer = self->active->pdata[i];
        if (transfer->tag == tag) {
            remove_active(self, transfer);
            done(self, transfer, tm_transfer_give_up(transfer, TM_WIRE_CANCELLED, "given up"));
            start_waiting(self);
            return;
        }
    }
    for (GList *l = self->waiting.head; l; l = l->next) {
        tm_transfer *transfer = l->data;
        if (transfer->tag == tag) {
            g_queue_delete_link(&self->waiting, l);
            done(self, transfer, tm_transfer_give_up(transfer, TM_WIRE_CANCELLED, "given up"));
            return;
        }
    }
}

static void free_transfer(gpointer transfer)
{
    tm_transfer_free(transfer);
}

static void free_transport(tm_transport *base)
{
    curl_transport *self = (curl_transport *)base;
    for (guint i = 0; i < self->active->len; i++)
        curl_multi_remove_handle(self->multi, ((tm_transfer *)self->active->pdata[i])->easy);
    g_ptr_array_unref(self->active);
    g_ptr_array_unref(self->idle);
    g_queue_clear_full(&self->waiting, free_transfer);
    curl_multi_cleanup(self->multi);
    tm_watch_free(self->watch);
    for (guint i = self->first; i < self->events->len; i++)
        tm_reply_free(g_array_index(self->events, tm_event, i).reply);
    g_array_unref(self->events);
    g_free(self);
}

static tm_transport_options with_defaults(const tm_transport_options *given)
{
    tm_transport_options options = given ? *given : (tm_transport_options){0};
    if (options.connect_ms <= 0)
        options.connect_ms = 10000;
    if (options.whole_ms <= 0)
        options.whole_ms = 600000;
    if (options.stall_ms <= 0)
        options.stall_ms = 60000;
    if (options.max_age_ms <= 0)
        options.max_age_ms = 3000;
    if (options.body_cap <= 0)
        options.body_cap = 64 << 20;
    if (options.max_connections <= 0)
        options.max_connections = 400;
    return options;
}

tm_transport *tm_transport_curl(tm_clock *clock, const tm_transport_options *options, GError **error)
{
    static gsize once;
    if (g_once_init_enter(&once))
        g_once_init_leave(&once, curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 1 : 2);
    CURLM *multi = once == 1 ? curl_multi_init() : NULL;
    tm_watch *watch = multi ? tm_watch_new(multi, clock) : NULL;
    if (!watch) {
        curl_multi_cleanup(multi);
        tm_fail(error, TM_ERROR_INTERNAL, "libcurl does not start");
        return NULL;
    }
    curl_transport *self = g_new0(curl_transport, 1);
    self->base = (tm_transport){.submit = submit, .wait = wait, .cancel = cancel, .free = free_transport};
    self->clock = clock;
    self->options = with_defaults(options);
    self->multi = multi;
    self->watch = watch;
    self->active = g_ptr_array_new_with_free_func(free_transfer);
    self->idle = g_ptr_array_new_with_free_func(free_transfer);
    self->events = g_array_new(FALSE, FALSE, sizeof(tm_event));
    g_queue_init(&self->waiting);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)self->options.max_connections);
    return &self->base;
}
