/*
 * convert.c - a model's folder written anew, its weights as safetensors of half the size.
 *
 * cc convert.c -o convert $(pkg-config --cflags --libs cloze)
 * ./convert FOLDER NEW
 */
#include <cloze/cloze.h>

#include <stdio.h>

int main(int argc, char **argv)
{
    cloze_convert_options options = { .numbers = CLOZE_NUMBERS_BF16 };
    cloze_convert_report report;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: convert FOLDER NEW" };

    if (argc != 3 || cloze_convert(argv[1], argv[2], &options, &report, &error)) {
        fprintf(stderr, "convert: %s\n", error.message);
        return 1;
    }
    printf("%s: %zu tensors, %zu bytes\n", argv[2], report.tensors, report.bytes);
    return 0;
}
