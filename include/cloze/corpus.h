/*
 * cloze/corpus.h - running text as a file of tokens, to learn from without keeping it in memory.
 *
 * A corpus is documents, one behind the other; a document is lines, and lines are sentences. Lines
 * are given in their order, as many at once as is convenient; they become tokens and are written,
 * four bytes each, and nothing of them is kept. The file appears when it is finished, whole or not
 * at all, and tells what it was made of; cloze_trainer_add_corpus (cloze/train.h) maps it.
 *
 * A corpus belongs to one thread at a time.
 */
#ifndef CLOZE_CORPUS_H
#define CLOZE_CORPUS_H

#include <cloze/tokenizer.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cloze_corpus cloze_corpus;

/* Where sentences end. It is where texts may be cut, so it need not be exact. */
typedef enum cloze_sentences {
    CLOZE_SENTENCES_BY_MARKS = 0, /* with their line, and after . ! ? and closing quotes before a
                                     space and what is no lower-case letter; after U+3002, U+FF01,
                                     U+FF1F */
    CLOZE_SENTENCES_BY_LINES
} cloze_sentences;

typedef struct cloze_corpus_options {
    cloze_sentences sentences;
    /* The file is there: nothing is tokenized or written, and cloze_corpus_finish tells whether it
     * was made of these lines, by this tokenizer, with these options. */
    bool check;
    const cloze_hooks *hooks; /* copied */
} cloze_corpus_options;

/* `tokenizer` must outlive the corpus. `options` may be NULL. */
CLOZE_API cloze_status cloze_corpus_new(cloze_corpus **out, const char *path,
                                        const cloze_tokenizer *tokenizer,
                                        const cloze_corpus_options *options, cloze_error *error);
/* What is not finished leaves nothing behind. */
CLOZE_API void cloze_corpus_free(cloze_corpus *corpus);

/* Lines of the document that is open; an empty one is nothing. Memory is that of the longest.
 * Errors name the line, counted from 1 in the call. */
CLOZE_API cloze_status cloze_corpus_add(cloze_corpus *corpus, const cloze_text *lines, size_t count,
                                        cloze_error *error);
/* What follows belongs to another document. One without tokens is none. */
CLOZE_API cloze_status cloze_corpus_end_document(cloze_corpus *corpus, cloze_error *error);

typedef struct cloze_corpus_counts {
    uint64_t tokens, sentences, documents;
} cloze_corpus_counts;

/* So far; in a check only when it is finished. */
CLOZE_API cloze_corpus_counts cloze_corpus_counted(const cloze_corpus *corpus);

/*
 * Once, when all was added: the file takes its place. CLOZE_ERROR_TEXT: there is no token in it.
 * In a check CLOZE_ERROR_ARGUMENT: the file is of other texts or another tokenizer, and
 * CLOZE_ERROR_FORMAT: it is no such file, or damaged.
 */
CLOZE_API cloze_status cloze_corpus_finish(cloze_corpus *corpus, cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
