/*
 * text/normalize.h - text as characters that know where they came from, and the steps that change
 * them. A step that puts characters in gives them the place of a neighbour, as the package does.
 */
#ifndef CZ_TEXT_NORMALIZE_H
#define CZ_TEXT_NORMALIZE_H

#include "base/memory.h"
#include "text/find.h"

enum { CZ_STEP_LIMIT = 32, CZ_EDIT_LIMIT = 16 };

typedef struct cz_character {
    uint32_t code;
    uint32_t begin, end; /* bytes of the text that it came from */
} cz_character;

typedef struct cz_characters {
    cz_character *items;
    size_t count, capacity;
} cz_characters;

bool cz_characters_reserve(const cloze_allocator *allocator, cz_characters *characters,
                           size_t needed);
void cz_characters_swap(cz_characters *a, cz_characters *b);
/* items[0, count) as a line of text in a growing buffer. */
bool cz_characters_write(const cloze_allocator *allocator, const cz_character *items, size_t count,
                         char **line, size_t *capacity, cloze_text *out);

/* A place in such a line, as a byte and as a character. */
typedef struct cz_place {
    size_t byte, character;
} cz_place;

void cz_place_move(cz_place *at, const cz_character *items, size_t byte);
/* The letters of a character's bytes into out; the count. */
size_t cz_character_letters(cz_character c, cz_character out[4]);

typedef enum cz_step {
    CZ_STEP_CLEAN,
    CZ_STEP_CHINESE,
    CZ_STEP_DECOMPOSE,
    CZ_STEP_DECOMPOSE_COMPATIBLY,
    CZ_STEP_COMPOSE,
    CZ_STEP_COMPOSE_COMPATIBLY,
    CZ_STEP_STRIP_NONSPACING,
    CZ_STEP_STRIP_MARKS,
    CZ_STEP_LOWER,
    CZ_STEP_TRIM_LEFT,
    CZ_STEP_TRIM_RIGHT,
    CZ_STEP_NMT,     /* some controls go, some gaps become spaces */
    CZ_STEP_BYTES,   /* the letters of a character's bytes take its place */
    CZ_STEP_MAP,     /* the character map */
    CZ_STEP_REPLACE, /* the next of the edits */
    CZ_STEP_PREPEND  /* what the next of the edits puts in */
} cz_step;

/* What is found, if anything is looked for, and what it becomes. */
typedef struct cz_edit {
    cz_finder finder;
    char *to;
    size_t to_size;
} cz_edit;

typedef struct cz_normalizer {
    cz_step steps[CZ_STEP_LIMIT];
    size_t count;
    struct cz_charsmap *map; /* or NULL */
    cz_edit edits[CZ_EDIT_LIMIT];
    size_t edit_count;
    bool whole;   /* a step looks at the whole segment, so it cannot be cut at a space */
    bool chinese; /* spaces are put around Chinese characters */
} cz_normalizer;

/* Room to normalize in. */
typedef struct cz_normal_room {
    cz_characters spare;
    char *line;
    size_t line_capacity;
    cz_matching matching;
    uint32_t begin; /* of the text that is normalized */
    cz_allowance *allowance;
} cz_normal_room;

void cz_normal_room_clear(cz_normal_room *room, const cloze_allocator *allocator);

/* Characters of text[begin, end) after all steps into *out, paid from room->allowance. */
cloze_status cz_normalize(const cz_normalizer *normalizer, const cloze_allocator *allocator,
                          const char *text, size_t begin, size_t end, cz_characters *out,
                          cz_normal_room *room, cloze_error *error);
/* Whether the steps change nothing in text[begin, end), seen at a glance; false: they may. */
bool cz_normalizer_rests(const cz_normalizer *normalizer, const char *text, size_t begin,
                         size_t end);
size_t cz_normalizer_bytes(const cz_normalizer *normalizer);
void cz_normalizer_clear(cz_normalizer *normalizer, const cloze_allocator *allocator);
void cz_normalizer_bert(cz_normalizer *normalizer, bool clean, bool chinese, bool strip,
                        bool lower);

/* compose.c: one of Unicode's normalization forms. False: memory is out. */
typedef struct cz_form {
    bool compatibly, composes;
} cz_form;

bool cz_compose(const cloze_allocator *allocator, cz_characters *characters, cz_characters *spare,
                cz_form form);

/* replace.c */
cloze_status cz_edit_apply(const cz_edit *edit, const cloze_allocator *allocator,
                           cz_characters *characters, cz_normal_room *room, cloze_error *error);
/* False: memory is out. */
bool cz_edit_prepend(const cz_edit *edit, const cloze_allocator *allocator,
                     cz_characters *characters, cz_characters *spare);
void cz_edit_clear(cz_edit *edit, const cloze_allocator *allocator);

#endif
