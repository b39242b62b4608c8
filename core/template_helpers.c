/* template_helpers.c - which helpers there are and how each is used. */
#include "core/error.h"
#include "core/guess.h"
#include "core/json.h"
#include "core/template_nodes.h"
#include <string.h>

static const tm_helper helpers[] = {
    {"if", TM_HELPER_IF, TM_AS_BLOCK, 1, {"includeZero"}, "{{#if name}}...{{else}}...{{/if}}"},
    {"unless", TM_HELPER_UNLESS, TM_AS_BLOCK, 1, {"includeZero"}, "{{#unless name}}...{{/unless}}"},
    {"each", TM_HELPER_EACH, TM_AS_BLOCK, 1, {NULL}, "{{#each list}}{{this}}{{/each}}"},
    {"with", TM_HELPER_WITH, TM_AS_BLOCK, 1, {NULL}, "{{#with object}}...{{/with}}"},
    {"ifEquals", TM_HELPER_IF_EQUALS, TM_AS_BLOCK, 2, {NULL}, "{{#ifEquals a \"x\"}}...{{/ifEquals}}"},
    {"unlessEquals",
     TM_HELPER_UNLESS_EQUALS,
     TM_AS_BLOCK,
     2,
     {NULL},
     "{{#unlessEquals a \"x\"}}...{{/unlessEquals}}"},
    {"role", TM_HELPER_ROLE, TM_AS_TEXT, 1, {NULL}, "{{role \"system\"}}"},
    {"history", TM_HELPER_HISTORY, TM_AS_TEXT, 0, {NULL}, "{{history}}"},
    {"section", TM_HELPER_SECTION, TM_AS_TEXT, 1, {NULL}, "{{section \"output\"}}"},
    {"media", TM_HELPER_MEDIA, TM_AS_TEXT, 0, {"url", "contentType"}, "{{media url=photo}}"},
    {"json", TM_HELPER_JSON, TM_AS_TEXT | TM_AS_VALUE, 1, {"indent"}, "{{json object indent=2}}"},
    {"lookup", TM_HELPER_LOOKUP, TM_AS_TEXT | TM_AS_VALUE, 2, {NULL}, "{{lookup object key}}"},
    {"raw", TM_HELPER_RAW, 0, 0, {NULL}, "{{{{raw}}}}...{{{{/raw}}}}"},
};

/* What {{role}} may say: Dotprompt's own four. */
static const char *const roles[] = {"user", "model", "system", "tool", NULL};

const tm_helper *tm_helper_named(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(helpers); i++)
        if (helpers[i].ways && strcmp(helpers[i].name, name) == 0)
            return &helpers[i];
    return strcmp(name, "raw") == 0 ? &helpers[G_N_ELEMENTS(helpers) - 1] : NULL;
}

static char *written(const tm_unit *unit, const tm_expression *expression)
{
    return g_strndup(unit->source + expression->offset, expression->length);
}

gboolean tm_helper_unknown(const tm_unit *unit, const tm_expression *head, int way, GError **error)
{
    const char *names[G_N_ELEMENTS(helpers)];
    size_t n = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(helpers); i++)
        if (helpers[i].ways & way)
            names[n++] = helpers[i].name;
    g_autofree char *name = written(unit, head);
    const char *guess = tm_guess(name, names, n);
    if (guess)
        return tm_unit_fail(unit, head->offset, error, "unknown helper '%s'; did you mean '%s'?", name,
                            guess);
    names[n] = NULL; /* raw is used in none of these ways: there is room */
    g_autofree char *other = g_strjoinv(", ", (char **)(uintptr_t)names);
    return tm_unit_fail(unit, head->offset, error,
                        "unknown helper '%s'; there are %s. A name with spaces is written [in "
                        "brackets], {{ as text \\{{",
                        name, other);
}

static gboolean check_role(const tm_unit *unit, const tm_expression *role, GError **error)
{
    if (role->kind != TM_EXPRESSION_LITERAL)
        return TRUE; /* checked for each row: a value may say user or model, nothing else */
    const char *word = json_string_value(role->literal);
    if (word && g_strv_contains(roles, word))
        return TRUE;
    const char *guess = word ? tm_guess(word, roles, (size_t)-1) : NULL;
    if (word && g_ascii_strcasecmp(word, "assistant") == 0)
        guess = "model";
    return tm_unit_fail(
        unit, role->offset, error, "unknown role%s%s%s%s; roles are user, model, system and tool",
        guess ? "; did you mean \"" : "", guess ? guess : "", guess ? "\"" : "", guess ? "?" : "");
}

gboolean tm_helper_check(const tm_unit *unit, const tm_use *use, int way, GError **error)
{
    const tm_helper *helper = use->helper;
    size_t place = use->head->offset;
    if (!(helper->ways & way)) {
        const char *why = helper->ways == TM_AS_BLOCK ? "opens a block"
                          : way == TM_AS_BLOCK        ? "opens no block"
                                                      : "gives no value to use inside of another";
        return tm_unit_fail(unit, place, error, "%s %s; write %s, and {{this.%s}} for a column of that name",
                            helper->name, why, helper->example, helper->name);
    }
    if ((int)use->params->len != helper->params)
        return tm_unit_fail(
            unit, place, error,
            "%s takes %d argument%s, not %u; write %s, and {{this.%s}} for a column of that name",
            helper->name, helper->params, helper->params == 1 ? "" : "s", use->params->len, helper->example,
            helper->name);
    for (guint i = 0; i < use->named->len; i++) {
        const tm_named *named = use->named->pdata[i];
        size_t n = 0;
        while (helper->named[n] && strcmp(helper->named[n], named->name) != 0)
            n++;
        if (!helper->named[n]) {
            const char *guess = tm_guess(named->name, helper->named, (size_t)-1);
            return tm_unit_fail(unit, named->offset, error, "%s knows no '%s='%s%s%s; write %s", helper->name,
                                named->name, guess ? "; did you mean '" : "", guess ? guess : "",
                                guess ? "='" : "", helper->example);
        }
    }
    if (helper->kind == TM_HELPER_ROLE)
        return check_role(unit, use->params->pdata[0], error);
    if (helper->kind == TM_HELPER_MEDIA) {
        for (guint i = 0; i < use->named->len; i++)
            if (strcmp(((const tm_named *)use->named->pdata[i])->name, "url") == 0)
                return TRUE;
        return tm_unit_fail(unit, place, error, "media needs url=...; write %s", helper->example);
    }
    return TRUE;
}
