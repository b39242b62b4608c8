/* test_older_prompt.c - the saved prompts of AI Studio's first years */
#include "studio_house.h"

#define ID(n) "3f2b1c4d-0a1b-4c2d-8e3f-00000000000" #n

typedef struct {
    const char *name, *saved;
    const char *rendered; /* with defaults and these values */
    const char *values;
    const char *note; /* is in a note; NULL: there are none */
} older_case;

static const older_case cases[] = {
    {"a text prompt with variables",
     "{'runSettings':{},'textPrompt':{'value':'A {{" ID(1) ":thing:cup}} for {{" ID(
         2) ":who:\342\200\213}}, {{" ID(1) ":thing:cup}}.','variables':[]}}",
     "user: A cup for V, cup.", "{'who':'V'}", NULL},
    {"a text prompt without variables", "{'textPrompt':{'value':'Tell me of {{#braces}} and ${{ x }}.'}}",
     "user: Tell me of {{#braces}} and ${{ x }}.", "{}", NULL},
    {"a variable's name that is no word",
     "{'textPrompt':{'value':'{{" ID(1) ":my thing:}}!','variables':[]}}", "user: V!", "{'my_thing':'V'}",
     "\"my thing\" is called my_thing"},
    {"a variable named by the list only",
     "{'textPrompt':{'value':'{{" ID(1) "::x}}','variables':[{'variableId':'" ID(
         1) "','displayName':'city'}]}}",
     "user: x", "{}", NULL},
    {"a value with colons, and braces that touch", "{'textPrompt':{'value':'{{{" ID(1) ":u:http://a:1}}}'}}",
     "user: {http://a:1}", "{}", NULL},
    {"test inputs are told of",
     "{'textPrompt':{'value':'x {{" ID(1) ":a:}}'},'testExamples':[{'inputBindings':{}},{}]}", "user: x V",
     "{'a':'V'}", "2 saved test inputs"},
    {"a data prompt",
     "{'dataPrompt':{'preamble':'Name it.','columns':[{'columnId':'1','displayName':'in:','isInput':true},"
     "{'columnId':'2','displayName':'out:'}],'rows':[{'columnBindings':{'1':'a','2':'b'},'rowId':'r1'},"
     "{'columnBindings':{'1':'c','2':'d'},'rowId':'r2'},{'columnBindings':{},'rowId':'r3'}],'rowsUsed':['r1',"
     "'r3']}}",
     "user: Name it.\nin: a\nout: b\nin: V\nout:", "{'in':'V'}", NULL},
    {"a data prompt of columns alone",
     "{'dataPrompt':{'columns':[{'columnId':'1','displayName':'question'},{'columnId':'2','displayName':'"
     "answer'},"
     "{'columnId':'3','displayName':'why'}]}}",
     "user: question V\nanswer", "{'question':'V'}", NULL},
    {"two inputs",
     "{'dataPrompt':{'columns':[{'columnId':'1','displayName':'a:','isInput':true},{'columnId':'2','"
     "displayName':"
     "'b:','isInput':true},{'columnId':'3','displayName':'c:'}],'rows':[{'columnBindings':{'1':'1','2':'2','"
     "3':'3'}}]}}",
     "user: a: 1\nb: 2\nc: 3\na: V\nb: W\nc:", "{'a':'V','b':'W'}", NULL},
    {"examples of a multiturn prompt are all kept",
     "{'multiturnPrompt':{'preamble':'Be "
     "kind.','primingExchanges':[{'request':'a','response':'b'},{'source':'USER'}],"
     "'sessions':[]}}",
     "system: Be kind.\nuser: a\nmodel: b\nuser: V", "{'input':'V'}", NULL},
    {"its conversation is treated as a chat",
     "{'multiturnPrompt':{'primingExchanges':[{'request':'a','response':'b'}],'sessions':[{'sessionExchanges'"
     ":["
     "{'request':'c','response':'d'},{'request':'e','response':'f'}]},{'sessionExchanges':[]}]}}",
     "user: a\nmodel: b\nuser: c\nmodel: d\nuser: e", "{}", "of 2 saved conversations the first"},
};

static void an_older_prompt(gconstpointer data)
{
    const older_case *c = data;
    g_autoptr(tm_draft) draft = house_draft(c->saved, false);
    g_autoptr(tm_prompt) prompt = house_prompt(draft);
    if (!prompt)
        return;
    g_autofree char *rendered = house_render(prompt, c->values);
    g_assert_cmpstr(rendered, ==, c->rendered);
    g_assert_cmpint(draft->notes->len, ==, c->note != NULL);
    if (c->note && draft->notes->len)
        g_assert_nonnull(strstr(g_ptr_array_index(draft->notes, 0), c->note));
}

static void empty_ones(void)
{
    static const char *const empty[] = {
        "{'textPrompt':{'value':''}}",
        "{'textPrompt':{}}",
        "{'dataPrompt':{'columns':[]}}",
        "{'dataPrompt':{}}",
        "{'multiturnPrompt':{'primingExchanges':[{}],'sessions':[{'sessionExchanges':[{}]}]}}",
        "{'multiturnPrompt':{'primingExchanges':5,'sessions':{}}}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(empty); i++) {
        g_autoptr(json_t) root = house_json(empty[i]);
        g_autoptr(GError) error = NULL;
        g_assert_null(tm_saved_prompt_read(root, "f", false, &error));
        g_assert_nonnull(error);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/older prompt/%s", cases[i].name);
        g_test_add_data_func(path, &cases[i], an_older_prompt);
    }
    g_test_add_func("/older prompt/empty ones say so", empty_ones);
    return g_test_run();
}
