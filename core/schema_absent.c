/* schema_absent.c - OpenAI's strict form has every property required: what may be absent comes back as null.
 * Takes such nulls out again, so that the answer obeys the schema as it was written. */
#include "core/json.h"
#include "core/schema.h"
#include "core/schema_convert.h"

enum { MAX_DEPTH = 64 };

static bool is_required(const json_t *schema, const char *name)
{
    const json_t *required = json_object_get(schema, "required");
    for (size_t i = 0; i < json_array_size(required); i++)
        if (g_strcmp0(json_string_value(json_array_get(required, i)), name) == 0)
            return true;
    return false;
}

static bool takes_null(const json_t *schema)
{
    const json_t *values = json_object_get(schema, "enum"), *any = json_object_get(schema, "anyOf");
    bool null = (tm_converter_has_type(schema, "null") && !values) || tm_json_bool(schema, "nullable", false);
    for (size_t i = 0; i < json_array_size(values); i++)
        null = null || json_is_null(json_array_get(values, i));
    for (size_t i = 0; i < json_array_size(any); i++)
        null = null || takes_null(json_array_get(any, i));
    return null;
}

static bool drop(const tm_converter *from, const json_t *schema, json_t *value, int depth)
{
    g_autoptr(json_t) whole = json_object_get(schema, "$ref") || json_object_get(schema, "allOf")
                                  ? tm_converter_unfold(from, schema)
                                  : NULL;
    const json_t *here = whole ? whole : schema;
    const json_t *properties = tm_json_object(here, "properties"), *items = tm_json_object(here, "items");
    const char *name;
    json_t *property;
    bool changed = false;
    if (depth >= MAX_DEPTH)
        return false;
    json_object_foreach((json_t *)(gpointer)properties, name, property) {
        json_t *member = json_object_get(value, name);
        if (json_is_null(member) && !is_required(here, name) && !takes_null(property))
            changed = json_object_del(value, name) == 0 || changed;
        else if (member)
            changed = drop(from, property, member, depth + 1) || changed;
    }
    for (size_t i = 0; items && i < json_array_size(value); i++)
        changed = drop(from, items, json_array_get(value, i), depth + 1) || changed;
    return changed;
}

gboolean tm_schema_drop_absent(const json_t *schema, json_t *value)
{
    const tm_converter from = {.root = schema};
    return drop(&from, schema, value, 0);
}
