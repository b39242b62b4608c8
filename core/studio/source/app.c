/* app.c - the source files of an app: every call of a model in them becomes a draft of a prompt.
 *
 * A call whose question is nothing but a parameter of the function around it is a wrapper of the app's own:
 * its callers are read, and each that says what is asked is a prompt. */
#include "core/studio/source/app.h"
#include "core/outcome.h"
#include "core/studio/source/config.h"
#include "core/studio/source/contents.h"
#include "core/studio/source/curl.h"
#include "core/studio/source/notebook.h"
#include "core/studio/source/parse.h"
#include "core/studio/source/title.h"
#include <string.h>

enum { FILES_MAX = 20000, PROMPTS_MAX = 1000, FOLLOW_MAX = 4, WORK_MAX = 2000, TOTAL_MAX = 64 << 20 };

struct tm_app {
    tm_project *project;
    gsize total;
    guint left_out; /* files past the caps */
    guint work;     /* calls read so far, callers' too */
    GPtrArray *drafts;
    tm_app_skip skip;
    void *data;
};

tm_app *tm_app_new(void)
{
    tm_app *app = g_new0(tm_app, 1);
    app->project = tm_project_new();
    return app;
}

void tm_app_free(tm_app *app)
{
    if (!app)
        return;
    tm_project_free(app->project);
    g_free(app);
}

static bool is_script(const char *file)
{
    static const char *const endings[] = {".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", ".cjs", ".py"};
    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++)
        if (g_str_has_suffix(file, endings[i]))
            return true;
    return false;
}

bool tm_app_add(tm_app *app, const char *file, const char *text, gsize length)
{
    if (memchr(text, '\0', length))
        return false;
    if (app->project->sources->len >= FILES_MAX || app->total + length > TOTAL_MAX) {
        app->left_out++;
        return true;
    }
    app->total += length;
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)length);
    bool notebook = g_str_has_suffix(file, ".ipynb");
    g_autofree char *cells = notebook ? tm_notebook_code(valid, strlen(valid)) : NULL;
    const char *start = cells ? cells : g_str_has_prefix(valid, "\357\273\277") ? valid + 3 : valid;
    tm_code_file *source = tm_code_file_new(file, start, strlen(start));
    if (!is_script(file)) /* a snippet: by its words */
        source->python = notebook || (!strstr(start, "const ") && !strstr(start, "await ai.") &&
                                      (strstr(start, "from google") || strstr(start, "import google") ||
                                       strstr(start, "import os") || strstr(start, "genai.Client(") ||
                                       strstr(start, "\"\"\"")));
    tm_project_add(app->project, source);
    return true;
}

/* From the call outwards: a function, and a call of it. */
typedef struct {
    tm_code *function, *call;
} step;

/* Reads the arguments of the callers, outermost first, and then the call itself. */
static void read_site(tm_app *app, tm_run *run, const tm_site *site, const step *steps, guint n,
                      tm_request *request)
{
    app->work++;
    for (guint i = n; i > 0; i--) {
        const step *at = &steps[i - 1];
        tm_frame *frame = tm_run_goto(run, at->call);
        tm_value *arguments = tm_value_new(VALUE_ARRAY), *named = tm_value_new(VALUE_OBJECT);
        for (guint k = 1; k < at->call->n; k++) {
            tm_code *kid = at->call->kids[k];
            if (kid->kind == CODE_KEYWORD)
                tm_value_set(named, kid->text, tm_run_eval(run, frame, tm_code_kid(kid, 0)));
            else
                tm_value_add(arguments, tm_run_eval(run, frame, kid));
        }
        tm_value_add(arguments, named);
        g_hash_table_insert(run->bound, at->function, arguments);
    }
    tm_request_read(request, run, tm_run_goto(run, site->call), site);
}

/* Where a prompt comes from. */
typedef struct {
    const char *file, *api;
    int line;
    char *title;                 /* (transfer full) */
    const tm_code_file *outside; /* the caller's file; NULL: nobody's */
    int outside_line;
} origin;

static void make_draft(tm_app *app, tm_run *run, const origin *from, const tm_request *request)
{
    g_autoptr(tm_draft) draft = tm_draft_new(from->file);
    g_autoptr(tm_emit) emit = tm_emit_new(draft);
    g_free(draft->title);
    draft->title = from->title;
    draft->api = from->api;
    draft->line = from->line;
    if (from->outside) {
        draft->caller_file = tm_scrub(from->outside->file, NULL);
        draft->caller_line = from->outside_line;
    }
    tm_contents_read(draft, emit, request);
    tm_config_read(draft, run, request);
    if (strcmp(from->api, "generateImages") == 0)
        tm_draft_note(draft,
                      "the app asks Imagen (%s), which `run` does not speak: name an image model of Gemini "
                      "with --model",
                      draft->model ? draft->model : "its model");
    if (draft->scrubbed)
        tm_draft_note(draft, "something shaped like an API key was taken out: [key] stands for it");
    if (draft->turns->len == 0 && draft->system->len == 0)
        app->skip(draft->file, draft->line, "nothing of what this call sends can be read from the source",
                  app->data);
    else
        g_ptr_array_add(app->drafts, g_steal_pointer(&draft));
}

static bool follow(tm_app *app, const tm_site *site, step *steps, guint n, const tm_request *request);

/* One reading of a call with what its callers give: a draft, unless their own callers say more. */
static void read_with(tm_app *app, const tm_site *site, step *steps, guint n)
{
    g_autoptr(tm_run) run = tm_run_new(app->project);
    tm_request request = {0};
    if (app->drafts->len >= PROMPTS_MAX || app->work > WORK_MAX)
        return;
    read_site(app, run, site, steps, n, &request);
    bool followed = (!request.why || request.owner) && follow(app, site, steps, n, &request);
    if (!followed && request.why) {
        app->skip(site->call->source->file, site->call->line, request.why, app->data);
    } else if (!followed) {
        tm_code *outer = n ? steps[n - 1].call : site->call;
        origin from = {site->call->source->file, site->api,  site->call->line, tm_title_of(outer),
                       n ? outer->source : NULL, outer->line};
        make_draft(app, run, &from, &request);
    }
    tm_request_clear(&request);
}

static bool is_known(const tm_value *model)
{
    const tm_value *value = model && model->kind == VALUE_UNKNOWN && model->given ? model->given : model;
    g_autofree char *name = tm_value_literal(value);
    return name != NULL;
}

/* Do the callers of the function around say what is asked? Then each is read. */
static bool follow(tm_app *app, const tm_site *site, step *steps, guint n, const tm_request *request)
{
    tm_code *inner = n ? steps[n - 1].call : site->call, *owner = tm_request_owner(request);
    if (!owner || n >= FOLLOW_MAX || !tm_code_holds(owner, inner))
        return false;
    g_autoptr(GPtrArray) calls = tm_sites_of(app->project, owner);
    bool more = false, only_model = tm_request_static(request) > 0;
    gsize before = tm_request_static(request);
    for (guint i = 0; !more && i < calls->len && app->work < WORK_MAX; i++) {
        g_autoptr(tm_run) run = tm_run_new(app->project);
        tm_request now = {0};
        steps[n] = (step){owner, g_ptr_array_index(calls, i)};
        read_site(app, run, site, steps, n + 1, &now);
        tm_code *next = tm_request_owner(&now);
        bool says_more = !now.why && (tm_request_static(&now) > before ||
                                      (is_known(now.model) && !is_known(request->model)));
        bool passes_on = next && next != owner && !only_model && n + 1 < FOLLOW_MAX &&
                         tm_code_holds(next, steps[n].call) && tm_sites_name(next);
        more = says_more || passes_on;
        if (!says_more && more) { /* a wrapper of a wrapper: is there somebody beyond? */
            g_autoptr(GPtrArray) beyond = tm_sites_of(app->project, next);
            more = beyond->len > 0;
        }
        tm_request_clear(&now);
    }
    for (guint i = 0; more && i < calls->len; i++) {
        steps[n] = (step){owner, g_ptr_array_index(calls, i)};
        read_with(app, site, steps, n + 1);
    }
    return more;
}

static void read_source(tm_app *app, tm_code_file *source)
{
    g_autoptr(GArray) sites = tm_sites_find(app->project, source);
    for (guint i = 0; i < sites->len; i++) {
        const tm_site *site = &g_array_index(sites, tm_site, i);
        step steps[FOLLOW_MAX + 1];
        if (site->kind == SITE_SKIP)
            app->skip(source->file, site->call->line, site->why, app->data);
        else
            read_with(app, site, steps, 0);
    }
}

static bool is_shell(const tm_code_file *source)
{
    return !is_script(source->file) && tm_curl_is(source->text);
}

/* Commands of a script, or of a snippet that is nothing else. */
static void read_commands(tm_app *app, const tm_code_file *source)
{
    g_autoptr(GArray) commands = tm_curl_find(source->text);
    g_autoptr(tm_run) run = tm_run_new(app->project);
    for (guint i = 0; i < commands->len; i++) {
        const tm_curl *command = &g_array_index(commands, tm_curl, i);
        tm_request request = {0};
        tm_request_from_body(&request, command->body, command->address);
        origin from = {source->file, command->api, command->line, NULL, NULL, 0};
        if (request.why)
            app->skip(source->file, command->line, request.why, app->data);
        else {
            from.title = tm_title_of_file(source);
            make_draft(app, run, &from, &request);
        }
        tm_request_clear(&request);
    }
}

static int by_file(const void *a, const void *b)
{
    return strcmp((*(tm_code_file *const *)a)->file, (*(tm_code_file *const *)b)->file);
}

void tm_app_read(tm_app *app, GPtrArray *drafts, tm_app_skip skip, void *data)
{
    app->drafts = drafts;
    app->skip = skip;
    app->data = data;
    GPtrArray *sources = app->project->sources;
    if (app->left_out > 0)
        skip("", 0, "more than 20,000 source files, or 64 MB of them: the rest is not read", data);
    g_ptr_array_sort(sources, by_file);
    for (guint i = 0; i < sources->len;) {
        tm_code_file *source = g_ptr_array_index(sources, i);
        if (is_shell(source)) {
            read_commands(app, source);
            g_ptr_array_remove_index(sources, i);
            continue;
        }
        if (tm_parse(source)) {
            i++;
            continue;
        }
        skip(source->file, 0, "this file takes too long to read, or nests too deep", data);
        g_ptr_array_remove_index(sources, i);
    }
    for (guint i = 0; i < sources->len; i++)
        read_source(app, g_ptr_array_index(sources, i));
}
