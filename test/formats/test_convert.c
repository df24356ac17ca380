/* A folder converted: what is in it, what it is called, and that nothing is left where it fails. */
#include "formats/safetensors.h"
#include "scratch.h"
#include "zip_maker.h"

#include <cloze/convert.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const float numbers[6] = { 1, -2.5f, 1e-3f, 4, 65504, 0 };

static void write_text(const char *path, const char *text)
{
    assert_int_equal(cz_file_write(path, text, strlen(text), NULL), CLOZE_OK);
}

/* A folder with a config.json and these tensors. */
static void make_model(const char *name, const cz_tensor_to_store *tensors, size_t count)
{
    char path[300];
    assert_int_equal(cz_folder_make(inside(name), NULL), CLOZE_OK);
    snprintf(path, sizeof path, "%s/config.json", inside(name));
    write_text(path, "{\"model_type\": \"bert\", \"torch_dtype\": \"float32\"}");
    snprintf(path, sizeof path, "%s/model.safetensors", inside(name));
    assert_int_equal(cz_safetensors_write(path, tensors, count, NULL), CLOZE_OK);
}

static cz_weights *open_result(const char *name)
{
    cz_weights *weights = NULL;
    assert_int_equal(cz_weights_open_folder(&weights, inside(name), NULL, NULL), CLOZE_OK);
    return weights;
}

static size_t entries(void)
{
    size_t count = 0;
    char command[300];
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", scratch_folder);
    FILE *pipe = popen(command, "r");
    assert_int_equal(fscanf(pipe, "%zu", &count), 1);
    pclose(pipe);
    return count;
}

static void all_types_come_through_and_lie_aligned(void **state)
{
    static const struct {
        const char *name, *data;
        size_t size, width;
    } expected[] = { { "BOOL", "\0\1\1\0\1", 5, 1 },
                     { "F16", "ab", 2, 2 },
                     { "F32", "abcdefgh", 8, 4 },
                     { "F64", "", 0, 8 },
                     { "I32", "1234", 4, 4 },
                     { "I64", "12345678", 8, 8 },
                     { "I8", "x", 1, 1 },
                     { "U8", "abc", 3, 1 } };
    enum { COUNT = sizeof expected / sizeof *expected };
    cz_stored_tensor tensors[COUNT];
    cz_output output;
    cloze_convert_report report;
    (void)state;
    make_model("types", NULL, 0);
    for (size_t i = 0; i < COUNT; i++)
        tensors[i] = (cz_stored_tensor){ .name = expected[i].name,
                                         .type_name = expected[i].name,
                                         .rank = 1,
                                         .shape = { expected[i].size / expected[i].width },
                                         .size = expected[i].size };
    assert_int_equal(
        cz_safetensors_begin(&output, inside("types/model.safetensors"), tensors, COUNT, NULL),
        CLOZE_OK);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(cz_output_put(&output, expected[i].data, expected[i].size, NULL),
                         CLOZE_OK);
    assert_int_equal(cz_output_finish(&output, CLOZE_OK, NULL), CLOZE_OK);
    assert_int_equal(cloze_convert(inside("types"), inside("types.new/"), NULL, &report, NULL),
                     CLOZE_OK);
    assert_int_equal(report.tensors, COUNT);
    assert_int_equal(report.bytes, 31);
    assert_int_equal(report.files, 1);
    cz_weights *weights = open_result("types.new");
    assert_int_equal(cz_weights_count(weights), COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        const cz_stored_tensor *stored = cz_weights_tensor(weights, i);
        assert_string_equal(stored->name, expected[i].name);
        assert_string_equal(stored->type_name, expected[i].name);
        assert_int_equal((uintptr_t)stored->data % expected[i].width, 0);
        assert_int_equal(stored->size, expected[i].size);
        assert_memory_equal(stored->data, expected[i].data, stored->size);
    }
    cz_weights_close(weights);
}

static void old_names_of_norms_become_new_ones(void **state)
{
    const cz_tensor_to_store old[] = {
        { "x.LayerNorm.gamma", CZ_F32, 1, { 2 }, numbers },
        { "x.LayerNorm.beta", CZ_F32, 1, { 2 }, numbers + 2 },
        { "gamma", CZ_F32, 1, { 1 }, numbers },
    };
    const cz_tensor_to_store both[] = {
        { "x.LayerNorm.gamma", CZ_F32, 1, { 2 }, numbers },
        { "x.LayerNorm.weight", CZ_F32, 1, { 2 }, numbers },
    };
    cloze_convert_report report;
    cloze_error error = { CLOZE_OK, 0, "" };
    (void)state;
    make_model("old", old, 3);
    assert_int_equal(cloze_convert(inside("old"), inside("old.new"), NULL, &report, NULL),
                     CLOZE_OK);
    assert_int_equal(report.renamed, 2);
    cz_weights *weights = open_result("old.new");
    assert_memory_equal(cz_weights_find(weights, "x.LayerNorm.weight")->data, numbers, 8);
    assert_memory_equal(cz_weights_find(weights, "x.LayerNorm.bias")->data, numbers + 2, 8);
    assert_non_null(cz_weights_find(weights, "gamma"));
    cz_weights_close(weights);
    make_model("both", both, 2);
    assert_int_equal(cloze_convert(inside("both"), inside("both.new"), NULL, NULL, &error),
                     CLOZE_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "old name"));
}

static void a_shared_storage_is_written_once_where_it_is_tied_again(void **state)
{
    char path[4096];
    cz_mapping bytes;
    cloze_convert_report report;
    (void)state;
    assert_int_equal(cz_folder_make(inside("tied"), NULL), CLOZE_OK);
    snprintf(path, sizeof path, "%s/golden/torch/tied.bin", getenv("CLOZE_TEST_DATA"));
    assert_int_equal(cz_file_open(&bytes, path, 1 << 20, true, NULL, NULL), CLOZE_OK);
    assert_int_equal(cz_file_write(inside("tied/pytorch_model.bin"), bytes.data, bytes.size, NULL),
                     CLOZE_OK);
    cz_file_close(&bytes);
    for (int tied = 0; tied < 2; tied++) {
        const char *out = tied ? "tied.yes" : "tied.no";
        write_text(inside("tied/config.json"), tied ? "{}" : "{\"tie_word_embeddings\": false}");
        assert_int_equal(cloze_convert(inside("tied"), inside(out), NULL, &report, NULL), CLOZE_OK);
        assert_int_equal(report.shared, tied ? 2 : 1);
        cz_weights *weights = open_result(out);
        assert_null(cz_weights_find(weights, "cls.predictions.decoder.bias"));
        assert_non_null(cz_weights_find(weights, "cls.predictions.bias"));
        assert_non_null(cz_weights_find(weights, "other.weight"));
        assert_non_null(cz_weights_find(weights, "bert.embeddings.word_embeddings.weight"));
        assert_int_equal(!cz_weights_find(weights, "cls.predictions.decoder.weight"), tied);
        cz_weights_close(weights);
    }
}

/* A torch checkpoint of one tensor under so many names; the first one is `first`. */
static void write_many_names(const char *path, const char *first, size_t count)
{
    static const char begin[] = "\200\2}";
    static const char tensor[] =
        "ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\n"
        "X\1\0\0\0"
        "0X\3\0\0\0cpuK\4tQK\0K\2K\2\206K\2K\1\206\211"
        "ccollections\nOrderedDict\n)RtRq\0s";
    char *pickle = malloc(sizeof begin + sizeof tensor + count * 40), *zip;
    size_t used = sizeof begin - 1, size;
    assert_non_null(pickle);
    memcpy(pickle, begin, used);
    for (size_t i = 0; i < count; i++) {
        char name[40];
        int length = i ? snprintf(name, sizeof name, "%05zu.decoder.weight", i)
                       : snprintf(name, sizeof name, "%s", first);
        const char codes[] = { 'X', (char)length, 0, 0, 0 };
        memcpy(pickle + used, codes, sizeof codes);
        memcpy(pickle + used + sizeof codes, name, (size_t)length);
        used += sizeof codes + (size_t)length;
        memcpy(pickle + used, i ? "h\0s" : tensor, i ? 3 : sizeof tensor - 1);
        used += i ? 3 : sizeof tensor - 1;
    }
    pickle[used++] = '.';
    const zip_entry entries[] = { { .name = "a/data.pkl", .data = pickle, .size = used },
                                  { .name = "a/data/0", .data = "0123456789abcdef", .size = 16 } };
    zip = make_zip(entries, 2, NULL, &size);
    assert_int_equal(cz_file_write(path, zip, size, NULL), CLOZE_OK);
    free(pickle);
    free(zip);
}

/* In no more than a moment, and without filling the disk. */
static void one_tensor_of_many_names_is_written_once_or_refused(void **state)
{
    cloze_convert_report report;
    cloze_error error;
    (void)state;
    assert_int_equal(cz_folder_make(inside("many"), NULL), CLOZE_OK);
    write_text(inside("many/config.json"), "{}");
    write_many_names(inside("many/pytorch_model.bin"), "embeddings.weight", 50000);
    assert_int_equal(cloze_convert(inside("many"), inside("many.tied"), NULL, &report, &error),
                     CLOZE_OK);
    assert_int_equal(report.tensors, 1);
    assert_int_equal(report.shared, 49999);
    write_many_names(inside("many/pytorch_model.bin"), "x", 50000);
    assert_int_equal(cloze_convert(inside("many"), inside("many.untied"), NULL, &report, &error),
                     CLOZE_ERROR_LIMIT);
    assert_non_null(strstr(error.message, "share"));
    assert_false(cz_path_is_folder(inside("many.untied")));
}

/* A name of bytes that are no text, and the one that safetensors takes for itself. */
static void names_that_cannot_be_written_are_refused(void **state)
{
    static const char *const names[] = { "__metadata__", "a\xff" };
    cloze_error error;
    (void)state;
    assert_int_equal(cz_folder_make(inside("named"), NULL), CLOZE_OK);
    write_text(inside("named/config.json"), "{}");
    for (size_t i = 0; i < 2; i++) {
        write_many_names(inside("named/pytorch_model.bin"), names[i], 1);
        assert_int_not_equal(
            cloze_convert(inside("named"), inside("named.out"), NULL, NULL, &error), CLOZE_OK);
        assert_non_null(strstr(error.message, "name"));
        assert_false(cz_path_is_folder(inside("named.out")));
    }
}

static void numbers_are_rounded_and_config_says_so(void **state)
{
    const cz_tensor_to_store tensors[] = {
        { "double", CZ_F64, 1, { 1 }, &(const double){ 0.1 } },
        { "float", CZ_F32, 1, { 6 }, numbers },
        { "long", CZ_I64, 0, { 0 }, "12345678" },
    };
    static const cz_type types[] = { CZ_F64, CZ_F32, CZ_F16, CZ_BF16 };
    static const char *const names[] = { "float32", "float32", "float16", "bfloat16" };
    (void)state;
    make_model("round", tensors, 3);
    for (size_t i = 1; i < 4; i++) {
        char name[32], path[300];
        cz_mapping config;
        cloze_convert_options options = { .numbers = (cloze_number_type)i };
        snprintf(name, sizeof name, "round.%zu", i);
        assert_int_equal(cloze_convert(inside("round"), inside(name), &options, NULL, NULL),
                         CLOZE_OK);
        cz_weights *weights = open_result(name);
        assert_int_equal(cz_weights_find(weights, "long")->type, CZ_I64);
        const cz_stored_tensor *stored = cz_weights_find(weights, "float");
        assert_int_equal(stored->type, types[i]);
        cz_tensor row = { (void *)(uintptr_t)stored->data, 1, 6, 6, stored->type, false, NULL };
        for (size_t j = 0; j < 6; j++) {
            double value = cz_tensor_at(&row, 0, j);
            assert_true(fabs(value - (double)numbers[j]) <=
                        fabs((double)numbers[j]) * (i == 1   ? 0
                                                    : i == 2 ? 0x1p-11
                                                             : 0x1p-8));
        }
        cz_weights_close(weights);
        snprintf(path, sizeof path, "%s/config.json", inside(name));
        assert_int_equal(cz_file_open(&config, path, 1000, true, NULL, NULL), CLOZE_OK);
        assert_non_null(memmem(config.data, config.size, names[i], strlen(names[i])));
        cz_file_close(&config);
    }
}

static void refuse(const char *from, const char *to, const cloze_convert_options *options,
                   cloze_status expected, const char *word)
{
    size_t before = entries();
    cloze_error error = { CLOZE_OK, 0, "" };
    cloze_convert_report report = { .tensors = 77 };
    cloze_status status = cloze_convert(inside(from), inside(to), options, &report, &error);
    if (status != expected || !strstr(error.message, word))
        print_error("%d \"%s\", expected %d \"%s\"\n", status, error.message, expected, word);
    assert_int_equal(status, expected);
    assert_non_null(strstr(error.message, word));
    assert_int_equal(report.tensors, 77);
    assert_int_equal(entries(), before);
}

static bool stop(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    assert_true(done <= total);
    return false;
}

static void what_fails_leaves_nothing_behind(void **state)
{
    const float large[2] = { 1, 65520 };
    const cz_tensor_to_store tensor = { "x", CZ_F32, 1, { 2 }, large };
    const cloze_convert_options half = { .numbers = CLOZE_NUMBERS_F16 };
    const cloze_convert_options stopped = { .progress = { stop, NULL } };
    const cloze_convert_options unknown = { .numbers = (cloze_number_type)4 };
    (void)state;
    make_model("large", &tensor, 1);
    refuse("large", "no", &half, CLOZE_ERROR_LIMIT, "\"x\" has a number");
    refuse("large", "no", &stopped, CLOZE_ERROR_CANCELLED, "cancel");
    refuse("large", "no", &unknown, CLOZE_ERROR_ARGUMENT, "type");
    refuse("absent", "no", NULL, CLOZE_ERROR_NOT_FOUND, "no folder");
    refuse("large", "large", NULL, CLOZE_ERROR_ARGUMENT, "is there already");
    refuse("large", "large/config.json", NULL, CLOZE_ERROR_ARGUMENT, "is there already");
    refuse("large", "absent/no", NULL, CLOZE_ERROR_NOT_FOUND, "cannot make the folder");
    assert_int_equal(cz_folder_make(inside("bare"), NULL), CLOZE_OK);
    refuse("bare", "no", NULL, CLOZE_ERROR_NOT_FOUND, "config.json");
    write_text(inside("bare/config.json"), "{}");
    refuse("bare", "no", NULL, CLOZE_ERROR_NOT_FOUND, "no model.safetensors");
    write_text(inside("bare/config.json"), "[]");
    refuse("bare", "no", NULL, CLOZE_ERROR_FORMAT, "not an object");
    write_text(inside("bare/config.json"), "{\"tie_word_embeddings\": 3}");
    refuse("bare", "no", NULL, CLOZE_ERROR_FORMAT, "tie_word_embeddings");
}

static void an_empty_folder_is_taken_and_its_files_are_as_open_as_any(void **state)
{
    const cz_tensor_to_store tensor = { "x", CZ_F32, 1, { 2 }, numbers };
    (void)state;
    make_model("plain", &tensor, 1);
    write_text(inside("plain/tokenizer.json"), "{}");
    write_text(inside("plain/.hidden.json"), "{}");
    write_text(inside("plain/pytorch_model.bin.index.json"), "{}");
    write_text(inside("plain/script.py"), "");
    assert_int_equal(cz_folder_make(inside("plain.new"), NULL), CLOZE_OK);
    assert_int_equal(cloze_convert(inside("plain"), inside("plain.new"), NULL, NULL, NULL),
                     CLOZE_OK);
    assert_true(cz_path_is_file(inside("plain.new/tokenizer.json")));
    assert_false(cz_path_is_file(inside("plain.new/.hidden.json")));
    assert_false(cz_path_is_file(inside("plain.new/pytorch_model.bin.index.json")));
    assert_false(cz_path_is_file(inside("plain.new/script.py")));
}

static void modules_come_along_and_stay_below_the_folder(void **state)
{
    const cz_tensor_to_store tensor = { "linear.weight", CZ_F32, 2, { 1, 2 }, numbers };
    (void)state;
    make_model("st/0_Transformer", &tensor, 1);
    make_model("st/2_Dense", &tensor, 1);
    assert_int_equal(cz_folder_make(inside("st/1_Pooling"), NULL), CLOZE_OK);
    write_text(inside("st/1_Pooling/config.json"), "{}");
    write_text(inside("st/modules.json"),
               "[{\"path\": \"0_Transformer\"}, {\"path\": \"1_Pooling\"},"
               " {\"path\": \"2_Dense\"}, {\"path\": \"3_Normalize\"}]");
    cloze_convert_report report;
    assert_int_equal(cloze_convert(inside("st"), inside("st.new"), NULL, &report, NULL), CLOZE_OK);
    assert_int_equal(report.tensors, 2);
    assert_int_equal(report.files, 4);
    assert_true(cz_path_is_file(inside("st.new/0_Transformer/model.safetensors")));
    assert_true(cz_path_is_file(inside("st.new/2_Dense/model.safetensors")));
    assert_true(cz_path_is_file(inside("st.new/1_Pooling/config.json")));
    assert_true(cz_path_is_file(inside("st.new/modules.json")));
    write_text(inside("st/modules.json"), "[{\"path\": \"../st/0_Transformer\"}]");
    refuse("st", "no", NULL, CLOZE_ERROR_FORMAT, "plain names");
    write_text(inside("st/modules.json"), "[]");
    refuse("st", "no", NULL, CLOZE_ERROR_FORMAT, "modules.json");
    write_text(inside("st/modules.json"), "[{\"path\": \"0_Transformer\"}, {\"path\": \"out\"}]");
    assert_int_equal(symlink("/etc", inside("st/out")), 0);
    refuse("st", "no", NULL, CLOZE_ERROR_FORMAT, "leads out");
    write_text(inside("st/modules.json"), "[{\"path\": \"0_Transformer\"}]");
    assert_int_equal(symlink("/etc/hostname", inside("st/0_Transformer/vocab.txt")), 0);
    refuse("st", "no", NULL, CLOZE_ERROR_FORMAT, "leads out");
}

/* ---- memory ---- */

static void *counted_resize(void *context, void *block, size_t size)
{
    size_t *left = context;
    if (!*left)
        return NULL;
    --*left;
    return realloc(block, size);
}

static void *counted_allocate(void *context, size_t size)
{
    return counted_resize(context, NULL, size);
}

static void counted_release(void *context, void *block)
{
    (void)context;
    free(block);
}

static void every_failing_allocation_is_reported(void **state)
{
    const cz_tensor_to_store tensors[] = { { "x.LayerNorm.gamma", CZ_F32, 1, { 2 }, numbers },
                                           { "y", CZ_F32, 1, { 2 }, numbers } };
    size_t left = 0, allowed = 0;
    const cloze_hooks hooks = { .allocator = { counted_allocate, counted_resize, counted_release,
                                               &left } };
    const cloze_convert_options options = { .hooks = &hooks };
    cloze_status status = CLOZE_ERROR_MEMORY;
    (void)state;
    make_model("memory", tensors, 2);
    size_t before = entries();
    for (; status; allowed++) {
        left = allowed;
        status = cloze_convert(inside("memory"), inside("memory.new"), &options, NULL, NULL);
        assert_true(!status || status == CLOZE_ERROR_MEMORY);
        assert_int_equal(entries(), before + !status);
    }
    assert_true(allowed > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types_come_through_and_lie_aligned),
        cmocka_unit_test(old_names_of_norms_become_new_ones),
        cmocka_unit_test(a_shared_storage_is_written_once_where_it_is_tied_again),
        cmocka_unit_test(one_tensor_of_many_names_is_written_once_or_refused),
        cmocka_unit_test(names_that_cannot_be_written_are_refused),
        cmocka_unit_test(numbers_are_rounded_and_config_says_so),
        cmocka_unit_test(what_fails_leaves_nothing_behind),
        cmocka_unit_test(an_empty_folder_is_taken_and_its_files_are_as_open_as_any),
        cmocka_unit_test(modules_come_along_and_stay_below_the_folder),
        cmocka_unit_test(every_failing_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
