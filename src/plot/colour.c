/* colour.c - see colour.h. */
#include "plot/colour.h"

#include <math.h>

static double limited(double value)
{
    return fmin(1, fmax(0, value));
}

static double gamma_of(double linear)
{
    linear = limited(linear);
    return linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;
}

/* Oklab, by lightness, chroma and hue (radians). */
static cz_colour from_oklch(double lightness, double chroma, double hue)
{
    double a = chroma * cos(hue), b = chroma * sin(hue);
    double l = lightness + 0.3963377774 * a + 0.2158037573 * b;
    double m = lightness - 0.1055613458 * a - 0.0638541728 * b;
    double s = lightness - 0.0894841775 * a - 1.2914855480 * b;
    l = l * l * l;
    m = m * m * m;
    s = s * s * s;
    return (cz_colour){ gamma_of(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
                        gamma_of(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
                        gamma_of(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s) };
}

cz_colour cz_colour_of(double shade)
{
    const double blue = 4.5;
    double at = limited(shade);
    /* Little colour at the light end; the most that sRGB has room for at the dark one. */
    return from_oklch(0.985 - 0.62 * at, 0.005 + 0.17 * at * (1.35 - 0.62 * at), blue);
}

cz_colour cz_colour_along(double share)
{
    const double yellow = 1.75, violet = 5.0;
    double at = limited(share);
    /* In the middle sRGB has less room. */
    return from_oklch(0.84 - 0.54 * at, 0.135 - 0.205 * at * (1 - at),
                      yellow + (violet - yellow) * at);
}

/* From one hue at 0 over white to another at 1; both ends are as dark and as full. */
static cz_colour diverging(double share, double low_hue, double high_hue)
{
    double at = 2 * limited(share) - 1, far = fabs(at);
    return from_oklch(0.985 - 0.315 * far, 0.15 * far, at < 0 ? low_hue : high_hue);
}

cz_colour cz_colour_on(cloze_colour_map map, double share)
{
    const double blue = 4.4, orange = 1.05, red = 0.45;
    switch (map) {
    case CLOZE_COLOURS_VIOLET:
        return cz_colour_along(1 - share);
    case CLOZE_COLOURS_DIVERGING:
        return diverging(share, blue, orange);
    case CLOZE_COLOURS_RED_BLUE:
        return diverging(share, red, blue);
    default:
        return cz_colour_of(share);
    }
}

void cloze_plot_colour(cloze_colour_map map, double share, unsigned char rgb[3])
{
    cz_colour colour = cz_colour_on(map, share);
    rgb[0] = (unsigned char)(255 * colour.red + 0.5);
    rgb[1] = (unsigned char)(255 * colour.green + 0.5);
    rgb[2] = (unsigned char)(255 * colour.blue + 0.5);
}
