/*
 * zero_shot.c - a text judged by labels that the model was never trained on.
 *
 * cc zero_shot.c -o zero_shot $(pkg-config --cflags --libs cloze)
 * ./zero_shot MODEL TEXT LABEL LABEL ...   MODEL: natural language inference, a folder or hub name
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <string.h>

enum { LABELS_MOST = 32 };

int main(int argc, char **argv)
{
    size_t count = argc > 3 ? (size_t)argc - 3 : 0;
    cloze_text text = { argc > 2 ? argv[2] : "", argc > 2 ? strlen(argv[2]) : 0 };
    cloze_text labels[LABELS_MOST];
    float scores[LABELS_MOST];
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: zero_shot MODEL TEXT LABEL ..." };

    for (size_t i = 0; i < count && i < LABELS_MOST; i++)
        labels[i] = (cloze_text){ argv[i + 3], strlen(argv[i + 3]) };
    bool good = count && count <= LABELS_MOST && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error) &&
                !cloze_zero_shot(session, &text, 1, labels, count, NULL, scores, NULL, &error);
    for (size_t i = 0; good && i < count; i++)
        printf("%.4f  %s\n", (double)scores[i], argv[i + 3]);
    if (!good)
        fprintf(stderr, "zero_shot: %s\n", error.message);
    cloze_session_free(session);
    cloze_model_free(model);
    return good ? 0 : 1;
}
