/* results_json.c - a row of the results as a line of JSON. What is stored as JSON text is passed through. */
#include "core/answer.h"
#include "core/json.h"
#include "core/utf8.h"
#include "jobs/results_row.h"
#include <string.h>

static void write_number(GString *out, const char *name, int64_t number)
{
    char digits[24];
    char *p = digits + sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do
        *--p = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (number < 0)
        *--p = '-';
    g_string_append(out, name);
    g_string_append_len(out, p, digits + sizeof digits - p);
}

/* A count of tokens; -1: the service did not tell it, which it does of those that are none. */
static void write_count(GString *out, const char *name, int64_t count)
{
    write_number(out, name, MAX(count, 0));
}

static void write_text(GString *out, const char *name, const char *text)
{
    g_string_append(out, name);
    if (text)
        tm_json_write_string(out, text, strlen(text));
    else
        g_string_append(out, "null");
}

/* JSON text that was checked when it came, without the blanks between its tokens: parsing it once more would
 * take most of the time of writing results. False: it has a fence, or is to be mended; parse it. */
static bool write_compact(GString *out, const char *text, size_t length)
{
    if (length == 0 || memchr(text, '`', MIN(length, 16)) || !tm_utf8_valid(text, length))
        return false;
    size_t before = out->len;
    tm_json_write_compact(out, text, length);
    return out->len > before;
}

/* Images that were written to files; without a folder for them they stay inline. */
static void write_media(GString *out, const tm_result *result)
{
    if (result->files && result->files[0]) {
        for (char **file = result->files; *file; file++)
            write_text(out, file == result->files ? ",\"files\":[" : ",", *file);
        g_string_append_c(out, ']');
    } else if (result->stored->parts) {
        g_string_append_printf(out, ",\"parts\":%s", result->stored->parts);
    }
}

const char *tm_result_label(const tm_result *result)
{
    const tm_stored *stored = result->stored;
    bool asked = result->labels && stored && stored->class == TM_CLASS_OK && stored->output;
    return asked ? tm_labels_match(result->labels, stored->output, stored->output_length) : NULL;
}

static void write_output(GString *out, const tm_result *result, bool json_output)
{
    const tm_stored *stored = result->stored;
    const char *label = tm_result_label(result);
    g_string_append(out, ",\"output\":");
    if (label) {
        tm_json_write_string(out, label, strlen(label));
        if (strlen(label) != stored->output_length ||
            memcmp(label, stored->output, stored->output_length) != 0) {
            g_string_append(out, ",\"output_raw\":");
            tm_json_write_string(out, stored->output, stored->output_length);
        }
        write_media(out, result);
        return;
    }
    if (json_output && result->checked && stored->class == TM_CLASS_OK && stored->output &&
        write_compact(out, stored->output, stored->output_length)) {
        write_media(out, result);
        return;
    }
    g_autoptr(json_t) json =
        json_output && stored->output ? tm_answer_json(stored->output, stored->output_length) : NULL;
    if (json)
        tm_json_write(out, json);
    else if (stored->output && (stored->output_length > 0 || !result->files || !result->files[0]))
        tm_json_write_string(out, stored->output, stored->output_length);
    else
        write_text(out, "", result->files ? result->files[0] : NULL);
    write_media(out, result);
}

static void write_answer(GString *out, const tm_result *result, bool json_output)
{
    const tm_stored *stored = result->stored;
    write_output(out, result, json_output);
    write_text(out, ",\"model\":", stored->model);
    write_text(out, ",\"account\":", stored->account);
    write_number(out, ",\"revision\":", stored->revision);
    write_count(out, ",\"usage\":{\"input\":", stored->usage.input);
    write_count(out, ",\"cached\":", stored->usage.cached);
    write_count(out, ",\"output\":", stored->usage.output);
    write_count(out, ",\"thinking\":", stored->usage.thinking);
    write_text(out, "},\"finish\":", stored->finish);
    write_number(out, ",\"attempts\":", stored->attempts);
    g_string_append(out, ",\"packed\":1"); /* rows in its request */
    if (stored->class == TM_CLASS_OK)
        return;
    write_text(out, ",\"error\":{\"class\":", tm_class_name(stored->class));
    write_number(out, ",\"http\":", stored->http);
    write_text(out, ",\"message\":", stored->message);
    g_string_append_c(out, '}');
}

void tm_result_write_json(const tm_result *result, bool json_output, GString *out)
{
    const tm_stored *stored = result->stored;
    write_number(out, "{\"row\":", result->number);
    if (result->key) {
        static const char digits[] = "0123456789abcdef";
        char hex[32];
        for (int i = 0; i < 16; i++) {
            hex[2 * i] = digits[result->key[i] >> 4];
            hex[2 * i + 1] = digits[result->key[i] & 15];
        }
        g_string_append(out, ",\"key\":\"");
        g_string_append_len(out, hex, sizeof hex);
        g_string_append_c(out, '"');
    }
    write_text(out, ",\"status\":", result->status);
    if (result->row && !result->row->bad) {
        g_string_append(out, ",\"input\":");
        tm_row_write_json(result->dataset, result->row, out);
    } else if (result->row) {
        g_string_append(out, ",\"raw\":");
        tm_json_write_string(out, result->row->raw, result->row->raw_length);
    } else if (stored && stored->body) {
        g_string_append(out, ",\"input\":");
        g_string_append_len(out, stored->body, (gssize)stored->body_length);
    }
    if (stored && stored->revision != 0)
        write_answer(out, result, json_output);
    else
        g_string_append(out, ",\"output\":null");
    if (result->why) {
        write_text(out, ",\"error\":{\"class\":\"rejected\",\"message\":", result->why);
        g_string_append_c(out, '}');
    }
    g_string_append(out, "}\n");
}
