/*
 * plot/check.h - what every picture checks of what it is given, before anything is drawn.
 */
#ifndef CZ_PLOT_CHECK_H
#define CZ_PLOT_CHECK_H

#include <cloze/plot.h>

bool cz_is_text(cloze_text text); /* UTF-8 */

/* Points, each 0 or 200 to 4,000; else CLOZE_ERROR_LIMIT. */
cloze_status cz_check_size(double width, double height, cloze_error *error);

/* That there are such a map of colours and such a scale; else CLOZE_ERROR_ARGUMENT. */
cloze_status cz_check_shades(cloze_colour_map map, cloze_plot_scale scale, cloze_error *error);

#endif
