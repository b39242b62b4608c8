/* canary.c - see canary.h */
#include "jobs/canary.h"

#include <limits.h>

static void note(tm_canary *canary, tm_class class)
{
    bool among_first = canary->n < (int)G_N_ELEMENTS(canary->first);
    if (among_first)
        canary->first[canary->n++] = class;
    if (canary->streak > 0 && canary->last == class)
        canary->streak++;
    else
        canary->streak = 1;
    canary->last = class;
    canary->seen_ok = canary->seen_ok || class == TM_CLASS_OK;
    canary->ok_later = canary->ok_later || (!among_first && class == TM_CLASS_OK);
}

void tm_canary_seed(tm_canary *canary, const tm_class *classes, int n)
{
    for (int i = n - 1; i >= 0; i--)
        note(canary, classes[i]);
}

bool tm_canary_add(tm_canary *canary, tm_class class)
{
    note(canary, class);
    if (!tm_class_is_systematic(class))
        return false;
    if (canary->streak >= 50)
        return true;
    if (canary->streak >= 5 && !canary->seen_ok &&
        canary->streak >= canary->n) /* from the very first one on */
        return true;
    if (canary->n < (int)G_N_ELEMENTS(canary->first) || canary->ok_later)
        return false;
    int same = 0;
    for (int i = 0; i < canary->n; i++)
        same += canary->first[i] == class;
    return same >= 9;
}

int tm_canary_room(const tm_canary *canary)
{
    if (canary->n == (int)G_N_ELEMENTS(canary->first))
        return INT_MAX;
    return canary->seen_ok ? (int)G_N_ELEMENTS(canary->first) - canary->n : 1;
}
