/*
 * task/best.h - the best so many of a stream of scored pairs: a heap whose root is the worst kept.
 * Of equal scores the lower first, then the lower second is the better one.
 */
#ifndef CZ_TASK_BEST_H
#define CZ_TASK_BEST_H

#include <cloze/model.h>

/* heap [top], of which *count are there. */
void cz_best_offer(cloze_pair *heap, size_t *count, size_t top, cloze_pair pair);
/* Best first; it is no heap any more. */
void cz_best_sort(cloze_pair *heap, size_t count);

#endif
