/* judge.c - every arrival is held against the limits and against what was already answered. */
#include "tests/sim/judge.h"

#include <stdio.h>
#include <string.h>

enum { TRACE = 60 };
#define MINUTE_MS INT64_C(60000)

void judge_init(judge *j, const story *s, const int64_t *true_ms)
{
    *j = (judge){.story = s,
                 .true_ms = true_ms,
                 .times = g_array_new(FALSE, FALSE, sizeof(int64_t)),
                 .tokens = g_array_new(FALSE, FALSE, sizeof(int64_t)),
                 .trace = g_queue_new()};
    for (int i = 0; i < s->stores; i++) {
        j->asked[i] = g_new0(int, (gsize)s->rows + 1);
        j->recorded[i] = g_new0(bool, (gsize)s->rows + 1);
    }
}

void judge_clear(judge *j)
{
    g_array_unref(j->times);
    g_array_unref(j->tokens);
    for (int i = 0; i < STORY_STORES; i++) {
        g_free(j->asked[i]);
        g_free(j->recorded[i]);
    }
    g_queue_free_full(j->trace, g_free);
    g_free(j->broken);
}

/* ---- words ---- */

static char *stamped(const judge *j, const char *text)
{
    int64_t ms = *j->true_ms - j->story->start_ms;
    return g_strdup_printf("day %2d %02d:%02d:%02d.%03d  %s", (int)(ms / 86400000), (int)(ms / 3600000 % 24),
                           (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), (int)(ms % 1000), text);
}

void judge_broken(judge *j, const char *format, ...)
{
    if (j->broken)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    j->broken = stamped(j, text);
}

void judge_note(judge *j, const char *format, ...)
{
    if (!j->traces || j->broken)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_queue_push_tail(j->trace, stamped(j, text));
    if (g_queue_get_length(j->trace) > TRACE)
        g_free(g_queue_pop_head(j->trace));
}

void judge_print(const judge *j)
{
    for (const GList *line = j->trace->head; line; line = line->next)
        printf("  %s\n", (const char *)line->data);
    printf("  %s\n", j->broken ? j->broken : "all promises held");
}

/* ---- rows ---- */

char *story_row_text(const story *s, int store, int row)
{
    char *text = g_strdup_printf("store %d row %d ", store, row);
    if (!s->tpm)
        return text;
    /* most are small, each fifth up to a third of the minute's tokens (4 bytes each); some fit into none */
    size_t length = (size_t)row * 7919 % (size_t)(s->tpm * 4 / 3);
    if (row % 5)
        length /= 40;
    if (s->oversize && row % 29 == 0)
        length = (size_t)s->tpm * 5;
    GString *long_text = g_string_new(text);
    g_free(text);
    while (long_text->len < length)
        g_string_append_c(long_text, 'x');
    return g_string_free(long_text, FALSE);
}

bool story_row_of(const char *text, int *store, int *row)
{
    const char *place = text ? strstr(text, "store ") : NULL;
    return place &&
           sscanf(place, "store %d row %d", store, row) == 2; /* NOLINT(cert-err34-c): our own text */
}

void judge_recorded(judge *j, int store, int64_t row)
{
    if (j->recorded[store][row])
        judge_broken(j, "store %d row %d was recorded twice", store, (int)row);
    j->recorded[store][row] = true;
    j->answered++;
    judge_note(j, "store %d row %d is recorded", store, (int)row);
}

/* ---- arrivals ---- */

/* The day of an instant, reckoned apart from the code under test: the rule of 2026 for Pacific time. */
static void day_of(const story *s, int64_t at_ms, int64_t *start_ms, int64_t *end_ms)
{
    const int64_t hour = 60 * MINUTE_MS, day = 24 * hour;
    const int64_t spring = INT64_C(1772964000000), autumn = INT64_C(1793523600000);
    int64_t length = s->windows.day_ms ? s->windows.day_ms : day;
    int64_t behind = s->windows.day_ms ? 0 : at_ms >= spring && at_ms < autumn ? 7 * hour : 8 * hour;
    int64_t bounds[2] = {(at_ms - behind) / length * length, (at_ms - behind) / length * length + length};
    for (int i = 0; i < 2 && !s->windows.day_ms; i++) {
        bounds[i] += 8 * hour;
        if (bounds[i] > spring && bounds[i] - hour < autumn)
            bounds[i] -= hour;
    }
    *start_ms = bounds[0];
    *end_ms = bounds[1];
}

static void turn_day(judge *j, int64_t at_ms)
{
    if (at_ms < j->day_end_ms)
        return;
    if (j->day_end_ms && j->whole_days >= 0) {
        j->whole_days++;
        j->whole_days_requests += j->day;
        if (j->story->whole_days && j->day != j->story->rpd)
            judge_broken(j, "a whole day was left with %d of %d requests", (int)j->day, j->story->rpd);
    }
    day_of(j->story, at_ms, &j->day_start_ms, &j->day_end_ms);
    j->day = 0;
    j->day_tokens = 0;
    j->burnt = 0;
}

/* Requests and tokens of ours in the minute that ends now. */
static int64_t slide(judge *j, int64_t at_ms)
{
    while (j->minute_first < j->times->len &&
           g_array_index(j->times, int64_t, j->minute_first) <= at_ms - MINUTE_MS)
        j->minute_tokens -= g_array_index(j->tokens, int64_t, j->minute_first++);
    return j->times->len - j->minute_first;
}

static void refused(judge *j, const char *class, int64_t minute, int64_t tokens)
{
    const story *s = j->story;
    bool own = minute >= s->rpm || j->day >= s->rpd || (s->tpm && j->minute_tokens + tokens > s->tpm);
    j->refused++;
    j->foreseeable += own;
    if (own && !s->soft)
        judge_broken(j, "refused (%s) at %d of %d a minute, %d of %d a day: that could be foreseen", class,
                     (int)minute, s->rpm, (int)j->day, s->rpd);
    else if (j->refused > s->refusals_allowed)
        judge_broken(j, "refused (%s) for the %dth time, at %d of %d a minute, %d of %d a day", class,
                     (int)j->refused, (int)minute, s->rpm, (int)j->day, s->rpd);
}

static void counted(judge *j, int64_t at_ms, int64_t minute, int64_t tokens)
{
    const story *s = j->story;
    g_array_append_val(j->times, at_ms);
    g_array_append_val(j->tokens, tokens);
    j->minute_tokens += tokens;
    j->day++;
    j->day_tokens += tokens;
    if (!s->soft && minute + 1 > s->rpm)
        judge_broken(j, "%d requests within a minute, %d are allowed", (int)minute + 1, s->rpm);
    if (!s->soft && j->day > s->rpd)
        judge_broken(j, "%d requests within a day, %d are allowed", (int)j->day, s->rpd);
    if (s->tpm && tokens <= s->tpm && j->minute_tokens > s->tpm)
        judge_broken(j, "%d tokens within a minute, %d are allowed", (int)j->minute_tokens, s->tpm);
}

/* Errors are free in the day's last hour, and while what is left of the day covers all rows. Else a fifth of
 * it, at least three, may burn; one wave of a bucket more was on its way when the last of them came back. */
static void failed(judge *j, int64_t at_ms)
{
    enum { LEAST = 3, WAVE = 3 };
    const story *s = j->story;
    j->errors++;
    if (at_ms >= j->day_end_ms - 60 * MINUTE_MS ||
        (int64_t)s->rows * s->stores - j->answered <= s->rpd - j->day)
        return;
    j->burnt++;
    j->most_burnt = MAX(j->most_burnt, j->burnt);
    if (j->burnt > MAX(s->rpd / 5, LEAST) + WAVE)
        judge_broken(j, "%d errors have burnt of a day of %d", (int)j->burnt, s->rpd);
}

/* A failure stops all of us, then one request at a time finds out whether the server is well: nobody sends
 * while the answer to another's is still to come. */
static void probing(judge *j, int64_t http, int64_t at_ms)
{
    enum { FASTEST = 800, SLOWEST = 1220, WAY = 370 }; /* machine.c: answers; connect and jitter */
    if (j->trouble_ms && at_ms > j->trouble_ms) {
        if (j->story->one_probe && j->probe_ms && at_ms < j->probe_ms + FASTEST)
            judge_broken(j, "two requests at once ask a server that fails, %d ms apart",
                         (int)(at_ms - j->probe_ms));
        j->probe_ms = at_ms;
    }
    if (http < 400)
        j->trouble_ms = j->probe_ms = 0;
    else if (http >= 500 && !j->trouble_ms)
        j->trouble_ms = at_ms + SLOWEST + WAY;
}

void judge_see(const json_t *line, void *data)
{
    judge *j = data;
    if (strcmp(json_string_value(json_object_get(line, "op")), "generate") != 0)
        return;
    int64_t http = json_integer_value(json_object_get(line, "http"));
    int64_t at_ms = json_integer_value(json_object_get(line, "at_ms"));
    int64_t tokens = json_integer_value(json_object_get(line, "tokens"));
    const char *class = json_string_value(json_object_get(line, "class"));
    int store = 0, row = 0;
    if (!story_row_of(json_string_value(json_object_get(line, "text")), &store, &row)) {
        j->foreign++;
        return;
    }
    turn_day(j, at_ms);
    int64_t minute = slide(j, at_ms);
    judge_note(j, "store %d row %d arrives: %d %s (%d in the minute, %d in the day, %d + %d tokens)", store,
               row, (int)http, class, (int)minute, (int)j->day, (int)j->minute_tokens, (int)tokens);
    if (j->recorded[store][row])
        judge_broken(j, "store %d row %d was sent again though its answer is recorded", store, row);
    probing(j, http, at_ms);
    if (http == 429)
        refused(j, class, minute, tokens);
    if (http >= 400 && http < 500) /* refused before it counts: key, model, money, quota */
        return;
    counted(j, at_ms, minute, tokens);
    j->asked[store][row]++;
    if (http >= 500) /* what never answers is known only when its time is over */
        failed(j, at_ms);
}
