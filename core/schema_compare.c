/* schema_compare.c - values of JSON against each other: by what they are, not by how they are written. */
#include "core/json.h"
#include "core/schema_nodes.h"
#include <math.h>
#include <string.h>

static int compare_mixed(double real, json_int_t integer)
{
    if (real >= 9223372036854775808.0)
        return 1;
    if (real < -9223372036854775808.0)
        return -1;
    json_int_t whole = (json_int_t)real; /* towards 0 */
    double rest = real - (double)whole;
    return whole != integer ? (whole > integer ? 1 : -1) : (rest > 0) - (rest < 0);
}

int tm_numbers_compare(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b)) {
        json_int_t x = json_integer_value(a), y = json_integer_value(b);
        return (x > y) - (x < y);
    }
    if (json_is_integer(b))
        return compare_mixed(json_real_value(a), json_integer_value(b));
    if (json_is_integer(a))
        return -compare_mixed(json_real_value(b), json_integer_value(a));
    double x = json_real_value(a), y = json_real_value(b);
    return (x > y) - (x < y);
}

bool tm_number_is_multiple(const json_t *number, const json_t *step)
{
    if (json_is_integer(number) && json_is_integer(step))
        return json_integer_value(number) % json_integer_value(step) == 0;
    double n = json_number_value(number), by = json_number_value(step), ratio = n / by;
    if (!isfinite(ratio))
        return fmod(n, by) == 0;
    /* 0.0075 is 75 times 0.0001, though not in binary */
    return fabs(ratio - round(ratio)) <= 1e-9 * MAX(1, fabs(ratio) * 1e-6);
}

bool tm_values_same(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return tm_numbers_compare(a, b) == 0;
    if (!a || !b || json_typeof(a) != json_typeof(b))
        return false;
    if (json_is_array(a)) {
        size_t n = json_array_size(a);
        bool same = n == json_array_size(b);
        for (size_t i = 0; same && i < n; i++)
            same = tm_values_same(json_array_get(a, i), json_array_get(b, i));
        return same;
    }
    if (json_is_object(a)) {
        const char *key;
        json_t *member;
        bool same = json_object_size(a) == json_object_size(b);
        json_object_foreach((json_t *)(uintptr_t)a, key, member)
            same = same && tm_values_same(member, json_object_get(b, key));
        return same;
    }
    return json_equal((json_t *)(uintptr_t)a, (json_t *)(uintptr_t)b);
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

/* One text for all values that are the same: keys sorted, whole numbers written one way. */
static void write_canonical(GString *out, const json_t *value)
{
    if (json_is_array(value)) {
        g_string_append_c(out, '[');
        for (size_t i = 0; i < json_array_size(value); i++) {
            write_canonical(out, json_array_get(value, i));
            g_string_append_c(out, ',');
        }
        g_string_append_c(out, ']');
    } else if (json_is_object(value)) {
        g_autoptr(GPtrArray) keys = g_ptr_array_new();
        const char *key;
        json_t *member;
        json_object_foreach((json_t *)(uintptr_t)value, key, member)
            g_ptr_array_add(keys, (gpointer)(uintptr_t)key);
        g_ptr_array_sort(keys, by_text);
        g_string_append_c(out, '{');
        for (guint i = 0; i < keys->len; i++) {
            tm_json_write_string(out, keys->pdata[i], strlen(keys->pdata[i]));
            g_string_append_c(out, ':');
            write_canonical(out, json_object_get(value, keys->pdata[i]));
            g_string_append_c(out, ',');
        }
        g_string_append_c(out, '}');
    } else {
        tm_json_write(out, value);
    }
}

bool tm_values_differ(const json_t *array)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < json_array_size(array); i++) {
        GString *text = g_string_new(NULL);
        write_canonical(text, json_array_get(array, i));
        if (!g_hash_table_add(seen, g_string_free(text, FALSE)))
            return false;
    }
    return true;
}
