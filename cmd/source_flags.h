/* source_flags.h - what the user says about prompt and data on the command line: option variables and the
 * rows of the option tables that preview, plan, try, add, run and results share. */
#pragma once
#include "cmd/lanes.h"
#include "core/binding.h"

/* Option variables, as GOption wants them. */
typedef struct {
    char *prompt, *id, *labels, *name, *format, *delimiter, *encoding, *rejects, *media_root;
    char **maps, **sets;
    gboolean fetch_media, fetch_private;
    gboolean dedupe, requeue, go_on, no_header, strict;
    int priority;
    tm_lane_flags lanes; /* --model is one of them */
} tm_source_flags_t;
extern tm_source_flags_t tm_source_flags;

/* clang-format off */
/* The flags people use. */
#define TM_SOURCE_OPTIONS \
    {"prompt", 'p', 0, G_OPTION_ARG_STRING, &tm_source_flags.prompt, \
     "The prompt itself, instead of a file\n--prompt 'Label {{text}} as positive or negative'", "TEXT"}, \
    TM_LANE_OPTION_MODEL(tm_source_flags.lanes), \
    {"map", 0, 0, G_OPTION_ARG_STRING_ARRAY, &tm_source_flags.maps, \
     "Take variable V of the prompt from column COL\n--map text=review", "V=COL"}, \
    {"labels", 0, 0, G_OPTION_ARG_STRING, &tm_source_flags.labels, \
     "The answer is one of these words, or of the lines of @FILE\n--labels positive,negative,mixed", "A,B,C"}

/* Where a row's values and its name come from. */
#define TM_SOURCE_VALUES \
    {"set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &tm_source_flags.sets, \
     "Give variable V one value for all rows\n--set language=German", "V=VALUE"}, \
    {"id", 0, 0, G_OPTION_ARG_STRING, &tm_source_flags.id, \
     "Column that names a row: its values may change without being asked again\n--id review_id", "COLUMN"}

/* What the data file is. */
#define TM_SOURCE_DATA \
    {"data-format", 0, 0, G_OPTION_ARG_STRING, &tm_source_flags.format, \
     "DATA's format, if its name does not say it: csv, tsv, jsonl or json\n--data-format jsonl", "F"}, \
    {"delimiter", 0, 0, G_OPTION_ARG_STRING, &tm_source_flags.delimiter, \
     "Between DATA's cells: a character, or tab\n--delimiter ';'", "C"}, \
    {"no-header", 0, 0, G_OPTION_ARG_NONE, &tm_source_flags.no_header, \
     "DATA's first line is a row: columns are column1, column2, ...\n--no-header", NULL}, \
    {"encoding", 0, 0, G_OPTION_ARG_STRING, &tm_source_flags.encoding, \
     "DATA's encoding, if it is not UTF-8\n--encoding cp1252", "NAME"}

/* How rows are queued. */
#define TM_SOURCE_QUEUE \
    {"dedupe", 0, 0, G_OPTION_ARG_NONE, &tm_source_flags.dedupe, \
     "Ask once for rows with the same values and copy the answer\n--dedupe", NULL}, \
    {"name", 0, 0, G_OPTION_ARG_STRING, &tm_source_flags.name, "Name of the batch\n--name second-try", "NAME"}, \
    {"requeue", 0, 0, G_OPTION_ARG_NONE, &tm_source_flags.requeue, \
     "After an edit of the prompt: ask all rows again\n--requeue", NULL}, \
    {"continue", 0, 0, G_OPTION_ARG_NONE, &tm_source_flags.go_on, \
     "After an edit of the prompt: keep the answers, the rest with the new prompt\n--continue", NULL}, \
    {"priority", 0, 0, G_OPTION_ARG_INT, &tm_source_flags.priority, \
     "Batches of higher priority go first\n--priority 5", "N"}, \
    {"strict", 0, 0, G_OPTION_ARG_NONE, &tm_source_flags.strict, "Stop at the first bad row\n--strict", NULL}, \
    {"rejects", 0, 0, G_OPTION_ARG_FILENAME, &tm_source_flags.rejects, \
     "Where bad rows are kept (default: DATA.rejects.jsonl in this folder)\n--rejects bad.jsonl", "FILE"}

/* Where the files lie that rows name. */
#define TM_SOURCE_MEDIA \
    {"media-root", 0, 0, G_OPTION_ARG_FILENAME, &tm_source_flags.media_root, \
     "Files that rows name lie beneath DIR (default: DATA's folder)\n--media-root photos", "DIR"}

/* Media at http addresses, of the commands that send. */
#define TM_SOURCE_FETCH \
    {"fetch-media", 0, 0, G_OPTION_ARG_NONE, &tm_source_flags.fetch_media, \
     "Fetch media at http addresses here and send their bytes, instead of the address\n--fetch-media", NULL}, \
    {"fetch-private", 0, 0, G_OPTION_ARG_NONE, &tm_source_flags.fetch_private, \
     "With --fetch-media: from this machine and private networks, too\n--fetch-private", NULL}

/* The rest, for --help-all. */
#define TM_SOURCE_MORE TM_SOURCE_VALUES, TM_SOURCE_QUEUE, TM_SOURCE_DATA, TM_SOURCE_MEDIA
/* clang-format on */

/* DATA, opened as the flags say. (transfer full) */
tm_dataset *tm_source_flags_dataset(const char *data, GError **error);
/* Makes --labels the prompt's only answers, where it was given. */
gboolean tm_source_flags_label(tm_prompt *prompt, GError **error);
/* --map, --set and --id, borrowed from the flags. */
tm_binding_options tm_source_flags_binding(void);
