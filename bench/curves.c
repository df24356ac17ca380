/*
 * curves.c - the losses of several runs on the same held-out text in one picture, as their
 * training.jsonl tell them: runs of cloze pretrain, and of bench/peers/race_pretraining.py.
 *
 * usage: bench_curves OUT.svg NAME=FILE ...
 */
#include <cloze/plot.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_MOST = 7, POINTS_MOST = 10000, LINE_MOST = 1 << 16 };

typedef struct curve {
    double x[POINTS_MOST], y[POINTS_MOST];
    size_t count;
} curve;

static void take(curve *to, const char *line)
{
    json_t *event = json_loads(line, 0, NULL);
    const json_t *loss = json_object_get(json_object_get(event, "dev"), "loss");
    const char *name = json_string_value(json_object_get(event, "event"));
    if (name && !strcmp(name, "measure") && json_is_number(loss) && to->count < POINTS_MOST) {
        to->x[to->count] = json_number_value(json_object_get(event, "step"));
        to->y[to->count++] = json_number_value(loss);
    }
    json_decref(event);
}

static bool read_run(curve *to, const char *path)
{
    static char line[LINE_MOST];
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    while (fgets(line, sizeof line, file))
        take(to, line);
    fclose(file);
    return to->count;
}

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static int draw(const char *path, cloze_plot_line *lines, size_t count)
{
    const cloze_plot_panel panel = { .lines = lines, .count = count, .title = text_of("loss") };
    const cloze_line_plot plot = {
        .panels = &panel, .count = 1, .title = text_of("held-out loss"), .x_title = text_of("step")
    };
    cloze_error error;
    if (!cloze_plot_lines(&plot, path, &error))
        return EXIT_SUCCESS;
    fprintf(stderr, "%s\n", error.message);
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    cloze_plot_line lines[RUNS_MOST];
    size_t count = argc > 2 ? (size_t)argc - 2 : 0;
    curve *runs = calloc(RUNS_MOST, sizeof *runs);
    int code = EXIT_SUCCESS;
    if (!runs || !count || count > RUNS_MOST) {
        fprintf(stderr, "usage: %s OUT.svg NAME=FILE ... (up to %d)\n", argv[0], RUNS_MOST);
        code = EXIT_FAILURE;
    }
    for (size_t i = 0; i < count && !code; i++) {
        char *sign = strchr(argv[i + 2], '=');
        if (!sign || !read_run(&runs[i], sign + 1)) {
            fprintf(stderr, "%s: no NAME=FILE with measurements\n", argv[i + 2]);
            code = EXIT_FAILURE;
            continue;
        }
        lines[i] = (cloze_plot_line){ .name = { argv[i + 2], (size_t)(sign - argv[i + 2]) },
                                      .x = runs[i].x,
                                      .y = runs[i].y,
                                      .count = runs[i].count };
    }
    if (!code)
        code = draw(argv[1], lines, count);
    free(runs);
    return code;
}
