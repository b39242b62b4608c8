/* test_results.c - answers as JSONL, CSV and TSV, of a batch and joined to data files. */
#include "core/error.h"
#include "core/json.h"
#include "folder.h"
#include "jobs/clock_system.h"
#include "jobs/intake.h"
#include "jobs/results.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    char *dir;
    tm_store *store;
    tm_batch *batch;
    tm_prompt prompt; /* as far as a binding looks at it */
} world;

static void open_world(world *w, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    w->dir = g_dir_make_tmp("tm-results-XXXXXX", NULL);
    g_autofree char *url = g_strdup_printf("sqlite:%s/store.db", w->dir);
    w->store = tm_store_open(url, tm_clock_system(), false, &error);
    g_assert_no_error(error);
    tm_batch like = {.name = "b", .dir = w->dir, .data = "data", .prompt = "p", .identity = "p data"};
    w->batch = tm_store_batch_new(w->store, &like, false, &error);
    g_assert_no_error(error);
    w->prompt.name = (char *)"p.prompt";
    w->prompt.template = tm_template_compile("{{text}}", 8, "p.prompt", 1, NULL, NULL, &error);
    g_assert_no_error(error);
    tm_revision revision = {.hash = "h", .prompt = "{}", .options = "{}"};
    g_assert_true(tm_store_revise(w->store, w->batch, &revision, false, &error));
    g_assert_no_error(error);
}

static void close_world(world *w, gconstpointer data)
{
    (void)data;
    tm_batch_free(w->batch);
    tm_store_close(w->store);
    tm_template_free(w->prompt.template);
    folder_remove(w->dir);
    g_free(w->dir);
}

static tm_dataset *dataset_of(world *w, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(w->dir, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    tm_dataset *dataset = tm_dataset_open(path, NULL, NULL);
    g_assert_nonnull(dataset);
    return dataset;
}

static void queue(world *w, const char *name, const char *text)
{
    g_autoptr(tm_dataset) dataset = dataset_of(w, name, text);
    g_autoptr(tm_binding) binding = tm_binding_new(&w->prompt, tm_dataset_columns(dataset), NULL, NULL);
    tm_intake_options options = {0};
    g_auto(tm_intake_result) result = {0};
    g_autoptr(GError) error = NULL;
    g_assert_true(tm_intake(w->store, w->batch, dataset, name, binding, &options, &result, &error));
    g_assert_no_error(error);
}

typedef struct {
    tm_job_state to;
    tm_class class;
    const char *text, *message, *part;
} reply;

/* Answers the next waiting rows in order. */
static void answer(world *w, const reply *replies, int n)
{
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < n; i++) {
        g_autoptr(GArray) leases = g_array_new(FALSE, TRUE, sizeof(tm_lease));
        g_array_set_clear_func(leases, (GDestroyNotify)tm_lease_clear);
        int64_t reservation = i + 1, next;
        tm_lease_ask ask = {
            .batch = w->batch, .account = "free", .model = "m", .wanted = 1, .reservations = &reservation};
        g_assert_true(tm_store_lease(w->store, &ask, leases, &next, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(leases->len, ==, 1);
        g_auto(tm_answer) got;
        tm_answer_init(&got);
        got.class = replies[i].class;
        got.http = 200;
        got.text = g_strdup(replies[i].text);
        got.text_length = replies[i].text ? strlen(replies[i].text) : 0;
        got.message = g_strdup(replies[i].message);
        got.finish = g_strdup("STOP");
        got.usage = (tm_usage){10, -1, 2, -1};
        if (replies[i].part) {
            got.parts = g_ptr_array_new_with_free_func(g_free);
            g_ptr_array_add(got.parts, g_strdup(replies[i].part));
        }
        tm_lease *lease = &g_array_index(leases, tm_lease, 0);
        tm_finish finish = {.job = lease->job,
                            .request = lease->request,
                            .batch = w->batch->id,
                            .revision = w->batch->revision,
                            .to = replies[i].to,
                            .attempt = true,
                            .answer = &got,
                            .account = "free",
                            .model = "m",
                            .left_ms = 1,
                            .done_ms = 2};
        g_assert_true(tm_store_finish(w->store, &finish, 1, &error));
        g_assert_no_error(error);
    }
}

/* All that is written. */
static char *results_of(world *w, const tm_results_options *options, tm_results_count *count)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    g_autoptr(GError) error = NULL;
    tm_results_count own;
    g_assert_true(tm_results_write(w->store, w->batch, options, out, count ? count : &own, &error));
    g_assert_no_error(error);
    fclose(out);
    char *copy = g_strdup(text);
    free(text);
    return copy;
}

static const reply four[] = {
    {TM_JOB_DONE, TM_CLASS_OK, "positive", NULL, NULL},
    {TM_JOB_BLOCKED, TM_CLASS_BLOCKED, NULL, "SAFETY", NULL},
    {TM_JOB_FAILED, TM_CLASS_TRUNCATED, "half an", "MAX_TOKENS", NULL},
};
static const char data[] = "id,text\n1,\"a, b\"\n2,c\n3,\"say \"\"x\"\"\nd\"\n4,e\n";

static void as_jsonl(world *w, gconstpointer unused)
{
    (void)unused;
    queue(w, "d.csv", data);
    answer(w, four, 3);
    tm_results_options options = {0};
    tm_results_count count;
    g_autofree char *text = results_of(w, &options, &count);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 5);
    g_autoptr(json_t) first = tm_json_parse(lines[0], strlen(lines[0]), NULL);
    g_assert_cmpuint(strlen(tm_json_string(first, "key", "")), ==, 32);
    json_object_del(first, "key");
    json_object_del(first, "revision");
    g_autofree char *shown = tm_json_text(first);
    g_assert_cmpstr(
        shown, ==,
        "{\"row\":1,\"status\":\"done\",\"input\":{\"id\":\"1\",\"text\":\"a, b\"},\"output\":\"positive\","
        "\"model\":\"m\",\"account\":\"free\",\"usage\":{\"input\":10,\"cached\":0,\"output\":2,"
        "\"thinking\":0},\"finish\":\"STOP\",\"attempts\":1,\"packed\":1}");
    g_assert_nonnull(strstr(lines[1], "\"status\":\"blocked\""));
    g_assert_nonnull(
        strstr(lines[1], "\"error\":{\"class\":\"blocked\",\"http\":200,\"message\":\"SAFETY\"}}"));
    g_assert_nonnull(strstr(lines[2], "\"output\":\"half an\""));
    g_assert_true(g_str_has_prefix(lines[3], "{\"row\":4,"));
    g_assert_nonnull(
        strstr(lines[3], "\"status\":\"waiting\",\"input\":{\"id\":\"4\",\"text\":\"e\"},\"output\":null}"));
    g_assert_cmpint(count.n_rows, ==, 4);
    g_assert_cmpint(count.n_done, ==, 1);
    g_assert_cmpint(count.n_failed, ==, 1);
    g_assert_cmpint(count.n_blocked, ==, 1);
    g_assert_cmpint(count.n_waiting, ==, 1);
}

static void as_tables(world *w, gconstpointer unused)
{
    (void)unused;
    queue(w, "d.csv", data);
    answer(w, four, 3);
    tm_results_options csv = {.format = TM_FORMAT_CSV}, tsv = {.format = TM_FORMAT_TSV, .failed_only = true};
    g_autofree char *as_csv = results_of(w, &csv, NULL);
    g_assert_cmpstr(as_csv, ==,
                    "id,text,output,_status,_error\n"
                    "1,\"a, b\",positive,done,\n"
                    "2,c,,blocked,blocked: SAFETY\n"
                    "3,\"say \"\"x\"\"\nd\",half an,failed,truncated: MAX_TOKENS\n"
                    "4,e,,waiting,\n");
    g_autofree char *as_tsv = results_of(w, &tsv, NULL);
    g_assert_cmpstr(as_tsv, ==,
                    "id\ttext\toutput\t_status\t_error\n"
                    "2\tc\t\tblocked\tblocked: SAFETY\n"
                    "3\t\"say \"\"x\"\"\nd\"\thalf an\tfailed\ttruncated: MAX_TOKENS\n");
}

static const reply labels[] = {
    {TM_JOB_DONE, TM_CLASS_OK, "{\"label\": \"a\",\n \"score\":1, \"why\":[\"x\"]}", NULL, NULL},
    {TM_JOB_DONE, TM_CLASS_OK, "```json\n{\"score\": null,\n \"label\":\"=b\"}\n```", NULL, NULL},
    {TM_JOB_FAILED, TM_CLASS_SCHEMA, "no JSON", "it is none", NULL},
};

static void json_columns(world *w, gconstpointer unused)
{
    (void)unused;
    queue(w, "d.csv", "text\na\nb\nc\nd\n");
    answer(w, labels, 3);
    char *keys[] = {"score", "label", NULL};
    tm_results_options told = {.format = TM_FORMAT_CSV, .json_output = true, .output_keys = keys};
    g_autofree char *with = results_of(w, &told, NULL);
    g_assert_cmpstr(with, ==,
                    "text,output.score,output.label,_status,_error\n"
                    "a,1,a,done,\"output: {\"\"why\"\":[\"\"x\"\"]}\"\n"
                    "b,,=b,done,\n"
                    "c,,,failed,schema: it is none; output: no JSON\n"
                    "d,,,waiting,\n");
    tm_results_options seen = {.format = TM_FORMAT_CSV, .json_output = true, .spreadsheet = true};
    g_autofree char *learnt = results_of(w, &seen, NULL);
    g_assert_cmpstr(learnt, ==,
                    "\xef\xbb\xbf"
                    "text,output.label,output.score,output.why,_status,_error\n"
                    "a,a,1,\"[\"\"x\"\"]\",done,\n"
                    "b,\"'=b\",,,done,\n"
                    "c,,,,failed,schema: it is none; output: no JSON\n"
                    "d,,,,waiting,\n");
    tm_results_options lines = {.json_output = true};
    g_autofree char *jsonl = results_of(w, &lines, NULL);
    g_assert_nonnull(strstr(jsonl, "\"output\":{\"label\":\"a\",\"score\":1,\"why\":[\"x\"]}"));
    g_assert_nonnull(strstr(jsonl, "\"output\":{\"score\":null,\"label\":\"=b\"}"));
    g_assert_nonnull(strstr(jsonl, "\"output\":\"no JSON\""));
}

static void labels_as_the_set_writes_them(world *w, gconstpointer unused)
{
    (void)unused;
    static const reply replies[] = {
        {TM_JOB_DONE, TM_CLASS_OK, "```\nGood\n```", NULL, NULL},
        {TM_JOB_DONE, TM_CLASS_OK, "bad, really", NULL, NULL},
        {TM_JOB_DONE, TM_CLASS_OK, "of an older prompt", NULL, NULL},
        {TM_JOB_FAILED, TM_CLASS_SCHEMA, "Good?", "none of the labels", NULL},
    };
    g_autoptr(json_t) names = json_pack("[s, s]", "good", "bad, really");
    g_autoptr(tm_labels) set = tm_labels_new(names, NULL);
    queue(w, "d.csv", "text\na\nb\nc\nd\n");
    answer(w, replies, 4);
    tm_results_options cells = {.format = TM_FORMAT_CSV, .labels = set};
    g_autofree char *csv = results_of(w, &cells, NULL);
    g_assert_cmpstr(csv, ==,
                    "text,output,_status,_error\na,good,done,\nb,\"bad, really\",done,\nc,of an older "
                    "prompt,done,\nd,Good?,failed,schema: none of the labels\n");
    tm_results_options lines = {.labels = set};
    g_autofree char *jsonl = results_of(w, &lines, NULL);
    g_assert_nonnull(strstr(jsonl, "\"output\":\"good\",\"output_raw\":\"```\\nGood\\n```\",\"model\""));
    g_assert_nonnull(strstr(jsonl, "\"output\":\"bad, really\",\"model\""));
    g_assert_nonnull(strstr(jsonl, "\"output\":\"Good?\",\"model\""));
}

static void guards(world *w, gconstpointer unused)
{
    (void)unused;
    queue(
        w, "d.jsonl",
        "{\"text\":\"=1+1\",\"n\":-5}\n{\"text\":\"-2\",\"n\":\"+4.5\"}\n{\"text\":\"@x\",\"n\":\"-1+1\"}\n");
    tm_results_options options = {.format = TM_FORMAT_CSV, .spreadsheet = true};
    g_autofree char *text = results_of(w, &options, NULL);
    g_assert_cmpstr(text, ==,
                    "\xef\xbb\xbf"
                    "text,n,output,_status,_error\n"
                    "\"'=1+1\",-5,,waiting,\n-2,+4.5,,waiting,\n\"'@x\",\"'-1+1\",,waiting,\n");
}

static char *joined(world *w, const char *name, const char *text, tm_results_format format,
                    tm_results_count *count)
{
    g_autoptr(tm_dataset) dataset = dataset_of(w, name, text);
    g_autoptr(tm_binding) binding = tm_binding_new(&w->prompt, tm_dataset_columns(dataset), NULL, NULL);
    tm_results_options options = {.format = format, .dataset = dataset, .binding = binding};
    return results_of(w, &options, count);
}

static void joins(world *w, gconstpointer unused)
{
    (void)unused;
    static const reply replies[] = {
        {TM_JOB_DONE, TM_CLASS_OK, "A1", NULL, NULL},
        {TM_JOB_DONE, TM_CLASS_OK, "B", NULL, NULL},
        {TM_JOB_DONE, TM_CLASS_OK, "A2", NULL, NULL},
        {TM_JOB_DONE, TM_CLASS_OK, "C", NULL, NULL},
    };
    queue(w, "d.csv", "text\na\nb\na\nc\n");
    answer(w, replies, 4);
    tm_results_count count;
    g_autofree char *csv =
        joined(w, "e.csv", "n,Text\n1,c\n2,a\n3,new\n4\n5,a\n6,b\n", TM_FORMAT_CSV, &count);
    g_assert_cmpstr(csv, ==,
                    "n,Text,output,_status,_error\n"
                    "1,c,C,done,\n2,a,A1,done,\n3,new,,new,\n,,,rejected,\"has 1 cell, the header has 2\"\n"
                    "5,a,A2,done,\n6,b,B,done,\n");
    g_assert_cmpint(count.n_rows, ==, 6);
    g_assert_cmpint(count.n_unknown_rows, ==, 2);
    g_autofree char *jsonl =
        joined(w, "e.jsonl", "{\"text\":\"b\",\"z\":1}\n{\"z\":2,\"y\":1}\n", TM_FORMAT_JSONL, &count);
    g_assert_nonnull(
        strstr(jsonl, "\"status\":\"done\",\"input\":{\"text\":\"b\",\"z\":1},\"output\":\"B\""));
    g_assert_nonnull(strstr(jsonl, "\"row\":2,\"status\":\"rejected\""));
}

static void media(world *w, gconstpointer unused)
{
    (void)unused;
    static const reply image = {TM_JOB_DONE, TM_CLASS_OK, NULL, NULL,
                                "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"aGVsbG8=\"}}"};
    queue(w, "d.csv", "text\na\n");
    answer(w, &image, 1);
    tm_results_options inline_parts = {0};
    g_autofree char *jsonl = results_of(w, &inline_parts, NULL);
    g_assert_nonnull(strstr(jsonl, "\"parts\":[{\"inlineData\""));
    g_autofree char *folder = g_build_filename(w->dir, "out.media", NULL);
    tm_results_options files = {.format = TM_FORMAT_CSV, .media_dir = folder};
    for (int again = 0; again < 2; again++) {
        g_autofree char *csv = results_of(w, &files, NULL);
        g_auto(GStrv) cells = g_strsplit(strchr(csv, '\n') + 1, ",", -1);
        g_assert_true(g_str_has_prefix(cells[1], folder) && g_str_has_suffix(cells[1], ".png"));
        g_autofree char *bytes = NULL;
        g_assert_true(g_file_get_contents(cells[1], &bytes, NULL, NULL));
        g_assert_cmpstr(bytes, ==, "hello");
    }
    files.format = TM_FORMAT_JSONL;
    g_autofree char *named = results_of(w, &files, NULL);
    g_assert_nonnull(strstr(named, "\"files\":[\""));
}

/* More rows than a page, none twice, in order. */
static void pages(world *w, gconstpointer unused)
{
    (void)unused;
    enum { ROWS = 3000 };
    g_autoptr(GString) text = g_string_new("text\n");
    for (int i = 1; i <= ROWS; i++)
        g_string_append_printf(text, "t%d\n", i);
    queue(w, "d.csv", text->str);
    tm_results_options options = {.format = TM_FORMAT_CSV};
    g_autofree char *csv = results_of(w, &options, NULL);
    g_auto(GStrv) lines = g_strsplit(csv, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, ROWS + 2);
    for (int i = 1; i <= ROWS; i++) {
        g_autofree char *expect = g_strdup_printf("t%d,,waiting,", i);
        if (strcmp(lines[i], expect) != 0)
            g_error("line %d: %s", i, lines[i]);
    }
}

static void broken_outputs(world *w, gconstpointer unused)
{
    (void)unused;
    queue(w, "d.csv", data);
    tm_results_options options = {0};
    tm_results_count count;
    g_autoptr(GError) error = NULL;
    int ends[2];
    g_assert_true(pipe(ends) == 0);
    close(ends[0]);
    FILE *closed = fdopen(ends[1], "w");
    setvbuf(closed, NULL, _IONBF, 0);
    g_assert_true(tm_results_write(w->store, w->batch, &options, closed, &count, &error));
    fclose(closed);
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        return;
    setvbuf(full, NULL, _IONBF, 0);
    g_assert_false(tm_results_write(w->store, w->batch, &options, full, &count, &error));
    g_assert_true(g_error_matches(error, TM_ERROR, TM_ERROR_FULL));
    fclose(full);
}

static void no_rows(world *w, gconstpointer unused)
{
    (void)unused;
    tm_results_options csv = {.format = TM_FORMAT_CSV}, jsonl = {0};
    g_autofree char *table = results_of(w, &csv, NULL);
    g_assert_cmpstr(table, ==, "output,_status,_error\n");
    g_autofree char *lines = results_of(w, &jsonl, NULL);
    g_assert_cmpstr(lines, ==, "");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(world *, gconstpointer);
    } tests[] = {
        {"JSONL has the contract's members", as_jsonl},
        {"CSV and TSV, all or what failed", as_tables},
        {"a JSON answer's keys are columns and nothing is lost", json_columns},
        {"labels are written as their set writes them, what stood around them beside it",
         labels_as_the_set_writes_them},
        {"formulas are guarded, numbers are not", guards},
        {"a data file is joined by key and occurrence, in its order", joins},
        {"images go to files named by content", media},
        {"pages follow each other without gap or repeat", pages},
        {"a closed pipe ends it quietly, a full disk does not", broken_outputs},
        {"a batch without rows", no_rows},
    };
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *name = g_strdup_printf("/results/%s", tests[i].name);
        g_test_add(name, world, NULL, open_world, tests[i].test, close_world);
    }
    return g_test_run();
}
