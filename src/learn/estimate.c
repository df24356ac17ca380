/*
 * estimate.c - the scores of a Unigram's pieces by expectation and maximization, with a sparse prior
 * (digamma), as in the package.
 */
#include "learn/unigram.h"

#include <math.h>
#include <string.h>

static const double rarest = 0.5, unknown_penalty = 10.0;

/* The logarithm of a count, less than it for small counts. */
static double digamma(double x)
{
    double result = 0.0;
    while (x < 7.0) {
        result -= 1.0 / x;
        x += 1.0;
    }
    x -= 1.0 / 2.0;
    double xx = 1.0 / x, xx2 = xx * xx, xx4 = xx2 * xx2;
    return result + log(x) + (1.0 / 24.0) * xx2 - 7.0 / 960.0 * xx4 + (31.0 / 8064.0) * xx4 * xx2 -
           (127.0 / 30720.0) * xx4 * xx4;
}

void cz_unigram_score(cz_unigram_trainer *work, uint32_t piece, double score)
{
    work->lattice.scores[piece] = score;
    work->lattice.probabilities[piece] = exp(score);
}

void cz_unigram_score_unknown(cz_unigram_trainer *work)
{
    work->least = work->count > 1 ? INFINITY : 0.0;
    for (size_t i = 1; i < work->count; i++)
        if (work->lattice.scores[work->pieces[i]] < work->least)
            work->least = work->lattice.scores[work->pieces[i]];
    cz_unigram_score(work, 0, work->least - unknown_penalty);
}

/* Expectation: how often each piece is in the words, of all ways to cut them. */
static cloze_status expect(cz_unigram_trainer *work, cloze_error *error)
{
    memset(work->counts, 0, (work->seeds.count + 1) * sizeof *work->counts);
    for (size_t i = 0; i < work->words->count; i++) {
        cloze_status status = cz_unigram_report(work, i, error);
        if (status)
            return status;
        if (!cz_lattice_expect(&work->lattice, cz_texts_at(work->words, i),
                               (double)work->words->items[i].count, work->counts))
            return cz_learn_memory(error);
    }
    return CLOZE_OK;
}

/* Maximization: scores from the counts; pieces that are too rare go. */
static void maximize(cz_unigram_trainer *work)
{
    double sum = 0.0, whole;
    size_t kept = 1;
    for (size_t i = 1; i < work->count; i++) {
        uint32_t piece = work->pieces[i];
        if (work->counts[piece] < rarest) {
            work->lattice.probabilities[piece] = 0.0;
            continue;
        }
        work->pieces[kept++] = piece;
        sum += work->counts[piece];
    }
    work->count = kept;
    whole = digamma(sum);
    for (size_t i = 1; i < kept; i++)
        cz_unigram_score(work, work->pieces[i], digamma(work->counts[work->pieces[i]]) - whole);
    cz_unigram_score_unknown(work);
}

cloze_status cz_unigram_estimate(cz_unigram_trainer *work, cloze_error *error)
{
    cloze_status status = expect(work, error);
    if (!status)
        maximize(work);
    return status;
}
