/* table.c - columns lined up by display width. */
#include "cmd/ui/table.h"

#include "cmd/ui/say.h"
#include <stdarg.h>
#include <string.h>

struct tm_table {
    guint columns;
    GPtrArray *rows; /* char** of `columns` cells; the headings first */
};

static char **row_new(guint columns, const char *const *cells)
{
    char **row = g_new0(char *, columns + 1);
    for (guint i = 0; i < columns; i++)
        row[i] = g_strdup(cells[i] ? cells[i] : "");
    return row;
}

tm_table *tm_table_new(const char *const *headings)
{
    tm_table *table = g_new0(tm_table, 1);
    table->columns = g_strv_length((char **)(gpointer)headings);
    table->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    g_ptr_array_add(table->rows, row_new(table->columns, headings));
    return table;
}

void tm_table_row(tm_table *table, ...)
{
    g_autofree const char **cells = g_new0(const char *, table->columns + 1);
    va_list args;
    va_start(args, table);
    for (guint i = 0; i < table->columns; i++) {
        cells[i] = va_arg(args, const char *);
        if (!cells[i])
            break; /* a short row: the rest is empty */
    }
    va_end(args);
    g_ptr_array_add(table->rows, row_new(table->columns, cells));
}

static guint width_of(const char *text)
{
    guint width = 0;
    if (!g_utf8_validate(text, -1, NULL))
        return (guint)strlen(text);
    for (; *text; text = g_utf8_next_char(text)) {
        gunichar c = g_utf8_get_char(text);
        width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    }
    return width;
}

/* Are all cells of the column numbers (so that they stand right)? */
static bool is_numeric(const tm_table *table, guint column)
{
    bool some = false;
    for (guint i = 1; i < table->rows->len; i++) {
        const char *cell = ((char **)table->rows->pdata[i])[column];
        if (strspn(cell, "0123456789.,-%$ ") != strlen(cell))
            return false;
        some = some || strpbrk(cell, "0123456789");
    }
    return some;
}

static void print_row(FILE *out, char **cells, guint columns, const guint *widths, const bool *right,
                      bool bold)
{
    g_autoptr(GString) line = g_string_new(NULL);
    for (guint i = 0; i < columns; i++) {
        int pad = (int)(widths[i] - width_of(cells[i]));
        g_string_append_printf(line, "%*s%s%*s%s", right[i] ? pad : 0, "", cells[i], right[i] ? 0 : pad, "",
                               i + 1 < columns ? "  " : "");
    }
    fprintf(out, bold ? "\033[1m%s\033[0m\n" : "%s\n", g_strchomp(line->str));
}

void tm_table_print(tm_table *table, FILE *out)
{
    g_autofree guint *widths = g_new0(guint, table->columns + 1);
    g_autofree bool *right = g_new0(bool, table->columns + 1);
    for (guint i = 0; i < table->rows->len; i++) {
        char **row = table->rows->pdata[i];
        for (guint column = 0; column < table->columns; column++) {
            char *shown = tm_ui_show(fileno(out), row[column]);
            if (tm_ui_is_terminal(fileno(out)))
                g_strdelimit(shown, "\n\t", ' ');
            g_free(row[column]);
            row[column] = shown;
            widths[column] = MAX(widths[column], width_of(shown));
        }
    }
    for (guint column = 0; column < table->columns; column++)
        right[column] = is_numeric(table, column);
    bool color = tm_ui_color(fileno(out));
    for (guint i = 0; i < table->rows->len; i++)
        print_row(out, table->rows->pdata[i], table->columns, widths, right, i == 0 && color);
    g_ptr_array_unref(table->rows);
    g_free(table);
}
