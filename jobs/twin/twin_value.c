/* twin_value.c - makes values from schemas. */
#include "jobs/twin/twin_value.h"

#include <glib.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "jobs/twin/twin_fault.h"
#include "jobs/twin/twin_pattern.h"
#include "jobs/twin/twin_request.h"

enum {
    DEEP = 6,       /* from here on only what is required */
    MAX_DEPTH = 32, /* a schema that requires itself ends here */
    MAX_NODES = 20000,
    MAX_TRIES = 256, /* of items that must differ */
};

typedef struct {
    const json_t *root;
    uint64_t seed, drawn;
    int depth, nodes;
} maker;

static uint64_t draw(maker *m, uint64_t n)
{
    return tm_twin_mix(m->seed, m->drawn++) % n;
}

static json_t *make(maker *m, const json_t *schema);

/* "#/$defs/x": the sub-schema it names, or NULL. */
static const json_t *follow(const json_t *root, const char *ref)
{
    if (ref[0] != '#')
        return NULL;
    g_auto(GStrv) steps = g_strsplit(ref + 1, "/", -1);
    const json_t *at = root;
    for (char **step = steps[0] ? steps + 1 : steps; *step && at; step++) {
        g_autoptr(GString) name = g_string_new(*step);
        g_string_replace(name, "~1", "/", 0);
        g_string_replace(name, "~0", "~", 0);
        at = json_is_array(at) ? json_array_get(at, (size_t)g_ascii_strtoull(name->str, NULL, 10))
                               : json_object_get(at, name->str);
    }
    return at;
}

/* `schema` without `key`, with what `other` adds. (transfer full) */
static json_t *merge(const json_t *schema, const char *key, const json_t *other)
{
    json_t *merged = json_copy((json_t *)schema);
    json_object_del(merged, key);
    const json_t *mine = json_object_get(merged, "properties"),
                 *theirs = json_object_get(other, "properties");
    if (mine && theirs) {
        json_t *both = json_copy((json_t *)mine);
        json_object_update(both, (json_t *)theirs);
        json_object_update_missing(merged, (json_t *)other);
        json_object_set_new(merged, "properties", both);
    } else {
        json_object_update(merged, (json_t *)other);
    }
    return merged;
}

static json_t *make_merged(maker *m, json_t *merged)
{
    json_t *value = make(m, merged);
    json_decref(merged);
    return value;
}

static json_t *make_string(maker *m, const json_t *schema)
{
    static const char *const words[] = {"amber", "birch",   "coral", "delta", "ember", "fjord",
                                        "grove", "harbour", "inlet", "jetty", "kelp",  "lagoon",
                                        "mill",  "north",   "oar",   "pier"};
    const json_t *format = json_object_get(schema, "format"), *pattern = json_object_get(schema, "pattern");
    const char *kind = format && json_is_string(format) ? json_string_value(format) : "";
    guint day = 1 + (guint)draw(m, 28), month = 1 + (guint)draw(m, 12), hour = (guint)draw(m, 24);
    g_autoptr(GString) text = g_string_new(NULL);
    if (pattern && json_is_string(pattern)) {
        g_autofree char *fit = tm_twin_pattern(json_string_value(pattern), tm_twin_mix(m->seed, m->drawn++));
        if (fit)
            return json_string(fit);
    }
    if (strcmp(kind, "date-time") == 0)
        g_string_printf(text, "2026-%02u-%02uT%02u:30:00Z", month, day, hour);
    else if (strcmp(kind, "date") == 0)
        g_string_printf(text, "2026-%02u-%02u", month, day);
    else if (strcmp(kind, "time") == 0)
        g_string_printf(text, "%02u:30:00Z", hour);
    else if (strcmp(kind, "email") == 0)
        g_string_printf(text, "%s@example.com", words[draw(m, 16)]);
    else if (strcmp(kind, "uri") == 0)
        g_string_printf(text, "https://example.com/%s", words[draw(m, 16)]);
    else if (strcmp(kind, "uuid") == 0)
        g_string_printf(text, "00000000-0000-4000-8000-%012x", (guint)draw(m, G_MAXUINT32));
    if (text->len)
        return json_string(text->str);
    g_string_printf(text, "%s %s", words[draw(m, 16)], words[draw(m, 16)]);
    double least = tm_twin_number(schema, "minLength", 0), most = tm_twin_number(schema, "maxLength", 1e6);
    while ((double)text->len < MIN(least, 1e6))
        g_string_append_printf(text, " %s", words[draw(m, 16)]);
    if ((double)text->len > most)
        g_string_truncate(text, most > 0 ? (gsize)most : 0);
    return json_string(text->str);
}

static json_t *make_number(maker *m, const json_t *schema, bool whole)
{
    double low = tm_twin_number(schema, "minimum", NAN), high = tm_twin_number(schema, "maximum", NAN);
    double above = tm_twin_number(schema, "exclusiveMinimum", NAN);
    double below = tm_twin_number(schema, "exclusiveMaximum", NAN);
    double multiple = tm_twin_number(schema, "multipleOf", 0);
    double edge = whole ? 1 : 1e-6;
    if (!isnan(above) && !(low > above))
        low = whole ? floor(above) + 1 : above + edge;
    if (!isnan(below) && !(high < below))
        high = whole ? ceil(below) - 1 : below - edge;
    if (isnan(low))
        low = isnan(high) || high >= 0 ? 0 : high - 100;
    if (isnan(high))
        high = low + 100;
    if (whole) {
        low = ceil(low);
        high = floor(high);
    }
    double value = whole ? low + (double)draw(m, (uint64_t)fmin(fmax(high - low, 0), 1e6) + 1)
                         : low + (high - low) * (double)draw(m, 101) / 100;
    if (multiple > 0) {
        value = floor(value / multiple) * multiple;
        if (value < low)
            value = ceil(low / multiple) * multiple;
    } else if (!whole) {
        value = fmin(fmax(round(value * 100) / 100, low), high);
    }
    bool exact = floor(value) == value && fabs(value) < 9e15;
    return exact ? json_integer((json_int_t)value) : json_real(value);
}

static json_t *make_array(maker *m, const json_t *schema)
{
    const json_t *items = json_object_get(schema, "items"), *prefix = json_object_get(schema, "prefixItems");
    double least = fmax(tm_twin_number(schema, "minItems", 0), (double)json_array_size(prefix));
    double most = tm_twin_number(schema, "maxItems", fmax(least, 3));
    double want = m->depth > DEEP ? least : fmin(most, least + (double)draw(m, 3) + (least == 0 ? 1 : 0));
    bool unique = json_is_true(json_object_get(schema, "uniqueItems"));
    json_t *array = json_array();
    for (double tries = 0;
         (double)json_array_size(array) < want && m->nodes < MAX_NODES && tries < want + MAX_TRIES; tries++) {
        const json_t *of = json_array_get(prefix, json_array_size(array));
        json_t *item = make(m, of ? of : items);
        bool again = false;
        for (size_t i = 0; unique && i < json_array_size(array); i++)
            again = again || json_equal(item, json_array_get(array, i));
        if (again)
            json_decref(item);
        else
            json_array_append_new(array, item);
    }
    return array;
}

static bool is_required(const json_t *schema, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(schema, "required"), i, one) {
        if (json_is_string(one) && strcmp(json_string_value(one), name) == 0)
            return true;
    }
    return false;
}

static json_t *make_object(maker *m, const json_t *schema)
{
    const json_t *properties = json_object_get(schema, "properties");
    json_t *object = json_object(), *child;
    size_t i;
    const char *key;
    json_array_foreach(json_object_get(schema, "propertyOrdering"), i, child) {
        const json_t *of =
            json_is_string(child) ? json_object_get(properties, json_string_value(child)) : NULL;
        if (of && (m->depth <= DEEP || is_required(schema, json_string_value(child))))
            json_object_set_new(object, json_string_value(child), make(m, of));
    }
    json_object_foreach((json_t *)properties, key, child) {
        if (!json_object_get(object, key) && (m->depth <= DEEP || is_required(schema, key)))
            json_object_set_new(object, key, make(m, child));
    }
    json_array_foreach(json_object_get(schema, "required"), i, child) {
        if (json_is_string(child) && !json_object_get(object, json_string_value(child)))
            json_object_set_new(object, json_string_value(child),
                                make(m, json_object_get(schema, "additionalProperties")));
    }
    return object;
}

/* The type to make: the first of several that is not null. */
static const char *type_of(const json_t *schema)
{
    const json_t *type = json_object_get(schema, "type");
    size_t i;
    json_t *one;
    json_array_foreach(type, i, one) {
        if (json_is_string(one) && g_ascii_strcasecmp(json_string_value(one), "null") != 0)
            return json_string_value(one);
    }
    if (json_is_string(type))
        return json_string_value(type);
    if (json_is_array(type))
        return "null";
    return json_object_get(schema, "properties") ? "object"
           : json_object_get(schema, "items")    ? "array"
                                                 : "string";
}

static json_t *make_typed(maker *m, const json_t *schema)
{
    const char *type = type_of(schema);
    if (g_ascii_strcasecmp(type, "object") == 0)
        return make_object(m, schema);
    if (g_ascii_strcasecmp(type, "array") == 0)
        return make_array(m, schema);
    if (g_ascii_strcasecmp(type, "integer") == 0)
        return make_number(m, schema, true);
    if (g_ascii_strcasecmp(type, "number") == 0)
        return make_number(m, schema, false);
    if (g_ascii_strcasecmp(type, "boolean") == 0)
        return json_boolean(draw(m, 2) != 0);
    if (g_ascii_strcasecmp(type, "null") == 0)
        return json_null();
    return make_string(m, schema);
}

static json_t *make_any(maker *m, const json_t *schema)
{
    static const char *const choices[] = {"anyOf", "oneOf"};
    const json_t *ref = json_object_get(schema, "$ref"), *values = json_object_get(schema, "enum");
    if (json_object_get(schema, "const"))
        return json_deep_copy(json_object_get(schema, "const"));
    if (json_array_size(values))
        return json_deep_copy(json_array_get(values, (size_t)draw(m, json_array_size(values))));
    if (json_is_string(ref)) {
        const json_t *found = follow(m->root, json_string_value(ref));
        return found ? make_merged(m, merge(schema, "$ref", found)) : json_null();
    }
    for (size_t i = 0; i < G_N_ELEMENTS(choices); i++) {
        const json_t *options = json_object_get(schema, choices[i]);
        size_t n = json_array_size(options);
        if (n)
            return make_merged(m, merge(schema, choices[i], json_array_get(options, (size_t)draw(m, n))));
    }
    const json_t *all = json_object_get(schema, "allOf");
    if (json_array_size(all)) {
        json_t *rest = json_copy((json_t *)all), *merged = merge(schema, "allOf", json_array_get(all, 0));
        json_array_remove(rest, 0);
        if (json_array_size(rest))
            json_object_set(merged, "allOf", rest);
        json_decref(rest);
        return make_merged(m, merged);
    }
    return make_typed(m, schema);
}

static json_t *make(maker *m, const json_t *schema)
{
    if (m->depth >= MAX_DEPTH || ++m->nodes > MAX_NODES)
        return json_null();
    m->depth++;
    json_t *value = make_any(m, schema);
    m->depth--;
    return value;
}

json_t *tm_twin_value(const json_t *schema, uint64_t seed)
{
    maker m = {.root = schema, .seed = seed};
    return make(&m, schema);
}
