/* print_rows.c - what the data readers make of files, for rows.py to compare with other readers'. Each line
 * of standard input is {"path", "format", "delimiter", "no_header", "encoding", "chunk"} (all but the path
 * may be absent); each line of standard output {"columns", "rows": [{"line", "cells"|"object"|"bad", "raw"}],
 * "error"}. With `chunk` the file comes in pieces of so many bytes, as through a pipe. */
#include "core/dataset.h"
#include "core/json.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child sends the file in packets: each read gets one of them. Its end becomes our standard input. */
static pid_t feed(const char *path, size_t chunk)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0)
        g_error("no sockets");
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        g_autofree char *bytes = NULL;
        gsize n = 0;
        g_file_get_contents(path, &bytes, &n, NULL);
        for (gsize at = 0; at < n; at += chunk)
            if (send(ends[1], bytes + at, MIN(chunk, n - at), MSG_NOSIGNAL) < 0)
                break;
        _exit(0);
    }
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    return child;
}

static void print_row(const tm_dataset *dataset, const tm_row *row, GString *out)
{
    g_string_append_printf(out, "{\"line\":%" G_GINT64_FORMAT, row->line);
    if (row->bad) {
        g_string_append(out, ",\"bad\":");
        tm_json_write_string(out, row->bad, strlen(row->bad));
        g_string_append(out, ",\"raw\":");
        tm_json_write_string(out, row->raw, row->raw_length);
    } else if (row->object) {
        g_string_append(out, ",\"object\":");
        tm_row_write_json(dataset, row, out);
    } else {
        g_string_append(out, ",\"cells\":[");
        for (size_t i = 0; i < row->n_cells; i++) {
            if (i)
                g_string_append_c(out, ',');
            tm_json_write_string(out, row->cells[i].text, row->cells[i].length);
        }
        g_string_append_c(out, ']');
    }
    g_string_append_c(out, '}');
}

static void print_file(const char *path, const tm_dataset_options *options, GString *out)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_dataset) dataset = tm_dataset_open(path, options, &error);
    char **columns = dataset ? tm_dataset_columns(dataset) : NULL;
    g_string_append(out, "{\"columns\":[");
    for (size_t i = 0; columns && columns[i]; i++) {
        if (i)
            g_string_append_c(out, ',');
        tm_json_write_string(out, columns[i], strlen(columns[i]));
    }
    g_string_append(out, "],\"rows\":[");
    tm_row row;
    for (bool first = true; dataset && tm_dataset_next(dataset, &row, &error) == TM_NEXT_ROW; first = false) {
        if (!first)
            g_string_append_c(out, ',');
        print_row(dataset, &row, out);
    }
    g_string_append(out, "],\"error\":");
    if (error)
        tm_json_write_string(out, error->message, strlen(error->message));
    else
        g_string_append(out, "null");
    g_string_append(out, "}\n");
}

static void answer(const char *line, GString *out)
{
    g_autoptr(json_t) ask = tm_json_parse(line, strlen(line), NULL);
    const char *path = tm_json_string(ask, "path", "");
    const char *delimiter = tm_json_string(ask, "delimiter", "");
    size_t chunk = (size_t)tm_json_integer(ask, "chunk", 0);
    tm_dataset_options options = {
        .format = tm_json_string(ask, "format", NULL),
        .delimiter = (guchar)*delimiter,
        .no_header = tm_json_bool(ask, "no_header", false),
        .encoding = tm_json_string(ask, "encoding", NULL),
    };
    pid_t child = chunk ? feed(path, chunk) : -1;
    print_file(chunk ? "-" : path, &options, out);
    if (child > 0) {
        int nothing = open("/dev/null", O_RDONLY);
        dup2(nothing, STDIN_FILENO); /* the child ends when nobody reads */
        close(nothing);
        waitpid(child, NULL, 0);
    }
}

int main(void)
{
    /* standard input becomes a file's with `chunk` */
    FILE *asks = fdopen(dup(STDIN_FILENO), "r");
    char *line = NULL;
    size_t capacity = 0;
    GString *out = g_string_new(NULL);
    while (getline(&line, &capacity, asks) > 0) {
        g_string_truncate(out, 0);
        answer(line, out);
        fwrite(out->str, 1, out->len, stdout);
        fflush(stdout);
    }
    return 0;
}
