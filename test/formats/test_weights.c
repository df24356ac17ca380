/* Weights as files: written, mapped, sharded, cut while open, and with too little memory. */
#include "formats/safetensors.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const float numbers[6] = { 1, 2, 3, 4, 5, 6 };

static void write_one(const char *path, const char *name, const float *data, size_t count)
{
    cz_tensor_to_store tensor = { name, CZ_F32, 1, { count }, data };
    assert_int_equal(cz_safetensors_write(path, &tensor, 1, NULL), CLOZE_OK);
}

static void write_text(const char *path, const char *text)
{
    assert_int_equal(cz_file_write(path, text, strlen(text), NULL), CLOZE_OK);
}

static void what_is_written_reads_back(void **state)
{
    cz_tensor_to_store tensors[] = {
        { "z \"\xc3\xa4", CZ_F32, 2, { 2, 3 }, numbers },
        { "a", CZ_I64, 0, { 0 }, "12345678" },
        { "none", CZ_BF16, 2, { 0, 7 }, NULL },
        { "bytes", CZ_U8, 1, { 3 }, "abc" },
    };
    cz_weights *weights = NULL;
    (void)state;
    assert_int_equal(cz_safetensors_write(inside("all.safetensors"), tensors, 4, NULL), CLOZE_OK);
    for (int read_instead = 0; read_instead < 2; read_instead++) {
        cz_weights_options options = { read_instead, NULL };
        assert_int_equal(cz_weights_open_file(&weights, inside("all.safetensors"), &options, NULL),
                         CLOZE_OK);
        assert_int_equal(cz_weights_count(weights), 4);
        assert_memory_equal(cz_weights_find(weights, tensors[0].name)->data, numbers, 24);
        assert_memory_equal(cz_weights_find(weights, "bytes")->data, "abc", 3);
        assert_int_equal(cz_weights_find(weights, "none")->size, 0);
        assert_int_equal((uintptr_t)cz_weights_find(weights, tensors[0].name)->data % 16, 0);
        assert_int_equal(cz_weights_check(weights, NULL), CLOZE_OK);
        cz_weights_close(weights);
    }
}

static void what_cannot_be_written_leaves_no_file(void **state)
{
    char name[CZ_TENSOR_NAME_MOST + 2];
    cz_tensor_to_store bad[] = { { "x", CZ_OTHER, 1, { 1 }, numbers },
                                 { "x", CZ_F32, 9, { 1 }, numbers },
                                 { "x", CZ_F32, 2, { SIZE_MAX, 2 }, numbers },
                                 { "__metadata__", CZ_F32, 1, { 1 }, numbers },
                                 { name, CZ_F32, 1, { 1 }, numbers } };
    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_not_equal(cz_safetensors_write(inside("bad.safetensors"), &bad[i], 1, NULL),
                             CLOZE_OK);
        assert_false(cz_path_is_file(inside("bad.safetensors")));
    }
}

static void a_file_that_shrinks_while_open_is_noticed(void **state)
{
    cz_weights *weights = NULL;
    cloze_error error;
    (void)state;
    write_one(inside("s.safetensors"), "w", numbers, 6);
    assert_int_equal(cz_weights_open_file(&weights, inside("s.safetensors"), NULL, NULL), CLOZE_OK);
    assert_int_equal(truncate(inside("s.safetensors"), 20), 0);
    assert_int_equal(cz_weights_check(weights, &error), CLOZE_ERROR_IO);
    assert_non_null(strstr(error.message, "s.safetensors"));
    cz_weights_close(weights);
}

static void complaints_name_the_file(void **state)
{
    cz_weights *weights = NULL;
    cloze_error error;
    (void)state;
    write_text(inside("broken.safetensors"), "12345678{");
    assert_int_equal(cz_weights_open_file(&weights, inside("broken.safetensors"), NULL, &error),
                     CLOZE_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "broken.safetensors"));
}

static void a_folder_without_weights_says_what_is_missing(void **state)
{
    cz_weights *weights = NULL;
    cloze_error error;
    (void)state;
    assert_int_equal(cz_folder_make(inside("nothing"), NULL), CLOZE_OK);
    assert_int_equal(cz_weights_open_folder(&weights, inside("nothing"), NULL, &error),
                     CLOZE_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "model.safetensors"));
    write_text(inside("nothing/pytorch_model.bin"), "x");
    assert_int_equal(cz_weights_open_folder(&weights, inside("nothing"), NULL, &error),
                     CLOZE_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "pytorch_model.bin"));
}

static cloze_status open_with_index(const char *index, cz_weights **weights, cloze_error *error)
{
    assert_int_equal(cz_folder_make(inside("sharded"), NULL), CLOZE_OK);
    write_one(inside("sharded/one.safetensors"), "a", numbers, 2);
    write_one(inside("sharded/two.safetensors"), "b", numbers + 2, 2);
    write_text(inside("sharded/model.safetensors.index.json"), index);
    return cz_weights_open_folder(weights, inside("sharded"), NULL, error);
}

static void shards_open_as_one_collection(void **state)
{
    cz_weights *weights = NULL;
    (void)state;
    assert_int_equal(open_with_index("{\"metadata\":{},\"weight_map\":{\"b\":\"two.safetensors\","
                                     "\"a\":\"one.safetensors\"}}",
                                     &weights, NULL),
                     CLOZE_OK);
    assert_int_equal(cz_weights_count(weights), 2);
    assert_string_equal(cz_weights_tensor(weights, 0)->name, "a");
    assert_memory_equal(cz_weights_find(weights, "a")->data, numbers, 8);
    assert_memory_equal(cz_weights_find(weights, "b")->data, numbers + 2, 8);
    assert_int_not_equal(cz_weights_find(weights, "a")->file, cz_weights_find(weights, "b")->file);
    cz_weights_forget(weights, cz_weights_find(weights, "b"));
    assert_int_equal(cz_weights_check(weights, NULL), CLOZE_OK);
    cz_weights_close(weights);
}

static void an_index_that_lies_is_refused(void **state)
{
    static const struct {
        const char *index, *word;
    } cases[] = {
        { "{}", "weight_map" },
        { "{\"weight_map\":[]}", "weight_map" },
        { "{\"weight_map\":{}}", "weight_map" },
        { "{\"weight_map\":{\"a\":1}}", "not a string" },
        { "{\"weight_map\":{\"a\":\"two.safetensors\"}}", "does not hold" },
        { "{\"weight_map\":{\"c\":\"one.safetensors\"}}", "does not hold" },
        { "{\"weight_map\":{\"a\":\"one.safetensors\",\"a\":\"two.safetensors\"}}", "duplicate" },
        { "{\"weight_map\":{\"a\":\"../sharded/one.safetensors\"}}", "plain names" },
        { "{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "plain names" },
        { "{\"weight_map\":{\"a\":\"x/../../one.safetensors\"}}", "plain names" },
        { "{\"weight_map\":{\"a\":\"sub/one.safetensors\"}}", "beside the index" },
        { "{\"weight_map\":{\"a\":\"\"}}", "plain names" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cz_weights *weights = NULL;
        cloze_error error = { CLOZE_OK, 0, "" };
        assert_int_equal(open_with_index(cases[i].index, &weights, &error), CLOZE_ERROR_FORMAT);
        if (!strstr(error.message, cases[i].word))
            print_error("%s: %s\n", cases[i].index, error.message);
        assert_non_null(strstr(error.message, cases[i].word));
    }
}

static void a_missing_shard_is_not_found(void **state)
{
    cz_weights *weights = NULL;
    cloze_error error;
    (void)state;
    assert_int_equal(
        open_with_index("{\"weight_map\":{\"a\":\"three.safetensors\"}}", &weights, &error),
        CLOZE_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "three.safetensors"));
}

static void shards_that_are_links_out_of_the_folder_are_refused(void **state)
{
    cz_weights *weights = NULL;
    cloze_error error;
    (void)state;
    write_one(inside("outside.safetensors"), "a", numbers, 2);
    assert_int_equal(cz_folder_make(inside("sharded"), NULL), CLOZE_OK);
    assert_int_equal(symlink("../outside.safetensors", inside("sharded/link.safetensors")), 0);
    assert_int_equal(
        open_with_index("{\"weight_map\":{\"a\":\"link.safetensors\"}}", &weights, &error),
        CLOZE_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "link"));
}

static void the_links_of_the_hub_cache_are_followed(void **state)
{
    cz_weights *weights = NULL;
    (void)state;
    assert_int_equal(cz_folder_make(inside("models--o--n/blobs"), NULL), CLOZE_OK);
    assert_int_equal(cz_folder_make(inside("models--o--n/snapshots/c"), NULL), CLOZE_OK);
    write_one(inside("models--o--n/blobs/1"), "a", numbers, 2);
    write_text(inside("models--o--n/blobs/2"), "{\"weight_map\":{\"a\":\"s1.safetensors\"}}");
    assert_int_equal(symlink("../../blobs/1", inside("models--o--n/snapshots/c/s1.safetensors")),
                     0);
    assert_int_equal(
        symlink("../../blobs/2", inside("models--o--n/snapshots/c/model.safetensors.index.json")),
        0);
    assert_int_equal(
        cz_weights_open_folder(&weights, inside("models--o--n/snapshots/c"), NULL, NULL), CLOZE_OK);
    assert_memory_equal(cz_weights_find(weights, "a")->data, numbers, 8);
    cz_weights_close(weights);
}

typedef struct failing {
    size_t calls, fail_at, live;
} failing;

static void *failing_allocate(void *context, size_t size)
{
    failing *memory = context;
    if (++memory->calls == memory->fail_at)
        return NULL;
    memory->live++;
    return malloc(size);
}

static void *failing_resize(void *context, void *block, size_t size)
{
    failing *memory = context;
    return ++memory->calls == memory->fail_at ? NULL : realloc(block, size);
}

static void failing_release(void *context, void *block)
{
    ((failing *)context)->live--;
    free(block);
}

static void each_failing_allocation_is_reported_and_nothing_is_lost(void **state)
{
    cloze_status status = CLOZE_ERROR_MEMORY;
    size_t fail_at = 1;
    cloze_error error;
    (void)state;
    cz_weights *first = NULL;
    assert_int_equal(open_with_index("{\"weight_map\":{\"b\":\"two.safetensors\","
                                     "\"a\":\"one.safetensors\"}}",
                                     &first, NULL),
                     CLOZE_OK);
    cz_weights_close(first);
    for (; status; fail_at++) {
        failing memory = { 0, fail_at, 0 };
        cloze_allocator allocator = { failing_allocate, failing_resize, failing_release, &memory };
        cz_weights_options options = { fail_at & 1, &allocator };
        cz_weights *weights = NULL;
        status = cz_weights_open_folder(&weights, inside("sharded"), &options,
                                        fail_at & 2 ? NULL : &error);
        assert_true(status == CLOZE_OK || status == CLOZE_ERROR_MEMORY);
        cz_weights_close(weights);
        assert_int_equal(memory.live, 0);
    }
    assert_true(fail_at > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(what_cannot_be_written_leaves_no_file),
        cmocka_unit_test(a_file_that_shrinks_while_open_is_noticed),
        cmocka_unit_test(complaints_name_the_file),
        cmocka_unit_test(a_folder_without_weights_says_what_is_missing),
        cmocka_unit_test(shards_open_as_one_collection),
        cmocka_unit_test(an_index_that_lies_is_refused),
        cmocka_unit_test(a_missing_shard_is_not_found),
        cmocka_unit_test(shards_that_are_links_out_of_the_folder_are_refused),
        cmocka_unit_test(the_links_of_the_hub_cache_are_followed),
        cmocka_unit_test(each_failing_allocation_is_reported_and_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
