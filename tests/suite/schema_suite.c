/* schema_suite.c - runs the official JSON Schema test suite over core/schema: schema_suite DRAFT FOLDER,
 * DRAFT 7 or 2020-12, FOLDER the suite's tests/draft7 or tests/draft2020-12. A line a file (the suite has one
 * a keyword): cases passed, cases of schemas that were refused, and each case that failed. Exit
 * status 1 if one failed that is not refused. */
#include "core/json.h"
#include "core/schema.h"
#include <stdio.h>
#include <string.h>

typedef struct {
    int passed, failed, refused;
} tally;

static const char *draft_uri;
static bool verbose;

/* The suite's older drafts leave $schema to the one who runs it. */
static json_t *with_draft(const json_t *schema)
{
    if (!json_is_object(schema) || json_object_get(schema, "$schema"))
        return json_deep_copy(schema);
    json_t *own = json_pack("{s:s}", "$schema", draft_uri);
    g_autoptr(json_t) copy = json_deep_copy(schema);
    json_object_update(own, copy);
    return own;
}

static void run_group(const json_t *group, const char *file, tally *sum)
{
    const json_t *tests = json_object_get(group, "tests");
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) source = with_draft(json_object_get(group, "schema"));
    g_autoptr(tm_schema) schema = tm_schema_compile(source, &error);
    if (!schema) {
        sum->refused += (int)json_array_size(tests);
        if (verbose)
            printf("  refused: %s: %s: %s\n", file, tm_json_string(group, "description", ""), error->message);
        return;
    }
    for (size_t i = 0; i < json_array_size(tests); i++) {
        const json_t *test = json_array_get(tests, i);
        g_autofree char *why = NULL;
        bool valid = tm_schema_check(schema, json_object_get(test, "data"), &why);
        if (valid == json_is_true(json_object_get(test, "valid"))) {
            sum->passed++;
            continue;
        }
        sum->failed++;
        printf("  FAILED: %s: %s: %s: %s\n", file, tm_json_string(group, "description", ""),
               tm_json_string(test, "description", ""), valid ? "let through" : why);
    }
}

static gboolean run_file(const char *folder, const char *file, tally *sum)
{
    g_autofree char *path = g_build_filename(folder, file, NULL), *text = NULL;
    gsize length;
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) groups =
        g_file_get_contents(path, &text, &length, &error) ? tm_json_parse(text, length, &error) : NULL;
    if (!groups) {
        fprintf(stderr, "%s: %s\n", path, error->message);
        return FALSE;
    }
    for (size_t i = 0; i < json_array_size(groups); i++)
        run_group(json_array_get(groups, i), file, sum);
    return TRUE;
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 4) {
        fprintf(stderr, "usage: schema_suite 7|2020-12 FOLDER [-v]\n");
        return 2;
    }
    verbose = argc == 4;
    draft_uri = strcmp(argv[1], "7") == 0 ? "http://json-schema.org/draft-07/schema#"
                                          : "https://json-schema.org/draft/2020-12/schema";
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(argv[2], 0, &error);
    if (!dir) {
        fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;)
        if (g_str_has_suffix(name, ".json"))
            g_ptr_array_add(files, g_strdup(name));
    g_ptr_array_sort(files, by_name);
    tally all = {0};
    for (guint i = 0; i < files->len; i++) {
        tally sum = {0};
        if (!run_file(argv[2], files->pdata[i], &sum))
            return 2;
        printf("%-28s %4d of %4d%s", (const char *)files->pdata[i], sum.passed, sum.passed + sum.failed,
               sum.refused ? "" : "\n");
        if (sum.refused)
            printf(", %d refused\n", sum.refused);
        all.passed += sum.passed;
        all.failed += sum.failed;
        all.refused += sum.refused;
    }
    printf("draft %s: %d of %d passed, %d more refused\n", argv[1], all.passed, all.passed + all.failed,
           all.refused);
    return all.failed > 0;
}
