/* part.c - items of a split as one packed batch. */
#include "train/trainer.h"

#include <string.h>

static bool room(const cloze_trainer *trainer, void *items, size_t *have, size_t count, size_t size)
{
    return cz_grow(&trainer->hooks.allocator, items, have, count ? count : 1, size);
}

static bool make_room(const cloze_trainer *trainer, cz_part *part, size_t tokens, size_t sequences)
{
    return room(trainer, &part->ids, &part->tokens_room[0], tokens, sizeof *part->ids) &&
           room(trainer, &part->positions, &part->tokens_room[1], tokens,
                sizeof *part->positions) &&
           room(trainer, &part->types, &part->tokens_room[2], tokens, sizeof *part->types) &&
           room(trainer, &part->global_row, &part->tokens_room[3], tokens,
                sizeof *part->global_row) &&
           room(trainer, &part->words, &part->tokens_room[4], tokens, sizeof *part->words) &&
           room(trainer, &part->masked, &part->tokens_room[5], tokens, sizeof *part->masked) &&
           room(trainer, &part->begin, &part->sequences_room[0], sequences, sizeof *part->begin) &&
           room(trainer, &part->length, &part->sequences_room[1], sequences,
                sizeof *part->length) &&
           room(trainer, &part->samples, &part->sequences_room[2], sequences,
                sizeof *part->samples) &&
           room(trainer, &part->global_begin, &part->sequences_room[3], sequences,
                sizeof *part->global_begin) &&
           room(trainer, &part->global_length, &part->sequences_room[4], sequences,
                sizeof *part->global_length) &&
           room(trainer, &part->apart, &part->sequences_room[5], sequences, sizeof *part->apart) &&
           room(trainer, &part->first_begin, &part->sequences_room[6], sequences,
                sizeof *part->first_begin) &&
           room(trainer, &part->first_length, &part->sequences_room[7], sequences,
                sizeof *part->first_length);
}

/* `words` may be NULL. */
static void lay_sequence(cz_part *part, const uint32_t *ids, const uint32_t *types,
                         const int32_t *words, size_t length, size_t side, size_t number)
{
    cz_batch *batch = &part->batch;
    size_t at = batch->packing.count++, to = batch->tokens;
    memcpy(part->ids + to, ids, length * sizeof *part->ids);
    memcpy(part->types + to, types, length * sizeof *part->types);
    if (words)
        memcpy(part->words + to, words, length * sizeof *part->words);
    part->begin[at] = to;
    part->length[at] = length;
    part->samples[at] = number * CZ_SIDES + side;
    batch->tokens += length;
    if (length > batch->packing.longest)
        batch->packing.longest = length;
}

static void lay_side(const cloze_trainer *trainer, cz_part *part, size_t item, size_t side,
                     size_t number)
{
    const cz_dataset *dataset = part->dataset;
    if (dataset->passages && !side) {
        const cz_passage *passage =
            cz_passage_of(trainer, dataset, item, number, part->epoch, part->learning);
        part->apart[part->batch.packing.count] = passage->apart;
        lay_sequence(part, passage->ids, passage->types, passage->words, passage->length, 0,
                     number);
    } else if (!dataset->passages && dataset->items[item].length[side]) {
        size_t begin = dataset->items[item].begin[side];
        lay_sequence(part, dataset->ids + begin, dataset->types + begin,
                     dataset->words ? dataset->words + begin : NULL,
                     dataset->items[item].length[side], side, number);
    }
}

static size_t count_sequences(const cz_dataset *dataset, size_t item)
{
    size_t sequences = dataset->passages != NULL;
    for (size_t side = 0; side < CZ_SIDES && !dataset->passages; side++)
        sequences += dataset->items[item].length[side] > 0;
    return sequences;
}

/* Positions are of the ids that the model sees, so they come after masking. */
static void lay_positions(const cloze_trainer *trainer, cz_part *part)
{
    const cz_network *network = trainer->model->network;
    for (size_t s = 0; s < part->batch.packing.count; s++)
        cz_config_positions(&network->config, part->ids + part->begin[s], part->length[s],
                            part->positions + part->begin[s]);
    if (trainer->objective->has_head && cz_head_has_globals(network, trainer->objective->head)) {
        part->globals = cz_head_globals(network, trainer->objective->head, &part->batch,
                                        part->global_row, part->global_begin, part->global_length);
        part->batch.globals = &part->globals;
    }
}

bool cz_part_lay(const cloze_trainer *trainer, cz_part *part, const cz_dataset *dataset,
                 const size_t *items, size_t count, size_t first, uint32_t epoch, bool learning)
{
    size_t tokens = 0, sequences = 0;
    for (size_t i = 0; i < count; i++) {
        tokens += cz_dataset_length(dataset, items[i]);
        sequences += count_sequences(dataset, items[i]);
    }
    if (!make_room(trainer, part, tokens, sequences))
        return false;
    part->model = trainer->model;
    part->dataset = dataset;
    part->items = items;
    part->count = count;
    part->first = first;
    part->epoch = epoch;
    part->learning = learning;
    part->row_count = 0;
    part->batch = (cz_batch){ 0,           { 0, part->begin, part->length, 0 },
                              part->ids,   part->positions,
                              part->types, part->samples,
                              NULL,        NULL };
    for (size_t side = 0; side < CZ_SIDES; side++) {
        part->side_begin[side] = part->batch.packing.count;
        for (size_t i = 0; i < count; i++)
            lay_side(trainer, part, items[i], side, first + i);
    }
    part->side_begin[CZ_SIDES] = part->batch.packing.count;
    if (!trainer->objective->aim(trainer, part))
        return false;
    lay_positions(trainer, part);
    if (dataset->states_of)
        cz_body_lay(trainer, part);
    return true;
}

void cz_part_clear(cz_part *part, const cloze_allocator *allocator)
{
    void *const all[] = { part->ids,          part->positions,     part->types,
                          part->begin,        part->length,        part->samples,
                          part->words,        part->apart,         part->global_row,
                          part->global_begin, part->global_length, part->labels,
                          part->targets,      part->rows,          part->masked,
                          part->first_begin,  part->first_length };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        cz_release(allocator, all[i]);
    *part = (cz_part){ 0 };
}
