/*
 * follows.c - whether one text follows another: next sentence prediction, or sentence order.
 *
 * cc follows.c -o follows $(pkg-config --cflags --libs cloze)
 * ./follows MODEL FIRST SECOND   MODEL: a folder, or a hub name
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    cloze_text first = { argc > 3 ? argv[2] : "", argc > 3 ? strlen(argv[2]) : 0 };
    cloze_text second = { argc > 3 ? argv[3] : "", argc > 3 ? strlen(argv[3]) : 0 };
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: follows MODEL FIRST SECOND" };
    float score = 0;

    bool good = argc == 4 && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error) &&
                !cloze_follows(session, &first, &second, 1, NULL, &score, NULL, &error);
    if (good)
        printf("%.4f\n", (double)score);
    else
        fprintf(stderr, "follows: %s\n", error.message);
    cloze_session_free(session);
    cloze_model_free(model);
    return good ? 0 : 1;
}
