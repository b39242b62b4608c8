/* openai_adapt.c - a setting that the model does not take is left out, or said in the other way, from then
 * on. Each step is taken once, so that it ends: what was refused though it was not sent is a plain error. */
#include "core/provider/openai_parts.h"

#include <string.h>

/* Does the server complain of a setting, not of the row? */
static bool is_about_settings(const tm_openai_fault *fault)
{
    static const char *const codes[] = {"unsupported_parameter",
                                        "unsupported_value",
                                        "unknown_parameter",
                                        "invalid_json_schema",
                                        "extra_forbidden",
                                        "unsupported_param",
                                        NULL};
    static const char *const words[] = {"not supported",
                                        "unsupported",
                                        "does not support",
                                        "doesn't support",
                                        "not permitted",
                                        "unrecognized",
                                        "unknown param",
                                        "unknown field",
                                        "unknown name",
                                        "unexpected keyword",
                                        "only the default",
                                        "not allowed",
                                        "must be 'json_schema'",
                                        "invalid schema for",
                                        "is deprecated",
                                        "not available for",
                                        "unavailable",
                                        "not a valid param",
                                        "use 'max_completion_tokens'"};
    if (fault->http != 400 && fault->http != 422 && fault->http != 501)
        return false;
    if (g_strv_contains(codes, fault->code) || g_strv_contains(codes, fault->type))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcasestr(fault->message, words[i]))
            return true;
    return false;
}

/* Nobody knows such a name at all: one that the user wrote may be a slip, which is not to be passed over. */
static bool is_unknown_name(const tm_openai_fault *fault)
{
    static const char *const words[] = {"unrecognized", "unknown param", "unknown field", "unknown name",
                                        "extra inputs"};
    if (strcmp(fault->code, "unknown_parameter") == 0 || strcmp(fault->type, "extra_forbidden") == 0)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcasestr(fault->message, words[i]))
            return true;
    return false;
}

static bool is_name_byte(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '-';
}

/* Is it the parameter that is named, or does the name stand as a word in the message? */
static bool names_it(const tm_openai_fault *fault, const char *name)
{
    size_t n = strlen(name);
    if (*fault->param)
        return strncmp(fault->param, name, n) == 0 && !is_name_byte(fault->param[n]);
    for (const char *at = strstr(fault->message, name); at; at = strstr(at + 1, name)) {
        bool begins = at == fault->message || !is_name_byte(at[-1]);
        bool quoted = at > fault->message && strchr("'\"`", at[-1]);
        if (begins && !is_name_byte(at[n]) && (quoted || n > 4))
            return true;
    }
    return false;
}

static bool is_of_format(const tm_openai_fault *fault)
{
    static const char *const words[] = {"response_format", "json_schema", "json_object",
                                        "json mode",       "json schema", "structured output"};
    if (g_str_has_prefix(fault->param, "response_format") || strcmp(fault->code, "invalid_json_schema") == 0)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(words) && !*fault->param; i++)
        if (strcasestr(fault->message, words[i]))
            return true;
    return false;
}

/* The refused request was written before this was known: it goes again as things are now, without a word. */
static bool stale(const tm_operation *operation, unsigned since, tm_answer *answer)
{
    if (operation->manners >= since)
        return false;
    answer->class = TM_CLASS_ADAPTED;
    return true;
}

G_GNUC_PRINTF(3, 4)
static bool adapted(const tm_operation *operation, tm_answer *answer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    answer->class = TM_CLASS_ADAPTED;
    answer->message = g_strdup_printf("%s does not take %s", operation->model, what);
    return true;
}

static bool step_down(const tm_operation *operation, tm_openai_manners *manners, tm_answer *answer)
{
    tm_json_way way = tm_openai_json_way(manners, operation->skeleton);
    if (manners->json_since && stale(operation, manners->json_since, answer))
        return true;
    if (way == TM_JSON_PROMPT || operation->skeleton->format)
        return false;
    manners->json = way == TM_JSON_SCHEMA ? TM_JSON_OBJECT : TM_JSON_PROMPT;
    manners->json_since = ++manners->now;
    bool words = tm_openai_json_way(manners, operation->skeleton) == TM_JSON_PROMPT;
    return adapted(operation, answer, "%s: %s from here on",
                   way == TM_JSON_SCHEMA ? "a JSON schema" : "JSON mode",
                   words ? "what is wanted is told in words" : "JSON mode is used, the schema told in words");
}

static bool swap_cap(const tm_operation *operation, tm_openai_manners *manners, tm_answer *answer)
{
    const char *refused = manners->cap;
    if (manners->cap_since && stale(operation, manners->cap_since, answer))
        return true;
    if (!refused)
        return false;
    manners->cap = manners->cap_swapped                 ? NULL
                   : strcmp(refused, "max_tokens") == 0 ? "max_completion_tokens"
                                                        : "max_tokens";
    manners->cap_swapped = true;
    manners->cap_since = ++manners->now;
    return manners->cap
               ? adapted(operation, answer, "%s: %s is sent from here on", refused, manners->cap)
               : adapted(operation, answer, "%s either: answers are not capped from here on", refused);
}

static bool drop_field(const tm_operation *operation, tm_openai_manners *manners, const char *name,
                       tm_answer *answer)
{
    for (size_t i = 0; i < manners->n_dropped; i++)
        if (strcmp(manners->dropped[i].name, name) == 0)
            return stale(operation, manners->dropped[i].since, answer);
    if (manners->n_dropped == G_N_ELEMENTS(manners->dropped))
        return false;
    manners->dropped[manners->n_dropped].name = g_intern_string(name);
    manners->dropped[manners->n_dropped++].since = ++manners->now;
    return adapted(operation, answer, "%s: it is left out from here on", name);
}

bool tm_openai_adapt(const tm_operation *operation, const tm_openai_fault *fault, tm_answer *answer)
{
    tm_openai_manners none;
    const tm_skeleton *skeleton = operation->skeleton;
    if (!skeleton || operation->kind != TM_OP_GENERATE || !is_about_settings(fault))
        return false;
    tm_openai_manners *manners = tm_openai_manners_of(operation, &none);
    if (skeleton->cap >= 0 && (names_it(fault, "max_tokens") || names_it(fault, "max_completion_tokens")))
        return swap_cap(operation, manners, answer);
    for (guint i = 0; i < skeleton->fields->len; i++) {
        const tm_openai_field *field = skeleton->fields->pdata[i];
        if (names_it(fault, field->name) && !(field->own && is_unknown_name(fault)))
            return drop_field(operation, manners, field->name, answer);
    }
    return skeleton->hint && is_of_format(fault) && step_down(operation, manners, answer);
}
