/* pretrain_options.c - what pretrain can be told beside what it shares with train. */
#include "pretrain.h"
#include "train_shared.h"

const option_group pretrain_corpus_options = {
    "Corpus",
    (const command_option[]){
        OPTION("file", 'f', OPTION_WORDS, "FILE", files,
               "learn from the lines of FILE, which may be larger than memory; the same as FILE "
               "alone"),
        OPTION("field", 0, OPTION_WORD, "NAME", field,
               "the files are JSON lines; take the text from this field"),
        OPTION("documents", 0, OPTION_CHOICE, "blank|file|line", pretrain.documents,
               "where documents end: at blank lines and with their file (the default), with their "
               "file alone, or with each line"),
        OPTION("sentences", 0, OPTION_CHOICE, "marks|lines", pretrain.sentences,
               "where texts may be cut: behind . ! ? and at the end of a line (the default), or at "
               "the end of a line alone"),
        OPTION("dev", 0, OPTION_WORDS, "FILE", train.dev,
               "measure with FILE while learning, and keep what does best on it"),
        OPTION("dev-part", 0, OPTION_REAL, "X", train.dev_part,
               "or hold out this part of the documents, 0.01 for example"),
        OPTION("length", 0, OPTION_COUNT, "N", pretrain.length,
               "tokens of a sequence, special ones included, at most (default: 128)"),
        OPTION("crossing", 0, OPTION_FLAG, NULL, pretrain.crossing,
               "sequences go on over the borders of documents, with a separator there: RoBERTa's "
               "full sentences (roberta does so)"),
        OPTION("shorter", 0, OPTION_REAL, "X", pretrain.shorter,
               "this share of sequences aims at a smaller length (default: 0.1 with two texts, "
               "else 0)"),
        OPTION("tokenizer", 0, OPTION_WORD, "MODEL", pretrain.tokenizer,
               "take the tokenizer of this folder or hub model instead of training one"),
        OPTION("kind", 0, OPTION_CHOICE, "wordpiece|byte-level|bpe|unigram", vocabulary,
               "of the vocabulary that is trained (default: as the architecture's)"),
        OPTION("size", 'n', OPTION_COUNT, "N", size, "its tokens (default: 30000)"),
        OPTION("lower", 0, OPTION_FLAG, NULL, lower,
               "upper case becomes lower; in wordpiece accents go, too"),
        OPTIONS_END },
};

const option_group pretrain_model_options = {
    "Architecture",
    (const command_option[]){
        OPTION("architecture", 'a', OPTION_WORD, "NAME", pretrain.architecture,
               "what is made: bert-tiny, -mini, -small (the default), -medium, -base, -large; "
               "distilbert; roberta-base, -large; distilroberta; albert-base, -large; "
               "electra-small, -base"),
        OPTION("config", 0, OPTION_WORD, "FILE", pretrain.config,
               "or what this config.json says, of any family"),
        OPTION("layers", 0, OPTION_COUNT, "N", pretrain.layers, "another number of layers"),
        OPTION("hidden", 0, OPTION_COUNT, "N", pretrain.hidden, "another width of hidden states"),
        OPTION("heads", 0, OPTION_COUNT, "N", pretrain.heads, "another number of heads"),
        OPTION("intermediate", 0, OPTION_COUNT, "N", pretrain.intermediate,
               "another width within the feed-forward"),
        OPTION("embedding", 0, OPTION_COUNT, "N", pretrain.embedding,
               "another width of the tables (albert, electra)"),
        OPTION("positions", 0, OPTION_COUNT, "N", pretrain.positions,
               "the longest text of the model in tokens (default: 512)"),
        OPTION("dropout", 0, OPTION_REAL, "X", train.dropout,
               "of hidden states; 0: no dropout anywhere (default: the architecture's)"),
        OPTION("attention-dropout", 0, OPTION_REAL, "X", train.attention_dropout,
               "(default: the architecture's)"),
        OPTIONS_END },
};

const option_group pretrain_objective_options = {
    "Objective",
    (const command_option[]){
        OPTION("objective", 0, OPTION_CHOICE, "mlm|nsp|sop|rtd", pretrain.objective,
               "masked words alone (mlm), or besides whether the second text of a sequence follows "
               "the first (nsp, as BERT) or both have changed places (sop, as ALBERT); or which "
               "tokens a generator replaced (rtd, as ELECTRA); default: sop for albert, rtd for "
               "electra, else mlm"),
        OPTION("generator", 0, OPTION_REAL, "X", pretrain.generator,
               "rtd: how wide the generator is beside the model (default: 0.25; electra-base: a "
               "third)"),
        OPTION("masked", 0, OPTION_REAL, "X", train.masked,
               "the share of tokens that are masked (default: 0.15)"),
        OPTION("whole-words", 0, OPTION_FLAG, NULL, whole_words,
               "all tokens of a word are masked together"),
        OPTION("masks", 0, OPTION_CHOICE, "dynamic|static", pretrain.masking,
               "drawn anew in each epoch (the default), or once"),
        OPTIONS_END },
};

const option_group pretrain_engine_options = {
    "Engine",
    (const command_option[]){
        TRAIN_PRECISION_OPTIONS,
        OPTION("threads", 't', OPTION_NUMBER, "N", threads, "threads (default: one per core)"),
        OPTION("isa", 0, OPTION_WORD, "ISA", isa,
               "use at most this instruction set: scalar, avx2, avx512, neon"),
        OPTIONS_END },
};
