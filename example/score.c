/*
 * score.c - how likely texts are to a masked language model.
 *
 * cc score.c -o score $(pkg-config --cflags --libs cloze)
 * ./score MODEL TEXT ...   MODEL: a folder, or a hub name
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: score MODEL TEXT ..." };

    bool good = argc > 2 && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error);
    for (int i = 2; good && i < argc; i++) {
        cloze_text text = { argv[i], strlen(argv[i]) };
        cloze_likelihood likelihood;
        good = !cloze_likelihoods(session, &text, 1, NULL, &likelihood, NULL, &error);
        if (good)
            printf("%.4f  %zu tokens  %s\n", likelihood.sum, likelihood.tokens, argv[i]);
    }
    if (!good)
        fprintf(stderr, "score: %s\n", error.message);
    cloze_session_free(session);
    cloze_model_free(model);
    return good ? 0 : 1;
}
