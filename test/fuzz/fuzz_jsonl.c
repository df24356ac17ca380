/* fuzz_jsonl.c - a line of a JSON lines file; the first byte chooses the fields that are
 * asked for. */
#include "../../cli/json_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_line line = { 0 };
    cloze_text text = { (const char *)data + 1, size ? size - 1 : 0 };
    unsigned sum = 0;
    if (!size)
        return 0;
    if (!json_line_parse(&line, text, data[0] & 1 ? "text" : NULL, data[0] & 2 ? "pair" : NULL,
                         "line 1")) {
        for (size_t i = 0; i < line.text.size; i++)
            sum += (unsigned char)line.text.data[i];
        for (size_t i = 0; line.pair.data && i < line.pair.size; i++)
            sum += (unsigned char)line.pair.data[i];
        json_line_clear(&line);
    }
    return sum == 1 && size == 0;
}
