/* twin_refusal.h - the bodies of errors, in the service's own shapes and words. Each function gives the body
 * (transfer full); the status is the caller's. */
#pragma once
#include "core/limit.h"
#include <glib.h>

/* {"error": {"code", "message", "status", "details"?}}; `details` is JSON text of a list, or NULL. */
GString *tm_twin_refusal(int http, const char *status, const char *message, const char *details);

GString *tm_twin_refusal_key_missing(void);   /* 403 */
GString *tm_twin_refusal_key_wrong(void);     /* 400 API_KEY_INVALID */
GString *tm_twin_refusal_key_as_bearer(void); /* 401 */
GString *tm_twin_refusal_no_model(const char *model, const char *version, const char *method); /* 404 */
GString *tm_twin_refusal_money(int http);  /* 402 or 429 */
GString *tm_twin_refusal_bare_quota(void); /* 429 without details */
/* 7m12s, 1h2m3.5s, 84ms: as Go prints a duration. */
void tm_twin_write_duration(GString *out, int64_t ms);
GString *tm_twin_refusal_html(int http, const char *title);
/* 400 of the strict reader: GPtrArray of tm_twin_flaw. */
GString *tm_twin_refusal_flaws(const GPtrArray *flaws);

/* A limit that a request ran into. */
typedef struct {
    tm_unit unit;
    tm_window window;
    int64_t value, used;
    int64_t wait_ms; /* until it would pass; 0: never */
} tm_twin_violation;
/* 429 with all violations; `wait_ms` is what is left of the longest. `tier`: "free", "1", "2", "3". */
GString *tm_twin_refusal_quota(const tm_twin_violation *violations, size_t n, const char *model,
                               const char *tier, int64_t wait_ms);
