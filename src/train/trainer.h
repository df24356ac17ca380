/*
 * train/trainer.h - what the files of this room share: the trainer, the part of a batch that is
 * computed at once, and what an objective must do.
 */
#ifndef CZ_TRAIN_TRAINER_H
#define CZ_TRAIN_TRAINER_H

#include "base/checksum.h"
#include "base/digest.h"
#include "task/engine.h"
#include "train/dataset.h"
#include "train/learner.h"
#include "train/plan.h"
#include "train/ranks.h"
#include "train/schedule.h"

#include <cloze/metrics.h>

enum { CZ_SPLITS = CLOZE_SPLIT_TEST + 1 };

/* Some items of a split as one packed batch, with what is aimed at. Arrays grow and stay. */
typedef struct cz_part {
    cz_batch batch;
    cz_globals globals;
    uint32_t *ids, *positions, *types; /* [tokens] */
    int32_t *words;                    /* [tokens] where words are masked; -1: none */
    uint32_t *masked;                  /* [tokens] as a generator sees them */
    size_t *begin, *length;            /* [sequences] */
    size_t *first_begin, *first_length; /* [sequences] first rows as a batch of their own */
    uint64_t *samples;                 /* [sequences] */
    int64_t *apart;                    /* [sequences] of a corpus: see cz_passage */
    size_t *global_row, *global_begin, *global_length;
    size_t tokens_room[6], sequences_room[8]; /* of the arrays above */

    const cloze_model *model; /* whose positions and globals these are */
    const cz_dataset *dataset;
    const size_t *items; /* [count] numbers of items in the dataset */
    size_t count;
    size_t first; /* number of the first item in the epoch */
    uint32_t epoch;
    bool learning;                   /* not measuring */
    double all_tokens, all_pairs;    /* of the batch that it is a part of: pairs of a sequence's own */
    bool only_body;                  /* what the head reads is wanted, and nothing after it */
    size_t side_begin[CZ_SIDES + 1]; /* sequences of each side; the sides follow each other */

    int64_t *labels; /* [rows of what the head makes] */
    float *targets;  /* [count, columns] */
    size_t *rows;    /* [row_count] tokens that are asked for */
    size_t row_count;
    size_t labels_room, targets_room, rows_room;
} cz_part;

/* What is counted while a split is measured. */
typedef struct cz_scores {
    double loss, weight;
    cloze_tally *tally;
    double *predicted, *gold;
    size_t count, predicted_room, gold_room;
    double right, asked;
    size_t open;                  /* the question whose windows are being looked at; plus one */
    double open_score, open_none; /* of the best answer so far, of none */
    cloze_token_offset open_answer;
    double exact, f1;
    const cz_dataset *dataset;
} cz_scores;

/* What the means over a batch are divided by: of the objective, and of the one beside it. */
typedef struct cz_totals {
    double own, beside;
} cz_totals;

/* What was computed of a part; tensors are good until the workspace is used again. */
typedef struct cz_outcomes {
    const cz_tensor *own, *beside;
    double loss, beside_loss;
} cz_outcomes;

typedef struct cz_objective {
    const char *metric; /* that is the best by default */
    bool has_head;
    cz_head_kind head;
    /* The example as items. */
    cloze_status (*take)(cloze_trainer *, cz_dataset *, const cloze_example *, cloze_intake *,
                         cloze_error *);
    /* How much an item counts in the mean that the loss is. */
    double (*weigh)(const cloze_trainer *, const cz_dataset *, size_t item, size_t sample,
                    uint32_t epoch, bool learning);
    /* Fills what is aimed at, and changes ids where that belongs to it. False: no memory. */
    bool (*aim)(const cloze_trainer *, cz_part *);
    cz_tensor *(*outcome)(cz_run *, const cloze_trainer *, const cz_part *, cz_tensor *states);
    /* The part's share of a mean whose items weigh `total`. */
    cz_tensor *(*loss)(cz_run *, const cloze_trainer *, const cz_part *, cz_tensor *outcome,
                       double total);
    cloze_status (*score)(const cloze_trainer *, cz_scores *, const cz_part *,
                          const cz_tensor *outcome, cloze_error *);
    cloze_status (*report)(const cloze_trainer *, cz_scores *, cloze_measures *, cloze_error *);
} cz_objective;

const cz_objective *cz_objective_of(cloze_learning learning);
/* What is learned beside it, of the same states, or NULL: losses are added. */
const cz_objective *cz_objective_beside(const cloze_train_options *options);

/* The memory in which a part is computed; it grows to the largest. */
typedef struct cz_workspace {
    cz_run run;
    cz_block host, numbers, bench, scratch;
} cz_workspace;

/* What a teacher is asked for, and what it made of the last part. */
typedef struct cz_lesson {
    size_t *layer;             /* [student's layers + 1] the teacher's that each is compared with */
    bool asks_outcome;
    size_t layers;             /* of the teacher that have to run */
    cz_tensor *states, *projections; /* [teacher's layers + 1] copies; data NULL: not wanted */
    cz_tensor **own_states, **own_projections; /* [student's layers + 1] in its run; NULL: not there */
    const cz_tensor *outcome;
    cz_workspace workspace;
    cz_block copies, indices;
    cz_globals globals;
    unsigned char fingerprint[32];
} cz_lesson;

/* What a run has come to; kept in its folder. */
typedef struct cz_progress {
    size_t step;       /* done */
    size_t best_step;  /* 0: none yet */
    size_t since_best; /* measurements */
    double best;
    bool finished;
} cz_progress;

struct cloze_trainer {
    cloze_hooks hooks;
    cloze_train_options options; /* with what 0 stood for */
    char **labels;               /* [options.label_count] */
    float *label_weights;        /* [options.label_count] or NULL */
    char **targets;              /* [options.lora.target_count] */
    char *folder, *config, *generator_config; /* or NULL */
    char source[CZ_PATH_SIZE];   /* the folder that was opened */
    char name[CZ_PATH_SIZE]; /* what it is called: a hub name, or where it is from the root on */
    char settings
        [CZ_PATH_SIZE];     /* the folder of config.json and the tokenizer for what is learned */
    bool settings_are_ours; /* a temporary folder, removed at the end */
    const cz_objective *objective, *beside; /* the latter may be NULL */
    cz_passage *passage; /* room for the sequence that was asked for last */
    cloze_engine *engine;
    bool owns_engine;
    cloze_model *model, *generator; /* the latter may be NULL */
    cloze_encoding *encoding;
    cz_dataset split[CZ_SPLITS];
    cz_learner learner;
    cz_plan plan;
    cz_schedule schedule;
    cz_part part;
    cz_workspace workspace;
    cz_ranks ranks;
    cz_lesson lesson; /* of options.teacher, if there is one */
    cz_checksum still; /* of all weights that do not learn */
    cz_progress progress;
    cz_block best;      /* values of the best measurement; no data: none */
    size_t *everything; /* [items of the largest split] 0, 1, ... */
    size_t everything_count;
    size_t memory;
    size_t plain, plain_tokens; /* bytes of the largest part without recomputing and rounding; its tokens */
};

/* ---- part.c ---- */

/* Lays out items; false when memory is out. `first`: number of the first in the epoch. */
bool cz_part_lay(const cloze_trainer *trainer, cz_part *part, const cz_dataset *dataset,
                 const size_t *items, size_t count, size_t first, uint32_t epoch, bool learning);
void cz_part_clear(cz_part *part, const cloze_allocator *allocator);

/* ---- frozen.c ---- */

/* Is what the body makes kept? */
bool cz_body_is_kept(const cloze_trainer *trainer);
/* Computes it for the items of a split that have none yet. */
cloze_status cz_body_keep(cloze_trainer *trainer, cz_dataset *dataset, cloze_error *error);
/* The same by all ranks, of which each computes some. */
cloze_status cz_body_keep_together(cloze_trainer *trainer, cz_dataset *dataset, cloze_error *error);
/* The rows that the head reads, of those that the body makes. */
cz_tensor *cz_body_rows(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                        cz_tensor *states);
/* The part as one of kept rows; these rows. */
void cz_body_lay(const cloze_trainer *trainer, cz_part *part);
cz_tensor *cz_body_states(cz_run *run, const cloze_trainer *trainer, const cz_part *part);

/* ---- compute.c ---- */

/* Computes the part's loss and, where it learns, adds its gradients. */
cloze_status cz_part_compute(cloze_trainer *trainer, const cz_part *part, cz_totals totals,
                             const cz_gradients *gradients, uint64_t step, cz_outcomes *out,
                             cloze_error *error);
/* The shapes that a run of the part's model meets. */
cz_extent cz_part_extent(const cz_part *part);

/* Bytes that recomputing and rounding save so far. */
size_t cz_memory_saved(const cloze_trainer *trainer);

/* ---- options.c ---- */

/* Has it labels with names? */
bool cz_has_labels(cloze_learning learning);
/* Of filled ones. */
cloze_status cz_options_check(const cloze_train_options *options, cloze_error *error);

/* ---- workspace.c ---- */

/* Host memory and scratch; the run will count. False when memory is out, here and below. */
bool cz_workspace_ready(cloze_trainer *trainer, cz_workspace *workspace, const cz_extent *extent);
/* Room for the numbers that were counted. */
bool cz_workspace_furnish(cloze_trainer *trainer, cz_workspace *workspace);
/* A block of at least `size` bytes, whose old content is lost. */
bool cz_block_fit(cloze_trainer *trainer, cz_block *block, size_t size);
void cz_workspace_clear(cz_workspace *workspace, const cloze_allocator *allocator);

/* ---- step.c ---- */

/* What became of a step. */
typedef struct cz_step_report {
    double loss, rate, norm;
    size_t tokens, items;
} cz_step_report;

/* Computes the gradients of the shards of this rank. */
cloze_status cz_step_learn(cloze_trainer *trainer, cloze_error *error);
/* Sums those of all ranks and changes the weights. */
cloze_status cz_step_take(cloze_trainer *trainer, cz_step_report *report, cloze_error *error);

/* ---- measure.c ---- */

/* As many items from `first` on as `tokens` allow, at least one. */
size_t cz_next_items(const cz_dataset *dataset, size_t first, size_t tokens);
/* trainer->everything has `count` numbers; false when memory is out. */
bool cz_number_items(cloze_trainer *trainer, size_t count);
cloze_status cz_measure(cloze_trainer *trainer, cloze_split split, cloze_measures *out,
                        cloze_error *error);
/* The metric that decides; false if it was not measured. */
bool cz_measures_find(const cloze_measures *measures, const char *name, double *value);

/* ---- settings.c ---- */

/* Writes config.json as the trained model shall have it, and all that is not weights. */
cloze_status cz_settings_write(const cloze_trainer *trainer, const char *folder,
                               cloze_error *error);
/* The same into the trainer's folder, or a temporary one. */
cloze_status cz_settings_prepare(cloze_trainer *trainer, cloze_error *error);
void cz_settings_forget(cloze_trainer *trainer);
/* The same run as one of the generator alone, to be read: it owns nothing. */
cloze_trainer cz_generator_as_trainer(const cloze_trainer *trainer);

/* ---- save.c ---- */

/* The model's weights, merged with adapters, or the adapters by themselves. */
cloze_status cz_save_weights(const cloze_trainer *trainer, const char *folder, cloze_error *error);
/* A weight's name as transformers has it, with the encoder's prefix where a head stands beside it. */
enum { CZ_SAVED_NAME = 600 };
void cz_saved_name(const cloze_trainer *trainer, const cz_parameter *parameter,
                   char out[CZ_SAVED_NAME]);

/* ---- adapter.c ---- */

bool cz_saves_adapter(const cloze_trainer *trainer);
/* FOLDER/adapter_config.json as peft writes it. */
cloze_status cz_adapter_config_write(const cloze_trainer *trainer, const char *folder,
                                     cloze_error *error);

/* ---- state.c ---- */

/* Sums up the weights that do not learn: a state has none of them, and goes on only beside the same. */
void cz_state_know_still(cloze_trainer *trainer);
cloze_status cz_state_keep(cloze_trainer *trainer, cloze_error *error);
/* CLOZE_ERROR_NOT_FOUND: there is none. */
cloze_status cz_state_resume(cloze_trainer *trainer, cloze_error *error);
/* Of what a run is a function of. */
void cz_state_digest(const cloze_trainer *trainer, char out[CZ_DIGEST_HEX]);
/* Room for the best weights. */
cloze_status cz_best_make(cloze_trainer *trainer, cloze_error *error);

/* ---- objective_replaced.c ---- */

/* What the generator says in the places that are asked for; and puts a draw of it there. */
cz_tensor *cz_generator_outcome(cz_run *run, const cloze_trainer *trainer, const cz_part *part);
void cz_replace_tokens(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                       const cz_tensor *logits);

/* ---- intake_corpus.c ---- */

/* A sequence of a corpus, laid in the trainer's room for one. `sample`: its number in the epoch. */
const cz_passage *cz_passage_of(const cloze_trainer *trainer, const cz_dataset *dataset,
                                size_t item, size_t sample, uint32_t epoch, bool learning);
/* Where what is drawn of an item comes from: what is measured has one choice for good. */
cz_occasion cz_occasion_of(const cloze_trainer *trainer, size_t item, size_t sample, uint32_t epoch,
                           bool learning);

/* ---- intake.c: examples as tokens, for the objectives ---- */

/* Tokens of a text or a pair, truncated; one sequence put at the end of the dataset. */
cloze_status cz_take_text(cloze_trainer *trainer, cz_dataset *dataset, cloze_text text,
                          cloze_text pair, bool keep_words, size_t *begin, size_t *length,
                          cloze_intake *intake, cloze_error *error);

#endif
