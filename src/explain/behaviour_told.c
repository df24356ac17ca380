/* behaviour_told.c - what checks found, as it is handed out: counts, and failures with their texts. */
#include "explain/behaviour.h"

#include "base/error.h"
#include "base/memory.h"

#include <cloze/metrics.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct failed_text {
    size_t text;
    double wrong;
} failed_text;

static int by_wrong(const void *left, const void *right)
{
    const failed_text *a = left, *b = right;
    if (a->wrong > b->wrong || a->wrong < b->wrong)
        return a->wrong > b->wrong ? -1 : 1;
    return (a->text > b->text) - (a->text < b->text);
}

/* ---- one failure ---- */

/* Measured first, then filled: bytes and changes have their room before anything points there. */
typedef struct telling {
    const cloze_allocator *allocator;
    cz_told_failure *out;
    size_t size, count;
    bool measured;
} telling;

static cloze_text keep_bytes(telling *t, cloze_text text)
{
    cloze_text kept = { NULL, text.size };
    if (t->measured) {
        kept.data = t->out->bytes + t->size;
        if (text.size)
            memcpy(t->out->bytes + t->size, text.data, text.size);
    }
    t->size += text.size;
    return kept;
}

static cloze_status tell_side(void *context, int side, const cloze_changed *changed,
                              cloze_error *error)
{
    telling *t = context;
    cloze_text text = keep_bytes(t, changed->text);
    (void)error;
    for (size_t i = 0; i < changed->count; i++) {
        cloze_text_change change = changed->changes[i];
        change.span.side = side;
        change.text = keep_bytes(t, change.text);
        if (t->measured)
            t->out->changes[t->count] = change;
        t->count++;
    }
    if (t->measured && side)
        t->out->failure.changed_pair = text;
    else if (t->measured)
        t->out->failure.changed = text;
    return CLOZE_OK;
}

static cloze_status tell_failure(const cz_checking *c, size_t text, cz_told_failure *out,
                                 cloze_error *error)
{
    const cz_judged *judged = &c->judged[text];
    telling t = { .allocator = c->allocator, .out = out };
    bool applies;
    cloze_status status = cz_changed_text(c, text, judged->copy, tell_side, &t, &applies, error);
    if (status)
        return status;
    out->bytes = cz_allocate(c->allocator, t.size + 1, 1);
    out->changes = cz_allocate(c->allocator, t.count, sizeof *out->changes);
    if (!out->bytes || !out->changes)
        return cz_fail_memory(error, "failures", t.size);
    t = (telling){ .allocator = c->allocator, .out = out, .measured = true };
    status = cz_changed_text(c, text, judged->copy, tell_side, &t, &applies, error);
    out->failure.text = text;
    out->failure.changes = out->changes;
    out->failure.count = t.count;
    out->failure.label = judged->label;
    out->failure.before = judged->before;
    out->failure.after = judged->after;
    out->failure.said = judged->said;
    out->failure.says = judged->says;
    return status;
}

/* ---- a check ---- */

cloze_status cz_check_tell(const cz_checking *c, cz_told_check *told, cloze_error *error)
{
    cloze_behaviour_result *result = &told->result;
    cloze_status status = CLOZE_OK;
    failed_text *failed = cz_allocate(c->allocator, c->texts->count, sizeof *failed);
    if (!failed)
        return cz_fail_memory(error, "failures", c->texts->count);
    for (size_t i = 0; i < c->texts->count; i++) {
        const cz_judged *judged = &c->judged[i];
        result->applies += judged->verdict >= CZ_PASSED;
        result->too_long += judged->verdict == CZ_TOO_LONG;
        if (judged->verdict == CZ_FAILED)
            failed[result->failures++] = (failed_text){ i, judged->wrong };
    }
    if (result->failures)
        qsort(failed, result->failures, sizeof *failed, by_wrong);
    result->rate = result->applies ? (double)result->failures / (double)result->applies : NAN;
    cloze_share_interval(result->failures, result->applies, result->interval);
    told->failures = cz_allocate_zero(c->allocator, result->failures, sizeof *told->failures);
    if (!told->failures)
        status = cz_fail_memory(error, "failures", result->failures);
    for (size_t i = 0; i < result->failures && !status; i++) {
        told->count = i + 1;
        status = tell_failure(c, failed[i].text, &told->failures[i], error);
    }
    cz_release(c->allocator, failed);
    return status;
}

void cloze_behaviour_free(cloze_behaviour *behaviour)
{
    if (!behaviour)
        return;
    cloze_allocator allocator = behaviour->allocator;
    for (size_t i = 0; i < behaviour->count; i++) {
        cz_told_check *check = &behaviour->checks[i];
        for (size_t k = 0; k < check->count; k++) {
            cz_release(&allocator, check->failures[k].bytes);
            cz_release(&allocator, check->failures[k].changes);
        }
        cz_release(&allocator, check->failures);
    }
    cz_release(&allocator, behaviour->checks);
    cz_release(&allocator, behaviour);
}

cloze_behaviour_result cloze_behaviour_of(const cloze_behaviour *behaviour, size_t check)
{
    static const cloze_behaviour_result none = { 0 };
    return check < behaviour->count ? behaviour->checks[check].result : none;
}

cloze_behaviour_failure cloze_behaviour_failed(const cloze_behaviour *behaviour, size_t check,
                                               size_t index)
{
    static const cloze_behaviour_failure none = { 0 };
    if (check >= behaviour->count || index >= behaviour->checks[check].count)
        return none;
    return behaviour->checks[check].failures[index].failure;
}
