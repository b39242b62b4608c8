/* fuzz_json.c - the quick JSON reader against jansson: what it takes, jansson takes, and it is the same. */
#include "tests/unit/json_twice.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!json_reads_alike((const char *)data, size))
        abort();
    return 0;
}
