/* catalog.c - what is known of services, models, limits and prices: reads core/catalog.yaml as compiled in.
 */
#include "core/catalog.h"

#include "catalog_yaml.h"
#include "core/json.h"
#include "core/yaml.h"
#include <string.h>

/* Read once, kept for the program's life. */
static json_t *catalogue(void)
{
    static json_t *tree;
    if (!tree) {
        g_autoptr(GError) error = NULL;
        tree = tm_yaml_parse((const char *)catalog_yaml, catalog_yaml_length, "core/catalog.yaml", 1, &error);
        if (!tree)
            g_error("%s", error->message); /* our own data: a bug that any test finds */
    }
    return tree;
}

static const json_t *section(const char *name)
{
    return json_object_get(catalogue(), name);
}

static tm_day_kind day_named(const char *name)
{
    if (strcmp(name, "pacific") == 0)
        return TM_DAY_PACIFIC;
    if (strcmp(name, "utc") == 0)
        return TM_DAY_UTC;
    return strcmp(name, "rolling") == 0 ? TM_DAY_ROLLING : TM_DAY_NONE;
}

/* The host of a URL of ours, with the port that it names. Lives as long as the program. */
static const char *host_named(const char *url)
{
    const char *start = url ? strstr(url, "://") : NULL;
    if (!start)
        return NULL;
    g_autofree char *host = g_strndup(start + 3, strcspn(start + 3, "/"));
    return g_intern_string(host);
}

static tm_header_style headers_named(const char *name)
{
    static const char *const names[] = {"none", "openai", "groq", "mistral", "openrouter", "cerebras", NULL};
    for (unsigned i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return (tm_header_style)i;
    return TM_HEADERS_NONE;
}

static tm_json_way json_named(const char *name)
{
    return strcmp(name, "schema") == 0   ? TM_JSON_SCHEMA
           : strcmp(name, "object") == 0 ? TM_JSON_OBJECT
                                         : TM_JSON_PROMPT;
}

/* All presets; the last one's name is NULL. */
static const tm_preset *presets(void)
{
    static tm_preset *all;
    if (all)
        return all;
    const json_t *list = section("presets");
    all = g_new0(tm_preset, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        all[i] = (tm_preset){
            .name = tm_json_string(entry, "name", NULL),
            .provider = tm_json_string(entry, "wire", NULL),
            .base_url = tm_json_string(entry, "base_url", NULL),
            .key_variable = tm_json_string(entry, "key", NULL),
            .host = host_named(tm_json_string(entry, "base_url", NULL)),
            .day = day_named(tm_json_string(entry, "day", "none")),
            .key_header = tm_json_string(entry, "key_header", NULL),
            .json = json_named(tm_json_string(entry, "json", "schema")),
            .cap = tm_json_string(entry, "cap", "max_tokens"),
            .headers = headers_named(tm_json_string(entry, "headers", "none")),
            .limits_of = tm_json_string(entry, "limits_of", NULL),
            .random_seed = tm_json_string(entry, "seed", NULL),
            .counts_used = strcmp(tm_json_string(entry, "tpm", "reserved"), "used") == 0,
            .lists_models_only = strcmp(tm_json_string(entry, "models", "pages"), "list") == 0,
            .lacks = tm_json_array(entry, "lacks"),
            .with_schema = tm_json_object(entry, "with_schema"),
            .note = tm_json_string(entry, "note", NULL),
        };
    }
    return all;
}

const tm_preset *tm_catalog_preset(const char *name)
{
    for (const tm_preset *preset = presets(); preset->name; preset++)
        if (strcmp(preset->name, name) == 0)
            return preset;
    return NULL;
}

const char *const *tm_catalog_presets(void)
{
    static const char **names;
    if (!names) {
        const tm_preset *all = presets();
        names = g_new0(const char *, json_array_size(section("presets")) + 1);
        for (size_t i = 0; all[i].name; i++)
            names[i] = all[i].name;
    }
    return names;
}

static const char **names_of(const json_t *list)
{
    const char **names = g_new0(const char *, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++)
        names[i] = json_string_value(json_array_get(list, i));
    return names;
}

const char *const *tm_catalog_models(const char *provider)
{
    static GHashTable *by_provider; /* name -> const char** */
    static const char *const none[] = {NULL};
    if (!by_provider) {
        by_provider = g_hash_table_new(g_str_hash, g_str_equal);
        const json_t *list = section("models");
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *entry = json_array_get(list, i);
            g_hash_table_insert(by_provider, (gpointer)tm_json_string(entry, "provider", ""),
                                names_of(tm_json_array(entry, "names")));
        }
    }
    const char *const *names = g_hash_table_lookup(by_provider, provider);
    return names ? names : none;
}

bool tm_model_matches(const char *glob, const char *model)
{
    return g_pattern_match_simple(glob, model);
}

const char *tm_catalog_wire_of(const char *model)
{
    static const char *const globs[][2] = {
        {"gemini-*", "gemini"},  {"gemma-*", "gemini"}, {"models/*", "gemini"}, {"gpt-*", "openai"},
        {"chatgpt-*", "openai"}, {"o1*", "openai"},     {"o3*", "openai"},      {"o4-*", "openai"},
    };
    for (size_t i = 0; model && i < G_N_ELEMENTS(globs); i++)
        if (tm_model_matches(globs[i][0], model))
            return globs[i][1];
    return NULL;
}

gboolean tm_catalog_model_thinks(const char *model)
{
    const json_t *list = section("models");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *globs = tm_json_array(json_array_get(list, i), "thinks");
        for (size_t k = 0; k < json_array_size(globs); k++)
            if (tm_model_matches(json_string_value(json_array_get(globs, k)), model))
                return TRUE;
    }
    return FALSE;
}

int64_t tm_catalog_date_ms(const char *text)
{
    int year, month, day;
    if (!text || sscanf(text, "%4d-%2d-%2d", &year, &month, &day) != 3)
        return 0;
    g_autoptr(GDateTime) at = g_date_time_new_utc(year, month, day, 0, 0, 0);
    return at ? g_date_time_to_unix(at) * 1000 : 0;
}

static void append_limit(GArray *limits, const json_t *entry, const char *member, tm_unit unit,
                         tm_window window)
{
    const json_t *value = json_object_get(entry, member);
    if (!json_is_integer(value))
        return;
    tm_limit limit = {
        .unit = unit,
        .window = window,
        .value = json_integer_value(value),
        .source = TM_SOURCE_CATALOGUE,
        .seen_ms = tm_catalog_date_ms(tm_json_string(entry, "as_of", NULL)),
    };
    g_array_append_val(limits, limit);
}

void tm_catalog_limits(const char *provider, const char *tier, const char *model, GArray *limits)
{
    const json_t *list = section("limits"), *newest = NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        if (strcmp(tm_json_string(entry, "provider", ""), provider) != 0 ||
            g_strcmp0(tm_json_string(entry, "tier", NULL), tier) != 0 ||
            !tm_model_matches(tm_json_string(entry, "model", ""), model))
            continue;
        if (!newest || strcmp(tm_json_string(entry, "as_of", ""), tm_json_string(newest, "as_of", "")) > 0)
            newest = entry;
    }
    if (!newest)
        return;
    append_limit(limits, newest, "rpm", TM_UNIT_REQUESTS, TM_WINDOW_MINUTE);
    append_limit(limits, newest, "tpm", TM_UNIT_INPUT_TOKENS, TM_WINDOW_MINUTE);
    append_limit(limits, newest, "rpd", TM_UNIT_REQUESTS, TM_WINDOW_DAY);
    append_limit(limits, newest, "tpd", TM_UNIT_INPUT_TOKENS, TM_WINDOW_DAY);
    append_limit(limits, newest, "ipm", TM_UNIT_IMAGES, TM_WINDOW_MINUTE);
}

const json_t *tm_catalog_prices(void)
{
    return section("prices");
}

static json_t *prices_given;

void tm_catalog_give_prices(json_t *list)
{
    json_decref(prices_given);
    prices_given = list;
}

const json_t *tm_catalog_prices_given(void)
{
    return prices_given;
}

const char *tm_catalog_host(const char *host)
{
    for (const tm_preset *preset = presets(); host && preset->name; preset++) {
        g_autoptr(GUri) uri = preset->base_url ? g_uri_parse(preset->base_url, G_URI_FLAGS_NONE, NULL) : NULL;
        if (uri && g_ascii_strcasecmp(g_uri_get_host(uri), host) == 0)
            return preset->name;
    }
    return NULL;
}
