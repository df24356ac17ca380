/*
 * config_rotary.c - rotary positions in config.json, in the spelling of transformers 4 (a setting
 * for each angle, every so many layers one that sees all) and of 5 (a list of what each layer sees,
 * an object of angles for each kind), which goes before the other where both stand.
 */
#include "base/error.h"
#include "model/config_attention.h"
#include "model/family.h"

#include <string.h>

static const char far_kind[] = "full_attention", near_kind[] = "sliding_attention";

/* Of one kind of layers. */
static cloze_status read_angles(const json_t *parameters, const char *kind, double *theta,
                                cloze_error *error)
{
    const json_t *object = json_object_get(parameters, kind);
    const char *type = "default";
    cloze_status status;
    if (!object || json_is_null(object))
        return CLOZE_OK;
    if (!json_is_object(object))
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "\"rope_parameters\" must hold an object for \"%s\"", kind);
    if ((status = cz_json_string(object, "rope_type", &type, error)))
        return status;
    if (strcmp(type, "default"))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "a \"rope_type\" other than \"default\" cannot be run");
    return cz_json_real(object, "rope_theta", theta, error);
}

static cloze_status read_thetas(const json_t *root, cz_config *config, cloze_error *error)
{
    const cz_family *f = config->family;
    const json_t *scaling = json_object_get(root, "rope_scaling");
    const json_t *parameters = json_object_get(root, "rope_parameters");
    cloze_status status;
    config->theta = f->fallback.theta;
    config->local_theta = f->fallback.local_theta;
    if (scaling && !json_is_null(scaling))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED, "\"rope_scaling\" cannot be run");
    if ((status = cz_json_real(root, f->setting.theta, &config->theta, error)) ||
        (status = cz_json_real(root, f->setting.local_theta, &config->local_theta, error)))
        return status;
    if (parameters && !json_is_null(parameters)) {
        if (!json_is_object(parameters))
            return cz_fail(error, CLOZE_ERROR_FORMAT, "\"rope_parameters\" must be an object");
        if ((status = read_angles(parameters, far_kind, &config->theta, error)) ||
            (status = read_angles(parameters, near_kind, &config->local_theta, error)))
            return status;
    }
    if (!(config->theta >= 1 && config->theta <= 1e12 && config->local_theta >= 1 &&
          config->local_theta <= 1e12))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"%s\" and \"%s\" must be from 1 to 1e12",
                       f->setting.theta, f->setting.local_theta);
    return CLOZE_OK;
}

static cloze_status read_kinds(const json_t *kinds, cz_config *config, cloze_error *error)
{
    if (!json_is_array(kinds) || json_array_size(kinds) != config->layers)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "\"layer_types\" must name the kind of %zu layers", config->layers);
    for (size_t i = 0; i < config->layers; i++) {
        const char *kind = json_string_value(json_array_get(kinds, i));
        config->local[i] = kind && !strcmp(kind, near_kind);
        if (!kind || (!config->local[i] && strcmp(kind, far_kind)))
            return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                           "\"layer_types\" can be \"%s\" and \"%s\" only", far_kind, near_kind);
    }
    return CLOZE_OK;
}

static cloze_status read_local(const json_t *root, cz_config *config, cloze_error *error)
{
    const cz_family *f = config->family;
    const json_t *kinds = json_object_get(root, "layer_types");
    size_t every = f->fallback.every;
    cloze_status status;
    config->window = f->fallback.window;
    if ((status = cz_json_size(root, f->setting.every, 1, CZ_LAYERS_MOST, &every, error)) ||
        (status = cz_json_size(root, f->setting.window, 0, CZ_ROWS_MOST, &config->window, error)))
        return status;
    config->window /= 2;
    for (size_t i = 0; i < config->layers; i++)
        config->local[i] = i % every;
    return kinds && !json_is_null(kinds) ? read_kinds(kinds, config, error) : CLOZE_OK;
}

cloze_status cz_config_read_rotary(const json_t *root, cz_config *config, cloze_error *error)
{
    const cz_family *f = config->family;
    cloze_status status;
    if (!f->setting.theta)
        return CLOZE_OK;
    if ((status = read_thetas(root, config, error)) || (status = read_local(root, config, error)))
        return status;
    if (config->hidden / config->heads % 2)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "heads of %zu numbers have no halves to turn",
                       config->hidden / config->heads);
    if (config->positions > CZ_PLACES_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "\"%s\" is %zu, and at most %d can be run",
                       f->setting.positions, config->positions, (int)CZ_PLACES_MOST);
    return CLOZE_OK;
}
