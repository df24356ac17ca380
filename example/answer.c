/*
 * answer.c - the answer to a question, as a span of the text that it is about.
 *
 * cc answer.c -o answer $(pkg-config --cflags --libs cloze)
 * ./answer MODEL QUESTION TEXT   MODEL: a folder, or a hub name that `cloze pull` has fetched
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    cloze_text question = { argc > 2 ? argv[2] : "", argc > 2 ? strlen(argv[2]) : 0 };
    cloze_text context = { argc > 3 ? argv[3] : "", argc > 3 ? strlen(argv[3]) : 0 };
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_answer_span answer;
    size_t found = 0;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: answer MODEL QUESTION TEXT" };

    bool good = argc == 4 && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error) &&
                !cloze_answer(session, &question, &context, 1, NULL, &answer, &found, NULL, &error);
    if (good && found)
        printf("%.4f  %.*s\n", (double)answer.score, (int)(answer.end - answer.begin),
               context.data + answer.begin);
    if (!good)
        fprintf(stderr, "answer: %s\n", error.message);
    cloze_session_free(session);
    cloze_model_free(model);
    return good ? 0 : 1;
}
