/* schema_convert.c - see schema_convert.h */
#include "core/schema_convert.h"
#include "core/json.h"
#include <string.h>

void tm_converter_lose(tm_converter *converter, const char *format, ...)
{
    if (!converter->lost)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    if (!g_ptr_array_find_with_equal_func(converter->lost, what, g_str_equal, NULL))
        g_ptr_array_add(converter->lost, g_steal_pointer(&what));
}

void tm_converter_lose_all(tm_converter *converter, const json_t *schema, const char *const *keywords)
{
    for (size_t i = 0; keywords[i]; i++)
        if (json_object_get(schema, keywords[i]))
            tm_converter_lose(converter, "%s", keywords[i]);
}

void tm_converter_copy(const json_t *schema, const char *const *keywords, json_t *out)
{
    for (size_t i = 0; keywords[i]; i++) {
        json_t *value = json_object_get(schema, keywords[i]);
        if (value)
            json_object_set(out, keywords[i], value);
    }
}

void tm_converter_bounds(tm_converter *converter, const json_t *schema, bool integer, json_t *out)
{
    static const struct {
        const char *exclusive, *inclusive;
        int step;
    } bounds[] = {{"exclusiveMinimum", "minimum", 1}, {"exclusiveMaximum", "maximum", -1}};
    for (size_t i = 0; i < G_N_ELEMENTS(bounds); i++) {
        const json_t *bound = json_object_get(schema, bounds[i].exclusive);
        if (json_is_integer(bound) && integer)
            json_object_set_new(out, bounds[i].inclusive,
                                json_integer(json_integer_value(bound) + bounds[i].step));
        else if (bound)
            tm_converter_lose(converter, "%s", bounds[i].exclusive);
    }
}

static const json_t *resolve(const tm_converter *converter, const char *ref)
{
    if (ref[0] != '#' || (ref[1] && ref[1] != '/'))
        return NULL;
    return tm_schema_pointer(converter->root, ref + 1);
}

json_t *tm_converter_unfold(const tm_converter *converter, const json_t *schema)
{
    const char *ref = tm_json_string(schema, "$ref", NULL);
    const json_t *all = tm_json_array(schema, "allOf");
    if (ref && all)
        return NULL;
    const json_t *base = ref                         ? resolve(converter, ref)
                         : json_array_size(all) == 1 ? json_array_get(all, 0)
                                                     : NULL;
    if (!json_is_object(base))
        return NULL;
    json_t *whole = json_copy((json_t *)(uintptr_t)base);
    g_autoptr(json_t) beside = json_copy((json_t *)(uintptr_t)schema);
    json_object_del(beside, ref ? "$ref" : "allOf");
    json_object_update(whole, beside);
    return whole;
}

json_t *tm_converter_values(const json_t *schema)
{
    json_t *constant = json_object_get(schema, "const"), *values = json_object_get(schema, "enum");
    if (json_is_array(values))
        return json_incref(values);
    return constant ? json_pack("[O]", constant) : NULL;
}

bool tm_converter_has_type(const json_t *schema, const char *word)
{
    const json_t *type = json_object_get(schema, "type");
    if (json_is_string(type))
        return g_ascii_strcasecmp(json_string_value(type), word) == 0;
    for (size_t i = 0; i < json_array_size(type); i++)
        if (g_ascii_strcasecmp(json_string_value(json_array_get(type, i)), word) == 0)
            return true;
    return false;
}

char *tm_converter_ref(const char *ref)
{
    static const char old[] = "#/definitions/";
    return g_str_has_prefix(ref, old) ? g_strconcat("#/$defs/", ref + strlen(old), NULL) : g_strdup(ref);
}
