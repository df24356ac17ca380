/*
 * communities.c - communities as sentence-transformers' community_detection finds them. Every vector
 * with enough that are alike proposes itself and them; the largest proposals are taken first, less
 * those that were taken before.
 *
 * Proposals are counted in a first walk over all pairs and made again, a block at a time, in a second
 * one, so that they need not all be kept; the law of bits gives the same scores twice.
 */
#include "task/scorer.h"

#include "base/error.h"
#include "base/memory.h"

#include <cloze/cluster.h>

#include <stdlib.h>
#include <string.h>

enum { BLOCK = CZ_SCORER_BLOCK, LEAST = 10 };

static const double threshold_default = 0.75;

typedef struct proposal {
    size_t row, size;
} proposal;

typedef struct alike {
    size_t row;
    float score;
} alike;

typedef struct search {
    cz_scorer scorer;
    const cloze_allocator *allocator;
    const float *vectors;
    size_t count, least;
    float threshold;
    size_t *degrees;     /* [count] vectors that are alike to each, itself too */
    proposal *proposals; /* large enough, in the order in which they are looked at */
    size_t proposal_count;
    bool *taken;  /* [count] */
    alike *items; /* of a block of proposals, one behind the other */
    size_t room;
    size_t *members, *ends, found, used;
} search;

static void clear(search *s)
{
    cz_release(s->allocator, s->degrees);
    cz_release(s->allocator, s->proposals);
    cz_release(s->allocator, s->taken);
    cz_release(s->allocator, s->items);
    cz_scorer_close(&s->scorer);
}

/* ---- the first walk ---- */

static cloze_status count_alike(search *s, cloze_error *error)
{
    const float *scores = s->scorer.scores;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < s->count && !status; i += BLOCK) {
        size_t rows = cz_scorer_load(&s->scorer, s->vectors, s->count, i, s->scorer.left);
        for (size_t j = i; j < s->count && !status; j += BLOCK) {
            size_t columns = cz_scorer_load(&s->scorer, s->vectors, s->count, j, s->scorer.right);
            status =
                cz_scorer_dot(&s->scorer, s->scorer.left, rows, s->scorer.right, columns, error);
            for (size_t a = 0; a < rows && !status; a++)
                for (size_t b = 0; b < columns; b++) {
                    bool is_alike = scores[a * columns + b] >= s->threshold;
                    s->degrees[i + a] += is_alike;
                    if (j > i)
                        s->degrees[j + b] += is_alike;
                }
        }
        if (!status && !cz_scorer_report(&s->scorer, i + rows, s->count))
            status = cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    }
    return status;
}

/* The largest first; equals in the order of the vectors. */
static int by_size(const void *left, const void *right)
{
    const proposal *a = left, *b = right;
    if (a->size != b->size)
        return a->size > b->size ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

static void list_proposals(search *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->degrees[i] >= s->least)
            s->proposals[s->proposal_count++] = (proposal){ i, s->degrees[i] };
    if (s->proposal_count)
        qsort(s->proposals, s->proposal_count, sizeof *s->proposals, by_size);
}

/* ---- the second walk ---- */

static int by_score(const void *left, const void *right)
{
    const alike *a = left, *b = right;
    if (a->score < b->score || a->score > b->score)
        return a->score > b->score ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* Members that are still free, if they are enough. */
static void settle(search *s, alike *items, size_t count)
{
    size_t begin = s->used, members = 0;
    qsort(items, count, sizeof *items, by_score);
    for (size_t i = 0; i < count; i++)
        if (!s->taken[items[i].row])
            items[members++] = items[i];
    if (members < s->least)
        return;
    for (size_t i = 0; i < members; i++) {
        s->taken[items[i].row] = true;
        s->members[begin + i] = items[i].row;
    }
    s->used += members;
    s->ends[s->found++] = s->used;
}

/* A block of proposals with all that is alike to each. */
static cloze_status propose(search *s, const proposal *block, size_t rows, cloze_error *error)
{
    const float *scores = s->scorer.scores;
    size_t begins[BLOCK], filled[BLOCK] = { 0 }, needed = 0;
    cloze_status status = CLOZE_OK;
    for (size_t a = 0; a < rows; a++) {
        begins[a] = needed;
        needed += block[a].size;
        cz_scorer_normalize(&s->scorer, s->vectors + block[a].row * s->scorer.dimension,
                            s->scorer.left + a * s->scorer.dimension);
    }
    if (!cz_grow(s->allocator, (void **)&s->items, &s->room, needed, sizeof *s->items))
        return cz_fail_memory(error, "members of communities", needed);
    for (size_t j = 0; j < s->count && !status; j += BLOCK) {
        size_t columns = cz_scorer_load(&s->scorer, s->vectors, s->count, j, s->scorer.right);
        status = cz_scorer_dot(&s->scorer, s->scorer.left, rows, s->scorer.right, columns, error);
        for (size_t a = 0; a < rows && !status; a++)
            for (size_t b = 0; b < columns; b++)
                if (scores[a * columns + b] >= s->threshold && filled[a] < block[a].size)
                    s->items[begins[a] + filled[a]++] = (alike){ j + b, scores[a * columns + b] };
    }
    for (size_t a = 0; a < rows && !status; a++)
        settle(s, s->items + begins[a], filled[a]);
    if (!status && !cz_scorer_report(&s->scorer, 0, s->count))
        status = cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    return status;
}

/* ---- the order of communities ---- */

/* They were taken by the size of their proposals; what is left of them may be ordered otherwise. */
static cloze_status sort_communities(search *s, cloze_error *error)
{
    size_t *copy = cz_allocate(s->allocator, s->used, sizeof *copy), used = 0;
    if (!copy)
        return cz_fail_memory(error, "members of communities", s->used);
    memcpy(copy, s->members, s->used * sizeof *copy);
    for (size_t i = 0; i < s->found; i++) {
        size_t begin = i ? s->ends[i - 1] : 0;
        s->proposals[i] = (proposal){ begin, s->ends[i] - begin };
    }
    if (s->found)
        qsort(s->proposals, s->found, sizeof *s->proposals, by_size);
    for (size_t i = 0; i < s->found; i++) {
        memcpy(s->members + used, copy + s->proposals[i].row, s->proposals[i].size * sizeof *copy);
        s->ends[i] = used += s->proposals[i].size;
    }
    cz_release(s->allocator, copy);
    return CLOZE_OK;
}

static cloze_status find(search *s, cloze_error *error)
{
    cloze_status status;
    s->degrees = cz_allocate_zero(s->allocator, s->count, sizeof *s->degrees);
    s->proposals = cz_allocate(s->allocator, s->count, sizeof *s->proposals);
    s->taken = cz_allocate_zero(s->allocator, s->count, sizeof *s->taken);
    if (!s->degrees || !s->proposals || !s->taken)
        return cz_fail_memory(error, "communities", s->count);
    if ((status = count_alike(s, error)))
        return status;
    list_proposals(s);
    for (size_t i = 0; i < s->proposal_count && !status; i += BLOCK)
        status = propose(s, s->proposals + i,
                         s->proposal_count - i < BLOCK ? s->proposal_count - i : BLOCK, error);
    return status ? status : sort_communities(s, error);
}

cloze_status cloze_communities(cloze_session *session, const float *vectors, size_t count,
                               size_t dimension, const cloze_community_options *options,
                               size_t *members, size_t *ends, size_t *found, cloze_error *error)
{
    double threshold = options && options->threshold != 0 ? options->threshold : threshold_default;
    size_t least = options && options->least ? options->least : LEAST;
    search s = { .allocator = &session->hooks.allocator,
                 .vectors = vectors,
                 .count = count,
                 .least = least < count ? least : count,
                 .threshold = (float)threshold,
                 .members = members,
                 .ends = ends };
    cloze_status status;
    if (!(threshold >= -1 && threshold <= 1))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "a cosine lies between -1 and 1, not at %g",
                       threshold);
    if (!count) {
        *found = 0;
        return CLOZE_OK;
    }
    status = cz_scorer_open(&s.scorer, session, dimension, error);
    if (!status)
        status = find(&s, error);
    clear(&s);
    if (!status)
        *found = s.found;
    return status;
}
