/* source_house.h - small apps through the whole way: read, written as .prompt files, loaded, rendered. */
#pragma once
#include "core/studio/source/app.h"
#include "core/studio/source/parse.h"
#include "studio_house.h"

typedef struct {
    GPtrArray *drafts;  /* tm_draft */
    GPtrArray *skipped; /* char*: "file:line: why" */
} house_app;

static inline void house_skip(const char *file, int line, const char *why, void *data)
{
    g_ptr_array_add(data, g_strdup_printf("%s:%d: %s", file, line, why));
}

/* Reads files given as name, text, name, text, ..., NULL. */
static inline house_app *house_read(const char *name, ...)
{
    house_app *house = g_new0(house_app, 1);
    house->drafts = g_ptr_array_new_with_free_func((GDestroyNotify)tm_draft_free);
    house->skipped = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(tm_app) app = tm_app_new();
    va_list args;
    va_start(args, name);
    for (; name; name = va_arg(args, const char *)) {
        const char *text = va_arg(args, const char *);
        g_assert_true(tm_app_add(app, name, text, strlen(text)));
    }
    va_end(args);
    tm_app_read(app, house->drafts, house_skip, house->skipped);
    return house;
}

static inline void house_close(house_app *house)
{
    g_ptr_array_unref(house->drafts);
    g_ptr_array_unref(house->skipped);
    g_free(house);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(house_app, house_close)

static inline tm_draft *house_draft_of(house_app *house, guint i)
{
    g_assert_cmpuint(i, <, house->drafts->len);
    return g_ptr_array_index(house->drafts, i);
}

/* Prompt i rendered with `input` (JSON with '), as house_render() says it. (transfer full) */
static inline char *house_sends(house_app *house, guint i, const char *input)
{
    tm_prompt *prompt = house_prompt(house_draft_of(house, i));
    char *text = house_render(prompt, input);
    tm_prompt_free(prompt);
    return text;
}

/* What `contents` sends, after `before` in the same function; with one call around it. */
static inline char *house_contents(const char *before, const char *contents, const char *input)
{
    g_autofree char *text =
        g_strdup_printf("import {GoogleGenAI} from '@google/genai';\n"
                        "const ai = new GoogleGenAI({});\n"
                        "export async function ask(name, items, user, flag) {\n%s\n"
                        "  const r = await ai.models.generateContent({model: 'm', contents: %s});\n"
                        "  return r.text;\n}\n",
                        before, contents);
    g_autoptr(house_app) house = house_read("src/a.ts", text, NULL);
    g_assert_cmpuint(house->drafts->len, ==, 1);
    return house_sends(house, 0, input);
}
