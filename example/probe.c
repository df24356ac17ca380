/*
 * probe.c - which layer tells texts with one word from texts with another? A linear classifier learns it from the
 * states of each layer, and is tried on texts that it did not see.
 *
 * cc probe.c -o probe $(pkg-config --cflags --libs cloze)
 * ./probe MODEL < FILE   lines of a label (a number from 0), a tab and a text; the last quarter is tried
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MOST = 10000, LINE_MOST = 4096 };

static size_t read_examples(cloze_probe_example *examples)
{
    static char line[LINE_MOST];
    size_t count = 0;
    while (count < LINES_MOST && fgets(line, sizeof line, stdin)) {
        char *tab = strchr(line, '\t'), *text;
        if (!tab)
            continue;
        size_t size = strcspn(tab + 1, "\n");
        if (!(text = malloc(size + 1)))
            break;
        memcpy(text, tab + 1, size);
        examples[count++] = (cloze_probe_example){ .text = { text, size },
                                                   .label = (uint32_t)strtoul(line, NULL, 10) };
    }
    return count;
}

int main(int argc, char **argv)
{
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_probe_result *results = NULL;
    cloze_probe_example *examples = calloc(LINES_MOST, sizeof *examples);
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: probe MODEL < FILE" };
    size_t count = examples && argc == 2 ? read_examples(examples) : 0, layers = 0;
    double most;
    bool good = argc == 2 && examples && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error);
    if (good) {
        layers = cloze_model_describe(model).layers;
        results = calloc(layers + 1, sizeof *results);
        good = results && !cloze_probe(session, examples, count, NULL, results, &most, &error);
    }
    for (size_t i = 0; good && i <= layers; i++)
        printf("layer %2zu: %.3f right, %.3f of labels without a reason\n", i, results[i].accuracy,
               results[i].control);
    if (good)
        printf("the commonest label: %.3f\n", most);
    else
        fprintf(stderr, "probe: %s\n", error.message);
    for (size_t i = 0; i < count; i++)
        free((char *)(uintptr_t)examples[i].text.data);
    free(examples);
    free(results);
    cloze_session_free(session);
    cloze_model_free(model);
    return good ? 0 : 1;
}
