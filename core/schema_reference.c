/* schema_reference.c - where subschemas stand, and what $ref, $id and $anchor mean by it. Only places of the
 * schema itself are known: nothing is ever fetched. */
#include "core/error.h"
#include "core/json.h"
#include "core/schema_nodes.h"
#include <string.h>

/* The URI of a schema that gives itself none. */
static const char no_uri[] = "schema:///";

void tm_schema_step(GString *pointer, const char *name)
{
    g_string_append_c(pointer, '/');
    for (; *name; name++) {
        if (*name == '~')
            g_string_append(pointer, "~0");
        else if (*name == '/')
            g_string_append(pointer, "~1");
        else
            g_string_append_c(pointer, *name);
    }
}

/* ---- the index ---- */

/* An absolute URI as it is compared, without an empty fragment; NULL: no URI. (transfer full) */
static char *resolve(const char *base, const char *reference)
{
    if (*reference == '#')
        return g_strdup_printf("%s%s", base, reference[1] ? reference : "");
    char *uri =
        g_uri_resolve_relative(base, reference, G_URI_FLAGS_ENCODED | G_URI_FLAGS_PARSE_RELAXED, NULL);
    size_t n = uri ? strlen(uri) : 0;
    if (n && uri[n - 1] == '#')
        uri[n - 1] = '\0';
    return uri;
}

static void remember(tm_schema *schema, const char *uri, const json_t *at)
{
    if (!g_hash_table_contains(schema->places, uri))
        g_hash_table_insert(schema->places, g_strdup(uri), (gpointer)(uintptr_t)at);
}

/* $id and $anchor: the place gets its names. Returns the URI that references below it start from. (transfer
 * full) */
static char *name_place(tm_schema *schema, const json_t *at, const char *base)
{
    const char *id = tm_json_string(at, "$id", NULL), *ref = tm_json_string(at, "$ref", NULL);
    static const char *const anchors[] = {"$anchor", "$dynamicAnchor"};
    char *own = g_strdup(base);
    if (id && !(ref && schema->drafts == TM_DRAFT_7)) {
        g_autofree char *uri = resolve(base, id);
        if (uri) {
            remember(schema, uri, at);
            char *fragment = strchr(uri, '#');
            if (fragment)
                *fragment = '\0';
            if (*id != '#') {
                remember(schema, uri, at);
                g_free(own);
                own = g_steal_pointer(&uri);
            }
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(anchors); i++) {
        const char *anchor = tm_json_string(at, anchors[i], NULL);
        g_autofree char *uri = anchor ? g_strdup_printf("%s#%s", own, anchor) : NULL;
        if (uri)
            remember(schema, uri, at);
    }
    return own;
}

typedef struct {
    tm_schema *schema;
    const char *base;
    int depth;
    GError **error;
} tm_indexer;

static gboolean index_at(tm_indexer *indexer, const json_t *at, GString *path, const char *name)
{
    size_t length = path->len;
    tm_schema_step(path, name);
    gboolean ok =
        tm_schema_index(indexer->schema, at, indexer->base, path->str, indexer->depth + 1, indexer->error);
    g_string_truncate(path, length);
    return ok;
}

static gboolean index_list(tm_indexer *indexer, const json_t *list, GString *path)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        char name[24];
        g_snprintf(name, sizeof name, "%zu", i);
        if (!index_at(indexer, json_array_get(list, i), path, name))
            return FALSE;
    }
    return TRUE;
}

static gboolean index_named(tm_indexer *indexer, const json_t *object, GString *path)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        if (json_is_object(value) && !index_at(indexer, value, path, name))
            return FALSE;
    }
    return TRUE;
}

static gboolean index_keyword(tm_indexer *indexer, tm_form form, const char *name, const json_t *value,
                              GString *path)
{
    size_t length = path->len;
    gboolean ok = TRUE;
    if (form == TM_FORM_SCHEMA || (form == TM_FORM_ITEMS && json_is_object(value)))
        return index_at(indexer, value, path, name);
    tm_schema_step(path, name);
    if (form == TM_FORM_SCHEMAS || form == TM_FORM_ITEMS)
        ok = index_list(indexer, value, path);
    else if (form == TM_FORM_NAMED || form == TM_FORM_DEPENDENCIES)
        ok = index_named(indexer, value, path);
    g_string_truncate(path, length);
    return ok;
}

gboolean tm_schema_index(tm_schema *schema, const json_t *at, const char *base, const char *path, int depth,
                         GError **error)
{
    if (!json_is_object(at) || g_hash_table_contains(schema->bases, at))
        return TRUE;
    if (depth >= TM_SCHEMA_MAX_DEPTH)
        return tm_fail(error, TM_ERROR_INPUT, "schema: nested deeper than %d levels", TM_SCHEMA_MAX_DEPTH);
    if (!tm_keywords_check(at, schema->drafts, path, schema->notes, error))
        return FALSE;
    if (depth == 0 && !base)
        remember(schema, no_uri, at);
    char *own = name_place(schema, at, base ? base : no_uri);
    g_hash_table_insert(schema->bases, (gpointer)(uintptr_t)at, own);
    tm_indexer indexer = {schema, own, depth, error};
    g_autoptr(GString) below = g_string_new(path);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)at, name, value) {
        const tm_keyword *keyword = tm_keyword_named(name, schema->drafts);
        if (keyword && !index_keyword(&indexer, keyword->form, name, value, below))
            return FALSE;
    }
    return TRUE;
}

/* ---- references ---- */

const json_t *tm_schema_pointer(const json_t *at, const char *pointer)
{
    g_auto(GStrv) steps = g_strsplit(pointer, "/", -1);
    for (int i = 1; at && steps[0] && steps[i]; i++) {
        g_autofree char *plain = g_uri_unescape_string(steps[i], NULL);
        g_autoptr(GString) step = g_string_new(plain ? plain : steps[i]);
        g_string_replace(step, "~1", "/", 0);
        g_string_replace(step, "~0", "~", 0);
        guint64 index;
        if (json_is_object(at))
            at = json_object_get(at, step->str);
        else
            at = g_ascii_string_to_unsigned(step->str, 10, 0, G_MAXINT32, &index, NULL)
                     ? json_array_get(at, (size_t)index)
                     : NULL;
    }
    return at;
}

const json_t *tm_schema_follow(tm_schema *schema, const json_t *from, const char *ref, GError **error)
{
    const char *base = g_hash_table_lookup(schema->bases, from);
    g_autofree char *uri = resolve(base ? base : no_uri, ref);
    char *fragment = uri ? strchr(uri, '#') : NULL;
    const json_t *target = uri ? g_hash_table_lookup(schema->places, uri) : NULL;
    if (!target && fragment && fragment[1] == '/') {
        *fragment = '\0';
        const json_t *whole = g_hash_table_lookup(schema->places, uri);
        target = whole ? tm_schema_pointer(whole, fragment + 1) : NULL;
        /* a place where no schema was looked for, such as one below a word that is not known */
        if (target && !tm_schema_index(schema, target, uri, fragment + 1, 1, error))
            return NULL;
    }
    if (!target)
        tm_fail(error, TM_ERROR_INPUT,
                "schema: nothing stands at $ref \"%s\"; only places of the schema itself are followed", ref);
    return target;
}
