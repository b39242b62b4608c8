/* test_folder.c - folders are made from the top down, private, and one that cannot be made says why */
#include "folder.h"
#include "jobs/folder.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

static void folders_are_made(void)
{
    g_autofree char *root = g_dir_make_tmp("tidemill-folder-XXXXXX", NULL);
    g_autofree char *deep = g_build_filename(root, "a", "b", "c", NULL);
    struct stat made;
    g_assert_cmpint(tm_folder_make(deep), ==, 0);
    g_assert_cmpint(tm_folder_make(deep), ==, 0);
    g_assert_cmpint(stat(deep, &made), ==, 0);
    g_assert_cmpint(made.st_mode & 0777, ==, 0700);
    g_autofree char *file = g_build_filename(root, "a", "file", NULL);
    g_autofree char *below = g_build_filename(file, "d", NULL);
    g_assert_true(g_file_set_contents(file, "", 0, NULL));
    g_assert_cmpint(tm_folder_make(file), ==, EEXIST);
    g_assert_cmpint(tm_folder_make(below), ==, EEXIST);
    g_assert_cmpint(tm_folder_make("."), ==, 0);
    folder_remove(root);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/folder/folders are made", folders_are_made);
    return g_test_run();
}
