/* twin_media.c - see twin_media.h */
#include "jobs/twin/twin_media.h"

#include <string.h>

#include "jobs/twin/twin_fault.h"
#include "jobs/twin/twin_png.h"

enum {
    IMAGE_TOKENS = 1290,       /* docs, 2026: an image of 1K */
    AUDIO_SECONDS_TOKENS = 25, /* docs, 2026: a second of speech */
    RATE = 24000,              /* samples a second of what TTS models answer */
    SIDE = 16,
};

/* ---- which models make what ---- */

static bool draws(const char *model)
{
    return strstr(model, "-image") || strstr(model, "nano-banana") || strstr(model, "imagen");
}

static bool speaks(const char *model)
{
    return strstr(model, "-tts") != NULL;
}

static bool asks_for(const json_t *body, const char *modality)
{
    const json_t *config = json_object_get(body, "generationConfig");
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(config, "responseModalities"), i, one) {
        if (json_is_string(one) && g_ascii_strcasecmp(json_string_value(one), modality) == 0)
            return true;
    }
    return false;
}

tm_twin_medium tm_twin_medium_of(const json_t *body, const char *model)
{
    bool image = asks_for(body, "IMAGE"), text = asks_for(body, "TEXT");
    if (speaks(model))
        return (tm_twin_medium){.mime = "audio/L16;codec=pcm;rate=24000", .tokens = AUDIO_SECONDS_TOKENS};
    if (draws(model) && (image || !text))
        return (tm_twin_medium){.mime = "image/png", .text = text || !image, .tokens = IMAGE_TOKENS};
    return (tm_twin_medium){.text = true};
}

/* A tenth of a second of a square tone that the seed chooses: raw samples without a header. */
static GByteArray *tone(uint64_t seed)
{
    GByteArray *samples = g_byte_array_new();
    unsigned half = 20 + (unsigned)(tm_twin_mix(seed, 0) % 60);
    for (unsigned i = 0; i < RATE / 10; i++) {
        gint16 level = (gint16)(i / half % 2 ? 8000 : -8000);
        gint16 wire = GINT16_TO_LE(level);
        g_byte_array_append(samples, (const guint8 *)&wire, sizeof wire);
    }
    return samples;
}

char *tm_twin_media_bytes(const tm_twin_medium *medium, uint64_t seed)
{
    g_autoptr(GByteArray) bytes =
        g_str_has_prefix(medium->mime, "image/") ? tm_twin_png(seed, SIDE) : tone(seed);
    return g_base64_encode(bytes->data, bytes->len);
}

/* ---- what comes in ---- */

static char *check_modalities(const json_t *body, const char *model)
{
    const json_t *config = json_object_get(body, "generationConfig");
    bool audio = asks_for(body, "AUDIO"), image = asks_for(body, "IMAGE");
    bool any = json_array_size(json_object_get(config, "responseModalities")) > 0;
    const char *takes = NULL;
    if (speaks(model) && (!audio || image || asks_for(body, "TEXT")))
        takes = "* audio\n";
    else if (!speaks(model) && (audio || asks_for(body, "VIDEO") || (image && !draws(model))))
        takes = draws(model) ? "* text\n* text, image\n* image\n" : "* text\n";
    if (!takes || (!any && !speaks(model)))
        return NULL;
    return g_strdup_printf("* GenerateContentRequest.generation_config.response_modalities: The requested "
                           "combination of response modalities is not supported by the model. models/%s "
                           "accepts the following combinations of response modalities:\n%s",
                           model, takes);
}

/* How files of a type begin. */
static const struct {
    const char *mime, *begin;
    size_t length;
    const char *words;
} kinds[] = {
    {"image/png", "\x89PNG\r\n\x1a\n", 8, "Unable to process input image."},
    {"image/jpeg", "\xff\xd8", 2, "Unable to process input image."},
    {"image/gif", "GIF8", 4, "Unable to process input image."},
    {"image/webp", "RIFF", 4, "Unable to process input image."},
    {"audio/wav", "RIFF", 4, "Unable to process input audio."},
    {"application/pdf", "%PDF", 4, "The document has no pages."},
};

static char *check_bytes(const json_t *blob)
{
    const json_t *mime = json_object_get(blob, "mimeType"), *data = json_object_get(blob, "data");
    gsize n = 0;
    if (!json_is_string(mime) || !json_is_string(data) || json_string_length(data) == 0)
        return g_strdup("Unable to submit request because it has an empty inlineData parameter. Add a value "
                        "to the parameter and try again.");
    g_autofree char *standard = g_strdup(json_string_value(data));
    g_strdelimit(g_strdelimit(standard, "-", '+'), "_", '/');
    g_autofree guchar *bytes = g_base64_decode(standard, &n);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(kinds[i].mime, json_string_value(mime)) != 0)
            continue;
        if (n < kinds[i].length || memcmp(bytes, kinds[i].begin, kinds[i].length) != 0)
            return g_strdup(kinds[i].words);
    }
    return NULL;
}

static char *check_uri(const json_t *file)
{
    static const char *const schemes[] = {"https://", "http://", "gs://"};
    const json_t *uri = json_object_get(file, "fileUri");
    const char *text = json_is_string(uri) ? json_string_value(uri) : "";
    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++)
        if (g_str_has_prefix(text, schemes[i]))
            return NULL;
    return g_strdup_printf("Unsupported file URI type: %s", text);
}

char *tm_twin_media_check(const json_t *body, const char *model)
{
    size_t i, k;
    json_t *content, *part;
    json_array_foreach(json_object_get(body, "contents"), i, content) {
        json_array_foreach(json_object_get(content, "parts"), k, part) {
            const json_t *blob = json_object_get(part, "inlineData"),
                         *file = json_object_get(part, "fileData");
            char *wrong = blob ? check_bytes(blob) : file ? check_uri(file) : NULL;
            if (wrong)
                return wrong;
        }
    }
    return check_modalities(body, model);
}
