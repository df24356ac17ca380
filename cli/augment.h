/*
 * augment.h - further texts made from a text: words left out, swapped, inserted, or replaced by
 * synonyms (EDA: Wei and Zou 2019). Words are what white space separates; punctuation around a word
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

/* Shares of the words of a text; what is 0 is never done. Each new text is made in one way. */
typedef struct augment_rates {
    double drop, swap, insert, replace;
} augment_rates;

/*
 * The copy number `copy` of a text, from 0; the same for the same seed. Without synonyms (NULL) a
 * word that is inserted is one of the text's own. A text that cannot be changed is returned as it is.
 * False when memory is out.
 */
bool augment_text(cli_keep *keep, cloze_text text, const augment_rates *rates,
                  const cli_synonyms *synonyms, uint64_t seed, size_t copy, cloze_text *out);

#endif
