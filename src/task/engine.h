/*
 * task/engine.h - the three lifetimes behind <cloze/model.h>, shared by the files of this room.
 */
#ifndef CZ_TASK_ENGINE_H
#define CZ_TASK_ENGINE_H

#include "model/network.h"
#include "text/tokenizer.h"

#include <cloze/classify.h>
#include <cloze/model.h>

struct cloze_engine {
    cloze_hooks hooks;
    const cz_backend *backend;
    cz_pool *pool;
    cz_place place; /* without scratch: what packing needs */
};

/* What follows the pooling in a sentence-transformers folder. */
typedef enum cz_module_kind { CZ_MODULE_DENSE, CZ_MODULE_NORM, CZ_MODULE_NORMALIZE } cz_module_kind;

typedef struct cz_module {
    cz_module_kind kind;
    cz_weights *weights;
    cz_parameter parameters[2];
    cz_block vectors; /* copies of those that the file holds in another type */
    cz_linear_weights dense;
    cz_norm_weights norm;
    cz_activation activation;
} cz_module;

typedef struct cz_prompt {
    char *name, *text;
} cz_prompt;

enum { CZ_MODULES_MOST = 16, CZ_PROMPTS_MOST = 4096 };

/* How a folder turns token states into a vector; plain folders have mean pooling alone. */
typedef struct cz_pipeline {
    unsigned pooling;       /* cloze_pooling bits */
    bool exclude_prompt;    /* pooling leaves the prompt's tokens out */
    bool lower_case;        /* of the text, before the tokenizer */
    size_t max_tokens;      /* as sentence_bert_config.json says; 0: nothing said */
    char transformer[256];  /* folder of the encoder below the model's, "" the same */
    cz_module modules[CZ_MODULES_MOST];
    size_t module_count;
    cz_prompt *prompts;
    size_t prompt_count;
    size_t default_prompt;  /* prompt_count: none */
} cz_pipeline;

/* What config.json says of the labels of a classification head. */
typedef struct cz_labels {
    char **names; /* [count] */
    size_t count; /* 0: the model has no such head */
    size_t named; /* how many config.json names; 0: it says nothing */
    cloze_score_function function;
    cloze_score_function rerank_function; /* of a cross-encoder; 0: one that is not known */
} cz_labels;

struct cloze_model {
    cloze_hooks hooks;
    cloze_engine *engine;
    bool owns_engine;
    char *path;
    cz_network *network;
    cloze_tokenizer *tokenizer;
    cz_pipeline pipeline;
    cz_labels labels, tags; /* of the heads of sequences and of tokens */
    size_t max_tokens;
};

/* A model that will learn: its weights come from another folder, and what is missing is made. */
typedef struct cz_learning {
    const char *weights; /* not asked when all is made */
    cz_anew anew;
} cz_learning;

/* The folder that a path or a hub name stands for; out [CZ_PATH_SIZE]. */
cloze_status cz_model_find(char *out, const char *path, const cloze_model_options *options,
                           cloze_error *error);
/* Settings, tokenizer and modules of `folder`. Nothing is packed. */
cloze_status cz_model_open_to_learn(cloze_model **out, const char *folder,
                                    const cz_learning *learning,
                                    const cloze_model_options *options, cloze_error *error);

/* `labels` is zeroed before; clear it whatever comes back. */
cloze_status cz_labels_load(cz_labels *labels, const char *folder, size_t count,
                            const cloze_allocator *allocator, cloze_error *error);
void cz_labels_clear(cz_labels *labels, const cloze_allocator *allocator);
/* Names of another head than this one must not be told for its labels. */
cloze_status cz_labels_check(const cz_labels *labels, const cloze_model *model,
                             cloze_error *error);

cloze_status cz_pipeline_load(cz_pipeline *out, const char *folder, const cloze_hooks *hooks,
                              cloze_error *error);
/* The modules' weights, once the width of the pooling is known. */
cloze_status cz_pipeline_bind(cz_pipeline *pipeline, const char *folder, size_t width,
                              const cz_network_options *options, cloze_error *error);
void cz_pipeline_clear(cz_pipeline *pipeline, const cloze_allocator *allocator);
/* Columns after pooling, and after all modules. */
size_t cz_pooled_width(unsigned pooling, size_t hidden);
size_t cz_pipeline_width(const cz_pipeline *pipeline, size_t pooled);
/* The most columns that go into or come out of a module. */
size_t cz_pipeline_widest(const cz_pipeline *pipeline, size_t pooled);

/* ---- session.c ---- */

/* Rows of one run over the modules after pooling, and over the head of words. */
enum { CZ_FINISH_ROWS = 64, CZ_WORD_ROWS = 32 };

/* Where sequences are shorter than this on average, all rows of the last layer are made even if first
 * rows are asked for: choosing them would need more room. */
enum { CZ_FIRSTS_LENGTH = 4 };

/* One place where a run can happen: arenas and scratch of one worker, or of the whole pool. */
typedef struct cz_slot {
    cz_run run;
    cz_block host, numbers;
    size_t tokens; /* the largest batch it was measured for */
    size_t load;   /* tokens of the groups that it would take */
    cloze_error failure;
} cz_slot;

/* What the encoder is asked for, sequence by sequence. */
typedef struct cz_request {
    const cz_batch *batch;
    size_t layers;             /* how many to run */
    unsigned pooling;
    const size_t *skip;        /* [sequences] rows of a prompt to leave out, or NULL */
    float *pooled;             /* [sequences, pooled width] */
    float *const *states;      /* as cloze_hidden_states, or NULL; pooled may then be NULL */
    cz_head_kind head;         /* of the logits; not that of words, see cz_session_words */
    float *logits;             /* [sequences, or tokens, columns of the head], or NULL */
    const size_t *rows;        /* [row_count] ascending: tokens whose last states are wanted */
    size_t row_count;
    float *row_states;         /* [row_count, hidden] */
} cz_request;

struct cloze_session {
    const cloze_model *model;
    cloze_hooks hooks;
    cloze_progress progress;
    size_t batch_tokens;
    atomic_bool cancel;
    cz_slot *slots; /* [workers], each for a group; slot 0 also for a batch over the whole pool */
    size_t slot_count, group_tokens;
    cz_block scratch; /* [slot_count][scratch_size] */
    cz_block words;   /* the arena of cz_session_words */
    size_t scratch_size;

    /* The batch being gathered. */
    cloze_encoding *encoding;
    uint32_t *ids, *positions, *types;     /* [batch_tokens] */
    size_t *begin, *length, *skip, *owner; /* [batch_tokens] sequences at most */
    size_t *group_begin, *groups;          /* first sequences of groups, and the end */
    size_t *global_row, *global_begin, *global_length; /* the same, where a head has globals */
    size_t *first_begin, *first_length; /* first rows as a batch of their own */
    size_t tokens, sequences, longest;
    float *pooled;  /* [batch_tokens sequences at most, pooled_width] */
    size_t pooled_capacity, pooled_width;
    float *partial; /* [pooled_width] windows of the text that is not finished yet */
    size_t partial_capacity;
    float *wide;    /* [pipeline width] one vector before truncation */
    size_t wide_capacity;
    char *text;     /* prompt and text joined, or text lower-cased */
    size_t text_capacity;
};

/* ---- encode.c: parts of a run that counting needs too ---- */

cz_tensor *cz_run_modules(cz_run *run, const cz_pipeline *pipeline, cz_tensor *x,
                          bool normalize_modules);
/* `bit` is one of cloze_pooling. */
cz_tensor *cz_pool_bit(cz_run *run, const cz_request *request, cz_tensor *x, unsigned bit);

/* ---- gather.c: sequences are put one behind the other until the batch takes no more ---- */

void cz_session_clear(cloze_session *session);
cz_batch cz_session_batch(const cloze_session *session);
/* Fails on a sequence that no batch could take; texts are numbered from 1 in messages. */
cloze_status cz_session_check(const cloze_session *session, size_t owner, size_t length,
                              cloze_error *error);
bool cz_session_takes(const cloze_session *session, size_t length);
/* `types` may be NULL; ids and types are checked. `skip`: rows that pooling leaves out. */
cloze_status cz_session_append(cloze_session *session, size_t owner, const uint32_t *ids,
                               const uint32_t *types, size_t length, size_t skip,
                               cloze_error *error);

/* Runs the encoder over a batch, by operations or by groups; the same bits either way. */
cloze_status cz_session_encode(cloze_session *session, const cz_request *request,
                               cloze_error *error);
/* Finite weights can be so large that what is computed with them is not: an error, no score. `owner`
 * is the text that the numbers are of. */
cloze_status cz_check_finite(const float *numbers, size_t count, size_t owner, cloze_error *error);
/* Runs the modules after pooling over rows [count, session->pooled_width] into out [count, width of
 * the pipeline]. */
cloze_status cz_session_finish(cloze_session *session, const float *pooled, size_t count,
                               float *out, bool normalize_modules, cloze_error *error);
/* What could stand in the places whose last states [count, hidden] are given: logits of every id,
 * out [count, columns of the head of words]. */
cloze_status cz_session_words(cloze_session *session, const float *states, size_t count, float *out,
                              cloze_error *error);
/* Bytes of a session: its arenas and scratch, and everything beside them. */
void cz_session_bytes(const cloze_model *model, size_t batch_tokens, size_t *arena, size_t *other);

#endif
