/* train/objective.h - what the files of objectives share. */
#ifndef CZ_TRAIN_OBJECTIVE_H
#define CZ_TRAIN_OBJECTIVE_H

#include "train/trainer.h"

extern const cz_objective cz_objective_labels, cz_objective_label_sets, cz_objective_numbers,
    cz_objective_tags, cz_objective_answers, cz_objective_words, cz_objective_ranking,
    cz_objective_similarity, cz_objective_vectors, cz_objective_following, cz_objective_replaced;

/* Each item counts as one. */
double cz_weigh_items(const cloze_trainer *trainer, const cz_dataset *dataset, size_t item,
                      size_t sample, uint32_t epoch, bool learning);
/* Logits of the objective's head. */
cz_tensor *cz_outcome_of_head(cz_run *run, const cloze_trainer *trainer, const cz_part *part,
                              cz_tensor *states);
/* The words of a sentence as one sequence. */
cloze_status cz_take_words(cloze_trainer *trainer, cz_dataset *dataset, const cloze_text *words,
                           size_t count, size_t *begin, size_t *length, cloze_intake *intake,
                           cloze_error *error);

/* The longest item. */
size_t cz_token_limit_of(const cloze_trainer *trainer);
/* Window `window` of the trainer's encoding as a sequence at the end of the dataset. */
cloze_status cz_take_window(cloze_trainer *trainer, cz_dataset *dataset, size_t window,
                            bool keep_words, size_t *begin, size_t *length, cloze_error *error);

/* Room in a part for `count` labels, numbers, rows; false when memory is out. */
bool cz_part_labels(const cloze_trainer *trainer, cz_part *part, size_t count);
bool cz_part_targets(const cloze_trainer *trainer, cz_part *part, size_t count);
bool cz_part_rows(const cloze_trainer *trainer, cz_part *part, size_t count);

/* A tensor of the run over the part's targets. */
cz_tensor *cz_targets_in(cz_run *run, const cz_part *part, size_t rows, size_t columns);

size_t cz_best_column(const cz_tensor *rows, size_t row);
cloze_text cz_label_name(const cloze_trainer *trainer, size_t label);
/* Two numbers of a text, for correlations. */
cloze_status cz_scores_pair(const cloze_trainer *trainer, cz_scores *scores, double predicted,
                            double gold, cloze_error *error);

void cz_measures_add(cloze_measures *measures, const char *name, double value);
/* Pearson, Spearman. */
cloze_status cz_report_agreement(const cloze_trainer *trainer, cz_scores *scores,
                                 cloze_measures *measures, cloze_error *error);
/* Accuracy, precision, recall, F1. */
cloze_status cz_report_tally(const cloze_trainer *trainer, cz_scores *scores,
                             cloze_measures *measures, cloze_error *error);

#endif
