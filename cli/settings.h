/*
 * settings.h - everything that options can say, for all commands: one struct, so that tables of
 * options can be shared. A command reads the fields that its own tables fill.
 */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct cli_words {
    const char **item;
    size_t count;
} cli_words;

/* What train alone can be told. Real numbers that may be 0 are negative where they are not given. */
typedef struct cli_training {
    /* examples */
    cli_words dev, test;
    double dev_part, test_part;
    size_t folds, seeds;
    const char *negative_column, *label_columns, *labels;
    int encoding;
    bool skip_empty;

    /* steps */
    double epochs, rate, warmup, cycles, power, cooldown;
    size_t steps, batch, batch_tokens, shards;
    int schedule;
    double decay, clip, layer_decay, beta1, beta2, epsilon;
    bool no_bias_correction;

    /* what learns */
    bool freeze_body, freeze_embeddings, recompute;
    int number_type;
    size_t freeze_layers;
    double dropout, attention_dropout, classifier_dropout;
    size_t lora;
    double lora_alpha, lora_dropout;
    const char *lora_targets;
    bool lora_stabilized, merge;

    /* the loss */
    int loss;
    double smoothing, focal, temperature, scale, masked;
    const char *class_weights;
    bool balance, oversample;

    /* measuring and keeping */
    const char *metric;
    size_t patience, measure_every, keep_every;
    bool keep_last, resume;
    int picture;

    /* several processes */
    bool ranks;
    double rank_wait;

    /* distilling */
    const char *teacher, *student_layers, *match;
    double alpha, teach_last, teach_states, teach_attention;
    int vector_loss;
    bool unlabelled;

    /* augmenting */
    size_t augment;
    double drop, swap, insert, replace, refill;
    const char *synonyms, *filler;
} cli_training;

/* What tune can be told besides. */
typedef struct cli_tuning {
    cli_words tries;
    size_t trials, halving, jobs;
    int search;
    bool keep_models;
} cli_tuning;
/* What pretrain alone can be told. */
typedef struct cli_pretraining {
    int documents, sentences, objective, masking;
    const char *architecture, *config, *tokenizer;
    size_t layers, hidden, heads, intermediate, embedding, positions, length;
    double shorter;
    double generator;
    bool crossing;
} cli_pretraining;

/* What explain alone can be told. Real numbers are negative where they are not given. */
typedef struct cli_explaining {
    const char *methods, *label, *against, *at;
    cli_words spans;
    int task, unit, value, absence, fixed, colour;
    double layer, head, noise, bound;
    size_t steps, samples;
    bool highest, list_methods, csv;
    bool evaluate, sensitivity;
    int randomize;
    size_t rivals, beam;
    const char *curves, *page;
    const char *attention, *versus, *versus_model; /* pictures */
    int scale, colours, map;
    bool mute;
    /* of counterfactual and reduce */
    const char *proposer;
    size_t proposals, edits, tries, wanted, kept;
    bool no_replacements, no_deletions, no_insertions;
    /* of probe */
    int probed;
    bool first;
    double strength;
} cli_explaining;

/* What check alone can be told. */
typedef struct cli_checking {
    cli_words labelled, changed, expected, names, places;
    const char *changes;
    size_t copies, typos;
    bool change_pair;
    double most; /* negative: not given */
} cli_checking;

/* Choices are numbered from 1 in the order of the option's placeholder; 0: not given. */
typedef struct cli_settings {
    /* general */
    bool help, json, quiet;
    const char *output;

    /* model */
    const char *model, *revision, *isa;
    size_t threads, batch_tokens;
    int packing, precision;
    bool pull, no_mmap;

    /* input */
    cli_words files;
    const char *field;
    bool null_separated;

    /* embedding */
    const char *pooling, *prompt, *prompt_text;
    bool no_normalize, tokens, no_text;
    int long_text, format, quantize;
    size_t max_tokens, truncate_dimension, layer;

    /* similar */
    cli_words queries;
    const char *query_file, *query_prompt, *vector_cache;
    size_t top;

    /* cluster */
    size_t clusters, least;

    /* tokenize */
    const char *pair, *pair_field;
    bool tab_pairs, ids, decode, no_special, bytes, truncate_left;
    int truncation;
    size_t max_length, stride, seed; /* seed: of cluster, too */

    /* classify */
    bool all;
    int function;
    double threshold; /* -INFINITY: not given */

    /* tag */
    int strategy;
    cli_words ignored;

    /* eval */
    int kind, layout, scheme, squad;
    bool no_header;
    const char *gold, *label_column, *prediction_column, *text_column, *pair_column, *separator;
    const char *picture;

    /* fill and score */
    cli_words targets;
    bool whole_words;

    /* zero-shot and choose */
    cli_words asked;
    bool several;
    const char *hypothesis, *entailment;

    /* answer */
    const char *context_file;
    size_t max_answer;
    bool impossible, whole_tokens;

    /* bench and compare */
    cli_words lengths;
    int shape;
    size_t rounds;
    double tolerance; /* negative: not given */

    /* vocabulary */
    cli_words special;
    const char *characters;
    int vocabulary;
    size_t size, min_frequency, alphabet, longest;
    bool lower;

    /* convert */
    int dtype;

    /* pull */
    const char *cache, *endpoint;

    cli_training train;
    cli_tuning tune;
    cli_pretraining pretrain;
    cli_explaining explain;
    cli_checking check;

    /* help */
    bool man;
    int completion;
} cli_settings;

#endif
