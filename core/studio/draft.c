/* draft.c - an exported prompt between reading and writing */
#include "core/studio/draft.h"
#include "core/outcome.h"
#include "core/studio/braces.h"
#include <string.h>

tm_piece *tm_piece_text(const char *text)
{
    tm_piece *piece = g_new0(tm_piece, 1);
    piece->kind = TM_PIECE_TEXT;
    piece->text = g_strdup(text);
    return piece;
}

tm_piece *tm_piece_variable(const char *name)
{
    tm_piece *piece = tm_piece_text(name);
    piece->kind = TM_PIECE_VARIABLE;
    return piece;
}

void tm_piece_free(tm_piece *piece)
{
    if (!piece)
        return;
    g_free(piece->text);
    g_free(piece->url);
    g_free(piece->mime);
    g_free(piece->drive_id);
    g_free(piece->what);
    if (piece->names)
        g_ptr_array_unref(piece->names);
    g_free(piece);
}

static GPtrArray *pieces_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)tm_piece_free);
}

tm_turn *tm_turn_new(bool model)
{
    tm_turn *turn = g_new0(tm_turn, 1);
    turn->model = model;
    turn->pieces = pieces_new();
    return turn;
}

void tm_turn_free(tm_turn *turn)
{
    if (!turn)
        return;
    g_ptr_array_unref(turn->pieces);
    g_free(turn);
}

tm_draft *tm_draft_new(const char *file)
{
    tm_draft *draft = g_new0(tm_draft, 1);
    g_autofree char *kept = tm_scrub(file, NULL);
    draft->scrubbed = strcmp(kept, file) != 0;
    draft->file = g_steal_pointer(&kept);
    const char *slash = strrchr(draft->file, '/');
    draft->title = g_strdup(slash ? slash + 1 : draft->file);
    draft->system = pieces_new();
    draft->turns = g_ptr_array_new_with_free_func((GDestroyNotify)tm_turn_free);
    draft->defaults = json_object();
    draft->variables = g_ptr_array_new_with_free_func(g_free);
    draft->config = json_object();
    draft->notes = g_ptr_array_new_with_free_func(g_free);
    draft->unresolved = g_ptr_array_new_with_free_func(g_free);
    draft->api = "saved_prompt";
    draft->line = 1;
    draft->expressions = json_object();
    draft->types = json_object();
    return draft;
}

void tm_draft_free(tm_draft *draft)
{
    if (!draft)
        return;
    g_free(draft->title);
    g_free(draft->file);
    g_free(draft->model);
    g_ptr_array_unref(draft->system);
    g_ptr_array_unref(draft->turns);
    json_decref(draft->defaults);
    g_ptr_array_unref(draft->variables);
    json_decref(draft->config);
    g_free(draft->response_mime);
    json_decref(draft->schema);
    g_ptr_array_unref(draft->notes);
    g_ptr_array_unref(draft->unresolved);
    g_free(draft->caller_file);
    json_decref(draft->expressions);
    json_decref(draft->types);
    g_free(draft);
}

void tm_draft_note(tm_draft *draft, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *note = g_strdup_vprintf(format, args);
    va_end(args);
    tm_braces_add(draft->notes, note);
}

char *tm_draft_keep(tm_draft *draft, const json_t *string)
{
    if (!json_is_string(string))
        return g_strdup("");
    g_autofree char *valid = g_utf8_make_valid(json_string_value(string), (gssize)json_string_length(string));
    char *kept = tm_scrub(valid, NULL);
    draft->scrubbed = draft->scrubbed || strcmp(kept, valid) != 0;
    return kept;
}

tm_turn *tm_draft_turn(tm_draft *draft, bool model)
{
    tm_turn *last = draft->turns->len ? g_ptr_array_index(draft->turns, draft->turns->len - 1) : NULL;
    if (last && last->model == model)
        return last;
    tm_turn *turn = tm_turn_new(model);
    g_ptr_array_add(draft->turns, turn);
    return turn;
}

void tm_turn_add_text(tm_turn *turn, const char *text)
{
    if (*text)
        g_ptr_array_add(turn->pieces, tm_piece_text(text));
}

static bool have_variable(const GPtrArray *pieces)
{
    for (guint i = 0; i < pieces->len; i++) {
        const tm_piece *piece = g_ptr_array_index(pieces, i);
        if (piece->kind == TM_PIECE_VARIABLE ||
            (piece->kind == TM_PIECE_TEXT && tm_braces_has_variable(piece->text)))
            return true;
    }
    return false;
}

static bool draft_has_variable(const tm_draft *draft)
{
    if (have_variable(draft->system))
        return true;
    for (guint i = 0; i < draft->turns->len; i++) {
        const tm_turn *turn = g_ptr_array_index(draft->turns, i);
        if (!turn->model && have_variable(turn->pieces))
            return true;
    }
    return false;
}

/* A name for a medium's variable that is not taken yet: image, image2, ... */
static char *medium_name(const tm_draft *draft, const char *what)
{
    char *name = g_strdup(what);
    for (int n = 2; g_ptr_array_find_with_equal_func(draft->variables, name, g_str_equal, NULL); n++) {
        g_free(name);
        name = g_strdup_printf("%s%d", what, n);
    }
    return name;
}

/* The medium's URL will come from the row; what was saved is the default. */
static void vary_medium(tm_draft *draft, tm_piece *piece)
{
    if (piece->text)
        return;
    piece->text = medium_name(draft, piece->what);
    tm_braces_add(draft->variables, piece->text);
    if (piece->url)
        json_object_set_new(draft->defaults, piece->text, json_string(piece->url));
}

/* All text of the turn becomes {{input}}, in the place of its first; what is attached becomes variables too.
 */
static void vary_turn(tm_draft *draft, tm_turn *turn)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < turn->pieces->len;) {
        tm_piece *piece = g_ptr_array_index(turn->pieces, i);
        bool again = piece->kind == TM_PIECE_TEXT && text->len > 0;
        if (piece->kind == TM_PIECE_TEXT)
            g_string_append_printf(text, "%s%s", again ? "\n\n" : "", piece->text);
        if (again) {
            g_ptr_array_remove_index(turn->pieces, i);
            continue;
        }
        if (piece->kind == TM_PIECE_TEXT) {
            piece->kind = TM_PIECE_VARIABLE;
            g_free(piece->text);
            piece->text = g_strdup("input");
            tm_braces_add(draft->variables, "input");
        } else {
            vary_medium(draft, piece);
        }
        i++;
    }
    if (text->len > 0)
        json_object_set_new(draft->defaults, "input", json_stringn(text->str, text->len));
}

static void add_input_turn(tm_draft *draft)
{
    tm_turn *turn = tm_turn_new(false);
    g_ptr_array_add(turn->pieces, tm_piece_variable("input"));
    g_ptr_array_add(draft->turns, turn);
}

/* The last turn of the user, answers after it cut; NULL if there is none. */
static tm_turn *cut_after_user(tm_draft *draft)
{
    guint n = draft->turns->len;
    while (n > 0 && ((tm_turn *)g_ptr_array_index(draft->turns, n - 1))->model)
        n--;
    if (n == 0)
        return NULL;
    g_ptr_array_set_size(draft->turns, (gint)n);
    return g_ptr_array_index(draft->turns, n - 1);
}

void tm_draft_vary(tm_draft *draft, tm_turn *pending, bool append)
{
    tm_turn *varied = pending;
    if (pending) {
        g_ptr_array_add(draft->turns, pending);
    } else if (append) {
        add_input_turn(draft);
        return;
    } else {
        varied = cut_after_user(draft);
    }
    bool written = draft_has_variable(draft);
    if (varied && !written) {
        vary_turn(draft, varied);
    } else if (!varied) {
        add_input_turn(draft);
        if (!written)
            tm_draft_note(draft, "no user turn was saved: {{input}} stands for it");
    }
}

void tm_draft_miss_media(tm_draft *draft)
{
    for (guint t = 0; t < draft->turns->len; t++) {
        const tm_turn *turn = g_ptr_array_index(draft->turns, t);
        for (guint i = 0; i < turn->pieces->len; i++) {
            tm_piece *piece = g_ptr_array_index(turn->pieces, i);
            if (piece->kind != TM_PIECE_MEDIA || piece->url || (piece->text && !piece->drive_id))
                continue;
            vary_medium(draft, piece);
            g_ptr_array_add(draft->unresolved,
                            g_strdup_printf("the %s %s is not in the export: give its path as %s",
                                            piece->what, piece->drive_id, piece->text));
        }
    }
}
