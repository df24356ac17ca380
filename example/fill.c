/*
 * fill.c - what could stand in the place of a mask.
 *
 * cc fill.c -o fill $(pkg-config --cflags --libs cloze)
 * ./fill MODEL TEXT   MODEL: a folder, or a hub name; TEXT: with the model's mask, usually [MASK]
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    cloze_text text = { argc > 2 ? argv[2] : "", argc > 2 ? strlen(argv[2]) : 0 };
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_fillings *fillings = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: fill MODEL TEXT" };

    bool good = argc == 3 && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error) &&
                !cloze_fillings_new(&fillings, NULL, &error) &&
                !cloze_fill(session, &text, 1, NULL, fillings, NULL, &error);
    for (size_t i = 0; good && i < cloze_fillings_count(fillings); i++) {
        char *filled;
        size_t size;
        good = !cloze_fillings_sequence(fillings, model, 0, 0, i, &filled, &size, &error);
        if (good) {
            printf("%.4f  %s\n", (double)cloze_fillings_get(fillings, 0, 0, i).score, filled);
            cloze_tokenizer_release_text(cloze_model_tokenizer(model), filled);
        }
    }
    if (!good)
        fprintf(stderr, "fill: %s\n", error.message);
    cloze_fillings_free(fillings);
    cloze_session_free(session);
    cloze_model_free(model);
    return good ? 0 : 1;
}
