/*
 * test_overflow.c - models whose weights are finite, and so large that nothing finite can be computed
 * with them: every task says so and names the text, and none makes up a score.
 */
#include "folder.h"

#include "base/file.h"
#include "base/memory.h"
#include "formats/safetensors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TENSORS_MOST = 128 };

static const char *const files[] = { "config.json", "tokenizer.json", "tokenizer_config.json",
                                     "special_tokens_map.json" };

static void copy_file(const char *from, const char *to, const char *name)
{
    char path[2300];
    cz_mapping file;
    snprintf(path, sizeof path, "%s/%s", from, name);
    if (!cz_path_is_file(path))
        return;
    assert_int_equal(cz_file_open(&file, path, SIZE_MAX, true, NULL, NULL), CLOZE_OK);
    snprintf(path, sizeof path, "%s/%s", to, name);
    assert_int_equal(cz_file_write(path, file.data, file.size, NULL), CLOZE_OK);
    cz_file_close(&file);
}

/* Numbers as large as float32 has them, with the signs of the old ones. */
static float *enlarged(const cz_stored_tensor *stored)
{
    float *numbers = malloc(stored->size);
    assert_non_null(numbers);
    memcpy(numbers, stored->data, stored->size);
    for (size_t i = 0; i < stored->size / sizeof *numbers; i++)
        numbers[i] = copysignf(3.3e38f, numbers[i]);
    return numbers;
}

/* The weights of a golden folder, those whose name holds `part` enlarged. */
static void write_weights(const char *from, const char *to, const char *part)
{
    static cz_tensor_to_store tensors[TENSORS_MOST];
    char path[2300];
    cz_weights *weights;
    size_t count, changed = 0;
    snprintf(path, sizeof path, "%s/model.safetensors", from);
    assert_int_equal(cz_weights_open_file(&weights, path, &(cz_weights_options){ 0 }, NULL), 0);
    count = cz_weights_count(weights);
    assert_in_range(count, 1, TENSORS_MOST);
    for (size_t i = 0; i < count; i++) {
        const cz_stored_tensor *stored = cz_weights_tensor(weights, i);
        bool chosen = strstr(stored->name, part) && stored->type == CZ_F32;
        tensors[i] = (cz_tensor_to_store){ .name = stored->name,
                                           .type = stored->type,
                                           .rank = stored->rank,
                                           .data = chosen ? enlarged(stored) : stored->data };
        memcpy(tensors[i].shape, stored->shape, sizeof tensors[i].shape);
        changed += chosen;
    }
    assert_true(changed > 0);
    snprintf(path, sizeof path, "%s/model.safetensors", to);
    assert_int_equal(cz_safetensors_write(path, tensors, count, NULL), CLOZE_OK);
    for (size_t i = 0; i < count; i++)
        if (tensors[i].data != cz_weights_tensor(weights, i)->data)
            free((void *)(uintptr_t)tensors[i].data);
    cz_weights_close(weights);
}

typedef cloze_status use(cloze_session *session, cloze_error *error);

static void is_refused(const char *golden, const char *part, use *used)
{
    char scratch[] = "/tmp/cloze-test-XXXXXX", from[2048], path[2300];
    cloze_error error = { 0 };
    opened o;
    assert_non_null(mkdtemp(scratch));
    golden_path(from, sizeof from, golden);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        copy_file(from, scratch, files[i]);
    write_weights(from, scratch, part);
    open_model(&o, scratch, &(open_options){ .threads = 2 });
    cloze_status status = used(o.session, &error);
    if (status != CLOZE_ERROR_FORMAT || !strstr(error.message, "not finite") ||
        strncmp(error.message, "text 1: ", 8) != 0)
        fail_msg("%s: %d, %s", golden, (int)status, error.message);
    close_model(&o);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", scratch, files[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/model.safetensors", scratch);
    unlink(path);
    rmdir(scratch);
}

static const cloze_text cat = { "the cat sits", 12 }, dog = { "a dog", 5 };

static cloze_status embed(cloze_session *session, cloze_error *error)
{
    float vector[64];
    return cloze_embed(session, &cat, 1, NULL, vector, NULL, NULL, error);
}

static cloze_status classify(cloze_session *session, cloze_error *error)
{
    float scores[8];
    return cloze_classify(session, &cat, NULL, 1, NULL, scores, NULL, NULL, error);
}

static cloze_status zero_shot(cloze_session *session, cloze_error *error)
{
    const cloze_text labels[] = { cat, dog };
    float scores[2];
    return cloze_zero_shot(session, &dog, 1, labels, 2, NULL, scores, NULL, error);
}

static cloze_status choose(cloze_session *session, cloze_error *error)
{
    const cloze_text choices[] = { cat, dog };
    const size_t offsets[] = { 0, 2 };
    float scores[2];
    return cloze_choose(session, &dog, 1, choices, offsets, NULL, scores, NULL, error);
}

static cloze_status follows(cloze_session *session, cloze_error *error)
{
    float score;
    return cloze_follows(session, &cat, &dog, 1, NULL, &score, NULL, error);
}

static cloze_status tag(cloze_session *session, cloze_error *error)
{
    cloze_entities *entities = NULL;
    assert_int_equal(cloze_entities_new(&entities, NULL, NULL), 0);
    cloze_status status = cloze_tag(session, &cat, 1, NULL, entities, NULL, NULL, error);
    cloze_entities_free(entities);
    return status;
}

static cloze_status answer(cloze_session *session, cloze_error *error)
{
    cloze_answer_span span;
    size_t found;
    return cloze_answer(session, &dog, &cat, 1, NULL, &span, &found, NULL, error);
}

static cloze_status fill(cloze_session *session, cloze_error *error)
{
    cloze_text masked = { "the [MASK] sits", 15 };
    cloze_fillings *fillings = NULL;
    assert_int_equal(cloze_fillings_new(&fillings, NULL, NULL), 0);
    cloze_status status = cloze_fill(session, &masked, 1, NULL, fillings, NULL, error);
    cloze_fillings_free(fillings);
    return status;
}

static cloze_status likelihood(cloze_session *session, cloze_error *error)
{
    cloze_likelihood out;
    return cloze_likelihoods(session, &cat, 1, NULL, &out, NULL, error);
}

static void what_is_not_finite_is_no_result(void **state)
{
    (void)state;
    is_refused("sentence/mean", "LayerNorm.weight", embed);
    is_refused("classify/sentiment", "classifier", classify);
    is_refused("classify/topics", "classifier", classify);
    is_refused("zero_shot/pieces", "classifier", zero_shot);
    is_refused("choose/bert", "classifier", choose);
    is_refused("order/next", "seq_relationship", follows);
    is_refused("tag/pieces", "classifier", tag);
    is_refused("answer/pieces", "qa_outputs", answer);
    is_refused("fill/pieces", "transform.LayerNorm.weight", fill);
    is_refused("fill/pieces", "transform.LayerNorm.weight", likelihood);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_not_finite_is_no_result) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
