/*
 * train/lesson.h - what a teacher makes of the part that is learned from: it runs over the same tokens,
 * without dropout and without a tape, and the student's loss gets what it shows.
 */
#ifndef CZ_TRAIN_LESSON_H
#define CZ_TRAIN_LESSON_H

#include "train/trainer.h"

/* How wide the teacher's hidden states are that the student's are compared with; 0: none are. */
size_t cz_lesson_width(const cloze_train_options *options);
/* Can this model teach what the trainer learns? Lays out which layers are compared. */
cloze_status cz_lesson_begin(cloze_trainer *trainer, cloze_error *error);
void cz_lesson_clear(cloze_trainer *trainer);

/* All of these do nothing without a teacher, or for a part that is measured. */

/* Runs the teacher over the part, which is good until the next. */
cloze_status cz_lesson_look(cloze_trainer *trainer, const cz_part *part, cloze_error *error);
/* The student's run will keep what is compared. */
void cz_lesson_listen(const cloze_trainer *trainer, const cz_part *part, cz_run *run);
void cz_lesson_widen(const cloze_trainer *trainer, const cz_part *part, cz_extent *extent);
/* The loss of the labels mixed with what the teacher says of them, and all else that it shows. */
cz_tensor *cz_lesson_loss(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                          cz_tensor *outcome, cz_tensor *loss, double total);

#endif
