/* explain_target.c - labels, tags and words by their names, in this model and in another. */
#include "explain.h"

#include "say.h"

#include <stdio.h>
#include <string.h>

typedef const char *name_of(const cloze_model *model, size_t number);

static int find_among(const explain_job *job, const char *option, const char *name, size_t count,
                      name_of *named, int64_t *out)
{
    char known[400] = "";
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        if (!strcmp(named(job->opened.model, i), name)) {
            *out = (int64_t)i;
            return 0;
        }
    for (size_t i = 0; i < count && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "",
                                 named(job->opened.model, i));
    return say_failure(CLOZE_ERROR_NOT_FOUND, "%s: the model has no label \"%s\"; it has %s%s",
                       option, name, known, used >= sizeof known ? " ..." : "");
}

static int find_vocabulary_word(const explain_job *job, const char *option, const char *name,
                                int64_t *out)
{
    const cloze_tokenizer *tokenizer = cloze_model_tokenizer(job->opened.model);
    uint32_t id;
    if (!cloze_tokenizer_id(tokenizer, (cloze_text){ name, strlen(name) }, &id))
        return say_failure(
            CLOZE_ERROR_NOT_FOUND,
            "%s: the vocabulary has no token \"%s\"; `cloze tokenize` shows how it is "
            "split",
            option, name);
    *out = id;
    return 0;
}

int explain_target(const explain_job *job, const char *option, const char *name, int64_t *out)
{
    const cloze_model *model = job->opened.model;
    if (!name)
        return 0;
    switch (job->options.task) {
    case CLOZE_EXPLAIN_LABELS:
        return find_among(job, option, name, cloze_model_labels(model), cloze_model_label, out);
    case CLOZE_EXPLAIN_TAGS:
        return find_among(job, option, name, cloze_model_tags(model), cloze_model_tag, out);
    case CLOZE_EXPLAIN_WORDS:
        return find_vocabulary_word(job, option, name, out);
    default:
        return say_failure(
            CLOZE_ERROR_ARGUMENT, "%s: %s has no labels%s", option,
            explain_task_name(job->options.task),
            job->options.task == CLOZE_EXPLAIN_ANSWER ? "; --at chooses another answer" : "");
    }
}

/* What the first model calls `number` here. */
static int find_same(explain_job *job, const explain_job *first, int64_t number, int64_t *out)
{
    static const char option[] = "--versus-model";
    const cloze_model *model = first->opened.model;
    size_t target = number < 0 ? 0 : (size_t)number;
    switch (job->options.task) {
    case CLOZE_EXPLAIN_LABELS:
        return explain_target(job, option, cloze_model_label(model, target), out);
    case CLOZE_EXPLAIN_TAGS:
        return explain_target(job, option, cloze_model_tag(model, target), out);
    case CLOZE_EXPLAIN_WORDS: {
        cloze_text token = cloze_tokenizer_token(cloze_model_tokenizer(model), (uint32_t)target);
        uint32_t id;
        if (!cloze_tokenizer_id(cloze_model_tokenizer(job->opened.model), token, &id))
            return say_failure(CLOZE_ERROR_NOT_FOUND, "%s: its vocabulary has no token \"%.*s\"",
                               option, (int)token.size, token.data);
        *out = id;
        return 0;
    }
    default:
        return 0;
    }
}

int explain_same_target(explain_job *job, const explain_job *first, const cloze_explained *facts)
{
    int code = find_same(job, first, facts->target, &job->options.target);
    if (!code && facts->against >= 0)
        code = find_same(job, first, facts->against, &job->options.against);
    return code;
}
