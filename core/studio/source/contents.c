/* contents.c - what a call sends becomes the turns of a draft: texts, parts, messages, media */
#include "core/studio/source/contents.h"
#include <string.h>

typedef struct {
    tm_draft *draft;
    tm_emit *emit;
    bool system;  /* texts go to the system's pieces */
    bool earlier; /* turns were left out that only the running app knows */
    int depth;
} reading;

static void missing(tm_draft *draft, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void missing(tm_draft *draft, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *note = g_strdup_vprintf(format, args);
    va_end(args);
    for (guint i = 0; i < draft->unresolved->len; i++)
        if (strcmp(g_ptr_array_index(draft->unresolved, i), note) == 0) {
            g_free(note);
            return;
        }
    g_ptr_array_add(draft->unresolved, note);
}

static GPtrArray *pieces_of(reading *all, bool model)
{
    return all->system ? all->draft->system : tm_draft_turn(all->draft, model)->pieces;
}

static bool is_blank(const tm_value *value)
{
    g_autofree char *text = tm_value_literal(value);
    return text && !*text;
}

/* The text behind a gap; where there may be no text, there is no gap, either. */
static tm_value *apart(tm_value *gap, tm_value *value)
{
    if (value->kind != VALUE_CHOICE)
        return is_blank(value) ? tm_value_ref(value) : tm_value_join(gap, value);
    g_autoptr(tm_value) yes = apart(gap, tm_value_item(value, 1)), no = apart(gap, tm_value_item(value, 2));
    return tm_value_choice(tm_value_item(value, 0), yes, no);
}

/* Texts of a turn stand apart, as parts do. */
static void add_text(reading *all, bool model, tm_value *value)
{
    if (is_blank(value))
        return;
    g_autofree char *literal = tm_value_literal(value);
    g_autoptr(tm_value) input = tm_value_unknown("INSERT_INPUT_HERE", "input", "INSERT_INPUT_HERE", NULL);
    if (g_strcmp0(literal, input->key) == 0) /* AI Studio's own words for it in "Get code" */
        value = input;
    GPtrArray *pieces = pieces_of(all, model);
    const tm_piece *last = pieces->len ? g_ptr_array_index(pieces, pieces->len - 1) : NULL;
    if (last && last->kind == TM_PIECE_TEMPLATE && !last->what) {
        g_autoptr(tm_value) gap = tm_value_text("\n\n"), whole = apart(gap, value);
        g_ptr_array_add(pieces, tm_emit_piece(all->emit, whole));
        return;
    }
    g_ptr_array_add(pieces, tm_emit_piece(all->emit, value));
}

/* image.split(",")[1] || image: the image. */
static const tm_value *named_data(const tm_value *data)
{
    while (data && data->kind == VALUE_CHOICE)
        data =
            tm_value_item(data, 2)->kind == VALUE_UNKNOWN ? tm_value_item(data, 2) : tm_value_item(data, 1);
    return data;
}

static void add_medium(reading *all, bool model, const tm_value *data, const tm_value *mime)
{
    data = named_data(data);
    if (all->system) {
        missing(all->draft, "the system instruction holds a medium, which was left out");
        return;
    }
    tm_piece *piece = tm_piece_text("");
    g_autofree char *url = data ? tm_value_literal(data) : NULL, *type = mime ? tm_value_literal(mime) : NULL;
    piece->kind = TM_PIECE_MEDIA;
    g_clear_pointer(&piece->text, g_free);
    piece->what = g_strdup(type && g_str_has_prefix(type, "audio/")   ? "audio"
                           : type && g_str_has_prefix(type, "video/") ? "video"
                           : type && strstr(type, "pdf")              ? "document"
                                                                      : "image");
    if (url && strchr(url, ':')) {
        piece->url = g_steal_pointer(&url);
        piece->mime = g_steal_pointer(&type);
    } else if (data && data->kind == VALUE_UNKNOWN) {
        piece->text = g_strdup(tm_emit_name(all->emit, data));
    } else {
        g_autofree char *key = g_strdup_printf("media:%p", (const void *)data);
        g_autoptr(tm_value) unknown = tm_value_unknown(key, piece->what, piece->what, NULL);
        piece->text = g_strdup(tm_emit_name(all->emit, unknown));
    }
    if (piece->text)
        tm_draft_note(all->draft, "%s is a file: give its path", piece->text);
    g_ptr_array_add(pieces_of(all, model), piece);
}

static bool is_file_word(const char *word)
{
    static const char *const words[] = {
        "image", "img",   "photo",  "picture",    "audio",      "video",    "media",      "pdf",
        "file",  "frame", "base64", "inlinedata", "attachment", "document", "screenshot", "part"};
    g_autofree char *lower = g_ascii_strdown(word, -1);
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (strstr(lower, words[i]))
            return !strstr(lower, "prompt") && !strstr(lower, "description") && !strstr(lower, "textpart");
    return false;
}

/* {inlineData: {data, mimeType}} and its kin; NULL: no medium. Borrowed. */
static const tm_value *medium_of(const tm_value *part, const tm_value **mime)
{
    static const char *const keys[] = {"inlineData", "inline_data", "fileData",   "file_data",
                                       "image_url",  "image",       "input_audio"};
    static const char *const data[] = {"data",       "fileUri",     "file_uri", "url",
                                       "imageBytes", "image_bytes", "uri"};
    const tm_value *inner = NULL;
    for (gsize i = 0; !inner && i < G_N_ELEMENTS(keys); i++)
        inner = tm_value_get(part, keys[i]);
    if (!inner && tm_value_get(part, "data") &&
        (tm_value_get(part, "mime_type") || tm_value_get(part, "mimeType")))
        inner = part;
    if (!inner)
        return NULL;
    *mime =
        tm_value_get(inner, "mimeType") ? tm_value_get(inner, "mimeType") : tm_value_get(inner, "mime_type");
    for (gsize i = 0; i < G_N_ELEMENTS(data); i++)
        if (tm_value_get(inner, data[i]))
            return tm_value_get(inner, data[i]);
    return inner;
}

static tm_value *text_of_part(const tm_value *part)
{
    tm_value *text = tm_value_get(part, "text");
    return text && text->kind != VALUE_UNDEFINED ? text : NULL;
}

static void read_value(reading *all, tm_value *value, bool model, bool part);

/* A text, a part that is one, or what is not there, whichever way conditions go; NULL: something else.
 * (transfer full) */
static tm_value *text_or_nothing(tm_value *value)
{
    if (value->kind == VALUE_CHOICE) {
        g_autoptr(tm_value) yes = text_or_nothing(tm_value_item(value, 1)),
                            no = text_or_nothing(tm_value_item(value, 2));
        return yes && no ? tm_value_choice(tm_value_item(value, 0), yes, no) : NULL;
    }
    if (text_of_part(value) && tm_value_is_text(text_of_part(value)))
        return tm_value_ref(text_of_part(value));
    if (tm_value_is_text(value))
        return tm_value_ref(value);
    return value->kind <= VALUE_BOOL ? tm_value_text("") : NULL;
}

/* Are these parts of one turn, and no turns: may they stand in an {{#if}}? */
static bool are_parts(const tm_value *value, int depth)
{
    const tm_value *mime = NULL;
    if (depth > 10)
        return false;
    if (value->kind == VALUE_OBJECT) {
        const tm_value *parts = tm_value_get(value, "parts");
        return !tm_value_get(value, "role") && !tm_value_get(value, "content") &&
               (parts ? are_parts(parts, depth + 1) : medium_of(value, &mime) || text_of_part(value));
    }
    if (value->kind == VALUE_ARRAY) {
        for (guint i = 0; value->items && i < value->items->len; i++)
            if (!are_parts(tm_value_item(value, i), depth + 1))
                return false;
        return value->items != NULL;
    }
    if (value->kind == VALUE_CHOICE)
        return (tm_value_item(value, 1)->kind <= VALUE_BOOL ||
                are_parts(tm_value_item(value, 1), depth + 1)) &&
               (tm_value_item(value, 2)->kind <= VALUE_BOOL || are_parts(tm_value_item(value, 2), depth + 1));
    return tm_value_is_text(value);
}

static bool is_plain(const tm_value *condition)
{
    return condition->kind == VALUE_UNKNOWN ||
           (condition->kind == VALUE_CHOICE && is_plain(tm_value_item(condition, 0)) &&
            is_plain(tm_value_item(condition, 1)) && is_plain(tm_value_item(condition, 2)));
}

/* The one medium that is all of these parts; NULL. Borrowed. */
static const tm_value *only_medium(const tm_value *value)
{
    const tm_value *mime = NULL;
    for (;;) {
        if (value->kind == VALUE_ARRAY && value->items && value->items->len == 1)
            value = tm_value_item(value, 0);
        else if (value->kind == VALUE_CHOICE && tm_value_item(value, 2)->kind <= VALUE_BOOL &&
                 is_plain(tm_value_item(value, 0)))
            value = tm_value_item(value, 1);
        else
            break;
    }
    const tm_value *data = value->kind == VALUE_OBJECT ? named_data(medium_of(value, &mime)) : NULL;
    return data && data->kind == VALUE_UNKNOWN ? data : NULL;
}

/* Parts, media among them, that are there only where a condition holds. */
static void read_branches(reading *all, tm_value *value, bool model)
{
    tm_value *condition = tm_value_item(value, 0), *yes = tm_value_item(value, 1),
             *no = tm_value_item(value, 2);
    bool turned = yes->kind <= VALUE_BOOL, single = turned || no->kind <= VALUE_BOOL;
    /* if (image) parts.push(image): whether there is one is asked of the file itself. */
    const tm_value *medium = single && !turned && is_plain(condition) ? only_medium(yes) : NULL;
    GPtrArray *pieces = pieces_of(all, model);
    g_autofree char *close = NULL;
    guint before = pieces->len;
    g_ptr_array_add(pieces, tm_emit_open(all->emit, medium ? medium : condition, turned, &close));
    tm_emit_know(all->emit, condition, !turned);
    if (medium)
        add_medium(all, model, medium, NULL);
    else
        read_value(all, turned ? no : yes, model, true);
    tm_emit_forget(all->emit);
    if (!single) {
        g_ptr_array_add(pieces, tm_emit_tag("else"));
        tm_emit_know(all->emit, condition, false);
        read_value(all, no, model, true);
        tm_emit_forget(all->emit);
    }
    g_ptr_array_add(pieces, tm_emit_tag(close));
    for (guint i = before; i < pieces->len; i++)
        tm_emit_inline(g_ptr_array_index(pieces, i),
                       i + 1 < pieces->len ? g_ptr_array_index(pieces, i + 1) : NULL);
}

/* A part that is there only where a condition holds. */
static void read_optional(reading *all, tm_value *value, bool model, bool part)
{
    tm_value *condition = tm_value_item(value, 0), *yes = tm_value_item(value, 1),
             *no = tm_value_item(value, 2);
    tm_truth truth = tm_emit_truth(all->emit, condition);
    if (truth != TRUTH_MAYBE) {
        read_value(all, truth == TRUTH_YES ? yes : no, model, part);
        return;
    }
    g_autoptr(tm_value) whole = text_or_nothing(value);
    if (whole) {
        add_text(all, model, whole);
        return;
    }
    if (are_parts(value, 0) && !all->system) {
        read_branches(all, value, model);
        return;
    }
    bool yes_none = yes->kind <= VALUE_BOOL, no_none = no->kind <= VALUE_BOOL;
    tm_value *taken = no_none ? yes : yes_none ? no : yes;
    const tm_value *worded = condition;
    while (!worded->written && tm_value_item(worded, 0))
        worded = tm_value_item(worded, 0);
    const char *words = worded->written ? worded->written : "a condition";
    tm_draft_note(all->draft, "what is sent depends on `%s`: here it is sent always", words);
    if (!yes_none && !no_none && yes->kind != no->kind)
        taken =
            yes->kind == VALUE_ARRAY || yes->kind == VALUE_OBJECT ? yes : no; /* with the medium or without */
    read_value(all, taken, model, part);
}

static void leave_out_turns(reading *all, const tm_value *list)
{
    missing(all->draft, "earlier turns (%s) come from the app while it runs: they are left out",
            list->written ? list->written : "a list");
    all->earlier = true;
}

/* Several parts for each item, texts and media: one {{#each}} around all of them. Is there nothing else? */
static bool read_several(reading *all, const tm_value *value, bool model)
{
    const tm_value *body = tm_value_item(value, 2);
    g_autoptr(tm_value) parts = tm_value_new(VALUE_ARRAY);
    parts->yes = true;
    for (guint i = 0; body->items && i < body->items->len; i++) {
        tm_value *one = tm_value_item(body, i);
        const tm_value *mime = NULL, *data = medium_of(one, &mime);
        tm_value *text = text_of_part(one) ? text_of_part(one) : tm_value_is_text(one) ? one : NULL;
        if (!data && !text)
            return false;
        tm_value *said = data ? tm_value_new(VALUE_REMOTE) : tm_value_ref(text);
        if (data) {
            said->text = g_strdup("medium");
            tm_value_add(said, tm_value_ref((tm_value *)data));
        }
        tm_value_add(parts, said);
    }
    g_autoptr(tm_value) each =
        tm_value_list(VALUE_EACH, tm_value_item(value, 0), tm_value_item(value, 1), parts);
    g_ptr_array_add(pieces_of(all, model), tm_emit_piece(all->emit, each));
    return true;
}

static void read_mapped(reading *all, tm_value *value, bool model, bool part)
{
    tm_value *list = tm_value_item(value, 0), *item = tm_value_item(value, 1),
             *body = tm_value_item(value, 2);
    while (body->kind == VALUE_CHOICE) /* only the items that can be read */
        body =
            tm_value_item(body, 1)->kind == VALUE_UNDEFINED ? tm_value_item(body, 2) : tm_value_item(body, 1);
    if (body->kind == VALUE_ARRAY && body->yes && read_several(all, value, model))
        return;
    const tm_value *mime = NULL, *data = medium_of(body, &mime);
    bool file_list = is_file_word(list->text ? list->text : "");
    bool unread = body->kind == VALUE_UNKNOWN && body != item && (file_list || is_file_word(body->text));
    if (data || unread || (body == item && (part || file_list))) {
        g_ptr_array_add(pieces_of(all, model), tm_emit_media_list(all->emit, list, item, data ? data : item));
        tm_draft_note(all->draft, "%s is a list of files: give their paths", tm_emit_name(all->emit, list));
        return;
    }
    if (text_of_part(body) || (tm_value_is_text(body) && body->kind != VALUE_UNKNOWN)) {
        g_autoptr(tm_value) each =
            tm_value_list(VALUE_EACH, list, item, text_of_part(body) ? text_of_part(body) : body);
        each->text = g_strdup("\n\n");
        add_text(all, model, each);
        return;
    }
    leave_out_turns(all, list);
}

static void read_message(reading *all, tm_value *value)
{
    g_autofree char *role = tm_value_literal(tm_value_get(value, "role"));
    tm_value *parts =
        tm_value_get(value, "parts") ? tm_value_get(value, "parts") : tm_value_get(value, "content");
    bool model = role && (strcmp(role, "model") == 0 || strcmp(role, "assistant") == 0);
    bool before = all->system;
    all->system = before || (role && (strcmp(role, "system") == 0 || strcmp(role, "developer") == 0));
    if (parts)
        read_value(all, parts, model, true);
    all->system = before;
}

static void read_value(reading *all, tm_value *value, bool model, bool part)
{
    if (all->depth > 30)
        return;
    all->depth++;
    const tm_value *mime = NULL, *data;
    switch (value->kind) {
    case VALUE_ARRAY:
        for (guint i = 0; value->items && i < value->items->len; i++) {
            tm_value *item = tm_value_item(value, i);
            bool file =
                item->kind == VALUE_UNKNOWN && is_file_word(item->text) && (part || value->items->len > 1);
            if (file && item->list == false)
                add_medium(all, model, item, NULL);
            else
                read_value(all, item, model, part);
        }
        break;
    case VALUE_OBJECT:
        data = medium_of(value, &mime);
        if (data)
            add_medium(all, model, data, mime);
        else if (tm_value_get(value, "parts") || tm_value_get(value, "content"))
            read_message(all, value);
        else if (text_of_part(value))
            read_value(all, text_of_part(value), model, true);
        else
            missing(all->draft, "a part that is neither text nor a medium was left out");
        break;
    case VALUE_CHOICE:
        if (tm_value_is_text(value))
            add_text(all, model, value);
        else
            read_optional(all, value, model, part);
        break;
    case VALUE_MAPPED:
        read_mapped(all, value, model, part);
        break;
    case VALUE_UNDEFINED:
    case VALUE_NULL:
    case VALUE_FUNCTION:
    case VALUE_CLASS:
    case VALUE_MODULE:
    case VALUE_REMOTE:
        break;
    default:
        add_text(all, model, value);
    }
    all->depth--;
}

/* All of a text comes from a function or a table that can't be read. */
static void tell_missing(tm_draft *draft, const char *what, const tm_value *value)
{
    if (value && value->kind == VALUE_UNKNOWN && value->written && strpbrk(value->written, "([") &&
        strcmp(value->written, "INSERT_INPUT_HERE") != 0 && !value->owner)
        missing(draft, "%s (%s) is not in the source: %s stands for it", what, value->written, value->text);
}

/* The turns before: known ones are read, others are left out. */
static void read_history(reading *all, tm_value *history)
{
    if (history->kind == VALUE_UNKNOWN)
        leave_out_turns(all, history);
    else if (history->kind == VALUE_CHOICE) /* turns, or none */
        read_history(all, tm_value_item(history, tm_value_item(history, 1)->kind <= VALUE_NULL ? 2 : 1));
    else
        read_value(all, history, false, false);
}

/* Where the app sends a conversation as it stands, its last turn is what is asked. */
static void ask_last_turn(reading *all)
{
    const GPtrArray *turns = all->draft->turns;
    const tm_turn *last = turns->len ? g_ptr_array_index(turns, turns->len - 1) : NULL;
    if (!all->earlier || (last && !last->model))
        return;
    g_autoptr(tm_value) message =
        tm_value_unknown("(last turn)", "message", "the conversation's last turn", NULL);
    add_text(all, false, message);
}

void tm_contents_read(tm_draft *draft, tm_emit *emit, const tm_request *request)
{
    reading all = {draft, emit, true, false, 0};
    if (request->system)
        read_value(&all, request->system, false, true);
    all.system = false;
    if (request->history)
        read_history(&all, request->history);
    if (request->contents)
        read_value(&all, request->contents, false, false);
    ask_last_turn(&all);
    tell_missing(draft, "the system instruction", request->system);
    tell_missing(draft, "what is asked", request->contents);
    if (draft->turns->len == 0 && draft->system->len == 0)
        missing(draft, "nothing of what is sent can be read from the source");
}
