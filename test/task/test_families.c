/*
 * test_families.c - the same bits for a text alone and in any company, order, number of threads,
 * instruction set and packing: what test_invariance.c holds for BERT, for every other way in which
 * tokens meet. The golden models of the encoder, behind a small vocabulary.
 */
#include "../temporary.h"
#include "folder.h"

#include "backend/backend.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const models[] = {
    "roberta",
    "distilbert_sinusoidal",
    "electra",
    "albert_groups_inner",
    "relative_key",
    "relative_key_query",
    "mpnet",
    "mpnet_buckets",
    "deberta",
    "deberta_far",
    "deberta_v3",
    "deberta_v2_plain",
    "deberta_c2p",
    "deberta_convolved",
    "fnet",
    "fnet_odd",
    "longformer",
    "longformer_none",
    "modernbert",
    "modernbert_biased",
    "rembert",
    "megatron_bert",
    "megatron_bert_relative",
    "roberta_prelayernorm",
    "xlm_roberta_xl",
};

enum { MODELS = sizeof models / sizeof *models, TEXTS = 40, LONGEST = 24 };

static const char vocabulary[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\nsits\noutside\na\ndog\nplays\nin\ngarden\n";
static const char settings[] = "{\"tokenizer_class\": \"BertTokenizer\"}";
static const char *const stored[] = { "config.json", "model.safetensors" };

static char folder[TEMPORARY_SIZE];
static cloze_text texts[TEXTS];

static uint32_t number(uint32_t i, uint32_t j)
{
    const uint32_t counter[4] = { i, j, 0, 0 }, key[2] = { 5, 23 };
    return cz_philox_at(counter, key).word[0];
}

static int begin(void **state)
{
    static const char *const words[] = { "the ", "cat ",   "sits ", "outside ", "a ",
                                         "dog ", "plays ", "in ",   "garden ",  "? " };
    (void)state;
    for (uint32_t i = 0; i < TEXTS; i++) {
        size_t count = number(i, 0) % 4 ? number(i, 1) % 7 : number(i, 1) % LONGEST, used = 0;
        char *text = malloc(count * 8 + 1);
        for (uint32_t w = 0; w < count; w++)
            used += (size_t)sprintf(text + used, "%s", words[number(i, w + 2) % 10]);
        texts[i] = (cloze_text){ text, used };
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEXTS; i++)
        free((char *)(uintptr_t)texts[i].data);
    return 0;
}

static void write_text(const char *name, const char *text)
{
    char path[TEMPORARY_SIZE + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void make_folder(const char *model)
{
    char name[128], from[2048], to[TEMPORARY_SIZE + 64];
    temporary_name(folder);
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "models/%s/%s", model, stored[i]);
        snprintf(to, sizeof to, "%s/%s", folder, stored[i]);
        assert_int_equal(symlink(golden_path(from, sizeof from, name), to), 0);
    }
    write_text("vocab.txt", vocabulary);
    write_text("tokenizer_config.json", settings);
}

static void remove_folder(void)
{
    static const char *const made[] = { "vocab.txt", "tokenizer_config.json" };
    char path[TEMPORARY_SIZE + 64];
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, i < 2 ? stored[i] : made[i - 2]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
}

/* Each text alone, one thread; to be freed. */
static float *alone(size_t *dimension)
{
    opened o;
    open_model(&o, folder, &(open_options){ .threads = 1 });
    *dimension = cloze_embed_dimension(o.model, NULL);
    float *vectors = calloc(TEXTS * *dimension, sizeof *vectors);
    for (size_t i = 0; i < TEXTS; i++)
        assert_int_equal(
            cloze_embed(o.session, &texts[i], 1, NULL, vectors + i * *dimension, NULL, NULL, NULL),
            0);
    close_model(&o);
    assert_memory_not_equal(vectors, vectors + (TEXTS - 1) * *dimension,
                            *dimension * sizeof *vectors);
    return vectors;
}

/* All texts in one call, in the order `i * step mod TEXTS`. */
static void hold(const char *model, const open_options *options, size_t step, const float *expected,
                 size_t dimension)
{
    opened o;
    cloze_text given[TEXTS];
    cloze_error error = { 0 };
    float *vectors = calloc(TEXTS * dimension, sizeof *vectors);
    open_model(&o, folder, options);
    for (size_t i = 0; i < TEXTS; i++)
        given[i] = texts[i * step % TEXTS];
    if (cloze_embed(o.session, given, TEXTS, NULL, vectors, NULL, NULL, &error))
        fail_msg("%s: %s", model, error.message);
    for (size_t i = 0; i < TEXTS; i++)
        if (memcmp(vectors + i * dimension, expected + i * step % TEXTS * dimension,
                   dimension * sizeof *vectors))
            fail_msg("%s: text %zu has other bits (%u threads, %s, batch %zu)", model,
                     i * step % TEXTS, options->threads, options->isa ? options->isa : "best",
                     options->batch_tokens);
    free(vectors);
    close_model(&o);
}

static void company_threads_and_packing_do_not_matter(void **state)
{
    static const struct {
        open_options options;
        size_t step;
    } ways[] = { { { .threads = 1 }, 1 },
                 { { .threads = 1, .batch_tokens = 64 }, 7 },
                 { { .threads = 2, .batch_tokens = 4096 }, 11 },
                 { { .threads = 3, .batch_tokens = LONGEST + 2 }, TEXTS - 1 },
                 { { .threads = 8 }, 3 },
                 { { .threads = 2, .packing = CLOZE_PACK_AT_USE }, 1 } };
    (void)state;
    for (size_t m = 0; m < MODELS; m++) {
        size_t dimension;
        make_folder(models[m]);
        float *expected = alone(&dimension);
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
            hold(models[m], &ways[i].options, ways[i].step, expected, dimension);
        free(expected);
        remove_folder();
    }
}

static void the_instruction_set_does_not_matter(void **state)
{
    static const char *const sets[] = { "scalar", "avx2", "avx512", "neon" };
    (void)state;
    for (size_t m = 0; m < MODELS; m++) {
        size_t dimension;
        make_folder(models[m]);
        float *expected = alone(&dimension);
        for (size_t i = 0; i < 4; i++)
            if (cz_cpu_kernels(sets[i]))
                hold(models[m], &(open_options){ .threads = 2, .isa = sets[i] }, 1, expected,
                     dimension);
        free(expected);
        remove_folder();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(company_threads_and_packing_do_not_matter),
        cmocka_unit_test(the_instruction_set_does_not_matter),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
