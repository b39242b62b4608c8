/* source_flags.c - what the user says about prompt and data on the command line. */
#include "cmd/source_flags.h"

#include "core/error.h"
#include <string.h>

tm_source_flags_t tm_source_flags = {.lanes = TM_LANE_FLAGS_INIT};

tm_dataset *tm_source_flags_dataset(const char *data, GError **error)
{
    const char *delimiter = tm_source_flags.delimiter;
    tm_dataset_options options = {
        .format = tm_source_flags.format,
        .no_header = tm_source_flags.no_header,
        .encoding = tm_source_flags.encoding,
    };
    if (delimiter && (strcmp(delimiter, "tab") == 0 || strcmp(delimiter, "\\t") == 0))
        delimiter = "\t";
    if (delimiter && strlen(delimiter) != 1) {
        tm_fail(error, TM_ERROR_USAGE, "--delimiter takes one character, or the word tab");
        return NULL;
    }
    options.delimiter = delimiter ? (unsigned char)*delimiter : 0;
    return tm_dataset_open(data, &options, error);
}

tm_binding_options tm_source_flags_binding(void)
{
    return (tm_binding_options){
        .maps = tm_source_flags.maps, .sets = tm_source_flags.sets, .id = tm_source_flags.id};
}

gboolean tm_source_flags_label(tm_prompt *prompt, GError **error)
{
    if (!tm_source_flags.labels)
        return TRUE;
    g_autoptr(tm_labels) labels = tm_labels_read(tm_source_flags.labels, error);
    return labels && tm_prompt_set_labels(prompt, labels, error);
}
