/* test_import.c - the sample export through the whole way, found by name, and written all or nothing */
#include "core/error.h"
#include "core/prompt.h"
#include "core/studio/import.h"
#include "folder.h"
#include "studio_house.h"
#include <glib/gstdio.h>
#include <sys/stat.h>

#define EXPORT TM_FIXTURES "/exports/reviews.zip"

static tm_import *sample(bool append)
{
    tm_import_options options = {.append = append};
    g_autoptr(GError) error = NULL;
    tm_import *import = tm_import_read(EXPORT, &options, &error);
    g_assert_no_error(error);
    return import;
}

/* What the prompt of that name sends with these values. (transfer full) */
static char *sends(const tm_import *import, const char *name, const char *values)
{
    g_autoptr(GError) error = NULL;
    const tm_imported *found = tm_import_find(import, name, &error);
    g_assert_no_error(error);
    if (!found)
        return NULL;
    g_autoptr(tm_prompt) prompt =
        tm_prompt_from_text(found->name, found->text, strlen(found->text), NULL, &error);
    g_assert_no_error(error);
    return prompt ? house_render(prompt, values) : NULL;
}

static void what_the_samples_send(void)
{
    static const char *const cases[][3] = {
        {"review-labels", "{'product':'kettle','review':'Hot.'}",
         "system: You label product reviews for a small shop. Judge only what the review says, never the "
         "product "
         "itself.\nuser: Product: kettle\nReview: Hot.\n\nWhat is the sentiment, the topic, and how many "
         "stars?"},
        {"Support reply", "{}",
         "system: You answer customers of a tea shop: two sentences, friendly, no promises.\nuser: My tin "
         "arrived "
         "dented.\nmodel: I am sorry about the dent. Send us a photo of the tin and we will see what we can "
         "do.\nuser: "
         "Do you ship to Iceland?\nmodel: We do, by post. It takes about ten days.\nuser: Is the green one "
         "without "
         "caffeine?"},
        {"Braces, LaTeX & co (1)", "{}",
         "system: You explain code.\n---\nKeep ${{ secrets.NAME }} as it is, and \\frac{{a}}{{b}} "
         "too.\nuser: What does "
         "{{#each items}} do?\nmodel: It repeats its body. Write \\{{name}} or {{{name}}} inside.\nuser: And "
         " }}  "
         "alone?  "},
        {"slogan", "{'Home_town':'Ulm'}",
         "user: Write a slogan for a folding kayak sold in Ulm.\nNo exclamation marks."},
        {"plant-care", "{'plant':'ivy'}",
         "user: One line of care for each plant.\nplant: fern\ncare: shade, never dry\nplant: cactus\ncare: "
         "sun, hardly "
         "any water\nplant: ivy\ncare:"},
        {"ferry-clerk", "{}",
         "system: You sell ferry tickets and are patient.\nuser: Is there a boat on Sunday?\nmodel: There is "
         "one at "
         "nine.\nuser: Two adults, please.\nmodel: That makes forty.\nuser: And a bicycle?"},
    };
    g_autoptr(tm_import) import = sample(false);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *sent = sends(import, cases[i][0], cases[i][1]);
        g_assert_cmpstr(sent, ==, cases[i][2]);
    }
}

static void found_by_name(void)
{
    g_autoptr(tm_import) import = sample(false);
    g_autoptr(GError) error = NULL;
    g_assert_nonnull(tm_import_find(import, "Review labels", NULL));
    g_assert_nonnull(tm_import_find(import, "REVIEW-LABELS", NULL));
    g_assert_null(tm_import_find(import, "reviews", &error));
    g_assert_nonnull(strstr(error->message, "it holds: braces-latex-co-1, ferry-clerk, "));
    g_clear_error(&error);
    g_assert_null(tm_import_find(import, NULL, &error));
    g_assert_nonnull(strstr(error->message, "8 prompts"));
    g_clear_error(&error);
    g_autoptr(tm_import) one = tm_import_read(TM_FIXTURES "/studio/Slogan", NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(tm_import_find(one, NULL, NULL));
}

static void the_contract_s_json(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_import) import = tm_import_read(TM_FIXTURES "/studio/Review labels", NULL, &error);
    g_assert_no_error(error);
    g_autoptr(json_t) json = tm_import_to_json(import);
    g_autofree char *text = tm_json_text(json);
    g_assert_cmpstr(
        text, ==,
        "{\"prompts\":[{\"name\":\"review-labels\",\"path\":null,\"file\":\"Review "
        "labels\",\"line\":1,\"api\":"
        "\"saved_prompt\",\"model\":\"gemini-2.5-flash\",\"variables\":[\"product\",\"review\"],\"system_"
        "chars\":102,"
        "\"template_chars\":73,\"response_mime\":\"application/"
        "json\",\"schema\":true,\"schema_keys\":[\"sentiment\","
        "\"topic\",\"stars\"],\"media\":false,\"config\":[\"temperature\",\"topP\",\"topK\","
        "\"maxOutputTokens\","
        "\"thinkingConfig\",\"safetySettings\"],\"complete\":true,\"notes\":[]}],\"skipped\":[]}");
}

static int files_in(const char *dir)
{
    int n = 0;
    GDir *open = g_dir_open(dir, 0, NULL);
    while (open && g_dir_read_name(open))
        n++;
    if (open)
        g_dir_close(open);
    return n;
}

static void all_or_nothing(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *root = g_dir_make_tmp("tidemill-import-XXXXXX", NULL);
    g_autofree char *dir = g_build_filename(root, "new", "prompts", NULL);
    g_autofree char *last = g_build_filename(dir, "support-reply.prompt", NULL);
    g_autoptr(tm_import) import = sample(false);
    g_assert_true(tm_import_write(import, dir, false, &error));
    g_assert_no_error(error);
    g_assert_cmpint(files_in(dir), ==, 8);
    g_assert_cmpstr(((tm_imported *)g_ptr_array_index(import->prompts, 7))->path, ==, last);
    g_assert_true(tm_import_write(import, dir, false, &error)); /* the same texts again */
    g_assert_true(tm_import_write(import, dir, true, &error));
    g_assert_no_error(error);

    /* a folder in the last one's place, found out before anything is moved */
    g_unlink(last);
    g_assert_cmpint(g_mkdir(last, 0700), ==, 0);
    g_autofree char *first = g_build_filename(dir, "braces-latex-co-1.prompt", NULL);
    g_assert_true(g_file_set_contents(first, "mine", -1, NULL));
    g_assert_false(tm_import_write(import, dir, true, &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_STATE);
    g_autofree char *kept = NULL;
    g_assert_true(g_file_get_contents(first, &kept, NULL, NULL));
    g_assert_cmpstr(kept, ==, "mine");
    g_assert_cmpint(files_in(dir), ==, 8);
    folder_remove(root);
}

static void a_name_that_can_not_be_written(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *root = g_dir_make_tmp("tidemill-import-XXXXXX", NULL);
    g_autofree char *dir = g_build_filename(root, "prompts", NULL);
    g_autoptr(tm_import) import = sample(false);
    tm_imported *last = g_ptr_array_index(import->prompts, 7);
    g_free(last->name);
    last->name = g_strnfill(300, 'x'); /* the seven before it are on disk when this one fails */
    g_assert_false(tm_import_write(import, dir, false, &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_IO);
    g_assert_false(g_file_test(dir, G_FILE_TEST_EXISTS));
    g_assert_cmpint(files_in(root), ==, 0);
    folder_remove(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/import/the samples send what was saved", what_the_samples_send);
    g_test_add_func("/import/a prompt is found by title or name", found_by_name);
    g_test_add_func("/import/the JSON is the contract's", the_contract_s_json);
    g_test_add_func("/import/all prompts are written or none", all_or_nothing);
    g_test_add_func("/import/a failure in the middle leaves nothing", a_name_that_can_not_be_written);
    return g_test_run();
}
