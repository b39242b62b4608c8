/* jsonl.c - JSON rows. An extent (a line, or an element found by its brackets) is cut out of the bytes at
 * hand and then parsed. */
#include "core/jsonl.h"
#include "core/error.h"
#include "core/json.h"
#include "core/utf8.h"
#include <string.h>

#define MAX_DEPTH 2048 /* jansson's own: what is deeper is bad anyway */

struct tm_jsonl {
    tm_input *input;
    tm_json_layout layout;
    int64_t number, line; /* rows handed out; line of the next byte */
    size_t used;          /* bytes of the row handed out last: skipped with the next call */
    bool in_rest;         /* what comes first is the rest of a row that was too long */
    bool begun, done;     /* ARRAY: [ was read; ] was read */

    /* the element being scanned: how far, and inside of what */
    size_t at;
    char open[MAX_DEPTH];
    size_t depth;
    bool in_string, escaped;

    json_t *object;
    char *why;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

tm_json_layout tm_jsonl_layout(const char *bytes, size_t n)
{
    while (n > 0 && is_space(*bytes)) {
        bytes++;
        n--;
    }
    if (n > 0 && *bytes == '[')
        return TM_JSON_ARRAY;
    const char *lf = memchr(bytes, '\n', n);
    if (!lf)
        return TM_JSON_LINES;
    g_autoptr(json_t) first = tm_json_parse(bytes, (size_t)(lf - bytes), NULL);
    if (first)
        return TM_JSON_LINES;
    /* A pretty-printed object has only its beginning on the first line; a bad line of JSONL has an end, too.
     */
    while (lf > bytes && is_space(lf[-1]))
        lf--;
    return lf > bytes && memchr("{[,:", lf[-1], 4) ? TM_JSON_STREAM : TM_JSON_LINES;
}

tm_jsonl *tm_jsonl_new(tm_input *input, tm_json_layout layout)
{
    tm_jsonl *jsonl = g_new0(tm_jsonl, 1);
    jsonl->input = input;
    jsonl->layout = layout;
    jsonl->line = 1;
    return jsonl;
}

void tm_jsonl_free(tm_jsonl *jsonl)
{
    if (!jsonl)
        return;
    json_decref(jsonl->object);
    g_free(jsonl->why);
    g_free(jsonl);
}

static const char *kind_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_NULL:
        return "null";
    default:
        return "true or false";
    }
}

/* The parser's message counts lines and columns within the row. */
static char *parse_reason(const GError *parse_error)
{
    return g_strdup_printf("is not JSON: %s", parse_error ? parse_error->message : "it can't be read");
}

/* Fills the row from its text. */
static void fill_row(tm_jsonl *jsonl, const char *text, size_t length, tm_row *row)
{
    if (length > 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* files with BOMs, one behind the other */
        text += 3;
        length -= 3;
    }
    *row = (tm_row){.number = ++jsonl->number, .line = jsonl->line, .raw = text, .raw_length = length};
    if (length > TM_ROW_MAX) {
        row->raw_length = TM_ROW_KEPT;
        row->bad = "is longer than 16 MB";
        return;
    }
    g_clear_pointer(&jsonl->why, g_free);
    json_decref(jsonl->object);
    jsonl->object = NULL;
    if (!tm_utf8_valid(text, length)) {
        row->bad = tm_input_undecodable(jsonl->input);
        return;
    }
    g_autoptr(GError) parse_error = NULL;
    jsonl->object = tm_json_parse_row(text, length, &parse_error);
    if (!jsonl->object)
        row->bad = jsonl->why = parse_reason(parse_error);
    else if (!json_is_object(jsonl->object))
        row->bad = jsonl->why = g_strdup_printf("is %s, not an object", kind_of(jsonl->object));
    else
        row->object = jsonl->object;
}

static int64_t count_lines(const char *p, size_t n)
{
    int64_t lines = 0;
    const char *end = p + n;
    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        lines++;
        p++;
    }
    return lines;
}

/* Bytes before the row, gone at once. */
static void skip(tm_jsonl *jsonl, const char *p, size_t n)
{
    jsonl->line += count_lines(p, n);
    tm_input_skip(jsonl->input, n);
    jsonl->at = 0;
}

static size_t trimmed(const char *p, size_t n)
{
    while (n > 0 && is_space(p[n - 1]))
        n--;
    return n;
}

static void reset_scan(tm_jsonl *jsonl)
{
    jsonl->at = 0;
    jsonl->depth = 0;
    jsonl->in_string = jsonl->escaped = false;
}

/* Hands out a row of `length` bytes at p; `used` go with it. */
static void take(tm_jsonl *jsonl, const char *p, size_t length, size_t used, tm_row *row)
{
    fill_row(jsonl, p, trimmed(p, length), row);
    jsonl->line += count_lines(p, used);
    jsonl->used = used;
    reset_scan(jsonl);
}

/* What is at hand is too long for a row: it is bad, and its rest is skipped. */
static void take_too_long(tm_jsonl *jsonl, const char *p, size_t n, tm_row *row)
{
    *row = (tm_row){.number = ++jsonl->number, .line = jsonl->line, .raw = p, .raw_length = TM_ROW_KEPT};
    row->bad = "is longer than 16 MB";
    jsonl->line += count_lines(p, n);
    jsonl->used = n;
    jsonl->at = 0;
    jsonl->in_rest = true;
}

/* FOUND_SKIPPED: bytes were skipped, look again. */
typedef enum { FOUND_ROW, FOUND_SKIPPED, FOUND_MORE, FOUND_END, FOUND_ERROR } found;

/* ---- lines ---- */

static found next_line(tm_jsonl *jsonl, const char *p, size_t n, bool last, tm_row *row)
{
    const char *lf = memchr(p + jsonl->at, '\n', n - jsonl->at);
    if (!lf && !last) {
        jsonl->at = n;
        return FOUND_MORE;
    }
    size_t length = lf ? (size_t)(lf - p) : n, used = lf ? length + 1 : n;
    size_t blank = 0;
    while (blank < length && is_space(p[blank]))
        blank++;
    if (blank == length) {
        skip(jsonl, p, used);
        return FOUND_SKIPPED;
    }
    if (blank > 0) {
        skip(jsonl, p, blank);
        return FOUND_SKIPPED;
    }
    take(jsonl, p, length, used, row);
    return FOUND_ROW;
}

/* ---- elements ---- */

/* A closing bracket: closes what was left open inside of its own. False: it closes nothing of this element.
 */
static bool close_bracket(tm_jsonl *jsonl, char c)
{
    char opener = c == '}' ? '{' : '[';
    if (jsonl->depth > MAX_DEPTH) {
        jsonl->depth--;
        return true;
    }
    size_t depth = jsonl->depth;
    while (depth > 0 && jsonl->open[depth - 1] != opener)
        depth--;
    if (depth == 0)
        return false;
    jsonl->depth = depth - 1;
    return true;
}

static void open_bracket(tm_jsonl *jsonl, char c)
{
    if (jsonl->depth < MAX_DEPTH)
        jsonl->open[jsonl->depth] = c;
    jsonl->depth++;
}

static void step_in_string(tm_jsonl *jsonl, char c)
{
    if (jsonl->escaped)
        jsonl->escaped = false;
    else if (c == '\\')
        jsonl->escaped = true;
    else if (c == '"' || c == '\n') /* no string holds a raw line end: it was never closed */
        jsonl->in_string = false;
}

/* Scans on. True: the element's text ends before p[jsonl->at]. */
static bool scan_element(tm_jsonl *jsonl, const char *p, size_t n)
{
    bool array = jsonl->layout == TM_JSON_ARRAY;
    for (; jsonl->at < n; jsonl->at++) {
        char c = p[jsonl->at];
        if (jsonl->in_string) {
            step_in_string(jsonl, c);
        } else if (c == '"') {
            jsonl->in_string = true;
        } else if (c == '{' || c == '[') {
            open_bracket(jsonl, c);
        } else if (c == '}' || c == ']') {
            bool closed = close_bracket(jsonl, c);
            if (array && !closed && c == ']')
                return true;
            if (!array && jsonl->depth == 0) {
                jsonl->at++;
                return true;
            }
        } else if (jsonl->depth == 0 && (array ? c == ',' : c == '\n')) {
            return true;
        }
    }
    return false;
}

/* What stands between elements. FOUND_ROW: nothing more, an element begins. */
static found skip_between(tm_jsonl *jsonl, const char *p, size_t n, GError **error)
{
    bool array = jsonl->layout == TM_JSON_ARRAY;
    size_t i = 0;
    while (i < n && (is_space(p[i]) || (array && jsonl->begun && !jsonl->done && p[i] == ',')))
        i++;
    bool opens = array && !jsonl->begun && i < n && p[i] == '[';
    bool closes = array && jsonl->begun && !jsonl->done && i < n && p[i] == ']';
    if (opens || closes)
        i++;
    jsonl->begun |= opens;
    jsonl->done |= closes;
    if (i > 0) {
        skip(jsonl, p, i);
        return FOUND_SKIPPED;
    }
    if (array && n > 0 && (jsonl->done || !jsonl->begun)) {
        tm_fail(error, TM_ERROR_INPUT, "%s:%" G_GINT64_FORMAT ": %s", tm_input_name(jsonl->input),
                jsonl->line,
                jsonl->done ? "there is text after the end of the array; a row a line is called .jsonl"
                            : "a JSON array begins with [");
        return FOUND_ERROR;
    }
    return FOUND_ROW;
}

static found next_element(tm_jsonl *jsonl, const char *p, size_t n, bool last, tm_row *row, GError **error)
{
    if (jsonl->at == 0) {
        found between = skip_between(jsonl, p, n, error);
        if (between != FOUND_ROW)
            return between;
    }
    if (scan_element(jsonl, p, n)) {
        take(jsonl, p, jsonl->at, jsonl->at, row);
        return FOUND_ROW;
    }
    if (!last)
        return FOUND_MORE;
    take(jsonl, p, n, n, row); /* of an array that is cut short: the next call says so */
    return FOUND_ROW;
}

static found skip_rest(tm_jsonl *jsonl, const char *p, size_t n)
{
    if (jsonl->layout == TM_JSON_LINES) {
        const char *lf = memchr(p, '\n', n);
        jsonl->in_rest = !lf;
        skip(jsonl, p, lf ? (size_t)(lf - p) : n);
        return FOUND_SKIPPED;
    }
    jsonl->in_rest = !scan_element(jsonl, p, n);
    skip(jsonl, p, jsonl->at);
    if (!jsonl->in_rest)
        reset_scan(jsonl);
    return FOUND_SKIPPED;
}

static found at_end(const tm_jsonl *jsonl, GError **error)
{
    if (jsonl->layout != TM_JSON_ARRAY || !jsonl->begun || jsonl->done)
        return FOUND_END;
    tm_fail(error, TM_ERROR_INPUT,
            "%s:%" G_GINT64_FORMAT ": the file ends before its array does; it was cut short",
            tm_input_name(jsonl->input), jsonl->line);
    return FOUND_ERROR;
}

static found find_row(tm_jsonl *jsonl, tm_row *row, GError **error)
{
    size_t n;
    const char *p = tm_input_bytes(jsonl->input, &n);
    bool last = tm_input_ended(jsonl->input);
    if (n == 0)
        return last ? at_end(jsonl, error) : FOUND_MORE;
    if (jsonl->in_rest)
        return skip_rest(jsonl, p, n);
    found got = jsonl->layout == TM_JSON_LINES ? next_line(jsonl, p, n, last, row)
                                               : next_element(jsonl, p, n, last, row, error);
    if (got == FOUND_MORE && n > TM_ROW_MAX) {
        take_too_long(jsonl, p, n, row);
        return FOUND_ROW;
    }
    return got;
}

tm_next_row tm_jsonl_next(tm_jsonl *jsonl, tm_row *row, GError **error)
{
    tm_input_skip(jsonl->input, jsonl->used);
    jsonl->used = 0;
    for (;;) {
        switch (find_row(jsonl, row, error)) {
        case FOUND_ROW:
            return TM_NEXT_ROW;
        case FOUND_END:
            return TM_NEXT_END;
        case FOUND_ERROR:
            return TM_NEXT_ERROR;
        case FOUND_SKIPPED:
            break;
        case FOUND_MORE:
            if (tm_input_more(jsonl->input, error) == TM_MORE_ERROR)
                return TM_NEXT_ERROR;
        }
    }
}
