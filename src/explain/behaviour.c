/* behaviour.c - checks of a classifier: texts are changed and labelled in chunks, and each is judged. */
#include "explain/behaviour.h"

#include "base/error.h"
#include "base/memory.h"
#include "text/unicode.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 256, COPIES_MOST = 1000 };

/* ---- judging ---- */

static size_t best_label(const cz_checking *c, const float *scores)
{
    size_t best = 0;
    for (size_t i = 1; i < c->labels; i++)
        best = scores[i] > scores[best] ? i : best;
    return best;
}

static int64_t said(const cz_checking *c, const float *scores)
{
    size_t best = best_label(c, scores);
    return c->each && !(scores[best] > 0.5f) ? -1 : (int64_t)best;
}

/* The label that flips and moves farthest; the number of labels: none. */
static size_t flipped(const cz_checking *c, const float *before, const float *after)
{
    size_t found = c->labels;
    double farthest = c->check->tolerance;
    for (size_t i = 0; i < c->labels; i++) {
        double far = fabs((double)after[i] - (double)before[i]);
        if ((before[i] > 0.5f) != (after[i] > 0.5f) && far > farthest) {
            found = i;
            farthest = far;
        }
    }
    return found;
}

/* From what the probability did; a label that could not go the wrong way by more than is forgiven says nothing
 * (CheckList's monotonic leaves it out, too). */
static void judge_move(const cz_checking *c, bool flips, cz_judged *out)
{
    double tolerance = c->check->tolerance, rise = out->after - out->before;
    bool fails;
    switch (c->check->expectation) {
    case CLOZE_EXPECT_FALL:
        out->wrong = rise;
        fails = rise > tolerance;
        if (out->before >= 1 - tolerance)
            out->verdict = CZ_NOT_APPLIED;
        break;
    case CLOZE_EXPECT_RISE:
        out->wrong = -rise;
        fails = -rise > tolerance;
        if (out->before <= tolerance)
            out->verdict = CZ_NOT_APPLIED;
        break;
    default:
        out->wrong = fabs(rise);
        fails = c->each ? flips
                        : out->says != out->said && (out->wrong > tolerance || !(tolerance > 0));
    }
    if (fails && out->verdict != CZ_NOT_APPLIED)
        out->verdict = CZ_FAILED;
}

static void judge(const cz_checking *c, const float *before, const float *after, cz_judged *out)
{
    const cloze_check *check = c->check;
    *out = (cz_judged){ .verdict = CZ_PASSED, .said = said(c, before), .says = said(c, after) };
    size_t label = best_label(c, before), flip = c->labels;
    if (check->expectation != CLOZE_EXPECT_SAME && check->label >= 0)
        label = (size_t)check->label;
    if (check->expectation == CLOZE_EXPECT_SAME && c->each &&
        (flip = flipped(c, before, after)) < c->labels)
        label = flip;
    out->label = (int64_t)label;
    out->before = (double)before[label];
    out->after = (double)after[label];
    judge_move(c, flip < c->labels, out);
}

static void judge_gold(const cz_checking *c, size_t text)
{
    const float *scores = c->scores + text * c->labels;
    int64_t gold = c->texts->gold ? c->texts->gold[text] : -1;
    if (gold < 0)
        return;
    cz_judged *out = &c->judged[text];
    *out = (cz_judged){ .verdict = CZ_TOO_LONG };
    if (c->truncated[text])
        return;
    double probability = (double)scores[gold];
    *out = (cz_judged){ .verdict = CZ_PASSED,
                        .label = gold,
                        .before = probability,
                        .after = probability,
                        .wrong = 1 - probability,
                        .said = said(c, scores) };
    out->says = out->said;
    if (c->each ? !(scores[gold] > 0.5f) : out->said != gold)
        out->verdict = CZ_FAILED;
}

/* The worst copy of a text is what is kept of it. */
static void keep_worse(cz_judged *kept, const cz_judged *found)
{
    if (found->verdict > kept->verdict ||
        (found->verdict == kept->verdict && found->wrong > kept->wrong))
        *kept = *found;
}

/* ---- changing ---- */

static bool is_of_both(cloze_change change)
{
    return change == CLOZE_CHANGE_NAMES || change == CLOZE_CHANGE_PLACES ||
           change == CLOZE_CHANGE_NUMBERS;
}

static cloze_status given_text(const cz_checking *c, size_t text, cloze_text old,
                               cloze_text_change *change, cloze_changed *out)
{
    cloze_text given = c->texts->given ? c->texts->given[text] : (cloze_text){ NULL, 0 };
    bool same = !given.data ||
                (given.size == old.size && (!old.size || !memcmp(given.data, old.data, old.size)));
    *change = (cloze_text_change){ { 0, old.size, 0 }, given };
    *out = same ? (cloze_changed){ old, NULL, 0 } : (cloze_changed){ given, change, 1 };
    return CLOZE_OK;
}

cloze_status cz_changed_text(const cz_checking *c, size_t text, size_t copy, cz_change_each *each,
                             void *context, bool *applies, cloze_error *error)
{
    cloze_change change = c->check->change;
    int chosen = c->options->change_pair ? 1 : 0;
    cloze_status status = CLOZE_OK;
    *applies = false;
    for (int side = 0; side < 2 && !status; side++) {
        const cloze_text *all = side ? c->texts->pairs : c->texts->texts;
        cloze_text old = all ? all[text] : (cloze_text){ NULL, 0 };
        cloze_changed changed = { old, NULL, 0 };
        cloze_text_change whole;
        if (old.data && change == CLOZE_CHANGE_GIVEN && side == chosen)
            status = given_text(c, text, old, &whole, &changed);
        else if (old.data && change != CLOZE_CHANGE_GIVEN && (side == chosen || is_of_both(change)))
            status = cloze_changer_apply(c->changer, change, old, text, copy, &changed, error);
        *applies = *applies || changed.count;
        if (!status)
            status = each(context, side, &changed, error);
    }
    return status;
}

/* Changed texts that wait to be labelled. */
typedef struct waiting {
    const cz_checking *checking;
    char *bytes;
    size_t size, capacity;
    struct {
        size_t text, copy, begin[2], size[2];
    } items[CHUNK];
    size_t count;
    cloze_text sides[2][CHUNK];
    size_t truncated[CHUNK];
    float *scores; /* [CHUNK, labels] */
} waiting;

static cloze_status take_side(void *context, int side, const cloze_changed *changed,
                              cloze_error *error)
{
    waiting *w = context;
    if (!cz_grow(w->checking->allocator, (void **)&w->bytes, &w->capacity,
                 w->size + changed->text.size + 1, 1))
        return cz_fail_memory(error, "changed texts", w->size);
    if (changed->text.size)
        memcpy(w->bytes + w->size, changed->text.data, changed->text.size);
    w->items[w->count].begin[side] = w->size;
    w->items[w->count].size[side] = changed->text.size;
    w->size += changed->text.size;
    return CLOZE_OK;
}

static cloze_status label_waiting(waiting *w, cloze_error *error)
{
    const cz_checking *c = w->checking;
    const cloze_classify_options how = { .max_tokens = c->options->max_tokens };
    if (!w->count)
        return CLOZE_OK;
    for (size_t i = 0; i < w->count; i++)
        for (int side = 0; side < 2; side++)
            w->sides[side][i] =
                (cloze_text){ w->bytes + w->items[i].begin[side], w->items[i].size[side] };
    cloze_status status =
        cloze_classify(c->session, w->sides[0], c->texts->pairs ? w->sides[1] : NULL, w->count,
                       &how, w->scores, w->truncated, NULL, error);
    for (size_t i = 0; i < w->count && !status; i++) {
        size_t text = w->items[i].text;
        cz_judged judged = { .verdict = CZ_TOO_LONG };
        if (!w->truncated[i] && !c->truncated[text])
            judge(c, c->scores + text * c->labels, w->scores + i * c->labels, &judged);
        judged.copy = w->items[i].copy;
        keep_worse(&c->judged[text], &judged);
    }
    w->count = w->size = 0;
    return status;
}

static cloze_status check_changed(const cz_checking *c, waiting *w, cloze_error *error)
{
    size_t copies =
        c->options->copies && cloze_change_draws(c->check->change) ? c->options->copies : 1;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < c->texts->count && !status; i++)
        for (size_t copy = 0; copy < copies && !status; copy++) {
            bool applies;
            size_t size = w->size;
            status = cz_changed_text(c, i, copy, take_side, w, &applies, error);
            if (status || !applies) {
                w->size = size;
                break;
            }
            w->items[w->count].text = i;
            w->items[w->count].copy = copy;
            if (++w->count == CHUNK)
                status = label_waiting(w, error);
        }
    return status ? status : label_waiting(w, error);
}

static cloze_status run_check(cz_checking *c, waiting *w, cz_told_check *told, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    memset(c->judged, 0, c->texts->count * sizeof *c->judged);
    if (c->check->change != CLOZE_CHANGE_NOTHING)
        status = check_changed(c, w, error);
    for (size_t i = 0; i < c->texts->count && c->check->change == CLOZE_CHANGE_NOTHING; i++)
        judge_gold(c, i);
    return status ? status : cz_check_tell(c, told, error);
}

/* ---- what is asked ---- */

static cloze_status check_one(const cz_checking *c, const cloze_check *check, size_t number,
                              cloze_error *error)
{
    if ((unsigned)check->change >= CLOZE_CHANGES ||
        (unsigned)check->expectation >= CLOZE_EXPECTATIONS ||
        (check->change == CLOZE_CHANGE_NOTHING) != (check->expectation == CLOZE_EXPECT_GOLD))
        return cz_fail(
            error, CLOZE_ERROR_ARGUMENT,
            "check %zu: known labels are expected of texts as they are, and nothing else "
            "is",
            number + 1);
    if (!(check->tolerance >= 0) || !isfinite(check->tolerance))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "check %zu: the tolerance is negative",
                       number + 1);
    if (check->label >= 0 && (uint64_t)check->label >= c->labels)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "check %zu: the model has no label %lld: it has %zu, counted from 0",
                       number + 1, (long long)check->label, c->labels);
    return CLOZE_OK;
}

static cloze_status check_texts(const cz_checking *c, cloze_error *error)
{
    const cloze_behaviour_texts *t = c->texts;
    for (size_t i = 0; i < t->count; i++) {
        if (t->gold && t->gold[i] >= 0 && (uint64_t)t->gold[i] >= c->labels)
            return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                           "text %zu: the model has no label %lld: it has %zu, counted from 0",
                           i + 1, (long long)t->gold[i], c->labels);
        cloze_text given = t->given ? t->given[i] : (cloze_text){ NULL, 0 };
        size_t valid = given.size ? cz_utf8_check(given.data, given.size) : 0;
        if (valid < given.size)
            return cz_fail(error, CLOZE_ERROR_TEXT,
                           "text %zu: byte %zu of the changed text is not UTF-8", i + 1, valid + 1);
    }
    return CLOZE_OK;
}

static cloze_status check_all(cz_checking *c, const cloze_check *checks, size_t count,
                              cloze_error *error)
{
    const cloze_model *model = c->session->model;
    c->labels = model->labels.count;
    c->each = model->labels.function == CLOZE_SCORE_SIGMOID;
    if (!c->labels)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "%.200s has no classification head: it says no labels", model->path);
    if (model->labels.function == CLOZE_SCORE_NONE)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "%.200s says numbers, not labels: there is nothing that could change",
                       model->path);
    if (c->options->copies > COPIES_MOST)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "%zu copies: at most %d", c->options->copies,
                       COPIES_MOST);
    if (c->options->change_pair && !c->texts->pairs)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there are no second texts to change");
    cloze_status status = check_texts(c, error);
    for (size_t i = 0; i < count && !status; i++)
        status = check_one(c, &checks[i], i, error);
    return status;
}

/* ---- all checks ---- */

/* The texts as they are. */
static cloze_status label_texts(cz_checking *c, cloze_error *error)
{
    const cloze_classify_options how = { .max_tokens = c->options->max_tokens };
    size_t count = c->texts->count, scores;
    if (cz_multiply(count, c->labels, &scores))
        c->scores = cz_allocate(c->allocator, scores, sizeof *c->scores);
    c->truncated = cz_allocate_zero(c->allocator, count, sizeof *c->truncated);
    c->judged = cz_allocate_zero(c->allocator, count, sizeof *c->judged);
    if (!c->scores || !c->truncated || !c->judged)
        return cz_fail_memory(error, "texts to check", count);
    if (!count)
        return CLOZE_OK;
    return cloze_classify(c->session, c->texts->texts, c->texts->pairs, count, &how, c->scores,
                          c->truncated, NULL, error);
}

static cloze_status run_all(cz_checking *c, cloze_behaviour *told, const cloze_check *checks,
                            cloze_error *error)
{
    waiting *w = cz_allocate_zero(c->allocator, 1, sizeof *w);
    if (!w)
        return cz_fail_memory(error, "changed texts", sizeof *w);
    w->checking = c;
    w->scores = cz_allocate(c->allocator, c->labels, CHUNK * sizeof *w->scores);
    cloze_status status =
        w->scores ? label_texts(c, error) : cz_fail_memory(error, "scores", c->labels);
    for (size_t i = 0; i < told->count && !status; i++) {
        c->check = &checks[i];
        status = run_check(c, w, &told->checks[i], error);
    }
    cz_release(c->allocator, w->bytes);
    cz_release(c->allocator, w->scores);
    cz_release(c->allocator, w);
    return status;
}

cloze_status cloze_behaviour_check(cloze_behaviour **out, cloze_session *session,
                                   const cloze_behaviour_texts *texts, const cloze_check *checks,
                                   size_t check_count, const cloze_behaviour_options *options,
                                   cloze_error *error)
{
    static const cloze_behaviour_options usual = { 0 };
    const cloze_allocator *allocator = &session->hooks.allocator;
    cz_checking c = { .session = session,
                      .allocator = allocator,
                      .texts = texts,
                      .options = options ? options : &usual };
    cloze_change_options changes = c.options->changes;
    cloze_status status = check_all(&c, checks, check_count, error);
    if (status)
        return status;
    changes.hooks = changes.hooks ? changes.hooks : &session->hooks;
    cloze_behaviour *told = cz_allocate_zero(allocator, 1, sizeof *told);
    if (told) {
        told->allocator = *allocator;
        told->checks = cz_allocate_zero(allocator, check_count, sizeof *told->checks);
        told->count = told->checks ? check_count : 0;
    }
    if (!told || !told->checks)
        status = cz_fail_memory(error, "checks", check_count);
    if (!status)
        status = cloze_changer_new(&c.changer, &changes, error);
    if (!status)
        status = run_all(&c, told, checks, error);
    cloze_changer_free(c.changer);
    cz_release(allocator, c.scores);
    cz_release(allocator, c.truncated);
    cz_release(allocator, c.judged);
    if (status)
        cloze_behaviour_free(told);
    else
        *out = told;
    return status;
}
