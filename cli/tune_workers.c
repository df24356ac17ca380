/*
 * tune_workers.c - trials in processes of their own, some at a time. A process tells what became of
 * its trial in one line of JSON; how far it is lies in memory that all share.
 */
#include "tune.h"

#include "interrupt.h"
#include "say.h"
#include "train.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum { LOOK = 100, LINE_MOST = 1 << 16 };

typedef struct worker {
    pid_t process; /* 0: free */
    int pipe;
    const tune_trial *trial;
    tune_live *live;
    char *text; /* [LINE_MOST] what it said so far */
    size_t size;
} worker;

typedef struct crew {
    tune_job *job;
    worker *workers;          /* [job->jobs] */
    tune_live *live;          /* [job->jobs], shared */
    size_t rung, done, count; /* trials */
    cli_progress progress;
} crew;

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

/* ---- a process ---- */

static void tell(int pipe, json_t *line)
{
    char *text = json_dumps(line, JSON_REAL_PRECISION(9));
    size_t size = text ? strlen(text) : 0, done = 0;
    while (done < size) {
        ssize_t count = write(pipe, text + done, size - done);
        if (count < 0 && errno != EINTR)
            break;
        done += count > 0 ? (size_t)count : 0;
    }
    free(text);
}

static int work(const crew *all, const worker *own, int pipe)
{
    json_t *line = NULL;
    int code;
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    say_hold();
    code = trial_run(all->job, own->trial, all->rung, rung_share(all->job, all->rung), own->live,
                     &line);
    if (code) {
        json_decref(line);
        line = json_pack("{s:s}", "error", say_held());
    }
    tell(pipe, line);
    json_decref(line);
    return code;
}

static int start(crew *all, worker *own, const tune_trial *trial)
{
    int ends[2];
    if (pipe(ends))
        return say_failure(CLOZE_ERROR_IO, "no trial can be begun: %s", strerror(errno));
    *own = (worker){ .pipe = ends[0], .trial = trial, .live = own->live, .text = own->text };
    *own->live = (tune_live){ 0 };
    fflush(NULL);
    own->process = fork();
    if (!own->process) {
        close(ends[0]);
        _exit(work(all, own, ends[1]));
    }
    close(ends[1]);
    if (own->process > 0)
        return 0;
    own->process = 0;
    close(ends[0]);
    return say_failure(CLOZE_ERROR_IO, "no trial can be begun: %s", strerror(errno));
}

/* ---- what became of it ---- */

static int exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : CLOZE_ERROR_IO;
}

static int say_trial(const worker *own, int status, const json_t *line)
{
    const char *error = json_string_value(json_object_get(line, "error"));
    if (WIFSIGNALED(status))
        return say_failure(
            CLOZE_ERROR_IO,
            "trial %zu was killed (%s); --resume goes on, --jobs 1 needs less memory",
            own->trial->number, strsignal(WTERMSIG(status)));
    if (exit_code(status) == EXIT_INTERRUPTED)
        return EXIT_INTERRUPTED;
    return say_failure(exit_code(status) ? exit_code(status) : CLOZE_ERROR_IO, "trial %zu: %s",
                       own->trial->number, error && *error ? error : "it said nothing");
}

static const tune_trial *best_of(const tune_job *job)
{
    size_t *places = calloc(job->count, sizeof *places);
    const tune_trial *best = NULL;
    if (places) {
        tune_rank(job, places);
        best = &job->trials[places[0]];
    }
    free(places);
    return best && best->rungs > best->failed ? best : NULL;
}

/* Of trials that have ended only the best keeps its model. */
static void strip_worse(const tune_job *job, const tune_trial *before, const tune_trial *now)
{
    const tune_trial *best = best_of(job), *worse = best == now ? before : now;
    if (worse && worse != best && worse->rungs == job->rungs)
        trial_strip(job, worse);
}

static int finish(crew *all, worker *own)
{
    json_t *line = json_loadb(own->text, own->size, JSON_REJECT_DUPLICATES, NULL);
    const tune_trial *before = best_of(all->job);
    int status = 0, code;
    while (waitpid(own->process, &status, 0) < 0 && errno == EINTR)
        ;
    close(own->pipe);
    own->process = 0;
    code = line && !status ? tune_record_add(all->job, line) : say_trial(own, status, line);
    all->done++;
    if (!code)
        strip_worse(all->job, before, own->trial);
    json_decref(line);
    return code;
}

/* Reads what a process says; *ended behind its last word. */
static void listen(worker *own, bool *ended)
{
    ssize_t count = read(own->pipe, own->text + own->size, LINE_MOST - own->size);
    *ended = !count || (count < 0 && errno != EINTR);
    own->size += count > 0 ? (size_t)count : 0;
}

/* ---- all together ---- */

static void show(crew *all)
{
    const tune_job *job = all->job;
    const tune_trial *best;
    char text[512], bar[64];
    size_t used = 0;
    if (!progress_due(&all->progress))
        return;
    progress_bar(bar, sizeof bar, all->done, all->count);
    if (job->rungs > 1)
        used = (size_t)snprintf(text, sizeof text, "rung %zu of %zu  ", all->rung + 1, job->rungs);
    used += (size_t)snprintf(text + used, sizeof text - used, "trials  %s%zu of %zu", bar,
                             all->done, all->count);
    if ((best = best_of(job)))
        used += (size_t)snprintf(text + used, sizeof text - used, "  best %s %.4f", job->metric,
                                 best->score[best->rungs - best->failed - 1]);
    for (size_t i = 0; i < job->jobs && used < sizeof text - 64; i++) {
        const worker *own = &all->workers[i];
        size_t steps = own->process ? atomic_load(&own->live->steps) : 0;
        if (steps)
            used += (size_t)snprintf(text + used, sizeof text - used, "  trial %zu %.0f %%",
                                     own->trial->number,
                                     100.0 * (double)atomic_load(&own->live->step) / (double)steps);
    }
    progress_line(&all->progress, text);
}

static void stop_all(const crew *all)
{
    for (size_t i = 0; i < all->job->jobs; i++)
        if (all->workers[i].process)
            kill(all->workers[i].process, SIGTERM);
}

/* Waits a moment for words; the exit code of the first trial that went wrong. */
static int look(crew *all, struct pollfd *polls)
{
    size_t jobs = all->job->jobs;
    int code = 0;
    for (size_t i = 0; i < jobs; i++)
        polls[i] =
            (struct pollfd){ all->workers[i].process ? all->workers[i].pipe : -1, POLLIN, 0 };
    if (poll(polls, jobs, LOOK) <= 0)
        return 0;
    for (size_t i = 0; i < jobs; i++) {
        bool ended = false;
        if (polls[i].revents)
            listen(&all->workers[i], &ended);
        if (ended) {
            int own = finish(all, &all->workers[i]);
            code = code ? code : own;
        }
    }
    return code;
}

static size_t busy(const crew *all)
{
    size_t count = 0;
    for (size_t i = 0; i < all->job->jobs; i++)
        count += all->workers[i].process > 0;
    return count;
}

/* Those of `members` that have not done the rung. */
static int run_all(crew *all, struct pollfd *polls, const size_t *members, size_t count)
{
    size_t next = 0;
    int code = 0;
    bool stopped = false;
    while (busy(all) || (next < count && !code)) {
        for (size_t i = 0; i < all->job->jobs && next < count && !code; i++) {
            if (all->workers[i].process)
                continue;
            while (next < count && all->job->trials[members[next]].rungs > all->rung)
                next++;
            if (next < count)
                code = start(all, &all->workers[i], &all->job->trials[members[next++]]);
        }
        int own = look(all, polls);
        code = code ? code : own ? own : interrupted() ? EXIT_INTERRUPTED : 0;
        if (code && !stopped)
            stop_all(all);
        stopped = code;
        show(all);
    }
    return code;
}

static int make_crew(crew *all, struct pollfd **polls)
{
    size_t jobs = all->job->jobs;
    all->workers = calloc(jobs, sizeof *all->workers);
    *polls = calloc(jobs, sizeof **polls);
    all->live = mmap(NULL, jobs * sizeof *all->live, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!all->workers || !*polls || all->live == MAP_FAILED)
        return out_of_memory();
    for (size_t i = 0; i < jobs; i++) {
        all->workers[i].live = &all->live[i];
        if (!(all->workers[i].text = malloc(LINE_MOST)))
            return out_of_memory();
    }
    return 0;
}

int tune_run_rung(tune_job *job, size_t rung, const size_t *members, size_t count)
{
    crew all = { .job = job, .rung = rung, .count = count };
    struct pollfd *polls = NULL;
    int code = make_crew(&all, &polls);
    for (size_t i = 0; i < count; i++)
        all.done += job->trials[members[i]].rungs > rung;
    progress_begin(&all.progress, job->settings->quiet);
    if (!code)
        code = run_all(&all, polls, members, count);
    progress_end(&all.progress);
    for (size_t i = 0; all.workers && i < job->jobs; i++)
        free(all.workers[i].text);
    if (all.live != MAP_FAILED)
        munmap(all.live, job->jobs * sizeof *all.live);
    free(all.workers);
    free(polls);
    return code;
}
