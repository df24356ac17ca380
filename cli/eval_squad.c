/*
 * eval_squad.c - answers beside SQuAD's own file, as its scripts read both: an object of answers by
 * the id of the question, and paragraphs with questions and all that answers them.
 */
#include "eval.h"

#include "open.h"
#include "say.h"
#include "squad.h"

#include <stdlib.h>
#include <string.h>

typedef struct squad_job {
    eval_job *job;
    const json_t *predictions;
    size_t missing;
} squad_job;

/* A question that has no answer in the file of predictions scores 0, as in the first script; the
 * second one stops at it, and so do we. */
static int of_question(void *context, const squad_question *question)
{
    squad_job *job = context;
    size_t count = json_array_size(question->answers);
    const json_t *predicted;
    cloze_text *gold;
    int code;
    if (!question->id)
        return squad_damaged(question->name, "a question has no id");
    predicted = json_object_get(job->predictions, question->id);
    if (!predicted && job->job->squad == CLOZE_SQUAD_1) {
        job->job->answers.all.count++;
        job->missing++;
        return 0;
    }
    if (!json_is_string(predicted))
        return say_failure(CLOZE_ERROR_TEXT, "there is no answer to question %.100s", question->id);
    if (!(gold = calloc(count + 1, sizeof *gold)))
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        gold[i] = json_text(json_object_get(json_array_get(question->answers, i), "text"));
    code = eval_answer(job->job, json_text(predicted), gold, count, question->id);
    free(gold);
    return code;
}

int eval_squad(eval_job *job, const char *path)
{
    const cli_settings *settings = job->settings;
    json_t *predictions = NULL, *root = NULL;
    squad_job walked = { .job = job };
    const char *version;
    int code = json_file_load(&predictions, path);
    if (!code)
        code = json_file_load(&root, settings->gold);
    if (!code && !json_is_object(predictions))
        code = say_failure(CLOZE_ERROR_FORMAT, "%s is not an object of answers by question", path);
    if (!code) {
        version = json_string_value(json_object_get(root, "version"));
        if (!settings->squad && version && strchr(version, '1') == version)
            job->squad = CLOZE_SQUAD_1;
        walked.predictions = predictions;
        code = squad_walk(root, settings->gold, of_question, &walked);
    }
    if (!code && walked.missing)
        say_note(settings->quiet, "%zu questions have no prediction; each counts as wrong",
                 walked.missing);
    json_decref(predictions);
    json_decref(root);
    return code;
}
