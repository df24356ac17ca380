/* fuzz_rows.c - a file of labelled examples; the first byte chooses its layout, whether columns have
 * names, and what separates lists. */
#include "../../cli/rows.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned sum_of(cloze_text text)
{
    unsigned sum = 0;
    for (size_t i = 0; i < text.size; i++)
        sum += (unsigned char)text.data[i];
    return sum;
}

static unsigned walk(cli_rows *rows, char separator)
{
    unsigned sum = 0;
    bool more = true;
    while (!rows_next(rows, &more) && more)
        for (int slot = 0; slot < 2; slot++) {
            const cloze_text *items;
            cloze_text text;
            size_t count;
            if (!rows_text(rows, slot, &text))
                sum += sum_of(text);
            if (rows_list(rows, slot, separator, &items, &count))
                continue;
            for (size_t i = 0; i < count; i++)
                sum += sum_of(items[i]);
        }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cli_rows *rows = NULL;
    unsigned sum = 0;
    char *bytes;
    if (!size || !(bytes = malloc(size)))
        return 0;
    memcpy(bytes, data + 1, size - 1);
    if (!rows_open_bytes(&rows, "file", bytes, size - 1, LAYOUT_TSV + data[0] % 4, data[0] & 4)) {
        const char *names[] = { data[0] & 16 ? "2" : NULL, data[0] & 32 ? "1" : NULL };
        if (!rows_bind(rows, 0, names[0], "label", -1, "--label-column") &&
            !rows_bind(rows, 1, names[1], "prediction", 1, "--prediction-column"))
            sum = walk(rows, data[0] & 8 ? ' ' : ',');
        rows_close(rows);
    }
    free(bytes);
    return sum == 1 && size == 0;
}
