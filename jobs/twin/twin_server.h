/* twin_server.h - the twin on a loopback port, by libmicrohttpd. */
#pragma once
#include "core/clock.h"
#include "jobs/twin/twin.h"

typedef struct tm_twin_server tm_twin_server;
/* Listens on 127.0.0.1:`port` (0: a free one). The twin is borrowed. (transfer full) */
tm_twin_server *tm_twin_server_start(tm_twin *twin, int port, tm_clock *clock, GError **error);
int tm_twin_server_port(const tm_twin_server *server);
/* Serves until `stop_fd` becomes readable. */
void tm_twin_server_run(tm_twin_server *server, int stop_fd);
void tm_twin_server_free(tm_twin_server *server);
