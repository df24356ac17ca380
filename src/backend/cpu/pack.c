/*
 * pack.c - weights as panels: [panel][in][panel width], so that a tile's loads follow each other.
 * Kept (float or bf16), or made in a worker's scratch at use; the bits of a product are the same
 * except that bf16 rounds the weights. A weight that is not finite is found here.
 */
#include "base/error.h"
#include "base/memory.h"
#include "cpu.h"

#include <math.h>
#include <stdalign.h>
#include <string.h>

struct cz_pack {
    size_t panels, depth;
    bool bf16;
    const float *bias; /* [panels, panel] or NULL */
    const void *data;  /* [panels][depth][panel] of float or bf16 */
};

enum { CHUNK = 64, LINE = 64 };

size_t cz_panels(const cz_kernels *kernels, const cz_weight *weight)
{
    return parts_of(weight->out, kernels->panel);
}

/* As cz_bf16_to_f32 and cz_f16_to_f32, in loops that the compiler turns into vectors. */
static void widen_bf16(const char *from, size_t count, float *to)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, from + 2 * i, sizeof half);
        uint32_t wide = (uint32_t)half << 16;
        memcpy(to + i, &wide, sizeof wide);
    }
}

/* A float with the half's exponent and fraction is the half times 2^-112, exactly, subnormal or
 * not; the highest exponent means infinity or NaN. */
static void widen_f16(const char *from, size_t count, float *to)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, from + 2 * i, sizeof half);
        uint32_t wide = (uint32_t)(half & 0x7fffu) << 13, sign = (uint32_t)(half & 0x8000u) << 16;
        float value;
        memcpy(&value, &wide, sizeof value);
        value *= 0x1p112f;
        memcpy(&wide, &value, sizeof wide);
        wide |= (half & 0x7c00u) == 0x7c00u ? 0x7f800000u | sign : sign;
        memcpy(to + i, &wide, sizeof wide);
    }
}

const char *cz_floats(const cz_tensor *t, size_t row, size_t first, size_t count, float *room)
{
    size_t at = row * t->stride + first;
    const char *from = (const char *)t->data + at * cz_type_size(t->type);
    if (t->type == CZ_F32)
        return from;
    if (t->type == CZ_F16) {
        widen_f16(from, count, room);
    } else if (t->type == CZ_BF16) {
        widen_bf16(from, count, room);
    } else {
        for (size_t i = 0; i < count; i++)
            room[i] = (float)cz_tensor_at(t, row, first + i);
    }
    return (const char *)room;
}

/* The part that row `out` of the whole weight is in; `out` becomes its row there. */
static int part_of(const cz_weight *weight, size_t *out)
{
    int part = 0;
    while (*out >= weight->part[part]->rows)
        *out -= weight->part[part++]->rows;
    return part;
}

/* Steps k .. k + depth of a panel. */
static bool pack_steps(const cz_kernels *kernels, const cz_weight *weight, size_t panel, size_t k,
                       size_t depth, float *to)
{
    const char *row[CZ_PANEL_MOST];
    alignas(64) float room[CZ_PANEL_MOST * CHUNK];
    size_t first = panel * kernels->panel, count = least(kernels->panel, weight->out - first);
    for (size_t i = 0; i < count; i++) {
        size_t out = first + i;
        const cz_tensor *part = weight->part[part_of(weight, &out)];
        row[i] = cz_floats(part, out, k, depth, room + i * CHUNK);
    }
    return kernels->pack(row, count, depth, to);
}

static bool all_f32(const cz_weight *weight)
{
    for (int i = 0; i < weight->parts; i++)
        if (weight->part[i]->type != CZ_F32)
            return false;
    return true;
}

static bool pack_panel(const cz_kernels *kernels, const cz_weight *weight, size_t panel, float *to)
{
    size_t step = all_f32(weight) ? weight->in : CHUNK;
    for (size_t k = 0; k < weight->in; k += step)
        if (!pack_steps(kernels, weight, panel, k, least(step, weight->in - k),
                        to + k * kernels->panel))
            return false;
    return true;
}

static bool pack_panel_bf16(const cz_kernels *kernels, const cz_weight *weight, size_t panel,
                            uint16_t *to)
{
    alignas(64) float steps[CZ_PANEL_MOST * CHUNK];
    for (size_t k = 0; k < weight->in; k += CHUNK) {
        size_t depth = least(CHUNK, weight->in - k), count = depth * kernels->panel;
        if (!pack_steps(kernels, weight, panel, k, depth, steps))
            return false;
        for (size_t i = 0; i < count; i++) {
            uint16_t bits = cz_f32_to_bf16(steps[i]);
            if ((bits & 0x7f80) == 0x7f80) /* the largest floats round to infinity */
                return false;
            to[k * kernels->panel + i] = bits;
        }
    }
    return true;
}

/* False: not finite. */
static bool fill_bias(const cz_kernels *kernels, const cz_weight *weight, size_t panel, float *to)
{
    size_t first = panel * kernels->panel, count = least(kernels->panel, weight->out - first);
    bool finite = true;
    memset(to, 0, kernels->panel * sizeof *to);
    for (size_t i = 0; i < count; i++) {
        size_t out = first + i;
        int part = part_of(weight, &out);
        to[i] = weight->bias[part] ? (float)cz_tensor_at(weight->bias[part], 0, out) : 0;
        finite = finite && isfinite(to[i]);
    }
    return finite;
}

/* ---- kept ---- */

static size_t lines(size_t size)
{
    return parts_of(size, LINE) * LINE;
}

static size_t bias_size(const cz_kernels *kernels, const cz_weight *weight)
{
    return cz_weight_is_biased(weight) ? cz_panels(kernels, weight) * kernels->panel * sizeof(float)
                                       : 0;
}

size_t cz_cpu_pack_size(const void *table, const cz_weight *weight, bool bf16)
{
    const cz_kernels *kernels = table ? table : &cz_kernels_scalar;
    size_t element = bf16 ? sizeof(uint16_t) : sizeof(float);
    size_t data = cz_panels(kernels, weight) * kernels->panel * weight->in * element;
    return lines(sizeof(cz_pack)) + lines(bias_size(kernels, weight)) + lines(data);
}

typedef struct pack_job {
    const cz_kernels *kernels;
    const cz_weight *weight;
    float *bias;
    char *data;
    size_t panel_size;
    bool bf16;
    atomic_bool bad;
} pack_job;

static void pack_task(void *context, size_t panel, size_t worker)
{
    pack_job *job = context;
    char *to = job->data + panel * job->panel_size;
    bool finite = job->bf16
                      ? pack_panel_bf16(job->kernels, job->weight, panel, (uint16_t *)(void *)to)
                      : pack_panel(job->kernels, job->weight, panel, (float *)(void *)to);
    (void)worker;
    if (job->bias)
        finite =
            fill_bias(job->kernels, job->weight, panel, job->bias + panel * job->kernels->panel) &&
            finite;
    if (!finite)
        atomic_store(&job->bad, true);
}

cloze_status cz_cpu_pack(const cz_place *place, const cz_weight *weight, bool bf16, void *memory,
                         cz_pack **out, cloze_error *error)
{
    const cz_kernels *kernels = kernels_of(place);
    size_t element = bf16 ? sizeof(uint16_t) : sizeof(float), panels = cz_panels(kernels, weight);
    cz_pack *pack = memory;
    char *bias = (char *)memory + lines(sizeof *pack);
    pack_job job = {
        .kernels = kernels,
        .weight = weight,
        .bias = cz_weight_is_biased(weight) ? (float *)(void *)bias : NULL,
        .data = bias + lines(bias_size(kernels, weight)),
        .panel_size = kernels->panel * weight->in * element,
        .bf16 = bf16,
    };
    atomic_init(&job.bad, false);
    cz_pool_run(place->pool, panels, pack_task, &job);
    if (atomic_load(&job.bad))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "a weight or bias is not a finite number");
    *pack = (cz_pack){ panels, weight->in, bf16, job.bias, job.data };
    *out = pack;
    return CLOZE_OK;
}

/* ---- at use ---- */

bool cz_panel_is_half(const cz_weight *weight)
{
    return weight->pack && weight->pack->bf16;
}

const void *cz_panel(const cz_kernels *kernels, const cz_weight *weight, size_t panel, float *room)
{
    const cz_pack *pack = weight->pack;
    size_t count = kernels->panel * weight->in;
    if (!pack)
        return pack_panel(kernels, weight, panel, room) ? room : NULL;
    if (!pack->bf16)
        return (const float *)pack->data + panel * count;
    const uint16_t *half = (const uint16_t *)pack->data + panel * count;
    if (!room)
        return half;
    kernels->widen(half, count, room);
    return room;
}

const float *cz_panel_bias(const cz_kernels *kernels, const cz_weight *weight, size_t panel,
                           float *room)
{
    if (weight->pack)
        return weight->pack->bias + panel * kernels->panel;
    return fill_bias(kernels, weight, panel, room) ? room : NULL;
}

void cz_panel_of_columns(const cz_kernels *kernels, const cz_weight *weight, size_t first,
                         size_t count, float *room)
{
    float *to = room, wide[CZ_PANEL_MOST];
    for (int part = 0; part < weight->parts; part++)
        for (size_t row = 0; row < weight->part[part]->rows; row++, to += kernels->panel) {
            memcpy(to, cz_floats(weight->part[part], row, first, count, wide), count * sizeof *to);
            if (count < kernels->panel)
                memset(to + count, 0, (kernels->panel - count) * sizeof *to);
        }
}
