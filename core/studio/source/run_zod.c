/* run_zod.c - schemas written with zod: z.object({name: z.string().describe("...")}) is the JSON Schema that
 * zodToJsonSchema would make of it. Members with a `~` are notes of ours and go no further. */
#include "core/studio/source/run.h"
#include <string.h>

#define MARK "~zod"

static bool is_zod(const tm_value *value)
{
    return value && value->kind == VALUE_OBJECT && tm_value_get(value, MARK);
}

static tm_value *of_type(const char *type)
{
    tm_value *made = tm_value_new(VALUE_OBJECT);
    tm_value_set(made, MARK, tm_value_bool(true));
    if (type)
        tm_value_set(made, "type", tm_value_text(type));
    return made;
}

static tm_value *of_object(tm_value *members)
{
    tm_value *made = of_type("object"), *properties = tm_value_new(VALUE_OBJECT),
             *required = tm_value_new(VALUE_ARRAY);
    for (guint i = 0; members && members->kind == VALUE_OBJECT && members->keys && i < members->keys->len;
         i++) {
        const char *key = g_ptr_array_index(members->keys, i);
        tm_value *member = tm_value_item(members, i);
        tm_value_set(properties, key, tm_value_ref(member));
        if (!tm_value_get(member, "~optional"))
            tm_value_add(required, tm_value_text(key));
    }
    tm_value_set(made, "properties", properties);
    tm_value_set(made, "required", required);
    return made;
}

static tm_value *with(tm_value *schema, const char *key, tm_value *item)
{
    tm_value *made = tm_value_copy(schema);
    tm_value_set(made, key, item);
    return made;
}

tm_value *tm_run_zod(const char *name, tm_value *arguments)
{
    static const char *const plain[][2] = {
        {"string", "string"},  {"number", "number"}, {"boolean", "boolean"}, {"int", "integer"},
        {"bigint", "integer"}, {"date", "string"},   {"email", "string"},    {"url", "string"},
        {"record", "object"},  {"null", "null"}};
    tm_value *first = tm_value_item(arguments, 0), *made;
    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++)
        if (strcmp(name, plain[i][0]) == 0)
            return of_type(plain[i][1]);
    if (strcmp(name, "any") == 0 || strcmp(name, "unknown") == 0)
        return of_type(NULL);
    if (!first)
        return NULL;
    if (strcmp(name, "object") == 0 || strcmp(name, "strictObject") == 0)
        return of_object(first);
    if (strcmp(name, "array") == 0) {
        g_autoptr(tm_value) array = of_type("array");
        return with(array, "items", tm_value_ref(first));
    }
    if (strcmp(name, "optional") == 0)
        return with(first, "~optional", tm_value_bool(true));
    if (strcmp(name, "nullable") == 0)
        return with(first, "nullable", tm_value_bool(true));
    if (strcmp(name, "toJSONSchema") == 0)
        return tm_value_ref(first);
    made = NULL;
    if (strcmp(name, "enum") == 0 || strcmp(name, "nativeEnum") == 0 || strcmp(name, "literal") == 0) {
        tm_value *choices = tm_value_new(VALUE_ARRAY);
        for (guint i = 0; first->items && i < first->items->len; i++)
            tm_value_add(choices, tm_value_ref(tm_value_item(first, i)));
        if (!first->items)
            tm_value_add(choices, tm_value_ref(first));
        made = of_type("string");
        tm_value_set(made, "enum", choices);
    } else if (strcmp(name, "union") == 0 || strcmp(name, "discriminatedUnion") == 0) {
        tm_value *all = strcmp(name, "union") == 0 ? first : tm_value_item(arguments, 1);
        made = of_type(NULL);
        tm_value_set(made, "anyOf", tm_value_ref(all ? all : first));
    }
    return made;
}

tm_value *tm_run_zod_method(tm_value *schema, const char *name, tm_value *arguments)
{
    tm_value *first = tm_value_item(arguments, 0);
    if (!is_zod(schema))
        return NULL;
    if (strcmp(name, "describe") == 0 && first)
        return with(schema, "description", tm_value_ref(first));
    if (strcmp(name, "optional") == 0 || strcmp(name, "default") == 0 || strcmp(name, "nullish") == 0)
        return with(schema, "~optional", tm_value_bool(true));
    if (strcmp(name, "nullable") == 0)
        return with(schema, "nullable", tm_value_bool(true));
    if (strcmp(name, "int") == 0)
        return with(schema, "type", tm_value_text("integer"));
    if (strcmp(name, "array") == 0) {
        g_autoptr(tm_value) array = of_type("array");
        return with(array, "items", tm_value_ref(schema));
    }
    if ((strcmp(name, "min") == 0 || strcmp(name, "max") == 0) && first && first->kind == VALUE_NUMBER) {
        const tm_value *type = tm_value_get(schema, "type");
        bool list = type && g_strcmp0(type->text, "array") == 0,
             text = type && g_strcmp0(type->text, "string") == 0;
        g_autofree char *key = g_strdup_printf("%s%s", name, list ? "Items" : text ? "Length" : "imum");
        return with(schema, key, tm_value_ref(first));
    }
    if (strcmp(name, "extend") == 0 && first && tm_value_get(schema, "properties")) {
        g_autoptr(tm_value) members = tm_value_copy(tm_value_get(schema, "properties"));
        for (guint i = 0; first->keys && i < first->keys->len; i++)
            tm_value_set(members, g_ptr_array_index(first->keys, i), tm_value_ref(tm_value_item(first, i)));
        return of_object(members);
    }
    static const char *const plain[] = {
        "strict",      "passthrough", "length",   "email",     "url",         "uuid",  "trim", "positive",
        "nonnegative", "nonempty",    "refine",   "transform", "superRefine", "catch", "meta", "regex",
        "datetime",    "brand",       "readonly", "finite",    "gte",         "lte",   "gt",   "lt"};
    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++)
        if (strcmp(name, plain[i]) == 0)
            return tm_value_ref(schema);
    return NULL;
}
