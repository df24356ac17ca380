/*
 * search.c - the line of a file that is nearest to a question. Vectors of the lines are kept in a
 * second file, so that the next question is answered without computing them again.
 *
 * cc search.c -o search $(pkg-config --cflags --libs cloze)
 * ./search MODEL TEXTS CACHE QUESTION   MODEL: a folder, or a hub name that `cloze pull` has fetched
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MOST = 100000 };

/* The lines of a file; their bytes in *bytes. */
static size_t read_lines(const char *path, cloze_text *lines, char **bytes)
{
    FILE *file = fopen(path, "rb");
    size_t count = 0, size = 0, room = 1 << 24;
    *bytes = malloc(room);
    if (file && *bytes)
        size = fread(*bytes, 1, room, file);
    if (file)
        fclose(file);
    for (size_t begin = 0, i = 0; i < size && count < LINES_MOST; i++)
        if ((*bytes)[i] == '\n') {
            lines[count++] = (cloze_text){ *bytes + begin, i - begin };
            begin = i + 1;
        }
    return count;
}

int main(int argc, char **argv)
{
    static cloze_text lines[LINES_MOST];
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_vector_cache *cache = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: search MODEL TEXTS CACHE QUESTION" };
    char *bytes = NULL;
    float *vectors = NULL;
    cloze_pair best;
    size_t count = argc == 5 ? read_lines(argv[2], lines, &bytes) : 0, width = 0, found = 0;
    bool good = argc == 5 && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error) &&
                !cloze_vector_cache_open(&cache, session, NULL, argv[3], &error);

    if (good) {
        cloze_text question = { argv[4], strlen(argv[4]) };
        width = cloze_embed_dimension(model, NULL);
        vectors = malloc((count + 1) * width * sizeof *vectors);
        good = vectors && !cloze_vector_cache_embed(cache, lines, count, vectors, NULL, &error) &&
               !cloze_vector_cache_save(cache, &error) &&
               !cloze_embed(session, &question, 1, NULL, vectors + count * width, NULL, NULL,
                            &error) &&
               !cloze_search(session, vectors + count * width, 1, vectors, count, width, 1, &best,
                             &found, &error);
    }
    if (good && found)
        printf("%.4f  %.*s\n", (double)best.score, (int)lines[best.second].size,
               lines[best.second].data);
    else if (!good)
        fprintf(stderr, "search: %s\n", error.message);
    cloze_vector_cache_free(cache);
    cloze_session_free(session);
    cloze_model_free(model);
    free(vectors);
    free(bytes);
    return good ? 0 : 1;
}
