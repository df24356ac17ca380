/*
 * probe.c - states of every layer for labelled texts or parts of them, and a classifier for each layer that
 * sees nothing else.
 */
#include "explain/logistic.h"
#include "task/engine.h"

#include "base/draw.h"
#include "base/error.h"

#include <cloze/probe.h>

#include <math.h>
#include <string.h>

enum { LABELS_MOST = 1 << 16 };

/* Rows of a batch that an example is the mean of. */
typedef struct span_rows {
    size_t first, count;
} span_rows;

typedef struct probing {
    cloze_session *session;
    const cloze_allocator *allocator;
    const cloze_probe_example *examples;
    cloze_probe_options options;
    size_t count, learned, layers, hidden, classes;
    float *features;  /* [layers + 1, count, hidden] */
    uint32_t *labels; /* [2, count] given, and those of the control */

    /* The batch: examples from `first` on, `waiting` of them. */
    uint32_t *ids, *types; /* [batch tokens] */
    size_t *offsets;       /* [batch tokens + 1] of its texts */
    span_rows *rows;       /* [count] */
    float **states;        /* [layers + 1][batch tokens, hidden] */
    size_t texts, first, waiting;
} probing;

/* ---- examples ---- */

static cloze_text part_of(const cloze_probe_example *example)
{
    if (!example->begin && !example->end)
        return example->text;
    return (cloze_text){ example->text.data + example->begin, example->end - example->begin };
}

static cloze_status check_example(probing *p, size_t i, cloze_error *error)
{
    const cloze_probe_example *example = &p->examples[i];
    bool whole = !example->begin && !example->end;
    if (!whole && (example->begin >= example->end || example->end > example->text.size))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "example %zu: bytes %zu to %zu are no part of a text of %zu", i + 1,
                       example->begin, example->end, example->text.size);
    if (example->label >= LABELS_MOST)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "example %zu: label %u is above %d", i + 1,
                       example->label, LABELS_MOST - 1);
    if (example->label >= p->classes)
        p->classes = (size_t)example->label + 1;
    p->labels[i] = example->label;
    return CLOZE_OK;
}

static uint64_t hash_of(cloze_text text)
{
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */
    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ (uint8_t)text.data[i]) * 0x100000001b3;
    return hash;
}

static cloze_status check(probing *p, cloze_error *error)
{
    const cz_draw draw = { p->options.seed, CZ_DRAW_CONTROL, 0 };
    cloze_status status = CLOZE_OK;
    bool differ = false;
    for (size_t i = 0; i < p->count && !status; i++)
        status = check_example(p, i, error);
    for (size_t i = 1; i < p->learned && !status; i++)
        differ = differ || p->labels[i] != p->labels[0];
    if (!status && !differ)
        status = cz_fail(error, CLOZE_ERROR_ARGUMENT,
                         "the examples that are learned from have one label: give at least two");
    for (size_t i = 0; i < p->count && !status; i++)
        p->labels[p->count + i] =
            p->labels[cz_draw_below(&draw, hash_of(part_of(&p->examples[i])), 0, p->learned)];
    return status;
}

/* ---- states ---- */

/* The tokens of a part are neighbours. */
static span_rows rows_of(const probing *p, const cloze_probe_example *example,
                         const cloze_tokens *tokens)
{
    span_rows rows = { 0, tokens->length };
    if (!example->begin && !example->end) {
        if (p->options.first)
            rows.count = 1;
        return rows;
    }
    rows = (span_rows){ tokens->length, 0 };
    for (size_t i = 0; i < tokens->length; i++)
        if (tokens->sequences[i] == 0 && tokens->offsets[i].begin < example->end &&
            example->begin < tokens->offsets[i].end) {
            rows.first = rows.count ? rows.first : i;
            rows.count = i + 1 - rows.first;
        }
    return rows;
}

static void keep_features(const probing *p, size_t example)
{
    const span_rows *rows = &p->rows[example];
    for (size_t layer = 0; layer <= p->layers; layer++) {
        float *to = p->features + (layer * p->count + example) * p->hidden;
        for (size_t c = 0; c < p->hidden; c++) {
            double sum = 0;
            for (size_t r = 0; r < rows->count; r++)
                sum += (double)p->states[layer][(rows->first + r) * p->hidden + c];
            to[c] = (float)(sum / (double)rows->count);
        }
    }
}

static cloze_status flush(probing *p, cloze_error *error)
{
    if (!p->texts)
        return CLOZE_OK;
    cloze_status status =
        cloze_hidden_states(p->session, p->ids, p->types, p->offsets, p->texts, p->states, error);
    for (size_t i = 0; i < p->waiting && !status; i++)
        keep_features(p, p->first + i);
    p->first += p->waiting;
    p->waiting = p->texts = 0;
    return status;
}

static bool same_text(const cloze_text *a, const cloze_text *b)
{
    return a->size == b->size && !memcmp(a->data, b->data, a->size);
}

/* Tokenizes the text of examples from `from` on; *behind is the first with another. */
static cloze_status add_text(probing *p, size_t from, size_t *behind, cloze_error *error)
{
    cloze_session *session = p->session;
    const cloze_text text = p->examples[from].text, none = { NULL, 0 };
    cloze_tokenize_options how = { 0 };
    cloze_status status =
        cloze_tokenize(session->model->tokenizer, text, none, &how, session->encoding, error);
    if (status)
        return status;
    cloze_tokens tokens = cloze_encoding_tokens(session->encoding, 0);
    size_t most = session->model->max_tokens < session->batch_tokens ? session->model->max_tokens
                                                                     : session->batch_tokens;
    if (!tokens.length || tokens.length > most)
        return cz_fail(error, CLOZE_ERROR_TEXT, "example %zu has %zu tokens: 1 to %zu can be taken",
                       from + 1, tokens.length, most);
    if (p->texts && p->offsets[p->texts] + tokens.length > session->batch_tokens)
        status = flush(p, error);
    if (status)
        return status;
    size_t at = p->texts ? p->offsets[p->texts] : 0;
    memcpy(p->ids + at, tokens.ids, tokens.length * sizeof *p->ids);
    memcpy(p->types + at, tokens.type_ids, tokens.length * sizeof *p->types);
    p->offsets[p->texts++] = at;
    p->offsets[p->texts] = at + tokens.length;
    for (*behind = from; *behind < p->count && same_text(&p->examples[*behind].text, &text);
         ++*behind) {
        span_rows rows = rows_of(p, &p->examples[*behind], &tokens);
        if (!rows.count)
            return cz_fail(error, CLOZE_ERROR_TEXT, "example %zu: no token lies at its bytes",
                           *behind + 1);
        p->rows[*behind] = (span_rows){ at + rows.first, rows.count };
        p->waiting++;
    }
    return CLOZE_OK;
}

static cloze_status look(probing *p, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < p->count && !status;)
        status = add_text(p, i, &i, error);
    return status ? status : flush(p, error);
}

/* ---- learning ---- */

typedef struct learning {
    const probing *p;
    size_t first; /* of the tasks that run now */
    size_t size;
    double *room; /* [workers, of one fit] */
    size_t room_size;
    cz_logistic_score *score; /* [layers + 1, control, learned or tried] */
    bool *converged;          /* [layers + 1, control] */
} learning;

/* Two tasks a layer: the labels given, and the control's. */
static void learn(void *context, size_t task, size_t worker)
{
    const learning *l = context;
    const probing *p = l->p;
    task += l->first;
    double *weights = l->room + worker * l->room_size, *room = weights + l->size;
    size_t control = task % 2, row = task / 2 * p->count;
    cz_labelled data = { p->learned, p->hidden, p->classes, p->features + row * p->hidden,
                         p->labels + control * p->count };
    double strength = p->options.strength > 0 ? p->options.strength : 1;
    l->converged[task] = cz_logistic_fit(&data, strength, weights, room);
    l->score[2 * task] = cz_logistic_try(&data, weights, room);
    data.x += p->learned * p->hidden;
    data.labels += p->learned;
    data.count = p->count - p->learned;
    l->score[2 * task + 1] = cz_logistic_try(&data, weights, room);
}

static void tell(const learning *l, cloze_probe_result *results)
{
    for (size_t layer = 0; layer <= l->p->layers; layer++) {
        const cz_logistic_score *score = l->score + 4 * layer;
        results[layer] = (cloze_probe_result){
            .learned = score[0].right,
            .accuracy = score[1].right,
            .loss = score[1].loss,
            .control = score[3].right,
            .selectivity = score[1].right - score[3].right,
            .converged = l->converged[2 * layer] && l->converged[2 * layer + 1],
        };
    }
}

/* As many at once as there are workers, so that it can be told how far it is. */
static cloze_status run_tasks(learning *l, cz_pool *pool, size_t tasks, cloze_error *error)
{
    const cloze_progress *progress = &l->p->options.progress;
    size_t workers = cz_pool_workers(pool);
    for (l->first = 0; l->first < tasks; l->first += workers) {
        size_t left = tasks - l->first, some = left < workers ? left : workers;
        if (progress->report && !progress->report(progress->context, l->first, tasks))
            return cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
        cz_pool_run(pool, some, learn, l);
    }
    return CLOZE_OK;
}

static cloze_status learn_all(const probing *p, cloze_probe_result *results, cloze_error *error)
{
    cz_pool *pool = p->session->model->engine->pool;
    learning l = { .p = p, .size = cz_logistic_size(p->hidden, p->classes) };
    size_t tasks = 2 * (p->layers + 1), count;
    if (cz_multiply(l.size, 1 + CZ_LOGISTIC_ROOM, &l.room_size) &&
        cz_add(l.room_size, p->classes, &l.room_size) &&
        cz_multiply(l.room_size, cz_pool_workers(pool), &count))
        l.room = cz_allocate(p->allocator, count, sizeof *l.room);
    l.score = cz_allocate(p->allocator, 2 * tasks, sizeof *l.score);
    l.converged = cz_allocate(p->allocator, tasks, sizeof *l.converged);
    cloze_status status = l.room && l.score && l.converged
                              ? run_tasks(&l, pool, tasks, error)
                              : cz_fail_memory(error, "a probe", l.room_size * sizeof *l.room);
    if (!status)
        tell(&l, results);
    cz_release(p->allocator, l.room);
    cz_release(p->allocator, l.score);
    cz_release(p->allocator, l.converged);
    return status;
}

/* How many of those tried have the label that is most often learned. */
static cloze_status count_most(const probing *p, double *most, cloze_error *error)
{
    size_t *times = cz_allocate_zero(p->allocator, p->classes, sizeof *times), best = 0, hits = 0;
    if (!times)
        return cz_fail_memory(error, "counts of labels", p->classes * sizeof *times);
    for (size_t i = 0; i < p->learned; i++)
        times[p->labels[i]]++;
    for (size_t c = 1; c < p->classes; c++)
        best = times[c] > times[best] ? c : best;
    for (size_t i = p->learned; i < p->count; i++)
        hits += p->labels[i] == best;
    *most = (double)hits / (double)(p->count - p->learned);
    cz_release(p->allocator, times);
    return CLOZE_OK;
}

/* ---- memory ---- */

static bool make(probing *p)
{
    size_t tokens = p->session->batch_tokens, count, row;
    if (!cz_multiply(p->layers + 1, p->hidden, &row) || !cz_multiply(row, p->count, &count))
        return false;
    p->features = cz_allocate(p->allocator, count, sizeof *p->features);
    p->labels = cz_allocate(p->allocator, p->count, 2 * sizeof *p->labels);
    p->rows = cz_allocate(p->allocator, p->count, sizeof *p->rows);
    p->ids = cz_allocate(p->allocator, tokens, sizeof *p->ids);
    p->types = cz_allocate(p->allocator, tokens, sizeof *p->types);
    p->offsets = cz_allocate(p->allocator, tokens + 1, sizeof *p->offsets);
    p->states = cz_allocate_zero(p->allocator, p->layers + 1, sizeof *p->states);
    bool all = p->features && p->labels && p->rows && p->ids && p->types && p->offsets && p->states;
    for (size_t layer = 0; layer <= p->layers && all; layer++) {
        p->states[layer] = cz_allocate(p->allocator, tokens, p->hidden * sizeof **p->states);
        all = p->states[layer];
    }
    return all;
}

static void clear(probing *p)
{
    for (size_t layer = 0; layer <= p->layers && p->states; layer++)
        cz_release(p->allocator, p->states[layer]);
    cz_release(p->allocator, p->features);
    cz_release(p->allocator, p->labels);
    cz_release(p->allocator, p->rows);
    cz_release(p->allocator, p->ids);
    cz_release(p->allocator, p->types);
    cz_release(p->allocator, p->offsets);
    cz_release(p->allocator, (void *)p->states);
}

cloze_status cloze_probe(cloze_session *session, const cloze_probe_example *examples, size_t count,
                         const cloze_probe_options *options, cloze_probe_result *results,
                         double *most, cloze_error *error)
{
    static const cloze_probe_options usual = { 0 };
    const cz_config *config = &session->model->network->config;
    probing p = { .session = session,
                  .allocator = &session->hooks.allocator,
                  .examples = examples,
                  .options = options ? *options : usual,
                  .count = count,
                  .layers = config->layers,
                  .hidden = config->hidden };
    p.learned = p.options.learned ? p.options.learned : count - count / 4;
    if (p.learned >= count)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "%zu of %zu examples are learned from: none are left to try", p.learned,
                       count);
    if (p.options.strength < 0 || !isfinite(p.options.strength))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "the strength must be a positive number");
    cloze_status status =
        make(&p) ? check(&p, error) : cz_fail_memory(error, "states of examples", count);
    if (!status)
        status = look(&p, error);
    if (!status)
        status = learn_all(&p, results, error);
    if (!status && most)
        status = count_most(&p, most, error);
    clear(&p);
    return status;
}
