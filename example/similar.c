/*
 * similar.c - the most similar of a few texts, pair by pair.
 *
 * cc similar.c -o similar $(pkg-config --cflags --libs cloze)
 * ./similar MODEL TEXT TEXT ...    MODEL: a folder, or a hub name that `cloze pull` has fetched
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOP = 5 };

int main(int argc, char **argv)
{
    size_t count = argc > 3 ? (size_t)argc - 2 : 0, columns, found = 0;
    cloze_text *texts = calloc(count + 1, sizeof *texts);
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: similar MODEL TEXT TEXT ..." };
    cloze_pair pairs[TOP];
    float *vectors = NULL;

    for (size_t i = 0; texts && i < count; i++)
        texts[i] = (cloze_text){ argv[i + 2], strlen(argv[i + 2]) };
    bool good = texts && count && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error);
    columns = good ? cloze_embed_dimension(model, NULL) : 0;
    good = good && (vectors = calloc(count, columns * sizeof *vectors)) &&
           !cloze_embed(session, texts, count, NULL, vectors, NULL, NULL, &error) &&
           !cloze_similar_pairs(session, vectors, count, columns, TOP, pairs, &found, &error);
    for (size_t i = 0; i < found; i++)
        printf("%.4f  %s | %s\n", (double)pairs[i].score, argv[pairs[i].first + 2],
               argv[pairs[i].second + 2]);
    if (!good)
        fprintf(stderr, "similar: %s\n", error.message);
    cloze_session_free(session);
    cloze_model_free(model);
    free(vectors);
    free(texts);
    return good ? 0 : 1;
}
