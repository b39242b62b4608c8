/* lower_python.c - Python as nodes of code.h */
#ifdef TM_GRAMMARS
#include "core/studio/source/lower.h"
#include <string.h>

static tm_code *other(tm_code_file *source, TSNode node, int depth, tm_code_kind kind)
{
    tm_code *code = tm_lower_new(source, kind, node);
    tm_lower_kids(code, node, tm_lower_python, depth);
    return code;
}

static tm_code *named(tm_code_file *source, TSNode node, tm_code_kind kind)
{
    tm_code *code = tm_lower_new(source, kind, node);
    tm_lower_name(code, node);
    return code;
}

static tm_code *field(tm_code_file *source, TSNode node, const char *name, int depth)
{
    TSNode child = tm_lower_field(node, name);
    return ts_node_is_null(child) ? NULL : tm_lower_python(source, child, depth + 1);
}

static tm_code *of_fields(tm_code_file *source, TSNode node, int depth, tm_code_kind kind,
                          const char *const *names)
{
    tm_code *code = tm_lower_new(source, kind, node);
    for (; *names; names++) {
        tm_code *kid = field(source, node, *names, depth);
        tm_code_add(code, kid ? kid : tm_lower_new(source, CODE_OTHER, node));
    }
    return code;
}

#define OF(kind, ...) of_fields(source, node, depth, kind, (const char *const[]){__VA_ARGS__, NULL})

static tm_code *first(tm_code_file *source, TSNode node, int depth)
{
    return ts_node_named_child_count(node) > 0
               ? tm_lower_python(source, ts_node_named_child(node, 0), depth + 1)
               : tm_lower_new(source, CODE_OTHER, node);
}

/* Python's {{ in an f-string is a brace. */
static void add_piece(tm_code *code, TSNode node, guint32 start, guint32 end, bool raw, bool format)
{
    if (start >= end)
        return;
    tm_code *piece = tm_lower_new(code->source, CODE_TEXT, node);
    if (raw)
        tm_code_text(piece, code->source->text + start, (gssize)(end - start));
    else
        tm_lower_cook(piece, start, end);
    if (format) {
        g_autoptr(GString) plain = g_string_new(piece->text);
        g_string_replace(plain, "{{", "{", 0);
        g_string_replace(plain, "}}", "}", 0);
        tm_code_text(piece, plain->str, -1);
    }
    tm_code_add(code, piece);
}

static void add_string(tm_code *code, TSNode node, int depth)
{
    uint32_t n = ts_node_child_count(node);
    if (n < 2)
        return;
    TSNode open = ts_node_child(node, 0), close = ts_node_child(node, n - 1);
    guint32 at = ts_node_end_byte(open), end = ts_node_start_byte(close);
    bool raw = false, format = false;
    for (guint32 i = ts_node_start_byte(open); i < at; i++) {
        raw = raw || g_ascii_tolower(code->source->text[i]) == 'r';
        format = format || g_ascii_tolower(code->source->text[i]) == 'f';
    }
    for (uint32_t i = 1; i + 1 < n; i++) {
        TSNode child = ts_node_child(node, i);
        if (!tm_lower_is(child, "interpolation"))
            continue;
        add_piece(code, node, at, ts_node_start_byte(child), raw, format);
        TSNode expression = tm_lower_field(child, "expression");
        tm_code *inner =
            ts_node_is_null(expression) ? NULL : tm_lower_python(code->source, expression, depth + 1);
        TSNode format_as = tm_lower_field(child, "format_specifier");
        if (!inner || !ts_node_is_null(format_as)) {
            tm_code *whole = tm_lower_new(code->source, CODE_OTHER, child);
            tm_code_add(whole, inner);
            if (!ts_node_is_null(format_as))
                tm_lower_name(whole, format_as); /* ":.2f" */
            inner = whole;
        }
        tm_code_add(code, inner);
        at = ts_node_end_byte(child);
    }
    add_piece(code, node, at, end, raw, format);
}

static tm_code *string(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = tm_lower_new(source, CODE_TEMPLATE, node);
    if (tm_lower_is(node, "concatenated_string"))
        for (uint32_t i = 0; i < ts_node_named_child_count(node); i++)
            add_string(code, ts_node_named_child(node, i), depth);
    else
        add_string(code, node, depth);
    if (code->n == 0 || (code->n == 1 && code->kids[0]->kind == CODE_TEXT)) {
        code->kind = CODE_TEXT;
        tm_code_text(code, code->n ? code->kids[0]->text : "", -1);
        code->n = 0;
    }
    return code;
}

static tm_code *parameter(tm_code_file *source, TSNode node, int depth)
{
    if (tm_lower_is(node, "default_parameter") || tm_lower_is(node, "typed_default_parameter"))
        return OF(CODE_DEFAULT, "name", "value");
    if (tm_lower_is(node, "list_splat_pattern") || tm_lower_is(node, "dictionary_splat_pattern"))
        return other(source, node, depth, CODE_SPREAD);
    if (tm_lower_is(node, "identifier"))
        return named(source, node, CODE_NAME);
    return first(source, node, depth);
}

static tm_code *function(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = tm_lower_new(source, CODE_FUNCTION, node);
    TSNode name = tm_lower_field(node, "name"), list = tm_lower_field(node, "parameters");
    if (!ts_node_is_null(name))
        tm_lower_name(code, name);
    tm_code *parameters = tm_lower_new(source, CODE_PARAMETERS, node);
    for (uint32_t i = 0; !ts_node_is_null(list) && i < ts_node_named_child_count(list); i++) {
        TSNode child = ts_node_named_child(list, i);
        if (!ts_node_is_extra(child) && !tm_lower_is(child, "keyword_separator") &&
            !tm_lower_is(child, "positional_separator"))
            tm_code_add(parameters, parameter(source, child, depth + 1));
    }
    tm_code_add(code, parameters);
    tm_code *body = field(source, node, "body", depth);
    tm_code_add(code, body ? body : tm_lower_new(source, CODE_BLOCK, node));
    return code;
}

static tm_code *class(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = tm_lower_new(source, CODE_CLASS, node);
    tm_lower_name(code, tm_lower_field(node, "name"));
    TSNode above = tm_lower_field(node, "superclasses"), body = tm_lower_field(node, "body");
    if (!ts_node_is_null(above))
        tm_lower_kids(code, above, tm_lower_python, depth);
    if (!ts_node_is_null(body))
        tm_lower_kids(code, body, tm_lower_python, depth);
    return code;
}

static tm_code *assignment(tm_code_file *source, TSNode node, int depth)
{
    bool augmented = tm_lower_is(node, "augmented_assignment");
    tm_code *target = field(source, node, "left", depth), *value = field(source, node, "right", depth);
    TSNode type = tm_lower_field(node, "type");
    if (!augmented && target && (!ts_node_is_null(type) || target->kind == CODE_ARRAY)) {
        tm_code *code = tm_lower_new(source, CODE_LET, node);
        tm_code_add(code, target);
        tm_code_add(code, value ? value : tm_lower_new(source, CODE_OTHER, node));
        if (!ts_node_is_null(type))
            tm_code_add(code, tm_lower_python(source, type, depth + 1));
        return code;
    }
    tm_code *code = tm_lower_new(source, CODE_ASSIGN, node);
    tm_code_add(code, target);
    tm_code_add(code, value ? value : tm_lower_new(source, CODE_OTHER, node));
    if (augmented)
        tm_lower_name(code, tm_lower_field(node, "operator"));
    else
        tm_code_text(code, "=", -1);
    return code;
}

/* The sign between two operands, Python's words as JavaScript's signs. */
static const char *sign_of(const char *word)
{
    static const char *const words[][2] = {{"and", "&&"}, {"or", "||"},  {"==", "==="},
                                           {"is", "==="}, {"!=", "!=="}, {"is not", "!=="}};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (strcmp(word, words[i][0]) == 0)
            return words[i][1];
    return word;
}

static tm_code *operation(tm_code_file *source, TSNode node, int depth)
{
    if (tm_lower_is(node, "comparison_operator")) {
        if (ts_node_named_child_count(node) != 2)
            return other(source, node, depth, CODE_OTHER);
        tm_code *code = other(source, node, depth, CODE_BINARY);
        tm_code_text(code, sign_of(ts_node_type(tm_lower_field(node, "operators"))), -1);
        return code;
    }
    tm_code *code = OF(CODE_BINARY, "left", "right");
    tm_code_text(code, sign_of(ts_node_type(tm_lower_field(node, "operator"))), -1);
    return code;
}

/* a if b else c */
static tm_code *choice(tm_code_file *source, TSNode node, int depth)
{
    if (ts_node_named_child_count(node) != 3)
        return other(source, node, depth, CODE_OTHER);
    tm_code *code = tm_lower_new(source, CODE_CHOICE, node);
    for (uint32_t i = 0; i < 3; i++) {
        static const uint32_t order[] = {1, 0, 2};
        tm_code_add(code, tm_lower_python(source, ts_node_named_child(node, order[i]), depth + 1));
    }
    return code;
}

static tm_code *branch(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = OF(CODE_IF, "condition", "consequence"), *last = code;
    for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
        TSNode child = ts_node_named_child(node, i);
        if (tm_lower_is(child, "elif_clause")) {
            tm_code *next = tm_lower_new(source, CODE_IF, child);
            tm_code_add(next, field(source, child, "condition", depth));
            tm_code_add(next, field(source, child, "consequence", depth));
            tm_code_add(last, next);
            last = next;
        } else if (tm_lower_is(child, "else_clause")) {
            tm_code_add(last, field(source, child, "body", depth));
        }
    }
    return code;
}

static tm_code *comprehension(tm_code_file *source, TSNode node, int depth)
{
    TSNode clause = {0}, test = {0};
    int clauses = 0;
    for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
        TSNode child = ts_node_named_child(node, i);
        if (tm_lower_is(child, "for_in_clause")) {
            clause = child;
            clauses++;
        } else if (tm_lower_is(child, "if_clause")) {
            test = child;
        }
    }
    if (clauses != 1)
        return other(source, node, depth, CODE_OTHER);
    tm_code *code = OF(CODE_MAP, "body");
    tm_code_add(code, field(source, clause, "left", depth));
    tm_code_add(code, field(source, clause, "right", depth));
    if (code->n == 3 && !ts_node_is_null(test))
        tm_code_add(code, first(source, test, depth + 1));
    return code;
}

static tm_code *import(tm_code_file *source, TSNode node, int depth)
{
    (void)depth;
    tm_code *code = tm_lower_new(source, CODE_IMPORT, node);
    TSNode module = tm_lower_field(node, "module_name");
    if (!ts_node_is_null(module))
        tm_lower_name(code, module);
    for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
        TSNode child = ts_node_named_child(node, i);
        bool aliased = tm_lower_is(child, "aliased_import");
        if (ts_node_eq(child, module) || (!aliased && !tm_lower_is(child, "dotted_name")))
            continue;
        TSNode name = aliased ? tm_lower_field(child, "name") : child;
        tm_code *one = tm_lower_new(source, CODE_BIND, child), *here;
        here = named(source, aliased ? tm_lower_field(child, "alias") : child, CODE_NAME);
        if (ts_node_is_null(module)) { /* import a.b */
            tm_code_text(one, "*", -1);
            tm_lower_name(code, name);
        } else {
            tm_lower_name(one, name);
        }
        tm_code_add(one, here);
        tm_code_add(code, one);
    }
    return code;
}

static tm_code *attempt(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = other(source, node, depth, CODE_TRY);
    return code;
}

/* with f() as x: body - a LET and the body. */
static tm_code *with(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = tm_lower_new(source, CODE_BLOCK, node);
    TSNode clause = ts_node_named_child(node, 0);
    for (uint32_t i = 0; !ts_node_is_null(clause) && i < ts_node_named_child_count(clause); i++) {
        TSNode item = tm_lower_field(ts_node_named_child(clause, i), "value");
        if (!tm_lower_is(item, "as_pattern") || ts_node_named_child_count(item) < 2)
            continue;
        tm_code *let = tm_lower_new(source, CODE_LET, item);
        tm_code_add(let, first(source, ts_node_named_child(item, 1), depth + 1));
        tm_code_add(let, first(source, item, depth + 1));
        tm_code_add(code, let);
    }
    tm_code_add(code, field(source, node, "body", depth));
    return code;
}

static tm_code *pair(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = OF(CODE_PAIR, "value"), *key = field(source, node, "key", depth);
    if (key && key->kind == CODE_TEXT)
        tm_code_text(code, key->text, -1);
    else
        tm_code_add(code, key);
    return code;
}

static tm_code *member(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = OF(CODE_MEMBER, "object");
    tm_lower_name(code, tm_lower_field(node, "attribute"));
    return code;
}

static tm_code *call(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = OF(CODE_CALL, "function");
    TSNode arguments = tm_lower_field(node, "arguments");
    if (tm_lower_is(arguments, "generator_expression"))
        tm_code_add(code, tm_lower_python(source, arguments, depth + 1));
    else if (!ts_node_is_null(arguments))
        tm_lower_kids(code, arguments, tm_lower_python, depth);
    return code;
}

static tm_code *keyword(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = OF(CODE_KEYWORD, "value");
    tm_lower_name(code, tm_lower_field(node, "name"));
    return code;
}

static tm_code *unary(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = OF(CODE_UNARY, "argument");
    TSNode sign = tm_lower_field(node, "operator");
    tm_code_text(code, ts_node_is_null(sign) ? "" : ts_node_type(sign), -1);
    return code;
}

static tm_code *each(tm_code_file *source, TSNode node, int depth)
{
    return OF(CODE_EACH, "left", "right", "body");
}

static tm_code *while_loop(tm_code_file *source, TSNode node, int depth)
{
    return OF(CODE_LOOP, "body");
}

static tm_code *at_index(tm_code_file *source, TSNode node, int depth)
{
    return OF(CODE_INDEX, "value", "subscript");
}

static tm_code *negation(tm_code_file *source, TSNode node, int depth)
{
    return OF(CODE_NOT, "argument");
}

static tm_code *plain(tm_code_file *source, TSNode node, int depth)
{
    static const struct {
        const char *type;
        tm_code_kind kind;
        bool text;
    } kinds[] = {
        {"module", CODE_BLOCK, false},
        {"block", CODE_BLOCK, false},
        {"identifier", CODE_NAME, true},
        {"integer", CODE_NUMBER, true},
        {"float", CODE_NUMBER, true},
        {"true", CODE_TRUE, false},
        {"false", CODE_FALSE, false},
        {"none", CODE_NULL, false},
        {"list", CODE_ARRAY, false},
        {"tuple", CODE_ARRAY, false},
        {"set", CODE_ARRAY, false},
        {"expression_list", CODE_ARRAY, false},
        {"pattern_list", CODE_ARRAY, false},
        {"tuple_pattern", CODE_ARRAY, false},
        {"list_pattern", CODE_ARRAY, false},
        {"dictionary", CODE_OBJECT, false},
        {"dictionary_splat", CODE_SPREAD, false},
        {"list_splat", CODE_SPREAD, false},
        {"return_statement", CODE_RETURN, false},
        {"break_statement", CODE_BREAK, false},
        {"continue_statement", CODE_CONTINUE, false},
        {"raise_statement", CODE_THROW, false},
        {"except_clause", CODE_BLOCK, false},
        {"finally_clause", CODE_BLOCK, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (tm_lower_is(node, kinds[i].type))
            return kinds[i].text ? named(source, node, kinds[i].kind)
                                 : other(source, node, depth, kinds[i].kind);
    return other(source, node, depth, CODE_OTHER);
}

static const struct {
    const char *type;
    tm_lower lower;
} table[] = {
    {"string", string},
    {"concatenated_string", string},
    {"parenthesized_expression", first},
    {"await", first},
    {"expression_statement", first},
    {"type", first},
    {"function_definition", function},
    {"lambda", function},
    {"class_definition", class},
    {"assignment", assignment},
    {"augmented_assignment", assignment},
    {"binary_operator", operation},
    {"boolean_operator", operation},
    {"comparison_operator", operation},
    {"conditional_expression", choice},
    {"if_statement", branch},
    {"list_comprehension", comprehension},
    {"generator_expression", comprehension},
    {"set_comprehension", comprehension},
    {"import_statement", import},
    {"import_from_statement", import},
    {"try_statement", attempt},
    {"with_statement", with},
    {"pair", pair},
    {"attribute", member},
    {"call", call},
    {"keyword_argument", keyword},
    {"unary_operator", unary},
    {"for_statement", each},
    {"while_statement", while_loop},
    {"subscript", at_index},
    {"not_operator", negation},
};

tm_code *tm_lower_python(tm_code_file *source, TSNode node, int depth)
{
    if (tm_lower_is(node, "comment") || tm_lower_is(node, "decorator"))
        return NULL;
    if (depth > LOWER_DEPTH)
        return tm_lower_new(source, CODE_OTHER, node);
    if (tm_lower_is(node, "decorated_definition"))
        return field(source, node, "definition", depth);
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
        if (tm_lower_is(node, table[i].type))
            return table[i].lower(source, node, depth);
    return plain(source, node, depth);
}
#else
typedef int tm_lower_python_is_not_built;
#endif
