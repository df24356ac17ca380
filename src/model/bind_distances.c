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

/* As T5 counts them: query before key, then query after key; in float too. */
static int64_t bucket_of_table(const cz_config *config, int64_t distance)
{
    int64_t half = (int64_t)config->distances.buckets / 2, exact = half / 2;
    int64_t base = distance < 0 ? half : 0, apart = llabs(distance), wide;
    if (apart < exact)
        return base + apart;
    float along = logf((float)apart / (float)exact) /
                  (float)log((double)config->distances.farthest / (double)exact);
    wide = exact + (int64_t)(along * (float)(half - exact));
    return base + (wide < half ? wide : half - 1);
}

static int64_t entry_of(const cz_config *config, int64_t distance)
{
    int64_t last = (int64_t)config->distances.rows - 1, entry;
    if (config->distances.kind == CZ_DISTANCE_TABLE)
        return bucket_of_table(config, distance);
    if (config->distances.kind == CZ_DISTANCE_OWN)
        return distance + (int64_t)config->distances.farthest;
    entry = bucket_of(config, distance) + (int64_t)config->distances.span;
    return entry < 0 ? 0 : entry > last ? last : entry;
}

static void make_map(cz_binder *b)
{
    cz_network *network = b->network;
    int64_t span = (int64_t)network->config.distances.farthest;
    size_t count = 2 * (size_t)span + 1;
    network->entry_span = (size_t)span;
    network->entry = cz_allocate(&network->hooks.allocator, count, sizeof *network->entry);
    if (!network->entry)
        b->status =
            cz_fail_memory(b->error, "the map of distances", count * sizeof *network->entry);
    for (int64_t d = -span; d <= span && network->entry; d++)
        network->entry[d + span] = (uint32_t)entry_of(&network->config, d);
}

static cz_embed_weights one_table(const cz_parameter *table)
{
    return (cz_embed_weights){ .tables = 1, .table = { table }, .fixed = { UINT32_MAX } };
}

void cz_bind_distances(cz_binder *b)
{
    cz_network *network = b->network;
    const cz_config *config = &network->config;
    const cz_family *family = config->family;
    size_t width = config->distances.kind == CZ_DISTANCE_TABLE ? config->heads : config->hidden;
    if (config->distances.kind != CZ_DISTANCE_OWN)
        network->distances = one_table(cz_bind_named(b, "", family->weight.distances, ".weight",
                                                     config->distances.rows, width));
    if (config->distances.normed)
        network->distance_norm = cz_bind_norm(b, "", family->weight.distance_norm, width);
    if (!b->status)
        make_map(b);
}

static cz_linear_weights part_of(const cz_linear_weights *all, int i)
{
    cz_linear_weights one = { .weight = { .in = all->weight.in, .parts = 1 } };
    one.part[0] = all->part[i];
    one.bias[0] = all->bias[i];
    one.weight.part[0] = all->weight.part[i];
    one.weight.bias[0] = all->weight.bias[i];
    one.weight.out = one.weight.part[0]->rows;
    return one;
}

static void add_part(cz_linear_weights *to, cz_linear_weights one)
{
    int part = to->weight.parts++;
    to->part[part] = one.part[0];
    to->bias[part] = one.bias[0];
    to->weight.part[part] = one.weight.part[0];
    to->weight.bias[part] = one.weight.bias[0];
    to->weight.in = one.weight.in;
    to->weight.out += one.weight.out;
}

/* Query rows of distances meet keys, key rows meet queries; in this order. */
void cz_bind_layer_distances(cz_binder *b, const char *name, cz_layer *layer)
{
    const cz_config *config = &b->network->config;
    const cz_family *family = config->family;
    const bool wanted[] = { config->distances.of_key, config->distances.of_query };
    layer->meets_keys = wanted[0];
    layer->meets_queries = wanted[1];
    if (config->distances.kind == CZ_DISTANCE_OWN)
        layer->own_distances =
            one_table(cz_bind_named(b, name, family->weight.own_distances, ".weight",
                                    config->distances.rows, config->hidden / config->heads));
    if (config->distances.kind != CZ_DISTANCE_APART)
        return;
    const char *own[] = { family->weight.distance_query, family->weight.distance_key };
    for (int i = 0; i < 2 && !b->status; i++) {
        if (!wanted[i])
            continue;
        b->unbiased = i && family->plain_distances;
        add_part(&layer->distance,
                 config->distances.shared
                     ? part_of(&layer->qkv, i)
                     : cz_bind_linear(b, name, &own[i], 1, config->hidden, config->hidden));
        b->unbiased = false;
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
