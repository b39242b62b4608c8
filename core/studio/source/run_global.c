/* run_global.c - functions that the languages, React and the SDKs bring */
#include "core/json.h"
#include "core/studio/source/run.h"
#include "core/studio/source/value_json.h"
#include <string.h>

static bool is_one(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

#define ONE(name, ...) is_one(name, (const char *const[]){__VA_ARGS__, NULL})

static bool is_any(const tm_value *unknown, const void *data)
{
    (void)data;
    return unknown != NULL;
}

/* JSON.stringify(x, null, 2), json.dumps(x, indent=2) of what is known. */
static tm_value *stringified(tm_run *run, tm_frame *frame, tm_value *value, tm_value *arguments,
                             tm_value *named, tm_code *call)
{
    bool known = !tm_value_any(value, is_any, NULL); /* a parameter's default is no constant */
    g_autoptr(json_t) json = known ? tm_value_to_json(value, NULL, NULL) : NULL;
    if (!json && value->kind == VALUE_OBJECT) { /* what it was before is kept: it may be a request's body */
        tm_value *made = tm_run_missing(run, frame, call);
        tm_value_add(made, tm_value_ref(value));
        return made;
    }
    if (!json)
        return NULL;
    tm_value *given =
        named && tm_value_get(named, "indent") ? tm_value_get(named, "indent") : tm_value_item(arguments, 2);
    g_autofree char *indent = tm_value_literal(given);
    if (!indent || *indent == '0') {
        g_autofree char *text = tm_json_text(json);
        return tm_value_text(text);
    }
    g_autoptr(GString) text = g_string_new(NULL);
    tm_json_write_indented(
        text, json,
        (int)MIN(g_ascii_isdigit(*indent) ? g_ascii_strtoull(indent, NULL, 10) : strlen(indent), 10));
    return tm_value_text(text->str);
}

/* Object.entries of what is known, and of what is not. */
static tm_value *parts_of(tm_run *run, tm_value *object, const char *which, tm_code *call)
{
    bool keys = strcmp(which, "keys") == 0, values = strcmp(which, "values") == 0;
    if (object->kind == VALUE_UNKNOWN) {
        if (!values && keys)
            return NULL;
        g_autoptr(tm_value) item = tm_run_item(run, object, "item", call);
        if (values)
            return tm_value_list(VALUE_MAPPED, object, item, item);
        g_autofree char *key = g_strconcat(item->key, "@key", NULL);
        g_autoptr(tm_value) name = tm_value_unknown(key, "key", "key", call),
                            pair = tm_value_new(VALUE_ARRAY);
        name->of = item->of;
        name->path = g_strdup("@key");
        tm_value_add(pair, tm_value_ref(name));
        tm_value_add(pair, tm_value_ref(item));
        return tm_value_list(VALUE_MAPPED, object, item, pair);
    }
    if (object->kind != VALUE_OBJECT)
        return NULL;
    tm_value *made = tm_value_new(VALUE_ARRAY);
    for (guint i = 0; object->keys && i < object->keys->len; i++) {
        tm_value *key = tm_value_text(g_ptr_array_index(object->keys, i)),
                 *item = tm_value_ref(tm_value_item(object, i)), *pair;
        if (keys || values) {
            tm_value_add(made, keys ? key : item);
            tm_value_unref(keys ? item : key);
            continue;
        }
        pair = tm_value_new(VALUE_ARRAY);
        tm_value_add(pair, key);
        tm_value_add(pair, item);
        tm_value_add(made, pair);
    }
    return made;
}

/* A part or a content that an SDK's helper makes. */
static tm_value *sdk_part(const char *last, tm_value *arguments, tm_value *named)
{
    tm_value *first = tm_value_item(arguments, 0);
    tm_value *text = tm_value_get(named, "text"), *data = tm_value_get(named, "data"),
             *mime = tm_value_get(named, "mime_type");
    tm_value *made = tm_value_new(VALUE_OBJECT), *inner;
    if (ONE(last, "from_text", "createPartFromText")) {
        tm_value_set(made, "text", tm_value_ref(text ? text : first));
    } else if (ONE(last, "from_bytes", "createPartFromBase64")) {
        inner = tm_value_new(VALUE_OBJECT);
        tm_value_set(inner, "data", tm_value_ref(data ? data : first));
        tm_value_set(inner, "mimeType", tm_value_ref(mime ? mime : tm_value_item(arguments, 1)));
        tm_value_set(made, "inlineData", inner);
    } else if (ONE(last, "from_uri", "createPartFromUri")) {
        tm_value *uri =
            tm_value_get(named, "file_uri") ? tm_value_get(named, "file_uri") : tm_value_get(named, "uri");
        inner = tm_value_new(VALUE_OBJECT);
        tm_value_set(inner, "fileUri", tm_value_ref(uri ? uri : first));
        tm_value_set(inner, "mimeType", tm_value_ref(mime ? mime : tm_value_item(arguments, 1)));
        tm_value_set(made, "fileData", inner);
    } else if (ONE(last, "createUserContent", "createModelContent", "UserContent", "ModelContent")) {
        tm_value_set(made, "role", tm_value_text(strstr(last, "Model") ? "model" : "user"));
        tm_value *parts = first ? tm_value_ref(first) : tm_value_ref(tm_value_get(named, "parts"));
        tm_value_set(made, "parts", parts);
    } else {
        tm_value_unref(made);
        return NULL;
    }
    return made;
}

/* What stands for itself around its first argument. */
static tm_value *passed(tm_run *run, tm_frame *frame, const char *name, const char *last, tm_value *arguments,
                        tm_code *call)
{
    tm_value *first = tm_value_item(arguments, 0);
    if (!first)
        return NULL;
    if (ONE(name, "String", "str") || strcmp(last, "cleandoc") == 0)
        return tm_run_text(run, frame, first, call);
    if (ONE(name, "useCallback", "React.useCallback", "memo", "React.memo", "Array.from", "list", "tuple",
            "Promise.resolve", "Object.freeze", "structuredClone", "forwardRef", "Promise.all", "cache",
            "useRef", "React.useRef", "zodToJsonSchema", "asyncio.to_thread"))
        return tm_value_ref(first);
    if (ONE(name, "useState", "React.useState") &&
        (((first->kind == VALUE_TEXT || first->kind == VALUE_NUMBER) && *first->text) ||
         (first->kind == VALUE_OBJECT && first->items))) {
        tm_value *made = tm_value_new(VALUE_ARRAY), *state = tm_run_missing(run, frame, call);
        state->given = tm_value_ref(first);
        tm_value_add(made, state);
        return made;
    }
    if (ONE(name, "useMemo", "React.useMemo") && first->kind == VALUE_FUNCTION)
        return tm_run_call(run, first, NULL, NULL, call);
    if (strcmp(last, "dedent") == 0)
        return tm_run_method(run, frame, first, call->source->python ? "textwrap.dedent" : "dedent", first,
                             call);
    return NULL;
}

static tm_value *enumerated(tm_run *run, tm_value *list, tm_code *call)
{
    tm_value *pair = NULL, *made = NULL;
    if (list->kind == VALUE_UNKNOWN) {
        g_autoptr(tm_value) item = tm_run_item(run, list, "item", call);
        g_autofree char *key = g_strconcat(item->key, "@", NULL);
        tm_value *index = tm_value_unknown(key, "index", "index", call);
        bool from_zero = call->n <= 2;
        index->of = item->of;
        index->path = from_zero ? g_strdup("@index") : NULL;
        pair = tm_value_new(VALUE_ARRAY);
        tm_value_add(pair, index);
        tm_value_add(pair, tm_value_ref(item));
        made = tm_value_list(VALUE_MAPPED, list, item, pair);
        tm_value_unref(pair);
    } else if (list->kind == VALUE_ARRAY) {
        made = tm_value_new(VALUE_ARRAY);
        for (guint i = 0; list->items && i < list->items->len; i++) {
            g_autofree char *number = g_strdup_printf("%u", i + (call->n > 2 ? 1 : 0));
            pair = tm_value_new(VALUE_ARRAY);
            tm_value_add(pair, tm_value_number(number));
            tm_value_add(pair, tm_value_ref(tm_value_item(list, i)));
            tm_value_add(made, pair);
        }
    }
    return made;
}

static tm_value *model_or_chat(const char *last, tm_value *arguments, tm_value *named, tm_code *call)
{
    tm_value *first = tm_value_item(arguments, 0), *settings;
    if (strcmp(last, "getGenerativeModel") == 0 && first)
        return tm_value_remote("model", first, call);
    if (strcmp(last, "GenerativeModel") != 0)
        return NULL;
    settings = named && named->keys                   ? tm_value_copy(named)
               : first && first->kind == VALUE_OBJECT ? tm_value_copy(first)
                                                      : tm_value_new(VALUE_OBJECT);
    if (first && first->kind != VALUE_OBJECT)
        tm_value_set(settings, "model", tm_value_ref(first));
    if (!tm_value_get(settings, "model") && tm_value_get(settings, "model_name"))
        tm_value_set(settings, "model", tm_value_ref(tm_value_get(settings, "model_name")));
    tm_value *made = tm_value_remote("model", settings, call);
    tm_value_unref(settings);
    return made;
}

tm_value *tm_run_global(tm_run *run, tm_frame *frame, const char *name, tm_value *arguments, tm_value *named,
                        tm_code *call)
{
    tm_value *first = tm_value_item(arguments, 0);
    const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;
    if (g_str_has_prefix(name, "z."))
        return tm_run_zod(name + 2, arguments);
    if (strcmp(name, "zodResponseFormat") == 0 && first) { /* OpenAI's */
        tm_value *format = tm_value_new(VALUE_OBJECT), *json = tm_value_new(VALUE_OBJECT);
        tm_value_set(json, "schema", tm_value_ref(first));
        tm_value_set(format, "json_schema", json);
        return format;
    }
    tm_value *made = passed(run, frame, name, last, arguments, call);
    if (!made)
        made = model_or_chat(last, arguments, named, call);
    if (!made)
        made = sdk_part(last, arguments, named);
    if (made)
        return made;
    if (ONE(name, "JSON.stringify", "json.dumps") && first)
        return stringified(run, frame, first, arguments, named, call);
    if (g_str_has_prefix(name, "Object.") && ONE(last, "keys", "values", "entries") && first)
        return parts_of(run, first, last, call);
    if (strcmp(name, "Array.isArray") == 0 && first) {
        bool list = first->kind == VALUE_ARRAY || first->kind == VALUE_MAPPED;
        bool known = list || first->kind == VALUE_OBJECT || first->kind <= VALUE_JOIN;
        return known ? tm_value_bool(list) : NULL;
    }
    if (strcmp(name, "enumerate") == 0 && first)
        return enumerated(run, first, call);
    if (ONE(name, "os.environ.get", "os.getenv", "environ.get", "getenv"))
        return tm_value_item(arguments, 1) ? tm_value_ref(tm_value_item(arguments, 1)) : NULL;
    if (ONE(name, "len") && first && (first->kind == VALUE_ARRAY || first->kind == VALUE_TEXT))
        return tm_run_member(run, frame, first, "length", call);
    if (ONE(name, "dict"))
        return tm_value_ref(named);
    /* types.GenerateContentConfig(temperature=0): an object of its keywords; z.object({...}) is read by the
     * schemas. */
    if (named && named->keys && !arguments->items && g_ascii_isupper(*last))
        return tm_value_ref(named);
    return NULL;
}
