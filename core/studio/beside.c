/* beside.c - attachments that a saved prompt knows by their id in Drive, looked for among the export's own
 * files */
#include "core/studio/beside.h"
#include "core/studio/archive.h"
#include "core/studio/attachment.h"
#include <string.h>

enum { ATTACH_MAX = 16 << 20, NAMED_MAX = 5 };

struct tm_beside {
    GPtrArray *files; /* char* */
};

tm_beside *tm_beside_new(void)
{
    tm_beside *beside = g_new0(tm_beside, 1);
    beside->files = g_ptr_array_new_with_free_func(g_free);
    return beside;
}

void tm_beside_free(tm_beside *beside)
{
    g_ptr_array_unref(beside->files);
    g_free(beside);
}

void tm_beside_offer(tm_beside *beside, const char *file)
{
    if (tm_attachment_mime(file))
        g_ptr_array_add(beside->files, g_strdup(file));
}

static const char *base_name(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash ? slash + 1 : file;
}

static bool same_folder(const char *a, const char *b)
{
    size_t n = (size_t)(base_name(a) - a);
    return n == (size_t)(base_name(b) - b) && strncmp(a, b, n) == 0;
}

/* Ids of Drive have 20 characters and more; what is shorter could be part of any name. */
static const char *file_of(const tm_beside *beside, const tm_piece *piece)
{
    if (piece->kind != TM_PIECE_MEDIA || piece->url || !piece->drive_id || strlen(piece->drive_id) < 20)
        return NULL;
    for (guint i = 0; i < beside->files->len; i++)
        if (strstr(base_name(g_ptr_array_index(beside->files, i)), piece->drive_id))
            return g_ptr_array_index(beside->files, i);
    return NULL;
}

/* The files lie beside under names of their own, and nothing says which is which. */
static void name_candidates(const tm_beside *beside, tm_draft *draft)
{
    g_autoptr(GString) names = g_string_new(NULL);
    guint n = 0;
    for (guint i = 0; i < beside->files->len; i++) {
        const char *file = g_ptr_array_index(beside->files, i);
        if (same_folder(file, draft->file) && n++ < NAMED_MAX)
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", base_name(file));
    }
    if (n > 0)
        tm_draft_note(draft, "beside the prompt lie%s %s%s: if %s is meant, give its path", n == 1 ? "s" : "",
                      names->str, n > NAMED_MAX ? " and more" : "", n == 1 ? "it" : "one of them");
}

typedef void (*piece_visit)(tm_draft *draft, tm_piece *piece, void *data);

static void visit(tm_draft *draft, piece_visit each, void *data)
{
    for (guint t = 0; t < draft->turns->len; t++) {
        const tm_turn *turn = g_ptr_array_index(draft->turns, t);
        for (guint i = 0; i < turn->pieces->len; i++)
            each(draft, g_ptr_array_index(turn->pieces, i), data);
    }
}

typedef struct {
    const tm_beside *beside;
    GHashTable *wanted; /* file -> "" or its data URL */
} search;

static void want(tm_draft *draft, tm_piece *piece, void *data)
{
    search *all = data;
    const char *file = file_of(all->beside, piece);
    if (file)
        g_hash_table_insert(all->wanted, (gpointer)file, NULL);
    else if (piece->kind == TM_PIECE_MEDIA && !piece->url)
        name_candidates(all->beside, draft);
}

static void give(tm_draft *draft, tm_piece *piece, void *data)
{
    search *all = data;
    const char *file = file_of(all->beside, piece);
    const char *url = file ? g_hash_table_lookup(all->wanted, file) : NULL;
    if (!url)
        return;
    piece->url = g_strdup(url);
    piece->mime = g_strdup(tm_attachment_mime(file));
    if (piece->text)
        json_object_set_new(draft->defaults, piece->text, json_string(url));
    tm_draft_note(draft, "the %s is %s, kept inside the prompt file as a data URL", piece->what,
                  base_name(file));
}

static gboolean load(search *all, const char *path, GError **error)
{
    g_autoptr(tm_archive) archive = tm_archive_open(path, error);
    if (!archive)
        return FALSE;
    tm_entry entry;
    tm_walk walk;
    while ((walk = tm_archive_next(archive, &entry, error)) == TM_WALK_ENTRY) {
        gpointer file;
        GString *content;
        if (entry.link || !g_hash_table_lookup_extended(all->wanted, entry.name, &file, NULL))
            continue;
        if (!tm_archive_read(archive, ATTACH_MAX, &content, error))
            return FALSE;
        if (!content)
            continue;
        g_hash_table_insert(all->wanted, file,
                            tm_attachment_url(content->str, content->len, tm_attachment_mime(entry.name)));
        g_string_free(content, TRUE);
    }
    return walk == TM_WALK_END;
}

gboolean tm_beside_attach(tm_beside *beside, const char *path, GPtrArray *drafts, GError **error)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    search all = {.beside = beside, .wanted = wanted};
    for (guint i = 0; i < drafts->len; i++)
        visit(g_ptr_array_index(drafts, i), want, &all);
    if (g_hash_table_size(wanted) == 0)
        return TRUE;
    if (!load(&all, path, error))
        return FALSE;
    for (guint i = 0; i < drafts->len; i++)
        visit(g_ptr_array_index(drafts, i), give, &all);
    return TRUE;
}
