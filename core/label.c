/* label.c - see label.h */
#include "core/label.h"

#include "core/error.h"
#include "core/fence.h"
#include "core/json.h"
#include <string.h>

enum {
    MAX_FILE = 1024 * 1024,
    LONGEST = 4096, /* bytes of an answer that is looked at: no label is a page */
    LISTED = 12,
};

struct tm_labels {
    int refs;
    json_t *names;
    GHashTable *exact;  /* name -> name, borrowed from `names` */
    GHashTable *folded; /* name without its case -> name; "" where several names are the same but for case */
};

/* Without its case; composed, so that é is é. (transfer full) */
static char *fold(const char *text, gssize length)
{
    g_autofree char *composed = g_utf8_normalize(text, length, G_NORMALIZE_NFKC);
    g_autofree char *small = composed ? g_utf8_casefold(composed, -1) : NULL;
    return small ? g_utf8_normalize(small, -1, G_NORMALIZE_NFKC) : NULL;
}

static gboolean add(tm_labels *labels, const char *name, GError **error)
{
    g_autofree char *folded = fold(name, -1);
    if (!folded)
        return tm_fail(error, TM_ERROR_INPUT, "labels: a label that is no UTF-8 text");
    if (!*name)
        return tm_fail(error, TM_ERROR_INPUT, "labels: an empty label");
    if (strlen(name) > LONGEST / 2)
        return tm_fail(error, TM_ERROR_INPUT, "labels: a label of %zu bytes: it is to be a word or a few",
                       strlen(name));
    if (g_hash_table_contains(labels->exact, name))
        return TRUE;
    json_t *text = json_string(name);
    const char *kept = json_string_value(text);
    json_array_append_new(labels->names, text);
    g_hash_table_insert(labels->exact, (gpointer)(uintptr_t)kept, (gpointer)(uintptr_t)kept);
    bool twice = g_hash_table_contains(labels->folded, folded);
    g_hash_table_insert(labels->folded, g_steal_pointer(&folded), (gpointer)(uintptr_t)(twice ? "" : kept));
    return TRUE;
}

static tm_labels *labels_empty(void)
{
    tm_labels *labels = g_new0(tm_labels, 1);
    labels->refs = 1;
    labels->names = json_array();
    labels->exact = g_hash_table_new(g_str_hash, g_str_equal);
    labels->folded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return labels;
}

static gboolean has_some(const tm_labels *labels, GError **error)
{
    return json_array_size(labels->names) ||
           tm_fail(error, TM_ERROR_INPUT, "labels: there is none; write --labels a,b,c or --labels @FILE");
}

tm_labels *tm_labels_new(const json_t *names, GError **error)
{
    g_autoptr(tm_labels) labels = labels_empty();
    for (size_t i = 0; i < json_array_size(names); i++) {
        const json_t *name = json_array_get(names, i);
        if (!json_is_string(name) || strlen(json_string_value(name)) != json_string_length(name)) {
            tm_fail(error, TM_ERROR_INPUT, "labels: one is no text");
            return NULL;
        }
        if (!add(labels, json_string_value(name), error))
            return NULL;
    }
    return has_some(labels, error) ? g_steal_pointer(&labels) : NULL;
}

static tm_labels *read_words(const char *words, const char *between, bool lines, GError **error)
{
    g_autoptr(tm_labels) labels = labels_empty();
    g_auto(GStrv) names = g_strsplit(words, between, -1);
    for (int i = 0; names[i]; i++) {
        g_strstrip(names[i]);
        if (lines && !*names[i])
            continue;
        if (!add(labels, names[i], error))
            return NULL;
    }
    return has_some(labels, error) ? g_steal_pointer(&labels) : NULL;
}

tm_labels *tm_labels_read(const char *words, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) cause = NULL;
    gsize length;
    if (*words != '@')
        return read_words(words, ",", false, error);
    const char *path = words + 1;
    if (!g_file_get_contents(path, &text, &length, &cause)) {
        tm_fail(error, TM_ERROR_IO, "--labels: %s", cause->message);
        return NULL;
    }
    if (length > MAX_FILE || strlen(text) != length) {
        tm_fail(error, TM_ERROR_INPUT, "--labels: %s is no text file of a label a line", path);
        return NULL;
    }
    const char *begin = g_str_has_prefix(text, "\xef\xbb\xbf") ? text + 3 : text;
    tm_labels *labels = read_words(begin, "\n", true, error);
    if (!labels)
        g_prefix_error(error, "%s: ", path);
    return labels;
}

tm_labels *tm_labels_ref(tm_labels *labels)
{
    if (labels)
        labels->refs++;
    return labels;
}

void tm_labels_unref(tm_labels *labels)
{
    if (!labels || --labels->refs > 0)
        return;
    g_hash_table_unref(labels->exact);
    g_hash_table_unref(labels->folded);
    json_decref(labels->names);
    g_free(labels);
}

const char *tm_labels_match(const tm_labels *labels, const char *text, size_t length)
{
    tm_fence_strip(&text, &length);
    if (!length || length > LONGEST || memchr(text, '\0', length))
        return NULL;
    g_autofree char *word = g_strndup(text, length);
    if (*word == '"') {
        g_autoptr(json_t) json = tm_json_parse(text, length, NULL);
        if (json_is_string(json)) {
            g_free(word);
            word = g_strstrip(g_strdup(json_string_value(json)));
        }
    }
    const char *name = g_hash_table_lookup(labels->exact, word);
    g_autofree char *folded = name ? NULL : fold(word, -1);
    if (folded)
        name = g_hash_table_lookup(labels->folded, folded);
    return name && *name ? name : NULL;
}

const json_t *tm_labels_names(const tm_labels *labels)
{
    return labels->names;
}

char *tm_labels_text(const tm_labels *labels)
{
    GString *text = g_string_new(NULL);
    size_t n = json_array_size(labels->names);
    for (size_t i = 0; i < n && i < LISTED; i++)
        g_string_append_printf(text, "%s%s", i ? ", " : "",
                               json_string_value(json_array_get(labels->names, i)));
    if (n > LISTED)
        g_string_append_printf(text, " and %zu more", n - LISTED);
    return g_string_free(text, FALSE);
}
