/*
 * test_minilm.c - the real all-MiniLM-L6-v2 against sentence-transformers: the documented
 * similarities, and 2,000 texts of the data folder. Skips with a word when they are not there.
 */
#include "folder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DIMENSION = 384 };

static opened real;
static bool there;

static int open_real(void **state)
{
    char path[4096];
    (void)state;
    there = real_model(path, sizeof path);
    if (there)
        open_model(&real, path, &(open_options){ .threads = 2 });
    else
        printf("skipped: the real all-MiniLM-L6-v2 is not in the hub cache (make demo gets it)\n");
    return 0;
}

static int close_real(void **state)
{
    (void)state;
    if (there)
        close_model(&real);
    return 0;
}

static void similarities_equal(const char *key, const char *const *texts, size_t count)
{
    char path[2048];
    cloze_text given[8];
    float vectors[8 * DIMENSION];
    cz_weights *golden = NULL;
    cloze_error error = { 0 };
    if (!there)
        skip();
    golden_path(path, sizeof path, "minilm/similarities.safetensors");
    assert_int_equal(cz_weights_open_file(&golden, path, NULL, &error), 0);
    for (size_t i = 0; i < count; i++)
        given[i] = (cloze_text){ texts[i], strlen(texts[i]) };
    assert_int_equal(cloze_embed(real.session, given, count, NULL, vectors, NULL, NULL, &error), 0);
    const float *expected = cz_weights_find(golden, key)->data;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            float found =
                cloze_cosine(vectors + i * DIMENSION, vectors + j * DIMENSION, DIMENSION);
            assert_float_equal(found, expected[i * count + j], 2e-6);
        }
    cz_weights_close(golden);
}

static void documented_similarities_are_met(void **state)
{
    static const char *const texts[] = { "The weather is lovely today.", "It's so sunny outside!",
                                         "He drove to the stadium." };
    (void)state;
    similarities_equal("documented", texts, 3);
}

static void the_chapters_sentences_are_met(void **state)
{
    static const char *const texts[] = {
        "The cat sits outside",        "A man is playing guitar", "I love pasta",
        "The new movie is awesome",    "The cat plays in the garden", "A woman watches TV",
        "The new movie is so great",   "Do you like pizza?",
    };
    (void)state;
    similarities_equal("chapter", texts, 8);
}

/* Lines of one file, cut at line feeds. */
typedef struct lines {
    char *data;
    size_t size, count;
    size_t *begin;
    char name[512];
} lines;

static void load_lines(lines *l, const char *name)
{
    char path[4096];
    if (!strcmp(l->name, name))
        return;
    free(l->data), free(l->begin);
    snprintf(l->name, sizeof l->name, "%s", name);
    snprintf(path, sizeof path, "%s/%s", data_folder(), name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    fseek(file, 0, SEEK_END);
    l->size = (size_t)ftell(file);
    rewind(file);
    l->data = malloc(l->size + 1);
    assert_int_equal(fread(l->data, 1, l->size, file), l->size);
    fclose(file);
    l->begin = malloc((l->size + 2) * sizeof *l->begin);
    l->count = 0;
    l->begin[l->count++] = 0;
    for (size_t i = 0; i < l->size; i++)
        if (l->data[i] == '\n')
            l->begin[l->count++] = i + 1;
    l->begin[l->count] = l->size + 1;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void two_thousand_texts_equal_sentence_transformers(void **state)
{
    char path[2048], name[512];
    cz_weights *golden = NULL;
    cloze_error error = { 0 };
    lines current = { 0 };
    size_t line, count = 0;
    (void)state;
    if (!there || !data_folder()) {
        if (there)
            printf("skipped: CLOZE_DATA is not set\n");
        skip();
    }
    assert_int_equal(cz_weights_open_file(
                         &golden, golden_path(path, sizeof path, "minilm/vectors.safetensors"),
                         NULL, &error), 0);
    const cz_stored_tensor *stored = cz_weights_find(golden, "embeddings");
    const float *expected = stored->data;
    double *differences = malloc(stored->shape[0] * DIMENSION * sizeof *differences);
    float *vectors = malloc(stored->shape[0] * DIMENSION * sizeof *vectors);
    cloze_text *texts = calloc(stored->shape[0], sizeof *texts);
    FILE *index = fopen(golden_path(path, sizeof path, "minilm/index.tsv"), "r");
    assert_non_null(index);
    while (fscanf(index, "%511[^\t]\t%zu\n", name, &line) == 2) {
        load_lines(&current, name);
        assert_true(line < current.count);
        size_t size = current.begin[line + 1] - 1 - current.begin[line];
        char *copy = malloc(size + 1);
        memcpy(copy, current.data + current.begin[line], size);
        texts[count++] = (cloze_text){ copy, size };
    }
    fclose(index);
    assert_int_equal(count, stored->shape[0]);
    assert_int_equal(cloze_embed(real.session, texts, count, NULL, vectors, NULL, NULL, &error), 0);
    double worst = 0;
    for (size_t i = 0; i < count * DIMENSION; i++) {
        differences[i] = fabs((double)vectors[i] - (double)expected[i]);
        worst = fmax(worst, differences[i]);
    }
    qsort(differences, count * DIMENSION, sizeof *differences, by_value);
    double median = differences[count * DIMENSION / 2];
    printf("2,000 texts: largest difference of a component %.3g, median %.3g\n", worst, median);
    assert_true(worst <= 2e-6);
    assert_true(median <= 2e-7);
    free_texts(texts, count);
    free(differences), free(vectors), free(current.data), free(current.begin);
    cz_weights_close(golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documented_similarities_are_met),
        cmocka_unit_test(the_chapters_sentences_are_met),
        cmocka_unit_test(two_thousand_texts_equal_sentence_transformers),
    };
    return cmocka_run_group_tests(tests, open_real, close_real);
}
