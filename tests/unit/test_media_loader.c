/* test_media_loader.c - what lies beneath the root is read, and nothing else */
#include "jobs/media_loader.h"

#include "core/error.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde";

typedef struct {
    char *dir, *root;
    tm_media_loader *loader;
} fixture;

static void put(const char *dir, const char *name, const char *bytes, gssize length)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_assert_true(g_file_set_contents(path, bytes, length, NULL));
}

static void link_to(const char *target, const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_assert_cmpint(symlink(target, path), ==, 0);
}

static void set_up(fixture *f, gconstpointer data)
{
    (void)data;
    f->dir = g_dir_make_tmp("media-XXXXXX", NULL);
    f->root = g_build_filename(f->dir, "root", NULL);
    g_autofree char *sub = g_build_filename(f->root, "sub", NULL),
                    *fifo = g_build_filename(f->root, "pipe", NULL);
    g_assert_cmpint(g_mkdir_with_parents(sub, 0700), ==, 0);
    put(f->dir, "secret.png", png, sizeof png - 1);
    put(f->root, "a.png", png, sizeof png - 1);
    put(sub, "b.PNG", png, sizeof png - 1);
    put(f->root, "noname", png, sizeof png - 1);
    put(f->root, "notes.md", "# Title\n\nwords\n", -1);
    put(f->root, "empty.png", "", 0);
    put(f->root, "tool",
        "\x7f"
        "ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0>\0\1\0\0\0",
        24);
    link_to("../secret.png", f->root, "out.png");
    link_to("/etc/passwd", f->root, "passwd.txt");
    link_to("a.png", f->root, "in.png");
    link_to("loop", f->root, "loop");
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    f->loader = tm_media_loader_new(f->root, 4096, NULL);
    g_assert_nonnull(f->loader);
}

static void tear_down(fixture *f, gconstpointer data)
{
    (void)data;
    static const char *const names[] = {
        "root/a.png",      "root/sub/b.PNG", "root/noname",  "root/notes.md",
        "root/empty.png",  "root/tool",      "root/out.png", "root/passwd.txt",
        "root/in.png",     "root/loop",      "root/pipe",    "root/big.png",
        "root/triple.txt", "secret.png",     "root/sub",     "root"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(f->dir, names[i], NULL);
        (void)remove(path);
    }
    g_assert_cmpint(rmdir(f->dir), ==, 0);
    tm_media_loader_free(f->loader);
    g_free(f->root);
    g_free(f->dir);
}

static void expect(fixture *f, const char *path, const char *type, const char *want, const char *bytes,
                   size_t length)
{
    g_autoptr(GString) out = g_string_new("before ");
    g_autoptr(GError) error = NULL;
    g_autofree char *mime = NULL, *coded = g_base64_encode((const guchar *)bytes, length);
    g_assert_true(tm_media_load(f->loader, path, type, out, &mime, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(mime, ==, want);
    g_assert_true(g_str_has_prefix(out->str, "before "));
    g_assert_cmpstr(out->str + 7, ==, coded);
}

static void reads(fixture *f, gconstpointer data)
{
    (void)data;
    g_autofree char *absolute = g_build_filename(f->root, "a.png", NULL);
    expect(f, "a.png", NULL, "image/png", png, sizeof png - 1);
    expect(f, "./sub/../a.png", NULL, "image/png", png, sizeof png - 1);
    expect(f, "sub/b.PNG", NULL, "image/png", png, sizeof png - 1);
    expect(f, "noname", NULL, "image/png", png, sizeof png - 1);
    expect(f, "in.png", NULL, "image/png", png, sizeof png - 1);
    expect(f, absolute, NULL, "image/png", png, sizeof png - 1);
    expect(f, "notes.md", NULL, "text/markdown", "# Title\n\nwords\n", 15);
    expect(f, "a.png", "image/webp", "image/webp", png, sizeof png - 1);
}

static void refuses(fixture *f, gconstpointer data)
{
    (void)data;
    g_autofree char *beside = g_strconcat(f->root, "-other/a.png", NULL),
                    *above = g_build_filename(f->dir, "secret.png", NULL);
    g_autofree char *big = g_malloc0(5000);
    memcpy(big, png, sizeof png);
    put(f->root, "big.png", big, 5000);
    const struct {
        const char *path, *needle;
    } rows[] = {
        {"/etc/passwd", "outside"},
        {"../secret.png", "outside"},
        {"sub/../../secret.png", "outside"},
        {"out.png", "outside"},
        {"passwd.txt", "outside"},
        {"loop", "outside"},
        {above, "outside"},
        {beside, "outside"},
        {"none.png", "No such file"},
        {"sub", "no regular file"},
        {"pipe", "no regular file"},
        {"empty.png", "is empty"},
        {"big.png", "make it smaller"},
        {"tool", "can be sent"},
        {"ftp://x/a.png", "can be sent"},
        {"file:///etc/passwd", "can be sent"},
        {"a.png/", "Not a directory"},
        {"", "No such file"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) out = g_string_new(NULL);
        g_autoptr(GError) error = NULL;
        g_autofree char *mime = NULL;
        g_assert_false(tm_media_load(f->loader, rows[i].path, NULL, out, &mime, &error));
        g_assert_error(error, TM_ERROR, TM_ERROR_INPUT);
        g_assert_null(mime);
        if (!strstr(error->message, rows[i].needle))
            g_test_message("%s: %s", rows[i].path, error->message);
        g_assert_nonnull(strstr(error->message, rows[i].needle));
    }
}

static void pieces(fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(tm_media_loader) large = tm_media_loader_new(f->root, 0, NULL);
    g_autofree char *text = g_malloc(200001);
    for (size_t i = 0; i < 200001; i++)
        text[i] = (char)('a' + i % 26);
    put(f->root, "triple.txt", text, 200001);
    tm_media_loader *small = f->loader;
    f->loader = large;
    expect(f, "triple.txt", NULL, "text/plain", text, 200001);
    f->loader = small;
}

static void no_root(fixture *f, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL, other = NULL;
    g_autofree char *file = g_build_filename(f->root, "a.png", NULL);
    g_assert_null(tm_media_loader_new("/no/such/folder", 0, &error));
    g_assert_nonnull(strstr(error->message, "--media-root"));
    g_assert_null(tm_media_loader_new(file, 0, &other));
    g_assert_error(other, TM_ERROR, TM_ERROR_INPUT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    g_test_add("/media/files beneath the root are read, with their type", fixture, NULL, set_up, reads,
               tear_down);
    g_test_add("/media/nothing outside, nothing odd, and why", fixture, NULL, set_up, refuses, tear_down);
    g_test_add("/media/a file of many pieces is whole", fixture, NULL, set_up, pieces, tear_down);
    g_test_add("/media/a root must be a folder", fixture, NULL, set_up, no_root, tear_down);
    return g_test_run();
}
