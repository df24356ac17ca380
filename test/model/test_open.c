/* test_open.c - what a folder can get wrong is refused with a clear word. */
#include "model/network.h"

#include <fenv.h>
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

enum { MORE = 64 };

static char folder[64];
static float numbers[64];
static double thirds[64];

static void write_text(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(cz_file_write(path, text, strlen(text), NULL), 0);
}

/* A folder without tensor number `without`, with `type` for number `other`, and with `more`. */
static void write_more(const char *text, size_t without, size_t other, cz_type type,
                       const cz_tensor_to_store *more, size_t more_count)
{
    cz_tensor_to_store tensors[SPECS + MORE];
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
                i == other && type == CZ_F64 ? (const void *)thirds : numbers,
            };
    for (size_t i = 0; i < more_count; i++)
        tensors[count++] = more[i];
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    assert_int_equal(cz_safetensors_write(path, tensors, count, NULL), 0);
}

static void write_folder(const char *text, size_t without, size_t other, cz_type type)
{
    write_more(text, without, other, type, NULL, 0);
}

static cloze_status open_folder(cz_network **out, const cloze_hooks *hooks, cloze_error *error)
{
    cz_place place = { .type = CZ_F32, .kernels = cz_cpu_kernels(NULL) };
    cz_network_options options = {
        .backend = &cz_backend_cpu, .place = &place, .pack = true, .hooks = hooks
    };
    return cz_network_open(out, folder, &options, error);
}

static cloze_status try(cloze_error *error)
{
    cz_network *network = NULL;
    cloze_status status = open_folder(&network, NULL, error);
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
    for (size_t i = 0; i < 64; i++) {
        numbers[i] = (float)i / 64;
        thirds[i] = (double)(i + 1) / 3;
    }
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
        { "{\"model_type\":\"electra\",\"summary_last_dropout\":2}", "summary_last_dropout" },
        { "{\"model_type\":\"rembert\",\"output_embedding_size\":0}", "output_embedding_size" },
        { "{\"model_type\":\"longformer\",\"attention_window\":7}", "attention_window" },
        { "{\"model_type\":\"longformer\",\"attention_window\":0}", "attention_window" },
        { "{\"model_type\":\"longformer\",\"attention_window\":[4,4]}", "2 windows for 12" },
        { "{\"model_type\":\"longformer\",\"num_hidden_layers\":2,\"attention_window\":[4,\"4\"]}",
          "attention_window" },
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
    write_text("config.json", "{\"model_type\":\"bert\",\"position_embedding_type\":\"rotary\"}");
    refused(CLOZE_ERROR_UNSUPPORTED, "position_embedding_type");
    write_text("config.json",
               "{\"model_type\":\"deberta-v2\",\"conv_kernel_size\":3,\"conv_groups\":2}");
    refused(CLOZE_ERROR_UNSUPPORTED, "conv_groups");
    write_text("config.json",
               "{\"model_type\":\"deberta-v2\",\"conv_kernel_size\":3,\"conv_act\":\"magic\"}");
    refused(CLOZE_ERROR_UNSUPPORTED, "conv_act");
    write_text("config.json", "{\"model_type\":\"deberta-v2\",\"conv_kernel_size\":4}");
    refused(CLOZE_ERROR_FORMAT, "conv_kernel_size");
    write_text(
        "config.json",
        "{\"model_type\":\"deberta-v2\",\"relative_attention\":true,\"pos_att_type\":\"c2p|p2p\"}");
    refused(CLOZE_ERROR_UNSUPPORTED, "p2p");
    write_text("config.json", "{\"model_type\":\"deberta-v2\",\"attention_head_size\":3}");
    refused(CLOZE_ERROR_UNSUPPORTED, "attention_head_size");
    write_text("config.json", "{\"model_type\":\"deberta-v2\",\"relative_attention\":true,\"pos_"
                              "att_type\":[\"c2p\"],\"position_buckets\":2}");
    refused(CLOZE_ERROR_FORMAT, "logarithmic");
    write_text("config.json",
               "{\"model_type\":\"modernbert\",\"rope_scaling\":{\"type\":\"linear\"}}");
    refused(CLOZE_ERROR_UNSUPPORTED, "rope_scaling");
    write_text("config.json",
               "{\"model_type\":\"modernbert\",\"rope_parameters\":{\"full_attention\":"
               "{\"rope_type\":\"yarn\",\"factor\":2}}}");
    refused(CLOZE_ERROR_UNSUPPORTED, "rope_type");
    write_text("config.json",
               "{\"model_type\":\"modernbert\",\"rope_parameters\":{\"sliding_attention\":"
               "{\"rope_type\":\"default\",\"rope_theta\":0}}}");
    refused(CLOZE_ERROR_FORMAT, "rope_theta");
    write_text("config.json", "{\"model_type\":\"modernbert\",\"rope_parameters\":[1]}");
    refused(CLOZE_ERROR_FORMAT, "rope_parameters");
    write_text("config.json",
               "{\"model_type\":\"modernbert\",\"num_hidden_layers\":2,\"layer_types\":"
               "[\"full_attention\"]}");
    refused(CLOZE_ERROR_FORMAT, "layer_types");
    write_text("config.json",
               "{\"model_type\":\"modernbert\",\"num_hidden_layers\":2,\"layer_types\":"
               "[\"full_attention\",\"linear_attention\"]}");
    refused(CLOZE_ERROR_UNSUPPORTED, "layer_types");
    /* transformers does not scale its terms of distance there. */
    write_text("config.json",
               "{\"model_type\":\"albert\",\"position_embedding_type\":\"relative_key\"}");
    refused(CLOZE_ERROR_UNSUPPORTED, "position_embedding_type");
    write_text("config.json", "{\"model_type\":\"modernbert\",\"classifier_pooling\":\"max\"}");
    refused(CLOZE_ERROR_UNSUPPORTED, "classifier_pooling");
    write_text("config.json", "{\"model_type\":\"modernbert\",\"max_position_embeddings\":100000}");
    refused(CLOZE_ERROR_LIMIT, "max_position_embeddings");
    write_text("config.json", "{\"model_type\":\"bert\",\"is_decoder\":true}");
    refused(CLOZE_ERROR_UNSUPPORTED, "decoder");
}

/* ---- what a file may hold beside what is needed ---- */

/* Lines of the log, and the largest block that was asked for. */
typedef struct witness {
    size_t lines, largest;
    char text[4096];
} witness;

static void hear(void *context, cloze_log_level level, const char *message)
{
    witness *w = context;
    (void)level;
    w->lines++;
    strncat(w->text, message, sizeof w->text - strlen(w->text) - 1);
    strncat(w->text, "|", sizeof w->text - strlen(w->text) - 1);
}

static void *take(void *context, size_t size)
{
    witness *w = context;
    if (size > w->largest)
        w->largest = size;
    return malloc(size);
}

static void *change(void *context, void *block, size_t size)
{
    witness *w = context;
    if (size > w->largest)
        w->largest = size;
    return realloc(block, size);
}

static void give(void *context, void *block)
{
    (void)context;
    free(block);
}

static cloze_hooks hooks_of(witness *w)
{
    return (cloze_hooks){ .allocator = { take, change, give, w }, .log = { hear, w } };
}

/* The error of a counting run to the logits, or to the pooler alone; "" when there is none. */
static void run_heads(const cz_network *network, bool classify, size_t *labels, char *message)
{
    static char host[1 << 16];
    static const uint32_t nothing = 0;
    size_t begin = 0, length = 1;
    cz_batch batch = { .tokens = 1,
                       .packing = { 1, &begin, &length, 1 },
                       .ids = &nothing,
                       .positions = &nothing,
                       .types = &nothing };
    cz_run run = { .backend = &cz_backend_cpu, .host = { host, sizeof host, 0, 0 } };
    cz_run_reset(&run);
    cz_tensor *x = cz_encode(&run, network, &batch, LAYERS);
    x = classify ? cz_logits(&run, network, CZ_HEAD_LABELS, &batch, x)
                 : cz_pooled(&run, network, &batch, x);
    *labels = x->columns;
    strcpy(message, cz_run_failed(&run) ? run.error.message : "");
}

#define POOLER                                                                                     \
    { "pooler.dense.weight", CZ_F32, 2, { HIDDEN, HIDDEN }, numbers },                             \
    {                                                                                              \
        "pooler.dense.bias", CZ_F32, 1, { HIDDEN }, numbers                                        \
    }

static void heads_that_fit_are_bound(void **state)
{
    const cz_tensor_to_store more[] = {
        POOLER,
        { "classifier.weight", CZ_F32, 2, { 3, HIDDEN }, numbers },
        { "classifier.bias", CZ_F32, 1, { 3 }, numbers },
    };
    witness w = { 0 };
    cloze_hooks hooks = hooks_of(&w);
    cz_network *network = NULL;
    char message[CLOZE_MESSAGE_SIZE];
    size_t labels;
    (void)state;
    write_more(config, SPECS, SPECS, CZ_F32, more, 4);
    assert_int_equal(open_folder(&network, &hooks, NULL), 0);
    run_heads(network, true, &labels, message);
    assert_string_equal(message, "");
    assert_int_equal(labels, 3);
    assert_int_equal(cz_head_columns(network, CZ_HEAD_LABELS), 3);
    assert_string_equal(w.text, "");
    cz_network_free(network);
}

/* As torch saves them, which knows nothing of what is tied. */
static void second_names_of_tied_weights_are_no_news(void **state)
{
    const cz_tensor_to_store more[] = {
        { "cls.predictions.transform.dense.weight", CZ_F32, 2, { HIDDEN, HIDDEN }, numbers },
        { "cls.predictions.transform.dense.bias", CZ_F32, 1, { HIDDEN }, numbers },
        { "cls.predictions.transform.LayerNorm.weight", CZ_F32, 1, { HIDDEN }, numbers },
        { "cls.predictions.transform.LayerNorm.bias", CZ_F32, 1, { HIDDEN }, numbers },
        { "cls.predictions.bias", CZ_F32, 1, { WORDS }, numbers },
        { "cls.predictions.decoder.weight", CZ_F32, 2, { WORDS, HIDDEN }, numbers },
        { "cls.predictions.decoder.bias", CZ_F32, 1, { WORDS }, numbers },
    };
    witness w = { 0 };
    cloze_hooks hooks = hooks_of(&w);
    cz_network *network = NULL;
    (void)state;
    write_more(config, SPECS, SPECS, CZ_F32, more, sizeof more / sizeof *more);
    assert_int_equal(open_folder(&network, &hooks, NULL), 0);
    assert_int_equal(cz_head_columns(network, CZ_HEAD_WORDS), WORDS);
    assert_string_equal(w.text, "");
    cz_network_free(network);
}

static void heads_that_do_not_fit_are_left_out_and_missed_only_when_asked_for(void **state)
{
    const struct {
        cz_tensor_to_store more[4];
        size_t count;
        const char *missing, *noted;
    } cases[] = {
        { { { 0 } }, 0, "pooler", "" },
        { { { "pooler.dense.weight", CZ_F32, 2, { HIDDEN, HIDDEN }, numbers } },
          1,
          "pooler",
          "pooler.dense is left out: the weights lack the tensor \"pooler.dense.bias\"" },
        { { { "pooler.dense.weight", CZ_F32, 2, { HIDDEN + 1, HIDDEN }, numbers },
            { "pooler.dense.bias", CZ_F32, 1, { HIDDEN + 1 }, numbers } },
          2,
          "pooler",
          "\"pooler.dense.weight\" has not the shape [4, 4]" },
        { { { "pooler.dense.weight", CZ_U8, 2, { HIDDEN, HIDDEN }, numbers },
            { "pooler.dense.bias", CZ_F32, 1, { HIDDEN }, numbers } },
          2,
          "pooler",
          "\"pooler.dense.weight\" is of a type" },
        { { { "classifier.weight", CZ_F32, 2, { 3, HIDDEN }, numbers },
            { "classifier.bias", CZ_F32, 1, { 3 }, numbers } },
          2,
          "pooler",
          "there is no pooler" },
        { { POOLER }, 2, "classifier", "" },
        { { POOLER, { "classifier.weight", CZ_F32, 2, { 3, HIDDEN }, numbers } },
          3,
          "classifier",
          "lack the tensor \"classifier.bias\"" },
        { { POOLER,
            { "classifier.weight", CZ_F32, 2, { 3, HIDDEN + 1 }, numbers },
            { "classifier.bias", CZ_F32, 1, { 3 }, numbers } },
          4,
          "classifier",
          "\"classifier.weight\" has not the shape [3, 4]" },
        { { POOLER,
            { "classifier.weight", CZ_F32, 2, { 0, HIDDEN }, numbers },
            { "classifier.bias", CZ_F32, 1, { 0 }, numbers } },
          4,
          "classifier",
          "not [labels, hidden]" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        witness w = { 0 };
        cloze_hooks hooks = hooks_of(&w);
        cz_network *network = NULL;
        cloze_error error = { 0 };
        char message[CLOZE_MESSAGE_SIZE];
        size_t labels;
        write_more(config, SPECS, SPECS, CZ_F32, cases[i].more, cases[i].count);
        if (open_folder(&network, &hooks, &error))
            fail_msg("case %zu: %s", i, error.message);
        if (!strstr(w.text, cases[i].noted) || !*cases[i].noted != !w.lines)
            fail_msg("case %zu: \"%s\" lacks \"%s\"", i, w.text, cases[i].noted);
        run_heads(network, true, &labels, message);
        if (!strstr(message, cases[i].missing))
            fail_msg("case %zu: \"%s\" does not name the %s", i, message, cases[i].missing);
        run_heads(network, false, &labels, message);
        assert_int_equal(!*message, !strcmp(cases[i].missing, "classifier"));
        cz_network_free(network);
    }
}

static void sizes_that_lie_name_the_tensor_before_memory_is_taken(void **state)
{
    witness w = { 0 };
    cloze_hooks hooks = hooks_of(&w);
    cz_network *network = NULL;
    cloze_error error = { 0 };
    (void)state;
    write_folder("{\"model_type\":\"bert\",\"hidden_size\":1048576,\"num_hidden_layers\":1024,"
                 "\"num_attention_heads\":1,\"intermediate_size\":1048576,\"vocab_size\":7,"
                 "\"max_position_embeddings\":5,\"type_vocab_size\":2}",
                 SPECS, SPECS, CZ_F32);
    assert_int_equal(open_folder(&network, &hooks, &error), CLOZE_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "embeddings.word_embeddings.weight"));
    assert_non_null(strstr(error.message, "[7, 1048576]"));
    if (w.largest > 4 << 20)
        fail_msg("a block of %zu bytes was asked for", w.largest);
}

static void vectors_of_any_length_are_converted(void **state)
{
    enum { LABELS = 40000 };
    static uint16_t halves[LABELS * HIDDEN];
    const cz_tensor_to_store more[] = {
        POOLER,
        { "classifier.weight", CZ_F16, 2, { LABELS, HIDDEN }, halves },
        { "classifier.bias", CZ_F16, 1, { LABELS }, halves },
    };
    cz_network *network = NULL;
    cloze_error error = { 0 };
    (void)state;
    halves[LABELS - 1] = 0x3c00; /* 1 */
    write_more(config, SPECS, SPECS, CZ_F32, more, 4);
    if (open_folder(&network, NULL, &error))
        fail_msg("%s", error.message);
    const cz_tensor *bias = network->head[CZ_HEAD_LABELS].out.weight.bias[0];
    assert_int_equal(bias->type, CZ_F32);
    assert_true(cz_f32(bias)[LABELS - 1] == 1 && cz_f32(bias)[0] == 0);
    cz_extent extent = cz_network_extent(network, 1, 1, true);
    assert_int_equal(extent.widest, LABELS);
    cz_network_free(network);
}

static void vectors_are_rounded_to_nearest_whatever_the_caller_rounds_to(void **state)
{
    static const int modes[] = { FE_TONEAREST, FE_DOWNWARD, FE_UPWARD };
    float expected[HIDDEN];
    (void)state;
    for (size_t i = 0; i < HIDDEN; i++)
        expected[i] = (float)thirds[i];
    write_folder(config, SPECS, 3, CZ_F64);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        cz_network *network = NULL;
        fesetround(modes[i]);
        cloze_status status = open_folder(&network, NULL, NULL);
        fesetround(FE_TONEAREST);
        assert_int_equal(status, 0);
        assert_memory_equal(network->embedding_norm.gain->value.data, expected, sizeof expected);
        cz_network_free(network);
    }
}

static void tensors_without_use_are_told_printably_and_not_without_end(void **state)
{
    static char names[40][32];
    cz_tensor_to_store more[40];
    witness w = { 0 };
    cloze_hooks hooks = hooks_of(&w);
    cz_network *network = NULL;
    (void)state;
    for (size_t i = 0; i < 40; i++) {
        snprintf(names[i], sizeof names[i], "extra\x1b[2J%02zu", i);
        more[i] = (cz_tensor_to_store){ names[i], CZ_F32, 1, { 1 }, numbers };
    }
    write_more(config, SPECS, SPECS, CZ_F32, more, 40);
    assert_int_equal(open_folder(&network, &hooks, NULL), 0);
    cz_network_free(network);
    assert_int_equal(w.lines, 17);
    assert_null(strchr(w.text, '\x1b'));
    assert_non_null(strstr(w.text, "extra\\x1b[2J00"));
    assert_non_null(strstr(w.text, "and 24 more"));
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
        cmocka_unit_test(heads_that_fit_are_bound),
        cmocka_unit_test(second_names_of_tied_weights_are_no_news),
        cmocka_unit_test(heads_that_do_not_fit_are_left_out_and_missed_only_when_asked_for),
        cmocka_unit_test(sizes_that_lie_name_the_tensor_before_memory_is_taken),
        cmocka_unit_test(vectors_of_any_length_are_converted),
        cmocka_unit_test(vectors_are_rounded_to_nearest_whatever_the_caller_rounds_to),
        cmocka_unit_test(tensors_without_use_are_told_printably_and_not_without_end),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
