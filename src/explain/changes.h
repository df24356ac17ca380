/*
 * explain/changes.h - a text on its way to being changed: edits that lie apart, and where the ways to change
 * a text put them. All offsets are bytes at borders of characters.
 */
#ifndef CZ_EXPLAIN_CHANGES_H
#define CZ_EXPLAIN_CHANGES_H

#include "base/trie.h"
#include "text/unicode.h"

#include <cloze/behaviour.h>

typedef struct cz_change_edit {
    size_t begin, end; /* of the text */
    size_t put, size;  /* what comes there: bytes in `puts` */
} cz_change_edit;

/* A run of letters, digits and apostrophes between them. */
typedef struct cz_change_word {
    size_t begin, end;
} cz_change_word;

/* Two letters that may swap places. */
typedef struct cz_change_pair {
    size_t begin, middle, end;
} cz_change_pair;

/* Names of all groups: members of a group are neighbours. */
typedef struct cz_name_set {
    char *bytes;
    cloze_text *names; /* [count] */
    size_t *group;     /* [count] which each belongs to */
    size_t *first;     /* [groups + 1] */
    size_t count, groups;
    cz_trie trie;
} cz_name_set;

struct cloze_changer {
    cloze_hooks hooks;
    size_t typos;
    uint64_t seed;
    cz_name_set names, places;

    /* of the text at hand */
    cloze_text text;
    cloze_change change;
    size_t number, copy;
    cz_change_edit *edits;
    size_t edit_count, edit_capacity;
    char *puts;
    size_t put_size, put_capacity;
    cz_change_word *words;
    size_t word_count, word_capacity;
    cz_change_pair *pairs;
    size_t pair_count, pair_capacity;

    char *made;
    size_t made_capacity;
    cloze_text_change *told;
    size_t told_capacity;
};

/* ---- changes.c ---- */

/* What stands from `begin` to `end` becomes `first` and `second`. False: no memory. */
bool cz_change_put(cloze_changer *changer, size_t begin, size_t end, cloze_text first,
                   cloze_text second);
/* One of `count` for thing `k` of the text: the same in all texts of this number and copy. */
size_t cz_change_draw(const cloze_changer *changer, size_t k, size_t count);
/* Is this character a part of a word? Chinese ones are words of their own. */
bool cz_change_is_word(uint32_t c);
/* The character before a byte that is not the first. */
uint32_t cz_change_before(cloze_text text, size_t at);

/* A way to change changer->text. False: no memory. */
typedef bool cz_change_way(cloze_changer *changer);

/* ---- change_marks.c ---- */

cz_change_way cz_change_typo, cz_change_punctuation, cz_change_numbers;

/* ---- change_english.c: negations ---- */

cz_change_way cz_change_negate, cz_change_affirm;

/* ---- contractions.c ---- */

cz_change_way cz_change_contract, cz_change_expand;

/* ---- words of English: change_english.c ---- */

/* Fills changer->words. */
bool cz_english_words(cloze_changer *changer);
/* Is word `i` this one (in lower case), in any case, with either apostrophe? False if there is no such word. */
bool cz_english_is(const cloze_changer *changer, size_t i, const char *word);
/* One of these; ends with NULL. */
bool cz_english_among(const cloze_changer *changer, size_t i, const char *const *words);
/* Is it exactly these bytes? */
bool cz_english_exactly(const cloze_changer *changer, size_t i, const char *word);
/* Are word `i` and the next one parted by spaces alone? False behind the last. */
bool cz_english_joined(const cloze_changer *changer, size_t i);
/* Where the last apostrophe of word `i` begins and ends; false: it has none. */
bool cz_english_apostrophe(const cloze_changer *changer, size_t i, size_t *begin, size_t *end);
/* Is what stands behind that apostrophe these bytes? */
bool cz_english_ends(const cloze_changer *changer, size_t i, const char *ending);
/* Is it a word before an apostrophe, in any case: "it" of "it's"? */
bool cz_english_stem(const cloze_changer *changer, size_t i, const char *const *stems);
/* "isn't", "won't": n't in any case. */
bool cz_english_is_not(const cloze_changer *changer, size_t i);

extern const char *const cz_english_pronouns[];

/* ---- change_names.c ---- */

cz_change_way cz_change_names, cz_change_places;
cloze_status cz_name_set_make(cz_name_set *set, const cloze_allocator *allocator,
                              const cloze_name_group *groups, size_t count, const char *what,
                              cloze_error *error);
void cz_name_set_clear(cz_name_set *set, const cloze_allocator *allocator);

/* ---- name_lists.c ---- */

/* Our own, a group a line, names with commas between them. */
extern const char *const cz_own_names[], *const cz_own_places[];
enum { CZ_OWN_NAME_GROUPS = 2, CZ_OWN_PLACE_GROUPS = 2 };

#endif
