/*
 * tag.c - the names and other entities of a text, by a checkpoint that was fine-tuned to find them.
 *
 * cc tag.c -o tag $(pkg-config --cflags --libs cloze)
 * ./tag MODEL TEXT   MODEL: a folder, or a hub name that `cloze pull` has fetched
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    cloze_text text = { argc > 2 ? argv[2] : "", argc > 2 ? strlen(argv[2]) : 0 };
    cloze_tag_options options = { .strategy = CLOZE_TAG_FIRST, .long_text = CLOZE_LONG_CHUNK };
    cloze_model *model = NULL;
    cloze_session *session = NULL;
    cloze_entities *entities = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: tag MODEL TEXT" };

    bool good = argc == 3 && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_session_new(&session, model, NULL, &error) &&
                !cloze_entities_new(&entities, NULL, &error) &&
                !cloze_tag(session, &text, 1, &options, entities, NULL, NULL, &error);
    for (size_t i = 0; good && i < cloze_entities_count(entities, 0); i++) {
        cloze_entity entity = cloze_entities_get(entities, 0, i);
        printf("%.4f  %s  %.*s\n", (double)entity.score, entity.label,
               (int)(entity.end - entity.begin), text.data + entity.begin);
    }
    if (!good)
        fprintf(stderr, "tag: %s\n", error.message);
    cloze_entities_free(entities);
    cloze_session_free(session);
    cloze_model_free(model);
    return good ? 0 : 1;
}
