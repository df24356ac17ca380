/*
 * bind_woven.c - query, key and value that the file weaves into one matrix, head by head, taken apart:
 * copies, because the rows of each lie apart.
 */
#include "model/bind.h"

#include "base/error.h"
#include "model/family.h"

#include <stdio.h>
#include <string.h>

/* Block `turn` of every CZ_PARTS blocks. */
static void take_apart(const cz_tensor *from, size_t block, size_t turn, const cz_tensor *to)
{
    size_t row = from->columns * cz_type_size(from->type);
    for (size_t i = 0; i < to->rows; i++) {
        size_t stored = (i / block * CZ_PARTS + turn) * block + i % block;
        memcpy((char *)to->data + i * row, (const char *)from->data + stored * row, row);
    }
}

/* The parameter of the whole becomes the first of those that it is taken apart into. */
static void bind_parts(cz_binder *b, const cz_parameter *whole, size_t rows, size_t block,
                       cz_layer *to)
{
    cz_network *network = b->network;
    cz_tensor all = whole->value;
    size_t size = rows * rows * cz_type_size(all.type);
    if (!cz_block_allocate(&network->hooks.allocator, CZ_PARTS * size, &to->woven)) {
        b->status = cz_fail_memory(b->error, "query, key and value", CZ_PARTS * size);
        return;
    }
    for (size_t i = 0; i < CZ_PARTS; i++) {
        cz_parameter *part = i ? cz_bind_more(b) : &network->parameters[whole->index];
        if (!part)
            return;
        part->name = whole->name;
        part->depth = whole->depth;
        part->is_matrix = whole->is_matrix;
        part->turn = i;
        part->turns = CZ_PARTS;
        part->block = block;
        part->value = (cz_tensor){
            (char *)to->woven.data + i * size, rows, rows, rows, all.type, false, NULL
        };
        take_apart(&all, block, i, &part->value);
        to->qkv.part[i] = part;
        to->qkv.weight.part[i] = &part->value;
    }
    const cz_stored_tensor *stored = cz_weights_find(network->weights, whole->name);
    if (stored)
        cz_weights_forget(network->weights, stored);
    network->mapped -= stored ? stored->size : 0;
}

void cz_bind_woven(cz_binder *b, const char *layer, size_t rows, size_t block, cz_layer *to)
{
    const cz_family *family = b->network->config.family;
    const char *const biases[CZ_PARTS] = { family->weight.query_bias, NULL,
                                           family->weight.value_bias };
    const cz_parameter *whole =
        cz_bind_named(b, layer, family->weight.woven, ".weight", CZ_PARTS * rows, rows);
    to->qkv.weight = (cz_weight){ .in = rows, .out = CZ_PARTS * rows, .parts = CZ_PARTS };
    if (whole)
        bind_parts(b, whole, rows, block, to);
    for (size_t i = 0; i < CZ_PARTS && !b->status; i++) {
        if (!biases[i])
            continue;
        to->qkv.bias[i] = cz_bind_named(b, layer, biases[i], "", 1, rows);
        to->qkv.weight.bias[i] = b->status ? NULL : &to->qkv.bias[i]->value;
    }
}
