/* class_schema.c - a schema that is written as a Python class */
#include "core/studio/source/class_schema.h"
#include <string.h>

static json_t *of_type(tm_run *run, tm_code *type, int depth);

static json_t *of_class(tm_run *run, tm_code *class, int depth)
{
    json_t *properties = json_object(), *required = json_array(), *choices = json_array();
    bool enumeration = false;
    for (guint i = 0; i < class->n; i++) {
        tm_code *member = class->kids[i], *value = tm_code_kid(member, 1), *type = tm_code_kid(member, 2);
        const tm_code *name = tm_code_kid(member, 0);
        if (member->kind == CODE_NAME &&
            (strcmp(member->text, "Enum") == 0 || strcmp(member->text, "StrEnum") == 0))
            enumeration = true;
        if (member->kind == CODE_MEMBER && strstr(member->text, "Enum"))
            enumeration = true;
        if (enumeration && member->kind == CODE_ASSIGN && value && value->kind == CODE_TEXT)
            json_array_append_new(choices, json_string(value->text));
        if (member->kind != CODE_LET || !type || name->kind != CODE_NAME)
            continue;
        json_t *one = of_type(run, type, depth + 1);
        bool given = value && value->kind != CODE_OTHER;
        for (guint k = 1; value && value->kind == CODE_CALL && k < value->n; k++) {
            tm_code *keyword = value->kids[k], *text = tm_code_kid(keyword, 0);
            if (tm_code_is(keyword, CODE_KEYWORD, "description") && text && text->kind == CODE_TEXT)
                json_object_set_new(one, "description", json_string(text->text));
        }
        if (value && value->kind == CODE_CALL) /* Field(...) gives a value only by default */
            given = strstr(value->source->text + value->start, "default") &&
                    g_strstr_len(value->source->text + value->start, (gssize)(value->end - value->start),
                                 "default") != NULL;
        json_object_set_new(properties, name->text, one);
        if (!given)
            json_array_append_new(required, json_string(name->text));
    }
    json_t *made = enumeration ? json_pack("{s:s, s:O}", "type", "string", "enum", choices)
                               : json_pack("{s:s, s:O}", "type", "object", "properties", properties);
    if (!enumeration && json_array_size(required) > 0)
        json_object_set(made, "required", required);
    json_decref(properties);
    json_decref(required);
    json_decref(choices);
    return made;
}

static json_t *of_name(tm_run *run, tm_code *name, int depth)
{
    static const char *const plain[][2] = {{"str", "string"},   {"int", "integer"}, {"float", "number"},
                                           {"bool", "boolean"}, {"dict", "object"}, {"Dict", "object"},
                                           {"list", "array"},   {"List", "array"}};
    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++)
        if (strcmp(name->text, plain[i][0]) == 0)
            return json_pack("{s:s}", "type", plain[i][1]);
    g_autoptr(tm_value) value = tm_run_name(run, tm_run_module(run, name->source), name);
    return value->kind == VALUE_CLASS && depth < 12 ? of_class(run, value->code, depth + 1) : json_object();
}

/* The parameters of list[...]; a type's own node has one kid. */
static tm_code *inside(tm_code *type)
{
    while (type && type->kind == CODE_OTHER && type->n == 1)
        type = type->kids[0];
    return type;
}

static json_t *of_generic(tm_run *run, const char *name, tm_code *parameters, int depth)
{
    tm_code *first = inside(parameters);
    if (g_ascii_strcasecmp(name, "list") == 0 || strcmp(name, "Sequence") == 0 || strcmp(name, "set") == 0 ||
        strcmp(name, "tuple") == 0)
        return json_pack("{s:s, s:o}", "type", "array", "items", of_type(run, first, depth + 1));
    if (strcmp(name, "Optional") == 0) {
        json_t *made = of_type(run, first, depth + 1);
        json_object_set_new(made, "nullable", json_true());
        return made;
    }
    if (strcmp(name, "Literal") == 0) {
        json_t *choices = json_array();
        tm_code *list = parameters->kind == CODE_TEXT ? NULL : parameters;
        for (guint i = 0; list && i < list->n; i++) {
            const tm_code *one = inside(list->kids[i]);
            if (one && one->kind == CODE_TEXT)
                json_array_append_new(choices, json_string(one->text));
        }
        if (!list)
            json_array_append_new(choices, json_string(parameters->text));
        return json_pack("{s:s, s:o}", "type", "string", "enum", choices);
    }
    return json_pack("{s:s}", "type", "object");
}

static json_t *of_type(tm_run *run, tm_code *type, int depth)
{
    type = inside(type);
    if (!type || depth > 12)
        return json_object();
    if (type->kind == CODE_NAME)
        return of_name(run, type, depth);
    if (type->kind == CODE_MEMBER)
        return json_object();
    if (type->kind == CODE_BINARY && tm_code_is(tm_code_kid(type, 1), CODE_NULL, NULL)) { /* X | None */
        json_t *made = of_type(run, type->kids[0], depth + 1);
        json_object_set_new(made, "nullable", json_true());
        return made;
    }
    if ((type->kind == CODE_OTHER || type->kind == CODE_INDEX) && type->n >= 2 &&
        type->kids[0]->kind == CODE_NAME)
        return of_generic(run, type->kids[0]->text, type->kids[1], depth);
    return json_object();
}

json_t *tm_class_schema(tm_run *run, const tm_value *value)
{
    if (value->kind == VALUE_CLASS)
        return of_class(run, value->code, 0);
    if (value->kind != VALUE_UNKNOWN || !value->code || value->code->kind != CODE_INDEX ||
        !value->code->source->python)
        return NULL;
    return of_type(run, value->code, 0);
}
