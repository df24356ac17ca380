/*
 * finder_json.c - patterns of a tokenizer.json: a fixed text, an expression whose spelling is known,
 * or any other expression.
 */
#include "text/loaders.h"

enum { PATTERN_LIMIT = 4096 };

cloze_status cz_load_finder(cz_finder *finder, const cloze_allocator *allocator,
                            const json_t *pattern, cloze_error *error)
{
    const json_t *text = json_object_get(pattern, "String");
    const json_t *expression = json_object_get(pattern, "Regex");
    const json_t *given = expression ? expression : text;
    cloze_text spelled = { json_string_value(given), json_string_length(given) };
    if (json_object_size(pattern) != 1 || !json_is_string(given))
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "a \"pattern\" must be an object with one \"String\" or \"Regex\"");
    if (spelled.size > PATTERN_LIMIT)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "a \"pattern\" has more than %d bytes",
                       (int)PATTERN_LIMIT);
    if (expression) {
        finder->kind = CZ_FIND_WORDS;
        if (cz_word_rules_of(spelled, &finder->rules))
            return CLOZE_OK;
        finder->kind = CZ_FIND_SPACES;
        if (!strcmp(spelled.data, " {2,}"))
            return CLOZE_OK;
        finder->kind = CZ_FIND_EXPRESSION;
        return cz_expression_new(&finder->expression, allocator, spelled, error);
    }
    finder->kind = CZ_FIND_TEXT;
    finder->size = spelled.size;
    finder->text = cz_copy_text(allocator, spelled.data, spelled.size);
    return finder->text ? CLOZE_OK : cz_fail_memory(error, "a pattern", spelled.size);
}
