/* labels.c - see labels.h. */
#include "labels.h"

#include "cells.h"
#include "say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 12, SHOWN_NAME = 64 };

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static int compare(cloze_text a, cloze_text b)
{
    size_t least = a.size < b.size ? a.size : b.size;
    int order = least ? memcmp(a.data, b.data, least) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* Where `name` stands in `sorted`, or would stand. */
static size_t search(const cli_labels *labels, cloze_text name, bool *found)
{
    size_t low = 0, high = labels->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(labels->name[labels->sorted[middle]], name);
        if (!order) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}

static bool grow(cli_labels *labels)
{
    size_t room = labels->room ? 2 * labels->room : 64;
    cloze_text *name;
    uint32_t *sorted;
    if (labels->count < labels->room)
        return true;
    if (!(name = realloc(labels->name, room * sizeof *name)))
        return false;
    labels->name = name;
    if (!(sorted = realloc(labels->sorted, room * sizeof *sorted)))
        return false;
    labels->sorted = sorted;
    labels->room = room;
    return true;
}

static int unknown(const cli_labels *labels, cloze_text name, const char *where)
{
    char known[SHOWN * (SHOWN_NAME + 2) + 1] = "";
    size_t used = 0;
    for (size_t i = 0; i < labels->count && i < SHOWN && used < sizeof known; i++) {
        cloze_text label = labels->name[labels->closed ? labels->at[i] : i];
        used +=
            (size_t)snprintf(known + used, sizeof known - used, "%s%.*s", i ? ", " : "",
                             (int)(label.size < SHOWN_NAME ? label.size : SHOWN_NAME), label.data);
    }
    return say_failure(CLOZE_ERROR_TEXT, "%s: the label \"%.*s\" is not known; %s: %s%s", where,
                       (int)(name.size < SHOWN_NAME ? name.size : SHOWN_NAME), name.data,
                       labels->giver   ? labels->giver
                       : labels->given ? "--labels gives"
                                       : "the training file has",
                       known, labels->count > SHOWN ? ", ..." : "");
}

int labels_find(cli_labels *labels, cloze_text name, const char *where, size_t *number)
{
    bool found;
    size_t at = search(labels, name, &found);
    if (found) {
        *number = labels->sorted[at];
        return 0;
    }
    if (labels->closed)
        return unknown(labels, name, where);
    if (name.size && memchr(name.data, 0, name.size))
        return say_failure(CLOZE_ERROR_TEXT, "%s: a label holds a zero byte", where);
    if (labels->count == LABELS_MOST)
        return say_failure(CLOZE_ERROR_LIMIT,
                           "%s: more than %d different labels; is it the right column?", where,
                           LABELS_MOST);
    if (!grow(labels) || !keep_text(&labels->keep, name, &labels->name[labels->count]))
        return out_of_memory();
    memmove(labels->sorted + at + 1, labels->sorted + at,
            (labels->count - at) * sizeof *labels->sorted);
    labels->sorted[at] = (uint32_t)labels->count;
    *number = labels->count++;
    return 0;
}

/* "-12" and "7", but not "07", of up to 18 digits. */
static bool is_whole(cloze_text name, long long *out)
{
    size_t at = name.size > 1 && name.data[0] == '-';
    if (at == name.size || name.size - at > 18 || (name.data[at] == '0' && name.size > 1))
        return false;
    for (size_t i = at; i < name.size; i++)
        if (name.data[i] < '0' || name.data[i] > '9')
            return false;
    *out = strtoll(name.data, NULL, 10);
    return true;
}

typedef struct numbered {
    long long value;
    size_t number;
} numbered;

static int by_value(const void *left, const void *right)
{
    const numbered *a = left, *b = right;
    return (a->value > b->value) - (a->value < b->value);
}

static int close_in_order(cli_labels *labels)
{
    size_t count = labels->count, whole = 0;
    numbered *values = calloc(count + 1, sizeof *values);
    if (!values)
        return out_of_memory();
    while (whole < count && is_whole(labels->name[whole], &values[whole].value)) {
        values[whole].number = whole;
        whole++;
    }
    if (whole == count)
        qsort(values, count, sizeof *values, by_value);
    for (size_t i = 0; i < count; i++)
        labels->at[i] = labels->given ? i : whole == count ? values[i].number : labels->sorted[i];
    free(values);
    return 0;
}

int labels_close(cli_labels *labels)
{
    int code;
    if (labels->closed)
        return 0;
    labels->place = calloc(labels->count + 1, sizeof *labels->place);
    labels->at = calloc(labels->count + 1, sizeof *labels->at);
    if (!labels->place || !labels->at)
        return out_of_memory();
    if ((code = close_in_order(labels)))
        return code;
    for (size_t i = 0; i < labels->count; i++)
        labels->place[labels->at[i]] = i;
    labels->closed = true;
    return 0;
}

int labels_give(cli_labels *labels, const char *list)
{
    cell_list names = { 0 };
    int code = 0;
    labels->given = true;
    if (!cells_split(&names, (cloze_text){ list, strlen(list) }, ','))
        code = out_of_memory();
    for (size_t i = 0; i < names.count && !code; i++) {
        cloze_text name = cell_trimmed(names.item[i]);
        size_t number;
        if (!name.size)
            code = say_failure(CLOZE_ERROR_ARGUMENT, "--labels has an empty name: \"%s\"", list);
        else if (!(code = labels_find(labels, name, "--labels", &number)) && number != i)
            code = say_failure(CLOZE_ERROR_ARGUMENT, "--labels names \"%s\" twice",
                               labels->name[number].data);
    }
    free(names.item);
    return code ? code : labels_close(labels);
}

int labels_add(cli_labels *labels, const char *name)
{
    size_t number, next = labels->count;
    int code = labels_find(labels, (cloze_text){ name, strlen(name) }, "the model", &number);
    labels->given = true;
    if (!code && number != next)
        code = say_failure(CLOZE_ERROR_FORMAT, "%s two labels \"%.64s\"",
                           labels->giver ? labels->giver : "--labels gives", name);
    return code;
}

bool labels_reorder(cli_labels *labels, const char *const *names, size_t count)
{
    size_t *at = calloc(count + 1, sizeof *at);
    bool same = at && labels->closed && count == labels->count;
    for (size_t i = 0; i < count && same; i++) {
        size_t place = search(labels, (cloze_text){ names[i], strlen(names[i]) }, &same);
        if (same)
            at[i] = labels->sorted[place];
        for (size_t k = 0; k < i && same; k++)
            same = at[k] != at[i];
    }
    for (size_t i = 0; i < count && same; i++) {
        labels->at[i] = at[i];
        labels->place[at[i]] = i;
    }
    free(at);
    return same;
}

const char *labels_name(const cli_labels *labels, size_t place)
{
    return labels->name[labels->at[place]].data;
}

void labels_clear(cli_labels *labels)
{
    keep_clear(&labels->keep);
    free(labels->name);
    free(labels->sorted);
    free(labels->place);
    free(labels->at);
    *labels = (cli_labels){ 0 };
}
