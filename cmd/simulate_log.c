/* simulate_log.c - writes the twin's arrivals, a line of JSON each. */
#include "cmd/simulate_log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/error.h"
#include "core/json.h"

FILE *tm_simulate_log_open(const char *path, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600); /* it holds pieces of prompts */
    FILE *file = fd < 0 ? NULL : fdopen(fd, "a");
    if (!file) {
        tm_fail(error, TM_ERROR_IO, "--log %s: %s", path, g_strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    setvbuf(file, NULL, _IOLBF, 65536);
    return file;
}

void tm_simulate_log_write(const json_t *line, void *file)
{
    g_autoptr(GString) text = g_string_new(NULL);
    tm_json_write(text, line);
    g_string_append_c(text, '\n');
    fwrite(text->str, 1, text->len, file);
}
