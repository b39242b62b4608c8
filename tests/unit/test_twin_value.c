/* test_twin_value.c - what the twin makes from a schema obeys it. */
#include <string.h>

#include "core/json.h"
#include "core/schema.h"
#include "jobs/twin/twin_pattern.h"
#include "jobs/twin/twin_value.h"

enum { SEEDS = 50 };

static const char *const schemas[] = {
    "{\"type\":\"string\",\"enum\":[\"positive\",\"negative\"]}",
    "{\"type\":\"integer\",\"minimum\":1,\"maximum\":5}",
    "{\"type\":\"integer\",\"exclusiveMinimum\":1,\"exclusiveMaximum\":3}",
    "{\"type\":\"integer\",\"maximum\":-500}",
    "{\"type\":\"integer\",\"minimum\":10,\"maximum\":20,\"multipleOf\":4}",
    "{\"type\":\"number\",\"minimum\":0,\"maximum\":1}",
    "{\"type\":\"number\",\"minimum\":0.123,\"maximum\":0.124}",
    "{\"type\":\"boolean\"}",
    "{\"type\":\"null\"}",
    "{\"type\":[\"string\",\"null\"],\"maxLength\":3}",
    "{\"type\":\"string\",\"minLength\":40}",
    "{\"type\":\"string\",\"pattern\":\"^[A-Z]{3}-\\\\d{4}$\"}",
    "{\"type\":\"string\",\"pattern\":\"^(north|south)(ern)?$\"}",
    "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"minItems\":2,\"maxItems\":3}",
    "{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":4},\"minItems\":4,"
    "\"uniqueItems\":true}",
    "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"string\"},{\"type\":\"integer\"}],\"items\":false,"
    "\"minItems\":2,\"maxItems\":2}",
    "{\"type\":\"object\",\"properties\":{\"label\":{\"type\":\"string\",\"enum\":[\"a\",\"b\"]},\"why\":{"
    "\"type\":"
    "\"string\"}},\"required\":[\"label\",\"why\"],\"additionalProperties\":false}",
    "{\"anyOf\":[{\"type\":\"string\",\"maxLength\":5},{\"type\":\"integer\",\"minimum\":3,\"maximum\":3}]}",
    "{\"allOf\":[{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}}},{\"properties\":{\"b\":{"
    "\"type\":"
    "\"boolean\"}},\"required\":[\"a\",\"b\"]}]}",
    "{\"const\":{\"a\":[1,2]}}",
    "{\"$ref\":\"#/$defs/"
    "node\",\"$defs\":{\"node\":{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},"
    "\"next\":{\"$ref\":\"#/$defs/node\"}},\"required\":[\"name\"]}}}",
};

static void values_obey_their_schemas(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(schemas); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) schema = tm_json_parse(schemas[i], strlen(schemas[i]), &error);
        g_assert_no_error(error);
        g_autoptr(tm_schema) compiled = tm_schema_compile(schema, &error);
        g_assert_no_error(error);
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            g_autoptr(json_t) value = tm_twin_value(schema, seed);
            g_autofree char *text = tm_json_text(value), *why = NULL;
            g_autoptr(json_t) read = tm_json_parse(text, strlen(text), NULL); /* as a client sees it */
            if (!tm_schema_check(compiled, read, &why)) {
                g_test_message("%s: %s: %s", schemas[i], text, why);
                g_test_fail();
            }
        }
    }
}

static void the_seed_chooses(void)
{
    g_autoptr(json_t) schema = tm_json_parse(schemas[0], strlen(schemas[0]), NULL);
    int positive = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        g_autoptr(json_t) one = tm_twin_value(schema, seed), again = tm_twin_value(schema, seed);
        g_assert_true(json_equal(one, again));
        positive += strcmp(json_string_value(one), "positive") == 0;
    }
    g_assert_cmpint(positive, >, 5);
    g_assert_cmpint(positive, <, SEEDS - 5);
}

static void properties_come_in_their_ordering(void)
{
    static const char text[] =
        "{\"type\":\"OBJECT\",\"properties\":{\"a\":{\"type\":\"STRING\"},\"b\":{\"type\":\"INTEGER\"},"
        "\"c\":{\"type\":\"NUMBER\"}},\"propertyOrdering\":[\"c\",\"a\"]}";
    g_autoptr(json_t) schema = tm_json_parse(text, strlen(text), NULL), value = tm_twin_value(schema, 1);
    const char *key;
    json_t *member;
    g_autoptr(GString) keys = g_string_new(NULL);
    json_object_foreach(value, key, member) {
        g_string_append(keys, key);
    }
    g_assert_cmpstr(keys->str, ==, "cab");
}

static void endless_schemas_end(void)
{
    static const char text[] =
        "{\"$ref\":\"#/$defs/"
        "a\",\"$defs\":{\"a\":{\"type\":\"object\",\"required\":[\"x\",\"y\"],\"properties\":{\"x\":{"
        "\"$ref\":\"#/$defs/a\"},\"y\":{\"$ref\":\"#/$defs/a\"}}}}}";
    g_autoptr(json_t) schema = tm_json_parse(text, strlen(text), NULL), value = tm_twin_value(schema, 1);
    g_assert_true(json_is_object(value));
    g_autofree char *huge = tm_twin_pattern("((((a{4000}){4000}){4000}){4000})", 1);
    g_assert_true(!huge || strlen(huge) < 1 << 20);
    g_autofree char *hollow = tm_twin_pattern("(((){4000}){4000}){4000}", 1);
    g_assert_null(hollow);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/twin value/values obey their schemas", values_obey_their_schemas);
    g_test_add_func("/twin value/the seed chooses", the_seed_chooses);
    g_test_add_func("/twin value/properties come in their ordering", properties_come_in_their_ordering);
    g_test_add_func("/twin value/endless schemas end", endless_schemas_end);
    return g_test_run();
}
