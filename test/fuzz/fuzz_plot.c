/* fuzz_plot.c - pictures of any numbers and names: each is drawn or refused with a message, and what
 * is drawn is a whole file. An SVG holds no elements but those that draw. The first byte chooses the picture
 * and its format. */
#include <cloze/plot.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VALUES = 64, NAMES = 8 };

typedef struct input {
    const uint8_t *at;
    size_t left;
    double values[4][VALUES];
    cloze_text names[NAMES];
} input;

static unsigned take(input *from)
{
    if (!from->left)
        return 0;
    from->left--;
    return *from->at++;
}

/* Small numbers, places among names, and any bits at all. */
static double take_value(input *from)
{
    unsigned kind = take(from);
    double value = 0;
    if (kind < 200)
        return kind % 50 / (kind < 100 ? 1.0 : 7.0);
    if (kind < 210)
        return NAN;
    for (size_t i = 0; i < sizeof value; i++) {
        uint8_t byte = (uint8_t)take(from);
        memcpy((char *)&value + i, &byte, 1);
    }
    return value;
}

static cloze_text take_text(input *from)
{
    size_t size = take(from) % 40;
    cloze_text text;
    size = size < from->left ? size : from->left;
    text = (cloze_text){ (const char *)from->at, size };
    from->at += size;
    from->left -= size;
    return text;
}

static cloze_plot_axis take_axis(input *from, size_t column)
{
    unsigned kind = take(from);
    cloze_plot_axis axis = { .values = from->values[column], .logarithmic = kind & 1 };
    if (kind % 7 == 2) {
        axis.names = from->names;
        axis.name_count = kind % 11 % (NAMES + 1);
    }
    axis.title = take_text(from);
    return axis;
}

static double take_size(input *from)
{
    unsigned kind = take(from);
    return kind < 100 ? 0 : kind < 200 ? 2.0 * kind : take_value(from);
}

static cloze_status draw_lines(input *from, const char *path, cloze_error *error)
{
    cloze_plot_line lines[3];
    cloze_plot_panel panels[2];
    cloze_plot_mark marks[2];
    cloze_line_plot plot = { .panels = panels, .count = 1 + take(from) % 2, .marks = marks };
    for (size_t i = 0; i < 3; i++) {
        unsigned kind = take(from);
        lines[i] = (cloze_plot_line){ .name = take_text(from),
                                      .x = from->values[kind % 4],
                                      .y = from->values[kind / 4 % 4],
                                      .deviation = kind & 16 ? from->values[2] : NULL,
                                      .count = take(from) % (VALUES + 1),
                                      .colour = kind / 32,
                                      .faint = kind & 1 };
    }
    for (size_t i = 0; i < 2; i++) {
        unsigned kind = take(from);
        panels[i] = (cloze_plot_panel){
            .lines = lines, .count = kind % 4, .title = take_text(from), .logarithmic = kind & 4
        };
        if (kind & 8) {
            panels[i].low = take_value(from);
            panels[i].high = take_value(from);
        }
        marks[i] = (cloze_plot_mark){ take_value(from), take_text(from) };
    }
    plot.mark_count = take(from) % 3;
    plot.title = take_text(from);
    plot.x_title = take_text(from);
    plot.logarithmic = take(from) & 1;
    plot.width = take_size(from);
    plot.height = take_size(from);
    return cloze_plot_lines(&plot, path, error);
}

static cloze_status draw_points(input *from, const char *path, cloze_error *error)
{
    cloze_point_plot plot = { .count = take(from) % (VALUES + 1) };
    plot.x = take_axis(from, 0);
    plot.y = take_axis(from, 1);
    plot.colour = take_axis(from, 2);
    plot.ringed = take(from) % 8;
    plot.ring_name = take_text(from);
    plot.title = take_text(from);
    plot.width = take_size(from);
    plot.height = take_size(from);
    return cloze_plot_points(&plot, path, error);
}

static cloze_status draw_trials(input *from, const char *path, cloze_error *error)
{
    cloze_plot_axis axes[4];
    cloze_trial_plot plot = { .count = take(from) % (VALUES + 1), .axes = axes };
    for (size_t i = 0; i < 4; i++)
        axes[i] = take_axis(from, i);
    plot.axis_count = take(from) % 5;
    plot.ringed = take(from) % 8;
    plot.title = take_text(from);
    plot.width = take_size(from);
    plot.height = take_size(from);
    return cloze_plot_trials(&plot, path, error);
}

static cloze_status draw_heat(input *from, const char *path, cloze_error *error)
{
    float numbers[VALUES * 4];
    unsigned kind = take(from);
    cloze_heat_plot plot = { .rows = take(from) % (NAMES + 1),
                             .columns = take(from) % (NAMES + 1),
                             .values = numbers,
                             .map = (cloze_colour_map)(kind % 5),
                             .scale = (cloze_plot_scale)(kind / 5 % 4),
                             .is_signed = kind & 128 };
    for (size_t i = 0; i < VALUES * 4; i++)
        numbers[i] = (float)from->values[i / VALUES][i % VALUES];
    plot.row_names = take(from) & 1 ? from->names : NULL;
    plot.column_names = take(from) & 1 ? from->names : NULL;
    plot.title = take_text(from);
    plot.row_title = take_text(from);
    plot.column_title = take_text(from);
    plot.value_title = take_text(from);
    if (kind & 64) {
        const float *const maps[] = { numbers, numbers + VALUES, numbers, numbers + VALUES };
        cloze_sheet_plot sheet = { .down = take(from) % 3,
                                   .across = take(from) % 3,
                                   .rows = plot.rows,
                                   .columns = plot.columns,
                                   .values = maps,
                                   .title = plot.title,
                                   .down_title = plot.row_title,
                                   .across_title = plot.column_title,
                                   .value_title = plot.value_title,
                                   .map = plot.map,
                                   .scale = plot.scale,
                                   .is_signed = plot.is_signed };
        return cloze_plot_sheet(&sheet, path, error);
    }
    return cloze_plot_heat(&plot, path, error);
}

static cloze_status draw_parts(input *from, const char *path, cloze_error *error)
{
    cloze_plot_part parts[8];
    cloze_part_panel panels[2];
    cloze_part_plot plot = { .texts = from->names, .parts = parts, .panels = panels };
    for (size_t i = 0; i < 8; i++) {
        size_t begin = take(from) % 16;
        parts[i] = (cloze_plot_part){ i % 4, begin, begin + take(from) % 8 };
    }
    for (size_t i = 0; i < 2; i++)
        panels[i] = (cloze_part_panel){ .title = take_text(from),
                                        .note = take_text(from),
                                        .values = from->values[i],
                                        .spread = take(from) & 1 ? from->values[2] : NULL };
    plot.text_count = take(from) % 6;
    plot.part_count = take(from) % 9;
    plot.panel_count = take(from) % 3;
    plot.bars = take(from) % 10;
    plot.no_text = take(from) & 1;
    plot.title = take_text(from);
    plot.width = take_size(from);
    return cloze_plot_parts(&plot, path, error);
}

static bool draws(const char *element)
{
    static const char *const names[] = {
        "?xml",   "svg",           "defs",           "g",        "symbol", "path",
        "use",    "rect",          "image",          "clipPath", "circle", "mask",
        "filter", "feColorMatrix", "linearGradient", "stop"
    };
    size_t size;
    element += *element == '/';
    size = strcspn(element, " />\n");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == size && !memcmp(names[i], element, size))
            return true;
    return false;
}

/* Whatever names say, nothing of them is an element. */
static void check_elements(FILE *file)
{
    enum { MOST = 1 << 22 };
    static char bytes[MOST];
    size_t size;
    rewind(file);
    size = fread(bytes, 1, MOST - 1, file);
    bytes[size] = 0;
    for (const char *at = strchr(bytes, '<'); at; at = strchr(at + 1, '<'))
        if (!draws(at + 1))
            abort();
}

/* A picture is there if and only if it was drawn. */
static void check(const char *path, cloze_status status, const cloze_error *error)
{
    FILE *file = fopen(path, "rb");
    char begin[5] = { 0 };
    if (status ? !error->message[0] || file
               : !file || fread(begin, 1, 4, file) != 4 ||
                     (strcmp(begin, "\x89PNG") != 0 && strcmp(begin, "<?xm") != 0 &&
                      strcmp(begin, "%PDF") != 0))
        abort();
    if (file && !strcmp(begin, "<?xm"))
        check_elements(file);
    if (file)
        fclose(file);
    unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const endings[] = { "svg", "svg", "svg", "pdf", "png" };
    static cloze_status (*const pictures[])(input * from, const char *path, cloze_error *error) = {
        draw_lines, draw_points, draw_trials, draw_heat, draw_parts
    };
    input from = { .at = data, .left = size };
    cloze_error error = { 0 };
    char path[64];
    unsigned kind = take(&from);
    snprintf(path, sizeof path, "/tmp/cloze-fuzz-plot-%ld.%s", (long)getpid(),
             endings[kind / 5 % 5]);
    for (size_t i = 0; i < NAMES; i++)
        from.names[i] = take_text(&from);
    for (size_t k = 0; k < 4; k++)
        for (size_t i = 0, count = take(&from) % VALUES; i < VALUES; i++)
            from.values[k][i] = i < count ? take_value(&from) : (double)(i % 5);
    check(path, pictures[kind % 5](&from, path, &error), &error);
    return 0;
}
