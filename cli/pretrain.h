/*
 * pretrain.h - the parts of cloze pretrain: an architecture as config.json has it, a vocabulary, the
 * corpus as a file of tokens. What follows is a run of train.
 */
#ifndef CLI_PRETRAIN_H
#define CLI_PRETRAIN_H

#include "train.h"

#include <cloze/vocabulary.h>

/* Choices of --objective, in order. */
enum { OBJECTIVE_WORDS = 1, OBJECTIVE_NEXT, OBJECTIVE_ORDER, OBJECTIVE_REPLACED };
/* Choices of --documents, in order. */
enum { DOCUMENTS_BLANK = 1, DOCUMENTS_FILE, DOCUMENTS_LINE };

typedef struct architecture {
    const char *name, *family;
    cloze_vocabulary_kind vocabulary;
    size_t layers, hidden, heads, intermediate;
    size_t embedding; /* 0: as the hidden size */
    double generator; /* how large a generator is beside it; 0: it needs none */
    double rate;      /* that it usually learns at */
    int objective;
} architecture;

typedef struct pretrain_job {
    train_job train; /* the first: a train_job's run finds the rest */
    const architecture *architecture; /* NULL: --config has it */
    train_kind kind;
    char name[PATH_SIZE];      /* of what is made, for people */
    char tokenizer[PATH_SIZE]; /* folder */
    char *config, *generator;  /* JSON; the latter may be NULL */
    char use[128];             /* a text with a mask of this tokenizer */
} pretrain_job;

/* The one that was asked for; NULL with --config. Exit code. */
int architecture_find(const cli_settings *settings, const architecture **out);

extern const option_group pretrain_corpus_options, pretrain_model_options,
    pretrain_objective_options, pretrain_engine_options;

/* ---- each returns an exit code ---- */

/* The tokenizer's folder is job->tokenizer: trained on the corpus unless one is named. */
int pretrain_vocabulary(pretrain_job *job);
int pretrain_objective(const pretrain_job *job);
/* job->config, and the generator's, for the tokenizer. */
int pretrain_config(pretrain_job *job);
/* FOLDER/corpus.tokens and, of --dev, FOLDER/held-out.tokens: written, or held against the texts. */
int pretrain_tokenize(pretrain_job *job, bool check);
/* These files, to a trainer. */
int pretrain_give(train_run *run, cloze_trainer *trainer);
/* Removes them. */
void pretrain_forget_tokens(const char *folder);

/* Calls `each` for the lines of files, in their order; `ends` for a document's end. Exit code. */
typedef struct corpus_reader {
    const cli_settings *settings;
    int (*lines)(void *context, const cloze_text *lines, size_t count);
    int (*ends)(void *context);
    void *context;
} corpus_reader;
int corpus_read(const corpus_reader *reader, const cli_words *files);

#endif
