/*
 * cloze/vocabulary.h - a new tokenizer from text: which pieces of words are worth a token.
 *
 * A vocabulary is made in three steps: texts are added (their words are counted as the finished
 * tokenizer will see them), it is trained once, and it is saved as a folder that cloze, the
 * `tokenizers` package and transformers open. Methods:
 * - BPE (Sennrich, Haddow, Birch 2016, "Neural Machine Translation of Rare Words with Subword
 *   Units"): the pair of neighbours that is most frequent becomes a token, again and again; of
 *   equally frequent pairs the one with the smaller ids. The merges are those of the package.
 * - byte-level BPE (Radford et al. 2019): the same over bytes, so that no text has unknown parts.
 * - WordPiece as the package trains it: BPE in which what continues a word begins with "##". The
 *   package numbers the continuing characters at random, so that ties change from run to run;
 *   here they are numbered by code point.
 * - Unigram (Kudo 2018, "Subword Regularization"): every token has a score, the logarithm of how
 *   likely it is, and a text is cut so that the sum is the largest. It begins with the million
 *   texts that occur most often in the different words (of a suffix array), estimates scores twice
 *   by expectation and maximization, and drops the quarter that is missed the least, until the
 *   wanted number is left. Steps and numbers are those of the package; where it leaves the order of
 *   characters to chance, here it is by code point.
 *
 * The result is a function of the texts and the options; the order of the texts does not matter.
 * A handle belongs to one thread at a time.
 */
#ifndef CLOZE_VOCABULARY_H
#define CLOZE_VOCABULARY_H

#include <cloze/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cloze_vocabulary cloze_vocabulary;

/*
 * What is made, with the text before it and the special tokens around it (ids from 0 on):
 * - WORDPIECE: BERT. Control characters go, words are split at white space and punctuation.
 *   [PAD] [UNK] [CLS] [SEP] [MASK]
 * - BYTE_LEVEL: RoBERTa. Words by GPT-2's pattern, with the space before them.
 *   <s> <pad> </s> <unk> <mask>
 * - BPE and UNIGRAM: XLM-RoBERTa, by characters. Text is in the form NFKC, of several spaces one is
 *   left, and U+2581 stands for the space before each word, so that decoding gives the text back.
 *   <s> <pad> </s> <unk> <mask>
 */
typedef enum cloze_vocabulary_kind {
    CLOZE_VOCABULARY_WORDPIECE = 0,
    CLOZE_VOCABULARY_BYTE_LEVEL,
    CLOZE_VOCABULARY_BPE,
    CLOZE_VOCABULARY_UNIGRAM
} cloze_vocabulary_kind;

typedef struct cloze_vocabulary_options {
    cloze_vocabulary_kind kind;
    bool lower;           /* upper case becomes lower; with WORDPIECE accents go, too */
    size_t size;          /* tokens, special ones included; 0: 30,000; at most 2^24 */
    size_t min_frequency; /* pairs that are rarer are not joined; 0: 2. Not for UNIGRAM */
    /* Different characters that are kept at most, the most frequent ones (of equals those with
     * smaller code points); 0: 1,000, with UNIGRAM all. Not for BYTE_LEVEL, which keeps all. */
    size_t alphabet;
    /* A token has fewer characters (bytes) than this, 0: 256, the most, or 17 with UNIGRAM. The
     * package's BPE has no limit of its own. */
    size_t longest;
    cloze_text characters;     /* are in the alphabet whether they occur or not */
    const cloze_text *special; /* further special tokens, behind those of the kind */
    size_t special_count;
    const cloze_hooks *hooks; /* copied */
    /* Of training: tokens made, tokens wanted; with UNIGRAM words gone through, to go through. */
    cloze_progress progress;
} cloze_vocabulary_options;

/* `options` may be NULL, and is copied. CLOZE_ERROR_ARGUMENT names an option that cannot be. */
CLOZE_API cloze_status cloze_vocabulary_new(cloze_vocabulary **out,
                                            const cloze_vocabulary_options *options,
                                            cloze_error *error);
CLOZE_API void cloze_vocabulary_free(cloze_vocabulary *vocabulary);

/*
 * Counts the words of texts; a line of a file is a good text. CLOZE_ERROR_TEXT tells which text is
 * not UTF-8, or, for BPE over characters and Unigram, holds a zero byte; the words of those before it, and of its beginning, are counted then. What the texts
 * of special tokens say is text like other. Memory grows with the number of different words.
 */
CLOZE_API cloze_status cloze_vocabulary_add(cloze_vocabulary *vocabulary, const cloze_text *texts,
                                            size_t count, cloze_error *error);

/*
 * Finds the tokens, once; nothing can be added then. There may be fewer than wanted, where no pair
 * is frequent enough, and more where the alphabet alone is larger.
 * CLOZE_ERROR_ARGUMENT when no word was added.
 */
CLOZE_API cloze_status cloze_vocabulary_train(cloze_vocabulary *vocabulary, cloze_error *error);

/* Texts, words and different words that were counted. */
typedef struct cloze_vocabulary_counts {
    uint64_t texts, words;
    size_t different;
} cloze_vocabulary_counts;
CLOZE_API cloze_vocabulary_counts cloze_vocabulary_counted(const cloze_vocabulary *vocabulary);

/* After training: tokens, one by one in the order of their ids, and merges.
 * Borrowed from the vocabulary; NULL data beyond the last. */
CLOZE_API size_t cloze_vocabulary_size(const cloze_vocabulary *vocabulary);
CLOZE_API cloze_text cloze_vocabulary_token(const cloze_vocabulary *vocabulary, size_t id);
/* The score of a token of a UNIGRAM, 0 of special tokens. */
CLOZE_API double cloze_vocabulary_score(const cloze_vocabulary *vocabulary, size_t id);
CLOZE_API size_t cloze_vocabulary_merges(const cloze_vocabulary *vocabulary);
/* The two tokens that merge number `rank` joins, in the order in which they were found. */
CLOZE_API bool cloze_vocabulary_merge(const cloze_vocabulary *vocabulary, size_t rank,
                                      uint32_t *left, uint32_t *right);
/*
 * Writes into `folder`, which is made if it is not there: tokenizer.json and tokenizer_config.json;
 * besides vocab.txt (WORDPIECE), or vocab.json and merges.txt (BYTE_LEVEL). Each file takes
 * the place of one of that name only when it is complete.
 */
CLOZE_API cloze_status cloze_vocabulary_save(const cloze_vocabulary *vocabulary, const char *folder,
                                             cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
