/* twin_request.c - walks a JSON body along the tables of the API's messages. */
#include "jobs/twin/twin_request.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FLAWS = 20 };

/* Where in the body the walk is: built on the stack, written out only when there is a flaw. */
typedef struct place {
    const struct place *up;
    const char *name; /* camelCase; NULL: the top */
    int index;        /* of an element; -1: none */
    bool map;         /* the element of a map: the service writes properties[2].value */
} place;

static void write_snake(GString *out, const char *name)
{
    for (; *name; name++) {
        if (g_ascii_isupper(*name))
            g_string_append_c(out, '_');
        g_string_append_c(out, g_ascii_tolower(*name));
    }
}

static void write_place(GString *out, const place *at)
{
    if (!at || !at->name)
        return;
    write_place(out, at->up);
    if (out->len)
        g_string_append_c(out, '.');
    write_snake(out, at->name);
    if (at->index >= 0)
        g_string_append_printf(out, "[%d]%s", at->index, at->map ? ".value" : "");
}

static void flaw_free(gpointer data)
{
    tm_twin_flaw *flaw = data;
    g_free(flaw->field);
    g_free(flaw->description);
    g_free(flaw);
}

static void add_flaw(GPtrArray **flaws, const char *field, char *description)
{
    if (!*flaws)
        *flaws = g_ptr_array_new_with_free_func(flaw_free);
    if ((*flaws)->len == MAX_FLAWS) {
        g_free(description);
        return;
    }
    tm_twin_flaw *flaw = g_new0(tm_twin_flaw, 1);
    flaw->field = *field ? g_strdup(field) : NULL;
    flaw->description = description;
    g_ptr_array_add(*flaws, flaw);
}

/* Unknown name "x" at 'generation_config': Cannot find field. */
static void flaw_name(GPtrArray **flaws, const place *at, const char *name, const char *why)
{
    g_autoptr(GString) path = g_string_new(NULL);
    write_place(path, at);
    add_flaw(flaws, path->str,
             path->len
                 ? g_strdup_printf("Invalid JSON payload received. Unknown name \"%s\" at '%s': %s", name,
                                   path->str, why)
                 : g_strdup_printf("Invalid JSON payload received. Unknown name \"%s\": %s", name, why));
}

/* Invalid value at 'contents[0].parts[0].text' (TYPE_STRING), 123 */
static void flaw_value(GPtrArray **flaws, const place *at, const char *type, const json_t *value,
                       const char *why)
{
    g_autoptr(GString) path = g_string_new(NULL);
    write_place(path, at);
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    const char *shown = text ? text : "";
    const char *end = g_utf8_validate(shown, -1, NULL) && g_utf8_strlen(shown, -1) > 200
                          ? g_utf8_offset_to_pointer(shown, 200)
                          : shown + strlen(shown);
    add_flaw(flaws, path->str,
             g_strdup_printf("Invalid value at '%s' (%s), %s%.*s", path->str, type, why, (int)(end - shown),
                             shown));
    free(text);
}

static const tm_twin_field *find_field(const tm_twin_message *message, const char *key)
{
    for (const tm_twin_field *field = message->fields; field->name; field++)
        if (strcmp(field->name, key) == 0)
            return field;
    if (!strchr(key, '_'))
        return NULL;
    g_autoptr(GString) camel = g_string_new(NULL);
    for (const char *c = key; *c; c++) {
        if (*c == '_' && g_ascii_islower(c[1]) && c > key)
            g_string_append_c(camel, g_ascii_toupper(*++c));
        else
            g_string_append_c(camel, *c);
    }
    for (const tm_twin_field *field = message->fields; field->name; field++)
        if (strcmp(field->name, camel->str) == 0)
            return field;
    return NULL;
}

static bool is_number(const json_t *value, bool whole)
{
    double number;
    if (json_is_integer(value))
        return true;
    if (json_is_real(value)) {
        number = json_real_value(value);
    } else if (json_is_string(value) && json_string_length(value)) {
        char *end;
        number = g_ascii_strtod(json_string_value(value), &end);
        if (*end)
            return false;
    } else {
        return false;
    }
    return isfinite(number) && (!whole || floor(number) == number);
}

/* Base64 of either alphabet, with or without its padding. */
static bool is_base64(const char *text, size_t length)
{
    size_t padding = 0;
    while (length && text[length - 1] == '=' && padding < 2)
        length--, padding++;
    if (length % 4 == 1 || (padding && (length + padding) % 4 != 0))
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (!g_ascii_isalnum(c) && c != '+' && c != '/' && c != '-' && c != '_')
            return false;
    }
    return true;
}

static void read_message(GPtrArray **flaws, json_t *object, const tm_twin_message *message, const place *at);

static void read_value(GPtrArray **flaws, json_t *value, const tm_twin_field *field, const place *at)
{
    g_autofree char *type = NULL;
    switch (field->kind) {
    case TM_FIELD_STRING:
        if (!json_is_string(value))
            flaw_value(flaws, at, "TYPE_STRING", value, "");
        return;
    case TM_FIELD_BOOL:
        if (!json_is_boolean(value))
            flaw_value(flaws, at, "TYPE_BOOL", value, "");
        return;
    case TM_FIELD_INTEGER:
        if (!is_number(value, true))
            flaw_value(flaws, at, "TYPE_INT32", value, "");
        return;
    case TM_FIELD_NUMBER:
        if (!is_number(value, false))
            flaw_value(flaws, at, "TYPE_FLOAT", value, "");
        return;
    case TM_FIELD_BYTES:
        if (!json_is_string(value) || !is_base64(json_string_value(value), json_string_length(value)))
            flaw_value(flaws, at, "TYPE_BYTES", value, "Base64 decoding failed for ");
        return;
    case TM_FIELD_ENUM:
        if (!json_is_string(value) || !g_strv_contains(field->values, json_string_value(value))) {
            type = g_strdup_printf("type.googleapis.com/google.ai.generativelanguage.v1beta.%c%s",
                                   g_ascii_toupper(field->name[0]), field->name + 1);
            flaw_value(flaws, at, type, value, "");
        }
        return;
    case TM_FIELD_MESSAGE:
        if (json_is_object(value)) {
            read_message(flaws, value, field->message, at);
        } else {
            type = g_strdup_printf("type.googleapis.com/google.ai.generativelanguage.v1beta.%s",
                                   field->message->name);
            flaw_value(flaws, at, type, value, "");
        }
        return;
    case TM_FIELD_MAP:
    case TM_FIELD_ANY:
        return;
    }
}

static void read_map(GPtrArray **flaws, json_t *value, const tm_twin_field *field, const place *up)
{
    place at = {.up = up, .name = field->name, .index = -1};
    const char *key;
    json_t *element;
    if (!json_is_object(value)) {
        flaw_value(flaws, &at, "Map", value, "");
        return;
    }
    at.map = true;
    json_object_foreach(value, key, element) {
        at.index++;
        const tm_twin_field of = {.name = field->name, .kind = TM_FIELD_MESSAGE, .message = field->message};
        read_value(flaws, element, &of, &at);
    }
}

static void read_list(GPtrArray **flaws, json_t *value, const tm_twin_field *field, const place *up)
{
    place at = {.up = up, .name = field->name};
    size_t i;
    json_t *element;
    json_array_foreach(value, i, element) {
        at.index = (int)i;
        read_value(flaws, element, field, &at);
    }
}

static void read_field(GPtrArray **flaws, json_t *object, const char *key, json_t *value,
                       const tm_twin_field *field, const place *up)
{
    if (field->repeated && !json_is_array(value)) { /* the service takes one value for a list of one */
        value = json_pack("[O]", value);
        json_object_set_new(object, field->name, value);
        if (strcmp(key, field->name) != 0)
            json_object_del(object, key);
    } else if (strcmp(key, field->name) != 0) {
        json_object_set(object, field->name, value);
        json_object_del(object, key);
    }
    const place at = {.up = up, .name = field->name, .index = -1};
    if (field->repeated)
        read_list(flaws, value, field, up);
    else if (json_is_array(value) && field->kind != TM_FIELD_ANY)
        flaw_name(flaws, up, key, "Proto field is not repeating, cannot start list.");
    else if (field->kind == TM_FIELD_MAP)
        read_map(flaws, value, field, up);
    else
        read_value(flaws, value, field, &at);
}

static void read_message(GPtrArray **flaws, json_t *object, const tm_twin_message *message, const place *at)
{
    const char *key;
    void *next;
    json_t *value;
    json_object_foreach_safe(object, next, key, value)
    {
        const tm_twin_field *field = find_field(message, key);
        if (!field) {
            flaw_name(flaws, at, key, "Cannot find field.");
        } else if (json_is_null(value)) {
            json_object_del(object, key);
        } else if (strcmp(key, field->name) == 0) {
            read_field(flaws, object, field->name, value, field, at);
        } else {
            g_autofree char *name = g_strdup(key); /* the key goes when the member is renamed */
            read_field(flaws, object, name, value, field, at);
        }
    }
}

GPtrArray *tm_twin_read(json_t *body, const tm_twin_message *message)
{
    GPtrArray *flaws = NULL;
    const place top = {.index = -1};
    if (json_is_object(body))
        read_message(&flaws, body, message, &top);
    else
        add_flaw(
            &flaws, "",
            g_strdup("Invalid JSON payload received. Unknown name \"\": Root element must be a message."));
    return flaws;
}

double tm_twin_number(const json_t *message, const char *name, double fallback)
{
    const json_t *value = json_object_get(message, name);
    if (json_is_number(value))
        return json_number_value(value);
    return json_is_string(value) ? g_ascii_strtod(json_string_value(value), NULL) : fallback;
}
