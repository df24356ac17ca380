/*
 * state.c - the whole state of a run as one file that is replaced at once: weights, moments, the best
 * weights so far, and how far it is. A run goes on from it only with the settings and examples that it
 * began with, which a digest tells.
 */
#include "train/trainer.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"

#include <stdio.h>
#include <string.h>

enum { STATE_NUMBERS = 4 };
enum { CHECKSUM = 7, STATE_PARTS }; /* of the file: what is summed up, and the sum */

static const char state_name[] = "training.state";

static cloze_status state_path(const cloze_trainer *trainer, char *path, cloze_error *error)
{
    return cz_path_join(path, CZ_PATH_SIZE, trainer->folder, state_name, error);
}

/* ---- what a run is a function of ---- */

static void add_text(cz_digest *digest, const char *text)
{
    cz_digest_add(digest, text, strlen(text) + 1);
}

static void add_options(cz_digest *digest, const cloze_trainer *trainer)
{
    const cloze_train_options *o = &trainer->options;
    const double reals[] = { o->epochs,
                             o->rate,
                             o->beta1,
                             o->beta2,
                             o->epsilon,
                             o->decay,
                             o->clip,
                             o->warmup_ratio,
                             o->cycles,
                             o->power,
                             o->decay_ratio,
                             o->layer_decay,
                             o->dropout,
                             o->attention_dropout,
                             o->classifier_dropout,
                             o->smoothing,
                             o->focal,
                             o->temperature,
                             o->masked,
                             o->shorter,
                             o->teaching,
                             o->teacher.last,
                             o->teacher.states,
                             o->teacher.attention,
                             o->lora.alpha,
                             o->lora.dropout };
    const uint64_t counts[] = { (uint64_t)o->learning,
                                o->label_count,
                                o->steps,
                                o->batch,
                                o->batch_tokens,
                                o->shards,
                                o->max_tokens,
                                o->stride,
                                (uint64_t)o->no_bias_correction,
                                (uint64_t)o->schedule,
                                o->warmup,
                                (uint64_t)o->freeze_embeddings,
                                o->freeze_layers,
                                (uint64_t)o->freeze_body,
                                (uint64_t)o->no_dropout,
                                (uint64_t)o->balance,
                                (uint64_t)o->whole_words,
                                (uint64_t)o->static_masks,
                                (uint64_t)o->following,
                                (uint64_t)o->crossing,
                                (uint64_t)o->directions,
                                o->measure_every,
                                o->patience,
                                (uint64_t)o->keep_last,
                                o->seed,
                                (uint64_t)o->bf16,
                                o->lora.rank,
                                (uint64_t)o->lora.stabilized,
                                trainer->learner.size,
                                trainer->learner.count,
                                (uint64_t)trainer->engine->backend->type };
    cz_digest_add(digest, reals, sizeof reals);
    cz_digest_add(digest, counts, sizeof counts);
    add_text(digest, o->metric ? o->metric : "");
    add_text(digest, o->config ? o->config : "");
    add_text(digest, o->generator ? o->generator : "");
    for (size_t i = 0; i < o->label_count; i++)
        add_text(digest, trainer->labels[i]);
    if (o->teacher.model) {
        cz_digest_add(digest, trainer->lesson.fingerprint, sizeof trainer->lesson.fingerprint);
        cz_digest_add(digest, trainer->lesson.layer,
                      (trainer->model->network->config.layers + 1) * sizeof(size_t));
    }
    for (size_t i = 0; i < o->lora.target_count; i++)
        add_text(digest, trainer->targets[i]);
    if (trainer->label_weights)
        cz_digest_add(digest, trainer->label_weights, o->label_count * sizeof(float));
}

static void sum_still(const cz_learner *learner, const cz_network *network, cz_checksum *sum)
{
    for (size_t i = 0; i < network->parameter_count; i++) {
        const cz_parameter *parameter = &network->parameters[i];
        const cz_tensor *value = &parameter->value;
        size_t size = cz_type_size(value->type);
        if (learner->level[0].list[parameter->index])
            continue;
        for (size_t row = 0; row < value->rows; row++)
            cz_checksum_add(sum, (const char *)value->data + row * value->stride * size,
                            value->columns * size);
    }
}

void cz_state_know_still(cloze_trainer *trainer)
{
    trainer->still = cz_checksum_begin();
    sum_still(&trainer->learner, trainer->model->network, &trainer->still);
    if (trainer->generator)
        sum_still(&trainer->learner, trainer->generator->network, &trainer->still);
}

static void add_corpus(cz_digest *digest, const cz_passages *passages)
{
    const double part[] = { passages->rule.begin, passages->rule.end };
    const uint64_t counts[] = { passages->rule.most, passages->count, passages->tokens };
    cz_digest_add(digest, passages->file.facts.contents, sizeof passages->file.facts.contents);
    cz_digest_add(digest, part, sizeof part);
    cz_digest_add(digest, counts, sizeof counts);
}

static void add_split(cz_digest *digest, const cz_dataset *dataset)
{
    if (dataset->passages) {
        add_corpus(digest, dataset->passages);
        return;
    }
    cz_digest_add(digest, dataset->ids, dataset->tokens * sizeof *dataset->ids);
    cz_digest_add(digest, dataset->types, dataset->tokens * sizeof *dataset->types);
    if (dataset->tags)
        cz_digest_add(digest, dataset->tags, dataset->tokens * sizeof *dataset->tags);
    cz_digest_add(digest, dataset->values, dataset->value_count * sizeof *dataset->values);
    if (dataset->answers)
        cz_digest_add(digest, dataset->answers, dataset->answer_count * sizeof *dataset->answers);
    for (size_t i = 0; i < dataset->count; i++) {
        const cz_item *item = &dataset->items[i];
        const uint64_t own[] = { item->length[0], item->length[1], item->length[2],
                                 item->label,     item->answer[0], item->answer[1] };
        cz_digest_add(digest, own, sizeof own);
    }
}

void cz_state_digest(const cloze_trainer *trainer, char out[CZ_DIGEST_HEX])
{
    cz_digest digest;
    cz_digest_begin(&digest, CZ_SHA256);
    add_options(&digest, trainer);
    cz_digest_add(&digest, &trainer->still, sizeof trainer->still);
    add_split(&digest, &trainer->split[CLOZE_SPLIT_TRAIN]);
    add_split(&digest, &trainer->split[CLOZE_SPLIT_DEV]);
    cz_digest_end(&digest, out);
}

/* ---- writing and reading ---- */

cloze_status cz_best_make(cloze_trainer *trainer, cloze_error *error)
{
    if (trainer->best.data)
        return CLOZE_OK;
    if (!cz_block_allocate(&trainer->hooks.allocator, trainer->learner.size, &trainer->best))
        return cz_fail_memory(error, "the best weights", trainer->learner.size);
    trainer->memory += trainer->learner.size;
    return CLOZE_OK;
}

cloze_status cz_state_keep(cloze_trainer *trainer, cloze_error *error)
{
    const cz_learner *learner = &trainer->learner;
    const cz_progress *progress = &trainer->progress;
    cz_type type = learner->backend->type;
    size_t count = learner->size / cz_type_size(type);
    int64_t numbers[STATE_NUMBERS] = { (int64_t)progress->step, (int64_t)progress->best_step,
                                       (int64_t)progress->since_best, progress->finished };
    char path[CZ_PATH_SIZE], digest[CZ_DIGEST_HEX];
    cloze_status status = state_path(trainer, path, error);
    if (status)
        return status;
    cz_state_digest(trainer, digest);
    cz_tensor_to_store all[STATE_PARTS] = {
        { "best.metric", CZ_F64, 1, { 1 }, &progress->best },
        { "numbers", CZ_I64, 1, { STATE_NUMBERS }, numbers },
        { "first", type, 1, { count }, learner->moments[0].data },
        { "second", type, 1, { count }, learner->moments[1].data },
        { "values", type, 1, { count }, learner->values.data },
        { "best.values", type, 1, { trainer->best.data ? count : 0 }, trainer->best.data },
        { "run", CZ_U8, 1, { CZ_DIGEST_HEX - 1 }, digest },
    };
    cz_checksum sum = cz_checksum_begin();
    for (size_t i = 0; i < CHECKSUM; i++)
        cz_checksum_add(&sum, all[i].data, all[i].shape[0] * cz_type_size(all[i].type));
    all[CHECKSUM] = (cz_tensor_to_store){ "checksum", CZ_U8, 1, { sizeof sum }, &sum };
    return cz_safetensors_write(path, all, STATE_PARTS, error);
}

static const cz_stored_tensor *find(const cz_weights *weights, const char *name, cz_type type,
                                    size_t count, const char *path, cloze_error *error)
{
    const cz_stored_tensor *stored = cz_weights_find(weights, name);
    if (stored && stored->type == type && stored->rank == 1 && stored->shape[0] == count)
        return stored;
    cz_fail(error, CLOZE_ERROR_FORMAT,
            "%.300s is not the state of such a run: \"%s\" is missing or of another size", path,
            name);
    return NULL;
}

static cloze_status read_into(const cz_weights *weights, const char *name, cz_type type,
                              size_t count, void *to, const char *path, cloze_error *error)
{
    const cz_stored_tensor *stored = find(weights, name, type, count, path, error);
    if (!stored)
        return CLOZE_ERROR_FORMAT;
    memcpy(to, stored->data, stored->size);
    return CLOZE_OK;
}

/* A disk may lose bits, and what is learned on would not tell. */
static cloze_status check_sum(const cz_weights *weights, const char *path, cloze_error *error)
{
    static const char *const parts[CHECKSUM] = { "best.metric", "numbers",     "first", "second",
                                                 "values",      "best.values", "run" };
    cz_checksum sum = cz_checksum_begin(), stated;
    cloze_status status =
        read_into(weights, "checksum", CZ_U8, sizeof stated, &stated, path, error);
    for (size_t i = 0; i < CHECKSUM && !status; i++) {
        const cz_stored_tensor *part = cz_weights_find(weights, parts[i]);
        if (part)
            cz_checksum_add(&sum, part->data, part->size);
    }
    if (!status && memcmp(&sum, &stated, sizeof sum) != 0)
        status = cz_fail(error, CLOZE_ERROR_FORMAT,
                         "%.300s is damaged: its checksum is wrong; take a copy of it, or begin in "
                         "another folder",
                         path);
    return status;
}

static cloze_status read_best(cloze_trainer *trainer, const cz_weights *weights, cz_type type,
                              size_t count, const char *path, cloze_error *error)
{
    if (!trainer->progress.best_step || trainer->options.keep_last)
        return CLOZE_OK;
    cloze_status status = cz_best_make(trainer, error);
    if (status)
        return status;
    return read_into(weights, "best.values", type, count, trainer->best.data, path, error);
}

static cloze_status read_numbers(cz_progress *progress, const int64_t *numbers, const char *path,
                                 cloze_error *error)
{
    for (size_t i = 0; i < STATE_NUMBERS; i++)
        if (numbers[i] < 0)
            return cz_fail(error, CLOZE_ERROR_FORMAT, "%.300s has a negative count", path);
    progress->step = (size_t)numbers[0];
    progress->best_step = (size_t)numbers[1];
    progress->since_best = (size_t)numbers[2];
    progress->finished = numbers[3];
    return CLOZE_OK;
}

static cloze_status read_state(cloze_trainer *trainer, const cz_weights *weights, const char *path,
                               cloze_error *error)
{
    cz_learner *learner = &trainer->learner;
    cz_type type = learner->backend->type;
    size_t count = learner->size / cz_type_size(type);
    char digest[CZ_DIGEST_HEX], stored[CZ_DIGEST_HEX - 1];
    int64_t numbers[STATE_NUMBERS];
    cloze_status status = check_sum(weights, path, error);
    if (status ||
        (status = read_into(weights, "run", CZ_U8, CZ_DIGEST_HEX - 1, stored, path, error)))
        return status;
    cz_state_digest(trainer, digest);
    if (memcmp(digest, stored, sizeof stored) != 0)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "the run in %.300s was begun with another model, other settings or "
                       "examples: give it the same ones to resume, or begin in another folder",
                       trainer->folder);
    if ((status = read_into(weights, "numbers", CZ_I64, STATE_NUMBERS, numbers, path, error)) ||
        (status = read_numbers(&trainer->progress, numbers, path, error)) ||
        (status =
             read_into(weights, "best.metric", CZ_F64, 1, &trainer->progress.best, path, error)) ||
        (status = read_into(weights, "values", type, count, learner->values.data, path, error)) ||
        (status =
             read_into(weights, "first", type, count, learner->moments[0].data, path, error)) ||
        (status = read_into(weights, "second", type, count, learner->moments[1].data, path, error)))
        return status;
    return read_best(trainer, weights, type, count, path, error);
}

cloze_status cz_state_resume(cloze_trainer *trainer, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    cz_weights *weights = NULL;
    const cz_weights_options how = { true, &trainer->hooks.allocator };
    cloze_status status = state_path(trainer, path, error);
    if (status)
        return status;
    cz_output_sweep(path);
    if (!cz_path_is_file(path))
        return CLOZE_ERROR_NOT_FOUND;
    if ((status = cz_weights_open_file(&weights, path, &how, error)))
        return status;
    status = read_state(trainer, weights, path, error);
    cz_weights_close(weights);
    return status;
}
