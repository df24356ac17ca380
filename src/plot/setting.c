/* setting.c - see setting.h. */
#include "plot/setting.h"

#include "plot/check.h"

#include "base/error.h"

#include <math.h>

enum { NAMES_MOST = 42 };

bool cz_setting_has(const cloze_plot_axis *axis, size_t i)
{
    return cz_drawable(axis->values[i], axis->logarithmic && !axis->names);
}

static bool is_place(const cloze_plot_axis *axis, double value)
{
    return value >= 0 && value < (double)axis->name_count && !(value > floor(value));
}

cloze_status cz_setting_check(const cloze_plot_axis *axis, size_t count, cloze_error *error)
{
    if (!cz_is_text(axis->title))
        return cz_fail(error, CLOZE_ERROR_TEXT, "the title of an axis is not UTF-8");
    if (!axis->names)
        return CLOZE_OK;
    if (!axis->name_count || axis->name_count > NAMES_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "an axis of %zu names; it can have 1 to %d",
                       axis->name_count, (int)NAMES_MOST);
    for (size_t i = 0; i < axis->name_count; i++)
        if (!cz_is_text(axis->names[i]))
            return cz_fail(error, CLOZE_ERROR_TEXT, "name %zu of an axis is not UTF-8", i + 1);
    for (size_t i = 0; i < count; i++)
        if (cz_setting_has(axis, i) && !is_place(axis, axis->values[i]))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "trial %zu has the value %g, which is none of %zu names' places", i + 1,
                           axis->values[i], axis->name_count);
    return CLOZE_OK;
}

cz_scale cz_setting_scale(const cloze_plot_axis *axis, size_t count, double padding)
{
    cz_range range = { 0 };
    if (axis->names)
        return (cz_scale){ .low = -0.5, .high = (double)axis->name_count - 0.5 };
    for (size_t i = 0; i < count; i++)
        cz_range_add(&range, axis->values[i], axis->logarithmic);
    return cz_scale_of(&range, axis->logarithmic, padding);
}

bool cz_setting_ticks(const cloze_plot_axis *axis, size_t count, const cz_scale *scale, size_t most,
                      cz_ticks *out)
{
    if (axis->names) {
        cz_ticks_of_names(out, axis->names, axis->name_count);
        return true;
    }
    if (cz_ticks_of_values(out, axis->values, count, axis->logarithmic, most < 8 ? most : 8))
        return true;
    cz_ticks_choose(out, scale, most);
    return false;
}
