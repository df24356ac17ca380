/*
 * config_attention.c - windows, disentangled attention, a convolution beside it and missing biases
 * in config.json.
 * What would change the result and is not computed here is refused by its name.
 */
#include "model/config_attention.h"

#include "base/error.h"
#include "model/family.h"

#include <string.h>

/* A flag that is true unless it is said; `out` is its opposite. */
static cloze_status read_absence(const json_t *root, const char *key, bool fallback, bool *out,
                                 cloze_error *error)
{
    bool present = fallback;
    cloze_status status = cz_json_flag(root, key, &present, error);
    *out = !present;
    return status;
}

static cloze_status read_biases(const json_t *root, cz_config *config, cloze_error *error)
{
    const cz_family *f = config->family;
    const struct {
        const char *key;
        bool *out;
    } flags[] = { { f->setting.attention_bias, &config->unbiased_attention },
                  { f->setting.feed_bias, &config->unbiased_feed },
                  { f->setting.norm_bias, &config->unbiased_norms },
                  { f->setting.pooler_bias, &config->unbiased_pooler } };
    cloze_status status = CLOZE_OK;
    /* A family that has the setting has no biases unless it says so. */
    for (size_t i = 0; i < sizeof flags / sizeof *flags && !status; i++)
        status = read_absence(root, flags[i].key, !flags[i].key, flags[i].out, error);
    return status;
}

static cloze_status read_pooling(const json_t *root, cz_config *config, cloze_error *error)
{
    const cz_family *f = config->family;
    const char *activation = NULL, *pooling = "cls";
    cloze_status status;
    config->pooler_activation = f->head[CZ_HEAD_LABELS].activation;
    if ((status = cz_json_string(root, f->setting.pooler_activation, &activation, error)) ||
        (status = cz_json_string(root, f->setting.pooling, &pooling, error)))
        return status;
    config->pools_mean = !strcmp(pooling, "mean");
    if (!config->pools_mean && strcmp(pooling, "cls"))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED, "\"%s\" must be \"cls\" or \"mean\"",
                       f->setting.pooling);
    if (activation && !cz_activation_named(activation, &config->pooler_activation))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED, "the activation in \"%s\" is not known",
                       f->setting.pooler_activation);
    return CLOZE_OK;
}

/* A window holds the token and as many on either side, which makes an even number by the count of
 * transformers. */
static cloze_status read_window(const json_t *value, const char *key, uint32_t *near,
                                cloze_error *error)
{
    json_int_t keys = json_is_integer(value) ? json_integer_value(value) : 0;
    if (keys < 2 || keys > CZ_ROWS_MOST || keys % 2)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "\"%s\" must be even numbers from 2 to %d, one or as many as layers", key,
                       (int)CZ_ROWS_MOST);
    *near = (uint32_t)keys / 2;
    return CLOZE_OK;
}

static cloze_status read_windows(const json_t *root, cz_config *config, cloze_error *error)
{
    const cz_family *f = config->family;
    const json_t *given = f->setting.windows ? json_object_get(root, f->setting.windows) : NULL;
    bool list = json_is_array(given), absent = !given || json_is_null(given);
    int64_t separator = f->setting.separator ? (int64_t)f->fallback.separator : -1;
    cloze_status status =
        cz_json_integer(root, f->setting.separator, -1, UINT32_MAX - 1, &separator, error);
    config->separator = separator < 0 ? UINT32_MAX : (uint32_t)separator;
    config->windowed = f->setting.windows;
    if (status || !config->windowed)
        return status;
    if (list && json_array_size(given) != config->layers)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%s\" has %zu windows for %zu layers",
                       f->setting.windows, json_array_size(given), config->layers);
    for (size_t i = 0; i < config->layers && !status; i++) {
        config->near[i] = (uint32_t)f->fallback.window / 2;
        if (!absent)
            status = read_window(list ? json_array_get(given, i) : given, f->setting.windows,
                                 &config->near[i], error);
    }
    return status;
}

/* "c2p|p2c" or a list of the same. */
static cloze_status read_terms(const json_t *root, cz_config *config, cloze_error *error)
{
    const json_t *terms = json_object_get(root, "pos_att_type"), *term;
    const char *text = json_is_string(terms) ? json_string_value(terms) : "";
    size_t i;
    bool other = strstr(text, "p2p");
    config->distances.of_query = strstr(text, "c2p");
    config->distances.of_key = strstr(text, "p2c");
    json_array_foreach((json_t *)(uintptr_t)terms, i, term)
    {
        const char *name = json_is_string(term) ? json_string_value(term) : "";
        config->distances.of_query = config->distances.of_query || !strcmp(name, "c2p");
        config->distances.of_key = config->distances.of_key || !strcmp(name, "p2c");
        other = other || !strcmp(name, "p2p");
    }
    if (other)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED, "\"pos_att_type\" p2p cannot be run");
    return CLOZE_OK;
}

static cloze_status read_distances(const json_t *root, cz_config *config, cloze_error *error)
{
    int64_t farthest = -1, buckets = -1;
    const char *norm = "none";
    cloze_status status;
    if ((status =
             cz_json_integer(root, "max_relative_positions", -1, CZ_ROWS_MOST, &farthest, error)) ||
        (status = cz_json_integer(root, "position_buckets", -1, CZ_ROWS_MOST, &buckets, error)) ||
        (status = cz_json_flag(root, "share_att_key", &config->distances.shared, error)) ||
        (status = cz_json_string(root, "norm_rel_ebd", &norm, error)))
        return status;
    config->distances.farthest = farthest < 1 ? config->positions : (size_t)farthest;
    config->distances.buckets = buckets < 1 ? 0 : (size_t)buckets;
    config->distances.span =
        config->distances.buckets ? config->distances.buckets : config->distances.farthest;
    config->distances.normed = strstr(norm, "layer_norm");
    if (config->family->plain_distances) {
        config->distances.buckets = 0;
        config->distances.span = config->distances.farthest;
        config->distances.shared = config->distances.normed = false;
    }
    if (config->distances.farthest > CZ_PLACES_MOST || config->distances.span > CZ_PLACES_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "distances up to %zu are too far; %d can be run",
                       config->distances.farthest, (int)CZ_PLACES_MOST);
    config->distances.rows = 2 * config->distances.span;
    if (config->distances.of_query || config->distances.of_key)
        config->distances.kind = CZ_DISTANCE_APART;
    if (config->distances.buckets &&
        (buckets < 4 || config->distances.farthest <= (size_t)buckets / 2 + 1))
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "%zu buckets for distances up to %zu are not logarithmic",
                       config->distances.buckets, config->distances.farthest);
    return CLOZE_OK;
}

/* Beside the first layer; all columns of a row meet all of its neighbours'. */
static cloze_status read_convolution(const json_t *root, cz_config *config, cloze_error *error)
{
    enum { KERNEL_MOST = 1023 };
    const char *kernel = config->family->setting.kernel, *activation = "tanh";
    size_t groups = 1;
    cloze_status status;
    if (!kernel)
        return CLOZE_OK;
    if ((status = cz_json_size(root, kernel, 0, KERNEL_MOST, &config->convolution.kernel, error)) ||
        !config->convolution.kernel)
        return status;
    if ((status = cz_json_size(root, "conv_groups", 1, CZ_WIDTH_MOST, &groups, error)) ||
        (status = cz_json_string(root, "conv_act", &activation, error)))
        return status;
    if (config->convolution.kernel % 2 == 0)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "\"%s\" is %zu, and only an odd number has a middle", kernel,
                       config->convolution.kernel);
    if (groups > 1)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "a convolution in groups (\"conv_groups\") cannot be run");
    if (!cz_activation_named(activation, &config->convolution.activation))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "the activation in \"conv_act\" is not known");
    return CLOZE_OK;
}

static cloze_status read_disentangled(const json_t *root, cz_config *config, cloze_error *error)
{
    const cz_family *f = config->family;
    bool relative = false, biased = true, talking = false;
    size_t head = config->hidden / config->heads;
    cloze_status status;
    if (!f->setting.disentangled)
        return CLOZE_OK;
    if ((status = cz_json_flag(root, f->setting.disentangled, &relative, error)) ||
        (status = cz_json_flag(root, "position_biased_input", &biased, error)) ||
        (status = cz_json_flag(root, "talking_head", &talking, error)) ||
        (status = cz_json_size(root, "attention_head_size", 1, CZ_WIDTH_MOST, &head, error)) ||
        (status = read_terms(root, config, error)))
        return status;
    if (talking)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "attention whose heads talk to each other (\"talking_head\") cannot be run");
    if (head != config->hidden / config->heads)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "\"attention_head_size\" other than hidden size over heads cannot be run");
    config->no_position_table = !biased;
    return relative ? read_distances(root, config, error) : CLOZE_OK;
}

/* "position_embedding_type": what takes the place of a table of positions. */
static cloze_status read_kind(const json_t *root, cz_config *config, cloze_error *error)
{
    const char *kind = "absolute";
    cloze_status status = cz_json_string(root, "position_embedding_type", &kind, error);
    bool both = !strcmp(kind, "relative_key_query");
    if (status || !strcmp(kind, "absolute"))
        return status;
    if (!config->family->weight.own_distances || (!both && strcmp(kind, "relative_key")))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "this \"position_embedding_type\" cannot be run in this family");
    if (config->positions > CZ_PLACES_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "distances up to %zu are too far; %d can be run",
                       config->positions, (int)CZ_PLACES_MOST);
    config->no_position_table = true;
    config->distances.kind = CZ_DISTANCE_OWN;
    config->distances.farthest = config->positions - 1;
    config->distances.rows = 2 * config->positions - 1;
    config->distances.of_query = true;
    config->distances.of_key = both;
    return CLOZE_OK;
}

/* Buckets of both directions. transformers uses so many whatever the setting says, which is the
 * table's rows alone. */
static cloze_status read_table(const json_t *root, cz_config *config, cloze_error *error)
{
    enum { BUCKETS = 32, FARTHEST = 128 };
    const char *rows = config->family->setting.buckets;
    if (!rows)
        return CLOZE_OK;
    config->distances.kind = CZ_DISTANCE_TABLE;
    config->distances.farthest = FARTHEST;
    config->distances.buckets = config->distances.rows = BUCKETS;
    return cz_json_size(root, rows, BUCKETS, CZ_ROWS_MOST, &config->distances.rows, error);
}

cloze_status cz_config_read_attention(const json_t *root, cz_config *config, cloze_error *error)
{
    cloze_status status;
    if ((status = read_biases(root, config, error)) ||
        (status = read_pooling(root, config, error)) ||
        (status = cz_config_read_rotary(root, config, error)) ||
        (status = read_windows(root, config, error)) || (status = read_kind(root, config, error)) ||
        (status = read_table(root, config, error)) ||
        (status = read_convolution(root, config, error)))
        return status;
    return read_disentangled(root, config, error);
}
