/*
 * formats/hub_choice.h - which files of a repository cloze can use: configurations, tokenizers,
 * weights (safetensors, else pytorch_model.bin); not the same weights again for other programs.
 */
#ifndef CZ_FORMATS_HUB_CHOICE_H
#define CZ_FORMATS_HUB_CHOICE_H

#include <cloze/status.h>
#include <jansson.h>

typedef struct cz_choice_file {
    char *name;
    bool wanted;
} cz_choice_file;

typedef struct cz_choice {
    cz_choice_file *files;
    size_t count, capacity;
    const cloze_allocator *allocator;
} cz_choice;

/* From the hub's "siblings". Names that would leave a folder are refused. */
cloze_status cz_choice_list(cz_choice *choice, const json_t *siblings, cloze_error *error);
/* Marks what is wanted. `modules`: what modules.json holds, or NULL. */
cloze_status cz_choice_make(cz_choice *choice, const json_t *modules, cloze_error *error);
void cz_choice_clear(cz_choice *choice);

bool cz_choice_has(const cz_choice *choice, const char *name);
bool cz_choice_has_weights(const cz_choice *choice); /* among the wanted */
size_t cz_choice_count(const cz_choice *choice);     /* of the wanted */
bool cz_choice_is_weights(const char *name);

#endif
