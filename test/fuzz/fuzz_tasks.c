/*
 * fuzz_tasks.c - every task with a model that has all heads: the first byte says whether what follows
 * is a text, a tokenizer.json or a config.json, the second with which options. Places must lie inside
 * of the text, and scores must be probabilities.
 */
#include "small_model.h"

#include <math.h>

enum { WIDEST = 64 };

static bool is_share(float score)
{
    return score >= 0 && score <= 1.0001f;
}

static void tag_some(cloze_session *session, const cloze_text *texts, size_t count, unsigned choice)
{
    static const size_t limits[] = { 0, 3, 4, 7 };
    cloze_entities *entities = NULL;
    cloze_tag_options options = { .strategy = (cloze_tag_strategy)(choice % 5),
                                  .long_text = (cloze_long_text)(choice / 5 % 3),
                                  .max_tokens = limits[choice / 15 % 4],
                                  .stride = choice / 60 % 3 };
    if (cloze_entities_new(&entities, NULL, NULL))
        return;
    if (!cloze_tag(session, texts, count, &options, entities, NULL, NULL, NULL))
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < cloze_entities_count(entities, i); k++) {
                cloze_entity entity = cloze_entities_get(entities, i, k);
                demand(entity.begin <= entity.end && entity.end <= texts[i].size);
                demand(is_share(entity.score) && entity.label);
            }
    cloze_entities_free(entities);
}

static void answer_some(cloze_session *session, const cloze_text *texts, size_t count,
                        unsigned choice)
{
    enum { TOP = 3 };
    cloze_answer_span answers[8 * TOP];
    cloze_text questions[8] = { 0 };
    size_t found[8] = { 0 };
    cloze_answer_options options = { .top = 1 + choice % TOP,
                                     .max_answer = choice / 3 % 4,
                                     .max_tokens = choice / 12 % 2 ? 9 : 0,
                                     .stride = choice / 24 % 3,
                                     .impossible = choice / 72 % 2,
                                     .whole_tokens = choice / 144 % 2 };
    for (size_t i = 0; i < count; i++)
        questions[i] = (cloze_text){ "the cat", choice % 7 };
    if (cloze_answer(session, questions, texts, count, &options, answers, found, NULL, NULL))
        return;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < found[i]; k++) {
            const cloze_answer_span *span = &answers[i * options.top + k];
            demand(span->begin <= span->end && span->end <= texts[i].size && span->score >= 0);
        }
}

static void fill_some(cloze_session *session, const cloze_model *model, const cloze_text *texts,
                      size_t count, unsigned choice)
{
    cloze_fillings *fillings = NULL;
    cloze_likelihood sums[8];
    cloze_fill_options options = { .top = choice % 20 };
    cloze_likelihood_options how = { .whole_words = choice % 2 };
    if (cloze_fillings_new(&fillings, NULL, NULL))
        return;
    if (!cloze_fill(session, texts, count, &options, fillings, NULL, NULL))
        for (size_t i = 0; i < count; i++)
            for (size_t mask = 0; mask < cloze_fillings_masks(fillings, i); mask++) {
                char *text = NULL;
                size_t size;
                demand(is_share(cloze_fillings_get(fillings, i, mask, 0).score));
                if (!cloze_fillings_sequence(fillings, model, i, mask, 0, &text, &size, NULL))
                    cloze_tokenizer_release_text(cloze_model_tokenizer(model), text);
            }
    cloze_fillings_free(fillings);
    if (!cloze_likelihoods(session, texts, count, &how, sums, NULL, NULL))
        for (size_t i = 0; i < count; i++)
            demand(sums[i].sum <= 0);
}

static void judge_some(cloze_session *session, const cloze_model *model, const cloze_text *texts,
                       size_t count, unsigned choice)
{
    float scores[8 * WIDEST];
    size_t labels = cloze_model_labels(model);
    cloze_zero_shot_options judged = { .entailment = "B-entailment", .several = choice % 2 };
    cloze_classify_options options = { .max_tokens = choice % 9 };
    if (labels <= WIDEST && !cloze_classify(session, texts, choice % 2 ? texts : NULL, count,
                                            &options, scores, NULL, NULL, NULL))
        for (size_t i = 0; i < count * labels; i++)
            demand(isfinite(scores[i]));
    if (!cloze_zero_shot(session, texts, count, texts, count < 3 ? count : 3, &judged, scores, NULL,
                         NULL))
        demand(is_share(scores[0]));
    if (!cloze_follows(session, texts, texts, count, NULL, scores, NULL, NULL))
        demand(is_share(scores[0]));
}

static void run_all(const cloze_model *model, const cloze_text *texts, size_t count,
                    unsigned choice)
{
    cloze_session *session = NULL;
    if (cloze_session_new(&session, model, &(cloze_session_options){ .batch_tokens = 16 }, NULL))
        return;
    tag_some(session, texts, count, choice);
    answer_some(session, texts, count, choice);
    fill_some(session, model, texts, count, choice);
    judge_some(session, model, texts, count, choice);
    cloze_session_free(session);
}

/* One text, or more with zero bytes between. */
static size_t split(const char *data, size_t size, cloze_text texts[8])
{
    size_t count = 0;
    for (const char *end = data + size; count < 8; count++) {
        const char *next = memchr(data, 0, (size_t)(end - data));
        texts[count] = (cloze_text){ data, (size_t)((next ? next : end) - data) };
        if (!next)
            return count + 1;
        data = next + 1;
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char usual[] = "the cats sat, at a cat.\0caf\xc3\xa9 [MASK] \xf0\x9f\x90\xb1 s\0"
                                "a a a a a a a a a a a a a a a a a a a a a a a a a a\0the [MASK]";
    cloze_text texts[8];
    prepare();
    if (size < 2)
        return 0;
    if (data[0] % 3 == 0) {
        run_all(whole, texts, split((const char *)data + 2, size - 2, texts), data[1]);
        return 0;
    }
    const char *name = files[data[0] % 3 - 1];
    put(name, data + 2, size - 2);
    cloze_model *model = open_model();
    if (model)
        run_all(model, texts, split(usual, sizeof usual - 1, texts), data[1]);
    cloze_model_free(model);
    if (data[0] % 3 == 1) {
        put(name, config, sizeof config - 1);
    } else {
        char path[TEMPORARY_SIZE + 64];
        path_of(path, sizeof path, name);
        unlink(path);
    }
    return 0;
}
