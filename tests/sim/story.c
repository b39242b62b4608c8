/* story.c - a story in words. */
#include "tests/sim/story.h"

#include <stdio.h>

#define MINUTE ((int64_t)60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

const char *turn_name(turn_kind kind)
{
    static const char *const names[] = {
        [TURN_START] = "starts",           [TURN_STOP] = "is stopped",
        [TURN_KILL] = "is killed",         [TURN_KILL_WRITE] = "all killed at a write",
        [TURN_POWER] = "power cut",        [TURN_REBOOT] = "reboot",
        [TURN_CLOCK] = "clock set",        [TURN_DRIFT] = "clock drifts",
        [TURN_SLEEP] = "suspended",        [TURN_RPM] = "server's RPM",
        [TURN_RPD] = "server's RPD",       [TURN_FOREIGN] = "another tool",
        [TURN_FAIL] = "server fails",      [TURN_WEATHER] = "network fails",
        [TURN_FULL] = "disk full",         [TURN_IO] = "disk call fails",
        [TURN_RENAME] = "account renamed",
    };
    return names[kind];
}

void story_free(story *s)
{
    g_array_unref(s->turns);
    g_free(s);
}

void story_print(const story *s)
{
    printf("%s, seed %u: %d rows in each of %d stores, %d processes, %s limits RPM %d, RPD %d", s->kind,
           s->seed, s->rows, s->stores, s->processes, s->soft ? "soft" : "hard", s->rpm, s->rpd);
    if (s->tpm)
        printf(", TPM %d", s->tpm);
    printf("\n");
    for (guint i = 0; i < s->turns->len; i++) {
        const turn *one = &g_array_index(s->turns, turn, i);
        printf("  day %2d %02d:%02d:%02d.%03d  process %d  %s  %" G_GINT64_FORMAT " %s",
               (int)(one->at_ms / DAY), (int)(one->at_ms / HOUR % 24), (int)(one->at_ms / MINUTE % 60),
               (int)(one->at_ms / 1000 % 60), (int)(one->at_ms % 1000), one->process, turn_name(one->kind),
               one->n, one->text ? one->text : "");
        if (one->for_ms)
            printf(" for %d minutes", (int)(one->for_ms / MINUTE));
        printf("\n");
    }
}
