/*
 * augment.h - further texts made from a text: words left out, swapped, inserted, or replaced by
 * synonyms (EDA: Wei and Zou 2019), or by what a model would say in their place (Kobayashi 2018). Words are what white space separates; punctuation around a word
 * stays where it is, and so do capitals at its beginning.
 */
#ifndef CLI_AUGMENT_H
#define CLI_AUGMENT_H

#include "cells.h"
#include "chance.h"
#include "keep.h"

typedef struct synonym {
    cloze_text word;
    size_t at, first, last; /* its place among the words, and where its group begins and ends */
} synonym;

/* Lines of words that mean the same, with commas or tabs between them. */
typedef struct cli_synonyms {
    char *bytes;
    cell_list words; /* of all groups */
    synonym *sorted; /* [words.count] in the order of their bytes, in lower case */
    size_t room;
} cli_synonyms;

/* Exit code. `synonyms` is cleared on failure. */
int synonyms_read(cli_synonyms *synonyms, const char *path, int encoding);
int synonyms_read_bytes(cli_synonyms *synonyms, const char *name, char *bytes, size_t size);
void synonyms_clear(cli_synonyms *synonyms);
/* Another word of the group of `word`, in lower or upper case; false if it is in none. */
bool synonyms_find(const cli_synonyms *synonyms, cloze_text word, cli_chance *chance,
                   cloze_text *out);

/* What a model would say in the place of masks. */
typedef struct augment_filler {
    cloze_text mask;
    /* out [count]: a word for each mask of the text, none of which is the one that stood there,
     * `words`; data NULL: none will do. False when it failed. */
    bool (*fill)(void *context, cli_keep *keep, cloze_text masked, const cloze_text *words,
                 size_t count, cli_chance *chance, cloze_text *out);
    void *context;
} augment_filler;

/* Shares of the words of a text; what is 0 is never done. Each new text is made in one way. */
typedef struct augment_rates {
    double drop, swap, insert, replace, fill;
} augment_rates;

/* Where other words come from; NULL: from nowhere. */
typedef struct augment_source {
    const cli_synonyms *synonyms;
    const augment_filler *filler;
} augment_source;

/*
 * The copy number `copy` of a text, from 0; the same for the same seed. Without synonyms (NULL) a
 * word that is inserted is one of the text's own. A text that cannot be changed is returned as it is.
 * False when memory is out, or the filler failed.
 */
bool augment_text(cli_keep *keep, cloze_text text, const augment_rates *rates,
                  const augment_source *source, uint64_t seed, size_t copy, cloze_text *out);

#endif
