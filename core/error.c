/* error.c - the one error domain. */
#include "core/error.h"

G_DEFINE_QUARK(tidemill, tm_error)

gboolean tm_fail(GError **error, tm_error code, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        *error = g_error_new_valist(TM_ERROR, (gint)code, format, args);
        va_end(args);
    }
    return FALSE;
}

gboolean tm_error_may_pass(const GError *error)
{
    return g_error_matches(error, TM_ERROR, TM_ERROR_FULL) || g_error_matches(error, TM_ERROR, TM_ERROR_BUSY);
}
