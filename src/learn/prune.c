/*
 * prune.c - which pieces of a Unigram are missed the least: the loss of likelihood when the best
 * other way to cut a piece stands for it, as the package estimates it.
 */
#include "learn/unigram.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double shrinking = 0.75;

/* Of the words as they are best cut. */
typedef struct totals {
    double words, pieces;
    size_t different; /* pieces there are */
} totals;

typedef struct loss {
    double value;
    uint32_t piece;
    uint32_t order; /* so that equal losses stay in order */
} loss;

/* How often each piece is in the words as they are best cut. */
static cloze_status count_best(cz_unigram_trainer *work, totals *all, cloze_error *error)
{
    const cz_lattice *lattice = &work->lattice;
    memset(work->counts, 0, (work->seeds.count + 1) * sizeof *work->counts);
    *all = (totals){ .different = work->count };
    for (size_t i = 0; i < work->words->count; i++) {
        cloze_text word = cz_texts_at(work->words, i);
        double times = (double)work->words->items[i].count;
        cloze_status status = cz_unigram_report(work, i, error);
        if (status)
            return status;
        if (!cz_lattice_best(&work->lattice, word, true))
            return cz_learn_memory(error);
        for (size_t k = 0; k < lattice->path_count; k++)
            work->counts[lattice->path[k]] += times;
        all->words += times;
    }
    for (size_t i = 0; i < work->count; i++)
        all->pieces += work->counts[work->pieces[i]];
    return CLOZE_OK;
}

/* What the likelihood of the words loses when the pieces of the best other way stand for `piece`,
 * about. The best other way was just found. */
static double loss_of(const cz_unigram_trainer *work, uint32_t piece, const totals *all)
{
    const cz_lattice *lattice = &work->lattice;
    double frequency = work->counts[piece], with = log(frequency) - log(all->pieces);
    /* The package counts all pieces where those of the other way would be meant; so do we. */
    double whole = log(all->pieces + frequency * (double)(all->different - 1)), without = 0.0;
    for (size_t i = lattice->path_count; i--;)
        without += log(work->counts[lattice->path[i]] + frequency) - whole;
    return frequency / all->words * (with - without);
}

static int by_loss(const void *left, const void *right)
{
    const loss *a = left, *b = right;
    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* What it costs to go without a piece; INFINITY where it cannot be, -INFINITY where no word has it. */
static bool weigh(cz_unigram_trainer *work, uint32_t piece, const totals *all, double *cost)
{
    const cz_seed *seed = &work->seeds.items[piece - 1];
    cloze_text text = { work->seeds.bytes + seed->begin, seed->size };
    if (!cz_lattice_best(&work->lattice, text, false))
        return false;
    if (!work->lattice.path_count)
        *cost = INFINITY;
    else if (work->counts[piece] <= 0.0)
        *cost = -INFINITY;
    else if (work->lattice.places[text.size].best > work->lattice.scores[piece])
        *cost = INFINITY;
    else
        *cost = loss_of(work, piece, all);
    return true;
}

/* Puts the pieces that cannot go first, the others into `losses`. */
static bool weigh_all(cz_unigram_trainer *work, const totals *all, loss *losses, size_t *lost)
{
    size_t kept = 1;
    *lost = 0;
    for (size_t i = 1; i < work->count; i++) {
        uint32_t piece = work->pieces[i];
        double cost;
        if (!weigh(work, piece, all, &cost))
            return false;
        if (cost < INFINITY)
            losses[(*lost)++] = (loss){ cost, piece, (uint32_t)i };
        else
            work->pieces[kept++] = piece;
    }
    work->count = kept;
    return true;
}

cloze_status cz_unigram_prune(cz_unigram_trainer *work, cloze_error *error)
{
    const cloze_allocator *allocator = work->settings->allocator;
    size_t left = (size_t)((double)work->count * shrinking), lost = 0;
    loss *losses = cz_allocate(allocator, work->count, sizeof *losses);
    totals all = { 0.0, 0.0, 0 };
    cloze_status status = losses ? count_best(work, &all, error) : cz_learn_memory(error);
    if (left < cz_unigram_wanted(work))
        left = cz_unigram_wanted(work);
    if (!status && !weigh_all(work, &all, losses, &lost))
        status = cz_learn_memory(error);
    if (!status && lost)
        qsort(losses, lost, sizeof *losses, by_loss);
    for (size_t i = 0; !status && i < lost; i++) {
        if (work->count < left && losses[i].value > -INFINITY)
            work->pieces[work->count++] = losses[i].piece;
        else
            work->lattice.probabilities[losses[i].piece] = 0.0;
    }
    cz_release(allocator, losses);
    if (status)
        return status;
    cz_unigram_score_unknown(work);
    if (!cz_unigram_build(work))
        status = cz_learn_memory(error);
    return status;
}
