/*
 * model/config_attention.h - the part of config.json that says how tokens look at each other, and
 * which biases there are; for config.c alone.
 */
#ifndef CZ_MODEL_CONFIG_ATTENTION_H
#define CZ_MODEL_CONFIG_ATTENTION_H

#include "base/json.h"
#include "model/config.h"

enum { CZ_PLACES_MOST = 1 << 16 }; /* rows of a table of angles, which no tensor vouches for */

cloze_status cz_config_read_attention(const json_t *root, cz_config *config, cloze_error *error);
/* config_rotary.c */
cloze_status cz_config_read_rotary(const json_t *root, cz_config *config, cloze_error *error);

#endif
