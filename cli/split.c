/*
 * split.c - see split.h. What stays together is a unit. Units are shuffled within their label, the
 * labels laid one after the other, and the row of all is dealt out evenly: so each label is, too.
 */
#include "split.h"

#include "chance.h"
#include "say.h"

#include <math.h>
#include <stdlib.h>

typedef struct split_unit {
    size_t begin, end; /* examples */
    uint32_t label;
} split_unit;

typedef struct unit_row {
    split_unit *units;
    size_t *order; /* [count] units by label, shuffled within */
    size_t count;
} unit_row;

static bool belongs_to(const cli_example *example, const cli_example *before, example_kind kind)
{
    return kind == EXAMPLES_ANSWERS && example->pair.data == before->pair.data;
}

static int by_label(const void *left, const void *right)
{
    const split_unit *a = left, *b = right;
    if (a->label != b->label)
        return a->label < b->label ? -1 : 1;
    return (a->begin > b->begin) - (a->begin < b->begin);
}

/* Where the label of the unit at `begin` ends. */
static size_t label_end(const unit_row *row, size_t begin)
{
    size_t end = begin + 1;
    while (end < row->count && row->units[end].label == row->units[begin].label)
        end++;
    return end;
}

static void clear(unit_row *row)
{
    free(row->units);
    free(row->order);
}

static int make(unit_row *out, const cli_examples *examples, example_kind kind, uint64_t seed)
{
    cli_chance chance = chance_of(seed, 1);
    out->units = calloc(examples->count + 1, sizeof *out->units);
    out->order = calloc(examples->count + 1, sizeof *out->order);
    if (!out->units || !out->order)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    for (size_t i = 0; i < examples->count; i++) {
        const cli_example *example = &examples->item[i];
        if (i && belongs_to(example, example - 1, kind))
            out->units[out->count - 1].end = i + 1;
        else
            out->units[out->count++] =
                (split_unit){ i, i + 1, kind == EXAMPLES_LABELS ? example->labels[0] : 0 };
    }
    qsort(out->units, out->count, sizeof *out->units, by_label);
    for (size_t i = 0; i < out->count; i++)
        out->order[i] = i;
    for (size_t begin = 0, end; begin < out->count; begin = end) {
        end = label_end(out, begin);
        chance_shuffle(&chance, out->order + begin, end - begin);
    }
    return 0;
}

static void put(const unit_row *row, size_t place, uint32_t value, uint32_t *out)
{
    const split_unit *unit = &row->units[row->order[place]];
    for (size_t i = unit->begin; i < unit->end; i++)
        out[i] = value;
}

/* Marks `share` of those that are still in part 0, evenly along the row. */
static void deal(const unit_row *row, double share, uint32_t value, uint32_t *part)
{
    size_t met = 0;
    for (size_t begin = 0, end; begin < row->count; begin = end) {
        end = label_end(row, begin);
        for (size_t i = begin; i < end; i++) {
            if (end - begin == 1 && row->count > 1 &&
                row->units[0].label != row->units[row->count - 1].label)
                continue;
            if (part[row->units[row->order[i]].begin])
                continue;
            if (floor((double)(met + 1) * share + 1e-9) > floor((double)met * share + 1e-9))
                put(row, i, value, part);
            met++;
        }
    }
}

int split_parts(const cli_examples *examples, example_kind kind, double dev, double test,
                uint64_t seed, uint32_t *part)
{
    unit_row row = { 0 };
    int code = make(&row, examples, kind, seed);
    for (size_t i = 0; i < examples->count; i++)
        part[i] = 0;
    if (!code && dev > 0)
        deal(&row, dev, 1, part);
    if (!code && test > 0)
        deal(&row, test / (1 - dev), 2, part);
    clear(&row);
    return code;
}

int split_folds(const cli_examples *examples, example_kind kind, size_t folds, uint64_t seed,
                uint32_t *fold)
{
    unit_row row = { 0 };
    int code = make(&row, examples, kind, seed);
    if (!code && row.count < folds)
        code = say_failure(CLOZE_ERROR_ARGUMENT, "%zu %s cannot be put into %zu folds", row.count,
                           kind == EXAMPLES_ANSWERS ? "contexts" : "examples", folds);
    for (size_t i = 0; i < row.count && !code; i++)
        put(&row, i, (uint32_t)(i % folds), fold);
    clear(&row);
    return code;
}
