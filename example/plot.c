/*
 * plot.c - a training as a picture: lines of standard input hold a step, its loss and its learning
 * rate; the best step is marked.
 *
 * cc plot.c -o plot $(pkg-config --cflags --libs cloze)
 * ./plot curve.svg < log.txt   a name that ends in .png, .svg or .pdf
 */
#include <cloze/cloze.h>

#include <stdio.h>

enum { MOST = 100000 };

static double step[MOST], loss[MOST], rate[MOST];

int main(int argc, char **argv)
{
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: plot FILE < LOG" };
    size_t count = 0, best = 0;
    while (count < MOST && scanf("%lf %lf %lf", &step[count], &loss[count], &rate[count]) == 3) {
        best = loss[count] < loss[best] ? count : best;
        count++;
    }

    cloze_plot_line losses = { .name = { "training", 8 }, .x = step, .y = loss, .count = count };
    cloze_plot_line rates = { .x = step, .y = rate, .count = count };
    cloze_plot_panel panels[] = {
        { .lines = &losses, .count = 1, .title = { "loss", 4 }, .logarithmic = true },
        { .lines = &rates, .count = 1, .title = { "learning rate", 13 } },
    };
    cloze_plot_mark mark = { step[best], { "best", 4 } };
    cloze_line_plot plot = { .panels = panels,
                             .count = 2,
                             .marks = &mark,
                             .mark_count = count > 0,
                             .x_title = { "step", 4 } };
    if (argc == 2 && !cloze_plot_lines(&plot, argv[1], &error))
        return 0;
    fprintf(stderr, "plot: %s\n", error.message);
    return 1;
}
