/* explain_text.c - a text on a terminal, its units on coloured grounds. */
#include "explain.h"

#include "table.h"

#include <cloze/plot.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Less than this share of the largest is left without a ground. */
static const double seen = 0.04;

static bool says(const char *variable, const char *part)
{
    const char *value = getenv(variable);
    return value && strstr(value, part);
}

/* Choices of --colour. */
enum { COLOUR_AUTO = 1, COLOUR_ALWAYS, COLOUR_NEVER };

cli_inks explain_inks(const explain_job *job)
{
    int choice = job->settings->explain.colour ? job->settings->explain.colour : COLOUR_AUTO;
    const char *refused = getenv("NO_COLOR");
    bool all = says("COLORTERM", "truecolor") || says("COLORTERM", "24bit");
    if (choice == COLOUR_NEVER)
        return INKS_NONE;
    if (choice == COLOUR_AUTO && (!output_is_terminal(job->output) || (refused && *refused) ||
                                  says("TERM", "dumb") || !(all || says("TERM", "256color"))))
        return INKS_NONE;
    return all ? INKS_ALL : INKS_256;
}

/* The nearest of the cube of 6 x 6 x 6 colours that begins at 16; its steps are 0, 95, 135, ... 255. */
static int cube_colour(const unsigned char rgb[3])
{
    int at[3];
    for (int i = 0; i < 3; i++)
        at[i] = rgb[i] < 48 ? 0 : rgb[i] < 115 ? 1 : (rgb[i] - 35) / 40;
    return 16 + 36 * at[0] + 6 * at[1] + at[2];
}

/* All grounds are light: black is read on them whatever the terminal's own colours are. */
static void begin_ground(cli_output *output, double share, cli_inks inks)
{
    unsigned char rgb[3];
    cloze_plot_colour(CLOZE_COLOURS_DIVERGING, 0.5 + share / 2, rgb);
    if (inks == INKS_ALL)
        output_format(output, "\033[38;2;0;0;0;48;2;%d;%d;%dm", rgb[0], rgb[1], rgb[2]);
    else
        output_format(output, "\033[38;5;16;48;5;%dm", cube_colour(rgb));
}

static void write_side(cli_output *output, const cli_explanation *x, const cli_attribution *made,
                       int side, cli_inks inks)
{
    cloze_text text = side ? x->pair : x->text;
    double largest = attribution_largest(made, x->facts.units);
    size_t at = 0;
    output_text(output, "  ");
    for (size_t u = 0; u < x->facts.units; u++) {
        cloze_explain_part part = cloze_explainer_unit(x->explainer, u);
        double share = made->units[u] / largest;
        /* Tokens of one character lie at the same place; the first shows it. */
        size_t begin = part.span.begin > at ? part.span.begin : at;
        size_t end = part.span.begin + explanation_unit(x, u).size;
        if (part.span.side != side || end <= begin)
            continue;
        output_cell(output, (cloze_text){ text.data + at, begin - at }, 0, false);
        bool grounded = inks != INKS_NONE && fabs(share) >= seen;
        if (grounded)
            begin_ground(output, share, inks);
        output_cell(output, (cloze_text){ text.data + begin, end - begin }, 0, false);
        output_text(output, grounded ? "\033[0m" : "");
        at = end;
    }
    output_cell(output, (cloze_text){ text.data + at, text.size - at }, 0, false);
    output_text(output, "\n");
}

void explain_write_plain(cli_output *output, const cli_explanation *explanation)
{
    for (int side = 0; side < (explanation->pair.size ? 2 : 1); side++) {
        output_text(output, "  ");
        output_cell(output, side ? explanation->pair : explanation->text, 0, false);
        output_text(output, "\n");
    }
}

void explain_write_text(cli_output *output, const cli_explanation *explanation,
                        const cli_attribution *made, cli_inks inks)
{
    write_side(output, explanation, made, 0, inks);
    if (explanation->pair.size)
        write_side(output, explanation, made, 1, inks);
}
