/* fuzz_archive.c - any bytes as an export: the walk ends, and every name stays inside */
#include "core/studio/archive.h"
#include "core/studio/import.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    tm_archive *archive = tm_archive_open(path, NULL);
    tm_entry entry;
    while (archive && tm_archive_next(archive, &entry, NULL) == TM_WALK_ENTRY) {
        if (*entry.name == '/' || g_str_has_prefix(entry.name, "../") || strstr(entry.name, "/../") ||
            g_str_has_suffix(entry.name, "/..") || !g_utf8_validate(entry.name, -1, NULL))
            abort();
    }
    tm_archive_close(archive);
    tm_import_free(tm_import_read(path, NULL, NULL));
    close(fd);
    return 0;
}
