/* config.c - see config.h. */
#include "model/config.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "model/config_attention.h"
#include "model/family.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CONFIG_LIMIT = 16 << 20 };

static const struct {
    const char *name;
    cz_activation activation;
} activation_names[] = {
    { "gelu", CZ_GELU },
    { "gelu_python", CZ_GELU },
    { "gelu_new", CZ_GELU_TANH },
    { "gelu_fast", CZ_GELU_TANH },
    { "gelu_pytorch_tanh", CZ_GELU_TANH },
    { "gelu_python_tanh", CZ_GELU_TANH },
    { "gelu_accurate", CZ_GELU_TANH },
    { "quick_gelu", CZ_GELU_QUICK },
    { "relu", CZ_RELU },
    { "silu", CZ_SILU },
    { "swish", CZ_SILU },
    { "tanh", CZ_TANH },
    { "sigmoid", CZ_SIGMOID },
    { "linear", CZ_IDENTITY },
};

bool cz_activation_named(const char *name, cz_activation *out)
{
    for (size_t i = 0; i < sizeof activation_names / sizeof *activation_names; i++)
        if (!strcmp(activation_names[i].name, name)) {
            *out = activation_names[i].activation;
            return true;
        }
    return false;
}

const char *cz_config_family_name(const cz_config *config)
{
    return config->family->model_type;
}

static cloze_status read_family(const json_t *root, cz_config *config, cloze_error *error)
{
    char known[256], shown[128];
    const char *model_type = NULL;
    cloze_status status = cz_json_string(root, "model_type", &model_type, error);
    if (status)
        return status;
    if (!model_type)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"model_type\" is missing");
    config->family = cz_family_named(model_type);
    if (!config->family)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "models of the family \"%s\" cannot be run; those known are: %s",
                       cz_printable(shown, sizeof shown, model_type, strlen(model_type)),
                       cz_family_list(known, sizeof known));
    return CLOZE_OK;
}

static cloze_status read_sizes(const json_t *root, cz_config *config, cloze_error *error)
{
    const cz_family *f = config->family;
    const struct {
        const char *key;
        size_t least, most, *out, fallback;
    } sizes[] = {
        { f->setting.layers, 1, CZ_LAYERS_MOST, &config->layers, f->fallback.layers },
        { f->setting.hidden, 1, CZ_WIDTH_MOST, &config->hidden, f->fallback.hidden },
        { f->setting.heads, 1, CZ_HEADS_MOST, &config->heads, f->fallback.heads },
        { f->setting.intermediate, 1, CZ_WIDTH_MOST, &config->intermediate,
          f->fallback.intermediate },
        { f->setting.vocabulary, 1, CZ_ROWS_MOST, &config->vocabulary, f->fallback.vocabulary },
        { f->setting.positions, 1, CZ_ROWS_MOST, &config->positions, f->fallback.positions },
        { f->setting.types, 0, CZ_ROWS_MOST, &config->types, f->fallback.types },
        { f->setting.groups, 1, CZ_LAYERS_MOST, &config->groups, 1 },
        { f->setting.inner, 1, CZ_LAYERS_MOST, &config->inner, 1 },
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cloze_status status;
        *sizes[i].out = sizes[i].fallback;
        if ((status = cz_json_size(root, sizes[i].key, sizes[i].least, sizes[i].most, sizes[i].out,
                                   error)))
            return status;
    }
    if (config->hidden % config->heads)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "hidden size %zu is not a multiple of %zu heads",
                       config->hidden, config->heads);
    if (!f->setting.groups)
        config->groups = config->layers;
    if (config->groups > config->layers || config->layers * config->inner > CZ_TURNS_MOST)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "%zu layers of %zu in %zu groups are not a model",
                       config->layers, config->inner, config->groups);
    return CLOZE_OK;
}

/* The tables may be narrower than the layers, and what meets the last matrix of words is as wide as
 * they are. */
static cloze_status read_widths(const json_t *root, cz_config *config, cloze_error *error)
{
    const cz_family *f = config->family;
    cloze_status status;
    config->embedding = f->fallback.embedding ? f->fallback.embedding : config->hidden;
    if ((status =
             cz_json_size(root, f->setting.embedding, 1, CZ_WIDTH_MOST, &config->embedding, error)))
        return status;
    config->words_width = f->fallback.words_width ? f->fallback.words_width : config->embedding;
    return cz_json_size(root, f->setting.words_width, 1, CZ_WIDTH_MOST, &config->words_width,
                        error);
}

/* Which rows of the position table a sequence uses, and so how long it may be. */
static cloze_status read_positions(const json_t *root, cz_config *config, cloze_error *error)
{
    const cz_family *f = config->family;
    int64_t padding = f->fallback.padding;
    cloze_status status =
        cz_json_integer(root, "pad_token_id", INT64_MIN, INT64_MAX, &padding, error);
    if (status ||
        (status = cz_json_flag(root, f->setting.still_positions, &config->still_positions, error)))
        return status;
    config->padding = padding >= 0 && padding < UINT32_MAX ? (uint32_t)padding : UINT32_MAX;
    config->longest = config->positions;
    if (f->positions == CZ_POSITIONS_FROM_ZERO)
        return CLOZE_OK;
    if (config->padding >= config->positions - 1)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "\"pad_token_id\" must lie within the %zu positions, which begin after it",
                       config->positions);
    config->first_position = config->padding + 1;
    config->longest = config->positions - config->first_position;
    return CLOZE_OK;
}

void cz_config_positions(const cz_config *config, const uint32_t *ids, size_t length,
                         uint32_t *positions)
{
    uint32_t next = config->first_position;
    bool skips = config->family->positions == CZ_POSITIONS_AFTER_PADDING;
    for (size_t i = 0; i < length; i++)
        positions[i] = skips && ids[i] == config->padding ? config->padding : next++;
}

static cloze_status read_probability(const json_t *root, const char *key, float *out,
                                     cloze_error *error)
{
    double value = (double)*out;
    cloze_status status = cz_json_real(root, key, &value, error);
    if (status)
        return status;
    if (!(value >= 0 && value < 1))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%s\" must be from 0 to below 1", key);
    *out = (float)value;
    return CLOZE_OK;
}

static cloze_status read_numbers(const json_t *root, cz_config *config, cloze_error *error)
{
    const cz_family *f = config->family;
    const char *activation = f->fallback.activation;
    char shown[64];
    cloze_status status;
    config->epsilon = f->fallback.epsilon;
    config->deviation = 0.02;
    config->hidden_dropout = (float)f->fallback.hidden_dropout;
    config->attention_dropout = (float)f->fallback.attention_dropout;
    if ((status = cz_json_real(root, f->setting.epsilon, &config->epsilon, error)) ||
        (status = cz_json_real(root, "initializer_range", &config->deviation, error)) ||
        (status = cz_json_string(root, f->setting.activation, &activation, error)) ||
        (status =
             read_probability(root, f->setting.hidden_dropout, &config->hidden_dropout, error)) ||
        (status = read_probability(root, f->setting.attention_dropout, &config->attention_dropout,
                                   error)))
        return status;
    if ((status = read_probability(root, f->setting.feed_dropout, &config->feed_dropout, error)))
        return status;
    config->classifier_dropout = f->fallback.classifier_dropout < 0
                                     ? config->hidden_dropout
                                     : (float)f->fallback.classifier_dropout;
    if ((status = read_probability(root, f->setting.classifier_dropout, &config->classifier_dropout,
                                   error)))
        return status;
    config->spans_dropout = (float)f->fallback.spans_dropout;
    config->choice_dropout = (float)f->fallback.choice_dropout;
    if ((status =
             read_probability(root, f->setting.spans_dropout, &config->spans_dropout, error)) ||
        (status =
             read_probability(root, f->setting.choice_dropout, &config->choice_dropout, error)))
        return status;
    if ((status =
             read_probability(root, f->setting.pooler_dropout, &config->pooler_dropout, error)))
        return status;
    if (!(config->epsilon >= 0 && config->epsilon <= 1))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%s\" must be from 0 to 1", f->setting.epsilon);
    if (!(config->deviation >= 0 && config->deviation <= 10))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"initializer_range\" must be from 0 to 10");
    if (!cz_activation_named(activation, &config->activation))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED, "the activation \"%s\" is not known",
                       cz_printable(shown, sizeof shown, activation, strlen(activation)));
    return CLOZE_OK;
}

/* Settings that would change the result and that nothing here computes. */
static cloze_status check_features(const json_t *root, cloze_error *error)
{
    bool decoder = false, cross = false;
    cloze_status status;
    if ((status = cz_json_flag(root, "is_decoder", &decoder, error)) ||
        (status = cz_json_flag(root, "add_cross_attention", &cross, error)))
        return status;
    if (decoder || cross)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED, "a decoder cannot be run, only an encoder");
    return CLOZE_OK;
}

static cloze_status read_words(const json_t *root, cz_config *config, cloze_error *error)
{
    bool biased = true, tied = true;
    cloze_status status = cz_json_flag(root, "tie_word_embeddings", &tied, error);
    if (!status)
        status = cz_json_flag(root, config->family->setting.words_bias, &biased, error);
    config->unties_words = !tied || config->family->head[CZ_HEAD_WORDS].own_matrix;
    config->unbiased_words = !biased;
    return status;
}

static void read_architecture(const json_t *root, cz_config *config)
{
    const json_t *architecture = json_array_get(json_object_get(root, "architectures"), 0);
    if (json_is_string(architecture))
        cz_printable(config->architecture, sizeof config->architecture,
                     json_string_value(architecture), json_string_length(architecture));
}

static cloze_status read_all(const json_t *root, cz_config *config, cloze_error *error)
{
    cloze_status status;
    if (!json_is_object(root))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "not a JSON object");
    if ((status = read_family(root, config, error)) || (status = read_sizes(root, config, error)) ||
        (status = read_widths(root, config, error)) ||
        (status = read_positions(root, config, error)) ||
        (status = read_numbers(root, config, error)) || (status = check_features(root, error)) ||
        (status = cz_config_read_attention(root, config, error)) ||
        (status = read_words(root, config, error)))
        return status;
    read_architecture(root, config);
    return CLOZE_OK;
}

cloze_status cz_config_parse(cz_config *out, const char *text, size_t size, const char *name,
                             cloze_error *error)
{
    cz_config config = { 0 };
    json_t *root = NULL;
    cloze_status status = cz_json_parse(&root, text, size, name, error);
    if (status)
        return status;
    status = read_all(root, &config, error);
    json_decref(root);
    if (status) {
        cz_error_prefix(error, "%.300s", name);
        return status;
    }
    *out = config;
    return CLOZE_OK;
}

cloze_status cz_config_load(cz_config *out, const char *folder, const cloze_allocator *allocator,
                            cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    cz_mapping file = { 0 };
    cloze_status status = cz_path_join(path, sizeof path, folder, "config.json", error);
    if (status || (status = cz_file_open(&file, path, CONFIG_LIMIT, true, allocator, error)))
        return status;
    status = cz_config_parse(out, file.data, file.size, path, error);
    cz_file_close(&file);
    return status;
}

const char *cz_config_prefix(const cz_config *config)
{
    return config->family->prefix;
}

static const char *head_dropout_key(const cz_family *family, cz_head_kind head)
{
    switch (family->head[head].drops) {
    case CZ_DROPS_FOR_SPANS:
        return family->setting.spans_dropout;
    case CZ_DROPS_FOR_CHOICE:
        return family->setting.choice_dropout;
    case CZ_DROPS_AS_CLASSIFIER:
        return family->setting.classifier_dropout;
    default:
        return family->head[head].drops_first ? family->setting.classifier_dropout : NULL;
    }
}

cz_dropout_keys cz_config_dropout_keys(const cz_config *config, const cz_head_kind *head)
{
    const cz_family *family = config->family;
    return (cz_dropout_keys){ family->setting.hidden_dropout, family->setting.attention_dropout,
                              head ? head_dropout_key(family, *head) : NULL };
}

bool cz_config_pools(const cz_config *config, cz_head_kind head)
{
    return config->family->head[head].pooled;
}

bool cz_config_layers_stand_alone(const cz_config *config)
{
    return !config->family->setting.groups && config->inner == 1;
}

void cz_config_layer_name(const cz_config *config, size_t layer, char out[CZ_LAYER_NAME_SIZE])
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(out, CZ_LAYER_NAME_SIZE, config->family->weight.layer, layer);
#pragma GCC diagnostic pop
}

const char *cz_config_layers_key(const cz_config *config)
{
    return config->family->setting.layers;
}
