/*
 * attention_error.c - scores of attention beside a teacher's. A task is one head of one sequence, so
 * that nobody else adds into its rows; products are the kernels', a block of queries at a time, and a
 * row's squares are summed in double.
 */
#include "loss.h"

enum { BLOCK = CZ_BLOCK_ROWS };

typedef struct error_job {
    const cz_place *place;
    const cz_kernels *kernels;
    const cz_attention_error_call *call;
    double total, factor; /* factor: of the gradient */
} error_job;

/* One head of one sequence: where it lies, and the scratch of its task. */
typedef struct error_head {
    size_t begin, length, head;
    float *own, *teacher; /* [BLOCK, length] scores */
    float *panel, *stripes;
} error_head;

size_t cz_attention_error_scratch(const cz_kernels *kernels, size_t size, size_t longest)
{
    size_t depth = size > longest ? size : longest;
    return 2 * BLOCK * longest + depth * kernels->panel + BLOCK / CZ_STRIPE * cz_stripe_step(BLOCK);
}

static size_t widest_head(const cz_attention_error_call *call)
{
    size_t own = call->q->columns / call->heads, other = call->teacher_q->columns / call->heads;
    return own > other ? own : other;
}

static size_t floats_of(const error_job *job)
{
    return cz_attention_error_scratch(job->kernels, widest_head(job->call),
                                      job->call->packing->longest);
}

static error_head head_of(const error_job *job, size_t task, float *room)
{
    const cz_attention_error_call *call = job->call;
    size_t s = task / call->heads, depth = widest_head(call);
    error_head h = { .begin = call->packing->begin[s],
                     .length = call->packing->length[s],
                     .head = task % call->heads,
                     .own = room };
    h.teacher = h.own + BLOCK * h.length;
    h.panel = h.teacher + BLOCK * h.length;
    h.stripes = h.panel + (depth > h.length ? depth : h.length) * job->kernels->panel;
    return h;
}

/* out [rows, length] = q of rows first .. first + rows times k of all rows. */
static void score(const error_job *job, const error_head *h, const cz_tensor *q, const cz_tensor *k,
                  size_t first, size_t rows, float *out)
{
    size_t size = q->columns / job->call->heads, column = h->head * size;
    for (size_t j = 0; j < h->length; j += job->kernels->panel) {
        size_t count = least(job->kernels->panel, h->length - j);
        const char *row[CZ_PANEL_MOST];
        for (size_t i = 0; i < count; i++)
            row[i] = (const char *)(cz_f32_row(k, h->begin + j + i) + column);
        job->kernels->pack(row, count, size, h->panel);
        cz_product p = {
            .x = cz_f32_row(q, h->begin + first) + column,
            .x_stride = q->stride,
            .rows = rows,
            .depth = size,
            .panel = h->panel,
            .finish = { .out = out + j, .out_stride = h->length, .columns = count },
        };
        job->kernels->multiply(&p);
    }
}

static void score_both(const error_job *job, const error_head *h, size_t first, size_t rows)
{
    score(job, h, job->call->q, job->call->k, first, rows, h->own);
    score(job, h, job->call->teacher_q, job->call->teacher_k, first, rows, h->teacher);
}

static double apart(const error_job *job, const error_head *h, size_t i)
{
    return job->call->scale * (double)h->own[i] - job->call->teacher_scale * (double)h->teacher[i];
}

static double head_loss(const void *context, size_t task, float *room)
{
    const error_job *job = context;
    error_head h = head_of(job, task, room);
    double sum = 0;
    for (size_t first = 0; first < h.length; first += BLOCK) {
        size_t rows = least(BLOCK, h.length - first);
        score_both(job, &h, first, rows);
        for (size_t i = 0; i < rows * h.length; i++) {
            double d = apart(job, &h, i);
            sum += d * d;
        }
    }
    return sum;
}

static void set_total(error_job *job)
{
    const cz_attention_error_call *call = job->call;
    double scores = 0;
    for (size_t s = 0; s < call->packing->count; s++)
        scores += (double)call->packing->length[s] * (double)call->packing->length[s];
    job->total = call->total > 0 ? call->total : scores * (double)call->heads;
}

cloze_status cz_cpu_attention_error(const cz_place *place, const cz_attention_error_call *call)
{
    error_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    double sum;
    set_total(&job);
    cloze_status status = cz_sum_of_losses(place, call->packing->count * call->heads,
                                           floats_of(&job), head_loss, &job, &sum);
    if (!status)
        *cz_f32(call->loss) = (float)(job.total > 0 ? sum / job.total : 0);
    return status;
}

/* ---- the way back ---- */

/* d_q of the block's rows: what their scores get, times the keys. */
static void query_gradients(const error_job *job, const error_head *h, size_t first, size_t rows)
{
    const cz_tensor *k = job->call->k, *d_q = job->call->d_q;
    size_t size = k->columns / job->call->heads, panel = job->kernels->panel;
    for (size_t c = 0; c < size; c += panel) {
        size_t column = h->head * size + c, count = least(panel, size - c);
        cz_lay_panel(cz_f32_row(k, h->begin) + column, k->stride, h->length, count, panel,
                     h->panel);
        cz_product p = {
            .x = h->own,
            .x_stride = h->length,
            .rows = rows,
            .depth = h->length,
            .panel = h->panel,
            .finish = { .out = cz_f32_row(d_q, h->begin + first) + column,
                        .out_stride = d_q->stride,
                        .columns = count,
                        .add = true },
        };
        job->kernels->multiply(&p);
    }
}

/* d_k of all rows: what the block's scores get, times its queries. */
static void key_gradients(const error_job *job, const error_head *h, size_t first, size_t rows)
{
    const cz_tensor *q = job->call->q, *d_k = job->call->d_k;
    size_t size = q->columns / job->call->heads, panel = job->kernels->panel;
    for (size_t c = 0; c < size; c += panel) {
        size_t column = h->head * size + c, count = least(panel, size - c);
        cz_lay_panel(cz_f32_row(q, h->begin + first) + column, q->stride, rows, count, panel,
                     h->panel);
        for (size_t j = 0; j < h->length; j += BLOCK) {
            cz_outer outer = {
                .stripes = h->stripes,
                .stripe_step = cz_stripe_step(rows),
                .panel = h->panel,
                .tokens = rows,
                .rows = least(BLOCK, h->length - j),
                .columns = count,
                .out = cz_f32_row(d_k, h->begin + j) + column,
                .out_stride = d_k->stride,
            };
            cz_lay_stripes(h->own + j, h->length, rows, outer.rows, h->stripes);
            job->kernels->outer(&outer);
        }
    }
}

static void backward_task(void *context, size_t task, size_t worker)
{
    const error_job *job = context;
    error_head h = head_of(job, task, scratch_of(job->place, worker));
    for (size_t first = 0; first < h.length; first += BLOCK) {
        size_t rows = least(BLOCK, h.length - first);
        score_both(job, &h, first, rows);
        for (size_t i = 0; i < rows * h.length; i++)
            h.own[i] = (float)(job->factor * apart(job, &h, i));
        if (job->call->d_q)
            query_gradients(job, &h, first, rows);
        if (job->call->d_k)
            key_gradients(job, &h, first, rows);
    }
}

cloze_status cz_cpu_attention_error_backward(const cz_place *place,
                                             const cz_attention_error_call *call)
{
    error_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    set_total(&job);
    if (place->scratch_size < floats_of(&job) * sizeof(float))
        return CLOZE_ERROR_LIMIT;
    if (!(job.total > 0) || (!call->d_q && !call->d_k))
        return CLOZE_OK;
    job.factor = 2 * (double)*cz_f32(call->d_loss) * call->scale / job.total;
    cz_pool_run(place->pool, call->packing->count * call->heads, backward_task, &job);
    return CLOZE_OK;
}
