/*
 * test_invariance.c - the same text gives the same bits: alone or in any batch, in any order, with
 * any number of threads, on any instruction set, packed before or at use.
 */
#include "folder.h"

#include "backend/backend.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXTS = 240 };

static cloze_text texts[TEXTS];
static size_t dimension;
static float *expected; /* each text alone, one thread */

static uint32_t number(uint32_t i, uint32_t j)
{
    const uint32_t counter[4] = { i, j, 0, 0 }, key[2] = { 17, 4 };
    return cz_philox_at(counter, key).word[0];
}

/* Texts of 0 to 40 words from the golden vocabulary, lengths as uneven as natural ones. */
static void make_texts(void)
{
    static const char *const words[] = { "the", "cat", "sits", "outside", "playing", "guitar",
                                         "love", "pasta", "movie", "great", "unknownword", ",",
                                         "weather", "sunny" };
    for (uint32_t i = 0; i < TEXTS; i++) {
        size_t count = number(i, 0) % 8 == 0 ? number(i, 1) % 41 : number(i, 1) % 9, used = 0;
        char *text = malloc(count * 12 + 1);
        for (uint32_t w = 0; w < count; w++)
            used += (size_t)sprintf(text + used, "%s ", words[number(i, w + 2) % 14]);
        texts[i] = (cloze_text){ text, used };
    }
}

static void folder(char *path, size_t size)
{
    golden_path(path, size, "sentence/mean");
}

static int begin(void **state)
{
    char path[2048];
    opened o;
    (void)state;
    make_texts();
    folder(path, sizeof path);
    open_model(&o, path, &(open_options){ .threads = 1 });
    dimension = cloze_embed_dimension(o.model, NULL);
    expected = calloc(TEXTS * dimension, sizeof *expected);
    for (size_t i = 0; i < TEXTS; i++)
        assert_int_equal(cloze_embed(o.session, &texts[i], 1, NULL, expected + i * dimension, NULL,
                                     NULL, NULL), 0);
    close_model(&o);
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEXTS; i++)
        free((char *)(uintptr_t)texts[i].data);
    free(expected);
    return 0;
}

/* All texts in one call, in the order `i * step mod TEXTS`. */
static void hold(const open_options *options, size_t step)
{
    char path[2048];
    opened o;
    cloze_text given[TEXTS];
    cloze_error error = { 0 };
    float *vectors = calloc(TEXTS * dimension, sizeof *vectors);
    folder(path, sizeof path);
    open_model(&o, path, options);
    for (size_t i = 0; i < TEXTS; i++)
        given[i] = texts[i * step % TEXTS];
    if (cloze_embed(o.session, given, TEXTS, NULL, vectors, NULL, NULL, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < TEXTS; i++)
        if (memcmp(vectors + i * dimension, expected + i * step % TEXTS * dimension,
                   dimension * sizeof *vectors))
            fail_msg("text %zu has other bits (%u threads, %s, batch %zu)", i * step % TEXTS,
                     options->threads, options->isa ? options->isa : "best",
                     options->batch_tokens);
    free(vectors);
    close_model(&o);
}

static void the_company_in_a_batch_does_not_matter(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 1 }, 1);
    hold(&(open_options){ .threads = 1, .batch_tokens = 64 }, 1);
    hold(&(open_options){ .threads = 1, .batch_tokens = 4096 }, 1);
}

static void the_order_does_not_matter(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 1 }, 7);
    hold(&(open_options){ .threads = 2 }, TEXTS - 1);
}

static void the_number_of_threads_does_not_matter(void **state)
{
    static const unsigned threads[] = { 1, 2, 3, 8 };
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        hold(&(open_options){ .threads = threads[i] }, 1);
        hold(&(open_options){ .threads = threads[i], .batch_tokens = 24 }, 1);
        hold(&(open_options){ .threads = threads[i], .batch_tokens = 3000 }, 11);
    }
}

static void the_instruction_set_does_not_matter(void **state)
{
    static const char *const sets[] = { "scalar", "avx2", "avx512", "neon" };
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        if (!cz_cpu_kernels(sets[i])) {
            printf("skipped: %s is not on this machine\n", sets[i]);
            continue;
        }
        hold(&(open_options){ .threads = 2, .isa = sets[i] }, 1);
    }
}

static void packing_at_use_does_not_matter(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 1, .packing = CLOZE_PACK_AT_USE }, 1);
    hold(&(open_options){ .threads = 2, .packing = CLOZE_PACK_AT_USE }, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_company_in_a_batch_does_not_matter),
        cmocka_unit_test(the_order_does_not_matter),
        cmocka_unit_test(the_number_of_threads_does_not_matter),
        cmocka_unit_test(the_instruction_set_does_not_matter),
        cmocka_unit_test(packing_at_use_does_not_matter),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
