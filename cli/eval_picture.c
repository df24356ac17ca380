/* eval_picture.c - the matrix of confusion as a picture: shades are shares of a row, numbers are counts. */
#include "eval.h"

#include "say.h"

#include <cloze/plot.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct picture {
    size_t *counts;          /* [size, size] */
    double *values, *shades; /* [size, size] */
    cloze_text *names;
} picture;

static bool allocate(picture *out, size_t size)
{
    out->counts = calloc(size * size, sizeof *out->counts);
    out->values = calloc(size * size, sizeof *out->values);
    out->shades = calloc(size * size, sizeof *out->shades);
    out->names = calloc(size, sizeof *out->names);
    return out->counts && out->values && out->shades && out->names;
}

static void fill(picture *out, const cloze_tally *tally, size_t size)
{
    for (size_t row = 0; row < size; row++) {
        size_t sum = 0;
        out->names[row] = cloze_tally_name(tally, row);
        for (size_t i = row * size; i < (row + 1) * size; i++)
            sum += out->counts[i];
        for (size_t i = row * size; i < (row + 1) * size; i++) {
            out->values[i] = (double)out->counts[i];
            out->shades[i] = sum ? out->values[i] / (double)sum : 0;
        }
    }
}

static int draw(const eval_job *job, const picture *from, size_t size)
{
    cloze_averages all = cloze_tally_averages(job->tally);
    char title[80];
    int length = snprintf(title, sizeof title, "accuracy %.4f of %zu", all.accuracy, all.count);
    cloze_matrix_plot plot = { .rows = size,
                               .columns = size,
                               .values = from->values,
                               .shades = from->shades,
                               .row_names = from->names,
                               .column_names = from->names,
                               .title = { title, (size_t)length },
                               .row_title = { "right", 5 },
                               .column_title = { "taken for", 9 },
                               .low = { "none", 4 },
                               .high = { "all of a row", 12 } };
    cloze_error error;
    return cloze_plot_matrix(&plot, job->settings->picture, &error) ? say_error(&error, NULL) : 0;
}

int eval_picture(const eval_job *job)
{
    enum { MOST = 2000 };
    size_t size = cloze_tally_size(job->tally);
    picture made = { 0 };
    cloze_error error;
    int code = 0;
    if (job->kind != KIND_LABELS)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--picture draws the matrix of --kind labels");
    if (!size || size > MOST)
        return say_failure(CLOZE_ERROR_LIMIT, "a picture of %zu labels; it can have 1 to %d", size,
                           MOST);
    if (!allocate(&made, size))
        code = say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    else if (cloze_tally_matrix(job->tally, made.counts, &error))
        code = say_error(&error, NULL);
    if (!code) {
        fill(&made, job->tally, size);
        code = draw(job, &made, size);
    }
    free(made.counts);
    free(made.values);
    free(made.shades);
    free(made.names);
    return code;
}
