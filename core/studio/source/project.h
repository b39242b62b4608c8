/* project.h - the source files of one export, and which of them an import means. */
#pragma once
#include "core/studio/source/code.h"

typedef struct {
    GPtrArray *sources; /* tm_code_file; parsed */
} tm_project;

tm_project *tm_project_new(void);
void tm_project_free(tm_project *project);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_project, tm_project_free)
void tm_project_add(tm_project *project, tm_code_file *source); /* takes it */

/* The file that `module` means in `from`: "./x", "../x", "@/x" and other aliases by the end of the path,
 * index files; Python's "a.b" and ".a". NULL: a package, or a file that is not there. Borrowed. */
tm_code_file *tm_project_find(const tm_project *project, const tm_code_file *from, const char *module);
/* What declares `name` at the top of a file: LET, ASSIGN, FUNCTION, CLASS, or the BIND of an import. NULL:
 * nothing does. */
tm_code *tm_project_top(const tm_code_file *source, const char *name);
/* Is it what a pattern binds? */
bool tm_project_binds(const tm_code *pattern, const char *name);
/* What declares `name` among the statements of a block, not inside functions. */
tm_code *tm_project_declared(const tm_code *block, const char *name);
