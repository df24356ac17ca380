/*
 * learn/lattice.h - all ways to cut a word into pieces of a Unigram: how often each piece is in them,
 * weighted by how likely they are, and the likeliest way.
 */
#ifndef CZ_LEARN_LATTICE_H
#define CZ_LEARN_LATTICE_H

#include "base/trie.h"

enum { CZ_LATTICE_EDGES = 256 }; /* from one place: pieces have at most 255 characters */

typedef struct cz_lattice_edge {
    uint32_t end, piece;
} cz_lattice_edge;

typedef struct cz_lattice_place {
    double forward; /* all ways to it, in units of 2^-(256 unit) */
    double share;   /* of the ways through it, divided by `forward` */
    double best;    /* score of the likeliest way to it */
    uint32_t unit;
    uint32_t begin, piece; /* of its last piece; begin UINT32_MAX: there is none yet */
} cz_lattice_place;

/* Piece 0 is the unknown character, where no piece is that character; it is not in the trie. */
typedef struct cz_lattice {
    const cloze_allocator *allocator;
    cz_trie trie;
    double *scores;        /* by piece */
    double *probabilities; /* by piece; 0: it is no longer used */
    cz_lattice_place *places;
    size_t capacity;
    uint32_t *path; /* the pieces of the likeliest way, the last one first */
    size_t path_count, path_capacity;
} cz_lattice;

void cz_lattice_clear(cz_lattice *lattice);
/* Adds to expected[piece], for every piece, how often it is in `times` such words. */
bool cz_lattice_expect(cz_lattice *lattice, cloze_text word, double times, double *expected);
/* The likeliest way into `path`; a piece that is all of the word is left out unless `whole`.
 * No way is left where path_count is 0. Its score: places[word.size].best. */
bool cz_lattice_best(cz_lattice *lattice, cloze_text word, bool whole);

#endif
