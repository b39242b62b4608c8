/* project.c - the source files of one export, and which of them an import means */
#include "core/studio/source/project.h"
#include <string.h>

static const char *const endings[] = {".ts", ".tsx", ".mts", ".js", ".jsx", ".mjs", ".cjs", ".py"};

tm_project *tm_project_new(void)
{
    tm_project *project = g_new0(tm_project, 1);
    project->sources = g_ptr_array_new_with_free_func((GDestroyNotify)tm_code_file_free);
    return project;
}

void tm_project_free(tm_project *project)
{
    if (!project)
        return;
    g_ptr_array_unref(project->sources);
    g_free(project);
}

void tm_project_add(tm_project *project, tm_code_file *source)
{
    g_ptr_array_add(project->sources, source);
}

static gsize length_without_ending(const char *file)
{
    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++)
        if (g_str_has_suffix(file, endings[i]))
            return strlen(file) - strlen(endings[i]);
    return strlen(file);
}

/* Does the file, without its ending or as the index of a folder, have this path? `anywhere`: or end in it. */
static bool is_file(const char *file, const char *path, bool anywhere)
{
    gsize n = length_without_ending(file), m = length_without_ending(path);
    static const char *const indexes[] = {"", "/index", "/__init__"};
    for (gsize i = 0; i < G_N_ELEMENTS(indexes); i++) {
        gsize k = strlen(indexes[i]);
        if (n < m + k || strncmp(file + n - k, indexes[i], k) != 0)
            continue;
        const char *start = file + n - k - m;
        if (strncmp(start, path, m) == 0 && (start == file || (anywhere && start[-1] == '/')))
            return true;
    }
    return false;
}

static tm_code_file *with_path(const tm_project *project, const tm_code_file *from, const char *path,
                               bool anywhere)
{
    tm_code_file *best = NULL;
    for (guint i = 0; i < project->sources->len; i++) {
        tm_code_file *source = g_ptr_array_index(project->sources, i);
        if (source->python != from->python || !is_file(source->file, path, anywhere))
            continue;
        if (!best || strlen(source->file) < strlen(best->file))
            best = source;
    }
    return best;
}

/* `path` seen from the folder of `from`, without `.` and `..` steps; NULL where it leaves the export.
 * (transfer full) */
static char *seen_from(const tm_code_file *from, const char *path)
{
    g_autoptr(GPtrArray) steps = g_ptr_array_new_with_free_func(g_free);
    const char *slash = strrchr(from->file, '/');
    g_autofree char *folder = slash ? g_strndup(from->file, (gsize)(slash - from->file)) : g_strdup("");
    g_autofree char *whole = g_strconcat(folder, "/", path, NULL);
    g_auto(GStrv) parts = g_strsplit(whole, "/", -1);
    for (char **part = parts; *part; part++) {
        if (strcmp(*part, "..") == 0) {
            if (steps->len == 0)
                return NULL;
            g_ptr_array_set_size(steps, (gint)steps->len - 1);
        } else if (**part && strcmp(*part, ".") != 0) {
            g_ptr_array_add(steps, g_strdup(*part));
        }
    }
    g_ptr_array_add(steps, NULL);
    return g_strjoinv("/", (char **)steps->pdata);
}

static tm_code_file *find_python(const tm_project *project, const tm_code_file *from, const char *module)
{
    guint dots = (guint)strspn(module, ".");
    g_autofree char *path = g_strdelimit(g_strdup(module + dots), ".", '/');
    if (dots == 0)
        return with_path(project, from, path, true);
    g_autoptr(GString) relative = g_string_new("./");
    for (guint i = 1; i < dots; i++)
        g_string_append(relative, "../");
    g_string_append(relative, path);
    g_autofree char *whole = seen_from(from, relative->str);
    return whole ? with_path(project, from, whole, false) : NULL;
}

tm_code_file *tm_project_find(const tm_project *project, const tm_code_file *from, const char *module)
{
    if (from->python)
        return find_python(project, from, module);
    if (*module == '.') {
        g_autofree char *whole = seen_from(from, module);
        return whole ? with_path(project, from, whole, false) : NULL;
    }
    /* "@/x" and "~/x" are aliases by custom; "@name/x" and "name/x" may be. A package's name is no file's. */
    const char *slash = strchr(module, '/');
    if (!slash)
        return NULL;
    bool alias = module[0] == '/' ||
                 ((module[0] == '@' || module[0] == '~' || module[0] == '#') && slash == module + 1);
    tm_code_file *found = with_path(project, from, alias ? slash + 1 : module, true);
    if (!found && !alias && (*module == '@' || *module == '#') && strncmp(module, "@google/", 8) != 0)
        found = with_path(project, from, module + 1, true);
    return found;
}

bool tm_project_binds(const tm_code *pattern, const char *name)
{
    if (!pattern)
        return false;
    if (pattern->kind == CODE_NAME)
        return g_strcmp0(pattern->text, name) == 0;
    if (pattern->kind == CODE_DEFAULT || pattern->kind == CODE_SPREAD || pattern->kind == CODE_PAIR)
        return tm_project_binds(tm_code_kid(pattern, 0), name);
    for (guint i = 0; (pattern->kind == CODE_OBJECT || pattern->kind == CODE_ARRAY) && i < pattern->n; i++)
        if (tm_project_binds(pattern->kids[i], name))
            return true;
    return false;
}

tm_code *tm_project_declared(const tm_code *block, const char *name)
{
    for (guint i = 0; block && i < block->n; i++) {
        tm_code *code = block->kids[i];
        if (code->kind == CODE_EXPORT)
            code = tm_code_kid(code, 0);
        tm_code *inner = NULL;
        if (!code)
            continue;
        switch (code->kind) {
        case CODE_FUNCTION:
        case CODE_CLASS:
            if (g_strcmp0(code->text, name) == 0)
                return code;
            break;
        case CODE_LET:
        case CODE_ASSIGN:
            if (tm_project_binds(tm_code_kid(code, 0), name))
                return code;
            break;
        case CODE_IMPORT:
            for (guint k = 0; k < code->n; k++)
                if (tm_project_binds(tm_code_kid(code->kids[k], 0), name))
                    return code->kids[k];
            break;
        case CODE_BLOCK:
        case CODE_TRY:
        case CODE_IF:
            inner = tm_project_declared(code, name);
            break;
        default:
            break;
        }
        if (inner)
            return inner;
    }
    return NULL;
}

tm_code *tm_project_top(const tm_code_file *source, const char *name)
{
    return tm_project_declared(source->root, name);
}
