/*
 * cluster.c - sentences that say nearly the same, in groups: communities of a given likeness.
 *
 * cc cluster.c -o cluster $(pkg-config --cflags --libs cloze)
 * ./cluster MODEL LIKENESS TEXT TEXT ...   LIKENESS: a cosine, such as 0.7
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS_MOST = 64 };

int main(int argc, char **argv)
{
    size_t count = argc > 3 ? (size_t)argc - 3 : 0, width = 0, found = 0;
    size_t members[TEXTS_MOST], ends[TEXTS_MOST];
    cloze_text texts[TEXTS_MOST];
    cloze_community_options alike = { .threshold = argc > 2 ? strtod(argv[2], NULL) : 0,
                                      .least = 2 };
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: cluster MODEL LIKENESS TEXT ..." };
    float *vectors = NULL;

    for (size_t i = 0; i < count && i < TEXTS_MOST; i++)
        texts[i] = (cloze_text){ argv[i + 3], strlen(argv[i + 3]) };
    bool good = count && count <= TEXTS_MOST && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error);
    width = good ? cloze_embed_dimension(model, NULL) : 0;
    good =
        good && (vectors = calloc(count, width * sizeof *vectors)) &&
        !cloze_embed(session, texts, count, NULL, vectors, NULL, NULL, &error) &&
        !cloze_communities(session, vectors, count, width, &alike, members, ends, &found, &error);
    for (size_t group = 0, i = 0; good && group < found; group++) {
        printf("group %zu\n", group + 1);
        for (; i < ends[group]; i++)
            printf("  %s\n", argv[members[i] + 3]);
    }
    if (!good)
        fprintf(stderr, "cluster: %s\n", error.message);
    cloze_session_free(session);
    cloze_model_free(model);
    free(vectors);
    return good ? 0 : 1;
}
