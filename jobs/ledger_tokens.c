/* ledger_tokens.c - how many input tokens a body byte makes, learnt per model */
#include "jobs/ledger_inside.h"

#include <math.h>

/* A histogram of ratios: bucket i holds those up to 2^(-i/8), so a bucket is 9 % wide. */
#define PER_OCTAVE 8.0
/* Old answers fade: past so many all counts are halved. */
#define FADE_AT 2000
/* With few answers their p99 says little. */
#define FEW 20
#define MARGIN_OF_FEW 1.25

static void read_ratio(tm_ledger *ledger, tm_ledger_lane *lane)
{
    if (lane->ratio_read)
        return;
    sqlite3_stmt *row =
        tm_ledger_sql(ledger, "SELECT bucket, n FROM token_ratio WHERE scope = ? AND model = ?", "is",
                      lane->scope, lane->model);
    while (sqlite3_step(row) == SQLITE_ROW) {
        int bucket = sqlite3_column_int(row, 0);
        if (bucket >= 0 && bucket < TM_RATIO_BUCKETS)
            lane->ratio[bucket] = sqlite3_column_int64(row, 1);
    }
    sqlite3_reset(row);
    lane->ratio_read = true;
}

static int64_t total_of(const tm_ledger_lane *lane)
{
    int64_t total = 0;
    for (int i = 0; i < TM_RATIO_BUCKETS; i++)
        total += lane->ratio[i];
    return total;
}

double tm_ledger_token_ratio(tm_ledger *ledger, const tm_lane *asked)
{
    tm_ledger_lane *lane = tm_ledger_lane_of(ledger, asked);
    read_ratio(ledger, lane);
    int64_t total = total_of(lane), above = 0;
    if (!total)
        return 1.0;
    int bucket = 0;
    for (; bucket < TM_RATIO_BUCKETS - 1; bucket++) {
        above += lane->ratio[bucket];
        if (above * 100 > total)
            break;
    }
    double ratio = exp2(-bucket / PER_OCTAVE);
    return total < FEW ? MIN(ratio * MARGIN_OF_FEW, 1.0) : ratio;
}

void tm_ledger_learn_tokens(tm_ledger *ledger, const tm_lane *asked, int64_t bytes, int64_t tokens)
{
    if (bytes <= 0 || tokens <= 0)
        return;
    tm_ledger_lane *lane = tm_ledger_lane_of(ledger, asked);
    read_ratio(ledger, lane);
    double ratio = MIN((double)tokens / (double)bytes, 1.0);
    int bucket = CLAMP((int)floor(-PER_OCTAVE * log2(ratio)), 0, TM_RATIO_BUCKETS - 1);
    lane->ratio[bucket]++;
    lane->ratio_dirty |= (uint64_t)1 << bucket;
    if (total_of(lane) > FADE_AT) {
        for (int i = 0; i < TM_RATIO_BUCKETS; i++)
            lane->ratio[i] /= 2;
        lane->ratio_dirty = UINT64_MAX;
    }
}

gboolean tm_ledger_ratios_write(tm_ledger *ledger, GError **error)
{
    static const char sql[] = "INSERT INTO token_ratio(scope, model, bucket, n) VALUES(?1, ?2, ?3, ?4) "
                              "ON CONFLICT DO UPDATE SET n = ?4 WHERE n <> ?4";
    for (guint i = 0; i < ledger->lanes->len; i++) {
        tm_ledger_lane *lane = g_ptr_array_index(ledger->lanes, i);
        for (int b = 0; b < TM_RATIO_BUCKETS; b++)
            if ((lane->ratio_dirty & (uint64_t)1 << b) &&
                !tm_ledger_run(
                    ledger,
                    tm_ledger_sql(ledger, sql, "isii", lane->scope, lane->model, (int64_t)b, lane->ratio[b]),
                    error))
                return FALSE;
    }
    return TRUE;
}
