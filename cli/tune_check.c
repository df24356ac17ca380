/*
 * tune_check.c - what is impossible is found before anything is computed: all settings, and, of so many
 * trials that every value is in one of them, the examples and the model.
 */
#include "tune.h"

#include "interrupt.h"
#include "say.h"
#include "train.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Has an earlier trial the same value? Of a range only the ends count. */
static bool is_new(const tune_job *job, size_t k, size_t i, const size_t ends[2])
{
    if (!job->setting[k].count)
        return i == ends[0] || i == ends[1];
    for (size_t before = 0; before < i; before++)
        if (!strcmp(job->trials[before].value[k], job->trials[i].value[k]))
            return false;
    return true;
}

static void find_ends(const tune_job *job, size_t k, size_t ends[2])
{
    ends[0] = ends[1] = 0;
    for (size_t i = 1; i < job->count; i++) {
        double value = strtod(job->trials[i].value[k], NULL);
        if (value < strtod(job->trials[ends[0]].value[k], NULL))
            ends[0] = i;
        if (value > strtod(job->trials[ends[1]].value[k], NULL))
            ends[1] = i;
    }
}

/* So many trials that each value is in one of them. */
static int check_some(const tune_job *job)
{
    size_t ends[TUNE_SETTINGS_MOST][2];
    int code = 0;
    for (size_t k = 0; k < job->setting_count; k++)
        find_ends(job, k, ends[k]);
    for (size_t i = 0; i < job->count && !code; i++) {
        bool new = i == 0;
        for (size_t k = 0; k < job->setting_count; k++)
            new = new || is_new(job, k, i, ends[k]);
        if (new)
            code = trial_check(job, &job->trials[i], true, NULL);
        if (interrupted())
            code = EXIT_INTERRUPTED;
    }
    return code;
}

/* Examples, models and threads of the check go with its process. */
int tune_check_deeply(const tune_job *job)
{
    int status = 0;
    pid_t process;
    fflush(NULL);
    if (!(process = fork()))
        _exit(check_some(job));
    while (process > 0 && waitpid(process, &status, 0) < 0 && errno == EINTR)
        ;
    if (process < 0 || WIFSIGNALED(status))
        return say_failure(CLOZE_ERROR_IO, "the settings could not be checked: %s",
                           process < 0 ? strerror(errno) : strsignal(WTERMSIG(status)));
    return WEXITSTATUS(status);
}

int tune_check(tune_job *job)
{
    const char *metric = NULL;
    int code = 0;
    for (size_t i = 0; i < job->count && !code; i++) {
        code = trial_check(job, &job->trials[i], false, &metric);
        if (!code && job->metric && strcmp(job->metric, metric) != 0)
            return say_failure(
                CLOZE_ERROR_ARGUMENT,
                "trials are measured by %s and by %s: --metric NAME says by what all "
                "are compared",
                job->metric, metric);
        job->metric = code ? NULL : metric;
    }
    job->falls = !code && cloze_train_metric_falls(job->metric);
    return code;
}
