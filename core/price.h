/* price.h - what a model's tokens cost at an account, by the day on which a request is sent. A price that
 * nobody knows is not zero. Figures and their dates: core/catalog.yaml, the config, or a file the user gave.
 */
#pragma once
#include "core/account.h"
#include "core/outcome.h"
#include "core/prompt.h"

typedef enum { TM_PRICE_CONFIG, TM_PRICE_FILE, TM_PRICE_CATALOGUE } tm_price_source;

/* Micro-dollars per million tokens. Thoughts cost as output. */
typedef struct {
    int64_t input, cached, output;
    int64_t image;     /* output tokens of pictures */
    int64_t long_over; /* a prompt of more tokens makes the whole request cost what follows; 0: never */
    int64_t long_input, long_cached, long_output;
    int64_t as_of_ms; /* 0: not told */
    tm_price_source source;
} tm_price;

/* The price of `model` (as the service names it, a version's name included) at `wall_ms`: the account's own
 * `prices`, else a prices file's, else the catalogue's. The tables of a service are for its own host only,
 * unless the config ties the account to one. False: not known. */
bool tm_price_find(const tm_account *account, const char *model, int64_t wall_ms, tm_price *price);

/* What a request cost by its usage, in micro-dollars, rounded up. `picture`: its output tokens are a
 * picture's. Cached tokens are a part of the input; tokens that were not told count as none. */
int64_t tm_price_cost(const tm_price *price, const tm_usage *usage, bool picture);
/* The most that a request of so many tokens can cost: nothing cached, the output at its dearest. */
int64_t tm_price_most(const tm_price *price, int64_t input_tokens, int64_t output_tokens);

/* The prompt's own cap on output tokens; -1: it says none. */
int64_t tm_price_output_said(const tm_prompt *prompt);
/* Output tokens, thoughts included, at most: the prompt's own cap, else (NULL: always) what services let
 * models give.
 */
int64_t tm_price_output_cap(const tm_prompt *prompt);

/* "$0.0123", "$4.20", "$1,300": dollars with as many places as matter. (transfer full) */
char *tm_price_text(int64_t micro_usd);
/* "2.50", "2.50 USD", "$2.50", each also with "/day", to micro-dollars. False: no amount. */
bool tm_price_amount(const char *text, int64_t *micro_usd, bool *a_day);
