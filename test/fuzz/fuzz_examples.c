/* fuzz_examples.c - a file to learn from; the first two bytes choose what is learned, the layout,
 * the encoding, and how columns are named. */
#include "../../cli/encoding.h"
#include "../../cli/examples.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All that an example points to is there, and an answer lies inside its context. */
static unsigned walk(const cli_examples *examples, const cli_labels *labels)
{
    unsigned sum = 0;
    for (size_t i = 0; i < examples->count; i++) {
        const cli_example *one = &examples->item[i];
        const cloze_text texts[] = { one->text, one->pair, one->negative };
        for (int k = 0; k < 3; k++)
            for (size_t at = 0; texts[k].data && at <= texts[k].size; at++)
                sum += (unsigned char)texts[k].data[at];
        for (size_t k = 0; k < one->label_count; k++) {
            if (one->labels[k] >= labels->count)
                abort();
            sum += one->words ? (unsigned)one->words[k].size : 0;
        }
        for (size_t k = 0; k < one->number_count; k++)
            sum += one->numbers[k] > 0;
        if (one->answer_begin > one->answer_end || one->answer_end > one->pair.size)
            abort();
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cli_examples examples = { 0 };
    cli_labels labels = { 0 };
    example_format format;
    unsigned sum = 0;
    size_t left = size - 2;
    char *bytes;
    if (size < 2 || !(bytes = malloc(left + 1)))
        return 0;
    memcpy(bytes, data + 2, left);
    format = (example_format){
        .kind = EXAMPLES_LABELS + data[0] % EXAMPLES_SIMILARITY,
        .layout = 1 + (data[0] >> 4) % LAYOUT_LINES,
        .encoding = 1 + (data[1] & 3) % 3,
        .pairs = data[1] & 4,
        .no_header = data[1] & 8,
        .skip_empty = data[1] & 16,
        .separator = data[1] & 32 ? '|' : 0,
        .label_columns = data[1] & 64 ? "a,b" : NULL,
        .text_column = data[1] & 128 ? "2" : NULL,
    };
    if (!encoding_convert(&bytes, &left, format.encoding, "file") &&
        !examples_read_bytes(&examples, &format, &labels, "file", bytes, left) &&
        !labels_close(&labels)) {
        sum = walk(&examples, &labels);
        sum += (unsigned)examples_check(&examples, &format, &labels);
    }
    examples_clear(&examples);
    labels_clear(&labels);
    free(bytes);
    return sum == 1 && size == 0;
}
