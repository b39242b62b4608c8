/* twin_preset_words.c - what services that speak OpenAI's wire say when they refuse. Words and codes: public
 * reports and documents, 2025-2026. */
#include "jobs/twin/twin_preset_words.h"

const tm_twin_words tm_twin_openai_words[] = {
    {"no_key", 401, "invalid_request_error", NULL,
     "You didn't provide an API key. You need to provide your API key in an Authorization header using "
     "Bearer "
     "auth (i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key from "
     "https://platform.openai.com/account/api-keys."},
    {"auth", 401, "invalid_request_error", "invalid_api_key",
     "Incorrect API key provided: {key}. You can find your API key at "
     "https://platform.openai.com/account/api-keys."},
    {"no_model", 404, "invalid_request_error", "model_not_found",
     "The model `{model}` does not exist or you do not have access to it."},
    {"no_plan", 404, "invalid_request_error", "model_not_found",
     "The model `{model}` does not exist or you do not have access to it."},
    {"rate", 429, "UNIT", "rate_limit_exceeded",
     "Rate limit reached for {model} in organization org-rehearsal on {what}: Limit {limit}, Used {used}, "
     "Requested {requested}. Please try again in {wait}. Visit "
     "https://platform.openai.com/account/rate-limits to learn more. You can increase your rate limit by "
     "adding a payment method to your account at https://platform.openai.com/account/billing."},
    {"big", 429, "tokens", "rate_limit_exceeded",
     "Request too large for {model} in organization org-rehearsal on {what}: Limit {limit}, Requested "
     "{requested}. The input or output tokens must be reduced in order to run successfully. Visit "
     "https://platform.openai.com/account/rate-limits to learn more."},
    {"busy", 429, "requests", "rate_limit_exceeded", "Rate limit reached for requests"},
    {"money", 429, "insufficient_quota", "insufficient_quota",
     "You exceeded your current quota, please check your plan and billing details. For more information on "
     "this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."},
    {"too_large", 400, "invalid_request_error", "context_length_exceeded",
     "This model's maximum context length is {limit} tokens. However, your messages resulted in {requested} "
     "tokens. Please reduce the length of the messages."},
    {"overloaded", 503, "service_unavailable_error", "server_is_overloaded",
     "The server is currently overloaded with other requests. Sorry about that! You can retry your request."},
    {"server", 500, "server_error", "server_error",
     "The server had an error while processing your request. Sorry about that!"},
    {"bad_request", 400, "invalid_request_error", NULL, "Invalid request."},
    {0},
};

const tm_twin_words tm_twin_openrouter_words[] = {
    {"no_key", 401, NULL, NULL, "No auth credentials found"},
    {"auth", 401, NULL, NULL, "User not found."},
    {"no_model", 400, NULL, NULL, "{model} is not a valid model ID"},
    {"no_plan", 404, NULL, NULL, "No endpoints found matching your data policy"},
    {"rate", 429, NULL, NULL,
     "Rate limit exceeded: {what}, {limit} allowed. Add credits to unlock more requests"},
    {"busy", 429, NULL, NULL, "Provider returned error"},
    {"money", 402, NULL, NULL, "Insufficient credits. Add more using https://openrouter.ai/settings/credits"},
    {"overloaded", 502, NULL, NULL, "Provider returned error"},
    {0},
};

const tm_twin_words tm_twin_groq_words[] = {
    {"auth", 401, "invalid_request_error", "invalid_api_key", "Invalid API Key"},
    {"rate", 429, "UNIT", "rate_limit_exceeded",
     "Rate limit reached for model `{model}` in organization `org_rehearsal` service tier `on_demand` on "
     "{what}: Limit {limit}, Used {used}, Requested {requested}. Please try again in {wait}. Need more "
     "tokens? Upgrade to Dev Tier today at https://console.groq.com/settings/billing"},
    {"big", 413, "tokens", "rate_limit_exceeded",
     "Request too large for model `{model}` in organization `org_rehearsal` service tier `on_demand` on "
     "{what}: Limit {limit}, Requested {requested}, please reduce your message size and try again."},
    {0},
};

const tm_twin_words tm_twin_mistral_words[] = {
    {"no_key", 401, NULL, NULL, "Unauthorized"},
    {"auth", 401, NULL, NULL, "Unauthorized"},
    {"no_model", 400, "invalid_model", "1500", "Invalid model: {model}"},
    {"no_plan", 429, "rate_limited", "1300", "Rate limit exceeded"}, /* for ever: its header says 0 */
    {"rate", 429, "rate_limited", "1300", "Rate limit exceeded"},
    {"big", 429, "rate_limited", "1300", "Rate limit exceeded"},
    {"busy", 429, "rate_limited", "1300", "Rate limit exceeded"},
    {"money", 402, "payment_required", "1400",
     "You have no credits left. Please check your billing details."},
    {"overloaded", 503, "unavailable", "3505", "Service unavailable."},
    {0},
};

const tm_twin_words tm_twin_deepseek_words[] = {
    {"auth", 401, "authentication_error", "invalid_request_error",
     "Authentication Fails, Your api key: {key} is invalid"},
    {"no_model", 400, "invalid_request_error", "invalid_request_error", "Model Not Exist"},
    {"rate", 429, "rate_limit_error", NULL,
     "You are sending requests too quickly. Please pace your requests reasonably."},
    {"money", 402, "unknown_error", "invalid_request_error", "Insufficient Balance"},
    {0},
};

const tm_twin_words tm_twin_together_words[] = {
    {"overloaded", 503, "service_unavailable", NULL, "The server is overloaded or not ready yet."},
    {"money", 402, "credit_limit", NULL, "Credit limit exceeded, please navigate to the billing page."},
    {"too_large", 403, "invalid_request_error", NULL, /* a 403, seen */
     "Input validation error: `inputs` tokens + `max_new_tokens` must be <= {limit}. Given: {requested}"},
    {0},
};

const tm_twin_words tm_twin_xai_words[] = {
    {"auth", 400, NULL, "Client specified an invalid argument",
     "Incorrect API key provided: {key}. You can obtain an API key from https://console.x.ai."},
    {"no_model", 404, NULL, "Some requested entity was not found",
     "The model {model} does not exist or your team rehearsal does not have access to it."},
    {"rate", 429, NULL, "Some resource has been exhausted",
     "Too many requests for team rehearsal and model {model}. Your team's rate limit is {limit} {what}."},
    {"money", 429, NULL, "Some resource has been exhausted", /* no code tells it from a rate: the words do */
     "Your team rehearsal has either used all available credits or reached its monthly spending limit. To "
     "continue making API requests, please purchase more credits or raise your spending limit."},
    {"bad_request", 400, NULL, "Client specified an invalid argument", "Invalid request."},
    {0},
};

const tm_twin_words tm_twin_cerebras_words[] = {
    {"auth", 401, "invalid_request_error", "wrong_api_key", "Wrong API Key"},
    {"no_model", 404, "not_found_error", "model_not_found",
     "Model {model} does not exist or you do not have access to it."},
    {"rate", 429, "too_many_requests_error", "request_quota_exceeded",
     "Requests limit exceeded - too many requests sent."},
    {"big", 429, "too_many_tokens_error", "token_quota_exceeded",
     "Tokens per minute limit exceeded - too many tokens processed."},
    {0},
};

const tm_twin_words tm_twin_fireworks_words[] = {
    {"money", 412, "invalid_request_error", "ACCOUNT_SUSPENDED",
     "Account rehearsal is suspended, possibly due to reaching the monthly spending limit or failure to pay "
     "past invoices."},
    {0},
};

const tm_twin_words tm_twin_ollama_words[] = {
    {"no_model", 404, "not_found_error", NULL, "model \"{model}\" not found, try pulling it first"},
    {"overloaded", 503, "api_error", NULL,
     "server busy, please try again.  maximum pending requests exceeded"},
    {0},
};

const tm_twin_words tm_twin_llama_words[] = {
    {"overloaded", 503, "unavailable_error", "503", "Loading model"},
    {"too_large", 400, "exceed_context_size_error", "400",
     "the request exceeds the available context size, try increasing it"},
    {0},
};

const tm_twin_words tm_twin_vllm_words[] = {
    {"no_model", 404, "NotFoundError", "404", "The model `{model}` does not exist."},
    {"too_large", 400, "BadRequestError", "400",
     "This model's maximum context length is {limit} tokens. However, you requested {requested} tokens in "
     "the "
     "messages. Please reduce the length of the messages."},
    {0},
};

const tm_twin_words tm_twin_lmstudio_words[] = {
    {"no_model", 404, NULL, NULL, "Model \"{model}\" not found. Please specify a valid model."},
    {0},
};

/* A reseller's text says in its own way what happened, and its codes mean other things than OpenAI's. */
const tm_twin_words tm_twin_reseller_words[] = {
    {"no_key", 401, "new_api_error", NULL, "未提供令牌 (request id: 20261124)"},
    {"auth", 401, "new_api_error", NULL, "无效的令牌 (request id: 20261124)"},
    {"no_model", 503, "new_api_error", "model_not_found",
     "No available channel for model {model} under group default (request id: 20261124)"},
    {"no_plan", 403, "new_api_error", NULL, "该令牌无权访问模型 {model} (request id: 20261124)"},
    {"rate", 429, "new_api_error", NULL, "您已达到请求数限制：1分钟内最多请求{limit}次"},
    {"busy", 429, "new_api_error", NULL, "当前分组上游负载已饱和，请稍后再试"},
    {"money", 403, "new_api_error", "insufficient_user_quota",
     "用户额度不足, 剩余额度: ＄0.000000 (request id: 20261124)"},
    {"overloaded", 500, "new_api_error", "do_request_failed", "upstream error: do request failed"},
    {"server", 500, "new_api_error", "bad_response_status_code", "bad response status code 502"},
    {0},
};
