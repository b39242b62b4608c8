/* when.h - a time that a person typed. */
#pragma once
#include <glib.h>
#include <stdint.h>

/* "07:30" (the next one, local), "2026-11-25T07:30" (local), "8h" or "90m" (from now) to wall ms. */
gboolean tm_when_parse(const char *text, int64_t now_ms, int64_t *wall_ms, GError **error);
