/* fuzz_jsonl.c - JSON rows in each layout: rows in the order of their lines, either bad or an object; and
 * whatever the pieces in which a file comes, the same rows. */
#include "core/json.h"
#include "core/jsonl.h"
#include "tests/fuzz/feed.h"
#include <string.h>

/* Appends what is read to `all`. */
static void read_all(tm_input *input, tm_json_layout layout, GString *all)
{
    g_autoptr(GError) error = NULL;
    tm_jsonl *jsonl = input ? tm_jsonl_new(input, layout) : NULL;
    tm_row row;
    int64_t line = 0;
    while (jsonl && tm_jsonl_next(jsonl, &row, &error) == TM_NEXT_ROW) {
        if (row.line < line || !row.bad == !row.object || (row.object && !json_is_object(row.object)))
            abort();
        line = row.line;
        g_string_append_printf(all, "\n%" G_GINT64_FORMAT "%s", line, row.bad ? row.bad : "");
        g_string_append_len(all, row.raw, (gssize)row.raw_length);
        if (row.object) {
            /* what is kept of the row reads as the row */
            g_autoptr(GString) kept = g_string_new(NULL);
            tm_json_write_compact(kept, row.raw, row.raw_length);
            g_autoptr(json_t) back = tm_json_parse_row(kept->str, kept->len, NULL);
            g_autofree char *one = tm_json_text(row.object), *other = tm_json_text(back);
            if (strcmp(one, other) != 0 || memchr(kept->str, '\n', kept->len))
                abort();
        }
    }
    if (error)
        g_string_append(all, error->message);
    tm_jsonl_free(jsonl);
    tm_input_close(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    tm_json_layout layout = (tm_json_layout)(data[0] % 4);
    if (layout > TM_JSON_STREAM)
        layout = tm_jsonl_layout((const char *)data + 1, size - 1);
    g_autoptr(GString) whole = g_string_new(NULL), pieces = g_string_new(NULL);
    read_all(feed_whole(data + 1, size - 1, NULL), layout, whole);
    read_all(feed_pieces(data + 1, size - 1, NULL), layout, pieces);
    if (!g_string_equal(whole, pieces))
        abort();
    return 0;
}
