/* squad.c - see squad.h. */
#include "squad.h"

#include "say.h"
#include "whole_file.h"

#include <stdlib.h>

int json_bytes_load(json_t **out, const char *name, const char *bytes, size_t size)
{
    json_error_t trouble;
    *out = json_loadb(bytes, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &trouble);
    if (*out)
        return 0;
    return say_failure(CLOZE_ERROR_FORMAT, "%s:%d: not JSON: %s", name, trouble.line, trouble.text);
}

int json_file_load(json_t **out, const char *path)
{
    char *bytes;
    size_t size;
    int code = read_whole_file(path, &bytes, &size);
    if (code)
        return code;
    code = json_bytes_load(out, path, bytes, size);
    free(bytes);
    return code;
}

cloze_text json_text(const json_t *string)
{
    return (cloze_text){ json_string_value(string), json_string_length(string) };
}

int squad_damaged(const char *name, const char *what)
{
    return say_failure(CLOZE_ERROR_FORMAT, "%s is not SQuAD's file of questions: %s", name, what);
}

static int check_answers(const squad_question *question)
{
    if (!json_is_array(question->answers))
        return squad_damaged(question->name, "a question has no list of answers");
    for (size_t i = 0; i < json_array_size(question->answers); i++)
        if (!json_is_string(json_object_get(json_array_get(question->answers, i), "text")))
            return squad_damaged(question->name, "an answer has no text");
    return 0;
}

int squad_walk(const json_t *root, const char *name, squad_visit *visit, void *context)
{
    const json_t *articles = json_object_get(root, "data"), *article, *paragraph, *item;
    size_t a, p, q;
    if (!json_is_array(articles))
        return squad_damaged(name, "there is no \"data\"");
    json_array_foreach(articles, a, article)
    {
        const json_t *paragraphs = json_object_get(article, "paragraphs");
        json_array_foreach(paragraphs, p, paragraph)
        {
            const json_t *questions = json_object_get(paragraph, "qas");
            json_array_foreach(questions, q, item)
            {
                squad_question question = {
                    .name = name,
                    .id = json_string_value(json_object_get(item, "id")),
                    .question = json_text(json_object_get(item, "question")),
                    .context = json_text(json_object_get(paragraph, "context")),
                    .answers = json_object_get(item, "answers"),
                };
                int code = check_answers(&question);
                if (!code)
                    code = visit(context, &question);
                if (code)
                    return code;
            }
        }
    }
    return 0;
}
