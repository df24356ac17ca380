/*
 * tune_workers.c - the trials of a rung are handed out to whoever is free, and what became of each is
 * kept as soon as it is known.
 */
#include "tune_crew.h"

#include "interrupt.h"
#include "say.h"

#include <stdlib.h>
#include <string.h>

typedef struct rung_work {
    tune_crew *crew;
    size_t done, count; /* trials */
    cli_progress progress;
} rung_work;

/* ---- what became of a trial ---- */

static int say_trial(const tune_seat *seat, const json_t *line)
{
    const char *error = json_string_value(json_object_get(line, "error"));
    if (seat->signal)
        return say_failure(
            CLOZE_ERROR_IO,
            "trial %zu was killed (%s); --resume goes on, --jobs 1 needs less memory",
            seat->trial->number, strsignal(seat->signal));
    if (seat->code == EXIT_INTERRUPTED)
        return EXIT_INTERRUPTED;
    return say_failure(seat->code ? seat->code : CLOZE_ERROR_IO, "trial %zu: %s",
                       seat->trial->number, error && *error ? error : "it said nothing");
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

static int finish(tune_job *job, tune_seat *seat)
{
    json_t *line = json_loadb(seat->text, seat->size, JSON_REJECT_DUPLICATES, NULL);
    const tune_trial *before = best_of(job);
    bool good = line && !seat->code && !seat->signal;
    int code = good ? tune_record_add(job, line) : say_trial(seat, line);
    if (!code)
        strip_worse(job, before, seat->trial);
    json_decref(line);
    seat_free(seat);
    return code;
}

/* The exit code of the first trial that went wrong. */
static int finish_all(rung_work *work)
{
    tune_crew *crew = work->crew;
    int code = 0;
    for (size_t i = 0; i < crew->count; i++)
        if (crew->seats[i].ended) {
            int own = finish(crew->job, &crew->seats[i]);
            code = code ? code : own;
            work->done++;
        }
    return code;
}

/* ---- all together ---- */

static void show(rung_work *work)
{
    const tune_crew *crew = work->crew;
    const tune_job *job = crew->job;
    const tune_trial *best;
    char text[512], bar[64];
    size_t used = 0;
    if (!progress_due(&work->progress))
        return;
    progress_bar(bar, sizeof bar, work->done, work->count);
    if (job->rungs > 1)
        used = (size_t)snprintf(text, sizeof text, "rung %zu of %zu  ", crew->rung + 1, job->rungs);
    used += (size_t)snprintf(text + used, sizeof text - used, "trials  %s%zu of %zu", bar,
                             work->done, work->count);
    if ((best = best_of(job)))
        used += (size_t)snprintf(text + used, sizeof text - used, "  best %s %.4f", job->metric,
                                 best->score[best->rungs - best->failed - 1]);
    for (size_t i = 0; i < crew->count && used < sizeof text - 64; i++) {
        const tune_seat *seat = &crew->seats[i];
        if (seat->trial && seat->steps)
            used += (size_t)snprintf(text + used, sizeof text - used, "  trial %zu %.0f %%",
                                     seat->trial->number,
                                     100.0 * (double)seat->step / (double)seat->steps);
    }
    progress_line(&work->progress, text);
}

/* To the free seats: one of each rank, then the next of each. */
static void hand_out(tune_crew *crew, const size_t *members, size_t count, size_t *next)
{
    size_t jobs = crew->job->jobs;
    for (size_t i = 0; i < crew->count; i++) {
        size_t ranks = crew->count / jobs, place = i % ranks * jobs + i / ranks;
        tune_seat *seat = &crew->seats[place];
        if (seat->trial)
            continue;
        while (*next < count && crew->job->trials[members[*next]].rungs > crew->rung)
            ++*next;
        if (*next == count)
            return;
        seat->trial = &crew->job->trials[members[(*next)++]];
        if (place < jobs)
            crew_begin(crew, seat, seat->trial);
    }
}

static int run_all(rung_work *work, const size_t *members, size_t count)
{
    tune_crew *crew = work->crew;
    size_t next = 0;
    int code = 0;
    bool stopped = false;
    while (crew_busy(crew) || (next < count && !code)) {
        if (!code)
            hand_out(crew, members, count, &next);
        int lost = crew_work(crew, code && !stopped), own = finish_all(work);
        stopped = code;
        code = code ? code : own ? own : lost ? lost : interrupted() ? EXIT_INTERRUPTED : 0;
        if (code == EXIT_INTERRUPTED)
            ranks_say_ended(&crew->job->ranks);
        show(work);
    }
    return code;
}

int tune_run_rung(tune_crew *crew, size_t rung, const size_t *members, size_t count)
{
    rung_work work = { .crew = crew, .count = count };
    int code;
    crew->rung = rung;
    for (size_t i = 0; i < count; i++)
        work.done += crew->job->trials[members[i]].rungs > rung;
    progress_begin(&work.progress, crew->job->settings->quiet);
    code = run_all(&work, members, count);
    progress_end(&work.progress);
    return code;
}
