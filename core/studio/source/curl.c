/* curl.c - shell scripts and snippets that call a model by curl */
#include "core/studio/source/curl.h"
#include "core/json.h"
#include <string.h>

typedef struct {
    char *file; /* it is written to; NULL: it stands behind its command */
    char *text;
    const char *at; /* where its << stands */
    bool expands;
} heredoc;

typedef struct {
    GHashTable *variables;
    GArray *heredocs;
    GArray *found;
    const char *text;
} script;

bool tm_curl_is(const char *text)
{
    const char *at = strstr(text, "curl ");
    return at && (strstr(text, "generateContent") || strstr(text, "GenerateContent") ||
                  strstr(text, "/chat/completions") || strstr(text, "generativelanguage"));
}

static int line_of(const char *text, const char *at)
{
    int line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

static void clear_heredoc(gpointer data)
{
    heredoc *one = data;
    g_free(one->file);
    g_free(one->text);
}

static void clear_curl(gpointer data)
{
    tm_curl *one = data;
    tm_value_unref(one->body);
    tm_value_unref(one->address);
}

/* NAME="value" at the start of a line. */
static void read_variables(script *all)
{
    g_auto(GStrv) lines = g_strsplit(all->text, "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *at = *line + strspn(*line, " \t");
        if (g_str_has_prefix(at, "export "))
            at += 7;
        gsize n = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
        if (n == 0 || at[n] != '=')
            continue;
        g_autofree char *name = g_strndup(at, n), *value = g_strstrip(g_strdup(at + n + 1));
        gsize length = strlen(value);
        if (length > 1 && (*value == '"' || *value == '\'') && value[length - 1] == *value) {
            memmove(value, value + 1, length - 2);
            value[length - 2] = '\0';
        }
        if (!strchr(value, '$') && !strstr(name, "KEY") && !strstr(name, "TOKEN"))
            g_hash_table_insert(all->variables, g_steal_pointer(&name), g_steal_pointer(&value));
    }
}

static void read_heredocs(script *all)
{
    for (const char *at = all->text; (at = strstr(at, "<<")); at += 2) {
        if (at[2] == '<')
            continue;
        const char *word = at + 2 + (at[2] == '-');
        word += strspn(word, " \t");
        bool quoted = *word == '"' || *word == '\'';
        word += quoted;
        gsize n = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
        const char *line = strchr(word, '\n');
        if (n == 0 || !line)
            continue;
        heredoc one = {.at = at, .expands = !quoted};
        g_autofree char *end = g_strndup(word, n);
        const char *start = line + 1, *stop = start;
        for (; stop && *stop; stop = strchr(stop, '\n') ? strchr(stop, '\n') + 1 : NULL) {
            const char *here = stop + strspn(stop, " \t");
            if (strncmp(here, end, n) == 0 &&
                (here[n] == '\n' || here[n] == '\0' || here[n] == '\r' || here[n] == ')'))
                break;
        }
        const char *begin = at;
        while (begin > all->text && begin[-1] != '\n')
            begin--;
        g_autofree char *command = g_strndup(begin, (gsize)(line - begin));
        const char *file = strchr(command, '>');
        if (file) {
            file += strspn(file, "> \t\"'");
            one.file = g_strndup(file, strcspn(file, " \t\"';<"));
        }
        one.text = stop ? g_strndup(start, (gsize)(stop - start)) : g_strdup(start);
        g_array_append_val(all->heredocs, one);
    }
}

/* The next argument of a command, its quotes taken away; what the shell would put in stays as it is. NULL:
 * the command ends. (transfer full) */
static char *next_argument(const char **from, bool *expands)
{
    const char *at = *from;
    while (*at == ' ' || *at == '\t' || (*at == '\\' && (at[1] == '\n' || (at[1] == '\r' && at[2] == '\n'))))
        at += *at == '\\' ? (at[1] == '\r' ? 3 : 2) : 1;
    if (!*at || *at == '\n' || *at == ';' || *at == '|' || *at == '\r') {
        *from = at;
        return NULL;
    }
    GString *word = g_string_new(NULL);
    char quote = '\0';
    for (; *at; at++) {
        if (quote == '\'' ? *at == '\'' : quote == '"' && *at == '"') {
            quote = '\0';
        } else if (quote == '\'') {
            g_string_append_c(word, *at);
        } else if (*at == '\\' && at[1]) {
            at++;
            if (quote == '"' && !strchr("\"\\$`\n", *at))
                g_string_append_c(word, '\\');
            if (*at != '\n')
                g_string_append_c(word, *at);
        } else if (!quote && (*at == '\'' || *at == '"')) {
            quote = *at;
        } else if (!quote && g_ascii_isspace(*at)) {
            break;
        } else {
            *expands = *expands || *at == '$';
            g_string_append_c(word, *at);
        }
    }
    *from = at;
    return g_string_free(word, FALSE);
}

/* ${NAME} in a text: known, or what the row gives. */
static tm_value *expanded(const script *all, const char *text)
{
    tm_value *whole = tm_value_new(VALUE_JOIN);
    const char *at = text, *dollar;
    for (const char *from = at; (dollar = strchr(from, '$'));) {
        const char *name = dollar + 1 + (dollar[1] == '{');
        gsize n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
        if (n == 0 || g_ascii_isdigit(*name) || (dollar[1] == '{' && name[n] != '}')) {
            from = dollar + 1;
            continue;
        }
        g_autofree char *word = g_strndup(name, n), *written = g_strdup_printf("$%s", word);
        const char *known = g_hash_table_lookup(all->variables, word);
        tm_value_add(whole, tm_value_text_of(at, (gsize)(dollar - at)));
        tm_value_add(whole, known ? tm_value_text(known) : tm_value_unknown(written, word, written, NULL));
        at = from = name + n + (dollar[1] == '{');
    }
    tm_value_add(whole, tm_value_text(at));
    return whole;
}

static tm_value *value_of(const script *all, const json_t *json, bool expands)
{
    tm_value *made = NULL;
    const char *key;
    json_t *item;
    size_t i;
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        made = tm_value_new(VALUE_OBJECT);
        json_object_foreach((json_t *)json, key, item)
            tm_value_set(made, key, value_of(all, item, expands));
        return made;
    case JSON_ARRAY:
        made = tm_value_new(VALUE_ARRAY);
        json_array_foreach(json, i, item)
            tm_value_add(made, value_of(all, item, expands));
        return made;
    case JSON_STRING:
        return expands ? expanded(all, json_string_value(json)) : tm_value_text(json_string_value(json));
    case JSON_NULL:
        return tm_value_new(VALUE_NULL);
    case JSON_TRUE:
    case JSON_FALSE:
        return tm_value_bool(json_is_true(json));
    default: {
        g_autofree char *text = tm_json_text(json);
        return tm_value_number(text);
    }
    }
}

/* JSON as people write it: commas before a bracket that closes are let be. */
static tm_value *body_of(const script *all, const char *text, bool expands)
{
    g_autoptr(GString) strict = g_string_new(NULL);
    bool inside = false;
    for (const char *at = text; *at; at++) {
        if (*at == '"' && (at == text || at[-1] != '\\'))
            inside = !inside;
        if (!inside && *at == ',') {
            const char *next = at + 1 + strspn(at + 1, " \t\r\n");
            if (*next == '}' || *next == ']')
                continue;
        }
        g_string_append_c(strict, *at);
    }
    g_autoptr(json_t) json = tm_json_parse(strict->str, strict->len, NULL);
    return json_is_object(json) ? value_of(all, json, expands) : NULL;
}

static const heredoc *heredoc_for(const script *all, const char *from, const char *to, const char *file)
{
    for (guint i = 0; i < all->heredocs->len; i++) {
        const heredoc *one = &g_array_index(all->heredocs, heredoc, i);
        if (file ? g_strcmp0(one->file, file) == 0 : one->at >= from && one->at <= to)
            return one;
    }
    return NULL;
}

/* A command, `at` behind its "curl". The text behind it. */
static const char *read_command(script *all, const char *at)
{
    const char *start = at;
    g_autofree char *address = NULL, *data = NULL, *word = NULL;
    bool expands = false, next_is_data = false;
    while ((word = next_argument(&at, &expands))) {
        static const char *const flags[] = {"-d", "--data", "--data-raw", "--data-binary", "--json"};
        bool flag = false;
        for (gsize i = 0; i < G_N_ELEMENTS(flags); i++)
            flag = flag || strcmp(word, flags[i]) == 0;
        if (next_is_data) {
            g_free(data);
            data = g_strdup(word);
        } else if (!address && (strstr(word, "enerateContent") || strstr(word, "/chat/completions") ||
                                strstr(word, "generativelanguage"))) {
            address = g_strdup(word);
        }
        next_is_data = flag;
        g_clear_pointer(&word, g_free);
    }
    if (!address || !data)
        return at;
    const heredoc *here = *data == '@'
                              ? heredoc_for(all, start, at, strcmp(data, "@-") == 0 ? NULL : data + 1)
                          : strstr(data, "<<") ? heredoc_for(all, start, at, NULL)
                                               : NULL;
    tm_curl one = {.line = line_of(all->text, start),
                   .api =
                       strstr(address, "/chat/completions") ? "chat.completions.create" : "generateContent"};
    one.body = here ? body_of(all, here->text, here->expands) : body_of(all, data, expands);
    one.address = expanded(all, address);
    g_autoptr(GString) plain = g_string_new(NULL); /* the address as one text, where its model is known */
    for (guint i = 0; i < one.address->items->len; i++) {
        const tm_value *piece = tm_value_item(one.address, i);
        g_string_append(plain, piece->kind == VALUE_TEXT ? piece->text : "?");
    }
    tm_value_unref(one.address);
    one.address = tm_value_text(plain->str);
    g_array_append_val(all->found, one);
    return at;
}

GArray *tm_curl_find(const char *text)
{
    g_autoptr(GHashTable) variables = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GArray) heredocs = g_array_new(FALSE, FALSE, sizeof(heredoc));
    script all = {variables, heredocs, g_array_new(FALSE, FALSE, sizeof(tm_curl)), text};
    g_array_set_clear_func(heredocs, clear_heredoc);
    g_array_set_clear_func(all.found, clear_curl);
    read_variables(&all);
    read_heredocs(&all);
    for (const char *at = text; (at = strstr(at, "curl"));) {
        bool word = (at == text || !(g_ascii_isalnum(at[-1]) || strchr("_-./", at[-1]))) &&
                    (at[4] == ' ' || at[4] == '\t' || at[4] == '\\');
        at = word ? read_command(&all, at + 4) : at + 4;
    }
    return all.found;
}
