/* sites.c - where an app calls a model, and where it calls its own functions */
#include "core/studio/source/sites.h"
#include <string.h>

enum { CALLERS_MAX = 60 };

static const struct {
    const char *name, *holder; /* the last word, and the one before it; NULL: any */
    tm_site_kind kind;
    const char *api, *why;
} calls[] = {
    {"generateContent", "models", SITE_MODELS, "generateContent", NULL},
    {"generateContentStream", "models", SITE_MODELS, "generateContentStream", NULL},
    {"generate_content", "models", SITE_MODELS, "generateContent", NULL},
    {"generate_content_stream", "models", SITE_MODELS, "generateContentStream", NULL},
    {"generateContent", NULL, SITE_MODEL, "generateContent", NULL},
    {"generateContentStream", NULL, SITE_MODEL, "generateContentStream", NULL},
    {"generate_content", NULL, SITE_MODEL, "generateContent", NULL},
    {"generate_content_async", NULL, SITE_MODEL, "generateContent", NULL},
    {"sendMessage", NULL, SITE_CHAT, "chats.sendMessage", NULL},
    {"sendMessageStream", NULL, SITE_CHAT, "chats.sendMessage", NULL},
    {"send_message", NULL, SITE_CHAT, "chats.sendMessage", NULL},
    {"send_message_stream", NULL, SITE_CHAT, "chats.sendMessage", NULL},
    {"send_message_async", NULL, SITE_CHAT, "chats.sendMessage", NULL},
    {"generateImages", NULL, SITE_IMAGES, "generateImages", NULL},
    {"generate_images", NULL, SITE_IMAGES, "generateImages", NULL},
    {"create", "interactions", SITE_INTERACTION, "interactions.create", NULL},
    {"create", "completions", SITE_MESSAGES, "chat.completions.create", NULL},
    {"parse", "completions", SITE_MESSAGES, "chat.completions.create", NULL},
    {"create", "responses", SITE_MESSAGES, "responses.create", NULL},
    {"generate", "images", SITE_PROMPT, "images.generate", NULL},
    {"embedContent", NULL, SITE_SKIP, "embedContent", "embedContent makes vectors, not answers: no prompt"},
    {"embed_content", NULL, SITE_SKIP, "embedContent", "embed_content makes vectors, not answers: no prompt"},
    {"batchEmbedContents", NULL, SITE_SKIP, "embedContent",
     "batchEmbedContents makes vectors, not answers: no prompt"},
    {"generateVideos", NULL, SITE_SKIP, "generateVideos",
     "generateVideos is a long running operation: films are not made here"},
    {"generate_videos", NULL, SITE_SKIP, "generateVideos",
     "generate_videos is a long running operation: films are not made here"},
    {"connect", "live", SITE_SKIP, "live.connect",
     "live.connect is a live session, not a request with one answer"},
    {"editImage", "models", SITE_SKIP, "editImage", "editImage is not read"},
};

/* Functions that send to an address. */
static const char *const posts[] = {
    "fetch", "axios", "post", "request", "fetchWithRetry", "fetchWithTimeout", "fetchWithBackoff"};

typedef struct {
    tm_project *project;
    GArray *sites;
    tm_run *run;
} search;

static bool says_address(const tm_code *code)
{
    static const char *const words[] = {"generativelanguage", ":generateContent", ":streamGenerateContent",
                                        "/chat/completions", "aiplatform.googleapis"};
    const char *text = code->source->text + code->start;
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_strstr_len(text, (gssize)(code->end - code->start), words[i]))
            return true;
    return false;
}

/* An address that is written in the call, or in what the name in it is declared as. */
static bool is_post(search *all, const tm_code *code)
{
    const tm_code *callee = tm_code_kid(code, 0), *address = tm_code_kid(code, 1);
    bool known = false;
    for (gsize i = 0; i < G_N_ELEMENTS(posts); i++)
        known = known || g_strcmp0(callee->text, posts[i]) == 0;
    if (!known || !address || (callee->kind != CODE_NAME && callee->kind != CODE_MEMBER))
        return false;
    if (says_address(address))
        return true;
    if (address->kind != CODE_NAME && address->kind != CODE_TEMPLATE && address->kind != CODE_BINARY &&
        address->kind != CODE_MEMBER)
        return false;
    if (!g_strstr_len(code->source->text, (gssize)code->source->length, "generateContent") &&
        !g_strstr_len(code->source->text, (gssize)code->source->length, "/completions") &&
        !g_strstr_len(code->source->text, (gssize)code->source->length, "generativelanguage"))
        return false;
    tm_frame *frame = tm_run_goto(all->run, (tm_code *)code);
    g_autoptr(tm_value) value = tm_run_eval(all->run, frame, (tm_code *)address);
    for (guint i = 0; i == 0 || (value->kind == VALUE_JOIN && i < value->items->len); i++) {
        const tm_value *piece = value->kind == VALUE_JOIN ? tm_value_item(value, i) : value;
        if (piece->kind == VALUE_TEXT &&
            (strstr(piece->text, "generativelanguage") || strstr(piece->text, ":generateContent") ||
             strstr(piece->text, ":streamGenerateContent") || strstr(piece->text, "/chat/completions")))
            return true;
    }
    return false;
}

typedef struct {
    const char *name;
    bool found;
} declared_search;

static void visit_declared(tm_code *code, void *data)
{
    declared_search *all = data;
    if (code->kind == CODE_FUNCTION && g_strcmp0(tm_sites_name(code), all->name) == 0)
        all->found = true;
}

/* Has the app a function of that name? */
static bool is_declared(const tm_project *project, const char *name)
{
    declared_search all = {name, false};
    for (guint i = 0; !all.found && i < project->sources->len; i++)
        tm_code_walk(((tm_code_file *)g_ptr_array_index(project->sources, i))->root, visit_declared, &all);
    return all.found;
}

/* Is it a function of the app itself that happens to be called as the SDK's? */
static bool is_own(search *all, tm_code *callee)
{
    tm_code *holder = tm_code_kid(callee, 0);
    if (!holder || tm_code_is(holder, CODE_MEMBER, "models") || !is_declared(all->project, callee->text))
        return false;
    tm_frame *frame = tm_run_goto(all->run, callee->parent);
    g_autoptr(tm_value) whole = tm_run_eval(all->run, frame, holder);
    if (whole->kind == VALUE_REMOTE)
        return false;
    if (whole->kind == VALUE_UNKNOWN ||
        whole->kind == VALUE_CHOICE) /* a provider that is chosen while it runs */
        return true;
    g_autoptr(tm_value) member = tm_run_member(all->run, frame, whole, callee->text, callee);
    return member->kind == VALUE_FUNCTION;
}

/* A function of Vercel's AI SDK, imported by its name. */
static const char *sdk_text(const tm_code *code, const tm_code *callee)
{
    static const char *const names[] = {"generateText", "streamText", "generateObject", "streamObject"};
    for (gsize i = 0; callee->kind == CODE_NAME && i < G_N_ELEMENTS(names); i++) {
        if (strcmp(callee->text, names[i]) != 0)
            continue;
        const tm_code *bind = tm_project_top(code->source, callee->text);
        bool of_sdk = bind && bind->kind == CODE_BIND && g_strcmp0(bind->parent->text, "ai") == 0;
        return of_sdk && code->n == 2 ? names[i] : NULL;
    }
    return NULL;
}

static bool word_before(const tm_code *callee, const char *word)
{
    const tm_code *holder = tm_code_kid(callee, 0);
    return !word || (holder && (holder->kind == CODE_MEMBER || holder->kind == CODE_NAME) &&
                     g_strcmp0(holder->text, word) == 0);
}

static void visit(tm_code *code, void *data)
{
    search *all = data;
    tm_code *callee = code->kind == CODE_CALL ? tm_code_kid(code, 0) : NULL;
    tm_site site = {.call = code};
    if (!callee)
        return;
    if (is_post(all, code)) {
        site.kind = SITE_POST;
        site.api = "generateContent";
        g_array_append_val(all->sites, site);
        return;
    }
    site.api = sdk_text(code, callee);
    if (site.api) {
        site.kind = SITE_TEXT;
        g_array_append_val(all->sites, site);
        return;
    }
    for (gsize i = 0; callee->kind == CODE_MEMBER && i < G_N_ELEMENTS(calls); i++) {
        if (strcmp(callee->text, calls[i].name) != 0 || !word_before(callee, calls[i].holder))
            continue;
        site.kind = calls[i].kind;
        site.api = calls[i].api;
        site.why = calls[i].why;
        if (site.kind == SITE_CHAT && !tm_sites_chat(all->project, code->source))
            return;
        if (!calls[i].holder && is_own(all, callee))
            return;
        g_array_append_val(all->sites, site);
        return;
    }
}

GArray *tm_sites_find(tm_project *project, tm_code_file *source)
{
    g_autoptr(tm_run) run = tm_run_new(project);
    search all = {project, g_array_new(FALSE, FALSE, sizeof(tm_site)), run};
    tm_code_walk(source->root, visit, &all);
    return all.sites;
}

/* Does what is called give back its function: useCallback(async () => ...), onCall(async (request) => ...)?
 */
static bool is_dressing(const tm_code *callee)
{
    static const char *const words[] = {"useCallback", "memo",     "debounce",         "throttle",
                                        "cache",       "onCall",   "onRequest",        "asyncHandler",
                                        "catchAsync",  "withAuth", "createAsyncThunk", "forwardRef"};
    for (gsize i = 0; callee && callee->text && i < G_N_ELEMENTS(words); i++)
        if (strcmp(callee->text, words[i]) == 0)
            return true;
    return false;
}

const char *tm_sites_name(const tm_code *function)
{
    if (function->text)
        return function->text;
    const tm_code *at = function->parent;
    for (int i = 0; at && i < 3 && at->kind == CODE_CALL && is_dressing(tm_code_kid(at, 0)); i++)
        at = at->parent;
    if (!at || !(at->kind == CODE_LET || at->kind == CODE_PAIR || at->kind == CODE_ASSIGN))
        return NULL;
    if (at->kind == CODE_PAIR)
        return at->text;
    const tm_code *target = tm_code_kid(at, 0);
    return target && (target->kind == CODE_NAME || target->kind == CODE_MEMBER) ? target->text : NULL;
}

typedef struct {
    tm_code *function;
    const char *name;
    tm_run *run;
    GPtrArray *found;
    guint namesakes;
} callers;

static void visit_function(tm_code *code, void *data)
{
    callers *all = data;
    if (code->kind == CODE_FUNCTION && g_strcmp0(tm_sites_name(code), all->name) == 0)
        all->namesakes++;
}

/* A thing of that class, whichever way conditions go? */
static bool may_be(const tm_value *value, const tm_code *class)
{
    if (value->kind == VALUE_CHOICE)
        return may_be(tm_value_item(value, 1), class) || may_be(tm_value_item(value, 2), class);
    return value->kind == VALUE_CLASS && value->code == class;
}

/* Is it this function that `holder.name` means? Where the holder is not known: is it the only one of that
 * name? */
static bool is_of(callers *all, tm_code *callee)
{
    tm_code *holder = tm_code_kid(callee, 0);
    if (tm_code_is(holder, CODE_MEMBER, "models")) /* the SDK's own */
        return false;
    bool self = tm_code_is(holder, CODE_NAME, "this") || tm_code_is(holder, CODE_NAME, "self");
    if (self)
        return tm_code_around(callee, CODE_CLASS) == tm_code_around(all->function, CODE_CLASS);
    if (holder->kind == CODE_NAME) {
        g_autoptr(tm_value) whole = tm_run_name(all->run, tm_run_module(all->run, callee->source), holder);
        if (whole->kind == VALUE_UNKNOWN && tm_code_around(callee, CODE_FUNCTION)) { /* of the function */
            g_autoptr(tm_run) run = tm_run_new(all->run->project);
            tm_value_unref(whole);
            whole = tm_run_eval(run, tm_run_goto(run, callee->parent), holder);
            if (whole->kind == VALUE_CLASS || whole->kind == VALUE_CHOICE)
                return may_be(whole, tm_code_around(all->function, CODE_CLASS));
        }
        if (whole->kind == VALUE_SDK || whole->kind == VALUE_REMOTE)
            return false;
        if (whole->kind == VALUE_MODULE || whole->kind == VALUE_CLASS || whole->kind == VALUE_OBJECT) {
            g_autoptr(tm_value) member =
                tm_run_member(all->run, tm_run_module(all->run, callee->source), whole, callee->text, callee);
            return member->code == all->function;
        }
    }
    return all->namesakes == 1;
}

static void visit_caller(tm_code *code, void *data)
{
    callers *all = data;
    tm_code *callee = code->kind == CODE_CALL ? tm_code_kid(code, 0) : NULL;
    if (!callee || all->found->len >= CALLERS_MAX || tm_code_holds(all->function, code))
        return;
    bool named =
        (callee->kind == CODE_NAME || callee->kind == CODE_MEMBER) && g_strcmp0(callee->text, all->name) == 0;
    bool same = code->source == all->function->source;
    if (named && (callee->kind == CODE_MEMBER ? is_of(all, callee) : same)) {
        g_ptr_array_add(all->found, code);
    } else if (callee->kind == CODE_NAME && !same) {
        tm_code *top = tm_project_top(code->source, callee->text);
        if (!top || top->kind != CODE_BIND)
            return;
        g_autoptr(tm_value) value = tm_run_name(all->run, tm_run_module(all->run, code->source), callee);
        if (value->kind == VALUE_FUNCTION && value->code == all->function)
            g_ptr_array_add(all->found, code);
    }
}

GPtrArray *tm_sites_of(tm_project *project, tm_code *function)
{
    g_autoptr(tm_run) run = tm_run_new(project);
    callers all = {function, tm_sites_name(function), run, g_ptr_array_new(), 0};
    for (guint i = 0; all.name && i < project->sources->len; i++)
        tm_code_walk(((tm_code_file *)g_ptr_array_index(project->sources, i))->root, visit_function, &all);
    for (guint i = 0; all.name && i < project->sources->len; i++)
        tm_code_walk(((tm_code_file *)g_ptr_array_index(project->sources, i))->root, visit_caller, &all);
    return all.found;
}

typedef struct {
    tm_code *one;
    int n;
} chats;

static void visit_chat(tm_code *code, void *data)
{
    chats *all = data;
    tm_code *callee = code->kind == CODE_CALL ? tm_code_kid(code, 0) : NULL;
    if (!callee || callee->kind != CODE_MEMBER)
        return;
    bool create = strcmp(callee->text, "create") == 0 && word_before(callee, "chats");
    if (create || strcmp(callee->text, "startChat") == 0 || strcmp(callee->text, "start_chat") == 0) {
        all->one = code;
        all->n++;
    }
}

tm_code *tm_sites_chat(tm_project *project, tm_code_file *source)
{
    chats here = {NULL, 0}, everywhere = {NULL, 0};
    tm_code_walk(source->root, visit_chat, &here);
    if (here.n > 0)
        return here.one;
    for (guint i = 0; i < project->sources->len; i++)
        tm_code_walk(((tm_code_file *)g_ptr_array_index(project->sources, i))->root, visit_chat, &everywhere);
    return everywhere.n == 1 ? everywhere.one : NULL;
}
