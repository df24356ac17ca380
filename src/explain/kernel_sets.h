/* explain/kernel_sets.h - the sets of units that KernelSHAP asks about, and what they weigh. */
#ifndef CZ_EXPLAIN_KERNEL_SETS_H
#define CZ_EXPLAIN_KERNEL_SETS_H

#include "explain/coalitions.h"

typedef struct cz_kernel_sets {
    cz_coalitions sets;  /* with their weights */
    size_t first_drawn;  /* those from here on were drawn, those before are all of their sizes */
    size_t paired_sizes; /* sets of up to so many units are followed by the set of all others */
    bool complete;       /* all sets of all sizes are there */
    double draw;         /* weight of one draw; that of a set is as often as it was drawn */
} cz_kernel_sets;

/* At most `samples` sets of 1 to units - 1 units. */
cloze_status cz_kernel_sets_make(cz_kernel_sets *kernel, cloze_explainer *explainer, size_t samples,
                                 uint64_t seed, cloze_error *error);

#endif
