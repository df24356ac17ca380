/*
 * choose.c - which of several continuations suits a text.
 *
 * cc choose.c -o choose $(pkg-config --cflags --libs cloze)
 * ./choose MODEL TEXT CHOICE CHOICE ...   MODEL: multiple choice, a folder or hub name
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <string.h>

enum { CHOICES_MOST = 32 };

int main(int argc, char **argv)
{
    size_t count = argc > 3 ? (size_t)argc - 3 : 0, offsets[] = { 0, count };
    cloze_text text = { argc > 2 ? argv[2] : "", argc > 2 ? strlen(argv[2]) : 0 };
    cloze_text choices[CHOICES_MOST];
    float scores[CHOICES_MOST];
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: choose MODEL TEXT CHOICE ..." };

    for (size_t i = 0; i < count && i < CHOICES_MOST; i++)
        choices[i] = (cloze_text){ argv[i + 3], strlen(argv[i + 3]) };
    bool good = count && count <= CHOICES_MOST &&
                !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error) &&
                !cloze_choose(session, &text, 1, choices, offsets, NULL, scores, NULL, &error);
    for (size_t i = 0; good && i < count; i++)
        printf("%.4f  %s\n", (double)scores[i], argv[i + 3]);
    if (!good)
        fprintf(stderr, "choose: %s\n", error.message);
    cloze_session_free(session);
    cloze_model_free(model);
    return good ? 0 : 1;
}
