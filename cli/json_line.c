/* json_line.c - see json_line.h. */
#include "json_line.h"

#include "say.h"

#include <jansson.h>

static int find(const json_t *root, const char *field, const char *where, cloze_text *out)
{
    const json_t *value = json_is_string(root) ? root : json_object_get(root, field);
    if (!json_is_string(root) && !json_is_object(root))
        return say_failure(CLOZE_ERROR_TEXT, "%s: the line is not a JSON object", where);
    if (!value)
        return say_failure(CLOZE_ERROR_TEXT, "%s: there is no field \"%s\"", where, field);
    if (!json_is_string(value))
        return say_failure(CLOZE_ERROR_TEXT, "%s: the field \"%s\" is not a text", where, field);
    *out = (cloze_text){ json_string_value(value), json_string_length(value) };
    return 0;
}

int json_line_parse(json_line *out, cloze_text line, const char *field, const char *pair_field,
                    const char *where)
{
    json_error_t trouble;
    json_t *root = json_loadb(line.data, line.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &trouble);
    int code;
    *out = (json_line){ .root = root };
    if (!root)
        return say_failure(CLOZE_ERROR_TEXT, "%s: not JSON at byte %d: %s", where, trouble.position,
                           trouble.text);
    code = find(root, field, where, &out->text);
    if (!code && pair_field)
        code = find(root, pair_field, where, &out->pair);
    if (code)
        json_line_clear(out);
    return code;
}

void json_line_clear(json_line *line)
{
    json_decref(line->root);
    line->root = NULL;
}
