/* twin_openai_image.c - images/generations, as the gpt-image models answer: base64, never a link. */
#include <string.h>

#include "core/json.h"
#include "jobs/twin/twin_openai.h"
#include "jobs/twin/twin_png.h"

enum { MAX_PROMPT = 32000, SIDE = 16, STEP = 16, MAX_RATIO = 3, MAX_WIDTH = 3840, MAX_PIXELS = 3840 * 2160 };

static const char *const backgrounds[] = {"transparent", "opaque", "auto", NULL};
static const char *const levels[] = {"low", "medium", "high", NULL};
static const char *const moderations[] = {"low", "auto", NULL};
static const char *const formats[] = {"png", "webp", "jpeg", NULL};
static const char *const qualities[] = {"low", "medium", "high", "xhigh", "max", "auto", NULL};

static const tm_twin_openai_field fields[] = {
    {"prompt", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"model", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"background", TM_FIELD_OF_TEXT, 0, 0, backgrounds},
    {"complexity", TM_FIELD_OF_TEXT, 0, 0, levels},
    {"moderation", TM_FIELD_OF_TEXT, 0, 0, moderations},
    {"n", TM_FIELD_OF_WHOLE, 1, 10, NULL},
    {"output_compression", TM_FIELD_OF_WHOLE, 0, 100, NULL},
    {"output_format", TM_FIELD_OF_TEXT, 0, 0, formats},
    {"quality", TM_FIELD_OF_TEXT, 0, 0, qualities},
    {"safety_identifier", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"size", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {"stream", TM_FIELD_OF_FLAG, 0, 0, NULL},
    {"user", TM_FIELD_OF_TEXT, 0, 0, NULL},
    {NULL, TM_FIELD_OF_ANYTHING, 0, 0, NULL},
};

static bool refuse(tm_twin_arrival *a, const char *param, const char *code, const char *words)
{
    tm_twin_refuse_parameter(a, param, code, words);
    return false;
}

/* auto, or WIDTHxHEIGHT in multiples of 16, at most 3 to 1. */
static bool fits_size(tm_twin_arrival *a, const char *size)
{
    g_auto(GStrv) sides = g_strsplit(size, "x", 2);
    guint64 width = 0, height = 0;
    bool good = g_strv_length(sides) == 2 &&
                g_ascii_string_to_unsigned(sides[0], 10, STEP, MAX_WIDTH, &width, NULL) &&
                g_ascii_string_to_unsigned(sides[1], 10, STEP, MAX_WIDTH, &height, NULL) &&
                width % STEP == 0 && height % STEP == 0 && width * height <= MAX_PIXELS &&
                width <= MAX_RATIO * height && height <= MAX_RATIO * width;
    g_autofree char *words =
        g_strdup_printf("Invalid size '%s'. Expected 'auto' or WIDTHxHEIGHT in multiples "
                        "of 16, no longer than 3 to 1, up to 3840x2160.",
                        size);
    return good || strcmp(size, "auto") == 0 || refuse(a, "size", "invalid_value", words);
}

static bool take(tm_twin_arrival *a, json_t *request)
{
    const char *prompt = tm_json_string(request, "prompt", "");
    if (!tm_twin_openai_model(a, tm_json_string(request, "model", "")))
        return false;
    if (json_object_get(request, "response_format") && a->preset->strict)
        return refuse(a, "response_format", "unknown_parameter", "Unknown parameter: 'response_format'.");
    if (!tm_twin_openai_fields(a, request, "", fields))
        return false;
    if (!*prompt)
        return refuse(a, "prompt", "missing_required_parameter", "Missing required parameter: 'prompt'.");
    if (g_utf8_strlen(prompt, -1) > MAX_PROMPT)
        return refuse(a, "prompt", "string_above_max_length",
                      "Invalid 'prompt': string too long. Expected a string with maximum length 32000.");
    if (!strstr(a->model, "image"))
        return refuse(a, "model", "invalid_value", "The model does not make images.");
    return fits_size(a, tm_json_string(request, "size", "auto"));
}

static uint64_t hash_text(const char *text)
{
    uint64_t hash = 14695981039346656037u;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211u; /* FNV-1a */
    return hash;
}

static GString *answer(tm_twin_arrival *a, const json_t *request)
{
    const char *prompt = tm_json_string(request, "prompt", ""),
               *size = tm_json_string(request, "size", "auto"),
               *quality = tm_json_string(request, "quality", "auto");
    int64_t n = tm_json_integer(request, "n", 1), tokens = n * 1056; /* of 1024x1024 at medium: docs, 2026 */
    json_t *data = json_array();
    for (int64_t i = 0; i < n; i++) {
        g_autoptr(GByteArray) png = tm_twin_png(tm_twin_mix(hash_text(prompt), (uint64_t)i), SIDE);
        g_autofree char *base64 = g_base64_encode(png->data, png->len);
        json_array_append_new(data, json_pack("{ss}", "b64_json", base64));
    }
    g_autoptr(json_t) whole = json_pack(
        "{sI,so,ss,ss,ss,ss,s{sI,sI,sI,s{sI,si}}}", "created", (json_int_t)a->wall_ms / 1000, "data", data,
        "background", "opaque", "output_format", "png", "quality",
        strcmp(quality, "auto") == 0 ? "medium" : quality, "size",
        strcmp(size, "auto") == 0 ? "1024x1024" : size, "usage", "input_tokens", (json_int_t)a->input,
        "output_tokens", (json_int_t)tokens, "total_tokens", (json_int_t)a->input + (json_int_t)tokens,
        "input_tokens_details", "text_tokens", (json_int_t)a->input, "image_tokens", 0);
    tm_twin_account_pay(a->account, a->model, a->wall_ms, a->input, tokens);
    GString *out = g_string_new(NULL);
    tm_json_write(out, whole);
    return out;
}

static void refuse_moderated(tm_twin_arrival *a)
{
    a->reply->http = 400;
    a->reply->content_type = "application/json; charset=UTF-8";
    a->reply->body = tm_twin_openai_error(
        a, 400,
        "Your request was rejected by the safety system. If you believe this is an error, contact us at "
        "help.openai.com.",
        "image_generation_user_error", NULL, "moderation_blocked");
    a->class = "blocked";
}

void tm_twin_judge_image(tm_twin_arrival *a)
{
    g_autoptr(json_t) request = tm_twin_openai_read(a);
    tm_twin_fault fault = TM_FAULT_NONE;
    if (!request || !take(a, request))
        return;
    g_autoptr(json_t) body =
        json_pack("{s[{s[{sO}]}]}", "contents", "parts", "text", json_object_get(request, "prompt"));
    tm_twin_arrive(a, body);
    if (!tm_twin_admit(a, body, &fault))
        return;
    if (fault == TM_FAULT_BLOCKED)
        refuse_moderated(a);
    else
        tm_twin_answer(a, 200, "ok", answer(a, request));
}
