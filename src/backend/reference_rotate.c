/*
 * reference_rotate.c - rotary positions: pairs of a head's halves turned by an angle that grows with
 * the row's place in its sequence. The way back turns by the angle's negative.
 */
#include "backend/reference.h"

/* Both numbers of a pair are read before one is written: `to` may be x. */
static void turn_head(const cz_rotate_call *call, size_t place, double direction, const real *x,
                      bool add, real *to)
{
    size_t half = call->angles->columns / 2;
    for (size_t c = 0; c < half; c++) {
        double cosine = at(call->angles, place, c);
        double sine = at(call->angles, place, half + c) * direction;
        double low = (double)x[c], high = (double)x[half + c];
        to[c] = (real)(low * cosine - high * sine + (add ? (double)to[c] : 0));
        to[half + c] = (real)(high * cosine + low * sine + (add ? (double)to[half + c] : 0));
    }
}

static void turn(const cz_rotate_call *call, const cz_tensor *x, double direction, bool add,
                 cz_tensor *to)
{
    for (size_t s = 0; s < call->packing->count; s++)
        for (size_t place = 0; place < call->packing->length[s]; place++) {
            const real *from = row_of(x, call->packing->begin[s] + place);
            real *row = row_of(to, call->packing->begin[s] + place);
            for (size_t c = 0; c < call->turned; c += call->angles->columns)
                turn_head(call, place, direction, from + c, add, row + c);
            for (size_t c = call->turned; c < x->columns; c++)
                row[c] = add ? row[c] + from[c] : from[c];
        }
}

cloze_status REFERENCE(rotate)(const cz_place *place, const cz_rotate_call *call)
{
    (void)place;
    turn(call, call->x, 1, false, call->out);
    return CLOZE_OK;
}

cloze_status REFERENCE(rotate_backward)(const cz_place *place, const cz_rotate_call *call)
{
    (void)place;
    if (call->d_x)
        turn(call, call->d_out, -1, true, call->d_x);
    return CLOZE_OK;
}
