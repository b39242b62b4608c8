/* engine_again.c - a row whose answer did not do: it is asked again with the complaint, or for a longer
 * answer, or goes to the next on the route; what was answered is kept with it. */
#include "jobs/engine_parts.h"

#include "core/json.h"
#include <string.h>

/* A longer answer is asked for by so many times the prompt's own cap. */
enum { GROW = 4 };

/* How many answers of the class the lane gave to this row. */
static int kept_here(const tm_flight *flight, const tm_engine_lane_state *lane, tm_class class)
{
    int n = 0;
    for (guint i = 0; flight->lease.kept && i < flight->lease.kept->len; i++) {
        const tm_kept *kept = flight->lease.kept->pdata[i];
        n += kept->class == class && g_strcmp0(kept->account, lane->account->name) == 0 &&
             g_strcmp0(kept->model, lane->model) == 0;
    }
    return n;
}

/* How often this class is asked again on the same lane. */
static int times_again(const tm_engine *engine, const tm_flight *flight, tm_class class)
{
    if (class == TM_CLASS_SCHEMA)
        return engine->options.reask;
    bool capped = flight->batch->output_cap != tm_price_output_cap(NULL);
    return class == TM_CLASS_TRUNCATED && engine->options.grow && capped ? 1 : 0;
}

bool tm_engine_is_last(const tm_engine *engine, const tm_engine_batch *batch, size_t step)
{
    for (size_t later = step + 1; later < batch->work.n_lanes; later++)
        if (tm_engine_lane_at(engine, batch->lanes[later])->state != TM_LANE_CLOSED)
            return false;
    return true;
}

static bool passes_on(const tm_flight *flight, tm_class class)
{
    return flight->batch->work.lanes[flight->step].on & 1u << class;
}

bool tm_engine_goes_on(const tm_engine *engine, const tm_flight *flight, tm_class class, int *step)
{
    const tm_engine_lane_state *lane = tm_engine_lane_at(engine, flight->lane);
    *step = flight->lease.step;
    if (kept_here(flight, lane, class) < times_again(engine, flight, class))
        return true;
    if (!passes_on(flight, class) || tm_engine_is_last(engine, flight->batch, flight->step))
        return false;
    *step = (int)flight->step + 1;
    return true;
}

/* The class with which this lane has had its say on the row; OK: none. */
static tm_class spoken(const tm_engine *engine, const tm_flight *flight)
{
    const tm_engine_lane_state *lane = tm_engine_lane_at(engine, flight->lane);
    for (tm_class class = TM_CLASS_OK + 1; class < TM_N_CLASSES; class ++)
        if (passes_on(flight, class) && kept_here(flight, lane, class) > times_again(engine, flight, class))
            return class;
    return TM_CLASS_OK;
}

bool tm_engine_was_here(const tm_engine *engine, tm_flight *flight, tm_answer *answer)
{
    tm_class class = flight->lease.kept ? spoken(engine, flight) : TM_CLASS_OK;
    if (class == TM_CLASS_OK)
        return false;
    if (!tm_engine_is_last(engine, flight->batch, flight->step)) {
        flight->lease.step = (int)flight->step + 1;
        return true;
    }
    const tm_kept *last = flight->lease.kept->pdata[flight->lease.kept->len - 1]; /* nobody is left to ask */
    answer->class = last->class;
    answer->message = g_strdup(last->message ? last->message : "no other account of the route can take it");
    answer->text = g_strdup(last->text);
    answer->text_length = last->text ? strlen(last->text) : 0;
    return true;
}

static void add_turn(GPtrArray *messages, const char *role, const char *text)
{
    tm_message *message = tm_message_new(role);
    g_ptr_array_add(message->parts, tm_part_text(text, -1));
    g_ptr_array_add(messages, message);
}

void tm_engine_complain(const tm_engine *engine, const tm_flight *flight, GPtrArray *messages)
{
    const tm_engine_lane_state *lane = tm_engine_lane_at(engine, flight->lane);
    if (kept_here(flight, lane, TM_CLASS_SCHEMA) == 0)
        return;
    for (guint i = 0; i < flight->lease.kept->len; i++) {
        const tm_kept *kept = flight->lease.kept->pdata[i];
        bool here =
            g_strcmp0(kept->account, lane->account->name) == 0 && g_strcmp0(kept->model, lane->model) == 0;
        if (!here || kept->class != TM_CLASS_SCHEMA)
            continue;
        g_autofree char *complaint =
            g_strdup_printf("That can't be used: %s. Answer once more, with nothing but what was asked for.",
                            kept->message ? kept->message : "it is not what was asked for");
        add_turn(messages, "model", kept->text && *kept->text ? kept->text : "(nothing)");
        add_turn(messages, "user", complaint);
    }
}

/* ---- a longer answer ---- */

int64_t tm_engine_output_cap(const tm_engine *engine, const tm_flight *flight)
{
    bool grown = flight->lease.kept && engine->options.grow &&
                 kept_here(flight, tm_engine_lane_at(engine, flight->lane), TM_CLASS_TRUNCATED) > 0;
    return flight->batch->output_cap * (grown ? GROW : 1);
}

static json_t *grown_config(const json_t *config)
{
    json_t *copy = json_deep_copy(config), *value;
    const char *name;
    json_object_foreach(copy, name, value) {
        bool cap = g_str_has_prefix(name, "max") && json_is_integer(value) && strcasestr(name, "token");
        if (cap)
            json_integer_set(value, json_integer_value(value) * GROW);
    }
    return copy;
}

const tm_skeleton *tm_engine_skeleton_of(tm_engine *engine, tm_flight *flight)
{
    tm_engine_batch *batch = flight->batch;
    const tm_skeleton *plain = flight->operation.skeleton;
    if (tm_engine_output_cap(engine, flight) == batch->output_cap)
        return plain;
    if (!batch->grown[flight->step]) {
        tm_engine_lane_state *lane = tm_engine_lane_at(engine, flight->lane);
        g_autoptr(json_t) config = grown_config(batch->work.prompt->config);
        tm_prompt grown = *batch->work.prompt; /* the same but for its cap, for as long as it is read */
        grown.config = config;
        batch->grown[flight->step] =
            lane->provider->prepare(&grown, tm_account_model(lane->account, lane->model), NULL, NULL);
    }
    return batch->grown[flight->step] ? batch->grown[flight->step] : plain;
}
