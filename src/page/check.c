/* check.c - what is given is looked at as a whole before anything is written. */
#include "page/parts.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"

enum { NAME_MOST = 4096 }; /* bytes */

static cloze_status check_text(cloze_text text, size_t most, const char *what, cloze_error *error)
{
    if (text.size > most)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "%s has %zu bytes; a page takes up to %zu", what,
                       text.size, most);
    for (size_t at = 0, step; at < text.size; at += step)
        if (!(step = cz_utf8_length(text.data + at, text.size - at)))
            return cz_fail_at(error, CLOZE_ERROR_TEXT, at, "%s is not UTF-8 (byte %zu)", what, at);
    return CLOZE_OK;
}

static cloze_status check_count(size_t count, size_t most, const char *what, cloze_error *error)
{
    if (count <= most)
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_LIMIT, "%zu %s; a page takes up to %zu", count, what, most);
}

static cloze_status check_names(const cloze_text *names, size_t count, const char *what,
                                cloze_error *error)
{
    cloze_status status = check_count(count, CLOZE_PAGE_PARTS_MOST, what, error);
    for (size_t i = 0; !status && i < count; i++)
        status = check_text(names[i], NAME_MOST, what, error);
    return status;
}

static cloze_status check_figures(const cloze_page_figure *figures, size_t count,
                                  cloze_error *error)
{
    cloze_status status = check_count(count, CLOZE_PAGE_PARTS_MOST, "figures", error);
    for (size_t i = 0; !status && i < count; i++)
        status = check_text(figures[i].name, NAME_MOST, "the name of a figure", error);
    return status;
}

static bool lies_in(const cloze_page *page, int side, size_t begin, size_t end)
{
    return (side == 0 || side == 1) && begin <= end && end <= page->texts[side].size;
}

static cloze_status check_units(const cloze_page *page, cloze_error *error)
{
    cloze_status status = check_count(page->unit_count, CLOZE_PAGE_UNITS_MOST, "units", error);
    for (size_t i = 0; !status && i < page->unit_count; i++) {
        const cloze_page_unit *unit = &page->units[i], *before = i ? unit - 1 : NULL;
        if (!lies_in(page, unit->side, unit->begin, unit->end))
            status = cz_fail(error, CLOZE_ERROR_ARGUMENT, "unit %zu lies outside of its text", i);
        else if (before && (before->side > unit->side ||
                            (before->side == unit->side && before->begin > unit->begin)))
            status =
                cz_fail(error, CLOZE_ERROR_ARGUMENT, "unit %zu begins before unit %zu", i, i - 1);
    }
    return status;
}

static cloze_status check_tokens(const cloze_page *page, cloze_error *error)
{
    cloze_status status = check_count(page->token_count, CLOZE_PAGE_UNITS_MOST, "tokens", error);
    for (size_t i = 0; !status && i < page->token_count; i++) {
        const cloze_page_token *token = &page->tokens[i];
        if (token->side != -1 && !lies_in(page, token->side, token->begin, token->end))
            status = cz_fail(error, CLOZE_ERROR_ARGUMENT, "token %zu lies outside of its text", i);
        else if (token->unit < -1 || token->unit >= (int64_t)page->unit_count)
            status = cz_fail(error, CLOZE_ERROR_ARGUMENT, "token %zu is of unit %lld of %zu", i,
                             (long long)token->unit, page->unit_count);
        else
            status = check_text(token->name, NAME_MOST, "the name of a token", error);
    }
    return status;
}

static cloze_status check_methods(const cloze_page *page, cloze_error *error)
{
    cloze_status status = check_count(page->method_count, CLOZE_PAGE_PARTS_MOST, "methods", error);
    for (size_t i = 0; !status && i < page->method_count; i++) {
        const cloze_page_method *method = &page->methods[i];
        status = check_text(method->name, NAME_MOST, "the name of a method", error);
        if (!status)
            status = check_text(method->note, NAME_MOST, "the note of a method", error);
        if (!status)
            status = check_figures(method->figures, method->figure_count, error);
    }
    if (!status && page->method_shown && page->method_shown >= page->method_count)
        status = cz_fail(error, CLOZE_ERROR_ARGUMENT, "method %zu, to be shown first, is not there",
                         page->method_shown);
    return status;
}

static cloze_status check_tables(const cloze_page *page, cloze_error *error)
{
    cloze_status status = check_count(page->table_count, CLOZE_PAGE_PARTS_MOST, "tables", error);
    for (size_t i = 0; !status && i < page->table_count; i++) {
        const cloze_page_table *table = &page->tables[i];
        status = check_text(table->title, NAME_MOST, "the title of a table", error);
        if (!status)
            status = check_text(table->note, NAME_MOST, "the note of a table", error);
        if (!status)
            status = check_names(table->row_names, table->rows, "rows", error);
        if (!status)
            status = check_names(table->column_names, table->columns, "columns", error);
    }
    return status;
}

static cloze_status check_attention(const cloze_page *page, cloze_error *error)
{
    size_t size = page->token_count * page->token_count; /* small: tokens are checked */
    cloze_status status = check_count(page->layer_count, CLOZE_PAGE_PARTS_MOST, "layers", error);
    if (!status)
        status = check_count(page->heads, CLOZE_PAGE_PARTS_MOST, "heads", error);
    if (status)
        return status;
    if (page->layer_count && (!page->heads || !size))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "attention of no heads or no tokens");
    if (!cz_multiply(size, page->heads * page->layer_count, &size) ||
        size > CLOZE_PAGE_ATTENTION_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT,
                       "attention of %zu layers x %zu heads x %zu tokens is more than %d MiB: give "
                       "fewer layers, or none",
                       page->layer_count, page->heads, page->token_count,
                       CLOZE_PAGE_ATTENTION_MOST >> 20);
    for (size_t i = 1; i < page->layer_count; i++)
        if (page->layers[i].layer <= page->layers[i - 1].layer)
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "layer %zu comes after layer %zu",
                           page->layers[i].layer, page->layers[i - 1].layer);
    return CLOZE_OK;
}

cloze_status cz_page_check(const cloze_page *page, cloze_error *error)
{
    static cloze_status (*const checks[])(const cloze_page *, cloze_error *) = {
        check_units, check_tokens, check_methods, check_tables, check_attention
    };
    cloze_status status = check_text(page->title, NAME_MOST, "the title", error);
    if (!status)
        status = check_text(page->prediction, NAME_MOST, "the prediction", error);
    for (int side = 0; !status && side < 2; side++)
        status = check_text(page->texts[side], CLOZE_PAGE_TEXT_MOST, "the text", error);
    if (!status)
        status = check_figures(page->figures, page->figure_count, error);
    for (size_t i = 0; !status && i < sizeof checks / sizeof *checks; i++)
        status = checks[i](page, error);
    return status;
}
