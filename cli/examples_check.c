/* examples_check.c - whether there is something to learn from examples. */
#include "examples.h"

#include "say.h"

static bool same_labels(const cli_example *a, const cli_example *b)
{
    bool same = a->label_count == b->label_count && a->number_count == b->number_count;
    for (size_t i = 0; same && i < a->label_count; i++)
        same = a->labels[i] == b->labels[i];
    for (size_t i = 0; same && i < a->number_count; i++)
        same = !(a->numbers[i] < b->numbers[i] || a->numbers[i] > b->numbers[i]);
    return same;
}

bool examples_all_the_same(const cli_examples *examples)
{
    for (size_t i = 1; i < examples->count; i++)
        if (!same_labels(&examples->item[0], &examples->item[i]))
            return false;
    return true;
}

int examples_check(const cli_examples *examples, const example_format *format,
                   const cli_labels *labels)
{
    const cli_example *first = examples->item;
    if (!examples->count)
        return say_failure(CLOZE_ERROR_TEXT, "there is no example to learn from%s",
                           examples->skipped ? ": all rows lack a text or a label" : "");
    switch (format->kind) {
    case EXAMPLES_LABELS:
    case EXAMPLES_TAGS:
        if (labels->count > 1 &&
            !(format->kind == EXAMPLES_LABELS && examples_all_the_same(examples)))
            return 0;
        return say_failure(CLOZE_ERROR_TEXT,
                           "every example of %s has the label \"%s\": there is nothing to learn",
                           first->file, labels->name[first->labels[0]].data);
    case EXAMPLES_SETS:
        if (!labels->count)
            return say_failure(CLOZE_ERROR_TEXT, "no example of %s has a label", first->file);
        if (!examples_all_the_same(examples))
            return 0;
        return say_failure(CLOZE_ERROR_TEXT,
                           "every example of %s has the same labels: there is nothing to learn",
                           first->file);
    case EXAMPLES_NUMBERS:
    case EXAMPLES_SIMILARITY:
        if (!examples_all_the_same(examples))
            return 0;
        return say_failure(CLOZE_ERROR_TEXT,
                           "every example of %s has the number %g: there is nothing to learn",
                           first->file, (double)first->numbers[0]);
    default:
        return 0;
    }
}
