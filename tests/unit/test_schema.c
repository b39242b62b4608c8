/* test_schema.c - Picoschema, checks, and what Gemini's responseSchema can say. */
#include "core/error.h"
#include "core/json.h"
#include "core/schema.h"
#include "core/yaml.h"
#include <string.h>

static json_t *yaml(const char *text)
{
    g_autoptr(GError) error = NULL;
    json_t *value = tm_yaml_parse(text, strlen(text), "test", 1, &error);
    g_assert_no_error(error);
    return value;
}

static void picoschema_unfolds(void)
{
    static const char *const cases[][2] = {
        {"string", "{\"type\":\"string\"}"},
        {"integer , how many, at most", "{\"type\":\"integer\",\"description\":\"how many, at most\"}"},
        {"any", "{}"},
        {"{a: string, b?: 'number, n'}",
         "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"type\":[\"number\","
         "\"null\"],"
         "\"description\":\"n\"}},\"required\":[\"a\"],\"additionalProperties\":false}"},
        {"\"l?(array, some)\": string\n\"o(object)\": {x?: any}\n\"e?(enum, one)\": [A, B]",
         "{\"type\":\"object\",\"properties\":{\"l\":{\"type\":[\"array\",\"null\"],\"items\":{\"type\":"
         "\"string\"},"
         "\"description\":\"some\"},\"o\":{\"type\":\"object\",\"properties\":{\"x\":{}},"
         "\"additionalProperties\":false},"
         "\"e\":{\"enum\":[\"A\",\"B\",null],\"description\":\"one\"}},\"required\":[\"o\"],"
         "\"additionalProperties\":false}"},
        {"(*): integer",
         "{\"type\":\"object\",\"properties\":{},\"additionalProperties\":{\"type\":\"integer\"}}"},
        {"\"rows(array)\": {\"tags(array)\": string}",
         "{\"type\":\"object\",\"properties\":{\"rows\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
         "\"properties\":"
         "{\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}},\"required\":[\"tags\"],"
         "\"additionalProperties\":"
         "false}}},\"required\":[\"rows\"],\"additionalProperties\":false}"},
        {"{type: OBJECT, properties: {a: {type: STRING}}}",
         "{\"type\":\"OBJECT\",\"properties\":{\"a\":{\"type\":\"STRING\"}}}"},
        {"{properties: {a: {}}}", "{\"type\":\"object\",\"properties\":{\"a\":{}}}"},
        {"{anyOf: [{type: string}]}", "{\"anyOf\":[{\"type\":\"string\"}]}"},
        {"{type: 'string, of what kind'}",
         "{\"type\":\"object\",\"properties\":{\"type\":{\"type\":\"string\",\"description\":"
         "\"of what kind\"}},\"required\":[\"type\"],\"additionalProperties\":false}"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) pico = yaml(cases[i][0]);
        g_autoptr(json_t) schema = tm_schema_from_pico(pico, NULL, NULL, &error);
        g_assert_no_error(error);
        g_autofree char *text = tm_json_text(schema);
        g_assert_cmpstr(text, ==, cases[i][1]);
    }
}

static void picoschema_mistakes_are_named(void)
{
    static const char *const cases[][2] = {
        {"strng", "unknown type 'strng'; did you mean 'string'?"},
        {"{a: {b: Foo}}", "unknown type 'Foo'"},
        {"{a: 5}", "a type is missing"},
        {"[string]", "a type is missing"},
        {"\"a(aray)\": string", "(aray) is none of (object), (array), (enum); did you mean (array)?"},
        {"\"a(array\": string", "lacks its )"},
        {"\"a(array)?\": string", "the ? stands behind the name: a?(array)"},
        {"\"a(enum)\": string", "an enum is a list"},
        {"\"a(enum)\": []", "an enum is a list"},
        {"\"?\": string", "names no property"},
        {"\"a(*)\": string", "names no property"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) pico = yaml(cases[i][0]);
        g_assert_null(tm_schema_from_pico(pico, NULL, NULL, &error));
        g_assert_error(error, TM_ERROR, TM_ERROR_INPUT);
        g_assert_nonnull(error ? strstr(error->message, cases[i][1]) : NULL);
    }
}

static void values_are_checked(void)
{
    /* schema, a value that obeys, a value that does not, why; values in JSON, several after another */
    static const struct {
        const char *schema, *good, *bad, *why;
    } cases[] = {
        {"{type: string}", "[\"\", \"x\"]", "[1, null, [], {}]", "not string"},
        {"{type: STRING, nullable: true}", "[\"x\", null]", "[1]", "is an integer, not string or null"},
        {"{type: [integer, 'null']}", "[1, 2.0, null]", "[1.5, \"1\", true]", "not integer or null"},
        {"{type: number, minimum: 1, exclusiveMaximum: 3}", "[1, 2.9]", "[0.9, 3]", "than"},
        {"{multipleOf: 0.01}", "[1.23, 4, 0]", "[1.234]", "no multiple"},
        {"{enum: [a, 1, null, {b: [1]}]}", "[\"a\", 1.0, null, {\"b\": [1]}]", "[\"b\", 2, {}]",
         "is none of \"a\", 1, null"},
        {"{const: {a: 1}}", "[{\"a\": 1.0}]", "[{}, 1]", "not {\"a\":1}"},
        {"{minLength: '2', maxLength: 3}",
         "[\"\xc3\xa4\xc3\xb6\", \"\xf0\x9f\x91\x8b\xf0\x9f\x91\x8b\xf0\x9f\x91\x8b\", 5]",
         "[\"x\", \"abcd\"]", "characters"},
        {"{pattern: '^\\d{2}$'}", "[\"12\"]", "[\"12\\n\", \"1\"]", "pattern"},
        {"{pattern: '\\u00e4'}", "[\"x\xc3\xa4\"]", "[\"a\"]", "pattern"},
        {"{type: array, minItems: '1', maxItems: 2, items: {type: string}}", "[[\"a\"], [\"a\", \"b\"]]",
         "[[], [\"a\",\"b\",\"c\"]]", "items"},
        {"{items: {type: string}}", "[[], [\"a\"], 5]", "[[\"a\", 1]]", "/1: is an integer"},
        {"{prefixItems: [{type: string}], items: false}", "[[\"a\"]]", "[[\"a\", 1]]",
         "/1: may not be there"},
        {"{uniqueItems: true}", "[[1, 2], [{\"a\": 1}, {\"a\": 2}]]",
         "[[1, 1.0], [{\"a\": 1, \"b\": 2}, {\"b\": 2, \"a\": 1}]]", "twice"},
        {"{contains: {type: integer}, maxContains: 1}", "[[1], [\"a\", 1]]", "[[\"a\"], [1, 2]]",
         "of the kind"},
        {"{required: [a], properties: {a: {properties: {b: {type: string}}}}}",
         "[{\"a\": {}}, {\"a\": {\"b\": \"x\"}}, 5]", "[{}, {\"a\": {\"b\": 1}}]", ""},
        {"{additionalProperties: false, properties: {a: {}}, patternProperties: {'^x': {type: integer}}}",
         "[{\"a\": 1, \"x1\": 2}]", "[{\"b\": 1}, {\"x\": \"s\"}]", ""},
        {"{additionalProperties: {type: integer}}", "[{\"a\": 1}]", "[{\"a\": \"b\"}]", "/a: is a string"},
        {"{propertyNames: {maxLength: 2}, minProperties: 1, maxProperties: 2}", "[{\"a\": 1}]",
         "[{}, {\"abc\": 1}]", ""},
        {"{dependentRequired: {a: [b]}, dependentSchemas: {c: {required: [d]}}}",
         "[{}, {\"a\": 1, \"b\": 2}]", "[{\"a\": 1}, {\"c\": 1}]", "lacks"},
        {"{anyOf: [{type: string}, {type: integer}]}", "[\"a\", 1]", "[1.5, null]",
         "none of its 2 alternatives"},
        {"{oneOf: [{type: number}, {type: integer}]}", "[1.5]", "[1, \"a\"]", "alternatives"},
        {"{allOf: [{minimum: 1}, {maximum: 2}], not: {const: 1.5}}", "[1, 2]", "[0, 3, 1.5]", ""},
        {"{if: {type: string}, then: {minLength: 2}, else: {type: integer}}", "[\"ab\", 1]", "[\"a\", 1.5]",
         ""},
        {"{$defs: {t: {type: string}}, properties: {a: {$ref: '#/$defs/t'}}}", "[{\"a\": \"x\"}]",
         "[{\"a\": 1}]", "/a: is an integer"},
        {"{properties: {kids: {items: {$ref: '#'}}, n: {type: integer}}, additionalProperties: false}",
         "[{\"kids\": [{\"kids\": [{\"n\": 1}]}]}]", "[{\"kids\": [{\"kids\": [{\"n\": \"x\"}]}]}]",
         "/kids/0/kids/0/n:"},
        {"{$defs: {t: {$anchor: here, type: string}, 'a/b~c': {type: integer}}, anyOf: [{$ref: '#here'}, "
         "{$ref: '#/$defs/a~1b~0c'}]}",
         "[\"x\", 1]", "[null]", ""},
        {"{properties: {a: true, b: false}}", "[{\"a\": 1}]", "[{\"b\": 1}]", "/b: may not be there"},
        {"{type: STRING, enum: [a], nullable: true}", "[\"a\", null]", "[\"b\", 1]", ""},
        {"{minimum: 9007199254740993}", "[9007199254740993]", "[9007199254740992]",
         "9007199254740992 is less than 9007199254740993"},
        {"{exclusiveMinimum: 0, exclusiveMaximum: 1}", "[0.5]", "[0, 1]", " is not "},
        {"{uniqueItems: true, items: {}}", "[[[1], [true]]]", "[[[1], [1.0]]]", "twice"},
        {"{dependencies: {a: [b], c: {required: [d]}}}", "[{}, {\"a\": 1, \"b\": 2}]",
         "[{\"a\": 1}, {\"c\": 1}]", "lacks"},
        {"{properties: {'a/b': {type: integer}}}", "[{\"a/b\": 1}]", "[{\"a/b\": \"\"}]",
         "/a~1b: is a string"},
        {"{anyOf: [{type: string}, {properties: {k: {type: integer}}, required: [k]}], minProperties: 0}",
         "[\"a\", {\"k\": 1}]", "[{\"k\": \"x\"}]",
         "/: fits none of its 2 alternatives: (1) is an object, not string; (2) /k: is a string, not "
         "integer"},
        {"{$id: 'http://example.com/a.json', $defs: {t: {$id: 't.json', type: string}}, $ref: "
         "'http://example.com/t.json'}",
         "[\"x\"]", "[1]", "not string"},
        {"{$schema: 'http://json-schema.org/draft-07/schema#', $ref: '#/definitions/t', maxLength: 1, "
         "definitions: {t: {type: string}}}",
         "[\"long\"]", "[1]", "not string"},
        {"{$ref: '#/definitions/t', maxLength: 1, definitions: {t: {type: string}}}", "[\"l\"]", "[\"long\"]",
         "characters"},
        {"{pattern: '^\\w+\\s[^\\D]$'}", "[\"ab\\u00a01\"]", "[\"\\u00e4 1\", \"a \\u0661\", \"a 1\\n\"]",
         "pattern"},
        {"{pattern: '^.[^]\\p{Letter}[[]$'}", "[\"a\\n\\u00e4[\"]", "[\"\\u2028\\na[\"]", "pattern"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) source = yaml(cases[i].schema);
        g_autoptr(tm_schema) schema = tm_schema_compile(source, &error);
        g_assert_no_error(error);
        g_autoptr(json_t) good = tm_json_parse(cases[i].good, strlen(cases[i].good), NULL);
        g_autoptr(json_t) bad = tm_json_parse(cases[i].bad, strlen(cases[i].bad), NULL);
        for (size_t k = 0; k < json_array_size(good); k++) {
            g_autofree char *why = NULL;
            if (!tm_schema_check(schema, json_array_get(good, k), &why)) {
                g_test_message("%s refuses good value %zu: %s", cases[i].schema, k, why);
                g_test_fail();
            }
            g_assert_null(why);
        }
        for (size_t k = 0; k < json_array_size(bad); k++) {
            g_autofree char *why = NULL;
            if (tm_schema_check(schema, json_array_get(bad, k), &why) || !strstr(why, cases[i].why)) {
                g_test_message("%s, bad value %zu: %s", cases[i].schema, k, why ? why : "let through");
                g_test_fail();
            }
        }
    }
}

static void schemas_that_are_none_are_refused(void)
{
    static const char *const cases[][2] = {
        {"{type: strnig}", "unknown type 'strnig'; did you mean 'string'?"},
        {"{type: 5}", "a type is no word"},
        {"{type: [string, ['null']]}",
         "a type is no word"}, /* found by fuzzing: it failed without a reason */
        {"{pattern: '('}", "the pattern '('"},
        {"{$ref: 'http://example.com/x'}", "nothing stands at $ref"},
        {"{$ref: '#/$defs/gone'}", "nothing stands at $ref"},
        {"{properties: {a: 5}}", "/: properties must be an object of schemas"},
        {"{properties: {a: {minLength: -1}}}", "/properties/a: minLength must be a whole number from 0 up"},
        {"{required: a}", "required must be a list of names"},
        {"{enum: a}", "enum must be a list of values"},
        {"{anyOf: {}}", "anyOf must be a list of schemas"},
        {"{minimum: '1'}", "minimum must be a number"},
        {"{multipleOf: 0}", "multipleOf must be a number above 0"},
        {"{items: {exclusiveMinimum: true}}", "/items: exclusiveMinimum is true or false in draft 4 only"},
        {"{unevaluatedProperties: false}", "unevaluatedProperties is not checked here"},
        {"{$schema: 'http://example.com/own'}", "is not known"},
        {"{$ref: 'other.json#/a'}", "nothing stands at $ref"},
        {"[]", "an object is expected"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) source = yaml(cases[i][0]);
        g_assert_null(tm_schema_compile(source, &error));
        g_assert_error(error, TM_ERROR, TM_ERROR_INPUT);
        g_assert_nonnull(error ? strstr(error->message, cases[i][1]) : NULL);
    }
}

static void what_is_not_checked_is_told(void)
{
    /* schema, notes joined */
    static const char *const cases[][2] = {
        {"{type: string, title: t, description: d, x-mine: 1, example: e}", ""},
        {"{properties: {a: {format: email}}}", "/properties/a: format 'email' is not checked"},
        {"{requird: [a]}",
         "'requird' is no word of JSON Schema; it checks nothing. Did you mean 'required'?"},
        {"{items: {wholly_other: 1}}", "/items: 'wholly_other' is no word of JSON Schema; it checks nothing"},
        {"{$schema: 'http://json-schema.org/draft-07/schema#', prefixItems: []}",
         "'prefixItems' is not in the draft that $schema names; it checks nothing"},
        {"{$schema: 'http://json-schema.org/draft-07/schema#', $ref: '#/definitions/a', minimum: 1, "
         "definitions: "
         "{a: {}}}",
         "'minimum' stands beside $ref, where draft 7 passes it over"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) source = yaml(cases[i][0]);
        g_autoptr(tm_schema) schema = tm_schema_compile(source, &error);
        g_assert_no_error(error);
        const GPtrArray *notes = tm_schema_notes(schema);
        g_assert_cmpuint(notes->len, ==, *cases[i][1] != '\0');
        g_assert_cmpstr(notes->len ? notes->pdata[0] : "", ==, cases[i][1]);
    }
}

static void endless_schemas_end(void)
{
    static const char *const cases[] = {
        "{$ref: '#'}",
        "{anyOf: [{$ref: '#'}, {$ref: '#'}]}",
        "{allOf: [{$ref: '#'}], not: {$ref: '#'}}",
        "{not: {$ref: '#'}}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *why = NULL;
        g_autoptr(json_t) source = yaml(cases[i]), value = json_integer(1);
        g_autoptr(tm_schema) schema = tm_schema_compile(source, NULL);
        tm_schema_check(schema, value, &why);
        g_assert_null(tm_schema_to_gemini(source, NULL));
    }
    g_autoptr(GString) deep = g_string_new(NULL);
    for (int i = 0; i < 1000; i++)
        g_string_append(deep, "{\"not\":");
    g_string_append(deep, "{}");
    for (int i = 0; i < 1000; i++)
        g_string_append_c(deep, '}');
    g_autoptr(json_t) source = tm_json_parse(deep->str, deep->len, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_nonnull(source);
    g_assert_null(tm_schema_compile(source, &error));
    g_assert_nonnull(error ? strstr(error->message, "nested deeper") : NULL);
}

static void gemini_gets_its_own_words(void)
{
    /* schema, as responseSchema ("": can't be said), what is lost */
    static const char *const cases[][3] = {
        {"{type: string}", "{\"type\":\"STRING\"}", ""},
        {"{type: [string, 'null'], description: d}",
         "{\"nullable\":true,\"type\":\"STRING\",\"description\":\"d\"}", ""},
        {"{type: object, properties: {b: {type: integer, minimum: 1}, a: {enum: [x, y, null]}}, required: "
         "[b], "
         "additionalProperties: false}",
         "{\"type\":\"OBJECT\",\"properties\":{\"b\":{\"type\":\"INTEGER\",\"minimum\":1},\"a\":{\"enum\":["
         "\"x\",\"y\"],"
         "\"nullable\":true,\"type\":\"STRING\"}},\"required\":[\"b\"],\"propertyOrdering\":[\"b\",\"a\"]}",
         ""},
        {"{type: array, items: {type: number}, minItems: '2', uniqueItems: true}",
         "{\"type\":\"ARRAY\",\"minItems\":\"2\",\"items\":{\"type\":\"NUMBER\"}}", "uniqueItems"},
        {"{$defs: {t: {type: string, description: a}}, properties: {x: {$ref: '#/$defs/t', description: b}}}",
         "{\"type\":\"OBJECT\",\"properties\":{\"x\":{\"type\":\"STRING\",\"description\":\"b\"}},"
         "\"propertyOrdering\":[\"x\"]}",
         ""},
        {"{anyOf: [{type: string}, {type: 'null'}]}", "{\"nullable\":true,\"type\":\"STRING\"}", ""},
        {"{oneOf: [{type: string}, {type: integer}]}",
         "{\"anyOf\":[{\"type\":\"STRING\"},{\"type\":\"INTEGER\"}]}", "oneOf (sent as anyOf)"},
        {"{const: x}", "{\"enum\":[\"x\"],\"type\":\"STRING\"}", ""},
        {"{type: integer, exclusiveMinimum: 0, exclusiveMaximum: 10}",
         "{\"type\":\"INTEGER\",\"minimum\":1,\"maximum\":9}", ""},
        {"{type: number, exclusiveMinimum: 0}", "{\"type\":\"NUMBER\"}", "exclusiveMinimum"},
        {"{type: string, format: email}", "{\"type\":\"STRING\"}", "format email"},
        {"{type: string, format: date-time}", "{\"type\":\"STRING\",\"format\":\"date-time\"}", ""},
        {"{allOf: [{type: string}], title: t}", "{\"type\":\"STRING\",\"title\":\"t\"}", ""},
        {"{enum: [1, 2]}", "", ""},
        {"{}", "", ""},
        {"{type: [string, integer]}", "", ""},
        {"{type: object, additionalProperties: {type: string}}", "", ""},
        {"{type: object}", "", ""},
        {"{properties: {kids: {items: {$ref: '#'}}}}", "", ""},
        {"{prefixItems: [{type: string}]}", "", ""},
        {"{$ref: 'other.json'}", "", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(json_t) source = yaml(cases[i][0]);
        g_autoptr(json_t) schema = tm_schema_to_gemini(source, lost);
        g_autofree char *text = schema ? tm_json_text(schema) : g_strdup("");
        g_assert_cmpstr(text, ==, cases[i][1]);
        g_assert_cmpstr(lost->len ? lost->pdata[0] : "", ==, cases[i][2]);
    }
}

/* schema, converted ("": can't be said), what is lost, joined by | */
typedef json_t *(*tm_conversion)(const json_t *, GPtrArray *);
static void assert_converted(tm_conversion convert, const char *schema, const char *wanted, const char *lost)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(json_t) source = yaml(schema), got = convert(source, list);
    g_autofree char *text = got ? tm_json_text(got) : g_strdup("");
    g_assert_cmpstr(text, ==, wanted);
    g_ptr_array_add(list, NULL);
    g_autofree char *joined = g_strjoinv("|", (char **)list->pdata);
    g_assert_cmpstr(joined, ==, lost);
    /* what an API is given is itself a schema */
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_schema) compiled = got ? tm_schema_compile(got, &error) : NULL;
    g_assert_no_error(error);
    json_t *nothing = convert(source, NULL);
    g_assert_true(!nothing == !got);
    json_decref(nothing);
}

static void gemini_gets_json_schema_where_it_must(void)
{
    static const char *const cases[][3] = {
        {"{type: OBJECT, nullable: true, additionalProperties: {type: INTEGER, exclusiveMinimum: 0}}",
         "{\"type\":[\"object\",\"null\"],\"additionalProperties\":{\"type\":\"integer\",\"minimum\":1}}",
         ""},
        {"{$ref: '#/definitions/n', definitions: {n: {properties: {kids: {items: {$ref: '#/definitions/n', "
         "description: d}}}}}}",
         "{\"$ref\":\"#/$defs/n\",\"$defs\":{\"n\":{\"properties\":{\"kids\":{\"items\":{\"$ref\":\"#/$defs/"
         "n\"}}}}}}",
         "description beside $ref"},
        {"{items: [{type: string}], additionalItems: false, uniqueItems: true}",
         "{\"prefixItems\":[{\"type\":\"string\"}]}", "uniqueItems|items: false"},
        {"{oneOf: [{enum: [1, 2]}, {enum: [a, null]}, {const: true}], pattern: x}",
         "{\"anyOf\":[{\"enum\":[1,2]},{\"anyOf\":[{\"enum\":[\"a\"]},{\"type\":\"null\"}]},{}]}",
         "pattern|oneOf (read as anyOf)|enum of true and false"},
        {"{allOf: [{type: string}], title: t}", "{\"type\":\"string\",\"title\":\"t\"}", ""},
        {"{properties: {a: true, b: false}, required: [a]}",
         "{\"required\":[\"a\"],\"properties\":{\"a\":{},\"b\":{}}}", "the schema false"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_converted(tm_schema_to_gemini_json, cases[i][0], cases[i][1], cases[i][2]);
}

static void openai_gets_strict_schemas(void)
{
    static const char *const cases[][3] = {
        {"{type: object, properties: {a: {type: STRING, minLength: 1}, 'n': {type: [integer, 'null'], "
         "minimum: 1}}, "
         "required: [a], additionalProperties: false}",
         "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"n\":{\"type\":[\"integer\","
         "\"null\"],\"minimum\":1}},\"required\":[\"a\",\"n\"],\"additionalProperties\":false}",
         "minLength"},
        {"{properties: {a: {const: x}, b: {type: number, nullable: true}, c: {type: array, items: {enum: "
         "[a]}}}}",
         "{\"type\":\"object\",\"properties\":{\"a\":{\"anyOf\":[{\"type\":\"string\",\"enum\":[\"x\"]},{"
         "\"type\":\"null\"}]},"
         "\"b\":{\"type\":[\"number\",\"null\"]},\"c\":{\"type\":[\"array\",\"null\"],\"items\":{\"type\":"
         "\"string\",\"enum\":["
         "\"a\"]}}}"
         ",\"required\":[\"a\",\"b\",\"c\"],\"additionalProperties\":false}",
         "members beyond those named (additionalProperties)|that 'a' may be absent (it comes back as "
         "null)|that 'c' "
         "may be absent (it comes back as null)"},
        {"{$ref: '#/definitions/n', definitions: {n: {properties: {kid: {$ref: '#/definitions/n'}}, "
         "additionalProperties: false, required: [kid]}}}",
         "{\"type\":\"object\",\"properties\":{\"kid\":{\"$ref\":\"#/$defs/n\"}},\"required\":[\"kid\"],"
         "\"additionalProperties\":false,\"$defs\":{\"n\":{\"type\":\"object\",\"properties\":{\"kid\":{\"$"
         "ref\":"
         "\"#/$defs/n\"}},\"required\":[\"kid\"],\"additionalProperties\":false}}}",
         ""},
        {"{properties: {a: {oneOf: [{type: string, format: uri}, {type: string, format: date}], default: "
         "x}}, "
         "required: [a], additionalProperties: false}",
         "{\"type\":\"object\",\"properties\":{\"a\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"string\","
         "\"format\":\"date\"}]}},\"required\":[\"a\"],\"additionalProperties\":false}",
         "default|oneOf (sent as anyOf)|format uri"},
        {"{type: string}", "", "an answer that is no object"},
        {"{type: object, additionalProperties: {type: string}}", "",
         "an object whose names are not known (additionalProperties)"},
        {"{properties: {a: {}}}", "",
         "members beyond those named (additionalProperties)|a value of any kind: its type is missing"},
        {"{properties: {a: {type: array, prefixItems: [{type: string}]}}, additionalProperties: false}", "",
         "a list whose places have schemas of their own (prefixItems)"},
        {"{properties: {a: {allOf: [{type: string}, {minLength: 1}]}}, additionalProperties: false}", "",
         "allOf of several schemas"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_converted(tm_schema_to_openai, cases[i][0], cases[i][1], cases[i][2]);
    g_autoptr(GString) deep = g_string_new("{type: string}");
    for (int i = 0; i < 11; i++) {
        g_string_prepend(deep, "{properties: {a: ");
        g_string_append(deep, "}, required: [a], additionalProperties: false}");
    }
    assert_converted(tm_schema_to_openai, deep->str, "", "more than 10 levels of objects and lists");
}

static void definitions_that_double_are_given_up(void)
{
    g_autoptr(GString) text = g_string_new("{\"$ref\": \"#/$defs/d0\", \"$defs\": {");
    for (int i = 0; i < 40; i++)
        g_string_append_printf(text,
                               "\"d%d\": {\"properties\": {\"a\": {\"$ref\": \"#/$defs/d%d\"}, \"b\": "
                               "{\"$ref\": \"#/$defs/d%d\"}}},",
                               i, i + 1, i + 1);
    g_string_append(text, "\"d40\": {\"type\": \"string\"}}}");
    g_autoptr(json_t) source = tm_json_parse(text->str, text->len, NULL);
    g_assert_nonnull(source);
    g_assert_null(tm_schema_to_gemini(source, NULL));
    g_autoptr(tm_schema) schema = tm_schema_compile(source, NULL);
    g_assert_nonnull(schema);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/schema/Picoschema unfolds, JSON Schema passes", picoschema_unfolds);
    g_test_add_func("/schema/mistakes in Picoschema are named", picoschema_mistakes_are_named);
    g_test_add_func("/schema/values are checked, and the reason has a path", values_are_checked);
    g_test_add_func("/schema/what is no schema is refused", schemas_that_are_none_are_refused);
    g_test_add_func("/schema/what a schema says and nobody checks is told", what_is_not_checked_is_told);
    g_test_add_func("/schema/schemas that lead back to themselves end", endless_schemas_end);
    g_test_add_func("/schema/Gemini gets its own words, and what is lost is told", gemini_gets_its_own_words);
    g_test_add_func("/schema/Gemini gets JSON Schema where its own words don't reach",
                    gemini_gets_json_schema_where_it_must);
    g_test_add_func("/schema/OpenAI gets strict schemas, and what is lost is told",
                    openai_gets_strict_schemas);
    g_test_add_func("/schema/definitions that double each other are given up",
                    definitions_that_double_are_given_up);
    return g_test_run();
}
