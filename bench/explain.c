/*
 * explain.c - seconds of an attribution, in one process whose model stays open, so that a script can
 * interleave it with peers.
 *
 * usage: explain MODEL THREADS METHOD NUMBER TEXT
 * NUMBER is of steps or samples, whatever the method has, 0: its own. Runs once for each line of standard
 * input. Prints the seconds and the number of each token.
 */
#include <cloze/cloze.h>
#include <cloze/explain.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct job {
    const cloze_model *model;
    cloze_text text;
    cloze_attribution_options how;
} job;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* From the text on: the explainer is made anew. */
static cloze_status explain(const job *work, cloze_error *error)
{
    cloze_explain_options options = { .unit = CLOZE_UNIT_TOKENS, .target = 0 };
    cloze_explainer *explainer = NULL;
    cloze_text none = { "", 0 };
    double begin = now(), *units = NULL;
    cloze_status status =
        cloze_explainer_new(&explainer, work->model, work->text, none, &options, error);
    size_t count = status ? 0 : cloze_explainer_facts(explainer).units;
    units = calloc(count + 1, sizeof *units);
    if (!units)
        status = CLOZE_ERROR_MEMORY;
    if (!status)
        status = cloze_attribute(explainer, &work->how, units, NULL, NULL, NULL, error);
    if (!status) {
        printf("%.6f", now() - begin);
        for (size_t u = 0; u < count; u++)
            printf(" %.9g", units[u]);
        printf("\n");
    }
    cloze_explainer_free(explainer);
    free(units);
    return status;
}

static cloze_status serve(const job *work, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (int c; !status && (c = getchar()) != EOF;)
        if (c == '\n') {
            status = explain(work, error);
            fflush(stdout);
        }
    return status;
}

int main(int count, char **arguments)
{
    if (count != 6) {
        fprintf(stderr, "usage: explain MODEL THREADS METHOD NUMBER TEXT\n");
        return 2;
    }
    cloze_engine_options engine_options = { .threads = (unsigned)atoi(arguments[2]) };
    cloze_model_options model_options = { 0 };
    cloze_engine *engine = NULL;
    cloze_model *model = NULL;
    cloze_error error = { 0 };
    size_t number = (size_t)strtoul(arguments[4], NULL, 10);
    job work = { .text = { arguments[5], strlen(arguments[5]) },
                 .how = { .method = cloze_explain_method_named(arguments[3]),
                          .absence = strcmp(arguments[3], "lime") ? CLOZE_ABSENT_DEFAULT
                                                                  : CLOZE_ABSENT_REMOVED,
                          .steps = number,
                          .samples = number,
                          .bound = 1e9 } };
    bool good = !cloze_engine_new(&engine, &engine_options, &error);
    model_options.engine = engine;
    good = good && !cloze_model_open(&model, arguments[1], &model_options, &error);
    work.model = model;
    good = good && !serve(&work, &error);
    if (!good)
        fprintf(stderr, "explain: %s\n", error.message);
    cloze_model_free(model);
    cloze_engine_free(engine);
    return good ? 0 : 1;
}
