/* test_source_text.c - what the expressions of an app's source become: each is rendered and compared with
 * what the app itself would send */
#include "source_house.h"

/* `before` and `contents` are JavaScript in a function ask(name, items, user, flag). */
static const struct {
    const char *before, *contents, *input, *sends;
} cases[] = {
    {"", "'Hi'", "{}", "user: Hi"},
    {"", "`Hi ${name}!`", "{'name': 'Bo'}", "user: Hi Bo!"},
    {"", "'A ' + name + \"\\tB\\u0041\\x42\"", "{'name': 'x'}", "user: A x\tBAB"},
    {"", "`a {{b}} ${name} {${name}} }}`", "{'name': 'x'}", "user: a {{b}} x {x} }}"},
    {"const p = 'One'; const q = p + ' two';", "`${q} ${name}`", "{'name': '3'}", "user: One two 3"},
    {"let p = 'One'; p += ' two'; p += ` ${name}`;", "p", "{'name': '3'}", "user: One two 3"},
    {"let p = 'One'; if (flag) { p += ' two'; } p += ' three';", "p", "{'flag': true}",
     "user: One two three"},
    {"let p = 'One'; if (flag) { p += ' two'; } p += ' three';", "p", "{'flag': ''}", "user: One three"},
    {"let p; if (flag) p = 'A'; else p = 'B';", "p", "{'flag': 'x'}", "user: A"},
    {"let p; if (flag) p = 'A'; else p = 'B';", "p", "{'flag': ''}", "user: B"},
    {"", "`Say ${flag ? `yes ${name}` : 'no'}.`", "{'flag': 'x', 'name': 'Bo'}", "user: Say yes Bo."},
    {"", "`Say ${flag ? `yes ${name}` : 'no'}.`", "{'flag': '', 'name': 'Bo'}", "user: Say no."},
    {"", "`Say ${!flag ? 'no' : 'yes'}.`", "{'flag': ''}", "user: Say no."},
    {"", "`Hi ${name || 'you'}`", "{'name': ''}", "user: Hi you"},
    {"", "`Hi ${name || 'you'}`", "{'name': 'Bo'}", "user: Hi Bo"},
    {"", "`T: ${name === 'x' ? 'ex' : 'other'}`", "{'name': 'x'}", "user: T: ex"},
    {"", "`T: ${name !== 'x' ? 'other' : 'ex'}`", "{'name': 'y'}", "user: T: other"},
    {"", "`L:\\n${items.map(i => `- ${i}`).join('\\n')}\\nend`", "{'items': ['a', 'b']}",
     "user: L:\n- a\n- b\nend"},
    {"", "`L: ${items.map(i => `${i.title} (${i.year})`).join('; ')}`",
     "{'items': [{'title': 'T', 'year': 1}]}", "user: L: T (1)"},
    {"", "`L: ${items.map(({title}) => title + ' by ' + name).join('; ')}`",
     "{'items': [{'title': 'T'}], 'name': 'N'}", "user: L: T by N"},
    {"", "items.length > 0 ? `Have ${items.map(i => i).join(',')}` : 'None'", "{'items': []}", "user: None"},
    {"", "items.length > 0 ? `Have ${items.map(i => i).join(',')}` : 'None'", "{'items': ['a']}",
     "user: Have a"},
    {"let p = 'L:'; for (const i of items) { p += `\\n* ${i}`; } p += '\\nend';", "p",
     "{'items': ['a', 'b']}", "user: L:\n* a\n* b\nend"},
    {"let p = 'L:'; items.forEach(i => { p += `\\n* ${i}`; });", "p", "{'items': ['a', 'b']}",
     "user: L:\n* a\n* b"},
    {"const l = []; l.push('a'); if (flag) l.push('b'); l.push(name);", "l.join('\\n')",
     "{'flag': '', 'name': 'n'}", "user: a\nn"},
    {"const l = ['a', flag && `f ${flag}`, name].filter(Boolean);", "l.join('\\n')",
     "{'flag': 'x', 'name': 'n'}", "user: a\nf x\nn"},
    {"const l = ['a', flag && `f ${flag}`, name].filter(Boolean);", "l.join('\\n')",
     "{'flag': '', 'name': 'n'}", "user: a\nn"},
    {"const T = 'Dear {who}, {who}'; ", "T.replace('{who}', name)", "{'name': 'Bo'}", "user: Dear Bo, {who}"},
    {"const T = 'Dear {who}, {who}'; ", "T.replace(/\\{who\\}/g, name)", "{'name': 'Bo'}",
     "user: Dear Bo, Bo"},
    {"", "`\\n  Hi ${name}\\n  `.trim()", "{'name': 'Bo'}", "user: Hi Bo"},
    {"const M = {a: 'first', b: 'second'};", "`Be ${M[name]}.`", "{'name': 'b'}", "user: Be second."},
    {"let p; switch (name) { case 'a': p = 'first'; break; case 'b': case 'c': p = 'second'; break; default: "
     "p = 'last'; }",
     "p", "{'name': 'c'}", "user: second"},
    {"let p; switch (name) { case 'a': p = 'first'; break; case 'b': case 'c': p = 'second'; break; default: "
     "p = 'last'; }",
     "p", "{'name': 'z'}", "user: last"},
    {"const build = (n) => { if (flag) { return `F ${n}`; } return `G ${n}`; };", "build(name)",
     "{'flag': '', 'name': 'Bo'}", "user: G Bo"},
    {"const {city, zip = '1'} = user;", "`${city} ${zip}`", "{'city': 'C', 'zip': '2'}", "user: C 2"},
    {"", "`${user.name} ${user.address.city}`", "{'user_name': 'N', 'city': 'C'}", "user: N C"},
    {"",
     "[{role: 'user', parts: [{text: 'a'}]}, {role: 'model', parts: [{text: 'b'}]}, {role: 'user', parts: "
     "[{text: name}]}]",
     "{'name': 'c'}", "user: a\nmodel: b\nuser: c"},
    {"", "{parts: [{text: `Look, ${name}`}, {inlineData: {data: user.photo, mimeType: 'image/png'}}]}",
     "{'name': 'Bo', 'photo': 'p.png'}", "user: Look, Bo|(p.png)"},
    {"const parts = [{text: 'Look'}]; items.forEach(i => { const m = i.match(/x/); if (m) { "
     "parts.push({inlineData: {data: m[1], "
     "mimeType: 'image/png'}}); } });",
     "{parts}", "{'items': ['a.png', 'b.png']}", "user: Look|(a.png)|(b.png)"},
    {"", "[...items.map(i => ({inlineData: {data: i.data, mimeType: i.mime}})), `Say ${name}`]",
     "{'items': [{'data': 'a.png'}], 'name': 'x'}", "user: (a.png)|Say x"},
    {"", "JSON.stringify({a: [1, 'x', true]})", "{}", "user: {\"a\":[1,\"x\",true]}"},
    {"const lines = items.map((i, n) => `${n}: ${i}`);", "lines.join(' ')", "{'items': ['a', 'b']}",
     "user: 0: a 1: b"},
    {"", "`A\\n${flag ? 'B\\n' : ''}C`", "{'flag': 'x'}", "user: A\nB\nC"},
    {"", "`A\\n${flag ? '\\nB' : '\\n'}\\nC`", "{'flag': 'x'}", "user: A\n\nB\nC"},
    {"", "`A\\n${flag ? '\\nB' : '\\n'}\\nC`", "{'flag': ''}", "user: A\n\n\nC"},
    {"let n = 2; n = n + 1;", "`${n * 2} of ${'ab'.toUpperCase()} ${[1, 2].length}`", "{}",
     "user: 6 of AB 2"},
    {"try { user.go(); } catch (e) { throw e; }\n if (!name) { throw new Error('no'); }", "`Hi ${name}`",
     "{'name': 'x'}", "user: Hi x"},
    {"", "`Sum: ${user.a + user.b}`", "{'sum': '7'}", "user: Sum: 7"},
    {"", "`L: ${items.length > 0 ? items.join(', ') : 'none'}`", "{'items': 'a, b'}", "user: L: a, b"},
    {"", "`L: ${items.length > 0 ? items.join(', ') : 'none'}`", "{'items': ''}", "user: L: none"},
    {"", "items.map((i, n) => `${n + 1}. ${i.name.toUpperCase()} (${i.tags.join('/')})`).join('\\n')",
     "{'items': [{'number': 1, 'name': 'A', 'tags': 'x/y'}, {'number': 2, 'name': 'B', 'tags': 'z'}]}",
     "user: 1. A (x/y)\n2. B (z)"},
    {"const lines = items.map(i => { const mine = i.owner === user.id; return `${i.title}${mine ? ' (mine)' "
     ": ''}`; });",
     "lines.join('; ')", "{'items': [{'title': 'T', 'mine': ' (mine)'}, {'title': 'U', 'mine': ''}]}",
     "user: T (mine); U"},
    {"const M = {a: 'first', b: 'second'};", "`Be ${M[name] || 'last'}.`", "{'name': 'b'}",
     "user: Be second."},
    {"const M = {a: 'first', b: 'second'};", "`Be ${M[name] || 'last'}.`", "{'name': 'z'}", "user: Be last."},
    {"let p; if (flag && name) p = 'both'; else if (flag && !name) p = 'flag'; else p = 'none';", "p",
     "{'flag': 'x', 'name': ''}", "user: flag"},
    {"const mood = localStorage.getItem('lastMood') || 'calm';", "`Be ${mood}`", "{'lastMood': 'wild'}",
     "user: Be wild"},
    {"const t = name.toLowerCase(); let s = 'A plain style in all of it'; if (t.includes('dark')) s = 'B "
     "dark';",
     "s", "{'t_includes_dark': 'x'}", "user: B dark"},
    {"const say = (x) => typeof x === 'string' ? x : x.join(' ');",
     "`${say('a')} ${say(['b', 'c'])} ${name}`", "{'name': 'n'}", "user: a b c n"},
    {"", "JSON.stringify(items.slice(0, 5))", "{'items': '[1]'}", "user: [1]"},
    {"", "`L: ${items ? JSON.stringify(items) : 'none'}`", "{'items': '[1]'}", "user: L: [1]"},
    {"", "`L:${items.map(i => ` ${i.id} ${user.get(i.id).score}`)}`",
     "{'items': [{'id': 'a', 'score': 1}, {'id': 'b', 'score': 2}]}", "user: L: a 1, b 2"},
    /* parts under conditions */
    {"const parts = [{text: `Look, ${name}`}]; if (flag) parts.push({inlineData: {data: flag, mimeType: "
     "'image/png'}});",
     "{parts}", "{'name': 'Bo', 'flag': 'p.png'}", "user: Look, Bo|(p.png)"},
    {"const parts = [{text: `Look, ${name}`}]; if (flag) parts.push({inlineData: {data: flag, mimeType: "
     "'image/png'}});",
     "{parts}", "{'name': 'Bo', 'flag': ''}", "user: Look, Bo"},
    {"let contents; if (flag) { contents = {parts: [{inlineData: {data: flag, mimeType: 'image/png'}}, "
     "{text: "
     "`Edit: ${name}`}]}; } else { contents = `Draw: ${name}`; }",
     "contents", "{'name': 'n', 'flag': 'p.png'}", "user: (p.png)|Edit: n"},
    {"let contents; if (flag) { contents = {parts: [{inlineData: {data: flag, mimeType: 'image/png'}}, "
     "{text: "
     "`Edit: ${name}`}]}; } else { contents = `Draw: ${name}`; }",
     "contents", "{'name': 'n', 'flag': ''}", "user: Draw: n"},
    /* a .prompt file's last white space is none of its text */
    {"", "`\\n  Hi ${name}\\n    `", "{'name': 'x'}", "user: \n  Hi x"},
    /* several parts or lines for each item */
    {"const parts = [{text: 'Go'}]; for (const i of items) { parts.push({text: `File ${i.name}`}); "
     "parts.push({inlineData: {mimeType: i.mime, data: i.data}}); }",
     "{parts}", "{'items': [{'name': 'a', 'data': 'a.png'}, {'name': 'b', 'data': 'b.png'}]}",
     "user: GoFile a|(a.png)|File b|(b.png)"},
    {"const l = ['Go']; for (const i of items) { l.push(`# ${i.name}`); l.push(`= ${i.size}`); }",
     "l.join('; ')", "{'items': [{'name': 'a', 'size': 1}, {'name': 'b', 'size': 2}]}",
     "user: Go; # a; = 1; # b; = 2"},
    {"", "`L: ${items.map(i => i.title).filter(Boolean).join(', ')}`",
     "{'items': [{'title': 'T'}, {'title': 'U'}]}", "user: L: T, U"},
    /* what only the running app finds in a list */
    {"const find = (k) => { for (const i of items) { if (i.k === k) return i.v; } return 'none'; };",
     "`V ${find(name)}`", "{'name': 'seven'}", "user: V seven"},
    /* one thing, said in two ways */
    {"", "`T: ${Array.isArray(items) ? items.join(', ') : items}`", "{'items': 'a, b'}", "user: T: a, b"},
    {"let t = name; if (t.length > 100) t = t.slice(0, 100);", "`T: ${t}`", "{'t': 'long'}", "user: T: long"},
    {"", "`T: ${name.length > 9 ? name.slice(0, 9) + '...' : name}`", "{'name': 'n'}", "user: T: n"},
    {"let rows = items; if (flag) { const day = new Date(flag); rows = rows.filter(r => r.day >= day); }",
     "`${rows.length} of ${rows.map(r => r.id).join(', ')}`",
     "{'rows_length': '2', 'rows': [{'id': 1}, "
     "{'id': 2}]}",
     "user: 2 of 1, 2"},
    {"", "`From ${user.start ? user.start.toLocaleDateString() : 'ever'}`", "{'start': 'May'}",
     "user: From May"},
    {"", "`From ${user.start ? user.start.toLocaleDateString() : 'ever'}`", "{'start': ''}",
     "user: From ever"},
    {"const stats = {total: items.reduce((a, i) => a + i.price, 0)};", "`Sum ${stats.total.toFixed(2)}`",
     "{'total': '7.00'}", "user: Sum 7.00"},
    {"", "`A${flag === true ? ' on' : ' off'}${flag ? '!' : '?'}`", "{'flag': 'x'}", "user: A on!"},
    /* a sentence stays one, whatever its condition */
    {"", "`A\\n${user.age && user.age < 5 ? 'Use short words and many pictures.' : ''}`",
     "{'age': '3', 'if_user_age_5': 'x'}", "user: A\nUse short words and many pictures."},
    /* conversations */
    {"", "items.map(m => ({role: m.role === 'user' ? 'user' : 'model', parts: [{text: m.text}]}))",
     "{'message': 'Hello'}", "user: Hello"},
    {"", "[...items, {role: 'user', parts: [{text: name}]}]", "{'name': 'Hello'}", "user: Hello"},
};

static void renders_what_the_app_sends(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *sends = house_contents(cases[i].before, cases[i].contents, cases[i].input);
        g_test_message("%s %s", cases[i].before, cases[i].contents);
        g_assert_cmpstr(sends, ==, cases[i].sends);
    }
}

static void different_expressions_have_different_names(void)
{
    g_autofree char *sends = house_contents(
        "const a = user.name, b = name.slice(0, 3);", "`${a} ${b} ${name} ${items[0].name} ${user.pet.name}`",
        "{'a': '1', 'b': '2', 'name': '3', 'items_name': '4', 'pet_name': '5'}");
    g_assert_cmpstr(sends, ==, "user: 1 2 3 4 5");
}

static void what_can_not_be_said_is_a_variable_with_its_source(void)
{
    g_autoptr(house_app) house =
        house_read("a.ts",
                   "export async function ask(list) {\n  await ai.models.generateContent({model: 'm', "
                   "contents: `N: ${list.reduce((a, b) => a + b)}`});\n}",
                   NULL);
    tm_draft *draft = house_draft_of(house, 0);
    g_autofree char *sends = house_sends(house, 0, "{'list': '9'}");
    g_assert_cmpstr(sends, ==, "user: N: 9");
    g_assert_cmpstr(tm_json_string(draft->expressions, "list", ""), ==, "list.reduce((a, b) => a + b)");
}

static void a_default_is_no_constant(void)
{
    g_autoptr(house_app) house =
        house_read("a.py",
                   "def ask(q, data=None):\n    more = f'Data: {json.dumps(data)}' if data else ''\n"
                   "    return client.models.generate_content(model='m', contents=f'{q} {more}')\n",
                   NULL);
    g_autofree char *with = house_sends(house, 0, "{'q': 'Q', 'data': '[1]'}");
    g_autofree char *without = house_sends(house, 0, "{'q': 'Q'}");
    g_assert_cmpstr(with, ==, "user: Q Data: [1]");
    g_assert_cmpstr(without, ==, "user: Q ");
}

static void a_default_is_kept(void)
{
    g_autoptr(house_app) house =
        house_read("a.ts",
                   "const ask = async (topic, tone = 'dry', model = 'gemini-x') => "
                   "ai.models.generateContent({model, contents: `${topic}: ${tone}`});",
                   NULL);
    g_autofree char *sends = house_sends(house, 0, "{'topic': 'T'}");
    g_assert_cmpstr(sends, ==, "user: T: dry");
    g_assert_cmpstr(house_draft_of(house, 0)->model, ==, "gemini-x");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!tm_parse_can()) {
        g_test_message("built without grammars");
        return 0;
    }
    g_test_add_func("/source/renders what the app sends", renders_what_the_app_sends);
    g_test_add_func("/source/different expressions have different names",
                    different_expressions_have_different_names);
    g_test_add_func("/source/what can't be said is a variable with its source",
                    what_can_not_be_said_is_a_variable_with_its_source);
    g_test_add_func("/source/a default is no constant", a_default_is_no_constant);
    g_test_add_func("/source/a parameter's default is kept", a_default_is_kept);
    return g_test_run();
}
