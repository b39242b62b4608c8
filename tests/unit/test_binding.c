/* test_binding.c - which column gives each variable, what is said when none does, and keys. */
#include "core/binding.h"
#include "core/json.h"
#include <glib/gstdio.h>
#include <string.h>

static char *dir;

/* A prompt as far as a binding looks at it: "DEFAULTS---BODY", or a body alone. */
typedef struct {
    tm_prompt prompt;
} bare_prompt;

static void clear_prompt(bare_prompt *bare)
{
    tm_template_free(bare->prompt.template);
    json_decref(bare->prompt.input_default);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(bare_prompt, clear_prompt)

static bare_prompt prompt_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    bare_prompt bare = {.prompt = {.name = (char *)"p.prompt"}};
    const char *body = strstr(text, "---");
    if (body)
        bare.prompt.input_default = tm_json_parse(text, (size_t)(body - text), &error);
    g_assert_no_error(error);
    body = body ? body + 3 : text;
    bare.prompt.template = tm_template_compile(body, strlen(body), "p.prompt", 1, NULL, NULL, &error);
    g_assert_no_error(error);
    return bare;
}

static tm_dataset *dataset_of(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_autoptr(GError) error = NULL;
    tm_dataset *dataset = tm_dataset_open(path, NULL, &error);
    g_assert_no_error(error);
    g_unlink(path);
    return dataset;
}

typedef struct {
    const char *name, *prompt, *columns, *maps, *sets, *id; /* lists are split at | */
    const char *json;                                       /* the binding; NULL: an error is expected */
    const char *error;                                      /* part of it */
} bind_case;

static const bind_case cases[] = {
    {"columns of the same name", "{{a}} {{b}}", "b|a|c", NULL, NULL, NULL, "{\"map\":{},\"set\":{}}", NULL},
    {"case, space, _ and - do not matter", "{{fullName}} {{zip_code}}", "Full name|ZIP-Code", NULL, NULL,
     NULL, "{\"map\":{\"fullName\":\"Full name\",\"zip_code\":\"ZIP-Code\"},\"set\":{}}", NULL},
    {"an exact name comes before one alike", "{{text}}", "Text|text", NULL, NULL, NULL,
     "{\"map\":{},\"set\":{}}", NULL},
    {"one variable meets one column", "{{text}}", "review", NULL, NULL, NULL,
     "{\"map\":{\"text\":\"review\"},\"set\":{}}", NULL},
    {"one variable meets the one column beside the id", "{{text}}", "ID|review", NULL, NULL, "id",
     "{\"map\":{\"text\":\"review\"},\"set\":{},\"id\":\"ID\"}", NULL},
    {"one variable and one set meet one column", "{{text}} {{lang}}", "review", NULL, "lang=de", NULL,
     "{\"map\":{\"text\":\"review\"},\"set\":{\"lang\":\"de\"}}", NULL},
    {"--map", "{{text}} {{lang}}", "review|l", "text=review|lang=l", NULL, NULL,
     "{\"map\":{\"lang\":\"l\",\"text\":\"review\"},\"set\":{}}", NULL},
    {"--set may hold = and nothing", "{{a}} {{b}}", "c|d", NULL, "a=x=y|b=", NULL,
     "{\"map\":{},\"set\":{\"a\":\"x=y\",\"b\":\"\"}}", NULL},
    {"--id, alike", "{{a}}", "a|Row ID", NULL, NULL, "row_id", "{\"map\":{},\"set\":{},\"id\":\"Row ID\"}",
     NULL},
    {"what is only tested may be missing", "{{#if b}}{{b}}{{/if}}{{a}}", "a|c", NULL, NULL, NULL,
     "{\"map\":{},\"set\":{}}", NULL},
    {"a default stands in", "{\"b\":\"x\"}---{{a}} {{b}}", "a|c", NULL, NULL, NULL, "{\"map\":{},\"set\":{}}",
     NULL},
    {"--set of any name where the row is read as a whole", "{{json this}}", "a", NULL, "lang=de", NULL,
     "{\"map\":{},\"set\":{\"lang\":\"de\"}}", NULL},
    {"columns not known: names are tried on each row", "{{a}}", NULL, NULL, NULL, NULL,
     "{\"map\":{},\"set\":{}}", NULL},

    {"a missing column is named with line, columns and flag", "Hello\n{{text}}", "id|review|stars", NULL,
     NULL, NULL, NULL,
     "p.prompt:2:3: {{text}}: the data has no such column; its columns are id, review, stars. Add --map "
     "text=review (or --set text=VALUE: one value for all rows)\n    {{text}}\n      ^"},
    {"a misspelt column is guessed", "{{description}}", "id|title|descripton", NULL, NULL, NULL, NULL,
     "p.prompt:1:3: {{description}}: the data has no such column; did you mean {{descripton}}? Its columns "
     "are id, "
     "title, descripton. Add --map description=descripton"},
    {"a column with spaces is quoted for the shell", "{{text}} {{b}}", "Customer's words|b", NULL, NULL, NULL,
     NULL, "Add --map 'text=Customer'\\''s words'"},
    {"--map to no column", "{{text}}", "review|b", "text=reviw", NULL, NULL, NULL,
     "--map: the data has no column 'reviw'; did you mean review?"},
    {"--map of no variable", "{{text}}", "text", "txt=text", NULL, NULL, NULL,
     "--map txt: p.prompt has no variable {{txt}}; did you mean text?"},
    {"--set of no variable", "{{text}}", "text", NULL, "lang=de", NULL, NULL,
     "--set lang: p.prompt has no variable {{lang}}"},
    {"--map without =", "{{text}}", "text", "text", NULL, NULL, NULL, "write it as --map VARIABLE=COLUMN"},
    {"--id of no column", "{{text}}", "text|key", NULL, NULL, "kei", NULL,
     "--id: the data has no column 'kei'; did you mean key?"},
};

static void run_case(gconstpointer data)
{
    const bind_case *c = data;
    g_auto(bare_prompt) bare = prompt_of(c->prompt);
    g_auto(GStrv) columns = c->columns ? g_strsplit(c->columns, "|", -1) : NULL;
    g_auto(GStrv) maps = c->maps ? g_strsplit(c->maps, "|", -1) : NULL;
    g_auto(GStrv) sets = c->sets ? g_strsplit(c->sets, "|", -1) : NULL;
    tm_binding_options options = {.maps = maps, .sets = sets, .id = c->id};
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_binding) binding = tm_binding_new(&bare.prompt, columns, &options, &error);
    if (!c->json) {
        g_assert_null(binding);
        if (!error || !strstr(error->message, c->error))
            g_error("\"%s\" is not in \"%s\"", c->error, error ? error->message : "");
        return;
    }
    g_assert_no_error(error);
    g_autoptr(json_t) json = tm_binding_to_json(binding);
    g_autofree char *text = tm_json_text(json);
    g_assert_cmpstr(text, ==, c->json);
    g_autoptr(tm_binding) again = tm_binding_from_json(&bare.prompt, json, &error);
    g_assert_no_error(error);
    g_autoptr(json_t) json_again = tm_binding_to_json(again);
    g_assert_true(json_equal(json, json_again));
}

static void inputs(void)
{
    static const struct {
        const char *prompt, *maps, *sets, *row, *input;
    } rows[] = {
        {"{{a}}", NULL, NULL, "{\"a\":1,\"z\":2}", "{\"a\":1,\"z\":2}"},
        {"{{a}}", NULL, NULL, "{\"A\":1,\"z\":2}", "{\"A\":1,\"z\":2,\"a\":1}"},
        {"{{a}}", NULL, NULL, "{\"z\":2}", "{\"z\":2,\"a\":2}"},
        {"{{a}} {{b}}", "a=b|b=a", NULL, "{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":1}"},
        {"{{a}}", NULL, "a=x", "{\"a\":1}", "{\"a\":\"x\"}"},
        {"{{#if b}}{{b}}{{/if}}{{a}}", NULL, NULL, "{\"a\":null,\"c\":1}", "{\"a\":null,\"c\":1}"},
        {"{{a}}", NULL, NULL, "{\"y\":1,\"z\":2}", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(bare_prompt) bare = prompt_of(rows[i].prompt);
        g_auto(GStrv) maps = rows[i].maps ? g_strsplit(rows[i].maps, "|", -1) : NULL;
        g_auto(GStrv) sets = rows[i].sets ? g_strsplit(rows[i].sets, "|", -1) : NULL;
        tm_binding_options options = {.maps = maps, .sets = sets};
        g_autoptr(tm_binding) binding = tm_binding_new(&bare.prompt, NULL, &options, NULL);
        g_autoptr(json_t) row = tm_json_parse(rows[i].row, strlen(rows[i].row), NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) input = tm_binding_input(binding, row, &error);
        g_autofree char *text = input ? tm_json_text(input) : NULL;
        g_assert_cmpstr(text, ==, rows[i].input);
        if (!rows[i].input)
            g_assert_cmpstr(
                error->message, ==,
                "the row has no \"a\", which {{a}} at p.prompt:1 needs; it has y, z. If another name holds "
                "it, add --map a=y");
    }
}

/* The hex keys of all rows, space between; "-" and the reason for a reject. */
static char *keys_of(const char *prompt_text, const char *name, const char *text,
                     const tm_binding_options *options)
{
    g_auto(bare_prompt) bare = prompt_of(prompt_text);
    g_autoptr(tm_dataset) dataset = dataset_of(name, text);
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_binding) binding =
        tm_binding_new(&bare.prompt, tm_dataset_columns(dataset), options, &error);
    g_assert_no_error(error);
    GString *out = g_string_new(NULL);
    tm_row row;
    while (tm_dataset_next(dataset, &row, NULL) == TM_NEXT_ROW) {
        uint8_t key[16];
        g_autofree char *why = NULL;
        if (out->len > 0)
            g_string_append_c(out, ' ');
        if (!tm_binding_key(binding, dataset, &row, key, &why))
            g_string_append_printf(out, "-%s", why);
        else
            for (int i = 0; i < 16; i++)
                g_string_append_printf(out, "%02x", key[i]);
    }
    return g_string_free(out, FALSE);
}

static void keys(void)
{
    const char *p = "{{a}} {{b}}";
    g_autofree char *csv = keys_of(p, "k.csv", "a,b\nx,\"y\"\"\n\"\n1,\n", NULL);
    g_autofree char *reordered = keys_of(p, "k.csv", "c,B,a\n9,\"y\"\"\n\",x\n8,,1\n", NULL);
    g_autofree char *jsonl =
        keys_of(p, "k.jsonl", "{\"b\":\"y\\\"\\n\",\"a\":\"x\"}\n{\"a\":1,\"b\":\"\",\"z\":0}\n", NULL);
    g_autofree char *moved = keys_of("{{b}} and {{a}}", "k.csv", "a,b\nx,\"y\"\"\n\"\n1,\n", NULL);
    g_assert_cmpstr(csv, ==, reordered);
    g_assert_cmpstr(csv, ==, jsonl);
    g_assert_cmpstr(csv, ==, moved);

    g_autofree char *pairs = keys_of(p, "k.csv", "a,b\nx,yz\nxy,z\nx,yz\n", NULL);
    g_auto(GStrv) three = g_strsplit(pairs, " ", -1);
    g_assert_cmpstr(three[0], !=, three[1]);
    g_assert_cmpstr(three[0], ==, three[2]);

    g_autofree char *missing = keys_of(p, "k.jsonl", "{\"a\":1,\"c\":2}\n", NULL);
    g_assert_true(g_str_has_prefix(missing, "-has no \"b\", which {{b}} at p.prompt:1 needs; it has a, c."));
    g_autofree char *order =
        keys_of("{{a.x}}", "k.jsonl", "{\"a\":{\"x\":1,\"y\":2}}\n{\"a\":{\"y\":2,\"x\":1}}\n", NULL);
    g_assert_true(memcmp(order, order + 33, 32) == 0);
}

static void whole_rows(void)
{
    g_autofree char *csv = keys_of("{{json this}}", "k.csv", "a,b\n1,2\n1,3\n", NULL);
    g_autofree char *jsonl =
        keys_of("{{json this}}", "k.jsonl", "{\"b\":2,\"a\":1}\n{\"b\":3,\"a\":1}\n", NULL);
    g_assert_cmpstr(csv, ==, jsonl);
    g_assert_true(memcmp(csv, csv + 33, 32) != 0);
}

static void ids(void)
{
    tm_binding_options options = {.id = "id"};
    g_autofree char *csv = keys_of("{{a}}", "k.csv", "id,a\n7,x\n,y\n8,z\n", &options);
    g_autofree char *jsonl =
        keys_of("{{a}}", "k.jsonl",
                "{\"id\":7,\"a\":\"other\"}\n{\"id\":null,\"a\":1}\n{\"id\":\"8\",\"a\":1}\n", &options);
    g_assert_cmpstr(csv, ==, jsonl);
    g_assert_nonnull(strstr(csv, " -has no value for its id, \"id\" "));
    g_autofree char *missing = keys_of("{{a}}", "k.jsonl", "{\"id\":7}\n", &options);
    g_assert_nonnull(strstr(missing, "-has no \"a\""));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    dir = g_dir_make_tmp("tm-binding-XXXXXX", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strdup_printf("/binding/%s", cases[i].name);
        g_test_add_data_func(name, &cases[i], run_case);
    }
    g_test_add_func("/binding/a row's input has mapped and set variables", inputs);
    g_test_add_func("/binding/the same values give the same key, wherever they stand", keys);
    g_test_add_func("/binding/a template that reads the whole row has keys of all columns", whole_rows);
    g_test_add_func("/binding/an id is the key, as text", ids);
    int failed = g_test_run();
    g_rmdir(dir);
    g_free(dir);
    return failed;
}
