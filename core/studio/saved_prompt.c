/* saved_prompt.c - a prompt as AI Studio saves it in Drive: runSettings, systemInstruction, chunkedPrompt */
#include "core/studio/saved_prompt.h"
#include "core/error.h"
#include "core/json.h"
#include "core/studio/attachment.h"
#include "core/studio/older_prompt.h"
#include "core/studio/settings.h"
#include <string.h>

static const char *const kinds[] = {"chunkedPrompt", "textPrompt", "dataPrompt", "multiturnPrompt"};

/* The member that says which kind of prompt this is, also of kinds that came later ("videoPrompt"). */
static const char *kind_of(const json_t *root)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (tm_json_object(root, kinds[i]))
            return kinds[i];
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)root, key, value)
        if (g_str_has_suffix(key, "Prompt") && json_is_object(value))
            return key;
    return NULL;
}

bool tm_saved_prompt_smells(const char *text, size_t length)
{
    static const char *const words[] = {"\"runSettings\"", "\"chunkedPrompt\"", "\"textPrompt\"",
                                        "\"dataPrompt\"", "\"multiturnPrompt\""};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_strstr_len(text, (gssize)length, words[i]))
            return true;
    return false;
}

bool tm_saved_prompt_is(const json_t *root)
{
    if (!json_is_object(root))
        return false;
    if (tm_json_object(root, "runSettings"))
        return kind_of(root) || json_object_get(root, "systemInstruction");
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (tm_json_object(root, kinds[i]))
            return true;
    return false;
}

/* The text of {"text"} or of {"parts": [{"text"}]}, thoughts left out. Where both are there they say the
 * same, in one piece and in the pieces of the stream. (transfer full) */
static char *text_of(tm_draft *draft, const json_t *holder)
{
    const json_t *text = json_object_get(holder, "text");
    if (json_is_string(text) && json_string_length(text) > 0)
        return tm_draft_keep(draft, text);
    g_autoptr(GString) whole = g_string_new(NULL);
    size_t i;
    json_t *part;
    json_array_foreach(json_object_get(holder, "parts"), i, part) {
        if (tm_json_bool(part, "thought", false))
            continue;
        g_autofree char *piece = tm_draft_keep(draft, json_object_get(part, "text"));
        g_string_append(whole, piece);
    }
    return g_strdup(whole->str);
}

static void read_system(tm_draft *draft, const json_t *root)
{
    const json_t *system = json_object_get(root, "systemInstruction");
    g_autofree char *text = json_is_string(system) ? tm_draft_keep(draft, system) : text_of(draft, system);
    if (*text)
        g_ptr_array_add(draft->system, tm_piece_text(text));
}

/* A fence longer than any in the code, so that code with fences stays whole. */
static void add_code(tm_draft *draft, tm_turn *turn, const json_t *chunk)
{
    const json_t *code = tm_json_object(chunk, "executableCode");
    const json_t *result = tm_json_object(chunk, "codeExecutionResult");
    if (!code && !result)
        return;
    g_autofree char *body =
        tm_draft_keep(draft, json_object_get(code ? code : result, code ? "code" : "output"));
    g_autofree char *language = g_ascii_strdown(code ? tm_json_string(code, "language", "") : "", -1);
    if (strspn(language, "abcdefghijklmnopqrstuvwxyz") != strlen(language))
        *language = '\0';
    const char *fence = strstr(body, "```") ? "````" : "```";
    g_autofree char *text = g_strdup_printf("%s%s\n%s\n%s", fence, language, body, fence);
    tm_turn_add_text(turn, text);
    tm_draft_note(draft, "code that the model ran, and what it printed, are kept as text");
}

/* Adds a chunk to the turn of its role. A failed exchange ends the turn before it: *apart. */
static void read_chunk(tm_draft *draft, const json_t *chunk, bool *apart)
{
    if (!json_is_object(chunk) || tm_json_bool(chunk, "isThought", false))
        return;
    const char *failure = tm_json_string(chunk, "errorMessage", "");
    if (*failure) {
        *apart = true;
        return;
    }
    bool model = strcmp(tm_json_string(chunk, "role", "user"), "model") == 0;
    tm_turn *turn = tm_turn_new(model);
    g_autofree char *text = text_of(draft, chunk);
    tm_turn_add_text(turn, text);
    tm_attachments_read(draft, turn, chunk);
    add_code(draft, turn, chunk);
    if (turn->pieces->len > 0) {
        tm_turn *last = *apart ? NULL : tm_draft_turn(draft, model);
        if (last) {
            g_ptr_array_extend_and_steal(last->pieces, g_steal_pointer(&turn->pieces));
            turn->pieces = g_ptr_array_new();
        } else {
            g_ptr_array_add(draft->turns, g_steal_pointer(&turn));
        }
        *apart = false;
    }
    tm_turn_free(turn);
}

/* What was typed and not sent, NULL if nothing was. (transfer full) */
static tm_turn *read_pending(tm_draft *draft, const json_t *prompt)
{
    tm_turn *turn = tm_turn_new(false);
    size_t i;
    json_t *input;
    json_array_foreach(json_object_get(prompt, "pendingInputs"), i, input) {
        g_autofree char *text = text_of(draft, input);
        tm_turn_add_text(turn, text);
        tm_attachments_read(draft, turn, input);
    }
    if (turn->pieces->len == 0) {
        tm_turn_free(turn);
        return NULL;
    }
    return turn;
}

static gboolean read_chunked(tm_draft *draft, const json_t *prompt, bool append, GError **error)
{
    bool apart = false;
    size_t i;
    json_t *chunk;
    json_array_foreach(json_object_get(prompt, "chunks"), i, chunk)
        read_chunk(draft, chunk, &apart);
    tm_turn *pending = read_pending(draft, prompt);
    if (!pending && draft->turns->len == 0 && draft->system->len == 0)
        return tm_fail(error, TM_ERROR_INPUT, "the saved prompt holds no text");
    tm_draft_vary(draft, pending, append);
    return TRUE;
}

tm_draft *tm_saved_prompt_read(const json_t *root, const char *file, bool append, GError **error)
{
    g_autoptr(tm_draft) draft = tm_draft_new(file);
    const char *kind = kind_of(root);
    tm_settings_read(draft, tm_json_object(root, "runSettings"));
    read_system(draft, root);
    const json_t *prompt = kind ? tm_json_object(root, kind) : NULL;
    gboolean ok;
    if (!kind || strcmp(kind, "chunkedPrompt") == 0)
        ok = read_chunked(draft, prompt, append, error);
    else if (strcmp(kind, "textPrompt") == 0)
        ok = tm_text_prompt_read(draft, root, prompt, error);
    else if (strcmp(kind, "dataPrompt") == 0)
        ok = tm_data_prompt_read(draft, root, prompt, error);
    else if (strcmp(kind, "multiturnPrompt") == 0)
        ok = tm_multiturn_prompt_read(draft, prompt, append, error);
    else
        ok = tm_fail(error, TM_ERROR_INPUT, "a saved prompt of the kind %s is not read", kind);
    if (!ok)
        return NULL;
    if (draft->scrubbed)
        tm_draft_note(draft, "something shaped like an API key was taken out: [key] stands for it");
    return g_steal_pointer(&draft);
}
