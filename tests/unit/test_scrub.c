/* test_scrub.c - no key gets through, and ordinary words stay */
#include "core/outcome.h"

#include <string.h>

typedef struct {
    const char *text, *key, *scrubbed; /* scrubbed NULL: the text as it is */
} scrub_case;

static void check(const scrub_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_test_message("%s", cases[i].text);
        g_autofree char *got = tm_scrub(cases[i].text, cases[i].key);
        g_assert_cmpstr(got, ==, cases[i].scrubbed ? cases[i].scrubbed : cases[i].text);
    }
}

static void key_shapes_go(void)
{
    static const scrub_case cases[] = {
        {"API key AIzaSyA0123456789abcdefghijklmnopqrstuv not valid", NULL, "API key [key] not valid"},
        {"const k='AIzaSyA0123456789abcdefghijklmnopqrstuv';", NULL, "const k='[key]';"},
        {"cut short: AIzaSyA01234...", NULL, "cut short: [key]..."},
        {"Incorrect API key provided: sk-proj-ab****************wxyz. You can find", NULL,
         "Incorrect API key provided: [key]. You can find"},
        {"sk-or-v1-0123456789abcdef0123456789abcdef", NULL, "[key]"},
        {"key AQ.Ab8RN6KabcdefGHIJKL-mno_pqr is leaked", NULL, "key [key] is leaked"},
        {"Authorization: Bearer abcd1234efgh5678ijkl\n", NULL, "Authorization: Bearer [key]\n"},
        {"authorization: bearer ya29.a0AfH6SMBx-1234567890abcdef", NULL, "authorization: bearer [key]"},
        {"https://host/v1/models/x:generateContent?key=abcdef123456&alt=sse", NULL,
         "https://host/v1/models/x:generateContent?key=[key]&alt=sse"},
        {"gsk_abcdEFGH1234ijklMNOP", NULL, "[key]"},
        {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-def_123", NULL, "[key]"},
        {"two: AIzaSyA0123456789abcdefghijklmnopqrstuv AIzaSyB0123456789abcdefghijklmnopqrstuv", NULL,
         "two: [key] [key]"},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void words_stay(void)
{
    static const scrub_case cases[] = {
        {"", NULL, NULL},
        {"task-based learning, disk-operations and risk-assessment2024", NULL, NULL},
        {"scikit is sk-learn, sk-learning-tools", NULL, NULL},
        {"the bearer of this letter; Bearer authentication is needed", NULL, NULL},
        {"AIza", NULL, NULL},
        {"Monkey=1 and key=value", NULL, NULL},
        {"h\303\244ufig \346\227\245\346\234\254 AQ. Eine Frage", NULL, NULL},
        {"eyJa", NULL, NULL},
    };
    check(cases, G_N_ELEMENTS(cases));
}

static void the_key_itself_goes_whole_and_in_part(void)
{
    static const char key[] = "local-secret-0815-xyz";
    static const scrub_case cases[] = {
        {"you sent local-secret-0815-xyz, which is wrong", key, "you sent [key], which is wrong"},
        {"starts with local-se and ends with 0815-xyz!", key, "starts with [key] and ends with [key]!"},
        {"the word local-s is 7 bytes", key, NULL},
        {"middle: ret-0815-x.", key, "middle: [key]."},
        {"xlocal-secret-0815-xyz", key, "x[key]"},
        {"a short key none is no nonesuch", "none", "a short key [key] is no nonesuch"},
        {"no key at all", "", NULL},
    };
    check(cases, G_N_ELEMENTS(cases));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/scrub/everything shaped like a key goes", key_shapes_go);
    g_test_add_func("/scrub/ordinary words stay", words_stay);
    g_test_add_func("/scrub/the key itself goes, whole and in pieces of 8 bytes",
                    the_key_itself_goes_whole_and_in_part);
    return g_test_run();
}
