/*
 * plot/setting.h - an axis of trials: its scale and what it names, from the values that there are.
 */
#ifndef CZ_PLOT_SETTING_H
#define CZ_PLOT_SETTING_H

#include "plot/ticks.h"

#include <cloze/plot.h>

cloze_status cz_setting_check(const cloze_plot_axis *axis, size_t count, cloze_error *error);

cz_scale cz_setting_scale(const cloze_plot_axis *axis, size_t count, double padding);
/* Names, the values themselves if they are few, or round numbers, which is false. */
bool cz_setting_ticks(const cloze_plot_axis *axis, size_t count, const cz_scale *scale, size_t most,
                      cz_ticks *out);

/* Whether the value of trial `i` is known. */
bool cz_setting_has(const cloze_plot_axis *axis, size_t i);

#endif
