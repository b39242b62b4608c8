/* lower_script.c - TypeScript and JavaScript, with JSX, as nodes of code.h */
#ifdef TM_GRAMMARS
#include "core/studio/source/lower.h"
#include <string.h>

typedef tm_code *(*lower_one)(tm_code_file *source, TSNode node, int depth);

static tm_code *field(tm_code_file *source, TSNode node, const char *name, int depth)
{
    TSNode child = tm_lower_field(node, name);
    return ts_node_is_null(child) ? NULL : tm_lower_script(source, child, depth + 1);
}

/* A node of that kind with these fields as kids; a field that is missing leaves an OTHER in its place. */
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

/* A constant of the language. */
static tm_code *constant(tm_code_file *source, TSNode node, int depth)
{
    (void)depth;
    static const struct {
        const char *type;
        tm_code_kind kind;
    } kinds[] = {
        {"true", CODE_TRUE}, {"false", CODE_FALSE}, {"null", CODE_NULL}, {"undefined", CODE_UNDEFINED}};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (tm_lower_is(node, kinds[i].type))
            return tm_lower_new(source, kinds[i].kind, node);
    tm_code *code = tm_lower_new(source, tm_lower_is(node, "number") ? CODE_NUMBER : CODE_NAME, node);
    tm_lower_name(code, node);
    if (code->kind == CODE_NAME && strcmp(code->text, "undefined") == 0)
        code->kind = CODE_UNDEFINED;
    return code;
}

static tm_code *text(tm_code_file *source, TSNode node, int depth)
{
    (void)depth;
    tm_code *code = tm_lower_new(source, CODE_TEXT, node);
    if (code->end > code->start + 1)
        tm_lower_cook(code, code->start + 1, code->end - 1);
    else
        tm_code_text(code, "", 0);
    return code;
}

static void add_piece(tm_code *code, TSNode node, guint32 start, guint32 end)
{
    if (start >= end)
        return;
    tm_code *piece = tm_lower_new(code->source, CODE_TEXT, node);
    tm_lower_cook(piece, start, end);
    tm_code_add(code, piece);
}

static tm_code *template(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = tm_lower_new(source, CODE_TEMPLATE, node);
    guint32 at = code->start + 1;
    for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
        TSNode child = ts_node_named_child(node, i);
        if (!tm_lower_is(child, "template_substitution"))
            continue;
        add_piece(code, node, at, ts_node_start_byte(child));
        tm_code *inner = ts_node_named_child_count(child) > 0
                             ? tm_lower_script(source, ts_node_named_child(child, 0), depth + 1)
                             : NULL;
        tm_code_add(code, inner ? inner : tm_lower_new(source, CODE_OTHER, child));
        at = ts_node_end_byte(child);
    }
    add_piece(code, node, at, code->end > code->start ? code->end - 1 : code->end);
    return code;
}

static tm_code *regex(tm_code_file *source, TSNode node, int depth)
{
    (void)depth;
    tm_code *code = tm_lower_new(source, CODE_REGEX, node);
    TSNode pattern = tm_lower_field(node, "pattern");
    if (ts_node_is_null(pattern))
        tm_code_text(code, "", 0);
    else
        tm_lower_name(code, pattern);
    return code;
}

static tm_code *block(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = tm_lower_new(source, CODE_BLOCK, node);
    tm_lower_kids(code, node, tm_lower_script, depth);
    return code;
}

/* The first named child stands for the whole: (x), x as T, x!, await x. */
static tm_code *inner(tm_code_file *source, TSNode node, int depth)
{
    for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
        TSNode child = ts_node_named_child(node, i);
        if (!ts_node_is_extra(child) && !tm_lower_is(child, "type_arguments"))
            return tm_lower_script(source, child, depth + 1);
    }
    return tm_lower_new(source, CODE_OTHER, node);
}

static tm_code *member(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = OF(CODE_MEMBER, "object");
    TSNode property = tm_lower_field(node, "property");
    if (ts_node_is_null(property))
        tm_code_text(code, "", 0);
    else
        tm_lower_name(code, property);
    return code;
}

static tm_code *call(tm_code_file *source, TSNode node, int depth)
{
    bool new = tm_lower_is(node, "new_expression");
    tm_code *code = OF(CODE_CALL, new ? "constructor" : "function");
    TSNode arguments = tm_lower_field(node, "arguments");
    if (tm_lower_is(arguments, "template_string")) {
        code->kind = CODE_TAGGED;
        tm_code_add(code, template(source, arguments, depth + 1));
    } else if (!ts_node_is_null(arguments)) {
        tm_lower_kids(code, arguments, tm_lower_script, depth);
    }
    return code;
}

/* The key of a pair: a name, a text, or an expression in brackets. */
static tm_code *pair(tm_code_file *source, TSNode node, int depth, const char *key_field,
                     const char *value_field)
{
    tm_code *code = OF(CODE_PAIR, value_field);
    TSNode key = tm_lower_field(node, key_field);
    if (tm_lower_is(key, "computed_property_name")) {
        tm_code_add(code, inner(source, key, depth + 1));
    } else if (tm_lower_is(key, "string")) {
        tm_code *name = text(source, key, depth + 1);
        tm_code_text(code, name->text, -1);
    } else if (!ts_node_is_null(key)) {
        tm_lower_name(code, key);
    } else {
        tm_code_text(code, "", 0);
    }
    return code;
}

static tm_code *plain_pair(tm_code_file *source, TSNode node, int depth)
{
    return pair(source, node, depth, "key", "value");
}

/* { name } and, in a pattern, { name = value }. */
static tm_code *short_pair(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = tm_lower_new(source, CODE_PAIR, node), *value;
    TSNode name = node;
    if (tm_lower_is(node, "object_assignment_pattern")) {
        name = tm_lower_field(node, "left");
        value = tm_lower_new(source, CODE_DEFAULT, node);
        tm_code *left = tm_lower_new(source, CODE_NAME, name);
        tm_lower_name(left, name);
        tm_code_add(value, left);
        tm_code_add(value, field(source, node, "right", depth));
    } else {
        value = tm_lower_new(source, CODE_NAME, node);
        tm_lower_name(value, node);
    }
    tm_lower_name(code, name);
    tm_code_add(code, value);
    return code;
}

static tm_code *parameter(tm_code_file *source, TSNode node, int depth)
{
    tm_code *pattern = field(source, node, "pattern", depth);
    TSNode value = tm_lower_field(node, "value");
    if (!pattern || ts_node_is_null(value))
        return pattern;
    tm_code *code = tm_lower_new(source, CODE_DEFAULT, node);
    tm_code_add(code, pattern);
    tm_code_add(code, tm_lower_script(source, value, depth + 1));
    return code;
}

static tm_code *parameters(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = tm_lower_new(source, CODE_PARAMETERS, node);
    TSNode list = tm_lower_field(node, "parameters");
    TSNode one = tm_lower_field(node, "parameter");
    if (!ts_node_is_null(list)) {
        for (uint32_t i = 0; i < ts_node_named_child_count(list); i++) {
            TSNode child = ts_node_named_child(list, i);
            bool self = tm_lower_is(tm_lower_field(child, "pattern"), "this");
            if (!ts_node_is_extra(child) && !self)
                tm_code_add(code, tm_lower_script(source, child, depth + 1));
        }
    } else if (!ts_node_is_null(one)) {
        tm_code_add(code, tm_lower_script(source, one, depth + 1));
    }
    return code;
}

static tm_code *function(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = tm_lower_new(source, CODE_FUNCTION, node);
    TSNode name = tm_lower_field(node, "name");
    if (!ts_node_is_null(name) && !tm_lower_is(name, "computed_property_name"))
        tm_lower_name(code, name);
    tm_code_add(code, parameters(source, node, depth + 1));
    tm_code *body = field(source, node, "body", depth);
    tm_code_add(code, body ? body : tm_lower_new(source, CODE_BLOCK, node));
    return code;
}

/* A method in an object is a pair. Of a class it is a member. */
static tm_code *method(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = function(source, node, depth);
    if (!tm_lower_is(ts_node_parent(node), "object"))
        return code;
    tm_code *pair_code = tm_lower_new(source, CODE_PAIR, node);
    tm_code_text(pair_code, code->text ? code->text : "", -1);
    tm_code_add(pair_code, code);
    return pair_code;
}

static tm_code *operation(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = OF(CODE_BINARY, "left", "right");
    TSNode sign = tm_lower_field(node, "operator");
    if (tm_lower_is(node, "assignment_expression"))
        tm_code_text(code, "=", -1);
    else if (!ts_node_is_null(sign))
        tm_lower_name(code, sign);
    else
        tm_code_text(code, "", 0);
    if (!tm_lower_is(node, "binary_expression"))
        code->kind = CODE_ASSIGN;
    return code;
}

static tm_code *unary(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = OF(CODE_UNARY, "argument");
    TSNode sign = tm_lower_field(node, "operator");
    if (ts_node_is_null(sign))
        tm_code_text(code, "", 0);
    else
        tm_lower_name(code, sign);
    if (strcmp(code->text, "!") == 0)
        code->kind = CODE_NOT;
    return code;
}

static tm_code *spread(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = tm_lower_new(source, CODE_SPREAD, node);
    tm_code_add(code, inner(source, node, depth));
    return code;
}

static tm_code *of_kids(tm_code_file *source, TSNode node, int depth, tm_code_kind kind)
{
    tm_code *code = tm_lower_new(source, kind, node);
    tm_lower_kids(code, node, tm_lower_script, depth);
    return code;
}

/* An array keeps the places that are left out: [, setName]. */
static tm_code *array(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = tm_lower_new(source, CODE_ARRAY, node);
    bool empty = true;
    for (uint32_t i = 1; i < ts_node_child_count(node); i++) {
        TSNode child = ts_node_child(node, i);
        if (ts_node_is_named(child) && !ts_node_is_extra(child)) {
            tm_code_add(code, tm_lower_script(source, child, depth + 1));
            empty = false;
        } else if (tm_lower_is(child, ",")) {
            if (empty)
                tm_code_add(code, tm_lower_new(source, CODE_OTHER, child));
            empty = true;
        }
    }
    return code;
}

static tm_code *object(tm_code_file *source, TSNode node, int depth)
{
    return of_kids(source, node, depth, CODE_OBJECT);
}

static tm_code *choice(tm_code_file *source, TSNode node, int depth)
{
    return OF(CODE_CHOICE, "condition", "consequence", "alternative");
}

static tm_code *at_index(tm_code_file *source, TSNode node, int depth)
{
    return OF(CODE_INDEX, "object", "index");
}

static tm_code *pattern_default(tm_code_file *source, TSNode node, int depth)
{
    return OF(CODE_DEFAULT, "left", "right");
}

static tm_code *declaration(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = tm_lower_new(source, CODE_LET, node);
    tm_code_add(code, field(source, node, "name", depth));
    tm_code_add(code, field(source, node, "value", depth));
    return code;
}

/* const a = 1, b = 2: a run of LETs, in a block where they are several. */
static tm_code *declarations(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = of_kids(source, node, depth, CODE_BLOCK);
    return code->n == 1 ? code->kids[0] : code;
}

static tm_code *branch(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = OF(CODE_IF, "condition", "consequence");
    tm_code_add(code, field(source, node, "alternative", depth));
    return code;
}

static tm_code *each(tm_code_file *source, TSNode node, int depth)
{
    bool of = tm_lower_is(tm_lower_field(node, "operator"), "of");
    return of ? OF(CODE_EACH, "left", "right", "body") : OF(CODE_LOOP, "body");
}

static tm_code *loop(tm_code_file *source, TSNode node, int depth)
{
    return OF(CODE_LOOP, "initializer", "body");
}

static tm_code *while_loop(tm_code_file *source, TSNode node, int depth)
{
    return OF(CODE_LOOP, "body");
}

static tm_code *switch_over(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = OF(CODE_SWITCH, "value");
    TSNode body = tm_lower_field(node, "body");
    if (!ts_node_is_null(body))
        tm_lower_kids(code, body, tm_lower_script, depth);
    return code;
}

static tm_code *switch_case(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = of_kids(source, node, depth, CODE_CASE);
    if (tm_lower_is(node, "switch_default"))
        tm_code_text(code, "default", -1);
    return code;
}

static tm_code *attempt(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = OF(CODE_TRY, "body");
    tm_code_add(code, field(source, node, "handler", depth));
    tm_code_add(code, field(source, node, "finalizer", depth));
    return code;
}

static tm_code *body_only(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = field(source, node, "body", depth);
    return code ? code : tm_lower_new(source, CODE_BLOCK, node);
}

static tm_code *returning(tm_code_file *source, TSNode node, int depth)
{
    return of_kids(source, node, depth, CODE_RETURN);
}

static tm_code *leaving(tm_code_file *source, TSNode node, int depth)
{
    return of_kids(source, node, depth,
                   tm_lower_is(node, "break_statement")      ? CODE_BREAK
                   : tm_lower_is(node, "continue_statement") ? CODE_CONTINUE
                                                             : CODE_THROW);
}

static tm_code *class(tm_code_file *source, TSNode node, int depth)
{
    tm_code *code = tm_lower_new(source, CODE_CLASS, node);
    TSNode name = tm_lower_field(node, "name"), body = tm_lower_field(node, "body");
    if (!ts_node_is_null(name))
        tm_lower_name(code, name);
    if (!ts_node_is_null(body))
        tm_lower_kids(code, body, tm_lower_script, depth);
    return code;
}

/* enum E {A = "x", B}: an object of texts and numbers. */
static tm_code *enumeration(tm_code_file *source, TSNode node, int depth)
{
    tm_code *let = tm_lower_new(source, CODE_LET, node), *name = tm_lower_new(source, CODE_NAME, node);
    tm_code *members = tm_lower_new(source, CODE_OBJECT, node);
    tm_lower_name(name, tm_lower_field(node, "name"));
    tm_code_add(let, name);
    tm_code_add(let, members);
    TSNode body = tm_lower_field(node, "body");
    for (uint32_t i = 0; !ts_node_is_null(body) && i < ts_node_named_child_count(body); i++) {
        TSNode child = ts_node_named_child(body, i);
        if (tm_lower_is(child, "enum_assignment")) {
            tm_code_add(members, pair(source, child, depth + 1, "name", "value"));
        } else if (tm_lower_is(child, "property_identifier")) {
            tm_code *member_code = tm_lower_new(source, CODE_PAIR, child), *number;
            number = tm_lower_new(source, CODE_NUMBER, child);
            g_autofree char *value = g_strdup_printf("%u", i);
            tm_code_text(number, value, -1);
            tm_lower_name(member_code, child);
            tm_code_add(member_code, number);
            tm_code_add(members, member_code);
        }
    }
    return let;
}

static void bind(tm_code *code, TSNode there, TSNode here, const char *fixed)
{
    tm_code *one = tm_lower_new(code->source, CODE_BIND, here), *name;
    if (fixed)
        tm_code_text(one, fixed, -1);
    else
        tm_lower_name(one, there);
    name = tm_lower_new(code->source, CODE_NAME, here);
    tm_lower_name(name, here);
    tm_code_add(one, name);
    tm_code_add(code, one);
}

static void bind_specifiers(tm_code *code, TSNode list)
{
    for (uint32_t i = 0; i < ts_node_named_child_count(list); i++) {
        TSNode child = ts_node_named_child(list, i), name = tm_lower_field(child, "name");
        TSNode alias = tm_lower_field(child, "alias");
        if (!ts_node_is_null(name))
            bind(code, name, ts_node_is_null(alias) ? name : alias, NULL);
    }
}

static void module_of(tm_code *code, TSNode node)
{
    TSNode module = tm_lower_field(node, "source");
    if (!ts_node_is_null(module))
        tm_code_text(code, text(code->source, module, 0)->text, -1);
}

static tm_code *import(tm_code_file *source, TSNode node, int depth)
{
    (void)depth;
    tm_code *code = tm_lower_new(source, CODE_IMPORT, node);
    module_of(code, node);
    for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
        TSNode clause = ts_node_named_child(node, i);
        if (!tm_lower_is(clause, "import_clause"))
            continue;
        for (uint32_t j = 0; j < ts_node_named_child_count(clause); j++) {
            TSNode child = ts_node_named_child(clause, j);
            if (tm_lower_is(child, "identifier"))
                bind(code, child, child, "default");
            else if (tm_lower_is(child, "namespace_import") && ts_node_named_child_count(child) > 0)
                bind(code, child, ts_node_named_child(child, 0), "*");
            else if (tm_lower_is(child, "named_imports"))
                bind_specifiers(code, child);
        }
    }
    return code;
}

static tm_code *export(tm_code_file *source, TSNode node, int depth)
{
    tm_code *declared = field(source, node, "declaration", depth);
    tm_code *value = declared ? declared : field(source, node, "value", depth);
    if (value) {
        tm_code *code = tm_lower_new(source, CODE_EXPORT, node);
        for (uint32_t i = 0; i < ts_node_child_count(node); i++)
            if (tm_lower_is(ts_node_child(node, i), "default"))
                tm_code_text(code, "default", -1);
        tm_code_add(code, value);
        return code;
    }
    tm_code *code = tm_lower_new(source, CODE_REEXPORT, node);
    bool all = true;
    module_of(code, node);
    for (uint32_t i = 0; i < ts_node_named_child_count(node); i++) {
        TSNode child = ts_node_named_child(node, i);
        if (tm_lower_is(child, "export_clause")) {
            bind_specifiers(code, child);
            all = false;
        }
    }
    if (all)
        bind(code, node, node, "*");
    return code;
}

static const struct {
    const char *type;
    lower_one lower;
} table[] = {
    {"identifier", constant},
    {"property_identifier", constant},
    {"shorthand_property_identifier", short_pair},
    {"shorthand_property_identifier_pattern", short_pair},
    {"object_assignment_pattern", short_pair},
    {"private_property_identifier", constant},
    {"type_identifier", constant},
    {"this", constant},
    {"super", constant},
    {"number", constant},
    {"true", constant},
    {"false", constant},
    {"null", constant},
    {"undefined", constant},
    {"string", text},
    {"template_string", template},
    {"regex", regex},
    {"program", block},
    {"statement_block", block},
    {"parenthesized_expression", inner},
    {"as_expression", inner},
    {"satisfies_expression", inner},
    {"non_null_expression", inner},
    {"await_expression", inner},
    {"expression_statement", inner},
    {"instantiation_expression", inner},
    {"else_clause", inner},
    {"member_expression", member},
    {"subscript_expression", at_index},
    {"call_expression", call},
    {"new_expression", call},
    {"object", object},
    {"object_pattern", object},
    {"array", array},
    {"array_pattern", array},
    {"pair", plain_pair},
    {"pair_pattern", plain_pair},
    {"spread_element", spread},
    {"rest_pattern", spread},
    {"method_definition", method},
    {"arrow_function", function},
    {"function_declaration", function},
    {"function_expression", function},
    {"generator_function", function},
    {"generator_function_declaration", function},
    {"function", function},
    {"required_parameter", parameter},
    {"optional_parameter", parameter},
    {"binary_expression", operation},
    {"assignment_expression", operation},
    {"augmented_assignment_expression", operation},
    {"unary_expression", unary},
    {"update_expression", unary},
    {"ternary_expression", choice},
    {"assignment_pattern", pattern_default},
    {"lexical_declaration", declarations},
    {"variable_declaration", declarations},
    {"variable_declarator", declaration},
    {"public_field_definition", declaration},
    {"field_definition", declaration},
    {"if_statement", branch},
    {"for_in_statement", each},
    {"for_statement", loop},
    {"while_statement", while_loop},
    {"do_statement", while_loop},
    {"switch_statement", switch_over},
    {"switch_case", switch_case},
    {"switch_default", switch_case},
    {"try_statement", attempt},
    {"catch_clause", body_only},
    {"finally_clause", body_only},
    {"return_statement", returning},
    {"break_statement", leaving},
    {"continue_statement", leaving},
    {"throw_statement", leaving},
    {"class_declaration", class},
    {"abstract_class_declaration", class},
    {"class", class},
    {"enum_declaration", enumeration},
    {"import_statement", import},
    {"export_statement", export},
};

/* Nodes that only say types. */
static const char *const types[] = {
    "type_annotation",        "type_arguments", "type_parameters", "interface_declaration",
    "type_alias_declaration", "comment",        "decorator",       "accessibility_modifier"};

static lower_one of_type(const char *type)
{
    static gsize made;
    static GHashTable *by_type;
    if (g_once_init_enter(&made)) {
        by_type = g_hash_table_new(g_str_hash, g_str_equal);
        for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
            g_hash_table_insert(by_type, (gpointer)table[i].type, (gpointer)&table[i]);
        g_once_init_leave(&made, 1);
    }
    const char *found = g_hash_table_lookup(by_type, type);
    return found ? table[((gsize)found - (gsize)table) / sizeof table[0]].lower : NULL;
}

tm_code *tm_lower_script(tm_code_file *source, TSNode node, int depth)
{
    const char *type = ts_node_type(node);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (strcmp(type, types[i]) == 0)
            return NULL;
    if (depth > LOWER_DEPTH)
        return tm_lower_new(source, CODE_OTHER, node);
    lower_one lower = of_type(type);
    return lower ? lower(source, node, depth) : of_kids(source, node, depth, CODE_OTHER);
}
#else
typedef int tm_lower_script_is_not_built;
#endif
