/*
 * test_adapters.c - a run with LoRA from the outside: the same bits whatever the threads and however often
 * it was stopped, little that learns, folders that open and say the same, merged or not, and adapters that
 * cannot be read.
 */
#include "tiny.h"

#include "formats/adapter.h"

#include <cloze/classify.h>
#include <cloze/convert.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { HIDDEN = 24, INSIDE = 40 };

static const char file[] = "adapter_model.safetensors";

static tiny_run lora_run(void)
{
    static const char *const targets[] = { "q_lin", "v_lin", "ffn.lin1" };
    tiny_run run = tiny_usual();
    run.options.rate = 1e-2;
    run.options.lora =
        (cloze_lora){ .rank = 4, .dropout = 0.1, .targets = targets, .target_count = 3 };
    return run;
}

static void go(const tiny_run *run)
{
    cloze_error error;
    if (tiny_go(run, &error))
        fail_msg("%s", error.message);
}

static void threads_and_memory_do_not_matter(void **state)
{
    (void)state;
    tiny_check_threads(lora_run, file);
}

static void a_stopped_run_goes_on_to_the_same_bits(void **state)
{
    (void)state;
    tiny_check_stops(lora_run, file, 3, 18);
}

static void other_settings_do_not_resume(void **state)
{
    tiny_run run = lora_run();
    cloze_error error;
    (void)state;
    run.options.folder = tiny_folder();
    go(&run);
    run.options.resume = true;
    run.options.lora.alpha = 16;
    assert_int_equal(tiny_go(&run, &error), CLOZE_ERROR_ARGUMENT);
}

/* ---- what learns ---- */

static bool look(void *context, const cloze_train_event *event)
{
    *(cloze_train_event *)context = *event;
    return false;
}

static cloze_train_event begun(tiny_run run)
{
    cloze_train_event event = { 0 };
    cloze_error error;
    run.options.watch = (cloze_train_watch){ look, &event };
    cloze_trainer *trainer = tiny_trainer(&run);
    assert_int_equal(cloze_trainer_run(trainer, &error), CLOZE_ERROR_CANCELLED);
    tiny_free(trainer);
    return event;
}

/* In each of two layers two maps of the attention and one of the feed-forward; and the head, which is two
 * maps. */
static void little_learns(void **state)
{
    cloze_train_event all = begun(tiny_usual()), some = begun(lora_run());
    size_t beside = 2 * 4 * (2 * (HIDDEN + HIDDEN) + (HIDDEN + INSIDE));
    size_t head = HIDDEN * HIDDEN + HIDDEN + 2 * HIDDEN + 2;
    (void)state;
    assert_int_equal(some.parameters, all.parameters + beside);
    assert_int_equal(some.learning, beside + head);
    assert_true(some.memory < all.memory / 2);
}

/* ---- what was saved ---- */

static void scores_of(const cloze_model *model, float *scores)
{
    const cloze_text text = { "the film was good", 17 };
    cloze_session *session = NULL;
    cloze_error error;
    assert_int_equal(cloze_session_new(&session, model, NULL, &error), CLOZE_OK);
    assert_int_equal(cloze_classify(session, &text, NULL, 1, NULL, scores, NULL, NULL, &error),
                     CLOZE_OK);
    cloze_session_free(session);
}

static void open_and_score(const char *folder, float *scores)
{
    cloze_model *model = NULL;
    cloze_error error;
    if (cloze_model_open(&model, folder, NULL, &error))
        fail_msg("%s", error.message);
    scores_of(model, scores);
    assert_string_equal(cloze_model_label(model, 1), "yes");
    cloze_model_free(model);
}

/* The adapter and both ways of merging it: the same bits; the trainer keeps them apart and rounds otherwise. */
static void what_was_saved_says_the_same(void **state)
{
    tiny_run run = lora_run();
    float own[2], adapter[2], converted[2], merged[2];
    char folder[600], out[700];
    cloze_error error;
    (void)state;
    run.options.folder = tiny_folder();
    cloze_trainer *trainer = tiny_trainer(&run);
    assert_int_equal(cloze_trainer_run(trainer, &error), CLOZE_OK);
    assert_int_equal(cloze_trainer_save(trainer, NULL, &error), CLOZE_OK);
    scores_of(cloze_trainer_model(trainer), own);
    tiny_free(trainer);
    open_and_score(run.options.folder, adapter);
    snprintf(folder, sizeof folder, "%s", run.options.folder);
    snprintf(out, sizeof out, "%s/converted", folder);
    if (cloze_convert(folder, out, NULL, NULL, &error))
        fail_msg("%s", error.message);
    open_and_score(out, converted);
    assert_memory_equal(adapter, converted, sizeof adapter);
    assert_true(fabsf(adapter[0] - own[0]) < 1e-5f && fabsf(adapter[1] - own[1]) < 1e-5f);
    run.options.folder = tiny_folder();
    run.options.lora.merge = true;
    go(&run);
    open_and_score(run.options.folder, merged);
    assert_memory_equal(adapter, merged, sizeof adapter);
}

/* ---- adapters that cannot be read ---- */

typedef struct bad_adapter {
    const char *settings, *down, *up;
    size_t down_shape[2], up_shape[2];
    const char *says;
} bad_adapter;

#define QUERY "base_model.model.distilbert.transformer.layer.0.attention.q_lin"
#define LORA  "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"base_model_name_or_path\": "

static void write_text(const char *folder, const char *name, const char *text)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void refuse(const bad_adapter *bad)
{
    static const float numbers[4096];
    char path[700], settings[1200];
    cloze_model *model = NULL;
    cloze_error error;
    const char *folder = tiny_folder();
    const cz_tensor_to_store tensors[] = {
        { bad->down, CZ_F32, 2, { bad->down_shape[0], bad->down_shape[1] }, numbers },
        { bad->up, CZ_F32, 2, { bad->up_shape[0], bad->up_shape[1] }, numbers },
    };
    snprintf(settings, sizeof settings, "%s\"%s\"}", bad->settings, tiny_model("sentiment"));
    write_text(folder, "adapter_config.json", settings);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    if (bad->down)
        assert_int_equal(cz_safetensors_write(path, tensors, bad->up ? 2 : 1, &error), CLOZE_OK);
    cloze_status status = cloze_model_open(&model, folder, NULL, &error);
    if (!bad->says) {
        if (status)
            fail_msg("%s", error.message);
        cloze_model_free(model);
        return;
    }
    assert_int_not_equal(status, CLOZE_OK);
    if (!strstr(error.message, bad->says))
        fail_msg("\"%s\" is not said but: %s", bad->says, error.message);
}

static void bad_adapters_are_refused(void **state)
{
    static const bad_adapter all[] = {
        { LORA,
          QUERY ".lora_A.weight",
          QUERY ".lora_B.weight",
          { 2, HIDDEN },
          { HIDDEN, 2 },
          NULL },
        { LORA, NULL, NULL, { 0 }, { 0 }, "no adapter_model.safetensors" },
        { LORA, QUERY ".lora_A.weight", NULL, { 2, HIDDEN }, { 0 }, "without its second" },
        { LORA,
          QUERY ".lora_A.weight",
          QUERY ".lora_B.weight",
          { 2, 5 },
          { HIDDEN, 2 },
          "not fit" },
        { LORA,
          QUERY ".lora_A.weight",
          QUERY ".lora_B.weight",
          { 2, HIDDEN },
          { HIDDEN, 3 },
          "not fit" },
        { LORA,
          QUERY "x.lora_A.weight",
          QUERY "x.lora_B.weight",
          { 2, HIDDEN },
          { HIDDEN, 2 },
          "that the model has not" },
        { LORA, "query.lora_A.weight", NULL, { 2, HIDDEN }, { 0 }, "such a name as peft gives" },
        { LORA, QUERY ".lora_magnitude_vector", NULL, { 2, HIDDEN }, { 0 }, "not known" },
        { "{\"peft_type\": \"IA3\", \"base_model_name_or_path\": ",
          QUERY,
          NULL,
          { 1, 1 },
          { 0 },
          "IA3" },
        { "{\"peft_type\": \"LORA\", \"use_dora\": true, \"base_model_name_or_path\": ",
          QUERY,
          NULL,
          { 1, 1 },
          { 0 },
          "use_dora" },
        { "{\"peft_type\": \"LORA\", \"bias\": \"all\", \"base_model_name_or_path\": ",
          QUERY,
          NULL,
          { 1, 1 },
          { 0 },
          "biases" },
        { "{\"peft_type\": 3, \"base_model_name_or_path\": ",
          QUERY,
          NULL,
          { 1, 1 },
          { 0 },
          "must be a string" },
        { "{\"base_model_name_or_path\": \"no/model\", \"revision\": ",
          QUERY,
          NULL,
          { 1, 1 },
          { 0 },
          "belongs to \"no/model\"" },
        { "{\"revision\": ", QUERY, NULL, { 1, 1 }, { 0 }, "which model it belongs to" },
        { "[", QUERY, NULL, { 1, 1 }, { 0 }, "adapter_config.json" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        refuse(&all[i]);
}

/* So many that to put them among the model's would take hours. */
static void more_whole_tensors_than_any_model_has_are_refused(void **state)
{
    enum { MANY = 100000 };
    cz_tensor_to_store *tensors = calloc(MANY, sizeof *tensors);
    char(*names)[40] = calloc(MANY, sizeof *names), path[700], settings[1200];
    const char *folder = tiny_folder();
    cloze_model *model = NULL;
    cloze_error error;
    (void)state;
    assert_true(tensors && names);
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof *names, "base_model.model.x%zu", i);
        tensors[i] = (cz_tensor_to_store){ names[i], CZ_F32, 1, { 0 }, NULL };
    }
    snprintf(settings, sizeof settings, LORA "\"%s\"}", tiny_model("sentiment"));
    write_text(folder, "adapter_config.json", settings);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    assert_int_equal(cz_safetensors_write(path, tensors, MANY, &error), CLOZE_OK);
    assert_int_equal(cloze_model_open(&model, folder, NULL, &error), CLOZE_ERROR_LIMIT);
    assert_non_null(strstr(error.message, "as a whole"));
    free(tensors);
    free(names);
}

/* ---- settings ---- */

static void impossible_settings_are_refused(void **state)
{
    static const char *const labels[] = { "a", "b" }, *const wrong[] = { "queri" };
    static const struct {
        cloze_train_options options;
        const char *says;
    } all[] = {
        { { .lora = { .rank = 99 } }, "no thinner" },
        { { .lora = { .rank = 2, .targets = wrong, .target_count = 1 } }, "\"queri\"" },
        { { .lora = { .rank = 2, .alpha = -1 } }, "lora alpha" },
        { { .lora = { .rank = 2, .dropout = 1 } }, "lora dropout" },
        { { .lora = { .rank = 2 }, .freeze_body = true }, "nothing to freeze" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        cloze_train_options options = all[i].options;
        cloze_trainer *trainer = NULL;
        cloze_error error;
        options.labels = labels;
        options.label_count = 2;
        assert_int_equal(cloze_trainer_new(&trainer, tiny_model("sentiment"), &options, &error),
                         CLOZE_ERROR_ARGUMENT);
        if (!strstr(error.message, all[i].says))
            fail_msg("\"%s\" is not said but: %s", all[i].says, error.message);
    }
}

static int clean(void **state)
{
    (void)state;
    tiny_forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(threads_and_memory_do_not_matter, clean),
        cmocka_unit_test_teardown(a_stopped_run_goes_on_to_the_same_bits, clean),
        cmocka_unit_test_teardown(other_settings_do_not_resume, clean),
        cmocka_unit_test_teardown(little_learns, clean),
        cmocka_unit_test_teardown(what_was_saved_says_the_same, clean),
        cmocka_unit_test_teardown(bad_adapters_are_refused, clean),
        cmocka_unit_test_teardown(more_whole_tensors_than_any_model_has_are_refused, clean),
        cmocka_unit_test_teardown(impossible_settings_are_refused, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
