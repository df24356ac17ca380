/*
 * model/bind.h - the weights of a file bound to the places of a network by their names.
 *
 * A binder is what the files of binding share: its status is sticky, so that they read as lists.
 */
#ifndef CZ_MODEL_BIND_H
#define CZ_MODEL_BIND_H

#include "model/network.h"

/* Needs network->config and network->weights. Nothing is sized by config.json before a tensor of
 * that size was found. A tensor that the encoder needs and that is missing or wrong is an error
 * that names it; a head that cannot be used is left out, and the log says why. */
cloze_status cz_network_bind(cz_network *network, const cz_network_options *options,
                             cloze_error *error);

/* ---- between the files of binding ---- */

enum {
    CZ_NAME_SIZE = 512,
    CZ_REASON_SIZE = 384,
    /* Sites of dropout: those outside the layers, then so many for each turn. */
    CZ_SITE_EMBEDDINGS = 0,
    CZ_SITE_CLASSIFIER = 1,
    CZ_SITE_CLASSIFIER_INPUT = 2,
    CZ_SITES = 8
};

typedef struct cz_binder {
    cz_network *network;
    const char *prefix; /* "" when the file has none */
    cloze_error *error;
    cloze_status status; /* sticky */
    bool *seen;          /* [tensors of the file] something here asked for it */
    size_t room;         /* for parameters */
    bool unbiased;       /* linear maps bound now have no bias */
    size_t kernel;       /* and are convolutions, stored [out, in / kernel, kernel]; 0: they are not */
    const cz_anew *anew; /* or NULL */
    bool making;         /* what is missing now is made */
    bool vector;         /* what is bound now belongs to a norm */
    size_t depth;        /* of parameters bound now */
    bool of_head;
    int head;
} cz_binder;

/* make.c: a tensor that was made, NULL if it was not; makes one, NULL when memory is out. */
const cz_stored_tensor *cz_made_find(const cz_network *network, const char *name);
const cz_stored_tensor *cz_make(const cz_binder *b, const char *name, size_t rows, size_t columns);
/* A matrix of numbers evenly from -bound to bound. */
const cz_stored_tensor *cz_make_even(const cz_binder *b, const char *name, size_t rows,
                                     size_t columns, double bound);
/* A row of a made table that begins as zeros and stays so; other tables are left alone. */
void cz_make_fixed(const cz_network *network, const cz_parameter *table, uint32_t row);
/* Fills a made table of places with waves (Vaswani et al. 2017); other tables are left alone. */
void cz_make_waves(const cz_network *network, const cz_parameter *table);
void cz_made_free(cz_network *network);

/* The stored tensor of a name, today's or the old one; NULL. */
const cz_stored_tensor *cz_bind_find(const cz_binder *b, const char *name);
/* The same if it fits, else NULL and in `why` [CZ_REASON_SIZE] what is wrong with it. */
const cz_stored_tensor *cz_bind_find_fitting(const cz_binder *b, const char *name, size_t rows,
                                             size_t columns, cloze_status *status, char *why);
/* Names are PREFIX LAYER NAME SUFFIX; `layer` is "" outside the layers. */
const cz_parameter *cz_bind_named(cz_binder *b, const char *layer, const char *name,
                                  const char *suffix, size_t rows, size_t columns);
/* Room for one more parameter, numbered; NULL when the table is full. */
cz_parameter *cz_bind_more(cz_binder *b);
cz_linear_weights cz_bind_linear(cz_binder *b, const char *layer, const char *const *names,
                                 int parts, size_t out, size_t in);
/* Query, key and value [rows, rows] out of one matrix in which blocks of them take turns; copies. */
void cz_bind_woven(cz_binder *b, const char *layer, size_t rows, size_t block, cz_layer *to);
cz_norm_weights cz_bind_norm(cz_binder *b, const char *layer, const char *name, size_t columns);

void cz_bind_encoder(cz_binder *b);
/* Rows of distances and the map to them; the layer's projections of them. */
void cz_bind_distances(cz_binder *b);
void cz_bind_layer_distances(cz_binder *b, const char *name, cz_layer *layer);
/* Tables of angles for all places. */
void cz_make_angles(cz_binder *b, cz_type type);
void cz_bind_heads(cz_binder *b);
/* Adapters beside the maps that b->anew names; how many there can be. */
void cz_bind_adapters(cz_binder *b);
size_t cz_adapters_most(const cz_network *network, const cz_anew *anew);
/* The map to a teacher's width, where that is another. */
void cz_bind_lesson(cz_binder *b);

#endif
