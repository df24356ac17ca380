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

cz_colour cz_colour_of(double shade)
{
    const double hue = 4.5; /* radians: blue */
    double at = limited(shade), lightness = 0.985 - 0.62 * at;
    /* Little colour at the light end; the most that sRGB has room for at the dark one. */
    double chroma = 0.005 + 0.17 * at * (1.35 - 0.62 * at);
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
