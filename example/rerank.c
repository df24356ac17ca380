/*
 * rerank.c - passages in the order in which they answer a query, by a cross-encoder.
 *
 * cc rerank.c -o rerank $(pkg-config --cflags --libs cloze)
 * ./rerank MODEL QUERY PASSAGE PASSAGE ...   MODEL: a folder, or a hub name that is in the cache
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <string.h>

enum { PASSAGES_MOST = 64 };

int main(int argc, char **argv)
{
    size_t count = argc > 3 ? (size_t)argc - 3 : 0;
    cloze_text query = { argc > 2 ? argv[2] : "", argc > 2 ? strlen(argv[2]) : 0 };
    cloze_text passages[PASSAGES_MOST];
    cloze_ranking ranking[PASSAGES_MOST];
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: rerank MODEL QUERY PASSAGE ..." };

    for (size_t i = 0; i < count && i < PASSAGES_MOST; i++)
        passages[i] = (cloze_text){ argv[i + 3], strlen(argv[i + 3]) };
    bool good = count && count <= PASSAGES_MOST &&
                !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error) &&
                !cloze_rerank(session, query, passages, count, NULL, ranking, NULL, &error);
    for (size_t i = 0; good && i < count; i++)
        printf("%.4f  %s\n", (double)ranking[i].score, argv[ranking[i].passage + 3]);
    if (!good)
        fprintf(stderr, "rerank: %s\n", error.message);
    cloze_session_free(session);
    cloze_model_free(model);
    return good ? 0 : 1;
}
