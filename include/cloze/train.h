/*
 * cloze/train.h - a model learns: fine-tuning of every head, and of embeddings, in the engine that
 * runs it.
 *
 * A trainer opens a model, is given examples, which it keeps as token ids, and runs. What it learned
 * is saved as a folder that cloze and transformers open. Batches are packed tokens, never padded.
 *
 * A run is a function of its inputs: model, examples in their order, options, seed. Threads do not
 * matter, nor does it matter how often it was stopped and resumed: the numbers are the same to the
 * bit on an instruction set. A batch is cut into `shards`; the gradients of the shards are summed in
 * a fixed tree, in one process or in several (`ranks`).
 *
 * Methods: AdamW (Loshchilov and Hutter 2019) in the order of torch.optim.AdamW; rates as
 * transformers.optimization schedules them; losses as transformers' heads compute them.
 * A trainer belongs to one thread at a time.
 */
#ifndef CLOZE_TRAIN_H
#define CLOZE_TRAIN_H

#include <cloze/model.h>
#include <cloze/ranks.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cloze_trainer cloze_trainer;

/* What is learned, and by which head. A head that the model lacks is made, as transformers makes it. */
typedef enum cloze_learning {
    CLOZE_LEARN_LABELS = 0, /* one label for a text or a pair of texts: cross-entropy */
    CLOZE_LEARN_LABEL_SETS, /* any number of labels: binary cross-entropy of each */
    CLOZE_LEARN_NUMBERS,    /* a number (or several) for a text or a pair: squared error */
    CLOZE_LEARN_TAGS,       /* a label for each word of a sentence, asked of its first token */
    CLOZE_LEARN_ANSWERS,    /* where in a text the answer to a question begins and ends */
    CLOZE_LEARN_WORDS,      /* masked words, drawn anew in every epoch */
    CLOZE_LEARN_RANKING,    /* embeddings: of all second texts of a shard one's own is the nearest
                               (multiple negatives ranking, Henderson et al. 2017) */
    CLOZE_LEARN_SIMILARITY, /* embeddings: the cosine of two texts is a given number */
    CLOZE_LEARN_VECTORS,    /* embeddings: those of a teacher (Reimers and Gurevych 2020); squared error */
    CLOZE_LEARN_REPLACED    /* tokens that a small generator, which learns WORDS beside it, put in the
                               place of others (Clark et al. 2020): of a corpus */
} cloze_learning;

/* One example; which fields count depends on what is learned. All is copied. */
typedef struct cloze_example {
    cloze_text text; /* the first text; the question; the anchor */
    cloze_text pair; /* the second text; what the answer is in; data NULL: none */
    cloze_text negative;      /* RANKING: a text that shall be far from the anchor; data NULL: none */
    size_t label;             /* LABELS: number of the label */
    const float *values;      /* LABEL_SETS: [labels] 1 or 0; NUMBERS: [labels]; SIMILARITY: [1];
                                 VECTORS: [dimension]; LABELS of a teacher that does not run
                                 beside the student: [labels] its logits */
    const cloze_text *words;  /* TAGS: [word_count] instead of `text` */
    const size_t *tags;       /* TAGS: [word_count] numbers of labels; SIZE_MAX: not asked */
    size_t word_count;
    cloze_token_offset answer; /* ANSWERS: bytes of `pair`; begin == end: there is no answer */
    const cloze_token_offset *others; /* ANSWERS: [other_count] more that are right */
    size_t other_count;
} cloze_example;

typedef enum cloze_split { CLOZE_SPLIT_TRAIN = 0, CLOZE_SPLIT_DEV, CLOZE_SPLIT_TEST } cloze_split;

/* How the rate goes after warming up, from 1 on. */
typedef enum cloze_schedule {
    CLOZE_SCHEDULE_LINEAR = 0, /* down to 0 at the end */
    CLOZE_SCHEDULE_COSINE,     /* half a wave down to 0; `cycles` waves if given */
    CLOZE_SCHEDULE_RESTARTS,   /* half a wave down to 0, `cycles` times */
    CLOZE_SCHEDULE_POLYNOMIAL, /* (1 - t)^power */
    CLOZE_SCHEDULE_CONSTANT,
    CLOZE_SCHEDULE_STABLE      /* stays, then linearly down during the last `decay` of all steps */
} cloze_schedule;

/* How the weights of labels are chosen in the loss. */
typedef enum cloze_balance {
    CLOZE_BALANCE_NONE = 0,
    CLOZE_BALANCE_WEIGHTS,   /* items / (labels * items with this label), as scikit-learn's "balanced" */
    CLOZE_BALANCE_OVERSAMPLE /* rarer labels' items are seen as often as those of the most frequent */
} cloze_balance;

/* Whether two texts of a corpus follow each other, learned beside its masked words. */
typedef enum cloze_following {
    CLOZE_FOLLOWING_NONE = 0, /* a sequence is one text */
    CLOZE_FOLLOWING_NEXT,     /* next sentence prediction (Devlin et al. 2019): half of the second
                                 texts are of another document */
    CLOZE_FOLLOWING_ORDER     /* sentence order (Lan et al. 2020): half have changed places */
} cloze_following;

enum { CLOZE_TRAIN_METRICS = 12 };

/* What was measured on a split: names are static ("loss", "accuracy", "f1", ...). */
typedef struct cloze_measures {
    size_t count;
    const char *name[CLOZE_TRAIN_METRICS];
    double value[CLOZE_TRAIN_METRICS];
} cloze_measures;

typedef enum cloze_train_moment {
    CLOZE_TRAIN_BEGUN = 0, /* sizes are known; a resumed run tells its step */
    CLOZE_TRAIN_STEP,      /* weights were changed */
    CLOZE_TRAIN_MEASURED,  /* the dev split was measured */
    CLOZE_TRAIN_BEST,      /* and is the best so far */
    CLOZE_TRAIN_KEPT       /* the state of the run is in its folder */
} cloze_train_moment;

typedef struct cloze_train_event {
    cloze_train_moment moment;
    size_t step, steps;    /* done, of all */
    double epoch, epochs;  /* done, of all */
    double loss;           /* of the step's batch */
    double rate, norm;     /* of the step; length of the gradient before clipping */
    size_t tokens, items;  /* of the step */
    size_t parameters, learning; /* numbers in the model, and those that learn */
    size_t memory;         /* bytes that the trainer holds, */
    size_t saved;          /* and that `recompute` and `bf16` spare it, of the largest shard so far */
    const cloze_measures *measures; /* MEASURED and BEST */
} cloze_train_event;

/* `false` stops the run with CLOZE_ERROR_CANCELLED; its state is kept first, where it has a folder. */
typedef struct cloze_train_watch {
    bool (*report)(void *context, const cloze_train_event *event);
    void *context;
} cloze_train_watch;

/*
 * A teacher that runs beside the student, over the same tokens of the same batches, without dropout.
 * The weighted losses below are added to that of what is learned; layers that are frozen, whose
 * gradient would go nowhere, are not compared.
 *
 * Where the models are not equally wide, the student's hidden states are compared through a linear map
 * without bias to the teacher's width (TinyBERT's W). It is one for all layers, is drawn by the seed,
 * learns with the student, and is kept in the run's state; a saved model is without it.
 */
typedef struct cloze_teacher {
    /* Opened with the engine of the options (or, where they have none, with its own, which then
     * serves both), with a tokenizer of the same ids. Borrowed until the trainer is freed. NULL: none. */
    const cloze_model *model;
    double last;      /* 1 - the cosine of the last hidden states, the mean over tokens (Sanh et al.
                         2019, DistilBERT: torch's CosineEmbeddingLoss) */
    double states;    /* squared error of the embeddings' and all layers' hidden states, the mean over
                         their numbers, summed over layers (Jiao et al. 2020, TinyBERT) */
    double attention; /* squared error of the scores of attention before the softmax, the mean over
                         heads and pairs of a sequence's tokens, summed over layers (TinyBERT, which
                         found scores to teach better than probabilities). Both models must have as
                         many heads, and scores that are products of queries and keys alone, over the
                         whole sequence */
    const size_t *layers; /* [layer_count] for each layer of the student the number of the teacher's,
                             from 1 on, that it is compared with; NULL: evenly spread, so that the
                             last layers meet: of 12 and 3, layers 4, 8 and 12 */
    size_t layer_count;
} cloze_teacher;

/* LoRA (Hu et al. 2021) as peft does it: beside each of the named linear maps two thin matrices learn,
 * and with them a head that the model lacks; everything else stays, is not copied and has no gradients. */
typedef struct cloze_lora {
    size_t rank;          /* 0: no LoRA, everything learns */
    double alpha;         /* what the two make together is multiplied by alpha / rank; 0: 8 */
    bool stabilized;      /* or by alpha / sqrt(rank) (rsLoRA, Kalajdzievski 2023) */
    double dropout;       /* of what the first is given */
    const char *const *targets; /* [target_count] names of maps, or their ends behind a dot: "query",
                                   "attention.output.dense"; "all-linear" alone: all but the head's */
    size_t target_count;  /* 0: those of queries and values */
    bool merge;           /* save the whole model, W + scale * B A; else what learned, as peft does */
} cloze_lora;

typedef struct cloze_train_options {
    cloze_learning learning;
    const char *const *labels; /* [label_count] names, in the order of their numbers */
    size_t label_count;

    double epochs; /* 0: 3 */
    size_t steps;  /* at most; 0: as many as the epochs have */
    size_t batch;  /* items of a step; 0: 32, or any number where tokens are counted */
    size_t batch_tokens; /* tokens of a step: as many items as have no more, one at least; 0: any */
    size_t shards; /* parts of a batch that are computed one after the other; 0: 1 for RANKING, else 4 */
    size_t max_tokens; /* of one item; 0: the model's limit */
    size_t stride;     /* ANSWERS: tokens that windows share; 0: 128 */

    double rate; /* 0: 5e-5; with LoRA 5e-4, of a head alone 1e-3 */
    double beta1, beta2, epsilon; /* 0: 0.9, 0.999, 1e-8; negative betas: 0 */
    double decay;    /* of matrices; 0: 0.01, negative: none */
    double clip;     /* longest gradient; 0: 1, negative: any */
    bool no_bias_correction;
    cloze_schedule schedule;
    size_t warmup;         /* steps */
    double warmup_ratio;   /* or a share of all */
    double cycles, power, decay_ratio; /* of the schedule; 0: 1 (COSINE: 0.5), 1, 0.1; negative
                                          decay_ratio: never down */
    double layer_decay;    /* each layer down learns so much slower; 0: 1 */

    bool freeze_embeddings;
    size_t freeze_layers; /* the first so many, and the embeddings; not where layers share weights */
    bool freeze_body;     /* all but the head; what the body makes is computed once */

    cloze_lora lora; /* does not go with freezing */

    bool no_dropout; /* else the model's own, and LoRA's */
    double dropout, attention_dropout, classifier_dropout; /* 0: the model's own; negative: none */
    double smoothing; /* of labels */
    double focal;     /* gamma; 0: plain cross-entropy */
    const float *label_weights; /* [label_count] or NULL */
    cloze_balance balance;
    /*
     * From a teacher (Hinton, Vinyals, Dean 2015): teaching * soft + (1 - teaching) * the usual loss.
     * soft is T^2 KL(teacher || student) of logits divided by T for LABELS, TAGS (of the words that are
     * asked) and WORDS (of the masked tokens); T^2 * binary cross-entropy with the teacher's
     * probabilities for LABEL_SETS; the squared error of the teacher's numbers for NUMBERS. What the
     * teacher says comes from `teacher`, or for LABELS without one with each example as `values`.
     * What is measured is the usual loss.
     */
    cloze_teacher teacher;
    double teaching;
    double temperature; /* RANKING: cosines are divided by it; 0: 0.05. Else T; 0: 2 */
    bool directions;    /* VECTORS: 1 - the cosine instead of the squared error */
    double masked;      /* WORDS: share of tokens; 0: 0.15 */
    bool whole_words;   /* WORDS: all tokens of a word, or none */
    bool static_masks;  /* WORDS: what is drawn of an item is the same in every epoch */

    /* Pre-training: WORDS from a corpus. */
    const char *config; /* JSON, as config.json has it: all weights are made, and `model` is a folder
                           of a tokenizer, which may be `folder`; NULL: they are read */
    const char *generator;     /* REPLACED: the same of the generator; NULL with `config` NULL: it is read
                                  from a folder of that name below `model`. It gets one below `folder`.
                                  Its embeddings are the model's; the loss is its own and 50 times the
                                  model's */
    cloze_following following; /* the loss is the sum of both means */
    bool crossing;  /* sequences go over the borders of documents, with a separator there (RoBERTa's
                       full sentences); not with two texts */
    double shorter; /* the share of sequences that are packed to a drawn, smaller length */

    size_t measure_every; /* steps; 0: after each epoch */
    const char *metric;   /* that decides what is best; NULL: the usual one of what is learned */
    size_t patience;      /* measurements without a better one before the end; 0: never */
    bool keep_last;       /* save the last numbers, not the best */

    const char *folder;  /* what the run keeps and makes goes here; NULL: nothing is kept */
    bool resume;         /* go on where the folder's run stopped */
    size_t keep_every;   /* steps; 0: after each measurement */

    bool bf16;      /* while a step computes, products read matrices rounded to bfloat16, and what layers
                       made is kept as bfloat16 for the way back. Weights, moments, gradients and all sums
                       stay float32, and measuring and saving know nothing else */
    bool recompute; /* layers are computed twice, so that they need not be kept */
    uint64_t seed;
    /*
     * Processes that learn together, each with a trainer of the same options and examples; NULL: this
     * one alone. No more than shards, each of which one of them computes; the numbers are the same
     * whoever does. Only rank 0 reads and writes the folder, measures while it learns, and is told of
     * that; a failure or `false` of one ends the run of all. A rank that is lost ends it, too, and
     * rank 0 keeps the state of the last step.
     */
    const cloze_ranks *ranks;
    cloze_engine *engine; /* NULL: one of its own */
    const char *revision; /* of a hub name; NULL: "main" */
    cloze_train_watch watch;
} cloze_train_options;

/* What is 0 becomes the usual, as a trainer takes it. */
CLOZE_API void cloze_train_options_fill(cloze_train_options *options);

/* `model` is a folder or a hub name in the cache. `options` is copied, with its labels and targets. */
CLOZE_API cloze_status cloze_trainer_new(cloze_trainer **out, const char *model,
                                         const cloze_train_options *options, cloze_error *error);
CLOZE_API void cloze_trainer_free(cloze_trainer *trainer);

/* What became of the examples of a call. */
typedef struct cloze_intake {
    size_t examples, items; /* a long text may become several items */
    size_t tokens;
    size_t truncated; /* examples that lost tokens */
    size_t lost;      /* answers and tags that no item holds */
} cloze_intake;

/*
 * Adds examples to a split; `report`, which may be NULL, is added to. CLOZE_ERROR_ARGUMENT and
 * CLOZE_ERROR_TEXT name the example, counted from 1 in the call.
 */
CLOZE_API cloze_status cloze_trainer_add(cloze_trainer *trainer, cloze_split split,
                                         const cloze_example *examples, size_t count,
                                         cloze_intake *report, cloze_error *error);

/*
 * Adds documents of a corpus (cloze/corpus.h) to a split that has nothing yet: those for which a
 * number from 0 to 1, drawn by the seed, is `begin` or more and below `end` (0 and 1: all of them).
 * Sequences are whole sentences of up to max_tokens tokens; longer sentences are cut between words.
 * The file stays mapped; of each sequence only its place is kept. In the report examples are
 * documents, and `lost` counts tokens that no sequence has. Damaged files are CLOZE_ERROR_FORMAT.
 */
CLOZE_API cloze_status cloze_trainer_add_corpus(cloze_trainer *trainer, cloze_split split,
                                                const char *path, double begin, double end,
                                                cloze_intake *report, cloze_error *error);

/*
 * Learns until the steps are done or patience is out, then takes the best numbers (the last without
 * a dev split). CLOZE_ERROR_FORMAT: the loss or a gradient was no longer finite, and what to do.
 */
CLOZE_API cloze_status cloze_trainer_run(cloze_trainer *trainer, cloze_error *error);

/* Measures a split with the numbers of now; a rank does it by itself. */
CLOZE_API cloze_status cloze_trainer_measure(cloze_trainer *trainer, cloze_split split,
                                             cloze_measures *out, cloze_error *error);

/* The metric that decides what is best where none is named, and whether less of one is better. */
CLOZE_API const char *cloze_train_metric(cloze_learning learning);
CLOZE_API bool cloze_train_metric_falls(const char *metric);

/* The model with the numbers of now, for predicting; borrowed, and changed by the next run. */
CLOZE_API const cloze_model *cloze_trainer_model(const cloze_trainer *trainer);

/*
 * A smaller model to learn from its teacher: layers[count], ascending numbers from 0, of the model
 * `teacher`, a folder or a hub name, and all that is not in layers, as a new folder.
 * CLOZE_ERROR_UNSUPPORTED: layers share their weights, or one would see another part of a text than
 * before (ModernBERT's take turns by their number). What was written then is of no use.
 */
CLOZE_API cloze_status cloze_student(const char *teacher, const char *folder,
                                     const size_t *layers, size_t count, cloze_error *error);

/* Writes the model of now into a folder: config.json, model.safetensors, the tokenizer's files and
 * modules; each file whole or not at all, the weights last. NULL: the folder of the options. LoRA that is
 * not merged is saved as adapter_config.json and adapter_model.safetensors instead of model.safetensors;
 * such a folder opens like any other while the model that it belongs to is where it was. Of several ranks
 * only number 0 writes. */
CLOZE_API cloze_status cloze_trainer_save(cloze_trainer *trainer, const char *folder,
                                          cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
