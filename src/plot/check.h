/*
 * plot/check.h - what every picture checks of what it is given, before anything is drawn.
 */
#ifndef CZ_PLOT_CHECK_H
#define CZ_PLOT_CHECK_H

#include <cloze/status.h>

bool cz_is_text(cloze_text text); /* UTF-8 */

#endif
