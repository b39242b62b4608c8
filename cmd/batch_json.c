/* batch_json.c - a batch's counts as JSON. */
#include "cmd/batch_json.h"

static json_t *classes_of(const tm_batch *batch, const int64_t classes[TM_N_CLASSES])
{
    json_t *by_class = json_object();
    if (batch->n[TM_JOB_DONE])
        json_object_set_new(by_class, tm_class_name(TM_CLASS_OK), json_integer(batch->n[TM_JOB_DONE]));
    for (int class = TM_CLASS_OK + 1; class < TM_N_CLASSES; class ++)
        if (classes[class])
            json_object_set_new(by_class, tm_class_name((tm_class) class), json_integer(classes[class]));
    return by_class;
}

json_t *tm_batch_json(tm_store *store, const tm_batch *b, GError **error)
{
    int64_t classes[TM_N_CLASSES] = {0};
    tm_store_totals_t totals = {0};
    if (!tm_store_classes(store, b, classes, error) || !tm_store_totals(store, b, &totals, error))
        return NULL;
    json_t *json = json_pack("{s:s, s:I, s:s, s:s?, s:s?, s:i, s:I}", "batch", b->name, "id",
                             (json_int_t)b->id, "dir", b->dir, "data", b->data, "prompt", b->prompt,
                             "priority", b->priority, "rows", (json_int_t)b->n_total);
    for (int state = 0; state < TM_N_JOB_STATES; state++)
        json_object_set_new(json, tm_job_state_name((tm_job_state)state), json_integer(b->n[state]));
    json_object_set_new(json, "repeats", json_integer(b->n_repeats));
    json_object_set_new(json, "classes", classes_of(b, classes));
    json_object_set_new(json, "usage",
                        json_pack("{s:I, s:I, s:I}", "input", (json_int_t)totals.tokens_in, "output",
                                  (json_int_t)totals.tokens_out, "thinking",
                                  (json_int_t)totals.tokens_think));
    json_object_set_new(json, "spent_usd", json_real((double)totals.cost_micro_usd / 1e6));
    return json;
}
