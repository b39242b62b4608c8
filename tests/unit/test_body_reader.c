/* test_body_reader.c - a body with files in it is what the whole body would be, whatever the pieces */
#include "jobs/body_reader.h"

#include "core/provider/provider.h"
#include <string.h>
#include <unistd.h>

static void add_file(tm_call *call, const char *bytes, size_t n, bool checked)
{
    g_autofree char *name = NULL;
    int fd = g_file_open_tmp("body-XXXXXX", &name, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, bytes, n), ==, (gssize)n);
    unlink(name);
    tm_call_file file = {.at = call->body->len, .fd = fd, .size = (int64_t)n, .checked = checked};
    gsize length = sizeof file.sha256;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guchar *)bytes, (gssize)n);
    g_checksum_get_digest(sum, file.sha256, &length);
    g_array_append_val(call->files, file);
    g_string_append_c(call->body, TM_MEDIA_MARK);
}

/* Text, then for each size a file and text behind it; *whole: what it should be. */
static void make(tm_call *call, GString *whole, const size_t *sizes, size_t n)
{
    *call =
        (tm_call){.body = g_string_new("{\"a\":\""), .files = g_array_new(FALSE, TRUE, sizeof(tm_call_file))};
    g_string_assign(whole, call->body->str);
    for (size_t i = 0; i < n; i++) {
        g_autofree char *bytes = g_malloc(sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++)
            bytes[k] = (char)(k * 7 + i);
        g_autofree char *coded = g_base64_encode((const guchar *)bytes, sizes[i]);
        add_file(call, bytes, sizes[i], true);
        g_string_append(whole, coded);
        const char *behind = i % 2 ? "" : "\",\"b\":\""; /* files may touch */
        g_string_append(call->body, behind);
        g_string_append(whole, behind);
    }
    g_string_append(call->body, "\"}");
    g_string_append(whole, "\"}");
}

static void free_call(tm_call *call)
{
    for (guint i = 0; i < call->files->len; i++)
        close(g_array_index(call->files, tm_call_file, i).fd);
    tm_call_clear(call);
}

static void whole_in_any_pieces(void)
{
    static const size_t sizes[] = {1, 2, 3, 4, 5, 6, 24 * 1024, 24 * 1024 + 1, 100001, 3 * 24 * 1024};
    static const size_t rooms[] = {8, 9, 11, 16, 100, 1000, 16384, 65536, 1 << 20};
    for (size_t r = 0; r < G_N_ELEMENTS(rooms); r++) {
        tm_call call;
        g_autoptr(GString) want = g_string_new(NULL), got = g_string_new(NULL);
        g_autofree char *piece = g_malloc(rooms[r]);
        make(&call, want, sizes, G_N_ELEMENTS(sizes));
        g_assert_cmpint(tm_call_length(&call), ==, (int64_t)want->len);
        tm_body_reader *reader = tm_body_reader_new(&call);
        ssize_t n;
        while ((n = tm_body_reader_read(reader, piece, rooms[r])) > 0) {
            g_assert_cmpint(n, <=, (ssize_t)rooms[r]);
            g_string_append_len(got, piece, n);
        }
        g_assert_cmpint(n, ==, 0);
        g_assert_true(g_string_equal(got, want));
        tm_body_reader_free(reader);
        free_call(&call);
    }
}

static void changed_files_are_never_whole(void)
{
    static const size_t sizes[] = {100000};
    for (int kind = 0; kind < 3; kind++) {
        tm_call call;
        g_autoptr(GString) want = g_string_new(NULL);
        size_t total = 0;
        char piece[16384];
        make(&call, want, sizes, 1);
        tm_call_file *file = &g_array_index(call.files, tm_call_file, 0);
        if (kind == 0)
            file->sha256[31] ^= 1; /* another content */
        else if (kind == 1)
            g_assert_cmpint(ftruncate(file->fd, 50000), ==, 0);
        else
            g_assert_cmpint(pwrite(file->fd, "x", 1, 99999), ==, 1); /* its last byte */
        tm_body_reader *reader = tm_body_reader_new(&call);
        ssize_t n;
        while ((n = tm_body_reader_read(reader, piece, sizeof piece)) > 0)
            total += (size_t)n;
        g_assert_cmpint(n, ==, -1);
        g_assert_cmpint(tm_body_reader_read(reader, piece, sizeof piece), ==, -1);
        g_assert_cmpuint(total, <, want->len - 8);
        tm_body_reader_free(reader);
        free_call(&call);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/body/files are read where their marks stand, in pieces of any size",
                    whole_in_any_pieces);
    g_test_add_func("/body/of a file that changed the last bytes are not given",
                    changed_files_are_never_whole);
    return g_test_run();
}
