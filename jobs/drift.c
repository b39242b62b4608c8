/* drift.c - the median of late, and how many lie far above it */
#include "jobs/drift.h"

#include <stdlib.h>
#include <string.h>

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static int64_t median(const tm_drift *drift)
{
    int64_t sorted[TM_DRIFT_KEPT];
    unsigned n = drift->n < TM_DRIFT_KEPT ? drift->n : TM_DRIFT_KEPT;
    memcpy(sorted, drift->costs, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_value);
    return sorted[n / 2];
}

bool tm_drift_add(tm_drift *drift, int64_t cost)
{
    bool judged = drift->n >= TM_DRIFT_FIRST;
    drift->usual = judged ? median(drift) : 0;
    bool dear = judged && cost > TM_DRIFT_DEAR * (drift->usual > 0 ? drift->usual : 1);
    drift->dear = (drift->dear << 1 | dear) & ((1u << TM_DRIFT_LATELY) - 1);
    if (!dear) /* what is dear shall not become usual unseen */
        drift->costs[drift->n++ % TM_DRIFT_KEPT] = cost;
    return __builtin_popcount(drift->dear) >= TM_DRIFT_MANY;
}
