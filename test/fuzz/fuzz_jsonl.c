/*
 * fuzz_jsonl.c - what the program reads texts from: lines, JSON lines, pairs with tabs, zero bytes.
 * The first byte chooses. Every text that comes out must be UTF-8 and readable to its end.
 */
#include "../../cli/input.h"
#include "../../cli/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Messages are not wanted here, but their formatting is. */
int say_failure(int code, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return code;
}

static void check(const cli_input *input)
{
    const cloze_text *texts = input_texts(input), *pairs = input_pairs(input);
    for (size_t i = 0; i < input_count(input); i++) {
        char where[64];
        size_t position;
        if (!text_is_utf8(texts[i], &position) ||
            (pairs && pairs[i].data && !text_is_utf8(pairs[i], &position)))
            abort();
        input_where(input, i, where, sizeof where);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *file = tmpfile();
    char path[32];
    const char *files[1] = { path };
    cli_settings settings = { .files = { files, 1 } };
    cli_input *input = NULL;
    if (!file || !size) {
        if (file)
            fclose(file);
        return 0;
    }
    settings.field = data[0] & 1 ? "text" : NULL;
    settings.pair_field = data[0] & 2 && data[0] & 1 ? "pair" : NULL;
    settings.tab_pairs = (data[0] & 3) == 2;
    settings.null_separated = data[0] & 4;
    fwrite(data + 1, 1, size - 1, file);
    fflush(file);
    rewind(file);
    snprintf(path, sizeof path, "/dev/fd/%d", fileno(file));
    if (!input_open(&input, &settings, NULL, 0))
        while (!input_next(input) && input_count(input))
            check(input);
    input_close(input);
    fclose(file);
    return 0;
}
