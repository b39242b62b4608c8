/* turns.h - what happens to a machine in a story. */
#pragma once
#include "tests/sim/machine.h"

void turn_take(machine *m, const turn *t);
/* What lasts for a while ends when its time has come. Returns true time at which the next thing does. */
int64_t turns_end(machine *m);
