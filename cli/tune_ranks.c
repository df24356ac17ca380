/*
 * tune_ranks.c - a search by several ranks: rank 0 hands trials out, the others run them. All meet
 * after each moment of work, rank 0 with an order for each, the others with a report; so each hears
 * within a moment that another is gone.
 */
#include "tune_crew.h"

#include "interrupt.h"
#include "say.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* An order: what to do, the rung, and for each seat the number of the trial that begins there, or 0. */
enum { ORDER_WORK, ORDER_STOP, ORDER_LEAVE };
enum { AT_DEED, AT_RUNG, AT_TRIALS };

/* Of a seat; `size` bytes of text follow behind all reports. */
typedef struct seat_report {
    uint64_t step, steps, size;
    int32_t ended, code, signal, unused;
} seat_report;

typedef struct meeting {
    uint64_t *order;                /* [AT_TRIALS + jobs] */
    seat_report *reports;           /* [jobs] */
    size_t order_size, report_size; /* bytes */
} meeting;

static int send_to(tune_job *job, int rank, const void *bytes, size_t size)
{
    const cloze_ranks *way = &job->ranks.way;
    cloze_error error;
    if (!way->exchange(way->context, rank, bytes, size, CLOZE_RANK_NONE, NULL, 0, &error))
        return 0;
    return say_error(&error, NULL);
}

static int hear_from(tune_job *job, int rank, void *bytes, size_t size)
{
    const cloze_ranks *way = &job->ranks.way;
    cloze_error error;
    if (!way->exchange(way->context, CLOZE_RANK_NONE, NULL, 0, rank, bytes, size, &error))
        return 0;
    return say_error(&error, NULL);
}

static int open_meeting(meeting *out, const tune_job *job)
{
    out->order_size = (AT_TRIALS + job->jobs) * sizeof *out->order;
    out->report_size = job->jobs * sizeof *out->reports;
    out->order = calloc(1, out->order_size);
    out->reports = calloc(1, out->report_size);
    return out->order && out->reports ? 0 : say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static void close_meeting(meeting *own)
{
    free(own->order);
    free(own->reports);
}

/* ---- rank 0 ---- */

static int give_orders(tune_crew *crew, int rank, uint64_t deed, const meeting *with)
{
    size_t jobs = crew->job->jobs;
    with->order[AT_DEED] = deed;
    with->order[AT_RUNG] = crew->rung;
    for (size_t i = 0; i < jobs; i++) {
        tune_seat *seat = &crew->seats[(size_t)rank * jobs + i];
        with->order[AT_TRIALS + i] = seat->trial && !seat->told ? seat->trial->number : 0;
        seat->told = seat->trial != NULL;
    }
    return send_to(crew->job, rank, with->order, with->order_size);
}

static int hear_reports(tune_crew *crew, int rank, const meeting *with)
{
    size_t jobs = crew->job->jobs;
    int code = hear_from(crew->job, rank, with->reports, with->report_size);
    for (size_t i = 0; i < jobs && !code; i++) {
        const seat_report *report = &with->reports[i];
        tune_seat *seat = &crew->seats[(size_t)rank * jobs + i];
        seat->step = (size_t)report->step;
        seat->steps = (size_t)report->steps;
        seat->ended = report->ended;
        seat->code = report->code;
        seat->signal = report->signal;
        seat->size = report->size < TRIAL_LINE_MOST ? (size_t)report->size : TRIAL_LINE_MOST;
        if (seat->size)
            code = hear_from(crew->job, rank, seat->text, seat->size);
    }
    return code;
}

/* Nothing more is heard of the others. */
static void forget_others(tune_crew *crew)
{
    for (size_t i = crew->job->jobs; i < crew->count; i++)
        seat_free(&crew->seats[i]);
}

int crew_work(tune_crew *crew, bool stop)
{
    tune_job *job = crew->job;
    int count = job->ranks.lost ? 0 : job->ranks.way.count;
    meeting with = { 0 };
    int code = open_meeting(&with, job);
    if (stop)
        crew_stop(crew);
    for (int rank = 1; rank < count && !code; rank++)
        code = give_orders(crew, rank, stop ? ORDER_STOP : ORDER_WORK, &with);
    crew_look(crew);
    for (int rank = 1; rank < count && !code; rank++)
        code = hear_reports(crew, rank, &with);
    if (code)
        job->ranks.lost = true; /* their words and ours are no longer in step */
    if (job->ranks.lost)
        forget_others(crew);
    close_meeting(&with);
    return code;
}

void crew_dismiss(tune_crew *crew)
{
    tune_job *job = crew->job;
    int count = job->ranks.lost ? 0 : job->ranks.way.count;
    meeting with = { 0 };
    int code = open_meeting(&with, job);
    for (int rank = 1; rank < count && !code; rank++) {
        with.order[AT_DEED] = ORDER_LEAVE;
        code = send_to(job, rank, with.order, with.order_size);
    }
    if (code)
        job->ranks.lost = true;
    close_meeting(&with);
}

/* ---- another rank ---- */

static void obey(tune_crew *crew, const uint64_t *order)
{
    tune_job *job = crew->job;
    crew->rung = (size_t)order[AT_RUNG];
    if (order[AT_DEED] == ORDER_STOP)
        crew_stop(crew);
    for (size_t i = 0; i < job->jobs; i++) {
        size_t number = (size_t)order[AT_TRIALS + i];
        if (number && number <= job->count)
            crew_begin(crew, &crew->seats[i], &job->trials[number - 1]);
    }
}

static int report(tune_crew *crew, const meeting *with)
{
    tune_job *job = crew->job;
    int code;
    for (size_t i = 0; i < job->jobs; i++) {
        const tune_seat *seat = &crew->seats[i];
        with->reports[i] = (seat_report){ .step = seat->step,
                                          .steps = seat->steps,
                                          .size = seat->ended ? seat->size : 0,
                                          .ended = seat->ended,
                                          .code = seat->code,
                                          .signal = seat->signal };
    }
    code = send_to(job, 0, with->reports, with->report_size);
    for (size_t i = 0; i < job->jobs && !code; i++) {
        tune_seat *seat = &crew->seats[i];
        if (seat->ended && seat->size)
            code = send_to(job, 0, seat->text, seat->size);
        if (seat->ended)
            seat_free(seat);
    }
    return code;
}

/* Without rank 0: trials keep their states. */
static void end_alone(tune_crew *crew)
{
    crew_stop(crew);
    while (crew_busy(crew)) {
        crew_look(crew);
        for (size_t i = 0; i < crew->count; i++)
            if (crew->seats[i].ended)
                seat_free(&crew->seats[i]);
    }
}

int tune_serve(tune_job *job)
{
    tune_crew crew = { 0 };
    meeting with = { 0 };
    int code = open_meeting(&with, job);
    if (!code)
        code = crew_open(&crew, job, 1);
    while (!code) {
        code = hear_from(job, 0, with.order, with.order_size);
        if (code || with.order[AT_DEED] == ORDER_LEAVE)
            break;
        obey(&crew, with.order);
        crew_look(&crew);
        code = report(&crew, &with);
    }
    if (code) {
        job->ranks.lost = true;
        end_alone(&crew);
    }
    crew_close(&crew);
    close_meeting(&with);
    return code;
}

/* ---- before ---- */

int tune_agree(tune_job *job, const char *plan)
{
    uint64_t size = strlen(plan);
    char *first;
    bool same;
    int code = ranks_share(&job->ranks, &size, sizeof size);
    if (code)
        return code;
    if (!(first = calloc(1, (size_t)size + 1))) {
        job->ranks.lost = true;
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    }
    if (ranks_lead(&job->ranks))
        memcpy(first, plan, (size_t)size);
    code = ranks_share(&job->ranks, first, (size_t)size);
    same = !strcmp(first, plan);
    free(first);
    if (!code && !same)
        code = say_failure(CLOZE_ERROR_ARGUMENT, "it was given another search than rank 0");
    return ranks_agree(&job->ranks, code);
}
