/* family.c - the table of families, which lies in files of one kind each; see family.h. */
#include "model/family.h"

#include <stdio.h>
#include <string.h>

static const cz_family_group *const groups[] = { &cz_families_plain, &cz_families_mixing,
                                                 &cz_families_norm_first };

enum { GROUPS = sizeof groups / sizeof *groups };

const cz_family *cz_family_named(const char *model_type)
{
    for (size_t g = 0; g < GROUPS; g++)
        for (size_t i = 0; i < groups[g]->count; i++)
            if (!strcmp(groups[g]->rows[i].model_type, model_type))
                return &groups[g]->rows[i];
    return NULL;
}

const char *cz_family_list(char *out, size_t size)
{
    size_t used = 0;
    for (size_t g = 0; g < GROUPS; g++)
        for (size_t i = 0; i < groups[g]->count && used < size; i++)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "",
                                     groups[g]->rows[i].model_type);
    return out;
}
