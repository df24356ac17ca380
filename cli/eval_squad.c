/*
 * eval_squad.c - answers beside SQuAD's own file, as its scripts read both: an object of answers by
 * the id of the question, and paragraphs with questions and all that answers them.
 */
#include "eval.h"

#include "open.h"
#include "say.h"
#include "whole_file.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int load(json_t **out, const char *path)
{
    json_error_t trouble;
    char *bytes;
    size_t size;
    int code = read_whole_file(path, &bytes, &size);
    if (code)
        return code;
    *out = json_loadb(bytes, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &trouble);
    free(bytes);
    if (*out)
        return 0;
    return say_failure(CLOZE_ERROR_FORMAT, "%s:%d: not JSON: %s", path, trouble.line, trouble.text);
}

static cloze_text text_of(const json_t *value)
{
    return (cloze_text){ json_string_value(value), json_string_length(value) };
}

static int damaged(const eval_job *job, const char *what)
{
    return say_failure(CLOZE_ERROR_FORMAT, "%s is not SQuAD's file of questions: %s",
                       job->settings->gold, what);
}

/* The texts of a question's answers; the caller frees *out. */
static int read_answers(const eval_job *job, const json_t *question, cloze_text **out,
                        size_t *count)
{
    const json_t *answers = json_object_get(question, "answers");
    *count = json_array_size(answers);
    if (!json_is_array(answers))
        return damaged(job, "a question has no list of answers");
    if (!(*out = calloc(*count + 1, sizeof **out)))
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    for (size_t i = 0; i < *count; i++) {
        const json_t *text = json_object_get(json_array_get(answers, i), "text");
        if (!json_is_string(text))
            return damaged(job, "an answer has no text");
        (*out)[i] = text_of(text);
    }
    return 0;
}

/* A question that has no answer in the file of predictions scores 0, as in the first script; the
 * second one stops at it, and so do we. */
static int of_question(eval_job *job, const json_t *predictions, const json_t *question,
                       size_t *missing)
{
    const json_t *id = json_object_get(question, "id"), *predicted;
    cloze_text *gold = NULL;
    size_t count = 0;
    int code;
    if (!json_is_string(id))
        return damaged(job, "a question has no id");
    predicted = json_object_get(predictions, json_string_value(id));
    if (!predicted && job->squad == CLOZE_SQUAD_1) {
        job->answers.all.count++;
        ++*missing;
        return 0;
    }
    if (!json_is_string(predicted))
        return say_failure(CLOZE_ERROR_TEXT, "there is no answer to question %.100s",
                           json_string_value(id));
    code = read_answers(job, question, &gold, &count);
    if (!code)
        code = eval_answer(job, text_of(predicted), gold, count, json_string_value(id));
    free(gold);
    return code;
}

static int walk(eval_job *job, const json_t *predictions, const json_t *root, size_t *missing)
{
    const json_t *articles = json_object_get(root, "data"), *article, *paragraph, *question;
    size_t a, p, q;
    int code = 0;
    if (!json_is_array(articles))
        return damaged(job, "there is no \"data\"");
    json_array_foreach(articles, a, article)
    {
        const json_t *paragraphs = json_object_get(article, "paragraphs");
        json_array_foreach(paragraphs, p, paragraph)
        {
            const json_t *questions = json_object_get(paragraph, "qas");
            json_array_foreach(questions, q, question)
            {
                if ((code = of_question(job, predictions, question, missing)))
                    return code;
            }
        }
    }
    return 0;
}

int eval_squad(eval_job *job, const char *path)
{
    const cli_settings *settings = job->settings;
    json_t *predictions = NULL, *root = NULL;
    const char *version;
    size_t missing = 0;
    int code = load(&predictions, path);
    if (!code)
        code = load(&root, settings->gold);
    if (!code && !json_is_object(predictions))
        code = say_failure(CLOZE_ERROR_FORMAT, "%s is not an object of answers by question", path);
    if (!code) {
        version = json_string_value(json_object_get(root, "version"));
        if (!settings->squad && version && strchr(version, '1') == version)
            job->squad = CLOZE_SQUAD_1;
        code = walk(job, predictions, root, &missing);
    }
    if (!code && missing)
        say_note(settings->quiet, "%zu questions have no prediction; each counts as wrong",
                 missing);
    json_decref(predictions);
    json_decref(root);
    return code;
}
