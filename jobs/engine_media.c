/* engine_media.c - the media of a row that is about to be sent: fetched, as they were when it was queued, and
 * weighed. */
#include "jobs/engine_parts.h"

#include "core/media.h"
#include "jobs/media_loader.h"
#include <string.h>

typedef void (*visit)(tm_part *part, void *data);

static void each_media(const GPtrArray *messages, visit function, void *data)
{
    for (guint i = 0; i < messages->len; i++) {
        const tm_message *message = messages->pdata[i];
        for (guint k = 0; k < message->parts->len; k++) {
            tm_part *part = message->parts->pdata[k];
            if (part->kind == TM_PART_MEDIA && part->url)
                function(part, data);
        }
    }
}

/* ---- fetched ---- */

static void note_address(tm_part *part, void *data)
{
    GPtrArray *urls = data;
    if (tm_media_kind_of(part->url) == TM_MEDIA_WEB && !tm_media_is_the_services(part->url) &&
        !g_ptr_array_find_with_equal_func(urls, part->url, g_str_equal, NULL))
        g_ptr_array_add(urls, part->url);
}

/* The file takes the place of the address that it came from. */
static void put_file(tm_part *part, void *data)
{
    const GArray *files = data;
    for (guint i = 0; i < files->len; i++) {
        const tm_fetched *file = &g_array_index(files, tm_fetched, i);
        if (strcmp(part->url, file->url) != 0)
            continue;
        g_free(part->url);
        part->url = g_strdup(file->path);
        if (!part->content_type)
            part->content_type = g_strdup(file->type);
        return;
    }
}

static tm_fetch fetch_all(const tm_engine *engine, tm_media_loader *loader, const GPtrArray *messages,
                          GError **error)
{
    g_autoptr(GPtrArray) urls = g_ptr_array_new();
    g_autoptr(GArray) files = tm_fetched_new();
    g_autofree char *why = NULL;
    each_media(messages, note_address, urls);
    if (urls->len == 0)
        return TM_FETCH_DONE;
    tm_fetch state = tm_media_fetcher_ask(engine->options.fetcher, urls, files, &why);
    if (state == TM_FETCH_FAILED)
        tm_fail(error, TM_ERROR_INPUT, "%s", why);
    if (state != TM_FETCH_DONE)
        return state;
    for (guint i = 0; i < files->len; i++)
        tm_media_loader_lend(loader, g_array_index(files, tm_fetched, i).path);
    each_media(messages, put_file, files);
    return TM_FETCH_DONE;
}

tm_fetch tm_engine_media_begin(const tm_engine *engine, tm_flight *flight, const GPtrArray *messages,
                               GError **error)
{
    tm_media_loader *loader = flight->batch->work.media;
    if (!loader)
        return TM_FETCH_DONE;
    flight->stamps = tm_media_stamps_new();
    tm_media_loader_expect(loader, flight->stamps);
    if (!tm_store_media(engine->options.store, flight->lease.job, flight->stamps, error)) {
        tm_engine_media_end(flight, messages, NULL);
        return TM_FETCH_FAILED;
    }
    tm_fetch state = engine->options.fetcher ? fetch_all(engine, loader, messages, error) : TM_FETCH_DONE;
    if (state != TM_FETCH_DONE)
        tm_engine_media_end(flight, messages, NULL);
    return state;
}

/* ---- weighed ---- */

/* Bytes of a data: URL are no text: what they count as tokens, and how many bytes of the body they are. */
static void weigh(tm_part *part, void *data)
{
    tm_flight *flight = data;
    tm_media_kind kind = tm_media_kind_of(part->url);
    if (kind == TM_MEDIA_DATA) {
        g_autofree char *type = g_strndup(part->url + 5, strcspn(part->url + 5, ";,"));
        flight->media_bytes += strlen(part->url);
        flight->media_tokens += tm_media_tokens(part->content_type ? part->content_type : type,
                                                (int64_t)strlen(part->url) / 4 * 3);
    } else if (kind != TM_MEDIA_FILE) {
        flight->media_tokens += tm_media_tokens(part->content_type ? part->content_type : "image/", 0);
    }
}

void tm_engine_media_end(tm_flight *flight, const GPtrArray *messages, tm_call *call)
{
    tm_media_loader *loader = flight->batch->work.media;
    if (!loader)
        return;
    if (call) {
        tm_media_loader_give(loader, call);
        flight->media_tokens = tm_media_loader_tokens(loader);
        each_media(messages, weigh, flight);
    }
    tm_media_loader_expect(loader, NULL);
    g_clear_pointer(&flight->stamps, g_array_unref);
}
