/* task/classify.h - scores of labels, for tasks that stand on them. */
#ifndef CZ_TASK_CLASSIFY_H
#define CZ_TASK_CLASSIFY_H

#include "task/engine.h"

#include <cloze/classify.h>

/* cloze_classify, but every text has a second one: an empty one too is put into the template. */
cloze_status cz_classify_pairs(cloze_session *session, const cloze_text *texts,
                               const cloze_text *pairs, size_t count,
                               const cloze_classify_options *options, float *scores,
                               cloze_embed_report *report, cloze_error *error);

#endif
