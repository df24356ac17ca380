/* test_compare.c - reference files of `cloze compare`: good ones, and those that lie. */
#include "formats/safetensors.h"

#include <cloze/cloze.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TOKENS = 5, HIDDEN = 24, LAYERS = 2 };

typedef struct fixture {
    cloze_model *model;
    cloze_session *session;
    char path[64];
    int64_t ids[TOKENS], offsets[3];
    float states[LAYERS + 1][TOKENS * HIDDEN];
    cz_tensor_to_store stored[LAYERS + 3];
    size_t count;
    cloze_layer_difference layers[LAYERS + 1];
    cloze_comparison summary;
    cloze_error error;
} fixture;

/* A reference that is the model's own output, to be bent by the tests. */
static int set_up(void **state)
{
    static const char *const names[] = { "hidden.0", "hidden.1", "hidden.2" };
    static const uint32_t ids[TOKENS] = { 2, 5, 8, 3, 7 };
    static const size_t offsets[3] = { 0, 4, TOKENS };
    fixture *f = calloc(1, sizeof *f);
    char path[4096];
    float *states[LAYERS + 1];
    assert_non_null(f);
    snprintf(path, sizeof path, "%s/golden/sentence/mean", getenv("CLOZE_TEST_DATA"));
    assert_int_equal(cloze_model_open(&f->model, path, NULL, &f->error), CLOZE_OK);
    assert_int_equal(cloze_session_new(&f->session, f->model, NULL, &f->error), CLOZE_OK);
    for (size_t i = 0; i <= LAYERS; i++) {
        states[i] = f->states[i];
        f->stored[i] =
            (cz_tensor_to_store){ names[i], CZ_F32, 2, { TOKENS, HIDDEN }, f->states[i] };
    }
    for (size_t i = 0; i < TOKENS; i++)
        f->ids[i] = ids[i];
    for (size_t i = 0; i < 3; i++)
        f->offsets[i] = (int64_t)offsets[i];
    assert_int_equal(cloze_hidden_states(f->session, ids, NULL, offsets, 2, states, &f->error),
                     CLOZE_OK);
    f->stored[LAYERS + 1] = (cz_tensor_to_store){ "input_ids", CZ_I64, 1, { TOKENS }, f->ids };
    f->stored[LAYERS + 2] = (cz_tensor_to_store){ "offsets", CZ_I64, 1, { 3 }, f->offsets };
    f->count = LAYERS + 3;
    snprintf(f->path, sizeof f->path, "/tmp/cloze-reference.%ld", (long)getpid());
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    cloze_session_free(f->session);
    cloze_model_free(f->model);
    unlink(f->path);
    free(f);
    return 0;
}

static cloze_status compare(fixture *f)
{
    assert_int_equal(cz_safetensors_write(f->path, f->stored, f->count, &f->error), CLOZE_OK);
    return cloze_compare(f->session, f->path, f->layers, &f->summary, &f->error);
}

static void the_models_own_states_differ_by_nothing(void **state)
{
    fixture *f = *state;
    assert_int_equal(compare(f), CLOZE_OK);
    assert_int_equal(f->summary.sequences, 2);
    assert_int_equal(f->summary.tokens, TOKENS);
    assert_int_equal(f->summary.layers, LAYERS + 1);
    assert_true(f->summary.largest == 0);
}

static void one_changed_number_is_found_with_its_place(void **state)
{
    fixture *f = *state;
    f->states[1][3 * HIDDEN + 7] += 0.5f;
    assert_int_equal(compare(f), CLOZE_OK);
    assert_true(f->layers[0].largest == 0 && f->layers[2].largest == 0);
    assert_true(fabs(f->layers[1].largest - 0.5) < 1e-6);
    assert_int_equal(f->layers[1].token, 3);
    assert_int_equal(f->layers[1].column, 7);
}

static void a_number_that_is_none_is_infinitely_far(void **state)
{
    fixture *f = *state;
    f->states[2][0] = NAN;
    assert_int_equal(compare(f), CLOZE_OK);
    assert_true(isinf(f->layers[2].largest));
    assert_true(isinf(f->summary.largest));
}

static void layers_that_the_file_lacks_are_left_out(void **state)
{
    fixture *f = *state;
    f->stored[1].name = "something.else";
    assert_int_equal(compare(f), CLOZE_OK);
    assert_int_equal(f->summary.layers, LAYERS);
    assert_false(f->layers[1].present);
}

static void refuse(fixture *f, cloze_status status, const char *words)
{
    assert_int_equal(compare(f), status);
    if (!strstr(f->error.message, words))
        fail_msg("\"%s\" says nothing of \"%s\"", f->error.message, words);
}

static void ids_and_offsets_that_lie_are_refused(void **state)
{
    fixture *f = *state;
    f->ids[2] = 83;
    refuse(f, CLOZE_ERROR_FORMAT, "\"input_ids\" has 83 at 2");
    f->ids[2] = -1;
    refuse(f, CLOZE_ERROR_FORMAT, "\"input_ids\" has -1");
    f->ids[2] = 8;
    f->offsets[1] = 6;
    refuse(f, CLOZE_ERROR_FORMAT, "do not ascend");
    f->offsets[1] = 0;
    refuse(f, CLOZE_ERROR_FORMAT, "do not ascend");
    f->offsets[1] = 4;
    f->offsets[2] = 4;
    refuse(f, CLOZE_ERROR_FORMAT, "do not ascend");
    f->offsets[2] = INT64_MAX;
    refuse(f, CLOZE_ERROR_FORMAT, "do not ascend");
}

static void shapes_and_types_that_do_not_fit_are_refused(void **state)
{
    fixture *f = *state;
    f->stored[0].shape[0] = HIDDEN;
    f->stored[0].shape[1] = TOKENS;
    refuse(f, CLOZE_ERROR_FORMAT, "\"hidden.0\" is not a tensor [5, 24]");
    f->stored[0].shape[0] = TOKENS;
    f->stored[0].shape[1] = HIDDEN;
    f->stored[LAYERS + 1].type = CZ_F64;
    refuse(f, CLOZE_ERROR_FORMAT, "\"input_ids\" is not I64");
    f->stored[LAYERS + 1].type = CZ_I64;
    f->stored[LAYERS + 2].name = "begins";
    refuse(f, CLOZE_ERROR_NOT_FOUND, "\"offsets\"");
}

static void a_reference_without_states_is_refused(void **state)
{
    fixture *f = *state;
    f->stored[0].name = "a";
    f->stored[1].name = "b";
    f->stored[2].name = "c";
    refuse(f, CLOZE_ERROR_NOT_FOUND, "no hidden states");
}

static void the_peak_of_an_engine_is_a_positive_number(void **state)
{
    cloze_engine_options options = { .threads = 2 };
    cloze_engine *engine = NULL;
    (void)state;
    assert_int_equal(cloze_engine_new(&engine, &options, NULL), CLOZE_OK);
    double peak = cloze_engine_peak(engine, 0.01);
    assert_true(peak > 0.01 && peak < 1e6);
    cloze_engine_free(engine);
}

#define WITH_REFERENCE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REFERENCE(the_models_own_states_differ_by_nothing),
        WITH_REFERENCE(one_changed_number_is_found_with_its_place),
        WITH_REFERENCE(a_number_that_is_none_is_infinitely_far),
        WITH_REFERENCE(layers_that_the_file_lacks_are_left_out),
        WITH_REFERENCE(ids_and_offsets_that_lie_are_refused),
        WITH_REFERENCE(shapes_and_types_that_do_not_fit_are_refused),
        WITH_REFERENCE(a_reference_without_states_is_refused),
        cmocka_unit_test(the_peak_of_an_engine_is_a_positive_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
