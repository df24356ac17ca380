/* zero_shot.c - labels nobody trained, as transformers' ZeroShotClassificationPipeline goes. */
#include "task/sequences.h"
#include "task/windows.h"

#include "base/error.h"

#include <cloze/zero_shot.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* So many hypotheses are computed in a call: enough to fill batches. */
enum { HYPOTHESES = 1024 };

typedef struct judging {
    cloze_session *session;
    const cloze_text *texts;
    size_t labels, columns, entailment, contradiction;
    bool several;
    cz_sequences_options how;
    cloze_text *hypotheses;       /* [labels] */
    char *letters;                /* of all hypotheses */
    cloze_text *firsts, *seconds; /* [room * labels] */
    float *logits;                /* [room * labels, columns] */
    size_t *lost;                 /* [room * labels] tokens */
    size_t room;                  /* texts of a call */
    cloze_embed_report report;
} judging;

static bool begins_with_entail(const char *name)
{
    static const char wanted[] = "entail";
    for (size_t i = 0; i + 1 < sizeof wanted; i++)
        if ((name[i] | 0x20) != wanted[i])
            return false;
    return true;
}

static cloze_status find_entailment(judging *j, const char *named, cloze_error *error)
{
    const cz_labels *labels = &j->session->model->labels;
    size_t i = 0;
    cloze_status status = cz_labels_check(labels, j->session->model, error);
    if (status)
        return status;
    while (i < labels->count &&
           (named ? strcmp(labels->names[i], named) != 0 : !begins_with_entail(labels->names[i])))
        i++;
    if (i == labels->count && named)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND, "the model has no label \"%.100s\"", named);
    if (i == labels->count)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "%.200s has no label that begins with \"entail\"; say which of its labels "
                       "means that a text entails another",
                       j->session->model->path);
    j->entailment = i;
    j->contradiction = i ? 0 : labels->count - 1;
    return CLOZE_OK;
}

/* Every label put into the template. */
static cloze_status make_hypotheses(judging *j, const char *template, const cloze_text *labels,
                                    cloze_error *error)
{
    const cloze_allocator *allocator = &j->session->hooks.allocator;
    const char *gap = strstr(template, "{}");
    size_t before = gap ? (size_t)(gap - template) : 0, after = gap ? strlen(gap + 2) : 0;
    size_t total = 0, used = 0;
    if (!gap)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "the hypothesis must have {} where the label goes");
    for (size_t i = 0; i < j->labels; i++)
        if (!cz_add(total, labels[i].size, &total) || !cz_add(total, before + after, &total))
            return cz_fail_memory(error, "hypotheses", total);
    j->hypotheses = cz_allocate(allocator, j->labels, sizeof *j->hypotheses);
    j->letters = cz_allocate(allocator, total + 1, 1);
    if (!j->hypotheses || !j->letters)
        return cz_fail_memory(error, "hypotheses", total);
    for (size_t i = 0; i < j->labels; i++) {
        char *at = j->letters + used;
        memcpy(at, template, before);
        if (labels[i].size)
            memcpy(at + before, labels[i].data, labels[i].size);
        memcpy(at + before + labels[i].size, gap + 2, after);
        j->hypotheses[i] = (cloze_text){ at, before + labels[i].size + after };
        used += j->hypotheses[i].size;
    }
    return CLOZE_OK;
}

static cloze_status make_room(judging *j, size_t count, cloze_error *error)
{
    const cloze_allocator *allocator = &j->session->hooks.allocator;
    size_t rows, numbers;
    j->room = j->labels < HYPOTHESES ? HYPOTHESES / j->labels : 1;
    j->room = j->room < count ? j->room : count;
    if (!cz_multiply(j->room, j->labels, &rows) || !cz_multiply(rows, j->columns, &numbers))
        return cz_fail_memory(error, "hypotheses", j->labels);
    j->firsts = cz_allocate(allocator, rows, sizeof *j->firsts);
    j->seconds = cz_allocate(allocator, rows, sizeof *j->seconds);
    j->logits = cz_allocate(allocator, numbers, sizeof *j->logits);
    j->lost = cz_allocate(allocator, rows, sizeof *j->lost);
    return j->firsts && j->seconds && j->logits && j->lost
               ? CLOZE_OK
               : cz_fail_memory(error, "hypotheses", numbers);
}

static void decide(const judging *j, const float *logits, float *scores)
{
    for (size_t i = 0; i < j->labels; i++) {
        const float *row = logits + i * j->columns;
        double entails = (double)row[j->entailment], not = (double)row[j->contradiction];
        scores[i] = j->several || j->labels == 1 ? (float)(1 / (1 + exp(not -entails)))
                                                 : row[j->entailment];
    }
    if (!j->several && j->labels > 1)
        cz_softmax(scores, j->labels);
}

/* Texts `first` and on, as many as there is room for; the error names the text, not the pair. */
static cloze_status judge(judging *j, size_t first, size_t count, float *scores, cloze_error *error)
{
    cloze_embed_report report = { 0 };
    size_t rows = count * j->labels;
    for (size_t i = 0; i < rows; i++) {
        j->firsts[i] = j->texts[first + i / j->labels];
        j->seconds[i] = j->hypotheses[i % j->labels];
    }
    cloze_status status = cz_sequences_score(j->session, j->firsts, j->seconds, rows, &j->how,
                                             j->logits, j->lost, &report, error);
    if (status)
        return status;
    for (size_t i = 0; i < count; i++) {
        decide(j, j->logits + i * j->labels * j->columns, scores + (first + i) * j->labels);
        j->report.truncated_texts += cz_sequences_lost(j->lost + i * j->labels, j->labels);
    }
    j->report.texts += count;
    j->report.tokens += report.tokens;
    j->report.truncated_tokens += report.truncated_tokens;
    return CLOZE_OK;
}

/* "text N ..." of a call over pairs of texts `first` and on is text first + N / labels. */
static void name_text(const judging *j, size_t first, cloze_error *error)
{
    char rest[CLOZE_MESSAGE_SIZE];
    unsigned long long pair;
    int used = 0;
    if (!error || sscanf(error->message, "text %llu%n", &pair, &used) != 1 || !pair)
        return;
    snprintf(rest, sizeof rest, "%s", error->message + used);
    snprintf(error->message, sizeof error->message, "text %zu%.400s",
             first + (size_t)(pair - 1) / j->labels + 1, rest);
}

cloze_status cloze_zero_shot(cloze_session *session, const cloze_text *texts, size_t count,
                             const cloze_text *labels, size_t label_count,
                             const cloze_zero_shot_options *options, float *scores,
                             cloze_embed_report *report, cloze_error *error)
{
    static const cloze_zero_shot_options defaults = { 0 };
    const cloze_allocator *allocator = &session->hooks.allocator;
    options = options ? options : &defaults;
    judging j = { .session = session,
                  .texts = texts,
                  .labels = label_count,
                  .columns = session->model->labels.count,
                  .several = options->several,
                  .how = { .head = CZ_HEAD_LABELS,
                           .function = CLOZE_SCORE_NONE,
                           .max_tokens = options->max_tokens,
                           .truncation = CLOZE_TRUNCATE_ONLY_FIRST,
                           .empty_pairs = true } };
    if (!j.columns)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "%.200s has no classification head: it was not fine-tuned for natural "
                       "language inference",
                       session->model->path);
    if (!label_count)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "no label was given");
    cloze_status status = find_entailment(&j, options->entailment, error);
    if (!status)
        status = make_hypotheses(
            &j, options->hypothesis ? options->hypothesis : "This example is {}.", labels, error);
    if (!status && count)
        status = make_room(&j, count, error);
    for (size_t i = 0; i < count && !status; i += j.room) {
        size_t most = count - i < j.room ? count - i : j.room;
        if ((status = judge(&j, i, most, scores, error)))
            name_text(&j, i, error);
    }
    cz_release(allocator, j.hypotheses);
    cz_release(allocator, j.letters);
    cz_release(allocator, j.firsts);
    cz_release(allocator, j.seconds);
    cz_release(allocator, j.logits);
    cz_release(allocator, j.lost);
    if (!status && report)
        *report = j.report;
    return status;
}
