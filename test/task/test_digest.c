/* test_digest.c - a model's digest follows what its folder holds, and nothing else. */
#include "folder.h"

#include "../temporary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { BYTES_MOST = 1 << 17 };

static const char *const files[] = {
    "config.json",           "model.safetensors",       "tokenizer.json",
    "tokenizer_config.json", "special_tokens_map.json", "golden.json"
};
enum { FILES = sizeof files / sizeof *files };

static char copy[TEMPORARY_SIZE];

static const char *name_in(const char *folder, size_t file)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, files[file]);
    return path;
}

/* A copy of a folder; the last byte of file `changed` is another one, a line's end a space, as JSON does
 * not mind; or FILES: nothing is changed. */
static void copy_folder(const char *name, size_t changed)
{
    static char bytes[BYTES_MOST];
    char folder[2048];
    golden_path(folder, sizeof folder, name);
    for (size_t i = 0; i < FILES; i++) {
        FILE *from = fopen(name_in(folder, i), "rb"), *to;
        assert_non_null(from);
        size_t size = fread(bytes, 1, sizeof bytes, from);
        fclose(from);
        assert_true(size > 0 && size < sizeof bytes);
        if (i == changed)
            bytes[size - 1] = bytes[size - 1] == '\n' ? ' ' : (char)(bytes[size - 1] ^ 1);
        to = fopen(name_in(copy, i), "wb");
        assert_non_null(to);
        assert_int_equal(fwrite(bytes, 1, size, to), size);
        fclose(to);
    }
}

static void digest_of(const char *folder, char digest[CLOZE_DIGEST_SIZE])
{
    opened o;
    cloze_error error = { 0 };
    open_model(&o, folder, &(open_options){ .threads = 1 });
    assert_int_equal(cloze_model_digest(o.model, digest, &error), 0);
    close_model(&o);
    assert_int_equal(strlen(digest), CLOZE_DIGEST_SIZE - 1);
    assert_int_equal(strspn(digest, "0123456789abcdef"), CLOZE_DIGEST_SIZE - 1);
}

static void it_follows_what_the_folder_holds(void **state)
{
    char folder[2048], first[CLOZE_DIGEST_SIZE], again[CLOZE_DIGEST_SIZE];
    (void)state;
    golden_path(folder, sizeof folder, "classify/sentiment");
    digest_of(folder, first);
    copy_folder("classify/sentiment", FILES);
    digest_of(copy, again);
    assert_string_equal(first, again);
    for (size_t i = 0; i < 2; i++) { /* settings, weights */
        copy_folder("classify/sentiment", i);
        digest_of(copy, again);
        assert_string_not_equal(first, again);
    }
}

static int prepare(void **state)
{
    (void)state;
    temporary_name(copy);
    return mkdtemp(copy) ? 0 : -1;
}

static int tidy(void **state)
{
    (void)state;
    for (size_t i = 0; i < FILES; i++)
        unlink(name_in(copy, i));
    return rmdir(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_follows_what_the_folder_holds),
    };
    return cmocka_run_group_tests(tests, prepare, tidy);
}
