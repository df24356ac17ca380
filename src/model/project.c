/*
 * project.c - the rows of distances as each layer projects them, made once when a model is opened:
 * they depend on weights alone, and one short text would otherwise pay for them anew. A row's bits
 * are those that a run would make.
 */
#include "model/network.h"

#include "base/error.h"

#include <string.h>

enum { HOST_SIZE = 1 << 16 };

/* Rows of all distances in `run`, normed; every layer's projection goes to its place. */
static void project_layers(cz_run *run, cz_network *network, uint32_t *every)
{
    size_t rows = network->config.distances.rows;
    const uint32_t *index[CZ_TABLES] = { every };
    for (size_t i = 0; i < rows; i++)
        every[i] = (uint32_t)i;
    cz_tensor *x = cz_embed(run, &network->distances, index, rows);
    x = cz_norm(run, x, network->distance_norm.gain ? &network->distance_norm : NULL);
    size_t host = run->host.used, numbers = run->numbers.used;
    for (size_t i = 0; i < network->layer_count && !cz_run_failed(run); i++) {
        cz_layer *layer = &network->layers[i];
        cz_tensor *out = cz_linear(run, x, &layer->distance, CZ_IDENTITY);
        if (cz_run_failed(run))
            return;
        layer->projected = *out;
        layer->projected.data = (char *)network->projected_memory.data +
                                i * rows * out->columns * cz_type_size(out->type);
        memcpy(layer->projected.data, out->data, rows * out->columns * cz_type_size(out->type));
        run->host.used = host;
        run->numbers.used = numbers;
    }
}

static cloze_status project_in(cz_network *network, const cz_network_options *options,
                               cz_block memory, size_t scratch, size_t scratches,
                               cloze_error *error)
{
    size_t index = network->config.distances.rows * sizeof(uint32_t);
    char *at = memory.data;
    cz_place place = *options->place;
    place.scratch = at;
    place.scratch_size = scratch;
    at += scratches;
    uint32_t *every = (void *)(at + HOST_SIZE);
    char *numbers = at + HOST_SIZE + (index + 63) / 64 * 64;
    cz_run run = { .backend = options->backend,
                   .place = place,
                   .host = { at, HOST_SIZE, 0, 0 },
                   .numbers = { numbers, memory.size - (size_t)(numbers - (char *)memory.data), 0,
                                0 } };
    cz_run_reset(&run);
    project_layers(&run, network, every);
    if (!run.error.status)
        return CLOZE_OK;
    return cz_fail(error, run.error.status, "%s", run.error.message);
}

cloze_status cz_network_project(cz_network *network, const cz_network_options *options,
                                cloze_error *error)
{
    const cz_config *config = &network->config;
    const cloze_allocator *allocator = &network->hooks.allocator;
    size_t rows = config->distances.rows, type = cz_type_size(options->backend->type);
    cz_block memory = { 0 };
    cloze_status status;
    if (config->distances.kind != CZ_DISTANCE_APART)
        return CLOZE_OK;
    cz_extent extent = cz_network_extent(network, rows, 1, false);
    size_t scratch = (options->backend->scratch(&extent, options->place->kernels) + 63) / 64 * 64;
    size_t scratches = scratch * cz_pool_workers(options->place->pool);
    size_t wide = network->layers[0].distance.weight.out;
    /* Rows, normed rows and a layer's projection; rows of indices. */
    size_t need = scratches + HOST_SIZE + rows * (2 * config->hidden + wide) * type +
                  rows * sizeof(uint32_t) + 4096;
    size_t all = network->layer_count * rows * wide * type;
    if (!cz_block_allocate(allocator, all, &network->projected_memory))
        return cz_fail_memory(error, "projected distances", all);
    if (!cz_block_allocate(allocator, need, &memory))
        return cz_fail_memory(error, "projecting distances", need);
    status = project_in(network, options, memory, scratch, scratches, error);
    cz_block_release(allocator, &memory);
    return status;
}
