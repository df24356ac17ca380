/* task/entities.h - what <cloze/tag.h> hands out, as tag.c fills it. */
#ifndef CZ_TASK_ENTITIES_H
#define CZ_TASK_ENTITIES_H

#include <cloze/tag.h>

/* The word lies in `letters`, which moves as it grows. */
typedef struct cz_entity {
    const char *label;
    double score;
    size_t begin, end, token, word, word_size;
    size_t points; /* code points from begin to end: as the pipeline measures lengths */
} cz_entity;

struct cloze_entities {
    cloze_hooks hooks;
    cz_entity *items;
    size_t count, capacity;
    char *letters;
    size_t letters_size, letters_capacity;
    size_t *ends; /* [texts] where the entities of each text end */
    size_t texts, ends_capacity;
};

void cz_entities_clear(cloze_entities *entities);
/* Appends an entity with its word; false when memory is out. */
bool cz_entities_add(cloze_entities *entities, cz_entity entity, cloze_text word);
/* The text is complete; of entities that overlap one stays. */
bool cz_entities_end_text(cloze_entities *entities, bool merge);

#endif
