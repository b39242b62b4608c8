/* test_studio_archive.c - names in archives, and one walk over a ZIP, a folder or a file */
#include "core/error.h"
#include "core/studio/app_source.h"
#include "core/studio/archive.h"
#include "core/studio/entry_name.h"
#include "core/studio/name.h"
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void names_that_stay_inside(void)
{
    static const char *const cases[][2] = {
        {"a", "a"},
        {"a/b", "a/b"},
        {"./a//b/./c", "a/b/c"},
        {"a\\b", "a/b"},
        {"...", "..."},
        {"a/..b/b..", "a/..b/b.."},
        {"a:b", NULL},
        {"ab:c", "ab:c"},
        {"../x", NULL},
        {"a/../b", NULL},
        {"a/..", NULL},
        {"..", NULL},
        {"/x", NULL},
        {"\\x", NULL},
        {"C:\\x", NULL},
        {"c:x", NULL},
        {"..\\x", NULL},
        {"", ""},
        {".", ""},
        {"caf\202", "caf\303\251"},
        {"caf\303\251", "caf\303\251"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *clean = tm_entry_name_clean(cases[i][0], &error);
        g_assert_cmpstr(clean, ==, cases[i][1]);
        g_assert_cmpint(error != NULL, ==, cases[i][1] == NULL);
    }
}

static void links_that_leave(void)
{
    static const struct {
        const char *name, *target;
        bool leaves;
    } cases[] = {
        {"a", "b", false},        {"a", "../b", true},           {"d/a", "../b", false},
        {"d/a", "../../b", true}, {"d/a", "e/../../../b", true}, {"a", "/b", true},
        {"a", "C:\\b", true},     {"a", "..\\b", true},          {"d/a", "./x/../y", false},
        {"a", "", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(tm_entry_name_leaves(cases[i].name, cases[i].target), ==, cases[i].leaves);
}

static void folders_passed_over(void)
{
    g_assert_true(tm_entry_name_passed("node_modules/a"));
    g_assert_true(tm_entry_name_passed("x/.git/config"));
    g_assert_false(tm_entry_name_passed("node_modules"));
    g_assert_false(tm_entry_name_passed("my_node_modules/a"));
}

static void safe_names(void)
{
    static const char *const cases[][2] = {
        {"Review labels", "review-labels"},
        {"Copy of It's (1) & more", "copy-of-it-s-1-more"},
        {"a.json", "a"},
        {"notes.v2.md", "notes-v2"},
        {"", "prompt"},
        {"...", "prompt"},
        {"_partial", "partial"},
        {"--x--", "x"},
        {"CON", "con-prompt"},
        {"lpt1", "lpt1-prompt"},
        {"snake_case_", "snake_case"},
        {"../../etc/passwd", "etc-passwd"},
        {"Cafe\314\201", "caf\303\251"},
        {"\320\236\321\202\320\267\321\213\320\262\321\213",
         "\320\276\321\202\320\267\321\213\320\262\321\213"},
        {"bad\377byte", "bad-byte"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *safe = tm_name_safe(cases[i][0]);
        g_assert_cmpstr(safe, ==, cases[i][1]);
        g_autofree char *again = tm_name_safe(safe);
        if (!g_str_has_suffix(safe, "-prompt"))
            g_assert_cmpstr(again, ==, safe);
    }
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    static const char *const titles[] = {"A b", "a B", "A-b", "a-b-2"};
    static const char *const unique[] = {"a-b", "a-b-2", "a-b-3", "a-b-2-2"};
    for (size_t i = 0; i < G_N_ELEMENTS(titles); i++) {
        g_autofree char *name = tm_name_unique(titles[i], taken);
        g_assert_cmpstr(name, ==, unique[i]);
    }
}

/* "name=first bytes;..." of all entries, links as "name@". (transfer full) */
static char *walk(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_archive) archive = tm_archive_open(path, &error);
    g_assert_no_error(error);
    GString *out = g_string_new(NULL);
    tm_entry entry;
    tm_walk step;
    while (archive && (step = tm_archive_next(archive, &entry, &error)) == TM_WALK_ENTRY) {
        const char *bytes = "";
        size_t n = 0;
        if (!entry.link)
            g_assert_true(tm_archive_peek(archive, &bytes, &n, &error));
        g_string_append_printf(out, "%s%s%.*s;", entry.name, entry.link ? "@" : "=", (int)MIN(n, 3), bytes);
    }
    g_assert_no_error(error);
    return g_string_free(out, FALSE);
}

static void a_folder_is_walked_in_order(void)
{
    g_autofree char *root = g_dir_make_tmp("tidemill-archive-XXXXXX", NULL);
    g_autofree char *sub = g_build_filename(root, "sub", NULL), *link = g_build_filename(root, "link", NULL);
    g_autofree char *b = g_build_filename(root, "b", NULL), *a = g_build_filename(sub, "a", NULL);
    g_assert_cmpint(g_mkdir(sub, 0700), ==, 0);
    g_assert_true(g_file_set_contents(b, "{bb}", -1, NULL));
    g_assert_true(g_file_set_contents(a, "{aa}", -1, NULL));
    g_assert_cmpint(symlink("b", link), ==, 0);
    g_autofree char *seen = walk(root);
    g_assert_cmpstr(seen, ==, "b={bb;link@;sub/a={aa;");
    g_autofree char *single = walk(b);
    g_assert_cmpstr(single, ==, "b={bb;");
    g_unlink(link);
    g_unlink(a);
    g_unlink(b);
    g_rmdir(sub);
    g_rmdir(root);
}

static void the_sample_zip(void)
{
    g_autofree char *seen = walk(TM_FIXTURES "/exports/reviews.zip");
    g_assert_true(g_str_has_prefix(
        seen, "Google AI Studio/Braces, LaTeX & co (1)={\n ;Google AI Studio/Ferry clerk={\n ;"));
    g_assert_nonnull(strstr(seen, ";Google AI Studio/leaf.png=\211PN;"));
}

static void reading_has_a_cap(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_archive) archive = tm_archive_open(TM_FIXTURES "/studio/Review labels", &error);
    tm_entry entry;
    GString *content;
    g_assert_cmpint(tm_archive_next(archive, &entry, &error), ==, TM_WALK_ENTRY);
    g_assert_true(tm_archive_read(archive, 100, &content, &error));
    g_assert_null(content);
    g_assert_true(tm_archive_read(archive, 1 << 20, &content, &error));
    g_assert_cmpuint(content->len, >, 1000);
    g_string_free(content, TRUE);
    g_assert_cmpint(tm_archive_next(archive, &entry, &error), ==, TM_WALK_END);
}

static void calls_in_source(void)
{
    static const struct {
        const char *text;
        int line;
    } cases[] = {
        {"", 0},
        {"const a = 1;\nconst r = await ai.models.generateContent({});", 2},
        {"model.generateContentStream (x)", 1},
        {"genAI.getGenerativeModel({model})", 1},
        {"\n\nclient.models.generate_content(model='x')", 3},
        {"const chat = ai.chats.create({})", 1},
        {"await ai.interactions.create({})", 1},
        {"await openai.chat.completions.create({})", 1},
        {"curl https://h/v1beta/models/x:streamGenerateContent?alt=sse", 1},
        {"curl https://h/v1beta/models/x:generateContent", 1},
        {"const regenerateContent = () => generateContents();", 0},
        {"// ai.models.generateContent()\n * generateContent()\n# generate_content()\n", 0},
        {"import { generateContent } from './x';", 0},
        {"mychats.create()", 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].text);
        g_assert_cmpint(tm_app_source_line(cases[i].text, strlen(cases[i].text)), ==, cases[i].line);
    }
    g_assert_true(tm_app_source_is("src/services/gemini.ts"));
    g_assert_true(tm_app_source_is("main.py"));
    g_assert_false(tm_app_source_is("dist/index.js"));
    g_assert_false(tm_app_source_is("a/build/x.js"));
    g_assert_false(tm_app_source_is("vendor.min.js"));
    g_assert_false(tm_app_source_is("README.md"));
    g_assert_false(tm_app_source_is("types.d.ts"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/archive/names stay inside or are refused", names_that_stay_inside);
    g_test_add_func("/archive/a link out of the archive is known", links_that_leave);
    g_test_add_func("/archive/folders of other people's files are passed over", folders_passed_over);
    g_test_add_func("/archive/prompts get names that are safe and unique", safe_names);
    g_test_add_func("/archive/a folder is walked in order, links not followed", a_folder_is_walked_in_order);
    g_test_add_func("/archive/the sample ZIP is walked", the_sample_zip);
    g_test_add_func("/archive/reading has a cap", reading_has_a_cap);
    g_test_add_func("/archive/calls in an app's source are found", calls_in_source);
    return g_test_run();
}
