/* explain/behaviour.h - checks while they run, and what is kept of them. */
#ifndef CZ_EXPLAIN_BEHAVIOUR_H
#define CZ_EXPLAIN_BEHAVIOUR_H

#include "task/engine.h"

#include <cloze/behaviour.h>
#include <cloze/classify.h>

/* What became of a text in a check. */
typedef enum cz_verdict { CZ_NOT_APPLIED = 0, CZ_TOO_LONG, CZ_PASSED, CZ_FAILED } cz_verdict;

typedef struct cz_judged {
    cz_verdict verdict;
    size_t copy; /* the worst */
    int64_t label, said, says;
    double before, after;
    double wrong; /* how far the probability went the wrong way */
} cz_judged;

typedef struct cz_checking {
    cloze_session *session;
    const cloze_allocator *allocator;
    const cloze_behaviour_texts *texts;
    const cloze_behaviour_options *options;
    cloze_changer *changer;
    size_t labels;
    bool each;         /* labels are there or not, each by itself (sigmoid) */
    float *scores;     /* [count, labels] of the texts as they are */
    size_t *truncated; /* [count] */

    const cloze_check *check;
    cz_judged *judged; /* [count] */
} cz_checking;

/* Text number `text` in its copy `copy`, as the model is to see it: its sides are given to `each` one
 * after the other; *applies is false where nothing changed. */
typedef cloze_status cz_change_each(void *context, int side, const cloze_changed *changed,
                                    cloze_error *error);
cloze_status cz_changed_text(const cz_checking *c, size_t text, size_t copy, cz_change_each *each,
                             void *context, bool *applies, cloze_error *error);

/* ---- behaviour_told.c ---- */

typedef struct cz_told_failure {
    cloze_behaviour_failure failure;
    char *bytes; /* of its texts and puts */
    cloze_text_change *changes;
} cz_told_failure;

typedef struct cz_told_check {
    cloze_behaviour_result result;
    cz_told_failure *failures;
    size_t count;
} cz_told_check;

struct cloze_behaviour {
    cloze_allocator allocator;
    cz_told_check *checks;
    size_t count;
};

/* Counts what was judged, and keeps the failures. */
cloze_status cz_check_tell(const cz_checking *checking, cz_told_check *told, cloze_error *error);

#endif
