/* rehearsal_meter.c - see rehearsal_meter.h */
#include "jobs/rehearsal_meter.h"

/* SLOTS as the ledger has them. SPREAD: what the ledger says of a window now is a sum, its first and its last
 * instant; the rest is taken to lie evenly between them, in so many slots. */
enum { SLOTS = 480, SPREAD = 48, COMPACT_AT = 4096 };

static int64_t length_of(const tm_meter *meter)
{
    return meter->use.window_ms + meter->use.guard_ms;
}

static void put(tm_meter *meter, int64_t amount, int64_t at_ms)
{
    int64_t at = (at_ms / meter->width_ms + 1) * meter->width_ms - 1;
    tm_slot *last = meter->slots->len > meter->first
                        ? &g_array_index(meter->slots, tm_slot, meter->slots->len - 1)
                        : NULL;
    if (last && last->at_ms >= at)
        last->amount += amount;
    else
        g_array_append_vals(meter->slots, &(tm_slot){at, amount}, 1);
}

/* The window's present content, as far as the ledger tells. */
static void fill_window(tm_meter *meter, int64_t now_ms)
{
    int64_t left = meter->use.used, first_ms = now_ms, last_ms = now_ms;
    if (left <= 0)
        return;
    if (meter->use.frees_at_ms > now_ms)
        first_ms = MIN(meter->use.frees_at_ms - length_of(meter) - 1, now_ms);
    if (meter->use.last_ms > 0)
        last_ms = CLAMP(meter->use.last_ms, first_ms, now_ms);
    int64_t head = CLAMP(meter->use.frees, 0, left);
    if (head > 0)
        put(meter, head, first_ms);
    left -= head;
    for (int64_t n = MIN(SPREAD, left), i = 1; i <= n; i++) {
        int64_t part = left / (n - i + 1);
        put(meter, part, first_ms + (last_ms - first_ms) * i / n);
        left -= part;
    }
}

void tm_meter_init(tm_meter *meter, const tm_use *use, bool exact, int64_t most, int64_t now_ms)
{
    *meter = (tm_meter){.use = *use, .slides = !use->calendar && use->window_ms > 0};
    tm_limit *limit = &meter->use.limit;
    if (!limit->hard && limit->value > 0 && limit->unit != TM_UNIT_REQUESTS)
        limit->value = MAX(limit->value, most);
    limit->hard = true;
    meter->use.edge = false;
    if (!meter->slides)
        return;
    meter->width_ms = exact ? 1 : MAX(use->window_ms / SLOTS, 1);
    meter->slots = g_array_new(FALSE, FALSE, sizeof(tm_slot));
    fill_window(meter, now_ms);
}

void tm_meter_clear(tm_meter *meter)
{
    g_clear_pointer(&meter->slots, g_array_unref);
}

static void forget_old(tm_meter *meter, int64_t now_ms)
{
    for (; meter->first < meter->slots->len; meter->first++) {
        const tm_slot *slot = &g_array_index(meter->slots, tm_slot, meter->first);
        if (slot->at_ms >= now_ms - length_of(meter))
            break;
        meter->use.used -= slot->amount;
    }
    if (meter->first > COMPACT_AT && meter->first > meter->slots->len / 2) {
        g_array_remove_range(meter->slots, 0, meter->first);
        meter->first = 0;
    }
}

void tm_meter_read(tm_meter *meter, int64_t need, int64_t now_ms)
{
    tm_use *use = &meter->use;
    if (!meter->slides)
        return;
    forget_old(meter, now_ms);
    use->frees = use->frees_at_ms = 0;
    int64_t must_free = MAX(use->used + need - use->limit.value, MIN(MAX(need, 1), use->used));
    for (guint i = meter->first; i < meter->slots->len && use->frees < must_free; i++) {
        const tm_slot *slot = &g_array_index(meter->slots, tm_slot, i);
        use->frees += slot->amount;
        use->frees_at_ms = slot->at_ms + length_of(meter) + 1;
    }
    if (use->frees < must_free)
        use->frees_at_ms = now_ms + length_of(meter) + 1;
}

/* Takes away from the slot of an instant; nothing if that has left the window. */
static void take_back(tm_meter *meter, int64_t amount, int64_t at_ms)
{
    guint low = meter->first, high = meter->slots->len;
    while (low < high) {
        guint mid = low + (high - low) / 2;
        if (g_array_index(meter->slots, tm_slot, mid).at_ms < at_ms)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == meter->slots->len)
        return;
    g_array_index(meter->slots, tm_slot, low).amount += amount;
    meter->use.used += amount;
}

void tm_meter_add(tm_meter *meter, int64_t amount, int64_t at_ms)
{
    if (meter->slides && amount < 0) {
        take_back(meter, amount, at_ms);
        return;
    }
    meter->use.used += amount;
    if (meter->slides)
        put(meter, amount, at_ms);
}

void tm_meter_turn_day(tm_meter *meter)
{
    tm_use *use = &meter->use;
    if (!use->calendar)
        return;
    use->opening = use->used > 0 && use->used >= use->limit.value;
    use->used = meter->tomorrow;
    meter->tomorrow = 0;
}

void tm_meter_date_day(tm_meter *meter, int64_t start_ms, int64_t opens_ms)
{
    if (!meter->use.calendar)
        return;
    meter->use.start_ms = start_ms;
    meter->use.frees_at_ms = opens_ms;
}

void tm_meter_shift(tm_meter *meter, int64_t by_ms)
{
    for (guint i = meter->first; meter->slots && i < meter->slots->len; i++)
        g_array_index(meter->slots, tm_slot, i).at_ms += by_ms;
}
