/*
 * tally.c - counts of labels, and the scores that follow from them. A label has a number by its
 * first appearance, and a place in the order of names.
 */
#include "metrics/tally.h"

#include "base/error.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

cloze_status cloze_tally_new(cloze_tally **out, const cloze_tally_options *options,
                             cloze_error *error)
{
    static const cloze_hooks none;
    const cloze_hooks *hooks = options && options->hooks ? options->hooks : &none;
    cloze_tag_scheme scheme = options ? options->scheme : CLOZE_TAGS_LENIENT;
    cloze_tally *tally;
    if (scheme > CLOZE_TAGS_BILOU)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no tag scheme %d", (int)scheme);
    tally = cz_allocate_zero(&hooks->allocator, 1, sizeof *tally);
    if (!tally || !cz_table_init(&tally->table, &hooks->allocator, 16)) {
        cz_release(&hooks->allocator, tally);
        return cz_fail_memory(error, "a tally", sizeof *tally);
    }
    tally->hooks = *hooks;
    tally->scheme = scheme;
    tally->gold.state.letter = tally->predicted.state.letter = 'O';
    *out = tally;
    return CLOZE_OK;
}

void cloze_tally_free(cloze_tally *tally)
{
    const cloze_allocator *allocator;
    cloze_hooks hooks;
    if (!tally)
        return;
    hooks = tally->hooks;
    allocator = &hooks.allocator;
    for (size_t i = 0; i < tally->label_count; i++)
        cz_release(allocator, tally->labels[i].name);
    cz_table_clear(&tally->table, allocator);
    cz_release(allocator, tally->labels);
    cz_release(allocator, tally->order);
    cz_release(allocator, tally->pairs);
    cz_release(allocator, tally->gold.items);
    cz_release(allocator, tally->predicted.items);
    cz_release(allocator, tally);
}

cloze_status cz_tally_begin(cloze_tally *tally, cz_tally_kind kind, cloze_error *error)
{
    if (tally->kind != kind && tally->kind != CZ_TALLY_NOTHING)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "a tally counts one kind of thing: labels, sets of labels, or tags");
    tally->kind = kind;
    return CLOZE_OK;
}

static int compare(const cz_tally_label *a, cloze_text b)
{
    size_t size = a->size < b.size ? a->size : b.size;
    int first = size ? memcmp(a->name, b.data, size) : 0;
    return first ? first : a->size < b.size ? -1 : a->size > b.size;
}

/* Where `name` belongs in the order. */
static size_t place_of(const cloze_tally *tally, cloze_text name)
{
    size_t low = 0, high = tally->label_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&tally->labels[tally->order[middle]], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static cloze_status add_label(cloze_tally *tally, cloze_text name, uint32_t *out,
                              cloze_error *error)
{
    const cloze_allocator *allocator = &tally->hooks.allocator;
    size_t count = tally->label_count, place;
    uint32_t old;
    bool existed;
    char *copy;
    if (count == CZ_TALLY_LABELS_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "there are more than %d labels",
                       (int)CZ_TALLY_LABELS_MOST);
    if (!cz_grow(allocator, (void **)&tally->labels, &tally->label_capacity, count + 1,
                 sizeof *tally->labels) ||
        !cz_grow(allocator, (void **)&tally->order, &tally->order_capacity, count + 1,
                 sizeof *tally->order) ||
        !(copy = cz_copy_text(allocator, name.data, name.size)))
        return cz_fail_memory(error, "a label", name.size);
    if (!cz_table_put(&tally->table, allocator, copy, name.size, (uint32_t)count, &existed, &old)) {
        cz_release(allocator, copy);
        return cz_fail_memory(error, "a label", name.size);
    }
    place = place_of(tally, name);
    memmove(tally->order + place + 1, tally->order + place, (count - place) * sizeof *tally->order);
    tally->order[place] = (uint32_t)count;
    tally->labels[count] = (cz_tally_label){ .name = copy, .size = name.size };
    tally->label_count = count + 1;
    *out = (uint32_t)count;
    return CLOZE_OK;
}

cloze_status cz_tally_number(cloze_tally *tally, cloze_text name, uint32_t *out, cloze_error *error)
{
    if (!name.size)
        name.data = "";
    return cz_table_get(&tally->table, name.data, name.size, out)
               ? CLOZE_OK
               : add_label(tally, name, out, error);
}

cloze_status cloze_tally_label(cloze_tally *tally, cloze_text predicted, cloze_text gold,
                               cloze_error *error)
{
    cz_tally_pair pair = { 0, 0 };
    cloze_status status = cz_tally_begin(tally, CZ_TALLY_LABEL, error);
    if (!status && !cz_grow(&tally->hooks.allocator, (void **)&tally->pairs, &tally->pair_capacity,
                            tally->pair_count + 1, sizeof *tally->pairs))
        status = cz_fail_memory(error, "a list of labels", tally->pair_count);
    if (!status)
        status = cz_tally_number(tally, gold, &pair.gold, error);
    if (!status)
        status = cz_tally_number(tally, predicted, &pair.predicted, error);
    if (status)
        return status;
    tally->pairs[tally->pair_count++] = pair;
    tally->labels[pair.gold].support++;
    tally->labels[pair.predicted].predicted++;
    tally->labels[pair.gold].correct += pair.gold == pair.predicted;
    tally->right += pair.gold == pair.predicted;
    tally->count++;
    return CLOZE_OK;
}

cloze_status cloze_tally_labels(cloze_tally *tally, const cloze_text *predicted,
                                size_t predicted_count, const cloze_text *gold, size_t gold_count,
                                cloze_error *error)
{
    size_t mark = tally->count + 1, golds = 0, predictions = 0, correct = 0;
    cloze_status status = cz_tally_begin(tally, CZ_TALLY_SET, error);
    uint32_t number = 0;
    for (size_t i = 0; i < gold_count && !status; i++) {
        if ((status = cz_tally_number(tally, gold[i], &number, error)))
            return status;
        golds += tally->labels[number].gold_mark != mark;
        tally->labels[number].support += tally->labels[number].gold_mark != mark;
        tally->labels[number].gold_mark = mark;
    }
    for (size_t i = 0; i < predicted_count && !status; i++) {
        if ((status = cz_tally_number(tally, predicted[i], &number, error)))
            return status;
        cz_tally_label *label = &tally->labels[number];
        if (label->predicted_mark == mark)
            continue;
        label->predicted_mark = mark;
        label->predicted++;
        label->correct += label->gold_mark == mark;
        correct += label->gold_mark == mark;
        predictions++;
    }
    if (status)
        return status;
    tally->right += golds == predictions && golds == correct;
    tally->count++;
    return CLOZE_OK;
}

/* ---- what follows from the counts ---- */

static double ratio(double above, double below)
{
    return below > 0 ? above / below : 0;
}

static cloze_score score_of(size_t support, size_t predicted, size_t correct)
{
    return (cloze_score){ .precision = ratio((double)correct, (double)predicted),
                          .recall = ratio((double)correct, (double)support),
                          .f1 = ratio(2 * (double)correct, (double)support + (double)predicted),
                          .support = support,
                          .predicted = predicted,
                          .correct = correct };
}

size_t cloze_tally_size(const cloze_tally *tally)
{
    return tally->label_count;
}

cloze_text cloze_tally_name(const cloze_tally *tally, size_t index)
{
    const cz_tally_label *label;
    if (index >= tally->label_count)
        return (cloze_text){ NULL, 0 };
    label = &tally->labels[tally->order[index]];
    return (cloze_text){ label->name, label->size };
}

cloze_score cloze_tally_score(const cloze_tally *tally, size_t index)
{
    const cz_tally_label *label;
    if (index >= tally->label_count)
        return score_of(0, 0, 0);
    label = &tally->labels[tally->order[index]];
    return score_of(label->support, label->predicted, label->correct);
}

/* The coefficient of Matthews for any number of labels (Gorodkin's R_K). */
static double matthews(const cloze_tally *tally)
{
    double n = (double)tally->count, both = 0, gold = 0, predicted = 0, below;
    for (size_t i = 0; i < tally->label_count; i++) {
        double g = (double)tally->labels[i].support, p = (double)tally->labels[i].predicted;
        both += g * p;
        gold += g * g;
        predicted += p * p;
    }
    below = (n * n - gold) * (n * n - predicted);
    return below > 0 ? ((double)tally->right * n - both) / sqrt(below) : 0;
}

static void add_weighted(cloze_score *sum, cloze_score score, double weight)
{
    sum->precision += weight * score.precision;
    sum->recall += weight * score.recall;
    sum->f1 += weight * score.f1;
}

cloze_averages cloze_tally_averages(const cloze_tally *tally)
{
    cloze_averages all = { .count = tally->count,
                           .accuracy = ratio((double)tally->right, (double)tally->count) };
    size_t support = 0, predicted = 0, correct = 0;
    for (size_t i = 0; i < tally->label_count; i++) {
        support += tally->labels[i].support;
        predicted += tally->labels[i].predicted;
        correct += tally->labels[i].correct;
    }
    all.micro = score_of(support, predicted, correct);
    all.macro = all.weighted =
        (cloze_score){ .support = support, .predicted = predicted, .correct = correct };
    for (size_t i = 0; i < tally->label_count; i++) {
        cloze_score score = cloze_tally_score(tally, i);
        add_weighted(&all.macro, score, 1 / (double)tally->label_count);
        add_weighted(&all.weighted, score, ratio((double)score.support, (double)support));
    }
    if (tally->kind == CZ_TALLY_LABEL)
        all.matthews = matthews(tally);
    return all;
}

cloze_status cloze_tally_matrix(const cloze_tally *tally, size_t *matrix, cloze_error *error)
{
    size_t size = tally->label_count;
    uint32_t *place;
    if (tally->kind != CZ_TALLY_LABEL && tally->kind != CZ_TALLY_NOTHING)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "a matrix of confusion is for texts with one label each");
    place = cz_allocate(&tally->hooks.allocator, size, sizeof *place);
    if (!place)
        return cz_fail_memory(error, "places of labels", size);
    for (size_t i = 0; i < size; i++)
        place[tally->order[i]] = (uint32_t)i;
    for (size_t i = 0; i < size * size; i++)
        matrix[i] = 0;
    for (size_t i = 0; i < tally->pair_count; i++)
        matrix[place[tally->pairs[i].gold] * size + place[tally->pairs[i].predicted]]++;
    cz_release(&tally->hooks.allocator, place);
    return CLOZE_OK;
}
