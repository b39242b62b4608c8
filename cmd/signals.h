/* signals.h - SIGINT, SIGHUP and SIGTERM as a count and a readable descriptor, for work that must end tidily.
 */
#pragma once
#include <signal.h>

/* From now on these signals are counted instead of ending the process. What the parent ignored (nohup) stays
 * ignored. */
void tm_signals_catch(void);
int tm_signals_count(void);
/* Not 0 once one has come; for loops that look now and then. */
const volatile sig_atomic_t *tm_signals_flag(void);
/* Readable once one has come, until drained. -1 before tm_signals_catch(). */
int tm_signals_fd(void);
void tm_signals_drain(void);
