/* test_open.c - what a folder can get wrong is refused with a clear word. */
#include "model/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { HIDDEN = 4, LAYERS = 1, FEED = 6, WORDS = 7, POSITIONS = 5, TYPES = 2 };

static const char config[] =
    "{\"model_type\":\"bert\",\"hidden_size\":4,\"num_hidden_layers\":1,\"num_attention_heads\":2,"
    "\"intermediate_size\":6,\"vocab_size\":7,\"max_position_embeddings\":5,\"type_vocab_size\":2}";

typedef struct spec {
    const char *name;
    size_t rows, columns;
} spec;

static const spec specs[] = {
    { "embeddings.word_embeddings.weight", WORDS, HIDDEN },
    { "embeddings.position_embeddings.weight", POSITIONS, HIDDEN },
    { "embeddings.token_type_embeddings.weight", TYPES, HIDDEN },
    { "embeddings.LayerNorm.weight", 0, HIDDEN },
    { "embeddings.LayerNorm.bias", 0, HIDDEN },
    { "encoder.layer.0.attention.self.query.weight", HIDDEN, HIDDEN },
    { "encoder.layer.0.attention.self.query.bias", 0, HIDDEN },
    { "encoder.layer.0.attention.self.key.weight", HIDDEN, HIDDEN },
    { "encoder.layer.0.attention.self.key.bias", 0, HIDDEN },
    { "encoder.layer.0.attention.self.value.weight", HIDDEN, HIDDEN },
    { "encoder.layer.0.attention.self.value.bias", 0, HIDDEN },
    { "encoder.layer.0.attention.output.dense.weight", HIDDEN, HIDDEN },
    { "encoder.layer.0.attention.output.dense.bias", 0, HIDDEN },
    { "encoder.layer.0.attention.output.LayerNorm.weight", 0, HIDDEN },
    { "encoder.layer.0.attention.output.LayerNorm.bias", 0, HIDDEN },
    { "encoder.layer.0.intermediate.dense.weight", FEED, HIDDEN },
    { "encoder.layer.0.intermediate.dense.bias", 0, FEED },
    { "encoder.layer.0.output.dense.weight", HIDDEN, FEED },
    { "encoder.layer.0.output.dense.bias", 0, HIDDEN },
    { "encoder.layer.0.output.LayerNorm.weight", 0, HIDDEN },
    { "encoder.layer.0.output.LayerNorm.bias", 0, HIDDEN },
};

enum { SPECS = sizeof specs / sizeof *specs };

static char folder[64];
static float numbers[64];

static void write_text(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(cz_file_write(path, text, strlen(text), NULL), 0);
}

/* A folder without tensor number `without`, and with `type` for number `other`. */
static void write_folder(const char *text, size_t without, size_t other, cz_type type)
{
    cz_tensor_to_store tensors[SPECS];
    char path[128];
    size_t count = 0;
    write_text("config.json", text);
    for (size_t i = 0; i < SPECS; i++)
        if (i != without)
            tensors[count++] = (cz_tensor_to_store){
                specs[i].name,
                i == other ? type : CZ_F32,
                specs[i].rows ? 2 : 1,
                { specs[i].rows ? specs[i].rows : specs[i].columns, specs[i].columns },
                numbers,
            };
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    assert_int_equal(cz_safetensors_write(path, tensors, count, NULL), 0);
}

static cloze_status try(cloze_error *error)
{
    cz_place place = { .type = CZ_F32, .kernels = cz_cpu_kernels(NULL) };
    cz_network_options options = { .backend = &cz_backend_cpu, .place = &place, .pack = true };
    cz_network *network = NULL;
    cloze_status status = cz_network_open(&network, folder, &options, error);
    cz_network_free(network);
    return status;
}

static void refused(cloze_status expected, const char *word)
{
    cloze_error error = { 0 };
    cloze_status status = try(&error);
    if (status != expected || !strstr(error.message, word))
        fail_msg("status %d (not %d), \"%s\" lacks \"%s\"", status, expected, error.message, word);
}

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/cloze-test-XXXXXX");
    for (size_t i = 0; i < 64; i++)
        numbers[i] = (float)i / 64;
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "%s/config.json", folder), unlink(path);
    snprintf(path, sizeof path, "%s/model.safetensors", folder), unlink(path);
    return rmdir(folder);
}

static void a_whole_folder_opens(void **state)
{
    cloze_error error = { 0 };
    (void)state;
    write_folder(config, SPECS, SPECS, CZ_F32);
    if (try(&error))
        fail_msg("%s", error.message);
}

static void each_missing_tensor_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < SPECS; i++) {
        write_folder(config, i, SPECS, CZ_F32);
        refused(CLOZE_ERROR_NOT_FOUND, specs[i].name);
    }
}

static void a_wrong_shape_is_named(void **state)
{
    (void)state;
    write_folder("{\"model_type\":\"bert\",\"hidden_size\":4,\"num_hidden_layers\":1,"
                 "\"num_attention_heads\":2,\"intermediate_size\":6,\"vocab_size\":8,"
                 "\"max_position_embeddings\":5,\"type_vocab_size\":2}",
                 SPECS, SPECS, CZ_F32);
    refused(CLOZE_ERROR_FORMAT, "embeddings.word_embeddings.weight");
}

static void a_type_that_cannot_be_a_weight_is_refused(void **state)
{
    (void)state;
    write_folder(config, SPECS, 5, CZ_U8);
    refused(CLOZE_ERROR_FORMAT, "attention.self.query.weight");
}

static void weights_that_are_not_finite_are_refused(void **state)
{
    (void)state;
    numbers[3] = __builtin_nanf("");
    write_folder(config, SPECS, SPECS, CZ_F32);
    refused(CLOZE_ERROR_FORMAT, "not finite");
    numbers[3] = __builtin_inff();
    write_folder(config, SPECS, SPECS, CZ_F32);
    refused(CLOZE_ERROR_FORMAT, "not finite");
    numbers[3] = 0;
}

static void an_unknown_family_is_named_beside_those_known(void **state)
{
    (void)state;
    write_folder("{\"model_type\":\"wizard\"}", SPECS, SPECS, CZ_F32);
    refused(CLOZE_ERROR_UNSUPPORTED, "wizard");
    refused(CLOZE_ERROR_UNSUPPORTED, "bert");
}

static void impossible_settings_are_refused(void **state)
{
    static const char *const bad[][2] = {
        { "{\"model_type\":\"bert\",\"num_attention_heads\":0}", "num_attention_heads" },
        { "{\"model_type\":\"bert\",\"num_attention_heads\":5}", "multiple" },
        { "{\"model_type\":\"bert\",\"num_hidden_layers\":1000000000}", "num_hidden_layers" },
        { "{\"model_type\":\"bert\",\"hidden_size\":-4}", "hidden_size" },
        { "{\"model_type\":\"bert\",\"hidden_size\":\"4\"}", "hidden_size" },
        { "{\"model_type\":\"bert\",\"layer_norm_eps\":-1}", "layer_norm_eps" },
        { "{\"model_type\":\"bert\",\"hidden_dropout_prob\":1}", "hidden_dropout_prob" },
        { "{\"hidden_size\":4}", "model_type" },
        { "[]", "object" },
        { "{", "JSON" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_text("config.json", bad[i][0]);
        refused(CLOZE_ERROR_FORMAT, bad[i][1]);
    }
    write_text("config.json", "{\"model_type\":\"bert\",\"hidden_act\":\"magic\"}");
    refused(CLOZE_ERROR_UNSUPPORTED, "magic");
    write_text("config.json",
               "{\"model_type\":\"bert\",\"position_embedding_type\":\"relative_key\"}");
    refused(CLOZE_ERROR_UNSUPPORTED, "position_embedding_type");
    write_text("config.json", "{\"model_type\":\"bert\",\"is_decoder\":true}");
    refused(CLOZE_ERROR_UNSUPPORTED, "decoder");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_folder_opens),
        cmocka_unit_test(each_missing_tensor_is_named),
        cmocka_unit_test(a_wrong_shape_is_named),
        cmocka_unit_test(a_type_that_cannot_be_a_weight_is_refused),
        cmocka_unit_test(weights_that_are_not_finite_are_refused),
        cmocka_unit_test(an_unknown_family_is_named_beside_those_known),
        cmocka_unit_test(impossible_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
