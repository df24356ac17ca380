/* bench_lengths.h - what is measured: sequences of given lengths with ids from a counter. */
#ifndef CLI_BENCH_LENGTHS_H
#define CLI_BENCH_LENGTHS_H

#include <cloze/model.h>

typedef struct workload {
    const char *name; /* as given */
    size_t sequences, tokens;
    uint32_t *ids;
    size_t *offsets; /* [sequences + 1] */
    double flops;    /* of one pass */
    double *seconds; /* [rounds] */
} workload;

/* "16", "32x128", or a file of numbers. Returns an exit code. */
int workload_make(workload *out, const char *lengths, const cloze_model *model, size_t rounds);
void workload_clear(workload *load);

#endif
