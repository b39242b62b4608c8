/* folder.c - makes folders from the top down and syncs each new name */
#include "jobs/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Some file systems can't sync a folder: then the name is as safe as it gets. */
static void sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)!fsync(fd);
    close(fd);
}

int tm_folder_make(const char *path)
{
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        return 0;
    g_autofree char *parent = g_path_get_dirname(path);
    int failed = g_strcmp0(parent, path) == 0 ? 0 : tm_folder_make(parent);
    if (failed)
        return failed;
    if (g_mkdir(path, 0700) != 0)
        return errno == EEXIST && g_file_test(path, G_FILE_TEST_IS_DIR) ? 0 : errno;
    sync_folder(parent);
    return 0;
}
