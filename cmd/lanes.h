/* lanes.h - over which accounts and models a prompt's rows may go: --account, --route, --model, --base-url and the
 * limits given as flags, the config, the environment. */
#pragma once
#include "cmd/context.h"
#include "jobs/engine.h"

/* Option variables, as GOption wants them. */
typedef struct {
    char *account, *route, *base_url;
    char *rpm, *tpm, *rpd, *budget; /* as typed; numbers, checked by tm_lanes_pick() */
} tm_lanes_flags_t;
extern tm_lanes_flags_t tm_lanes_flags;

#define TM_LANES_OPTIONS                                                                                         \
    {"account", 0, 0, G_OPTION_ARG_STRING, &tm_lanes_flags.account, "Account of your config\n--account paid",  \
     "NAME"},                                                                                                    \
        {"rpd", 0, 0, G_OPTION_ARG_STRING, &tm_lanes_flags.rpd, "Requests a day at most\n--rpd 20", "N"}

#define TM_LANES_MORE                                                                                            \
    {"route", 0, 0, G_OPTION_ARG_STRING, &tm_lanes_flags.route, "Route of your config\n--route night", "NAME"}, \
        {"base-url", 0, 0, G_OPTION_ARG_STRING, &tm_lanes_flags.base_url,                                        \
         "Where the account's service is\n--base-url http://127.0.0.1:8080", "URL"},                          \
        {"rpm", 0, 0, G_OPTION_ARG_STRING, &tm_lanes_flags.rpm, "Requests a minute at most\n--rpm 5", "N"},    \
        {"tpm", 0, 0, G_OPTION_ARG_STRING, &tm_lanes_flags.tpm, "Input tokens a minute at most\n--tpm 250000", \
         "N"},                                                                                                   \
        {"budget", 0, 0, G_OPTION_ARG_STRING, &tm_lanes_flags.budget, "Money to spend at most\n--budget '5 USD'", \
         "MONEY"}

/* The lanes of one prompt, in the route's order. */
typedef struct {
    tm_engine_lane *lanes;
    size_t n_lanes;
    char **models;   /* owns the lanes' model names */
} tm_lanes;
void tm_lanes_free(tm_lanes *lanes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(tm_lanes, tm_lanes_free)

/* `model`: --model or the prompt's own; NULL: neither names one (an error that says what to add). Keys are resolved, limits
 * merged; accounts are the config's and live as long as the context. Errors in clear words: no key, no such account (with a
 * guess), no model, plain http to a far host, money without a budget. (transfer full) */
tm_lanes *tm_lanes_pick(tm_context *context, const tm_prompt *prompt, const char *model, GError **error);
