/* twin_pattern.c - makes strings from simple regular expressions, and proves them with GRegex. */
#include "jobs/twin/twin_pattern.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "jobs/twin/twin_fault.h"

enum { MAX_LENGTH = 4096, MAX_DEPTH = 32, MAX_ATOMS = 100000 };

typedef struct {
    const char *at;
    uint64_t seed, drawn;
    int depth, atoms; /* both bounded: nested counts grow fast */
    bool failed;
} pattern;

static uint64_t draw(pattern *p, uint64_t n)
{
    return tm_twin_mix(p->seed, p->drawn++) % n;
}

static void add_set(GString *set, char kind)
{
    if (kind == 'd' || kind == 'w')
        g_string_append(set, "0123456789");
    if (kind == 'w')
        g_string_append(set, "abcdefghijklmnopqrstuvwxyz");
    if (kind == 's')
        g_string_append_c(set, ' ');
    if (!strchr("dws", kind))
        g_string_append_c(set, kind == 'n' ? '\n' : kind == 't' ? '\t' : kind);
}

/* [a-z\d_]: one of its characters; negated ones give the first letter outside. */
static char take_class(pattern *p)
{
    g_autoptr(GString) set = g_string_new(NULL);
    bool negated = *p->at == '^';
    if (negated)
        p->at++;
    while (*p->at && *p->at != ']') {
        char c = *p->at++;
        if (c == '\\' && *p->at) {
            add_set(set, *p->at++);
        } else if (*p->at == '-' && p->at[1] && p->at[1] != ']') {
            for (int to = (unsigned char)p->at[1], i = (unsigned char)c; i <= to; i++)
                g_string_append_c(set, (char)i);
            p->at += 2;
        } else {
            g_string_append_c(set, c);
        }
    }
    if (*p->at == ']')
        p->at++;
    if (negated)
        for (const char *c = "abcdefghijklmnopqrstuvwxyz0123456789"; *c; c++)
            if (!strchr(set->str, *c))
                return *c;
    if (!set->len || negated)
        p->failed = true;
    return set->len ? set->str[draw(p, set->len)] : 'x';
}

/* {2}, {2,}, {2,5}, ?, *, +: how often; 1 if there is none. */
static int take_count(pattern *p)
{
    int least = 1, most = 1;
    char *end;
    if (*p->at == '?' || *p->at == '*' || *p->at == '+') {
        least = *p->at == '+' ? 1 : 0;
        most = *p->at == '?' ? 1 : 3;
        p->at++;
    } else if (*p->at == '{' && g_ascii_isdigit(p->at[1])) {
        least = most = (int)MIN(g_ascii_strtoull(p->at + 1, &end, 10), MAX_LENGTH);
        if (*end == ',')
            most = g_ascii_isdigit(end[1]) ? (int)MIN(g_ascii_strtoull(end + 1, &end, 10), MAX_LENGTH)
                                           : (end++, least + 2);
        p->failed = p->failed || *end != '}' || most < least;
        p->at = *end ? end + 1 : end;
    } else {
        return 1;
    }
    if (*p->at == '?') /* lazy: the same strings */
        p->at++;
    return p->failed ? 0 : least + (int)draw(p, (uint64_t)(most - least) + 1);
}

static void take_alternatives(pattern *p, GString *out);

static void take_atom(pattern *p, GString *out)
{
    char c = *p->at++;
    g_autoptr(GString) set = g_string_new(NULL);
    if (++p->atoms > MAX_ATOMS)
        p->failed = true;
    if (c == '(') {
        if (p->at[0] == '?' && p->at[1] == ':')
            p->at += 2;
        else if (p->at[0] == '?')
            p->failed = true;
        take_alternatives(p, out);
        if (*p->at == ')')
            p->at++;
    } else if (c == '[') {
        g_string_append_c(out, take_class(p));
    } else if (c == '\\' && *p->at) {
        add_set(set, *p->at++);
        g_string_append_c(out, set->str[draw(p, set->len)]);
    } else if (c == '.') {
        g_string_append_c(out, (char)('a' + draw(p, 26)));
    } else if (c != '^' && c != '$') {
        g_string_append_c(out, c);
    }
}

static void take_sequence(pattern *p, GString *out)
{
    while (*p->at && *p->at != '|' && *p->at != ')' && !p->failed && out->len < MAX_LENGTH) {
        const char *atom = p->at;
        g_autoptr(GString) first = g_string_new(NULL);
        take_atom(p, first);
        int count = take_count(p);
        const char *behind = p->at;
        for (int i = 0; i < count && !p->failed && out->len < MAX_LENGTH; i++) {
            g_string_append_len(out, first->str, (gssize)first->len);
            g_string_truncate(first, 0);
            p->at = atom;
            take_atom(p, first);
        }
        p->at = behind;
    }
}

static void take_alternatives(pattern *p, GString *out)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
    if (++p->depth > MAX_DEPTH)
        p->failed = true;
    for (bool more = !p->failed; more;) {
        GString *one = g_string_new(NULL);
        take_sequence(p, one);
        g_ptr_array_add(all, g_string_free(one, FALSE));
        more = *p->at == '|' && !p->failed;
        if (more)
            p->at++;
    }
    p->depth--;
    if (all->len)
        g_string_append(out, g_ptr_array_index(all, draw(p, all->len)));
}

char *tm_twin_pattern(const char *text, uint64_t seed)
{
    pattern p = {.at = text, .seed = seed};
    g_autoptr(GString) out = g_string_new(NULL);
    take_alternatives(&p, out);
    g_autoptr(GRegex) regex = g_regex_new(text, 0, 0, NULL);
    bool fits = !p.failed && regex && g_utf8_validate(out->str, (gssize)out->len, NULL) &&
                g_regex_match(regex, out->str, 0, NULL);
    return fits ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}
