/*
 * test_modules.c - the modules of a folder in every type that files hold: a Dense module in
 * bfloat16, and one that does not lie aligned, give the bits of aligned float32 with the same
 * values.
 */
#include "folder.h"

#include "../formats/scratch.h"
#include "base/file.h"
#include "formats/safetensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { IN = 24, OUT = 10 };

static void put(const char *name, const void *data, size_t size)
{
    assert_int_equal(cz_file_write(inside(name), data, size, NULL), CLOZE_OK);
}

static void copy(const char *name)
{
    char from[1024], path[1024];
    cz_mapping file;
    snprintf(path, sizeof path, "sentence/dense/%s", name);
    assert_int_equal(
        cz_file_open(&file, golden_path(from, sizeof from, path), SIZE_MAX, true, NULL, NULL), 0);
    put(name, file.data, file.size);
    cz_file_close(&file);
}

static void prepare(void)
{
    static const char *const folders[] = { "1_Pooling", "2_Dense", "3_Normalize" };
    static const char *const files[] = { "config.json",           "model.safetensors",
                                         "modules.json",          "tokenizer.json",
                                         "1_Pooling/config.json", "2_Dense/config.json" };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        assert_int_equal(cz_folder_make(inside(folders[i]), NULL), CLOZE_OK);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        copy(files[i]);
}

/* Weights that bfloat16 holds exactly. */
static void fill(float *weight, float *bias, uint16_t *weight_bits, uint16_t *bias_bits)
{
    for (size_t i = 0; i < IN * OUT; i++) {
        weight_bits[i] = cz_f32_to_bf16((float)(i * 37 % 101) * 0.013f - 0.6f);
        weight[i] = cz_bf16_to_f32(weight_bits[i]);
    }
    for (size_t i = 0; i < OUT; i++) {
        bias_bits[i] = cz_f32_to_bf16((float)i * 0.07f - 0.3f);
        bias[i] = cz_bf16_to_f32(bias_bits[i]);
    }
}

static void store(cz_type type, const void *weight, const void *bias)
{
    const cz_tensor_to_store tensors[] = { { "linear.weight", type, 2, { OUT, IN }, weight },
                                           { "linear.bias", type, 1, { OUT }, bias } };
    assert_int_equal(cz_safetensors_write(inside("2_Dense/model.safetensors"), tensors, 2, NULL),
                     CLOZE_OK);
}

/* Legal, though no writer does it: the header's length leaves the numbers at an odd place. */
static void store_unaligned(const float *weight, const float *bias)
{
    static const char header[] =
        "{\"linear.weight\":{\"dtype\":\"F32\",\"shape\":[10,24],\"data_offsets\":[0,960]},"
        "\"linear.bias\":{\"dtype\":\"F32\",\"shape\":[10],\"data_offsets\":[960,1000]}}";
    char bytes[2048];
    uint64_t size = sizeof header - 1;
    size += size % 2 == 0;
    memset(bytes, ' ', sizeof bytes);
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (char)(size >> 8 * i);
    memcpy(bytes + 8, header, sizeof header - 1);
    memcpy(bytes + 8 + size, weight, IN * OUT * sizeof *weight);
    memcpy(bytes + 8 + size + IN * OUT * sizeof *weight, bias, OUT * sizeof *bias);
    put("2_Dense/model.safetensors", bytes, 8 + (size_t)size + (IN * OUT + OUT) * sizeof *bias);
}

static void embed(float *vectors, cloze_packing packing, bool reference)
{
    const cloze_text texts[] = { { "the cat", 7 }, { "a dog sits", 10 } };
    cloze_error error = { 0 };
    opened o;
    open_model(
        &o, inside("."),
        &(open_options){ .threads = 1,
                         .packing = packing,
                         .precision = reference ? CLOZE_PRECISION_F64 : CLOZE_PRECISION_F32 });
    assert_int_equal(cloze_embed_dimension(o.model, NULL), OUT);
    if (cloze_embed(o.session, texts, 2, NULL, vectors, NULL, NULL, &error))
        fail_msg("%s", error.message);
    close_model(&o);
}

static void modules_are_read_in_every_type_and_at_every_place(void **state)
{
    static float weight[IN * OUT], bias[OUT], expected[2 * OUT], found[2 * OUT];
    static uint16_t weight_bits[IN * OUT], bias_bits[OUT];
    (void)state;
    prepare();
    fill(weight, bias, weight_bits, bias_bits);
    for (int way = 0; way < 3; way++) {
        cloze_packing packing = way ? CLOZE_PACK_AT_USE : CLOZE_PACK_KEPT;
        bool reference = way == 2;
        store(CZ_F32, weight, bias);
        embed(expected, packing, reference);
        store(CZ_BF16, weight_bits, bias_bits);
        embed(found, packing, reference);
        assert_memory_equal(found, expected, sizeof expected);
        store_unaligned(weight, bias);
        embed(found, packing, reference);
        assert_memory_equal(found, expected, sizeof expected);
    }
}

/* A module that is a link to somewhere else is not followed. */
static void a_module_outside_the_folder_is_refused(void **state)
{
    char elsewhere[] = "/tmp/cloze-test-XXXXXX";
    cloze_model *model = NULL;
    cloze_error error = { 0 };
    (void)state;
    assert_non_null(mkdtemp(elsewhere));
    assert_int_equal(rename(inside("2_Dense"), inside("kept")), 0);
    assert_int_equal(symlink(elsewhere, inside("2_Dense")), 0);
    assert_int_not_equal(cloze_model_open(&model, inside("."), NULL, &error), CLOZE_OK);
    assert_non_null(strstr(error.message, "2_Dense"));
    assert_int_equal(unlink(inside("2_Dense")), 0);
    assert_int_equal(rename(inside("kept"), inside("2_Dense")), 0);
    rmdir(elsewhere);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modules_are_read_in_every_type_and_at_every_place),
        cmocka_unit_test(a_module_outside_the_folder_is_refused),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
