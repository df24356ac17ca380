/* train_shared.h - options that train has in common with distill or pretrain, within their groups. */
#ifndef CLI_TRAIN_SHARED_H
#define CLI_TRAIN_SHARED_H

#include "options.h"

/* clang-format off */
#define TRAIN_LABEL_LOSS_OPTIONS                                                                   \
    OPTION("smoothing", 0, OPTION_REAL, "X", train.smoothing, "label smoothing (default: 0)"),     \
    OPTION("focal", 0, OPTION_REAL, "GAMMA", train.focal,                                          \
           "focal loss: what is told apart well counts less"),                                     \
    OPTION("class-weights", 0, OPTION_WORD, "LIST", train.class_weights,                           \
           "weights of labels, as in spam=4,ham=1 (others: 1)"),                                   \
    OPTION("balance", 0, OPTION_FLAG, NULL, train.balance,                                         \
           "rare labels weigh more, as scikit-learn's \"balanced\""),                              \
    OPTION("oversample", 0, OPTION_FLAG, NULL, train.oversample,                                   \
           "examples of rare labels are seen more often")

#define TRAIN_WORD_LOSS_OPTIONS                                                                    \
    OPTION("masked", 0, OPTION_REAL, "X", train.masked,                                            \
           "fill: the share of tokens that are masked (default: 0.15)"),                           \
    OPTION("whole-words", 0, OPTION_FLAG, NULL, whole_words,                                       \
           "fill: all tokens of a word are masked together")

#define TRAIN_PRECISION_OPTIONS                                                                    \
    OPTION("precision", 0, OPTION_CHOICE, "f32|bf16", train.number_type,                           \
           "bf16: products read matrices rounded to bfloat16, and what layers made is kept in "    \
           "half the bytes; weights, moments and sums stay float32 (default: f32)"),               \
    OPTION("recompute", 0, OPTION_FLAG, NULL, train.recompute,                                     \
           "compute each layer twice instead of keeping what it made: less memory, the same "      \
           "numbers")
/* clang-format on */

#endif
