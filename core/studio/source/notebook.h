/* notebook.h - the code of a Jupyter notebook, as one Python file. */
#pragma once
#include <glib.h>

/* The code cells one behind the other; lines that are the notebook's own (%time, !pip) are comments. NULL: no
 * notebook. (transfer full) */
char *tm_notebook_code(const char *text, gsize length);
