/* ranked.h - scores in the order in which they are printed. */
#ifndef CLI_RANKED_H
#define CLI_RANKED_H

#include <stddef.h>

typedef struct ranked {
    size_t number; /* of the score in the list it comes from */
    float score;
} ranked;

/* order [count] receives the scores, best first; of equals the one with the lower number. */
void rank_scores(const float *scores, size_t count, ranked *order);

#endif
