/* data.c - all but attention as JSON. Texts stay whole; where units and tokens lie in them is given in
 * bytes, and the page cuts them. */
#include "page/parts.h"

#include "base/error.h"
#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 9 };

/* jansson takes NULL for a value as the failure of what it is put into, so one check at the end does. */
typedef struct object {
    json_t *value;
    bool failed;
} object;

static object new_object(void)
{
    json_t *value = json_object();
    return (object){ value, !value };
}

static void set(object *in, const char *key, json_t *value)
{
    if (json_object_set_new(in->value, key, value))
        in->failed = true;
}

static json_t *finish(object in)
{
    if (!in.failed)
        return in.value;
    json_decref(in.value);
    return NULL;
}

static json_t *text_of(cloze_text text)
{
    return json_stringn(text.size ? text.data : "", text.size);
}

static json_t *number_of(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* An array of `count` values that `make` makes of `items`; NULL when one of them is. */
static json_t *array_of(json_t *(*make)(const void *items, size_t i), const void *items,
                        size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < count; i++)
        if (json_array_append_new(array, make(items, i))) {
            json_decref(array);
            array = NULL;
        }
    return array;
}

static json_t *make_text(const void *items, size_t i)
{
    return text_of(((const cloze_text *)items)[i]);
}

static json_t *make_number(const void *items, size_t i)
{
    return number_of(((const double *)items)[i]);
}

static json_t *numbers_of(const double *values, size_t count)
{
    return values ? array_of(make_number, values, count) : json_null();
}

static json_t *make_figure(const void *items, size_t i)
{
    const cloze_page_figure *figure = (const cloze_page_figure *)items + i;
    object out = new_object();
    set(&out, "name", text_of(figure->name));
    set(&out, "value", number_of(figure->value));
    return finish(out);
}

static void set_place(object *in, int side, size_t begin, size_t end)
{
    set(in, "side", json_integer(side));
    set(in, "begin", json_integer((json_int_t)begin));
    set(in, "end", json_integer((json_int_t)end));
}

static json_t *make_unit(const void *items, size_t i)
{
    const cloze_page_unit *unit = (const cloze_page_unit *)items + i;
    object out = new_object();
    set_place(&out, unit->side, unit->begin, unit->end);
    return finish(out);
}

static json_t *make_token(const void *items, size_t i)
{
    const cloze_page_token *token = (const cloze_page_token *)items + i;
    bool special = token->side < 0;
    object out = new_object();
    set(&out, "name", text_of(token->name));
    set_place(&out, token->side, special ? 0 : token->begin, special ? 0 : token->end);
    set(&out, "unit", json_integer(token->unit));
    return finish(out);
}

static json_t *make_method(const void *items, size_t i)
{
    const cloze_page *page = items;
    const cloze_page_method *method = &page->methods[i];
    object out = new_object();
    set(&out, "name", text_of(method->name));
    set(&out, "note", text_of(method->note));
    set(&out, "units", numbers_of(method->units, page->unit_count));
    set(&out, "spread", numbers_of(method->spread, page->unit_count));
    set(&out, "tokens", numbers_of(method->tokens, page->token_count));
    set(&out, "figures", array_of(make_figure, method->figures, method->figure_count));
    return finish(out);
}

static json_t *make_table(const void *items, size_t i)
{
    const cloze_page_table *table = (const cloze_page_table *)items + i;
    object out = new_object();
    set(&out, "title", text_of(table->title));
    set(&out, "note", text_of(table->note));
    set(&out, "rows", array_of(make_text, table->row_names, table->rows));
    set(&out, "columns", array_of(make_text, table->column_names, table->columns));
    set(&out, "values", numbers_of(table->values, table->rows * table->columns));
    set(&out, "spread", numbers_of(table->spread, table->rows * table->columns));
    return finish(out);
}

static json_t *make_layer(const void *items, size_t i)
{
    return json_integer((json_int_t)((const cloze_page_layer *)items)[i].layer);
}

static cloze_status read_audit(json_t **out, cloze_text audit, cloze_error *error)
{
    cloze_status status;
    *out = NULL;
    if (!audit.size) {
        *out = json_null();
        return CLOZE_OK;
    }
    status = cz_json_parse(out, audit.data, audit.size, "the audit record", error);
    if (status == CLOZE_ERROR_MEMORY)
        return status;
    if (status)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "the audit record is not JSON");
    if (json_is_object(*out))
        return CLOZE_OK;
    json_decref(*out);
    return cz_fail(error, CLOZE_ERROR_ARGUMENT, "the audit record is no JSON object");
}

static json_t *make_page(const cloze_page *page, json_t *audit)
{
    object out = new_object();
    set(&out, "title", text_of(page->title));
    set(&out, "prediction", text_of(page->prediction));
    set(&out, "figures", array_of(make_figure, page->figures, page->figure_count));
    set(&out, "texts", array_of(make_text, page->texts, 2));
    set(&out, "units", array_of(make_unit, page->units, page->unit_count));
    set(&out, "tokens", array_of(make_token, page->tokens, page->token_count));
    set(&out, "methods", array_of(make_method, page, page->method_count));
    set(&out, "shown", json_integer((json_int_t)page->method_shown));
    set(&out, "tables", array_of(make_table, page->tables, page->table_count));
    set(&out, "layers", array_of(make_layer, page->layers, page->layer_count));
    set(&out, "heads", json_integer((json_int_t)page->heads));
    set(&out, "audit", audit);
    return finish(out);
}

/* In JSON < > & stand in strings only, where an escape means the same. */
static cloze_status put_escaped(const char *json, cz_output *out, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    while (!status && *json) {
        size_t plain = strcspn(json, "<>&");
        status = cz_output_put(out, json, plain, error);
        json += plain;
        if (!status && *json) {
            const char *escape = *json == '<' ? "\\u003c" : *json == '>' ? "\\u003e" : "\\u0026";
            status = cz_output_put(out, escape, strlen(escape), error);
            json++;
        }
    }
    return status;
}

cloze_status cz_page_put_data(const cloze_page *page, cz_output *out, cloze_error *error)
{
    json_t *audit, *all;
    char *json;
    cloze_status status = read_audit(&audit, page->audit, error);
    if (status)
        return status;
    all = make_page(page, audit);
    json = all ? json_dumps(all, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(DIGITS))
               : NULL;
    json_decref(all);
    if (!json)
        return cz_fail(error, CLOZE_ERROR_MEMORY, "no memory for the data of the page");
    status = put_escaped(json, out, error);
    free(json);
    return status;
}
