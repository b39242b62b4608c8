#include "core/error.h"
#include "jobs/database_private.h"
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const tm_database_kind kind = {
    .application_id = 0x746d7431,
    .version = 2,
    .schema = "CREATE TABLE thing(id INTEGER PRIMARY KEY, word TEXT NOT NULL) STRICT",
};

typedef struct {
    char *folder;
    char *path;
} fixture;

static void setup(fixture *f, gconstpointer data)
{
    (void)data;
    f->folder = g_dir_make_tmp("tm-database-XXXXXX", NULL);
    f->path = g_build_filename(f->folder, "deep", "er", "things.db", NULL);
}

static void remove_tree(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        remove_tree(child);
    }
    g_clear_pointer(&dir, g_dir_close);
    g_remove(path);
}

static void teardown(fixture *f, gconstpointer data)
{
    (void)data;
    remove_tree(f->folder);
    g_free(f->folder);
    g_free(f->path);
}

static tm_database *open_ok(fixture *f)
{
    g_autoptr(GError) error = NULL;
    tm_database *database = tm_database_open(f->path, &kind, false, &error);
    g_assert_no_error(error);
    g_assert_nonnull(database);
    return database;
}

static bool put(tm_database *database, const char *word)
{
    sqlite3_stmt *statement = tm_database_sql(database, "INSERT INTO thing(word) VALUES (?1)");
    sqlite3_bind_text(statement, 1, word, -1, SQLITE_STATIC);
    return sqlite3_step(statement) == SQLITE_DONE;
}

static int64_t number(tm_database *database, const char *sql)
{
    sqlite3_stmt *statement = tm_database_sql(database, sql);
    int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_reset(statement);
    return value;
}

static void test_makes_a_private_file(fixture *f, gconstpointer data)
{
    (void)data;
    tm_database *database = open_ok(f);
    struct stat info;
    g_autofree char *folder = g_path_get_dirname(f->path);
    g_assert_cmpint(stat(folder, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0700);
    static const char *const ends[] = {"", "-lock", "-wal", "-shm"};
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *file = g_strconcat(f->path, ends[i], NULL);
        g_assert_cmpint(stat(file, &info), ==, 0);
        g_assert_cmpint(info.st_mode & 0777, ==, 0600);
    }
    g_assert_cmpint(number(database, "PRAGMA synchronous"), ==, 2);
    g_assert_cmpint(number(database, "PRAGMA auto_vacuum"), ==, 2);
    g_assert_cmpint(number(database, "PRAGMA wal_autocheckpoint"), ==, 0);
    g_assert_cmpint(number(database, "PRAGMA application_id"), ==, kind.application_id);
    g_assert_cmpint(number(database, "PRAGMA user_version"), ==, 2);
    g_assert_cmpstr(sqlite3_temp_directory, ==, folder);
    tm_database_close(database);
    g_autofree char *wal = g_strconcat(f->path, "-wal", NULL);
    g_assert_false(g_file_test(wal, G_FILE_TEST_EXISTS));
}

static void test_keeps_what_was_committed(fixture *f, gconstpointer data)
{
    (void)data;
    tm_database *database = open_ok(f);
    g_assert_true(tm_database_begin(database, NULL));
    g_assert_true(put(database, "kept"));
    g_assert_true(tm_database_commit(database, NULL));
    g_assert_true(tm_database_begin(database, NULL));
    g_assert_true(put(database, "undone"));
    tm_database_rollback(database);
    g_assert_true(tm_database_begin(database, NULL));
    g_assert_true(put(database, "left open"));
    tm_database_close(database);
    database = open_ok(f);
    g_assert_cmpint(number(database, "SELECT count(*) FROM thing"), ==, 1);
    tm_database_close(database);
}

static void assert_open_fails(fixture *f, bool read_only, tm_error code, const char *words)
{
    GError *error = NULL;
    tm_database *database = tm_database_open(f->path, &kind, read_only, &error);
    g_assert_null(database);
    g_assert_error(error, TM_ERROR, (gint)code);
    g_assert_nonnull(strstr(error->message, f->path));
    g_assert_nonnull(strstr(error->message, words));
    g_clear_error(&error);
}

static void sql_file(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
}

static void test_refuses_what_is_not_ours(fixture *f, gconstpointer data)
{
    (void)data;
    tm_database_close(open_ok(f));
    sql_file(f->path, "PRAGMA user_version = 3");
    assert_open_fails(f, false, TM_ERROR_STATE, "newer tidemill");
    sql_file(f->path, "PRAGMA user_version = 1");
    assert_open_fails(f, false, TM_ERROR_STATE, "old format");
    sql_file(f->path, "PRAGMA application_id = 7");
    assert_open_fails(f, false, TM_ERROR_IO, "another program's");
    sql_file(f->path, "PRAGMA application_id = 0; PRAGMA user_version = 0");
    assert_open_fails(f, false, TM_ERROR_IO, "another program's");
    g_file_set_contents(f->path, "name,age\nAnna,12\n", -1, NULL);
    assert_open_fails(f, false, TM_ERROR_IO, "not a file of tidemill's");
    assert_open_fails(f, true, TM_ERROR_IO, "not a file of tidemill's");
    g_autofree char *text = NULL;
    g_file_get_contents(f->path, &text, NULL, NULL);
    g_assert_cmpstr(text, ==, "name,age\nAnna,12\n");
    g_remove(f->path);
    assert_open_fails(f, true, TM_ERROR_STATE, "no file");
}

static void test_reads_without_writing(fixture *f, gconstpointer data)
{
    (void)data;
    tm_database *writer = open_ok(f);
    g_assert_true(tm_database_begin(writer, NULL));
    g_assert_true(put(writer, "seen"));
    g_assert_true(tm_database_commit(writer, NULL));
    tm_database *reader = tm_database_open(f->path, &kind, true, NULL);
    g_assert_nonnull(reader);
    g_assert_cmpint(number(reader, "SELECT count(*) FROM thing"), ==, 1);
    g_assert_false(put(reader, "no"));
    GError *error = NULL;
    g_assert_false(tm_database_begin(reader, &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    tm_database_close(reader);
    tm_database_close(writer);
}

static void fill(tm_database *database, int pages)
{
    g_autofree char *word = g_strnfill(4000, 'x');
    g_assert_true(tm_database_begin(database, NULL));
    for (int i = 0; i < pages; i++)
        g_assert_true(put(database, word));
    g_assert_true(tm_database_commit(database, NULL));
}

static int64_t wal_bytes(fixture *f)
{
    g_autofree char *wal = g_strconcat(f->path, "-wal", NULL);
    struct stat info;
    return stat(wal, &info) == 0 ? (int64_t)info.st_size : 0;
}

static void test_checkpoints_past_its_size_and_again_after_a_reader(fixture *f, gconstpointer data)
{
    (void)data;
    tm_database *writer = open_ok(f);
    tm_database *reader = open_ok(f);
    fill(writer, 1000);
    g_assert_cmpint(wal_bytes(f), >, 1000 * 4096);
    fill(writer, 4000);
    g_assert_cmpint(wal_bytes(f), ==, 0);
    /* A reader on an old page keeps the WAL from being emptied, without an error and without a wait. */
    sqlite3_stmt *slow = tm_database_sql(reader, "SELECT id FROM thing");
    g_assert_cmpint(sqlite3_step(slow), ==, SQLITE_ROW);
    int64_t before_us = g_get_monotonic_time();
    fill(writer, 5000);
    g_assert_cmpint(g_get_monotonic_time() - before_us, <, 9 * G_USEC_PER_SEC);
    g_assert_cmpint(wal_bytes(f), >, 5000 * 4096);
    sqlite3_reset(slow);
    fill(writer, 1100);
    g_assert_cmpint(wal_bytes(f), ==, 0);
    g_assert_false(tm_database_wal_full(writer));
    g_assert_cmpint(number(reader, "SELECT count(*) FROM thing"), ==, 11100);
    tm_database_close(reader);
    tm_database_close(writer);
}

static void test_a_wal_past_its_cap_stops_the_granting(fixture *f, gconstpointer data)
{
    (void)data;
    tm_database *writer = open_ok(f);
    tm_database *reader = open_ok(f);
    fill(writer, 1);
    sqlite3_stmt *slow = tm_database_sql(reader, "SELECT id FROM thing UNION ALL SELECT 1");
    g_assert_cmpint(sqlite3_step(slow), ==, SQLITE_ROW);
    for (int i = 0; i < 33; i++)
        fill(writer, 2000);
    g_assert_true(tm_database_wal_full(writer));
    sqlite3_reset(slow);
    g_assert_false(tm_database_wal_full(writer));
    g_assert_cmpint(wal_bytes(f), ==, 0);
    tm_database_close(reader);
    tm_database_close(writer);
}

static void test_a_full_disk_is_said_and_undone(fixture *f, gconstpointer data)
{
    (void)data;
    tm_database *database = open_ok(f);
    fill(database, 10);
    g_assert_cmpint(number(database, "PRAGMA max_page_count = 30"), ==, 30);
    g_autofree char *word = g_strnfill(4000, 'x');
    g_assert_true(tm_database_begin(database, NULL));
    bool ok = true;
    for (int i = 0; ok && i < 100; i++)
        ok = put(database, word);
    g_assert_false(ok);
    GError *error = NULL;
    tm_database_fail(database, &error, "add");
    g_assert_error(error, TM_ERROR, TM_ERROR_FULL);
    g_assert_nonnull(strstr(error->message, "disk is full"));
    g_clear_error(&error);
    if (sqlite3_get_autocommit(tm_database_handle(database)))
        g_assert_false(tm_database_commit(database, NULL));
    else
        tm_database_rollback(database);
    g_assert_cmpint(number(database, "SELECT count(*) FROM thing"), ==, 10);
    g_assert_cmpint(number(database, "PRAGMA max_page_count = 3000"), ==, 3000);
    fill(database, 10);
    g_assert_cmpint(number(database, "SELECT count(*) FROM thing"), ==, 20);
    tm_database_close(database);
}

/* In a child that is nobody, so that permissions count even where the tests run as root. */
static void test_a_place_that_cant_be_written_is_named(fixture *f, gconstpointer data)
{
    (void)data;
    tm_database_close(open_ok(f));
    g_autofree char *folder = g_path_get_dirname(f->path);
    g_autofree char *above = g_path_get_dirname(folder);
    g_chmod(f->folder, 0755);
    g_chmod(above, 0755);
    g_chmod(folder, 0555);
    g_chmod(f->path, 0444);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(9);
        GError *error = NULL;
        if (tm_database_open(f->path, &kind, false, &error) ||
            !g_error_matches(error, TM_ERROR, TM_ERROR_IO) || !strstr(error->message, "can't write") ||
            !strstr(error->message, "ermission"))
            _exit(1);
        tm_database *reader = tm_database_open(f->path, &kind, true, NULL);
        if (!reader || number(reader, "SELECT count(*) FROM thing") != 0)
            _exit(2);
        tm_database_close(reader);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    g_chmod(folder, 0755);
}

static void test_two_handles_are_two_workers(fixture *f, gconstpointer data)
{
    (void)data;
    tm_database *one = open_ok(f);
    tm_database *two = open_ok(f);
    g_assert_true(tm_database_live(one, 1));
    g_assert_false(tm_database_live(two, 1));
    g_assert_true(tm_database_live(two, 2));
    g_assert_false(tm_database_is_dead(one, 2));
    g_assert_false(tm_database_is_dead(two, 1));
    g_assert_true(tm_database_is_dead(one, 3));
    tm_database_die(two, 2);
    g_assert_true(tm_database_is_dead(one, 2));
    tm_database_close(one);
    g_assert_true(tm_database_is_dead(two, 1));
    tm_database_close(two);
}

static void test_a_killed_process_frees_its_life_and_its_turn(fixture *f, gconstpointer data)
{
    (void)data;
    tm_database *database = open_ok(f);
    int ready[2];
    g_assert_cmpint(pipe(ready), ==, 0);
    pid_t child = fork();
    if (child == 0) {
        tm_database *mine = tm_database_open(f->path, &kind, false, NULL);
        bool ok = mine && tm_database_live(mine, 7) && tm_database_begin(mine, NULL) && put(mine, "lost");
        if (write(ready[1], ok ? "y" : "n", 1) == 1)
            pause();
        _exit(0);
    }
    char answer = 0;
    g_assert_cmpint(read(ready[0], &answer, 1), ==, 1);
    g_assert_cmpint(answer, ==, 'y');
    g_assert_false(tm_database_is_dead(database, 7));
    kill(child, SIGSTOP); /* a sleeping one is not dead */
    g_assert_false(tm_database_is_dead(database, 7));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    g_assert_true(tm_database_is_dead(database, 7));
    g_assert_true(tm_database_begin(database, NULL));
    g_assert_true(tm_database_commit(database, NULL));
    g_assert_cmpint(number(database, "SELECT count(*) FROM thing"), ==, 0);
    close(ready[0]);
    close(ready[1]);
    tm_database_close(database);
}

static void test_five_processes_write_and_nobody_starves(fixture *f, gconstpointer data)
{
    (void)data;
    tm_database_close(open_ok(f));
    enum { PROCESSES = 5, WRITES = 60 };
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        tm_database *mine = tm_database_open(f->path, &kind, false, NULL);
        for (int n = 0; mine && n < WRITES; n++) {
            if (!tm_database_begin(mine, NULL) || !put(mine, "w") || !tm_database_commit(mine, NULL))
                _exit(1);
        }
        _exit(mine ? 0 : 2);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;
        waitpid(children[i], &status, 0);
        g_assert_cmpint(status, ==, 0);
    }
    tm_database *database = open_ok(f);
    g_assert_cmpint(number(database, "SELECT count(*) FROM thing"), ==, PROCESSES * WRITES);
    g_assert_cmpint(
        number(database, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check='ok'"), ==, 1);
    tm_database_close(database);
}

static void test_two_names_of_one_file_have_one_lock(fixture *f, gconstpointer data)
{
    (void)data;
    tm_database *one = open_ok(f);
    g_autofree char *link = g_build_filename(f->folder, "link.db", NULL);
    g_assert_cmpint(symlink(f->path, link), ==, 0);
    tm_database *two = tm_database_open(link, &kind, false, NULL);
    g_assert_nonnull(two);
    g_assert_true(tm_database_live(one, 1));
    g_assert_false(tm_database_is_dead(two, 1));
    tm_database_close(two);
    tm_database_close(one);
}

static void test_a_deleted_lock_file_is_noticed(fixture *f, gconstpointer data)
{
    (void)data;
    tm_database *database = open_ok(f);
    g_autofree char *lock = g_strconcat(f->path, "-lock", NULL);
    g_remove(lock);
    GError *error = NULL;
    g_assert_false(tm_database_begin(database, &error));
    g_assert_error(error, TM_ERROR, TM_ERROR_STATE);
    g_clear_error(&error);
    tm_database_close(database);
}

static void test_a_damaged_file_is_named(fixture *f, gconstpointer data)
{
    (void)data;
    tm_database *database = open_ok(f);
    fill(database, 50);
    tm_database_close(database);
    FILE *file = fopen(f->path, "r+");
    fseek(file, 4096, SEEK_SET);
    for (int i = 0; i < 4096 * 40; i++)
        fputc(0x5a, file);
    fclose(file);
    database = tm_database_open(f->path, &kind, false, NULL);
    if (database) {
        g_assert_cmpint(number(database, "SELECT count(*) FROM thing"), ==, -1);
        GError *error = NULL;
        tm_database_fail(database, &error, "status");
        g_assert_error(error, TM_ERROR, TM_ERROR_IO);
        g_assert_nonnull(strstr(error->message, "damaged"));
        g_clear_error(&error);
        tm_database_close(database);
    }
}

static void test_file_systems_of_other_machines_are_refused(void)
{
    g_assert_cmpstr(tm_database_unfit_filesystem(0x6969), ==, "NFS");
    g_assert_cmpstr(tm_database_unfit_filesystem(0xFF534D42), ==, "SMB");
    g_assert_cmpstr(tm_database_unfit_filesystem((int32_t)0xFE534D42), ==,
                    "SMB"); /* f_type is signed on 32 bit */
    g_assert_cmpstr(tm_database_unfit_filesystem(0x01021997), ==, "9p");
    g_assert_null(tm_database_unfit_filesystem(0xEF53));     /* ext4 */
    g_assert_null(tm_database_unfit_filesystem(0x9123683E)); /* btrfs */
    g_assert_null(tm_database_unfit_filesystem(0x01021994)); /* tmpfs */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
#define T(name, function) g_test_add("/database/" name, fixture, NULL, setup, function, teardown)
    T("a new file and its folder are private", test_makes_a_private_file);
    T("what was committed is kept, what was not is undone", test_keeps_what_was_committed);
    T("another program's file, a newer format and a text file are refused", test_refuses_what_is_not_ours);
    T("a reader writes nothing", test_reads_without_writing);
    T("a checkpoint comes past its size, and again after a long reader",
      test_checkpoints_past_its_size_and_again_after_a_reader);
    T("a WAL past its cap stops the granting until it is emptied",
      test_a_wal_past_its_cap_stops_the_granting);
    T("a full disk is said, undone, and passes", test_a_full_disk_is_said_and_undone);
    T("a place that can't be written is named, and can be read", test_a_place_that_cant_be_written_is_named);
    T("two handles are two workers", test_two_handles_are_two_workers);
    T("a killed process frees its life and its turn", test_a_killed_process_frees_its_life_and_its_turn);
    T("five processes write, and nobody starves", test_five_processes_write_and_nobody_starves);
    T("two names of one file have one lock", test_two_names_of_one_file_have_one_lock);
    T("a deleted lock file is noticed", test_a_deleted_lock_file_is_noticed);
    T("a damaged file is named", test_a_damaged_file_is_named);
    g_test_add_func("/database/file systems of other machines are refused",
                    test_file_systems_of_other_machines_are_refused);
    return g_test_run();
}
