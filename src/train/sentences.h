/* train/sentences.h - where the sentences of a line begin, told by marks alone. */
#ifndef CZ_TRAIN_SENTENCES_H
#define CZ_TRAIN_SENTENCES_H

#include <cloze/status.h>

/* The byte at which the sentence behind that of byte `from` begins; line.size: there is none. */
size_t cz_next_sentence(cloze_text line, size_t from);

#endif
