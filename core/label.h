/* label.h - a set of labels: the only answers that a prompt takes. From --labels, or an enum of texts as the
 * whole output schema. Immutable. */
#pragma once
#include <glib.h>
#include <jansson.h>

typedef struct tm_labels tm_labels;

/* The labels of an array of texts, in its order, what comes twice once. NULL and *error if one is empty or no
 * text, or none is left. (transfer full) */
tm_labels *tm_labels_new(const json_t *names, GError **error);
/* What --labels says: "a,b,c", or "@FILE" with a label a line; blanks around them and empty lines don't
 * count. (transfer full) */
tm_labels *tm_labels_read(const char *words, GError **error);
tm_labels *tm_labels_ref(tm_labels *labels);
void tm_labels_unref(tm_labels *labels);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_labels, tm_labels_unref)

/* The label that an answer says, as the set writes it; NULL: none. Blanks and a code fence around it, its
 * quotes as a JSON string, and its case are forgiven, nothing else. Borrowed. */
const char *tm_labels_match(const tm_labels *labels, const char *text, size_t length);

/* The array of names. Borrowed. */
const json_t *tm_labels_names(const tm_labels *labels);
/* For a person: "a, b, c", many cut. (transfer full) */
char *tm_labels_text(const tm_labels *labels);
