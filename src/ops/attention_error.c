/* attention_error.c - how far a layer's scores of attention are from a teacher's. */
#include "ops/ops.h"

#include <math.h>

typedef struct attention_error_node {
    cz_attention_error_call call;
    cz_tensor *qkv, *loss;
    cz_tensor view[2], teacher_view[2], d_view[2]; /* queries, keys */
} attention_error_node;

static void attention_error_backward(cz_run *run, void *argument)
{
    attention_error_node *node = argument;
    cz_tensor *gradient = cz_run_gradient(run, node->qkv);
    if (!gradient || !cz_run_computes(run))
        return;
    for (size_t i = 0; i < 2; i++)
        node->d_view[i] =
            cz_tensor_columns(gradient, i * node->view[i].columns, node->view[i].columns);
    node->call.d_loss = node->loss->gradient;
    node->call.d_q = &node->d_view[0];
    node->call.d_k = &node->d_view[1];
    cz_run_check(run, run->backend->attention_error_backward(&run->place, &node->call), NULL, 0);
}

static void check_shapes(cz_run *run, const cz_tensor *qkv, const cz_attention_shape *shape,
                         const cz_tensor *teacher, const cz_attention_shape *teacher_shape,
                         double total)
{
    if (!(isfinite(total) && total >= 0))
        cz_run_fail(run, CLOZE_ERROR_ARGUMENT, "a loss cannot be divided by a total of %g", total);
    if (shape->heads != teacher_shape->heads || qkv->rows != teacher->rows)
        cz_run_fail(run, CLOZE_ERROR_ARGUMENT,
                    "scores of %zu heads over %zu rows do not fit %zu heads over %zu rows",
                    teacher_shape->heads, teacher->rows, shape->heads, qkv->rows);
}

cz_tensor *cz_attention_error(cz_run *run, const cz_packing *packing, cz_tensor *qkv,
                              const cz_attention_shape *shape, const cz_tensor *teacher,
                              const cz_attention_shape *teacher_shape, double total)
{
    attention_error_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *loss = cz_run_tensor(run, 1, 1);
    if (!cz_run_failed(run))
        check_shapes(run, qkv, shape, teacher, teacher_shape, total);
    if (cz_run_failed(run))
        return &run->empty;
    size_t width = shape->heads * shape->head_size;
    size_t other = teacher_shape->heads * teacher_shape->head_size;
    node->qkv = qkv;
    node->loss = loss;
    for (size_t i = 0; i < 2; i++) {
        node->view[i] = cz_tensor_columns(qkv, i * width, width);
        node->teacher_view[i] = cz_tensor_columns(teacher, i * other, other);
    }
    node->call = (cz_attention_error_call){ .q = &node->view[0],
                                            .k = &node->view[1],
                                            .teacher_q = &node->teacher_view[0],
                                            .teacher_k = &node->teacher_view[1],
                                            .packing = packing,
                                            .heads = shape->heads,
                                            .scale = shape->scale,
                                            .teacher_scale = teacher_shape->scale,
                                            .total = total,
                                            .loss = loss };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->attention_error(&run->place, &node->call), NULL, 0);
    cz_run_record(run, attention_error_backward, loss, node);
    return loss;
}
