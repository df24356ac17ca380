/*
 * embed.c - the vectors of a few texts, and how similar the first is to each of the others.
 *
 * cc embed.c -o embed $(pkg-config --cflags --libs cloze)
 * ./embed MODEL TEXT TEXT ...      MODEL: a folder, or a hub name that `cloze pull` has fetched
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    size_t count = argc > 2 ? (size_t)argc - 2 : 0, columns;
    cloze_text *texts = calloc(count + 1, sizeof *texts);
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: embed MODEL TEXT ..." };
    float *vectors = NULL;

    for (size_t i = 0; texts && i < count; i++)
        texts[i] = (cloze_text){ argv[i + 2], strlen(argv[i + 2]) };
    bool good = texts && count && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error);
    columns = good ? cloze_embed_dimension(model, NULL) : 0;
    good = good && (vectors = calloc(count, columns * sizeof *vectors)) &&
           !cloze_embed(session, texts, count, NULL, vectors, NULL, NULL, &error);
    for (size_t i = 0; good && i < count; i++)
        printf("%.4f  %s\n", (double)cloze_cosine(vectors, vectors + i * columns, columns),
               argv[i + 2]);
    if (!good)
        fprintf(stderr, "embed: %s\n", error.message);
    cloze_session_free(session);
    cloze_model_free(model);
    free(vectors);
    free(texts);
    return good ? 0 : 1;
}
