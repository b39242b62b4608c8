/* csv_line.c - see csv_line.h */
#include "core/csv_line.h"
#include <string.h>

const char *tm_csv_line_end(const char *p, size_t n, bool last, const char **next)
{
    const char *end = memchr(p, '\n', n);
    const char *cr = memchr(p, '\r', end ? (size_t)(end - p) : n);
    if (cr)
        end = cr;
    if (!end)
        return *next = NULL;
    if (end + 1 == p + n && *end == '\r' && !last)
        return *next = NULL;
    *next = end + 1;
    if (*end == '\r' && *next < p + n && **next == '\n')
        ++*next;
    return end;
}

bool tm_csv_swallows_records(const char *p, size_t n, int delimiter, size_t n_columns)
{
    enum { SAMPLE = 50 };
    int lines = 0, alike = 0;
    const char *next, *end = p + n;
    const char *line = tm_csv_line_end(p, n, false, &next) ? next : end;
    for (; lines < SAMPLE && line < end; line = next) {
        const char *stop = tm_csv_line_end(line, (size_t)(end - line), false, &next);
        size_t cells = 1;
        if (!stop)
            break;
        for (const char *at = line; at < stop; at++)
            cells += (unsigned char)*at == delimiter;
        lines++;
        alike += cells == n_columns;
    }
    return alike * 2 >= lines;
}

size_t tm_csv_rest_length(tm_csv_rest *rest, const char *p, size_t n, bool *ended, int64_t *lines)
{
    size_t i = 0;
    *ended = false;
    for (; i < n && !*ended; rest->before = p[i++]) {
        char c = p[i];
        bool line_end = c == '\n' || (c == '\r' && (i + 1 == n || p[i + 1] != '\n'));
        *lines += line_end;
        if (c == '"' && rest->in_quotes)
            rest->in_quotes = false;
        else if (c == '"') /* a cell begins with it, or it is written twice */
            rest->in_quotes = rest->before == '"' || (unsigned char)rest->before == rest->delimiter;
        *ended = line_end && !rest->in_quotes;
    }
    return i;
}
