/* explain_evaluate.c - cloze explain --evaluate: every text is explained and measured, then all are summed up. */
#include "explain_faith.h"

#include "say.h"

#include <math.h>

/* ---- what faces ask ---- */

const char *trial_name(const explain_trial *trial, size_t contender)
{
    return cloze_explain_method_name(contender < trial->count ? trial->methods[contender].method
                                                              : CLOZE_METHOD_RANDOM);
}

cloze_faith_summary trial_summary(const explain_trial *trial, size_t contender,
                                  cloze_faith_measure measure)
{
    cloze_faith_summary summary = { 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN };
    cloze_evaluation_summary(trial->evaluation, contender, measure, &summary, NULL);
    return summary;
}

explain_verdict trial_verdict(const explain_trial *trial, const cloze_faith_summary *summary)
{
    bool one = cloze_evaluation_texts(trial->evaluation) == 1;
    double rounding = 1e-9 * fabs(summary->mean);
    if (one ? summary->wins >= 0.95 : summary->gain_low > rounding)
        return VERDICT_BETTER;
    return (one ? summary->wins <= 0.05 : summary->gain_high < -rounding) ? VERDICT_WORSE
                                                                          : VERDICT_OPEN;
}

static double between(const cloze_faith_result *r, const double *values, double share)
{
    size_t k = 1;
    while (k < r->points && r->shares[k] < share)
        k++;
    double step = r->shares[k] - r->shares[k - 1];
    return values[k - 1] + (values[k] - values[k - 1]) * (share - r->shares[k - 1]) / step;
}

double trial_curve(const explain_trial *trial, size_t contender, bool insertion, double share)
{
    double sum = 0, count = 0;
    for (size_t i = 0; i < cloze_evaluation_texts(trial->evaluation); i++) {
        const cloze_faith_result *r = cloze_evaluation_result(trial->evaluation, contender, i);
        if (!r)
            continue;
        sum += between(r, insertion ? r->insertion : r->deletion, share);
        count++;
    }
    return sum / count;
}

/* ---- texts ---- */

/* The methods are those that could explain the first text. */
static int begin(explain_trial *trial, const cli_explanation *first)
{
    explain_job *job = trial->job;
    const cli_explaining *e = &job->settings->explain;
    cloze_error error;
    for (size_t i = 0; i < first->count; i++)
        if (!job->every || first->made[i].options.method != CLOZE_METHOD_RANDOM)
            trial->methods[trial->count++] = first->made[i].options;
    job->method_count = 0;
    trial->options = (cloze_faith_options){
        .absence = (cloze_absence)e->absence,
        .beam = e->beam,
        .seeds = e->rivals ? e->rivals : 20,
        .randomization = e->randomize == 3   ? CLOZE_RANDOMIZE_NOTHING
                         : e->randomize == 2 ? CLOZE_RANDOMIZE_CASCADE
                                             : CLOZE_RANDOMIZE_ALL,
        .sensitivity = e->sensitivity,
        .seed = job->settings->seed,
    };
    return cloze_evaluation_new(&trial->evaluation, job->opened.model, trial->methods, trial->count,
                                &trial->options, &error)
               ? say_error(&error, NULL)
               : 0;
}

static int measure(explain_trial *trial, const cli_explanation *explanation, const char *where)
{
    explain_job *job = trial->job;
    cloze_error error;
    progress_begin(&job->opened.progress, job->settings->quiet);
    cloze_status status = cloze_evaluation_add(trial->evaluation, explanation->explainer, &error);
    progress_end(&job->opened.progress);
    if (status)
        return say_error(&error, where);
    const cloze_faith_result *random = cloze_evaluation_result(
        trial->evaluation, trial->count, cloze_evaluation_texts(trial->evaluation) - 1);
    trial->units += explanation->facts.units;
    trial->exact += random->exact;
    trial->found += !random->exact && isfinite(random->highest);
    if (job->settings->json)
        trial_write_json_text(trial, explanation);
    else if (job->settings->explain.csv)
        trial_write_csv_text(trial, explanation);
    output_flush(job->output);
    return 0;
}

static int evaluate_one(void *context, explain_job *job, const cli_explanation *explanation,
                        const char *where)
{
    explain_trial *trial = context;
    int code = trial->evaluation ? 0 : begin(trial, explanation);
    if (!code)
        code = measure(trial, explanation, where);
    if (!code && job->settings->explain.page)
        code = trial_write_page(trial, explanation);
    return code;
}

static int sum_up(const explain_trial *trial)
{
    const cli_settings *s = trial->job->settings;
    if (s->json)
        trial_write_json(trial);
    else if (s->explain.csv)
        trial_write_csv(trial);
    else
        trial_write_tables(trial);
    return s->explain.curves ? trial_draw(trial, s->explain.curves) : 0;
}

int explain_evaluate(explain_job *job)
{
    explain_trial trial = { .job = job };
    if (job->settings->explain.csv)
        trial_write_csv_head(&trial);
    int code = explain_all(job, evaluate_one, &trial);
    if (!code && trial.evaluation)
        code = sum_up(&trial);
    cloze_evaluation_free(trial.evaluation);
    return code;
}
