/* test_braces.c - text that somebody typed comes out of the template as it was typed, and {{word}} is a
 * variable */
#include "core/message.h"
#include "core/studio/braces.h"
#include "core/template.h"
#include <string.h>

/* What a template of these pieces renders to, with "V" for every variable; NULL if it does not. (transfer
 * full) */
static char *rendered(const char *template)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(tm_template) compiled =
        tm_template_compile(template, strlen(template), "t", 1, NULL, NULL, &error);
    g_assert_no_error(error);
    if (!compiled)
        return NULL;
    json_t *input = json_object();
    size_t n;
    const tm_variable *variables = tm_template_variables(compiled, &n);
    for (size_t i = 0; i < n; i++)
        json_object_set_new(input, variables[i].name, json_string("V"));
    tm_render render = {.input = input};
    g_autoptr(GPtrArray) messages = tm_template_render(compiled, &render, &error);
    g_assert_no_error(error);
    GString *text = g_string_new(NULL);
    for (guint m = 0; messages && m < messages->len; m++) {
        const tm_message *message = g_ptr_array_index(messages, m);
        for (guint i = 0; i < message->parts->len; i++) {
            const tm_part *part = g_ptr_array_index(message->parts, i);
            g_string_append(text, part->kind == TM_PART_TEXT ? part->text->str : "MEDIA");
        }
    }
    json_decref(input);
    return g_string_free(text, FALSE);
}

static void literal(void)
{
    static const char *const texts[] = {
        "plain",
        "{{word}}",
        "a {{#if x}}b{{else}}c{{/if}} d",
        "{{{x}}}",
        "{{{{x}}}}",
        "{{{{{x",
        "${{ secrets.NAME }}",
        "\\frac{{a}}{{b}} and }} and {{",
        "back\\{{x}} \\\\{{y}} \\\\\\{{z}}",
        "ends in {",
        "{{! comment }} {{!-- long --}} {{> partial}} {{~x~}}",
        "{{&x}} {{^x}} {{role \"system\"}} {{media url=x}}",
        "lines\n{{!}}\n  {{#each x}}\n{{/each}}\n---\nend",
        "\\",
        "a\\",
        "\343\201\202{{\343\201\204}}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_test_message("%s", texts[i]);
        g_autoptr(GString) out = g_string_new(NULL);
        int64_t chars = 0;
        tm_braces_text(out, texts[i], NULL, &chars);
        g_autofree char *got = rendered(out->str);
        g_assert_cmpstr(got, ==, texts[i]);
        g_assert_cmpint(chars, ==, g_utf8_strlen(texts[i], -1));
    }
}

static void random_texts(void)
{
    static const char alphabet[] = "{{{{}}}}\\\\~a!#$ \n^/>";
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    for (int n = 0; n < 20000; n++) {
        g_autoptr(GString) text = g_string_new("x");
        for (int length = g_rand_int_range(rand, 1, 12); length > 0; length--)
            g_string_append_c(text, alphabet[g_rand_int_range(rand, 0, (gint)strlen(alphabet))]);
        g_string_append_c(text, 'x');
        g_autoptr(GString) out = g_string_new(NULL);
        int64_t chars = 0;
        tm_braces_text(out, text->str, NULL, &chars);
        g_autofree char *got = rendered(out->str);
        if (g_strcmp0(got, text->str) != 0) {
            g_test_message("%s -> %s", text->str, out->str);
            g_assert_cmpstr(got, ==, text->str);
            break;
        }
    }
}

typedef struct {
    const char *text, *names, *rendered;
} variable_case;

static void variables(void)
{
    static const variable_case cases[] = {
        {"Label {{text}}.", "text", "Label V."},
        {"{{ text }} and {{a_1}} and {{text}}", "text,a_1", "V and V and V"},
        {"{\"a\": {{a}}}", "a", "{\"a\": V}"},
        {"{\"a\":{ {{a}}}}}", "a", "{\"a\":{ V}}}"},
        {"{{role}} {{media}} {{json}} {{if}}", "role,media,json,if", "V V V V"},
        {"path\\{{dir}}\\{{file}}", "dir,file", "path\\V\\V"},
        {"first:\\n{{text}}", "text", "first:\\nV"},
        {"{{product-name}} {{\320\276\321\202\320\267\321\213\320\262}}",
         "product-name,\320\276\321\202\320\267\321\213\320\262", "V V"},
        {"${{ x }} {{{x}}} {{x.y}} {{#if x}} {{else}} {{this}} {{true}} {{a b}} {{}} {{ }} {{1a}}", "",
         "${{ x }} {{{x}}} {{x.y}} {{#if x}} {{else}} {{this}} {{true}} {{a b}} {{}} {{ }} {{1a}}"},
        {"\\text{{a}}{{b}} {{c}}", "c", "\\text{{a}}{{b}} V"},
        {"e^{{x}} user_{{id}}", "id", "e^{{x}} user_V"},
        {"{{a}}{{b}}}", "a,b", "VV}"},
        {"{{unclosed and {{a}}", "a", "{{unclosed and V"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].text);
        g_autoptr(GString) out = g_string_new(NULL);
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        int64_t chars = 0;
        tm_braces_text(out, cases[i].text, names, &chars);
        g_assert_cmpint(tm_braces_has_variable(cases[i].text), ==, names->len > 0);
        g_ptr_array_add(names, NULL);
        g_autofree char *joined = g_strjoinv(",", (char **)names->pdata);
        g_assert_cmpstr(joined, ==, cases[i].names);
        g_autofree char *got = rendered(out->str);
        g_assert_cmpstr(got, ==, cases[i].rendered);
    }
}

static void a_brace_that_touches(void)
{
    g_autoptr(GString) out = g_string_new(NULL);
    int64_t chars = 0;
    tm_braces_text(out, "{", NULL, &chars);
    tm_braces_expression(out, "a");
    tm_braces_text(out, "} \\", NULL, &chars);
    tm_braces_expression(out, "b");
    g_autofree char *got = rendered(out->str);
    g_assert_cmpstr(got, ==, "{V} \\V");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/braces/literal text renders as it was typed", literal);
    g_test_add_func("/braces/so does any mixture of braces and backslashes", random_texts);
    g_test_add_func("/braces/a word in double braces is a variable, and little else is", variables);
    g_test_add_func("/braces/a brace or a backslash may touch an expression", a_brace_that_touches);
    return g_test_run();
}
