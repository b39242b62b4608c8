/* ledger_tokens.c - how many input tokens a body byte makes, learnt per model and for bodies of about one
 * size: around a short row stands much JSON that makes few tokens, so what short rows teach is too little for
 * long ones. */
#include "jobs/ledger_inside.h"

#include <math.h>

/* A histogram of ratios: bucket i holds those up to 2^(-i/8), so a bucket is 9 % wide. */
#define PER_OCTAVE 8.0
/* Old answers fade: past so many all counts of a size are halved. */
#define FADE_AT 2000
/* With few answers their p99 says little. */
#define FEW 20
#define MARGIN_OF_FEW 1.25
/* Nothing known of bodies so long or longer, only of shorter ones. */
#define MARGIN_OF_LONGER 2.0
/* What other processes have learnt is read again after so long. */
#define REREAD_MS 10000

/* The bodies of size s are shorter than 512 bytes * 8^s; those of the last have no bound. */
static int size_of(int64_t bytes)
{
    int size = 0;
    for (int64_t bound = 512; bytes >= bound && size < TM_RATIO_SIZES - 1; bound *= 8)
        size++;
    return size;
}

static void read_ratio(tm_ledger *ledger, tm_ledger_lane *lane)
{
    int64_t now = tm_clock_now(ledger->clock).boot_ms;
    if (lane->ratio_read_ms && now - lane->ratio_read_ms < REREAD_MS && now >= lane->ratio_read_ms)
        return;
    sqlite3_stmt *row =
        tm_ledger_sql(ledger, "SELECT bucket, n FROM token_ratio WHERE scope = ? AND model = ?", "is",
                      lane->scope, lane->model);
    memcpy(lane->ratio, lane->ratio_new, sizeof lane->ratio);
    while (sqlite3_step(row) == SQLITE_ROW) {
        int bucket = sqlite3_column_int(row, 0);
        if (bucket >= 0 && bucket < TM_RATIO_COUNTS)
            lane->ratio[bucket] += sqlite3_column_int64(row, 1);
    }
    sqlite3_reset(row);
    lane->ratio_read_ms = MAX(now, 1);
}

static int64_t total_of(const tm_ledger_lane *lane, int size)
{
    int64_t total = 0;
    for (int i = 0; i < TM_RATIO_BUCKETS; i++)
        total += lane->ratio[size * TM_RATIO_BUCKETS + i];
    return total;
}

/* The p99 of one size; 0: nothing known. */
static double ratio_of(const tm_ledger_lane *lane, int size)
{
    int64_t total = total_of(lane, size), above = 0;
    int bucket = 0;
    if (!total)
        return 0;
    for (; bucket < TM_RATIO_BUCKETS - 1; bucket++) {
        above += lane->ratio[size * TM_RATIO_BUCKETS + bucket];
        if (above * 100 > total)
            break;
    }
    double ratio = exp2(-bucket / PER_OCTAVE);
    return total < FEW ? ratio * MARGIN_OF_FEW : ratio;
}

double tm_ledger_token_ratio(tm_ledger *ledger, const tm_lane *asked, int64_t bytes)
{
    tm_ledger_lane *lane = tm_ledger_lane_of(ledger, asked);
    read_ratio(ledger, lane);
    double ratio = 0;
    int size = size_of(bytes);
    for (int longer = size; longer < TM_RATIO_SIZES && ratio == 0; longer++)
        ratio = ratio_of(lane, longer);
    for (int shorter = size - 1; shorter >= 0 && ratio == 0; shorter--)
        ratio = ratio_of(lane, shorter) * MARGIN_OF_LONGER;
    return ratio > 0 ? MIN(ratio, 1.0) : 1.0;
}

void tm_ledger_learn_tokens(tm_ledger *ledger, const tm_lane *asked, int64_t bytes, int64_t tokens)
{
    if (bytes <= 0 || tokens <= 0)
        return;
    tm_ledger_lane *lane = tm_ledger_lane_of(ledger, asked);
    read_ratio(ledger, lane);
    double ratio = MIN((double)tokens / (double)bytes, 1.0);
    int bucket = CLAMP((int)floor(-PER_OCTAVE * log2(ratio)), 0, TM_RATIO_BUCKETS - 1);
    bucket += size_of(bytes) * TM_RATIO_BUCKETS;
    lane->ratio[bucket]++;
    lane->ratio_new[bucket]++;
    lane->ratio_dirty = true;
}

static gboolean write_lane(tm_ledger *ledger, tm_ledger_lane *lane, GError **error)
{
    static const char add[] = "INSERT INTO token_ratio(scope, model, bucket, n) VALUES(?1, ?2, ?3, ?4) "
                              "ON CONFLICT DO UPDATE SET n = n + ?4";
    static const char fade[] = "UPDATE token_ratio SET n = n / 2 WHERE scope = ? AND model = ? "
                               "AND bucket >= ? AND bucket < ?";
    for (int64_t b = 0; b < TM_RATIO_COUNTS; b++)
        if (lane->ratio_new[b] &&
            !tm_ledger_run(
                ledger, tm_ledger_sql(ledger, add, "isii", lane->scope, lane->model, b, lane->ratio_new[b]),
                error))
            return FALSE;
    for (int size = 0; size < TM_RATIO_SIZES; size++) {
        int64_t from = size * TM_RATIO_BUCKETS;
        if (total_of(lane, size) <= FADE_AT)
            continue;
        lane->ratio_read_ms = 0;
        if (!tm_ledger_run(
                ledger,
                tm_ledger_sql(ledger, fade, "isii", lane->scope, lane->model, from, from + TM_RATIO_BUCKETS),
                error))
            return FALSE;
    }
    return TRUE;
}

gboolean tm_ledger_ratios_write(tm_ledger *ledger, GError **error)
{
    for (guint i = 0; i < ledger->lanes->len; i++) {
        tm_ledger_lane *lane = g_ptr_array_index(ledger->lanes, i);
        if (lane->ratio_dirty && !write_lane(ledger, lane, error))
            return FALSE;
    }
    return TRUE;
}

void tm_ledger_ratios_written(tm_ledger_lane *lane)
{
    memset(lane->ratio_new, 0, sizeof lane->ratio_new);
    lane->ratio_dirty = false;
}
