/*
 * model/bind.h - the weights of a file bound to the places of a network by their names.
 */
#ifndef CZ_MODEL_BIND_H
#define CZ_MODEL_BIND_H

#include "model/network.h"

/* Needs network->config and network->weights. Nothing is sized by config.json before a tensor of
 * that size was found. A tensor that the encoder needs and that is missing or wrong is an error
 * that names it; a head that cannot be used is left out, and the log says why. */
cloze_status cz_network_bind(cz_network *network, const cz_network_options *options,
                             cloze_error *error);

#endif
