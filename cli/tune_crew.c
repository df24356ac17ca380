/*
 * tune_crew.c - trials in processes of their own, some at a time. A process tells what became of its
 * trial in one line of JSON; how far it is lies in memory that it shares.
 */
#include "tune_crew.h"

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

enum { LOOK = 100 };

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

static int work(const tune_crew *crew, const tune_seat *own, int pipe)
{
    json_t *line = NULL;
    int code;
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    say_hold();
    code = trial_run(crew->job, own->trial, crew->rung, rung_share(crew->job, crew->rung),
                     own->live, &line);
    if (code) {
        json_decref(line);
        line = json_pack("{s:s}", "error", say_held());
    }
    tell(pipe, line);
    json_decref(line);
    return code;
}

/* It has ended before it began. */
static void refuse(tune_seat *seat)
{
    int size = snprintf(seat->text, TRIAL_LINE_MOST, "{\"error\": \"it cannot be begun: %s\"}",
                        strerror(errno));
    seat->size = size > 0 ? (size_t)size : 0;
    seat->code = CLOZE_ERROR_IO;
    seat->ended = true;
}

void crew_begin(tune_crew *crew, tune_seat *seat, const tune_trial *trial)
{
    int ends[2];
    seat->trial = trial;
    *seat->live = (tune_live){ 0 };
    if (pipe(ends)) {
        refuse(seat);
        return;
    }
    fflush(NULL);
    seat->pipe = ends[0];
    seat->process = fork();
    if (!seat->process) {
        close(ends[0]);
        _exit(work(crew, seat, ends[1]));
    }
    if (seat->process < 0) {
        refuse(seat);
        seat->process = 0;
        close(ends[0]);
    }
    close(ends[1]);
}

void seat_free(tune_seat *seat)
{
    *seat = (tune_seat){ .text = seat->text, .live = seat->live };
}

/* ---- all of this process ---- */

static void collect(tune_seat *seat)
{
    int status = 0;
    while (waitpid(seat->process, &status, 0) < 0 && errno == EINTR)
        ;
    close(seat->pipe);
    seat->process = 0;
    seat->ended = true;
    seat->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    seat->code = WIFEXITED(status) ? WEXITSTATUS(status) : CLOZE_ERROR_IO;
}

/* Reads what a process says; it has ended behind its last word. */
static void listen(tune_seat *seat)
{
    ssize_t count = read(seat->pipe, seat->text + seat->size, TRIAL_LINE_MOST - seat->size);
    seat->size += count > 0 ? (size_t)count : 0;
    if (!count || (count < 0 && errno != EINTR))
        collect(seat);
}

void crew_look(tune_crew *crew)
{
    size_t jobs = crew->job->jobs;
    int heard;
    for (size_t i = 0; i < jobs; i++) {
        const tune_seat *seat = &crew->seats[i];
        if (seat->ended)
            return;
        crew->polls[i] = (struct pollfd){ seat->process ? seat->pipe : -1, POLLIN, 0 };
    }
    heard = poll(crew->polls, jobs, LOOK);
    for (size_t i = 0; i < jobs; i++) {
        tune_seat *seat = &crew->seats[i];
        if (heard > 0 && crew->polls[i].revents)
            listen(seat);
        seat->steps = atomic_load(&seat->live->steps);
        seat->step = atomic_load(&seat->live->step);
    }
}

void crew_stop(const tune_crew *crew)
{
    for (size_t i = 0; i < crew->job->jobs; i++)
        if (crew->seats[i].process)
            kill(crew->seats[i].process, SIGTERM);
}

size_t crew_busy(const tune_crew *crew)
{
    size_t count = 0;
    for (size_t i = 0; i < crew->count; i++)
        count += crew->seats[i].trial != NULL;
    return count;
}

/* ---- opening ---- */

int crew_open(tune_crew *crew, tune_job *job, size_t ranks)
{
    size_t jobs = job->jobs, count = jobs * ranks;
    bool good;
    *crew = (tune_crew){ .job = job, .count = count };
    crew->seats = calloc(count, sizeof *crew->seats);
    crew->polls = calloc(jobs, sizeof *crew->polls);
    crew->live = mmap(NULL, jobs * sizeof *crew->live, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    crew->live = crew->live == MAP_FAILED ? NULL : crew->live;
    good = crew->seats && crew->polls && crew->live;
    for (size_t i = 0; i < count && good; i++) {
        crew->seats[i].live = i < jobs ? &crew->live[i] : NULL;
        good = (crew->seats[i].text = malloc(TRIAL_LINE_MOST));
    }
    return good ? 0 : say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

void crew_close(tune_crew *crew)
{
    for (size_t i = 0; crew->seats && i < crew->count; i++)
        free(crew->seats[i].text);
    if (crew->live)
        munmap(crew->live, crew->job->jobs * sizeof *crew->live);
    free(crew->seats);
    free(crew->polls);
    *crew = (tune_crew){ 0 };
}
