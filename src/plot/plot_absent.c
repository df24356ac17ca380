/* plot_absent.c - in place of pictures where cairo and pango were missing at building. */
#include "base/error.h"

#include <cloze/plot.h>

static cloze_status absent(cloze_error *error)
{
    return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                   "this cloze was built without pictures: cairo and pango were missing (Debian: "
                   "libpango1.0-dev)");
}

cloze_status cloze_plot_ready(const char *path, cloze_error *error)
{
    (void)path;
    return absent(error);
}

cloze_status cloze_plot_matrix(const cloze_matrix_plot *plot, const char *path, cloze_error *error)
{
    (void)plot;
    (void)path;
    return absent(error);
}

cloze_status cloze_plot_heat(const cloze_heat_plot *plot, const char *path, cloze_error *error)
{
    (void)plot;
    (void)path;
    return absent(error);
}

cloze_status cloze_plot_sheet(const cloze_sheet_plot *plot, const char *path, cloze_error *error)
{
    (void)plot;
    (void)path;
    return absent(error);
}

cloze_status cloze_plot_parts(const cloze_part_plot *plot, const char *path, cloze_error *error)
{
    (void)plot;
    (void)path;
    return absent(error);
}

cloze_status cloze_plot_lines(const cloze_line_plot *plot, const char *path, cloze_error *error)
{
    (void)plot;
    (void)path;
    return absent(error);
}

cloze_status cloze_plot_points(const cloze_point_plot *plot, const char *path, cloze_error *error)
{
    (void)plot;
    (void)path;
    return absent(error);
}

cloze_status cloze_plot_trials(const cloze_trial_plot *plot, const char *path, cloze_error *error)
{
    (void)plot;
    (void)path;
    return absent(error);
}
