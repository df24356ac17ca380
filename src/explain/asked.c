/* asked.c - masks and what the model says of them: orders of units and beams meet the same ones often. */
#include "explain/faithful.h"

#include "base/error.h"

#include <string.h>

enum { PAGE = 256 };

cloze_status cz_asked_begin(cz_asked *asked, cloze_explainer *explainer, cloze_absence absence,
                            cloze_error *error)
{
    *asked = (cz_asked){ .explainer = explainer, .absence = absence };
    return cz_table_init(&asked->table, &explainer->hooks.allocator, PAGE)
               ? CLOZE_OK
               : cz_fail_memory(error, "masks", PAGE);
}

void cz_asked_clear(cz_asked *asked)
{
    const cloze_allocator *allocator = &asked->explainer->hooks.allocator;
    for (size_t i = 0; i < asked->page_count; i++)
        cz_release(allocator, asked->pages[i]);
    cz_release(allocator, asked->pages);
    cz_release(allocator, asked->answers);
    cz_table_clear(&asked->table, allocator);
}

static uint8_t *mask_at(const cz_asked *asked, size_t number)
{
    return asked->pages[number / PAGE] + number % PAGE * asked->explainer->unit_count;
}

const uint8_t *cz_asked_mask(const cz_asked *asked, size_t number)
{
    return mask_at(asked, number);
}

static bool make_room(cz_asked *asked)
{
    const cloze_allocator *allocator = &asked->explainer->hooks.allocator;
    size_t size;
    if (asked->count < asked->page_count * PAGE)
        return true;
    if (asked->count >= UINT32_MAX - PAGE ||
        !cz_multiply(PAGE, asked->explainer->unit_count, &size) ||
        !cz_grow(allocator, (void **)&asked->pages, &asked->page_capacity, asked->page_count + 1,
                 sizeof *asked->pages) ||
        !cz_grow(allocator, (void **)&asked->answers, &asked->capacity, asked->count + PAGE,
                 sizeof *asked->answers))
        return false;
    uint8_t *page = cz_allocate(allocator, size, 1);
    if (page)
        asked->pages[asked->page_count++] = page;
    return page;
}

cloze_status cz_asked_want(cz_asked *asked, const uint8_t *present, size_t *number,
                           cloze_error *error)
{
    size_t units = asked->explainer->unit_count;
    uint32_t old;
    bool existed;
    if (!make_room(asked))
        return cz_fail_memory(error, "masks", PAGE * units);
    uint8_t *mask = mask_at(asked, asked->count);
    memcpy(mask, present, units);
    if (!cz_table_put(&asked->table, &asked->explainer->hooks.allocator, (const char *)mask, units,
                      (uint32_t)asked->count, &existed, &old))
        return cz_fail_memory(error, "masks", units);
    *number = existed ? old : asked->count++;
    return CLOZE_OK;
}

static void give_mask(void *context, size_t number, uint8_t *present)
{
    const cz_asked *asked = context;
    memcpy(present, mask_at(asked, asked->answered + number), asked->explainer->unit_count);
}

/* `answered` stays until all have come: masks are counted from there. */
static cloze_status keep_answer(void *context, size_t number, const cz_input *input,
                                const double *outcome, cloze_error *error)
{
    cz_asked *asked = context;
    const cz_aim *aim = &asked->explainer->aim;
    (void)error;
    asked->answers[asked->answered + number] = (cz_answer){
        .value = cz_aim_value(aim, &input->places, outcome, input->length, NULL),
        .chance = cz_aim_chance(aim, &input->places, outcome, input->length),
        .holds = cz_aim_holds(aim, &input->places, outcome),
    };
    return CLOZE_OK;
}

cloze_status cz_asked_answer(cz_asked *asked, cloze_error *error)
{
    cloze_status status =
        cz_outcomes_of_masks(asked->explainer, asked->count - asked->answered, give_mask, asked,
                             asked->absence, keep_answer, asked, error);
    if (!status)
        asked->answered = asked->count;
    return status;
}
