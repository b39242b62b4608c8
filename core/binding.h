/* binding.h - which column gives each variable of a template (--map, --set, names that differ only in case,
 * space, _ or -), the input that a row then gives, and the row's key. */
#pragma once
#include "core/dataset.h"
#include "core/media.h"
#include "core/prompt.h"
#include <stdint.h>

typedef struct tm_binding tm_binding;

typedef struct {
    char *const *maps; /* "VARIABLE=COLUMN", NULL-terminated; NULL: none */
    char *const *sets; /* "VARIABLE=VALUE", NULL-terminated; NULL: none */
    const char *id;    /* --id COLUMN: the key; NULL: by values */
} tm_binding_options;

/* Binds `prompt` to `columns` (NULL: not known, as with JSONL; then names are tried on each row). A needed
 * variable without a column, a --set value or a default is an error at once where columns are known: it names
 * the variable, the template's line and the columns, and gives the command mended with --map. Keeps a
 * reference to nothing. (transfer full) */
tm_binding *tm_binding_new(const tm_prompt *prompt, char **columns, const tm_binding_options *options,
                           GError **error);
void tm_binding_free(tm_binding *binding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_binding, tm_binding_free)

/* For the revision's options: {"map": {"variable": "column"}, "set": {...}, "id": "column"}; and back. */
json_t *tm_binding_to_json(const tm_binding *binding);
tm_binding *tm_binding_from_json(const tm_prompt *prompt, const json_t *json, GError **error);

/* The template's input for a stored row (an object): the row with mapped and set variables added. NULL and
 * *error if a needed variable is missing in it. (transfer full) */
json_t *tm_binding_input(const tm_binding *binding, const json_t *row, GError **error);

/* The row's key: 16 bytes of SHA-256 over the values that the template uses (canonical JSON of name and value
 * for each variable; the --id column's value alone with --id). *why (transfer full) and false when a needed
 * variable or the id is missing: such a row is a reject. The same values give the same key from CSV and
 * JSONL. */
bool tm_binding_key(const tm_binding *binding, const tm_dataset *dataset, const tm_row *row, uint8_t key[16],
                    char **why);
/* The same of a row that names files. Their bytes count: where a variable does nothing but name one, the
 * file's hash stands for its name, so that a file that was only renamed gives the same key; elsewhere the
 * hash counts beside the name. */
bool tm_binding_key_files(const tm_binding *binding, const tm_dataset *dataset, const tm_row *row,
                          const tm_media_stamp *files, size_t n_files, uint8_t key[16], char **why);
