/* fuzz_jsonl.c - JSON rows in each layout: rows in the order of their lines, either bad or an object. */
#include "core/jsonl.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    int fd = memfd_create("fuzz", 0);
    if (fd < 0 || write(fd, data + 1, size - 1) < 0)
        abort();
    lseek(fd, 0, SEEK_SET);
    char path[64];
    g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    g_autoptr(tm_input) input = tm_input_open(path, NULL, NULL);
    if (input) {
        tm_json_layout layout = (tm_json_layout)(data[0] % 4);
        if (layout > TM_JSON_STREAM)
            layout = tm_jsonl_layout((const char *)data + 1, size - 1);
        tm_jsonl *jsonl = tm_jsonl_new(input, layout);
        tm_row row;
        int64_t line = 0;
        while (tm_jsonl_next(jsonl, &row, NULL) == TM_NEXT_ROW) {
            if (row.line < line || !row.bad == !row.object || (row.object && !json_is_object(row.object)))
                abort();
            line = row.line;
        }
        tm_jsonl_free(jsonl);
    }
    close(fd);
    return 0;
}
