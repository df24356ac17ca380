/* test_embed.c - embeddings of tiny folders against sentence-transformers' encode(). */
#include "folder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *name, *prompts[2];
} folders[] = {
    { "mean", { NULL } },
    { "cls", { NULL } },
    { "max", { NULL } },
    { "mean_sqrt_len", { NULL } },
    { "weightedmean", { NULL } },
    { "lasttoken", { NULL } },
    { "several", { NULL } },
    { "dense", { NULL } },
    { "dense_identity", { NULL } },
    { "layer_norm", { NULL } },
    { "prompts", { "query", "passage" } },
    { "without_prompt", { "query" } },
    { "short", { NULL } },
    { "lower", { NULL } },
    { "cased", { NULL } },
    { "roberta", { NULL } },
    { "distilbert", { NULL } },
    { "electra", { NULL } },
    { "albert", { NULL } },
    { "longformer", { NULL } },
    { "rembert", { NULL } },
    { "megatron_bert", { NULL } },
    { "roberta_prelayernorm", { NULL } },
    { "mpnet", { NULL } },
    { "deberta_v2", { NULL } },
    { "xlm_roberta_xl", { NULL } },
};

enum { FOLDERS = sizeof folders / sizeof *folders };

static double worst_difference(const cz_stored_tensor *stored, const float *found)
{
    size_t count = stored->shape[0] * stored->shape[1];
    cz_tensor truth = {
        (void *)(uintptr_t)stored->data, 1, count, count, stored->type, false, NULL
    };
    double worst = 0, largest = 0;
    for (size_t i = 0; i < count; i++) {
        double expected = cz_tensor_at(&truth, 0, i);
        largest = fmax(largest, fabs(expected));
        worst = isnan(found[i]) ? INFINITY : fmax(worst, fabs(expected - (double)found[i]));
    }
    return worst / largest;
}

static void hold(const open_options *options, double bound)
{
    size_t count;
    cloze_text *texts = golden_texts(&count);
    for (size_t i = 0; i < FOLDERS; i++)
        for (size_t p = 0; p < 3; p++) {
            char path[2048], file[2200], key[64] = "embeddings";
            const char *prompt = p ? folders[i].prompts[p - 1] : NULL;
            cloze_embed_options how = { .prompt_name = prompt };
            cz_weights *golden = NULL;
            cloze_error error = { 0 };
            opened o;
            if (p && !prompt)
                continue;
            snprintf(key, sizeof key, "embeddings%s%s", prompt ? "." : "", prompt ? prompt : "");
            snprintf(file, sizeof file, "sentence/%s", folders[i].name);
            golden_path(path, sizeof path, file);
            snprintf(file, sizeof file, "%s/golden.safetensors", path);
            assert_int_equal(cz_weights_open_file(&golden, file, NULL, &error), 0);
            const cz_stored_tensor *stored = cz_weights_find(golden, key);
            assert_non_null(stored);
            open_model(&o, path, options);
            size_t dimension = cloze_embed_dimension(o.model, &how);
            assert_int_equal(dimension, stored->shape[1]);
            float *vectors = calloc(count * dimension, sizeof *vectors);
            if (cloze_embed(o.session, texts, count, &how, vectors, NULL, NULL, &error))
                fail_msg("%s: %s", folders[i].name, error.message);
            double worst = worst_difference(stored, vectors);
            if (!(worst <= bound))
                fail_msg("%s %s: %.3g, at most %.3g", folders[i].name, key, worst, bound);
            free(vectors);
            close_model(&o);
            cz_weights_close(golden);
        }
    free_texts(texts, count);
}

static void folders_equal_sentence_transformers(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 2 }, 1e-5);
}

static void folders_equal_it_in_double(void **state)
{
    (void)state;
    /* Results leave as float32, so this is the rounding of the result and no more. */
    hold(&(open_options){ .threads = 1, .precision = CLOZE_PRECISION_F64 }, 1.2e-7);
}

static void folders_equal_it_when_packed_at_use(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 2, .packing = CLOZE_PACK_AT_USE }, 1e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_equal_sentence_transformers),
        cmocka_unit_test(folders_equal_it_in_double),
        cmocka_unit_test(folders_equal_it_when_packed_at_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
