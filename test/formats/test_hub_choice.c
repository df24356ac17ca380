/* Which files of a repository are wanted, and that no listing makes this slow. */
#include "formats/hub_choice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* A choice among `names`, with these modules (JSON, or NULL). */
static cz_choice choose(const char *const *names, size_t count, const char *modules)
{
    cz_choice choice = { .allocator = NULL };
    json_t *siblings = json_array(), *parsed = modules ? json_loads(modules, 0, NULL) : NULL;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(siblings, json_pack("{s:s}", "rfilename", names[i]));
    assert_int_equal(cz_choice_list(&choice, siblings, NULL), CLOZE_OK);
    assert_int_equal(cz_choice_make(&choice, parsed, NULL), CLOZE_OK);
    json_decref(siblings);
    json_decref(parsed);
    return choice;
}

static void expect_wanted(const char *const *names, size_t count, const char *modules,
                          const char *expected)
{
    cz_choice choice = choose(names, count, modules);
    char wanted[64] = "";
    for (size_t i = 0; i < count; i++)
        wanted[i] = choice.files[i].wanted ? 'x' : '.';
    assert_string_equal(wanted, expected);
    cz_choice_clear(&choice);
}

static void shards_are_taken_only_where_no_whole_file_is(void **state)
{
    static const char *const names[] = { "model-00001-of-00002.safetensors",
                                         "model.safetensors.index.json",
                                         "d/model.safetensors",
                                         "d/model-00001-of-00002.safetensors",
                                         "d/model.safetensors.index.json",
                                         "d/config.json" };
    (void)state;
    expect_wanted(names, 6, "[{\"path\":\"\"},{\"path\":\"d\"}]", "xxx..x");
}

static void torch_files_are_taken_only_where_no_safetensors_are(void **state)
{
    static const char *const both[] = { "pytorch_model.bin", "config.json", "model.safetensors",
                                        "rust_model.ot" };
    static const char *const whole[] = { "config.json", "pytorch_model.bin", "training_args.bin",
                                         "pytorch_model-00001-of-00002.bin", "tf_model.h5" };
    static const char *const shards[] = { "pytorch_model-00001-of-00001.bin",
                                          "pytorch_model.bin.index.json", "optimizer.bin",
                                          "flax_model.msgpack" };
    static const char *const none[] = { "config.json", "training_args.bin", "model.onnx" };
    (void)state;
    expect_wanted(both, 4, NULL, ".xx.");
    expect_wanted(whole, 5, NULL, "xx...");
    expect_wanted(shards, 4, NULL, "xx..");
    expect_wanted(none, 3, NULL, "x..");
}

static void folders_are_taken_only_if_a_module_names_them_exactly(void **state)
{
    static const char *const names[] = { "config.json",     "d/config.json", "dd/config.json",
                                         "d/e/config.json", "e/config.json", "d/.config.json" };
    (void)state;
    expect_wanted(names, 6, NULL, "x.....");
    expect_wanted(names, 6, "[{\"path\":\"d\"},{\"path\":\"..\"},{},3]", "xx....");
    expect_wanted(names, 6, "[{\"path\":\"d/e\"},{\"path\":\"e\"}]", "x..xx.");
}

static void a_listing_of_100000_files_and_100_modules_is_chosen_from_in_a_moment(void **state)
{
    enum { FILES = 100000, MODULES = 100 };
    cz_choice choice = { .allocator = NULL };
    json_t *siblings = json_array(), *modules = json_array();
    char name[64];
    cloze_error error;
    (void)state;
    for (int i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "folder%d/model-%05d-of-99999.safetensors", i % MODULES, i);
        json_array_append_new(siblings, json_pack("{s:s}", "rfilename", name));
    }
    for (int i = 0; i < MODULES; i++) {
        snprintf(name, sizeof name, "folder%d", i);
        json_array_append_new(modules, json_pack("{s:s}", "path", name));
    }
    assert_int_equal(cz_choice_list(&choice, siblings, NULL), CLOZE_OK);
    clock_t begin = clock();
    assert_int_equal(cz_choice_make(&choice, modules, NULL), CLOZE_OK);
    assert_true(clock() - begin < 5 * CLOCKS_PER_SEC);
    assert_int_equal(cz_choice_count(&choice), FILES);
    json_array_append_new(modules, json_pack("{s:s}", "path", "one more"));
    assert_int_equal(cz_choice_make(&choice, modules, &error), CLOZE_ERROR_LIMIT);
    assert_non_null(strstr(error.message, "modules.json"));
    json_array_append_new(siblings, json_pack("{s:s}", "rfilename", "one more"));
    cz_choice_clear(&choice);
    assert_int_equal(cz_choice_list(&choice, siblings, NULL), CLOZE_ERROR_NETWORK);
    cz_choice_clear(&choice);
    json_decref(siblings);
    json_decref(modules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shards_are_taken_only_where_no_whole_file_is),
        cmocka_unit_test(torch_files_are_taken_only_where_no_safetensors_are),
        cmocka_unit_test(folders_are_taken_only_if_a_module_names_them_exactly),
        cmocka_unit_test(a_listing_of_100000_files_and_100_modules_is_chosen_from_in_a_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
