/* lanes.h - which ways a batch's rows can go: from flags, prompt and config to accounts with keys and limits.
 */
#pragma once
#include "cmd/context.h"
#include "core/prompt.h"
#include "jobs/engine.h"

/* What the user said about it; static in the command that has TM_LANE_OPTIONS. */
typedef struct {
    char *account, *route, *model, *base_url, *budget; /* NULL: not said */
    int64_t rpm, tpm, rpd;                             /* TM_LIMIT_UNSAID: not said */
} tm_lane_flags;
#define TM_LIMIT_UNSAID INT64_MIN
#define TM_LANE_FLAGS_INIT                                                                                   \
    {                                                                                                        \
        .rpm = TM_LIMIT_UNSAID, .tpm = TM_LIMIT_UNSAID, .rpd = TM_LIMIT_UNSAID                               \
    }

/* Rows of a command's option table that fill `flags`: the first ones are for --help, the others for
 * --help-all. */
#define TM_LANE_OPTION_MODEL(flags)                                                                          \
    {                                                                                                        \
        "model", 'm', 0, G_OPTION_ARG_STRING, &(flags).model,                                                \
            "The model, instead of the prompt's\n--model gemini-2.5-flash", "NAME"                           \
    }
/* clang-format off */
#define TM_LANE_OPTIONS(flags)                                                                                         \
    {"account", 0, 0, G_OPTION_ARG_STRING, &(flags).account,                                                           \
     "Send on this account of the config\n--account free", "NAME"},                                                    \
    {"route", 0, 0, G_OPTION_ARG_STRING, &(flags).route,                                                               \
     "Send on this route of the config\n--route night", "NAME"},                                                       \
    {"base-url", 0, 0, G_OPTION_ARG_STRING, &(flags).base_url,                                                         \
     "Where the account's service is\n--base-url http://127.0.0.1:8080", "URL"},                                       \
    {"rpm", 0, 0, G_OPTION_ARG_INT64, &(flags).rpm, "At most N requests a minute\n--rpm 10", "N"},                     \
    {"tpm", 0, 0, G_OPTION_ARG_INT64, &(flags).tpm, "At most N tokens a minute\n--tpm 250000", "N"},                   \
    {"rpd", 0, 0, G_OPTION_ARG_INT64, &(flags).rpd, "At most N requests a day\n--rpd 250", "N"},                     \
    {"budget", 0, 0, G_OPTION_ARG_STRING, &(flags).budget,                                                             \
     "Spend at most so many US dollars in this run, or a day, on accounts that cost\n--budget 2.50", "USD[/day]"}
/* clang-format on */

/* The lanes in the order of the route, keys resolved, limits merged: array of tm_engine_lane, free with
 * g_array_unref(). Never empty. `prompt` may be NULL. Models are borrowed from flags, prompt and config. NULL
 * and *error in clear words otherwise. */
GArray *tm_lanes_choose(tm_context *context, const tm_prompt *prompt, const tm_lane_flags *flags,
                        GError **error);
/* Says what one who is about to send should know: a model nobody knows; with `first` also what the config has
 * to say (two keys set). */
void tm_lanes_note(tm_context *context, const GArray *lanes, bool first);
/* The accounts alone, without keys and models: array of tm_route_step, free with g_array_unref(). */
GArray *tm_lanes_steps(tm_context *context, const tm_prompt *prompt, const tm_lane_flags *flags,
                       GError **error);
