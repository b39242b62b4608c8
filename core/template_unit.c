/* template_unit.c - one source, and the places in it that messages name. */
#include "core/caret.h"
#include "core/error.h"
#include "core/template_nodes.h"
#include <string.h>

tm_unit *tm_unit_new(const char *name, const char *source, size_t length, int first_line)
{
    tm_unit *unit = g_new0(tm_unit, 1);
    unit->name = g_strdup(name);
    unit->source = g_malloc(length + 1);
    memcpy(unit->source, source, length);
    unit->source[length] = '\0';
    unit->length = length;
    unit->first_line = first_line;
    unit->calls = g_ptr_array_new();
    return unit;
}

void tm_unit_free(tm_unit *unit)
{
    if (!unit)
        return;
    tm_program_free(unit->program);
    g_ptr_array_unref(unit->calls);
    g_free(unit->name);
    g_free(unit->source);
    g_free(unit);
}

void tm_unit_place(const tm_unit *unit, tm_place *place, size_t offset)
{
    if (!place->line || place->offset > offset)
        *place = (tm_place){0, unit->first_line, 1};
    for (; place->offset < offset; place->offset++) {
        unsigned char next = (unsigned char)unit->source[place->offset + 1],
                      byte = (unsigned char)unit->source[place->offset];
        if (byte == '\n') {
            place->line++;
            place->column = 1;
        } else if ((next & 0xc0) != 0x80) {
            place->column++;
        }
    }
}

gboolean tm_unit_fail(const tm_unit *unit, size_t offset, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *where = tm_caret(unit->source, unit->length, offset),
                    *valid = g_utf8_make_valid(what, -1);
    tm_place place = {0};
    tm_unit_place(unit, &place, offset);
    return tm_fail(error, TM_ERROR_INPUT, "%s:%d:%d: %s%s", unit->name, place.line, place.column, valid,
                   where);
}
