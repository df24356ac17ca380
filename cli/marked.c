/* marked.c - see marked.h. */
#include "marked.h"

#include "table.h"

static bool is_inside(cloze_text text, size_t at)
{
    return at < text.size && ((unsigned char)text.data[at] & 0xc0) == 0x80;
}

static void write_part(cli_output *output, cloze_text text, size_t begin, size_t end)
{
    output_cell(output, (cloze_text){ text.data + begin, end - begin }, 0, false);
}

static void write_mark(cli_output *output, cloze_text text, const cli_mark *mark)
{
    output_text(output, mark->before ? mark->before : "");
    if (mark->begin < mark->end) {
        output_text(output, "[-");
        write_part(output, text, mark->begin, mark->end);
        output_text(output, "-]");
    }
    if (mark->put.size) {
        output_text(output, "{+");
        output_cell(output, mark->put, 0, false);
        output_text(output, "+}");
    }
    output_text(output, mark->behind ? mark->behind : "");
}

void marked_write(cli_output *output, cloze_text text, const cli_mark *marks, size_t count,
                  size_t around)
{
    size_t at = 0, end = text.size;
    if (around && count && marks[0].begin > around)
        for (at = marks[0].begin - around; is_inside(text, at);)
            at++;
    if (around && count && text.size - marks[count - 1].end > around)
        for (end = marks[count - 1].end + around; is_inside(text, end);)
            end--;
    output_text(output, at ? "\xe2\x80\xa6" : "");
    for (size_t i = 0; i < count; i++) {
        write_part(output, text, at, marks[i].begin);
        write_mark(output, text, &marks[i]);
        at = marks[i].end;
    }
    write_part(output, text, at, end);
    output_text(output, end < text.size ? "\xe2\x80\xa6" : "");
}
