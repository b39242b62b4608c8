/* import.c - an AI Studio export becomes prompts: one walk over its files, told by content */
#include "core/studio/import.h"
#include "core/error.h"
#include "core/json.h"
#include "core/outcome.h"
#include "core/studio/app_source.h"
#include "core/studio/archive.h"
#include "core/studio/beside.h"
#include "core/studio/name.h"
#include "core/studio/prompt_text.h"
#include "core/studio/saved_prompt.h"
#include "core/studio/source/app.h"
#include "core/studio/source/parse.h"
#include <string.h>

#define SOURCE_WHY                                                                                           \
    "this tidemill was built without the grammars that read an app's source: the prompt of this call is "    \
    "not read"

/* What the walk gathers. */
typedef struct {
    tm_import *import;
    GPtrArray *drafts; /* tm_draft */
    tm_beside *beside; /* files that an attachment may be */
    tm_app *app;       /* source files */
    bool append;
    bool single; /* one file was named: it must be what it is taken for */
} gathering;

static void imported_free(tm_imported *prompt)
{
    g_free(prompt->name);
    g_free(prompt->path);
    g_free(prompt->text);
    g_free(prompt->file);
    g_free(prompt->caller_file);
    g_free(prompt->model);
    g_strfreev(prompt->variables);
    g_free(prompt->response_mime);
    g_strfreev(prompt->schema_keys);
    g_strfreev(prompt->config);
    g_ptr_array_unref(prompt->notes);
    g_free(prompt);
}

static void skipped_free(tm_skipped *skipped)
{
    g_free(skipped->file);
    g_free(skipped->why);
    g_free(skipped);
}

void tm_import_free(tm_import *import)
{
    if (!import)
        return;
    g_ptr_array_unref(import->prompts);
    g_ptr_array_unref(import->skipped);
    g_free(import);
}

static void skip(tm_import *import, const char *file, int line, const char *why)
{
    tm_skipped *skipped = g_new0(tm_skipped, 1);
    skipped->file = tm_scrub(file, NULL);
    skipped->line = line;
    skipped->why = tm_scrub(why, NULL);
    g_ptr_array_add(import->skipped, skipped);
}

/* Past a BOM and white space, what does the text begin with? */
static char first_sign(const char *bytes, size_t n)
{
    size_t at = n >= 3 && memcmp(bytes, "\357\273\277", 3) == 0 ? 3 : 0;
    while (at < n && g_ascii_isspace(bytes[at]))
        at++;
    return at < n ? bytes[at] : '\0';
}

static gboolean take_json(gathering *all, const char *file, const GString *text, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(json_t) root = tm_json_parse(text->str, text->len, &problem);
    if (!root && tm_saved_prompt_smells(text->str, text->len)) {
        if (all->single)
            return tm_fail(error, TM_ERROR_INPUT,
                           "%s is a saved prompt with broken JSON (%s): download it again", file,
                           problem->message);
        g_autofree char *why = g_strdup_printf("a saved prompt with broken JSON: %s", problem->message);
        skip(all->import, file, 0, why);
    }
    if (!root || !tm_saved_prompt_is(root))
        return TRUE;
    tm_draft *draft = tm_saved_prompt_read(root, file, all->append, &problem);
    if (draft)
        g_ptr_array_add(all->drafts, draft);
    else
        skip(all->import, file, 0, problem->message);
    return TRUE;
}

static void take_source(gathering *all, const char *file, const GString *text)
{
    int line;
    if (tm_parse_can()) {
        if (!tm_app_add(all->app, file, text->str, text->len))
            skip(all->import, file, 0, "no text, whatever its name says");
    } else if ((line = tm_app_source_line(text->str, text->len)) > 0) {
        skip(all->import, file, line, SOURCE_WHY);
    }
}

static void skip_call(const char *file, int line, const char *why, void *data)
{
    skip(data, file, line, why);
}

/* A file that may be a saved prompt, or app source; everything else is passed over unread. */
static gboolean take_file(gathering *all, tm_archive *archive, const char *file, GError **error)
{
    const char *bytes;
    size_t n;
    bool source = tm_app_source_is(file) || (all->single && !g_str_has_suffix(file, ".prompt"));
    tm_beside_offer(all->beside, file);
    if (!tm_archive_peek(archive, &bytes, &n, error))
        return FALSE;
    bool json = first_sign(bytes, n) == '{';
    if (!json && !source)
        return TRUE;
    GString *content;
    if (!tm_archive_read(archive, json ? TM_ARCHIVE_MAX_FILE : TM_SOURCE_MAX, &content, error))
        return FALSE;
    if (!content) {
        skip(all->import, file, 0, json ? "larger than 32 MB" : "source larger than 1 MB: not read");
        return TRUE;
    }
    guint before = all->drafts->len;
    gboolean ok = !json || take_json(all, file, content, error);
    if (source && all->drafts->len == before)
        take_source(all, file, content);
    g_string_free(content, TRUE);
    return ok;
}

static gboolean gather(gathering *all, const char *path, GError **error)
{
    g_autoptr(tm_archive) archive = tm_archive_open(path, error);
    if (!archive)
        return FALSE;
    all->single = tm_archive_is_single(archive);
    tm_entry entry;
    tm_walk walk;
    while ((walk = tm_archive_next(archive, &entry, error)) == TM_WALK_ENTRY) {
        if (entry.link)
            skip(all->import, entry.name, 0, "a link or a device, not a file: not followed");
        else if (!take_file(all, archive, entry.name, error))
            return FALSE;
    }
    return walk == TM_WALK_END;
}

static char **object_keys(const json_t *object)
{
    GStrvBuilder *keys = g_strv_builder_new();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
        g_strv_builder_add(keys, key);
    char **list = g_strv_builder_end(keys);
    g_strv_builder_unref(keys);
    return list;
}

static bool is_media(const tm_piece *piece)
{
    return piece->kind == TM_PIECE_MEDIA || (piece->kind == TM_PIECE_TEMPLATE && piece->what);
}

static bool has_media(const tm_draft *draft)
{
    for (guint t = 0; t < draft->turns->len; t++) {
        const tm_turn *turn = g_ptr_array_index(draft->turns, t);
        for (guint i = 0; i < turn->pieces->len; i++)
            if (is_media(g_ptr_array_index(turn->pieces, i)))
                return true;
    }
    return false;
}

/* A draft as a prompt; NULL and *error if it can't be said in a prompt file. */
static tm_imported *finish(tm_draft *draft, GHashTable *taken, GError **error)
{
    tm_imported *prompt = g_new0(tm_imported, 1);
    prompt->notes = g_ptr_array_new_with_free_func(g_free);
    prompt->text = tm_prompt_text(draft, &prompt->system_chars, &prompt->template_chars, error);
    if (!prompt->text) {
        imported_free(prompt);
        return NULL;
    }
    prompt->name = tm_name_unique(draft->title, taken);
    prompt->file = g_strdup(draft->file);
    prompt->line = draft->line;
    prompt->api = draft->api;
    prompt->caller_file = g_strdup(draft->caller_file);
    prompt->caller_line = draft->caller_line;
    prompt->model = g_strdup(draft->model);
    g_ptr_array_add(draft->variables, NULL);
    prompt->variables = g_strdupv((char **)draft->variables->pdata);
    prompt->response_mime = g_strdup(draft->response_mime);
    prompt->schema = draft->schema != NULL;
    prompt->schema_keys = object_keys(json_object_get(draft->schema, "properties"));
    prompt->media = has_media(draft);
    prompt->config = object_keys(draft->config);
    prompt->complete = draft->unresolved->len == 0;
    for (guint i = 0; i < draft->unresolved->len; i++)
        g_ptr_array_add(prompt->notes, g_strdup(g_ptr_array_index(draft->unresolved, i)));
    for (guint i = 0; i < draft->notes->len; i++)
        g_ptr_array_add(prompt->notes, g_strdup(g_ptr_array_index(draft->notes, i)));
    return prompt;
}

static void finish_all(gathering *all)
{
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < all->drafts->len; i++) {
        tm_draft *draft = g_ptr_array_index(all->drafts, i);
        g_autoptr(GError) problem = NULL;
        tm_draft_miss_media(draft);
        tm_imported *prompt = finish(draft, taken, &problem);
        if (prompt)
            g_ptr_array_add(all->import->prompts, prompt);
        else
            skip(all->import, draft->file, 0, problem->message);
    }
}

tm_import *tm_import_read(const char *path, const tm_import_options *options, GError **error)
{
    g_autoptr(tm_import) import = g_new0(tm_import, 1);
    import->prompts = g_ptr_array_new_with_free_func((GDestroyNotify)imported_free);
    import->skipped = g_ptr_array_new_with_free_func((GDestroyNotify)skipped_free);
    g_autoptr(GPtrArray) drafts = g_ptr_array_new_with_free_func((GDestroyNotify)tm_draft_free);
    g_autoptr(tm_beside) beside = tm_beside_new();
    g_autoptr(tm_app) app = tm_app_new();
    gathering all = {.import = import,
                     .drafts = drafts,
                     .beside = beside,
                     .app = app,
                     .append = options && options->append};
    if (!gather(&all, path, error) || !tm_beside_attach(beside, path, drafts, error))
        return NULL;
    tm_app_read(app, drafts, skip_call, import);
    finish_all(&all);
    if (import->prompts->len > 0 || import->skipped->len > 0)
        return g_steal_pointer(&import);
    if (g_str_has_suffix(path, ".prompt"))
        tm_fail(error, TM_ERROR_INPUT, "%s is a prompt file already: preview or run it as it is", path);
    else
        tm_fail(error, TM_ERROR_INPUT,
                "%s holds no prompt saved by AI Studio and no app that calls a model: give an app's ZIP, the "
                "Drive folder "
                "\"Google AI Studio\" as a ZIP or a folder, or one file of it",
                path);
    return NULL;
}

const tm_imported *tm_import_find(const tm_import *import, const char *name, GError **error)
{
    g_autofree char *safe = name ? tm_name_safe(name) : NULL;
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < import->prompts->len; i++) {
        const tm_imported *prompt = g_ptr_array_index(import->prompts, i);
        if (name ? strcmp(prompt->name, safe) == 0 || strcmp(prompt->name, name) == 0
                 : import->prompts->len == 1)
            return prompt;
        g_string_append_printf(names, "%s%s", names->len ? ", " : "", prompt->name);
    }
    if (import->prompts->len == 0)
        tm_fail(error, TM_ERROR_INPUT,
                "no prompt in the export could be read: tidemill import EXPORT says why");
    else if (name)
        tm_fail(error, TM_ERROR_INPUT, "the export holds no prompt \"%s\"; it holds: %s", name, names->str);
    else
        tm_fail(error, TM_ERROR_INPUT, "the export holds %u prompts, name one as EXPORT#NAME: %s",
                import->prompts->len, names->str);
    return NULL;
}
