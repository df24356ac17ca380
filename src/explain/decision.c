/* decision.c - inputs of which the model decides something. */
#include "explain/explainer.h"

#include "base/error.h"

cloze_status cz_check_decision(const cloze_explainer *e, cloze_error *error)
{
    if (!cz_aim_decides(&e->aim))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "the model decides nothing here: a similarity or a regression has no label "
                       "that could change");
    if (!e->holds)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "the target is not what the model says of this input, so there is nothing "
                       "to change: take what it says as the target");
    return CLOZE_OK;
}

bool cz_unit_is_asked(const cloze_explainer *e, size_t unit)
{
    const cz_unit *u = &e->units[unit];
    size_t first = e->places.row[0], last = first;
    if (e->aim.task == CLOZE_EXPLAIN_ANSWER)
        last = e->places.row[1];
    else if (e->aim.task != CLOZE_EXPLAIN_TAGS)
        return false;
    return u->first <= last && first < u->first + u->count;
}
