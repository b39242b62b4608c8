/* test_ui.c - words, tables, and what is shown on a terminal. */
#include "cmd/ui/progress.h"
#include "cmd/ui/say.h"
#include "cmd/ui/table.h"
#include "cmd/ui/work.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void numbers(void)
{
    static const struct {
        int64_t n;
        const char *text;
    } cases[] = {{0, "0"},          {999, "999"},
                 {1000, "1,000"},   {10000000, "10,000,000"},
                 {-1234, "-1,234"}, {INT64_MIN, "-9,223,372,036,854,775,808"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = tm_ui_number(cases[i].n);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void durations(void)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{-5, "0 ms"},     {350, "350 ms"},       {1000, "1 s"},         {1500, "1.5 s"},
                 {59999, "59 s"},  {60000, "1 min"},      {125000, "2 min 5 s"}, {7500000, "2 h 5 min"},
                 {7200000, "2 h"}, {93600000, "1 d 2 h"}, {86400000, "1 d"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = tm_ui_duration(cases[i].ms);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void times(void)
{
    const int64_t midnight = G_GINT64_CONSTANT(1795507200000); /* 2026-11-24 08:00 UTC, Pacific midnight */
    setenv("TZ", "Europe/Berlin", 1);
    g_autofree char *both = tm_ui_time_pacific(midnight, midnight - 3600000);
    g_assert_cmpstr(both, ==, "09:00 here, 2026-11-24 00:00 Pacific");
    g_autofree char *today = tm_ui_time_pacific(midnight, midnight + 3600000);
    g_assert_cmpstr(today, ==, "09:00 here, 00:00 Pacific");
    g_autofree char *soon = tm_ui_time(midnight, midnight - 60000);
    g_assert_cmpstr(soon, ==, "09:00:00");
    g_autofree char *tomorrow = tm_ui_time(midnight + 86400000, midnight);
    g_assert_cmpstr(tomorrow, ==, "2026-11-25 09:00");
    g_autofree char *never = tm_ui_time(INT64_MAX, midnight);
    g_assert_cmpstr(never, ==, "never");
}

static void narrow(void)
{
    const tm_progress_piece pieces[] = {{2, "reviews"}, {0, "3 of 60"},         {3, "5.0/min"},
                                        {1, NULL},      {0, "waiting until 9"}, {1, "done about 12"}};
    static const struct {
        int width;
        const char *line;
    } cases[] = {
        {80, "reviews  3 of 60  5.0/min  waiting until 9  done about 12"},
        {57, "reviews  3 of 60  5.0/min  waiting until 9  done about 12"},
        {56, "reviews  3 of 60  waiting until 9  done about 12"},
        {40, "3 of 60  waiting until 9  done about 12"},
        {30, "3 of 60  waiting until 9"},
        {5, "3 of 60  waiting until 9"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *line = tm_progress_fit(pieces, G_N_ELEMENTS(pieces), cases[i].width);
        g_assert_cmpstr(line, ==, cases[i].line);
    }
}

static void rest(void)
{
    static const struct {
        int64_t done, total, done_since, elapsed_ms;
        const char *text;
    } cases[] = {
        {10, 0, 10, 5000, ""},
        {10, -1, 10, 5000, ""},
        {25, 100, 25, 500, ", 25 %"},
        {25, 100, 25, 10000, ", 25 %, about 30 s left"},
        {75, 100, 25, 10000, ", 75 %, about 10 s left"}, /* went on at 50 */
        {50, 100, 0, 10000, ", 50 %"},
        {100, 100, 100, 10000, ", 100 %"},
        {101, 100, 100, 10000, ", 100 %"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            tm_progress_rest(cases[i].done, cases[i].total, cases[i].done_since, cases[i].elapsed_ms);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void words(void)
{
    static const char *const cases[][2] = {
        {"label.reviews", "label.reviews"},
        {"/tmp/a-b_c:8", "/tmp/a-b_c:8"},
        {"reviews-(1)", "'reviews-(1)'"},
        {"it's", "'it'\\''s'"},
        {"", "''"},
        {"~x", "'~x'"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *word = tm_ui_word(cases[i][0]);
        g_assert_cmpstr(word, ==, cases[i][1]);
    }
}

static void escapes(void)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"plain \xc3\xa4\n\ttext", "plain \xc3\xa4\n\ttext"},
        {"\033[31mred\a\r", "\\x1b[31mred\\x07\\x0d"},
        {"a\xe2\x80\xae"
         "b\xe2\x81\xa6"
         "c",
         "a\\u202eb\\u2066c"},
        {"\xc2\x9b"
         "31m",
         "\\x9b31m"}, /* C1: the one-character CSI */
        {"bad \xff\xc3", "bad \\xff\\xc3"},
        {"\x7f", "\\x7f"},
    };
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) {
        g_test_skip("no pseudo-terminal here");
        return;
    }
    int fd = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    g_assert_cmpint(fd, >=, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *shown = tm_ui_show(fd, cases[i].text);
        g_assert_cmpstr(shown, ==, cases[i].shown);
    }
    close(fd);
    close(terminal);
    int pipes[2];
    g_assert_cmpint(pipe(pipes), ==, 0);
    g_autofree char *raw = tm_ui_show(pipes[1], cases[1].text);
    g_assert_cmpstr(raw, ==, cases[1].text);
    close(pipes[0]);
    close(pipes[1]);
}

static void tables(void)
{
    static const char *const headings[] = {"name", "rows", "why", NULL};
    FILE *out = tmpfile();
    g_assert_nonnull(out);
    tm_table *table = tm_table_new(headings);
    tm_table_row(table, "caf\xc3\xa9", "5", "x", NULL);
    tm_table_row(table, "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "1,000", "longer",
                 NULL); /* three wide characters */
    tm_table_row(table, "short", NULL);
    tm_table_print(table, out);
    rewind(out);
    char text[256] = "";
    size_t length = fread(text, 1, sizeof text - 1, out);
    text[length] = '\0';
    fclose(out);
    g_assert_cmpstr(text, ==,
                    "name     rows  why\n"
                    "caf\xc3\xa9        5  x\n"
                    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e  1,000  longer\n"
                    "short\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/ui/numbers have thousands' commas", numbers);
    g_test_add_func("/ui/a duration has two units at most", durations);
    g_test_add_func("/ui/a time has its date when it is another day", times);
    g_test_add_func("/ui/a narrow terminal gets the pieces that matter most", narrow);
    g_test_add_func("/ui/the rest of long work is told by its pace", rest);
    g_test_add_func("/ui/a name that is to be typed is quoted where the shell needs it", words);
    g_test_add_func("/ui/on a terminal control and bidi characters are escaped, in a pipe nothing is",
                    escapes);
    g_test_add_func("/ui/columns line up by cells, numbers on the right", tables);
    return g_test_run();
}
