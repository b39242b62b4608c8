/* output.c - see output.h */
#include "cmd/output.h"
#include "cmd/revision_prompt.h"
#include "cmd/ui/say.h"

#include "core/error.h"
#include "core/json.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

gboolean tm_output_format(const char *format, const char *path, tm_results_format *out, GError **error)
{
    const char *word = format;
    if (!word && path)
        word = g_str_has_suffix(path, ".csv") ? "csv" : g_str_has_suffix(path, ".tsv") ? "tsv" : "jsonl";
    if (!word || strcmp(word, "jsonl") == 0)
        *out = TM_FORMAT_JSONL;
    else if (strcmp(word, "csv") == 0)
        *out = TM_FORMAT_CSV;
    else if (strcmp(word, "tsv") == 0)
        *out = TM_FORMAT_TSV;
    else
        return tm_fail(error, TM_ERROR_USAGE, "--format %s: there are jsonl, csv and tsv", word);
    return TRUE;
}

gboolean tm_output_check(const char *path, GError **error)
{
    if (!path || strcmp(path, "-") == 0)
        return TRUE;
    g_autofree char *dir = g_path_get_dirname(path);
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        return tm_fail(error, TM_ERROR_USAGE, "-o %s: that is a folder; name a file in it", path);
    if (access(dir, W_OK) != 0)
        return tm_fail(error, TM_ERROR_IO, "-o %s: can't write into %s: %s", path, dir, g_strerror(errno));
    return TRUE;
}

/* Pictures or sound, by the prompt's own word or by a model that gives nothing else. */
static bool asks_for_media(const tm_prompt *prompt)
{
    static const char *const names[] = {"-image", "imagen", "nano-banana", "-tts", "dall-e"};
    const json_t *modalities = tm_json_array(prompt->config, "responseModalities");
    size_t i;
    json_t *one;
    if (g_strcmp0(prompt->output_format, "media") == 0)
        return true;
    json_array_foreach(modalities, i, one)
        if (json_is_string(one) && g_ascii_strcasecmp(json_string_value(one), "TEXT") != 0)
            return true;
    for (i = 0; prompt->model && i < G_N_ELEMENTS(names); i++)
        if (strstr(prompt->model, names[i]))
            return true;
    return false;
}

gboolean tm_output_prepare(tm_store *store, const tm_batch *batch, tm_results_options *options,
                           GError **error)
{
    g_autoptr(tm_revision) revision = tm_store_revision(store, batch->revision, error);
    g_autoptr(tm_prompt) prompt = revision ? tm_revision_prompt(revision, NULL, error) : NULL;
    if (!prompt)
        return FALSE;
    options->json_output = tm_prompt_wants_json(prompt);
    options->labels = tm_labels_ref(prompt->labels);
    options->media_output = asks_for_media(prompt);
    const json_t *properties =
        prompt->output_schema ? tm_json_object(prompt->output_schema, "properties") : NULL;
    if (!properties)
        return TRUE;
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)properties, key, value)
        g_ptr_array_add(keys, g_strdup(key));
    g_ptr_array_add(keys, NULL);
    options->output_keys = (char **)g_ptr_array_steal(keys, NULL);
    return TRUE;
}

void tm_output_done(tm_results_options *options)
{
    g_clear_pointer(&options->output_keys, g_strfreev);
    tm_labels_unref((tm_labels *)(uintptr_t)options->labels);
    options->labels = NULL;
}

/* Writes into FILE.XXXXXX beside the file, then renames: what was there stays until all is written. */
static gboolean write_file(tm_store *store, const tm_batch *batch, const tm_results_options *options,
                           const char *path, tm_results_count *count, GError **error)
{
    g_autofree char *temp = g_strdup_printf("%s.XXXXXX", path);
    int fd = g_mkstemp_full(temp, O_RDWR, 0600);
    if (fd < 0)
        return tm_fail(error, TM_ERROR_IO, "can't write beside %s: %s", path, g_strerror(errno));
    mode_t mask = umask(0);
    umask(mask);
    FILE *out = fdopen(fd, "w");
    gboolean good = out != NULL && fchmod(fd, 0666 & ~mask) == 0 &&
                    tm_results_write(store, batch, options, out, count, error);
    if (good && (fflush(out) != 0 || fsync(fd) != 0))
        good = tm_fail(error, errno == ENOSPC ? TM_ERROR_FULL : TM_ERROR_IO, "can't write %s: %s", temp,
                       g_strerror(errno));
    if (out && fclose(out) != 0 && good)
        good = tm_fail(error, TM_ERROR_IO, "can't write %s: %s", temp, g_strerror(errno));
    if (good && rename(temp, path) != 0)
        good = tm_fail(error, TM_ERROR_IO, "can't rename %s to %s: %s", temp, path, g_strerror(errno));
    if (!good)
        unlink(temp);
    return good;
}

/* To stdout, or to a file. */
static gboolean write_out(tm_store *store, const tm_batch *batch, const tm_results_options *options,
                          const char *path, tm_results_count *count, GError **error)
{
    if (path && strcmp(path, "-") != 0) {
        g_autofree char *beside = g_path_get_dirname(path);
        tm_results_options with_files = *options;
        with_files.media_dir = beside;
        return write_file(store, batch, &with_files, path, count, error);
    }
    if (!tm_results_write(store, batch, options, stdout, count, error))
        return FALSE;
    if (fflush(stdout) != 0 && errno != EPIPE)
        return tm_fail(error, TM_ERROR_IO, "can't write the results: %s", g_strerror(errno));
    return TRUE;
}

gboolean tm_output_write(tm_store *store, const tm_batch *batch, const tm_results_options *options,
                         const char *path, tm_results_count *count, GError **error)
{
    gboolean good = write_out(store, batch, options, path, count, error);
    if (good && count->renamed && !count->cut_off)
        tm_say("the data has columns of these names already: %s", count->renamed);
    g_clear_pointer(&count->renamed, g_free);
    return good;
}
