/* value_json.c - a value as JSON, where all of it is known */
#include "core/studio/source/value_json.h"
#include "core/json.h"
#include <string.h>

static json_t *convert(const tm_value *value, const char *key, tm_value_missed missed, void *data, int depth);

static json_t *number(const char *text)
{
    g_autoptr(GString) plain = g_string_new(text);
    g_string_replace(plain, "_", "", 0);
    json_t *json = tm_json_parse(plain->str, plain->len, NULL);
    if (json && json_is_number(json))
        return json;
    json_decref(json);
    return json_real(g_ascii_strtod(plain->str, NULL));
}

static json_t *object(const tm_value *value, tm_value_missed missed, void *data, int depth)
{
    json_t *made = json_object();
    for (guint i = 0; value->keys && i < value->keys->len; i++) {
        const char *key = g_ptr_array_index(value->keys, i);
        const tm_value *item = tm_value_item(value, i);
        if (item->kind == VALUE_UNDEFINED || item->kind == VALUE_FUNCTION || *key == '~')
            continue;
        json_t *json = strcmp(key, "...") == 0 ? NULL : convert(item, key, missed, data, depth + 1);
        if (json)
            json_object_set_new(made, key, json);
        else if (missed)
            missed(key, item, data);
        else
            goto unknown;
    }
    return made;
unknown:
    json_decref(made);
    return NULL;
}

static json_t *array(const tm_value *value, const char *key, tm_value_missed missed, void *data, int depth)
{
    json_t *made = json_array();
    for (guint i = 0; value->items && i < value->items->len; i++) {
        json_t *json = convert(tm_value_item(value, i), key, missed, data, depth + 1);
        if (json) {
            json_array_append_new(made, json);
        } else if (missed) {
            missed(key, tm_value_item(value, i), data);
        } else {
            json_decref(made);
            return NULL;
        }
    }
    return made;
}

/* Members of the SDKs' own enums, however the app came by them: (await import("...")).Type.OBJECT. */
static bool is_enum(const char *written)
{
    static const char *const enums[] = {"Type",     "SchemaType",    "HarmCategory",   "HarmBlockThreshold",
                                        "Modality", "ThinkingLevel", "MediaResolution"};
    const char *dot = written ? strrchr(written, '.') : NULL;
    if (!dot || !g_ascii_isupper(dot[1]) ||
        dot[1 + strspn(dot + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")] != '\0')
        return false;
    for (gsize i = 0; i < G_N_ELEMENTS(enums); i++) {
        gsize n = strlen(enums[i]);
        if ((gsize)(dot - written) >= n && strncmp(dot - n, enums[i], n) == 0 &&
            (dot - n == written || dot[-(gssize)n - 1] == '.'))
            return true;
    }
    return false;
}

static json_t *convert(const tm_value *value, const char *key, tm_value_missed missed, void *data, int depth)
{
    if (depth > 60)
        return NULL;
    switch (value->kind) {
    case VALUE_NULL:
        return json_null();
    case VALUE_BOOL:
        return json_boolean(value->yes);
    case VALUE_NUMBER:
        return number(value->text);
    case VALUE_TEXT:
    case VALUE_JOIN: {
        g_autofree char *text = tm_value_literal(value);
        return text ? json_string(text) : NULL;
    }
    case VALUE_OBJECT:
        return object(value, missed, data, depth);
    case VALUE_ARRAY:
        return array(value, key, missed, data, depth);
    case VALUE_UNKNOWN:
        if (is_enum(value->written))
            return json_string(strrchr(value->written, '.') + 1);
        return value->given ? convert(value->given, key, missed, data, depth + 1) : NULL;
    case VALUE_SDK: {
        const char *dot = strrchr(value->text, '.');
        return dot && *value->text != '/' ? json_string(dot + 1) : NULL;
    }
    case VALUE_CHOICE: {
        /* Which of them is taken depends on the row or the app: the plain one, the last. */
        json_t *no = convert(tm_value_item(value, 2), key, missed, data, depth + 1);
        return no ? no : convert(tm_value_item(value, 1), key, missed, data, depth + 1);
    }
    default:
        return NULL;
    }
}

json_t *tm_value_to_json(const tm_value *value, tm_value_missed missed, void *data)
{
    return value ? convert(value, "", missed, data, 0) : NULL;
}
