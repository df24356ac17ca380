/*
 * bounds.c - of all orders in which units could be taken away, the one that F falls with most and the one
 * that it falls with least (Edin et al. 2024): exactly through all subsets, or by beam search.
 */
#include "explain/faithful.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double fall(const cz_asked *asked, size_t number)
{
    return asked->explainer->value - asked->answers[number].value;
}

/* ---- all subsets ---- */

/* highest[set]: the sum of falls on the best way from this set to the empty one. Subsets come before
 * their sets. */
static void walk_lattice(const cz_asked *asked, const size_t *number, double *lowest,
                         double *highest)
{
    size_t units = asked->explainer->unit_count;
    for (size_t set = 0; set < (size_t)1 << units; set++) {
        double least = set ? INFINITY : 0, most = set ? -INFINITY : 0;
        for (size_t u = 0; u < units; u++)
            if (set >> u & 1) {
                least = fmin(least, lowest[set ^ (size_t)1 << u]);
                most = fmax(most, highest[set ^ (size_t)1 << u]);
            }
        lowest[set] = least + fall(asked, number[set]);
        highest[set] = most + fall(asked, number[set]);
    }
}

static cloze_status find_exactly(cz_asked *asked, cz_bounds *out, cloze_error *error)
{
    const cloze_allocator *allocator = &asked->explainer->hooks.allocator;
    size_t units = asked->explainer->unit_count, sets = (size_t)1 << units;
    uint8_t present[CLOZE_FAITH_EXACT_UNITS];
    size_t *number = cz_allocate(allocator, sets, sizeof *number);
    double *sums = cz_allocate(allocator, 2 * sets, sizeof *sums);
    cloze_status status =
        number && sums ? CLOZE_OK : cz_fail_memory(error, "subsets", sets * sizeof *sums);
    for (size_t set = 0; set < sets && !status; set++) {
        for (size_t u = 0; u < units; u++)
            present[u] = set >> u & 1;
        status = cz_asked_want(asked, present, &number[set], error);
    }
    if (!status)
        status = cz_asked_answer(asked, error);
    if (!status) {
        double whole = fall(asked, number[sets - 1]);
        walk_lattice(asked, number, sums, sums + sets);
        out->lowest = (sums[sets - 1] - whole) / (double)units;
        out->highest = (sums[2 * sets - 1] - whole) / (double)units;
        out->exact = true;
    }
    cz_release(allocator, number);
    cz_release(allocator, sums);
    return status;
}

/* ---- beams ---- */

typedef struct step {
    size_t number; /* of the mask */
    double sum;    /* of falls on the way here, times the sign of the beam */
} step;

typedef struct beam {
    double sign; /* 1: looks for the best order; -1: for the worst */
    step *kept;  /* [width] */
    size_t count;
    step *next; /* [width * units] */
    size_t next_count;
} beam;

static int by_sum(const void *left, const void *right)
{
    const step *a = left, *b = right;
    if (a->sum < b->sum || a->sum > b->sum)
        return a->sum < b->sum ? 1 : -1;
    return (a->number > b->number) - (a->number < b->number);
}

static cloze_status spread_out(cz_asked *asked, beam *b, uint8_t *present, cloze_error *error)
{
    size_t units = asked->explainer->unit_count;
    cloze_status status = CLOZE_OK;
    b->next_count = 0;
    for (size_t i = 0; i < b->count; i++) {
        memcpy(present, cz_asked_mask(asked, b->kept[i].number), units);
        for (size_t u = 0; u < units && !status; u++) {
            if (!present[u])
                continue;
            present[u] = 0;
            b->next[b->next_count].sum = b->kept[i].sum;
            status = cz_asked_want(asked, present, &b->next[b->next_count++].number, error);
            present[u] = 1;
        }
    }
    return status;
}

/* The best `width`, each mask once: the better way to it comes first. */
static void keep_best(const cz_asked *asked, beam *b, size_t width)
{
    for (size_t i = 0; i < b->next_count; i++)
        b->next[i].sum += b->sign * fall(asked, b->next[i].number);
    qsort(b->next, b->next_count, sizeof *b->next, by_sum);
    b->count = 0;
    for (size_t i = 0; i < b->next_count && b->count < width; i++) {
        size_t k = 0;
        while (k < b->count && b->kept[k].number != b->next[i].number)
            k++;
        if (k == b->count)
            b->kept[b->count++] = b->next[i];
    }
}

static cloze_status search(cz_asked *asked, beam beams[2], size_t width, uint8_t *present,
                           cloze_error *error)
{
    size_t units = asked->explainer->unit_count, whole;
    memset(present, 1, units);
    cloze_status status = cz_asked_want(asked, present, &whole, error);
    for (int b = 0; b < 2 && !status; b++) {
        beams[b].kept[0] = (step){ whole, 0 };
        beams[b].count = 1;
    }
    for (size_t k = 0; k < units && !status; k++) {
        for (int b = 0; b < 2 && !status; b++)
            status = spread_out(asked, &beams[b], present, error);
        if (!status)
            status = cz_asked_answer(asked, error);
        for (int b = 0; b < 2 && !status; b++)
            keep_best(asked, &beams[b], width);
    }
    return status;
}

static cloze_status find_by_beams(cz_asked *asked, size_t width, cz_bounds *out, cloze_error *error)
{
    const cloze_allocator *allocator = &asked->explainer->hooks.allocator;
    size_t units = asked->explainer->unit_count, most;
    beam beams[2] = { { .sign = 1 }, { .sign = -1 } };
    uint8_t *present = cz_allocate(allocator, units, 1);
    bool room = present && cz_multiply(width, units, &most);
    for (int b = 0; b < 2 && room; b++) {
        beams[b].kept = cz_allocate(allocator, width, sizeof(step));
        beams[b].next = cz_allocate(allocator, most, sizeof(step));
        room = beams[b].kept && beams[b].next;
    }
    cloze_status status = room ? search(asked, beams, width, present, error)
                               : cz_fail_memory(error, "beams", width * sizeof(step));
    if (!status) {
        out->highest = beams[0].kept[0].sum / (double)units;
        out->lowest = -beams[1].kept[0].sum / (double)units;
        out->exact = false;
    }
    for (int b = 0; b < 2; b++) {
        cz_release(allocator, beams[b].kept);
        cz_release(allocator, beams[b].next);
    }
    cz_release(allocator, present);
    return status;
}

cloze_status cz_bounds_find(cz_asked *asked, size_t width, cz_bounds *out, cloze_error *error)
{
    return width ? find_by_beams(asked, width, out, error) : find_exactly(asked, out, error);
}
