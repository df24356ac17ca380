/* check.c - see check.h. */
#include "plot/check.h"

#include "base/error.h"
#include "base/utf8.h"

static const double least = 200, most = 4000;

bool cz_is_text(cloze_text text)
{
    for (size_t at = 0, step; at < text.size; at += step)
        if (!(step = cz_utf8_length(text.data + at, text.size - at)))
            return false;
    return true;
}

static bool is_size(double size)
{
    return (size >= 0 && size <= 0) || (size >= least && size <= most);
}

cloze_status cz_check_size(double width, double height, cloze_error *error)
{
    if (is_size(width) && is_size(height))
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_LIMIT,
                   "a picture of %g x %g points; each must be %g to %g, or 0", width, height, least,
                   most);
}

cloze_status cz_check_shades(cloze_colour_map map, cloze_plot_scale scale, cloze_error *error)
{
    if (map < CLOZE_COLOUR_MAPS && scale < CLOZE_PLOT_SCALES)
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no such map of colours or scale");
}
