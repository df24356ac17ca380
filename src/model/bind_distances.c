/*
 * bind_distances.c - what attention knows of distances: the rows that disentangled scores look up,
 * with the map from a distance to its row, and the angles of rotary positions.
 */
#include "model/bind.h"

#include "base/error.h"
#include "base/memory.h"
#include "model/family.h"

#include <math.h>
#include <stdlib.h>

/* As transformers counts buckets, in float: one for each distance up to half of them, then wider. */
static int64_t bucket_of(const cz_config *config, int64_t distance)
{
    size_t middle = config->distances.buckets / 2;
    float apart = (float)llabs(distance), half = (float)middle;
    if (!config->distances.buckets || llabs(distance) <= (int64_t)middle)
        return distance;
    float along = logf(apart / half) / logf((float)(config->distances.farthest - 1) / half);
    int64_t bucket = (int64_t)(ceilf(along * (half - 1)) + half);
    return distance < 0 ? -bucket : bucket;
}

static void fill_entries(cz_network *network)
{
    const cz_config *config = &network->config;
    int64_t span = (int64_t)network->entry_span, last = 2 * (int64_t)config->distances.span - 1;
    for (int64_t d = -span; d <= span; d++) {
        int64_t entry = bucket_of(config, d) + (int64_t)config->distances.span;
        network->entry[d + span] = (uint32_t)(entry < 0 ? 0 : entry > last ? last : entry);
    }
}

void cz_bind_distances(cz_binder *b)
{
    cz_network *network = b->network;
    const cz_config *config = &network->config;
    const cz_family *family = config->family;
    cz_embed_weights *rows = &network->distances;
    rows->table[0] = cz_bind_named(b, "", family->weight.distances, ".weight",
                                   2 * config->distances.span, config->hidden);
    rows->fixed[0] = UINT32_MAX;
    rows->tables = 1;
    if (config->distances.normed)
        network->distance_norm = cz_bind_norm(b, "", family->weight.distance_norm, config->hidden);
    if (b->status)
        return;
    network->entry_span = config->distances.farthest;
    network->entry =
        cz_allocate(&network->hooks.allocator, 2 * network->entry_span + 1, sizeof *network->entry);
    if (network->entry)
        fill_entries(network);
    else
        b->status = cz_fail_memory(b->error, "the map of distances",
                                   (2 * network->entry_span + 1) * sizeof *network->entry);
}

/* Query rows of distances meet keys, key rows meet queries; in this order. */
void cz_bind_layer_distances(cz_binder *b, const char *name, cz_layer *layer)
{
    const cz_config *config = &b->network->config;
    const cz_family *family = config->family;
    const char *names[2];
    int parts = 0;
    const bool wanted[] = { config->distances.of_key, config->distances.of_query };
    layer->meets_keys = wanted[0];
    layer->meets_queries = wanted[1];
    if (!config->distances.shared) {
        if (wanted[0])
            names[parts++] = family->weight.distance_query;
        if (wanted[1])
            names[parts++] = family->weight.distance_key;
        layer->distance = cz_bind_linear(b, name, names, parts, config->hidden, config->hidden);
        return;
    }
    for (int i = 0; i < 2 && !b->status; i++) {
        cz_linear_weights *to = &layer->distance;
        int part = to->weight.parts;
        if (!wanted[i])
            continue;
        to->part[part] = layer->qkv.part[i];
        to->bias[part] = layer->qkv.bias[i];
        to->weight.part[part] = layer->qkv.weight.part[i];
        to->weight.bias[part] = layer->qkv.weight.bias[i];
        to->weight.in = config->hidden;
        to->weight.out += config->hidden;
        to->weight.parts++;
    }
}

static void put(const cz_tensor *t, size_t row, size_t column, double value)
{
    size_t element = row * t->stride + column;
    if (t->type == CZ_F64)
        ((double *)t->data)[element] = value;
    else
        ((float *)t->data)[element] = (float)value;
}

static void fill_angles(const cz_tensor *angles, double theta)
{
    size_t half = angles->columns / 2;
    for (size_t c = 0; c < half; c++) {
        double step = pow(theta, -(double)(2 * c) / (double)angles->columns);
        for (size_t place = 0; place < angles->rows; place++) {
            put(angles, place, c, cos((double)place * step));
            put(angles, place, half + c, sin((double)place * step));
        }
    }
}

void cz_make_angles(cz_binder *b, cz_type type)
{
    cz_network *network = b->network;
    const cz_config *config = &network->config;
    size_t rows = config->positions, columns = config->hidden / config->heads;
    size_t size = rows * columns * cz_type_size(type);
    if (!(config->theta > 0))
        return;
    if (!cz_block_allocate(&network->hooks.allocator, 2 * size, &network->angle_memory)) {
        b->status = cz_fail_memory(b->error, "angles of positions", 2 * size);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        network->angles[i] = (cz_tensor){
            (char *)network->angle_memory.data + i * size, rows, columns, columns, type, false, NULL
        };
        fill_angles(&network->angles[i], i ? config->local_theta : config->theta);
    }
}
