/* braces.h - text that somebody typed as text of a Handlebars template: `{{word}}` stays a variable, whatever
 * else looks like Handlebars comes out as it was typed. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Does `text` hold a `{{word}}`? `${{ x }}`, `{{{x}}}`, `{{#if x}}` and LaTeX's `\frac{{a}}{{b}}` are none.
 */
bool tm_braces_has_variable(const char *text);
/* Appends `text` to the template `out`. Names of variables that are not yet in `names` are added to it;
 * `names` NULL: all is literal. Adds the code points that are no variable to *chars. */
void tm_braces_text(GString *out, const char *text, GPtrArray *names, int64_t *chars);
/* Appends the expression `inner` in double braces, whatever `out` ends with. */
void tm_braces_expression(GString *out, const char *inner);
/* `name` as an expression: names that mean something to the template are written `this.name`. (transfer full)
 */
char *tm_braces_variable(const char *name);
/* Adds a copy of `name` to `names` unless it is there. */
void tm_braces_add(GPtrArray *names, const char *name);
/* `name` made a word that may stand in double braces: "Product name:" -> "Product_name". (transfer full) */
char *tm_braces_word(const char *name);
