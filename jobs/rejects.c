/* rejects.c - the file of rows that could not be used. */
#include "jobs/rejects.h"
#include "core/error.h"
#include "core/json.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct tm_rejects {
    char *path, *temp;
    FILE *file;
    int failed; /* errno of the first failure */
    GString *line;
};

tm_rejects *tm_rejects_new(const char *path)
{
    tm_rejects *rejects = g_new0(tm_rejects, 1);
    rejects->path = g_strdup(path);
    rejects->line = g_string_new(NULL);
    return rejects;
}

/* Beside the file it becomes, so that the rename stays on one disk. */
static void open_file(tm_rejects *rejects)
{
    rejects->temp = g_strconcat(rejects->path, ".XXXXXX", NULL);
    int fd = g_mkstemp_full(rejects->temp, O_WRONLY | O_CLOEXEC, 0600);
    rejects->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!rejects->file)
        rejects->failed = errno;
}

void tm_rejects_add(tm_rejects *rejects, const tm_row *row, const char *why)
{
    if (!rejects->path || rejects->failed)
        return;
    if (!rejects->file)
        open_file(rejects);
    if (!rejects->file)
        return;
    GString *line = rejects->line;
    g_string_printf(line, "{\"line\":%" G_GINT64_FORMAT ",\"row\":%" G_GINT64_FORMAT ",\"why\":", row->line,
                    row->number);
    tm_json_write_string(line, why, strlen(why));
    g_string_append(line, ",\"raw\":");
    tm_json_write_string(line, row->raw ? row->raw : "", row->raw_length);
    g_string_append(line, "}\n");
    if (fwrite(line->str, 1, line->len, rejects->file) != line->len)
        rejects->failed = errno;
}

gboolean tm_rejects_end(tm_rejects *rejects, GError **error)
{
    if (rejects->file) {
        if ((fflush(rejects->file) != 0 || fsync(fileno(rejects->file)) != 0) && !rejects->failed)
            rejects->failed = errno;
        if (fclose(rejects->file) != 0 && !rejects->failed)
            rejects->failed = errno;
        if (!rejects->failed && rename(rejects->temp, rejects->path) != 0)
            rejects->failed = errno;
        if (rejects->failed)
            unlink(rejects->temp);
    }
    gboolean good = !rejects->failed || tm_fail(error, TM_ERROR_IO, "%s can't be written: %s", rejects->path,
                                                g_strerror(rejects->failed));
    g_string_free(rejects->line, TRUE);
    g_free(rejects->path);
    g_free(rejects->temp);
    g_free(rejects);
    return good;
}
