/*
 * test_cache.c - vectors kept in a file: the same bits as computed ones, found again, and believed
 * only when nothing about the model, the options or the file has changed.
 */
#include "folder.h"
#include "scarce.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { DIMENSION_MOST = 64, TEXTS_MOST = 64, FILE_MOST = 1 << 16 };

static char scratch[] = "/tmp/cloze-cache-XXXXXX";
static char path[64];

static int prepare(void **state)
{
    (void)state;
    if (!mkdtemp(scratch))
        return -1;
    snprintf(path, sizeof path, "%s/vectors.bin", scratch);
    return 0;
}

static int tidy(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(scratch);
}

static void open_folder(opened *o, const char *name)
{
    char folder[2048];
    golden_path(folder, sizeof folder, name);
    open_model(o, folder, &(open_options){ .threads = 1 });
}

static cloze_vector_cache *open_cache(const opened *o, const cloze_embed_options *options)
{
    cloze_vector_cache *cache = NULL;
    cloze_error error = { 0 };
    if (cloze_vector_cache_open(&cache, o->session, options, path, &error))
        fail_msg("%s", error.message);
    return cache;
}

static size_t read_file(char *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, FILE_MOST, file);
    fclose(file);
    assert_true(size > 0 && size < FILE_MOST);
    return size;
}

static void write_file(const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* A cache of all golden texts, saved. */
static void fill_file(const opened *o, const cloze_embed_options *options)
{
    size_t count;
    cloze_text *texts = golden_texts(&count);
    float vectors[TEXTS_MOST * DIMENSION_MOST];
    cloze_vector_cache *cache;
    unlink(path);
    cache = open_cache(o, options);
    assert_true(count <= TEXTS_MOST);
    assert_int_equal(cloze_vector_cache_state(cache), CLOZE_CACHE_NEW);
    assert_int_equal(cloze_vector_cache_embed(cache, texts, count, vectors, NULL, NULL), 0);
    assert_int_equal(cloze_vector_cache_save(cache, NULL), 0);
    cloze_vector_cache_free(cache);
    free_texts(texts, count);
}

static void cached_vectors_have_the_bits_of_computed_ones(void **state)
{
    opened o;
    size_t count, dimension;
    cloze_text *texts = golden_texts(&count);
    float computed[TEXTS_MOST * DIMENSION_MOST], cached[TEXTS_MOST * DIMENSION_MOST];
    cloze_embed_options options = { .max_tokens = 7 };
    (void)state;
    open_folder(&o, "sentence/mean");
    dimension = cloze_embed_dimension(o.model, &options);
    assert_true(dimension <= DIMENSION_MOST);
    cloze_embed_report wanted, report;
    assert_int_equal(cloze_embed(o.session, texts, count, &options, computed, NULL, &wanted, NULL),
                     0);
    unlink(path);
    for (size_t run = 0; run < 3; run++) {
        cloze_vector_cache *cache = open_cache(&o, &options);
        assert_int_equal(cloze_vector_cache_state(cache),
                         run ? CLOZE_CACHE_KNOWN : CLOZE_CACHE_NEW);
        for (size_t i = run == 2 ? count : 0; i-- > 0;) /* one by one, backwards */
            assert_int_equal(
                cloze_vector_cache_embed(cache, &texts[i], 1, cached + i * dimension, NULL, NULL),
                0);
        memset(cached, 0, sizeof cached);
        assert_int_equal(cloze_vector_cache_embed(cache, texts, count, cached, &report, NULL), 0);
        assert_memory_equal(computed, cached, count * dimension * sizeof *cached);
        assert_int_equal(report.texts, count);
        assert_int_equal(report.tokens, run ? 0 : wanted.tokens);
        assert_int_equal(report.truncated_texts, wanted.truncated_texts);
        assert_int_equal(report.truncated_tokens, wanted.truncated_tokens);
        assert_int_equal(cloze_vector_cache_found(cache), run * count);
        assert_int_equal(cloze_vector_cache_size(cache), count);
        assert_int_equal(cloze_vector_cache_save(cache, NULL), 0);
        cloze_vector_cache_free(cache);
    }
    assert_true(wanted.truncated_texts > 0);
    close_model(&o);
    free_texts(texts, count);
}

static void a_text_that_comes_twice_is_computed_once(void **state)
{
    const cloze_text texts[] = { { "the cat", 7 }, { "a dog", 5 }, { "the cat", 7 }, { NULL, 0 } };
    float vectors[4 * DIMENSION_MOST];
    cloze_embed_report report;
    cloze_vector_cache *cache;
    opened o;
    (void)state;
    open_folder(&o, "sentence/mean");
    unlink(path);
    cache = open_cache(&o, NULL);
    assert_int_equal(cloze_vector_cache_embed(cache, texts, 4, vectors, &report, NULL), 0);
    assert_int_equal(cloze_vector_cache_size(cache), 3);
    assert_int_equal(cloze_vector_cache_found(cache), 1);
    assert_memory_equal(vectors, vectors + 2 * cloze_embed_dimension(o.model, NULL),
                        cloze_embed_dimension(o.model, NULL) * sizeof *vectors);
    cloze_vector_cache_free(cache);
    assert_int_not_equal(access(path, F_OK), 0); /* nothing was saved */
    close_model(&o);
}

static void other_options_and_other_models_do_not_believe_it(void **state)
{
    const cloze_embed_options others[] = { { .pooling = CLOZE_POOLING_CLS },
                                           { .normalize = CLOZE_NO },
                                           { .prompt = "query: " },
                                           { .max_tokens = 5 },
                                           { .long_text = CLOZE_LONG_CHUNK },
                                           { .truncate_dimension = 3 },
                                           { .layer = 1 } };
    opened o, other;
    cloze_vector_cache *cache;
    (void)state;
    open_folder(&o, "sentence/mean");
    fill_file(&o, NULL);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        cache = open_cache(&o, &others[i]);
        assert_int_equal(cloze_vector_cache_state(cache), CLOZE_CACHE_FOREIGN);
        assert_int_equal(cloze_vector_cache_size(cache), 0);
        cloze_vector_cache_free(cache);
    }
    open_folder(&other, "sentence/max");
    cache = open_cache(&other, NULL);
    assert_int_equal(cloze_vector_cache_state(cache), CLOZE_CACHE_FOREIGN);
    cloze_vector_cache_free(cache);
    close_model(&other);
    cache = open_cache(&o, NULL);
    assert_int_equal(cloze_vector_cache_state(cache), CLOZE_CACHE_KNOWN);
    cloze_vector_cache_free(cache);
    close_model(&o);
}

static void no_damaged_file_changes_a_vector(void **state)
{
    static char good[FILE_MOST], bad[FILE_MOST];
    float wanted[TEXTS_MOST * DIMENSION_MOST], found[TEXTS_MOST * DIMENSION_MOST];
    size_t count, size, damaged = 0, refused = 0;
    cloze_text *texts = golden_texts(&count);
    opened o;
    (void)state;
    open_folder(&o, "sentence/mean");
    assert_int_equal(cloze_embed(o.session, texts, count, NULL, wanted, NULL, NULL, NULL), 0);
    fill_file(&o, NULL);
    size = read_file(good);
    for (size_t at = 0; at < size; at += at < 1200 ? 3 : 31) {
        cloze_vector_cache *cache = NULL;
        cloze_status status;
        memcpy(bad, good, size);
        bad[at] = (char)(bad[at] ^ 1 << at % 8);
        write_file(bad, size);
        status = cloze_vector_cache_open(&cache, o.session, NULL, path, NULL);
        refused += status == CLOZE_ERROR_FORMAT;
        assert_true(!status || status == CLOZE_ERROR_FORMAT);
        if (status)
            continue;
        damaged += cloze_vector_cache_state(cache) == CLOZE_CACHE_DAMAGED;
        assert_int_equal(cloze_vector_cache_embed(cache, texts, count, found, NULL, NULL), 0);
        assert_memory_equal(wanted, found,
                            count * cloze_embed_dimension(o.model, NULL) * sizeof *found);
        cloze_vector_cache_free(cache);
    }
    assert_true(damaged > 30 && refused > 30);
    close_model(&o);
    free_texts(texts, count);
}

static void a_file_that_is_no_cache_is_left_as_it_is(void **state)
{
    static char good[FILE_MOST], after[FILE_MOST];
    cloze_vector_cache *cache = NULL;
    cloze_error error = { 0 };
    size_t size;
    opened o;
    (void)state;
    open_folder(&o, "sentence/mean");
    fill_file(&o, NULL);
    size = read_file(good);
    for (size_t cut = 1; cut < size; cut += 97) {
        write_file(good, cut);
        assert_int_equal(cloze_vector_cache_open(&cache, o.session, NULL, path, &error),
                         CLOZE_ERROR_FORMAT);
        assert_int_equal(read_file(after), cut);
        assert_memory_equal(good, after, cut);
    }
    write_file("my only novel\n", 14);
    assert_int_equal(cloze_vector_cache_open(&cache, o.session, NULL, path, &error),
                     CLOZE_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "is no cache of vectors"));
    assert_int_equal(read_file(after), 14);
    assert_int_equal(cloze_vector_cache_open(&cache, o.session, NULL, "/nowhere/at/all", &error),
                     CLOZE_ERROR_NOT_FOUND);
    assert_null(cache);
    close_model(&o);
}

static void a_text_that_fails_is_named_and_leaves_the_cache_whole(void **state)
{
    const cloze_text texts[] = { { "the cat", 7 }, { "a dog", 5 }, { "b\xff", 2 } };
    float vectors[3 * DIMENSION_MOST];
    cloze_vector_cache *cache;
    cloze_error error = { 0 };
    opened o;
    (void)state;
    open_folder(&o, "sentence/mean");
    unlink(path);
    cache = open_cache(&o, NULL);
    assert_int_equal(cloze_vector_cache_embed(cache, texts, 1, vectors, NULL, NULL), 0);
    assert_int_equal(cloze_vector_cache_embed(cache, texts, 3, vectors, NULL, &error),
                     CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "text 3"));
    assert_int_equal(cloze_vector_cache_size(cache), 1);
    assert_int_equal(cloze_vector_cache_embed(cache, texts, 2, vectors, NULL, NULL), 0);
    assert_int_equal(cloze_vector_cache_size(cache), 2);
    cloze_vector_cache_free(cache);
    cloze_vector_cache_free(NULL);
    close_model(&o);
}

static cloze_status use_cache(cloze_session *session, const cloze_hooks *hooks)
{
    const cloze_text texts[] = { { "the cat", 7 }, { "a cat in the garden", 19 } };
    const cloze_embed_options prompt = { .prompt = "x " };
    float vectors[2 * DIMENSION_MOST];
    cloze_vector_cache *cache = NULL;
    cloze_status status = cloze_vector_cache_open(&cache, session, &prompt, path, NULL);
    (void)hooks;
    if (!status)
        status = cloze_vector_cache_embed(cache, texts, 2, vectors, NULL, NULL);
    cloze_vector_cache_free(cache);
    return status;
}

static void every_failing_allocation_is_an_error_and_leaks_nothing(void **state)
{
    char folder[2048];
    opened o;
    (void)state;
    open_folder(&o, "sentence/mean");
    fill_file(&o, &(cloze_embed_options){ .prompt = "x " });
    close_model(&o);
    golden_path(folder, sizeof folder, "sentence/mean");
    scarce_try_all(folder, use_cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cached_vectors_have_the_bits_of_computed_ones),
        cmocka_unit_test(a_text_that_comes_twice_is_computed_once),
        cmocka_unit_test(other_options_and_other_models_do_not_believe_it),
        cmocka_unit_test(no_damaged_file_changes_a_vector),
        cmocka_unit_test(a_file_that_is_no_cache_is_left_as_it_is),
        cmocka_unit_test(a_text_that_fails_is_named_and_leaves_the_cache_whole),
        cmocka_unit_test(every_failing_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, prepare, tidy);
}
