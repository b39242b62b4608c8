/* test_outcome.c - every class has a name of its own and asks for the right thing */
#include "core/outcome.h"

static void names_read_back(void)
{
    for (int i = 0; i < TM_N_CLASSES; i++) {
        tm_class class = TM_N_CLASSES;
        g_assert_nonnull(tm_class_name((tm_class)i));
        g_assert_true(tm_class_parse(tm_class_name((tm_class)i), &class));
        g_assert_cmpint((int)class, ==, i);
    }
    tm_class class = TM_CLASS_AUTH;
    g_assert_false(tm_class_parse("nonsense", &class));
    g_assert_false(tm_class_parse("", &class));
    g_assert_cmpint(class, ==, TM_CLASS_AUTH);
}

static void what_each_asks(void)
{
    static const struct {
        const char *name;
        tm_do what;
        bool systematic;
    } rows[] = {
        {"ok", TM_DO_RECORD, false},
        {"truncated", TM_DO_RECORD, true},
        {"blocked", TM_DO_RECORD, true},
        {"schema", TM_DO_RECORD, true},
        {"bad_request", TM_DO_RECORD, true},
        {"too_large", TM_DO_RECORD, true},
        {"input_changed", TM_DO_RECORD, false},
        {"auth", TM_DO_CLOSE, false},
        {"no_model", TM_DO_CLOSE, false},
        {"money", TM_DO_CLOSE, false},
        {"quota_minute", TM_DO_AGAIN, false},
        {"quota_day", TM_DO_AGAIN, false},
        {"overloaded", TM_DO_AGAIN, false},
        {"network", TM_DO_AGAIN, false},
        {"server", TM_DO_AGAIN_CHARGED, false},
        {"timeout", TM_DO_AGAIN_CHARGED, false},
        {"unknown", TM_DO_AGAIN_CHARGED, false},
        {"adapted", TM_DO_AGAIN, false},
    };
    g_assert_cmpint(G_N_ELEMENTS(rows), ==, TM_N_CLASSES);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        tm_class class;
        g_assert_true(tm_class_parse(rows[i].name, &class));
        g_assert_cmpint(tm_class_do(class), ==, rows[i].what);
        g_assert_cmpint(tm_class_is_systematic(class), ==, rows[i].systematic);
    }
}

static void an_answer_begins_untold(void)
{
    g_auto(tm_answer) answer;
    tm_answer_init(&answer);
    g_assert_cmpint(answer.retry_ms, ==, -1);
    g_assert_cmpint(answer.usage.input, ==, -1);
    answer.text = g_strdup("kept");
    answer.parts = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(answer.parts, g_strdup("{}"));
    answer.violations = g_array_new(FALSE, FALSE, sizeof(tm_violation));
    tm_answer_clear(&answer);
    g_assert_null(answer.text);
    g_assert_cmpint(answer.usage.thinking, ==, -1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add_func("/outcome/a class's name reads back as the class", names_read_back);
    g_test_add_func("/outcome/a class asks for what the design says", what_each_asks);
    g_test_add_func("/outcome/an answer begins with nothing told and ends with nothing held",
                    an_answer_begins_untold);
    return g_test_run();
}
