/* twin_openai_field.c - walks an object of a request along a table of its members. */
#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin_openai.h"

static bool is_of(const json_t *value, tm_twin_openai_kind kind)
{
    switch (kind) {
    case TM_FIELD_OF_TEXT:
        return json_is_string(value);
    case TM_FIELD_OF_FLAG:
        return json_is_boolean(value);
    case TM_FIELD_OF_WHOLE:
        return json_is_integer(value);
    case TM_FIELD_OF_DECIMAL:
        return json_is_number(value);
    case TM_FIELD_OF_LIST:
        return json_is_array(value);
    case TM_FIELD_OF_OBJECT:
        return json_is_object(value);
    case TM_FIELD_OF_ANYTHING:
        return true;
    }
    return false;
}

static const char *name_of(tm_twin_openai_kind kind)
{
    static const char *const names[] = {"a string", "a boolean", "an integer", "a decimal",
                                        "an array", "an object", "anything"};
    return names[kind];
}

static const char *type_of(const json_t *value)
{
    static const char *const names[] = {"an object", "an array",  "a string",  "an integer",
                                        "a decimal", "a boolean", "a boolean", "null"};
    return names[json_typeof(value)];
}

static bool check_bounds(tm_twin_arrival *a, const char *param, const json_t *value,
                         const tm_twin_openai_field *field)
{
    bool whole = field->kind == TM_FIELD_OF_WHOLE;
    double number = json_number_value(value);
    if (!(field->least < field->most) || (number >= field->least && number <= field->most))
        return true;
    bool above = number > field->most;
    const char *kind = whole ? "integer" : "decimal", *side = above ? "above maximum" : "below minimum";
    g_autofree char *words =
        g_strdup_printf("Invalid '%s': %s %s value. Expected a value %s %g, but got %.15g instead.", param,
                        kind, side, above ? "<=" : ">=", above ? field->most : field->least, number);
    g_autofree char *code = g_strdup_printf("%s_%s_value", kind, above ? "above_max" : "below_min");
    tm_twin_refuse_parameter(a, param, code, words);
    return false;
}

static bool check_values(tm_twin_arrival *a, const char *param, const json_t *value,
                         const tm_twin_openai_field *field)
{
    const char *text = json_string_value(value);
    if (!field->values || g_strv_contains(field->values, text))
        return true;
    g_autoptr(GString) words = g_string_new(NULL);
    g_string_printf(words, "Invalid value: '%s'. Supported values are: ", text);
    for (const char *const *one = field->values; *one; one++)
        g_string_append_printf(words, "%s'%s'", one == field->values ? "" : one[1] ? ", " : ", and ", *one);
    g_string_append_c(words, '.');
    tm_twin_refuse_parameter(a, param, "invalid_value", words->str);
    return false;
}

static bool check_field(tm_twin_arrival *a, const char *param, const json_t *value,
                        const tm_twin_openai_field *field)
{
    if (!is_of(value, field->kind)) {
        g_autofree char *words = g_strdup_printf("Invalid type for '%s': expected %s, but got %s instead.",
                                                 param, name_of(field->kind), type_of(value));
        tm_twin_refuse_parameter(a, param, "invalid_type", words);
        return false;
    }
    if (json_is_number(value))
        return check_bounds(a, param, value, field);
    return !json_is_string(value) || check_values(a, param, value, field);
}

bool tm_twin_openai_fields(tm_twin_arrival *a, json_t *object, const char *place,
                           const tm_twin_openai_field *fields)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(object, next, key, value)
    {
        const tm_twin_openai_field *field = fields;
        g_autofree char *param = g_strconcat(place, key, NULL);
        while (field->name && strcmp(field->name, key) != 0)
            field++;
        if (!field->name && a->preset->strict) {
            g_autofree char *words = g_strdup_printf("Unknown parameter: '%s'.", param);
            tm_twin_refuse_parameter(a, param, "unknown_parameter", words);
            return false;
        }
        if (json_is_null(value))
            json_object_del(object, key);
        else if (field->name && !check_field(a, param, value, field))
            return false;
    }
    return true;
}
