/* twin_fault.c - reads and draws the faults of --fail. */
#include "jobs/twin/twin_fault.h"

#include <stdbool.h>
#include <string.h>

#include "core/error.h"

static const struct {
    const char *name;
    tm_twin_fault fault;
} names[] = {
    {"overloaded", TM_FAULT_OVERLOADED},
    {"server", TM_FAULT_SERVER},
    {"timeout", TM_FAULT_TIMEOUT},
    {"unknown", TM_FAULT_UNKNOWN},
    {"html", TM_FAULT_HTML},
    {"array", TM_FAULT_ARRAY},
    {"blocked", TM_FAULT_BLOCKED},
    {"truncated", TM_FAULT_TRUNCATED},
    {"schema", TM_FAULT_SCHEMA},
    {"empty", TM_FAULT_EMPTY},
    {"bad_request", TM_FAULT_BAD_REQUEST},
    {"too_large", TM_FAULT_TOO_LARGE},
    {"auth", TM_FAULT_AUTH},
    {"no_model", TM_FAULT_NO_MODEL},
    {"money", TM_FAULT_MONEY},
    {"quota_minute", TM_FAULT_QUOTA_MINUTE},
    {"quota_day", TM_FAULT_QUOTA_DAY},
    {"quota_bare", TM_FAULT_QUOTA_BARE},
};

typedef struct {
    tm_twin_fault fault;
    double rate;  /* CLASS:RATE */
    GArray *rows; /* CLASS@N,M: int64_t; or NULL */
    char *text;   /* CLASS~TEXT; or NULL */
} rule;

static void rule_clear(gpointer data)
{
    rule *one = data;
    if (one->rows)
        g_array_unref(one->rows);
    g_free(one->text);
}

static bool read_rows(const char *text, GArray **rows)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    *rows = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (char **part = parts; *part; part++) {
        guint64 row;
        if (!g_ascii_string_to_unsigned(*part, 10, 1, G_MAXINT64, &row, NULL))
            return false;
        int64_t number = (int64_t)row;
        g_array_append_val(*rows, number);
    }
    return (*rows)->len > 0;
}

static bool read_rule(const char *text, rule *out)
{
    size_t length = strcspn(text, ":@~");
    const char *rest = text + length;
    for (size_t i = 0; i < G_N_ELEMENTS(names) && !out->fault; i++)
        if (strlen(names[i].name) == length && strncmp(names[i].name, text, length) == 0)
            out->fault = names[i].fault;
    if (!out->fault || !*rest || !rest[1])
        return false;
    if (*rest == '@')
        return read_rows(rest + 1, &out->rows);
    if (*rest == '~') {
        out->text = g_strdup(rest + 1);
        return true;
    }
    char *end;
    out->rate = g_ascii_strtod(rest + 1, &end);
    return !*end && out->rate >= 0 && out->rate <= 1;
}

GArray *tm_twin_faults_new(char **texts, GError **error)
{
    GArray *faults = g_array_new(FALSE, TRUE, sizeof(rule));
    g_array_set_clear_func(faults, rule_clear);
    for (; texts && *texts; texts++) {
        rule one = {0};
        bool good = read_rule(*texts, &one);
        g_array_append_val(faults, one);
        if (!good) {
            g_autoptr(GString) known = g_string_new(NULL);
            for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                g_string_append_printf(known, "%s%s", i ? ", " : "", names[i].name);
            g_array_unref(faults);
            tm_fail(
                error, TM_ERROR_USAGE,
                "no fault: \"%s\". Say CLASS:RATE (overloaded:0.05), CLASS@N,M (the Nth and Mth request) or "
                "CLASS~TEXT (prompts that hold TEXT), with CLASS one of %s",
                *texts, known->str);
            return NULL;
        }
    }
    return faults;
}

/* Finalizer of splitmix64 (public domain, S. Vigna). */
uint64_t tm_twin_mix(uint64_t seed, uint64_t n)
{
    uint64_t z = seed * 0x9e3779b97f4a7c15u + n + 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

tm_twin_fault tm_twin_faults_draw(const GArray *faults, uint64_t seed, int64_t nth, const char *text)
{
    for (guint i = 0; i < faults->len; i++) {
        const rule *one = &g_array_index(faults, rule, i);
        bool hit = false;
        if (one->rows) {
            for (guint k = 0; k < one->rows->len; k++)
                hit = hit || g_array_index(one->rows, int64_t, k) == nth;
        } else if (one->text) {
            hit = strstr(text, one->text) != NULL;
        } else {
            uint64_t drawn = tm_twin_mix(tm_twin_mix(seed, i + 1), (uint64_t)nth);
            hit = (double)(drawn >> 11) * 0x1p-53 < one->rate;
        }
        if (hit)
            return one->fault;
    }
    return TM_FAULT_NONE;
}
