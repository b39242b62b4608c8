/* money.h - no money by surprise: before anything is sent on an account that costs, the user has named a
 * budget or said yes to what it may cost. */
#pragma once
#include "cmd/estimate.h"
#include "cmd/lanes.h"

/* What the user says about money; static in the command that has TM_MONEY_OPTIONS. */
typedef struct {
    gboolean yes;
} tm_money_flags;
/* clang-format off */
#define TM_MONEY_OPTIONS(flags) \
    {"yes", 'y', 0, G_OPTION_ARG_NONE, &(flags).yes, "Ask nothing, what it costs included\n--yes", NULL}
/* clang-format on */

/* May these rows go over these lanes? True: a budget binds each lane that costs, or the user agrees. False
 * without *error: the user was asked and said no. */
gboolean tm_money_agree(tm_context *context, const GArray *lanes, const tm_prospect *prospect,
                        const tm_prompt *prompt, const tm_lane_flags *lane_flags, const tm_money_flags *flags,
                        GError **error);
/* --budget: what this run may spend in micro-dollars; 0: it was not said, or is one a day, which the lanes'
 * limits hold. */
gboolean tm_money_budget(const tm_lane_flags *flags, int64_t *micro_usd, GError **error);
