/*
 * loss.h - what losses over rows share: each row's goes to shared scratch, and the rows are summed
 * in their order, in double.
 */
#ifndef CZ_CPU_LOSS_H
#define CZ_CPU_LOSS_H

#include "cpu.h"

/* The loss of a row; `room` holds the floats that were asked for. */
typedef double cz_row_loss(const void *job, size_t row, float *room);

/* CLOZE_ERROR_LIMIT when the scratch holds neither the rooms nor a few rows. */
cloze_status cz_sum_of_losses(const cz_place *place, size_t rows, size_t floats, cz_row_loss *loss,
                              const void *job, double *sum);

#endif
