/* Mapped and read files, names that a file told us, links, and files written whole or not at
 * all. */
#include "base/file.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static const char *inside(const char *name)
{
    static char path[4][256];
    static unsigned turn;
    char *out = path[turn++ % 4];
    snprintf(out, 256, "%s/%s", folder, name);
    return out;
}

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/cloze-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static size_t files_in(const char *path)
{
    DIR *stream = opendir(path);
    size_t count = 0;
    while (readdir(stream))
        count++;
    closedir(stream);
    return count - 2;
}

static void what_is_written_is_read_and_mapped(void **state)
{
    cz_mapping file;
    (void)state;
    assert_int_equal(cz_file_write(inside("a"), "hello", 5, NULL), CLOZE_OK);
    for (int read_instead = 0; read_instead < 2; read_instead++) {
        assert_int_equal(cz_file_open(&file, inside("a"), 5, read_instead, NULL, NULL), CLOZE_OK);
        assert_int_equal(file.size, 5);
        assert_int_equal(file.mapped, !read_instead);
        assert_memory_equal(file.data, "hello", 5);
        assert_int_equal(cz_file_check(&file, "a", NULL), CLOZE_OK);
        cz_file_forget(&file, 0, 5);
        cz_file_forget(&file, 6, 5);
        cz_file_close(&file);
    }
    assert_int_equal(files_in(folder), 1);
}

static void an_empty_file_has_no_bytes(void **state)
{
    cz_mapping file;
    (void)state;
    assert_int_equal(cz_file_write(inside("empty"), NULL, 0, NULL), CLOZE_OK);
    assert_int_equal(cz_file_open(&file, inside("empty"), 10, false, NULL, NULL), CLOZE_OK);
    assert_int_equal(file.size, 0);
    assert_non_null(file.data);
    cz_file_close(&file);
}

static void only_regular_files_within_the_limit_are_opened(void **state)
{
    cz_mapping file;
    (void)state;
    assert_int_equal(mkfifo(inside("fifo"), 0600), 0);
    assert_int_equal(cz_file_open(&file, inside("fifo"), 10, false, NULL, NULL), CLOZE_ERROR_IO);
    assert_int_equal(cz_file_open(&file, folder, 10, false, NULL, NULL), CLOZE_ERROR_IO);
    assert_int_equal(cz_file_open(&file, inside("none"), 10, false, NULL, NULL),
                     CLOZE_ERROR_NOT_FOUND);
    assert_int_equal(cz_file_write(inside("a"), "hello", 5, NULL), CLOZE_OK);
    assert_int_equal(cz_file_open(&file, inside("a"), 4, false, NULL, NULL), CLOZE_ERROR_LIMIT);
}

static void a_file_that_grows_or_shrinks_while_mapped_is_noticed(void **state)
{
    cz_mapping file;
    cloze_error error;
    (void)state;
    assert_int_equal(cz_file_write(inside("a"), "hello", 5, NULL), CLOZE_OK);
    assert_int_equal(cz_file_open(&file, inside("a"), 5, false, NULL, NULL), CLOZE_OK);
    assert_int_equal(truncate(inside("a"), 3), 0);
    assert_int_equal(cz_file_check(&file, "a", &error), CLOZE_ERROR_IO);
    assert_non_null(strstr(error.message, "5 bytes"));
    assert_int_equal(truncate(inside("a"), 6), 0);
    assert_int_equal(cz_file_check(&file, "a", NULL), CLOZE_ERROR_IO);
    cz_file_close(&file);
}

static void replacing_a_mapped_file_leaves_its_bytes(void **state)
{
    cz_mapping file;
    (void)state;
    assert_int_equal(cz_file_write(inside("a"), "hello", 5, NULL), CLOZE_OK);
    assert_int_equal(cz_file_open(&file, inside("a"), 5, false, NULL, NULL), CLOZE_OK);
    assert_int_equal(cz_file_write(inside("a"), "x", 1, NULL), CLOZE_OK);
    assert_memory_equal(file.data, "hello", 5);
    assert_int_equal(cz_file_check(&file, "a", NULL), CLOZE_OK);
    cz_file_close(&file);
}

static void names_from_files_stay_below_the_folder(void **state)
{
    static const char *const good[] = { "x",   "x/y",     "1_Pooling/config.json",
                                        "a b", "..x",     "x..",
                                        ".x",  "\xc3\xa4" };
    static const char *const bad[] = { "",     ".",    "..",    "/x",  "x/",
                                       "x//y", "../x", "x/..",  "./x", "x/./y",
                                       "x\\y", "x\ny", "x\x7f", "/",   "x/../../y" };
    char path[256];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(cz_path_below(path, sizeof path, "f", good[i], NULL), CLOZE_OK);
    assert_string_equal(path, "f/\xc3\xa4");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(cz_path_below(path, sizeof path, "f", bad[i], NULL), CLOZE_ERROR_FORMAT);
    assert_int_equal(cz_path_below(path, 6, "f", "abc", NULL), CLOZE_OK);
    assert_int_equal(cz_path_below(path, 6, "f", "abcd", NULL), CLOZE_ERROR_LIMIT);
}

static void links_may_not_leave_the_folder_but_for_the_blobs_of_a_snapshot(void **state)
{
    const char *snapshot = inside("hub/models--a/snapshots/abc");
    (void)state;
    assert_int_equal(cz_folder_make(snapshot, NULL), CLOZE_OK);
    assert_int_equal(cz_folder_make(inside("hub/models--a/blobs"), NULL), CLOZE_OK);
    assert_int_equal(cz_folder_make(inside("hub/models--a/snapshots/abc/sub"), NULL), CLOZE_OK);
    assert_int_equal(cz_file_write(inside("hub/models--a/blobs/1"), "x", 1, NULL), CLOZE_OK);
    assert_int_equal(cz_file_write(inside("secret"), "x", 1, NULL), CLOZE_OK);
    assert_int_equal(cz_file_write(inside("hub/models--a/snapshots/abc/own"), "x", 1, NULL), 0);
    assert_int_equal(symlink("../../blobs/1", inside("hub/models--a/snapshots/abc/good")), 0);
    assert_int_equal(symlink("../../../blobs/1", inside("hub/models--a/snapshots/abc/sub/good")),
                     0);
    assert_int_equal(symlink("../../../../secret", inside("hub/models--a/snapshots/abc/bad")), 0);
    assert_int_equal(symlink(".", inside("hub/models--a/snapshots/abc/self")), 0);

    assert_int_equal(cz_path_stays(inside("hub/models--a/snapshots/abc"),
                                   inside("hub/models--a/snapshots/abc/good"), NULL),
                     CLOZE_OK);
    assert_int_equal(cz_path_stays(inside("hub/models--a/snapshots/abc/sub"),
                                   inside("hub/models--a/snapshots/abc/sub/good"), NULL),
                     CLOZE_OK);
    assert_int_equal(cz_path_stays(inside("hub/models--a/snapshots/abc"),
                                   inside("hub/models--a/snapshots/abc/self/own"), NULL),
                     CLOZE_OK);
    assert_int_equal(cz_path_stays(inside("hub/models--a/snapshots/abc"),
                                   inside("hub/models--a/snapshots/abc/bad"), NULL),
                     CLOZE_ERROR_FORMAT);
    assert_int_equal(cz_path_stays(inside("hub/models--a/snapshots/abc/sub"),
                                   inside("hub/models--a/snapshots/abc/own"), NULL),
                     CLOZE_ERROR_FORMAT);
    assert_int_equal(cz_path_stays(inside("hub/models--a/snapshots/abc"),
                                   inside("hub/models--a/snapshots/abc/none"), NULL),
                     CLOZE_ERROR_NOT_FOUND);
    /* "abcd" begins with "abc" and is another folder. */
    assert_int_equal(cz_folder_make(inside("abcd"), NULL), CLOZE_OK);
    assert_int_equal(cz_folder_make(inside("abc"), NULL), CLOZE_OK);
    assert_int_equal(cz_file_write(inside("abcd/x"), "x", 1, NULL), CLOZE_OK);
    assert_int_equal(cz_path_stays(inside("abc"), inside("abcd/x"), NULL), CLOZE_ERROR_FORMAT);
}

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    assert_int_equal(cz_folder_make(inside("p/q/r"), NULL), CLOZE_OK);
    assert_int_equal(cz_folder_make(inside("p/q/r/"), NULL), CLOZE_OK);
    assert_true(cz_path_is_folder(inside("p/q/r")));
    assert_false(cz_path_is_file(inside("p/q/r")));
    assert_int_equal(cz_file_write(inside("p/file"), "x", 1, NULL), CLOZE_OK);
    assert_int_equal(cz_folder_make(inside("p/file/x"), NULL), CLOZE_ERROR_IO);
    assert_int_equal(cz_folder_make(inside("p/file"), NULL), CLOZE_ERROR_IO);
}

static void an_output_that_is_given_up_leaves_the_old_file(void **state)
{
    cz_output output;
    cz_mapping file;
    size_t before;
    (void)state;
    assert_int_equal(cz_file_write(inside("a"), "old", 3, NULL), CLOZE_OK);
    before = files_in(folder);
    assert_int_equal(cz_output_begin(&output, inside("a"), NULL), CLOZE_OK);
    assert_int_equal(cz_output_put(&output, "new", 3, NULL), CLOZE_OK);
    assert_int_equal(cz_output_finish(&output, CLOZE_ERROR_CANCELLED, NULL), CLOZE_ERROR_CANCELLED);
    assert_int_equal(files_in(folder), before);
    assert_int_equal(cz_file_open(&file, inside("a"), 10, true, NULL, NULL), CLOZE_OK);
    assert_memory_equal(file.data, "old", 3);
    cz_file_close(&file);
    assert_int_equal(cz_file_write(inside("none/a"), "x", 1, NULL), CLOZE_ERROR_NOT_FOUND);
    assert_int_equal(cz_file_write(inside("p"), "x", 1, NULL), CLOZE_ERROR_IO);
    assert_int_equal(files_in(folder), before);
}

static void an_output_has_the_permissions_of_any_new_file(void **state)
{
    cz_output output;
    cz_mapping file;
    struct stat state_of_file;
    (void)state;
    assert_int_equal(cz_output_begin(&output, inside("b"), NULL), CLOZE_OK);
    assert_int_equal(cz_output_put(&output, "....", 4, NULL), CLOZE_OK);
    assert_int_equal(cz_output_put(&output, "!", 1, NULL), CLOZE_OK);
    assert_int_equal(cz_output_finish(&output, CLOZE_OK, NULL), CLOZE_OK);
    assert_int_equal(cz_file_open(&file, inside("b"), 10, true, NULL, NULL), CLOZE_OK);
    assert_int_equal(file.size, 5);
    assert_memory_equal(file.data, "....!", 5);
    cz_file_close(&file);
    mode_t mask = umask(0);
    umask(mask);
    assert_int_equal(stat(inside("b"), &state_of_file), 0);
    assert_int_equal(state_of_file.st_mode & 0777, 0666 & ~mask);
}

/* Through a link its file is written; what is no file stays what it is. */
static void an_output_replaces_files_alone(void **state)
{
    cloze_error error = { 0 };
    struct stat now;
    cz_mapping file;
    size_t before;
    (void)state;
    assert_int_equal(cz_file_write(inside("real"), "old", 3, NULL), CLOZE_OK);
    assert_int_equal(chmod(inside("real"), 0640), 0);
    assert_int_equal(symlink("real", inside("link")), 0);
    assert_int_equal(symlink("nowhere", inside("dangling")), 0);
    assert_int_equal(mkfifo(inside("pipe"), 0600), 0);
    before = files_in(folder);
    assert_int_equal(cz_file_write(inside("link"), "new", 3, NULL), CLOZE_OK);
    assert_int_equal(lstat(inside("link"), &now), 0);
    assert_true(S_ISLNK(now.st_mode));
    assert_int_equal(stat(inside("real"), &now), 0);
    assert_int_equal(now.st_mode & 0777, 0640);
    assert_int_equal(cz_file_open(&file, inside("real"), 10, true, NULL, NULL), CLOZE_OK);
    assert_memory_equal(file.data, "new", 3);
    cz_file_close(&file);
    assert_int_equal(cz_file_write(inside("pipe"), "x", 1, &error), CLOZE_ERROR_IO);
    assert_non_null(strstr(error.message, "not a regular file"));
    assert_int_equal(lstat(inside("pipe"), &now), 0);
    assert_true(S_ISFIFO(now.st_mode));
    assert_int_equal(cz_file_write(inside("dangling"), "x", 1, &error), CLOZE_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "leads nowhere"));
    assert_int_equal(lstat(inside("dangling"), &now), 0);
    assert_true(S_ISLNK(now.st_mode));
    assert_int_equal(files_in(folder), before);
}

static void what_killed_outputs_left_is_swept_away_and_nothing_else(void **state)
{
    static const char *const names[] = { "swept.0123abcd", "swept.ffffffff", "swept",
                                         "swept.0123ABCD", "swept.0123abc",  "swept.0123abcde",
                                         "other.0123abcd", "sweptx.0123abcd" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(cz_file_write(inside(names[i]), "x", 1, NULL), CLOZE_OK);
    cz_output_sweep(inside("swept"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(cz_path_is_file(inside(names[i])), i > 1);
        unlink(inside(names[i]));
    }
    cz_output_sweep("/nowhere/at/all");
}

static void a_full_disk_is_an_error(void **state)
{
    cloze_error error;
    cz_output output;
    (void)state;
    if (access("/dev/full", W_OK))
        skip();
    assert_int_equal(cz_output_begin(&output, inside("c"), NULL), CLOZE_OK);
    close(output.file);
    FILE *full = fopen("/dev/full", "w");
    output.file = dup(fileno(full));
    fclose(full);
    assert_int_equal(cz_output_put(&output, "x", 1, &error), CLOZE_ERROR_IO);
    assert_non_null(strstr(error.message, "No space left"));
    cz_output_finish(&output, CLOZE_ERROR_IO, NULL);
    assert_false(cz_path_is_file(inside("c")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_and_mapped),
        cmocka_unit_test(an_empty_file_has_no_bytes),
        cmocka_unit_test(only_regular_files_within_the_limit_are_opened),
        cmocka_unit_test(a_file_that_grows_or_shrinks_while_mapped_is_noticed),
        cmocka_unit_test(replacing_a_mapped_file_leaves_its_bytes),
        cmocka_unit_test(names_from_files_stay_below_the_folder),
        cmocka_unit_test(links_may_not_leave_the_folder_but_for_the_blobs_of_a_snapshot),
        cmocka_unit_test(folders_are_made_with_their_parents),
        cmocka_unit_test(an_output_that_is_given_up_leaves_the_old_file),
        cmocka_unit_test(an_output_replaces_files_alone),
        cmocka_unit_test(an_output_has_the_permissions_of_any_new_file),
        cmocka_unit_test(what_killed_outputs_left_is_swept_away_and_nothing_else),
        cmocka_unit_test(a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
