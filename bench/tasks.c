/*
 * tasks.c - seconds of whole tasks, from text to result, in one process whose model stays open, so
 * that a script can interleave it with peers: a question about one long text, or passages ranked for
 * a query.
 *
 * usage: tasks answer|rerank MODEL THREADS QUESTION FILE
 * Runs once for each line of standard input. Prints the seconds and what came out: begin and end of
 * the answer in bytes, or the best passage's number, with the score. Passages are the lines of FILE.
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct job {
    cloze_session *session;
    cloze_text question, text;
    cloze_text *passages;
    cloze_ranking *ranking;
    size_t count;
} job;

typedef cloze_status task(job *work, cloze_error *error);

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static bool read_file(const char *path, cloze_text *out)
{
    FILE *file = fopen(path, "rb");
    char *data = NULL;
    long size = -1;
    if (file && !fseek(file, 0, SEEK_END) && (size = ftell(file)) > 0 && !fseek(file, 0, SEEK_SET))
        data = malloc((size_t)size);
    if (data && fread(data, 1, (size_t)size, file) != (size_t)size) {
        free(data);
        data = NULL;
    }
    if (file)
        fclose(file);
    *out = (cloze_text){ data, data ? (size_t)size : 0 };
    return data != NULL;
}

static bool cut_lines(job *work)
{
    const char *at = work->text.data, *end = at + work->text.size;
    size_t room = 1;
    for (const char *c = at; c < end; c++)
        room += *c == '\n';
    work->passages = malloc(room * sizeof *work->passages);
    work->ranking = malloc(room * sizeof *work->ranking);
    if (!work->passages || !work->ranking)
        return false;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t size = (size_t)((stop ? stop : end) - at);
        if (size > 0)
            work->passages[work->count++] = (cloze_text){ at, size };
        at += size + 1;
    }
    return true;
}

static cloze_status answer(job *work, cloze_error *error)
{
    cloze_answer_span span = { 0 };
    size_t found;
    double begin = now();
    cloze_status status = cloze_answer(work->session, &work->question, &work->text, 1, NULL, &span,
                                       &found, NULL, error);
    if (!status)
        printf("%.6f %zu %zu %.6f\n", now() - begin, span.begin, span.end, (double)span.score);
    return status;
}

static cloze_status rerank(job *work, cloze_error *error)
{
    double begin = now();
    cloze_status status = cloze_rerank(work->session, work->question, work->passages, work->count,
                                       NULL, work->ranking, NULL, error);
    if (!status)
        printf("%.6f %zu %zu %.6f\n", now() - begin, work->ranking[0].passage, work->count,
               (double)work->ranking[0].score);
    return status;
}

static cloze_status serve(job *work, task *run, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (int c; !status && (c = getchar()) != EOF;)
        if (c == '\n') {
            status = run(work, error);
            fflush(stdout);
        }
    return status;
}

int main(int count, char **arguments)
{
    bool ranks = count == 6 && !strcmp(arguments[1], "rerank");
    cloze_engine_options engine_options = { .threads = count == 6 ? (unsigned)atoi(arguments[3]) : 0 };
    cloze_model_options model_options = { 0 };
    cloze_engine *engine = NULL;
    cloze_model *model = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "cannot read the file" };
    job work = { 0 };
    if (count != 6 || (!ranks && strcmp(arguments[1], "answer") != 0)) {
        fprintf(stderr, "usage: tasks answer|rerank MODEL THREADS QUESTION FILE\n");
        return 2;
    }
    work.question = (cloze_text){ arguments[4], strlen(arguments[4]) };
    bool good = read_file(arguments[5], &work.text) && cut_lines(&work) &&
                !cloze_engine_new(&engine, &engine_options, &error);
    model_options.engine = engine;
    good = good && !cloze_model_open(&model, arguments[2], &model_options, &error) &&
           !cloze_session_new(&work.session, model, NULL, &error) &&
           !serve(&work, ranks ? rerank : answer, &error);
    if (!good)
        fprintf(stderr, "tasks: %s\n", error.message);
    cloze_session_free(work.session);
    cloze_model_free(model);
    cloze_engine_free(engine);
    free(work.passages);
    free(work.ranking);
    free((char *)(uintptr_t)work.text.data);
    return good ? 0 : 1;
}
