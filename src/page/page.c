/*
 * page.c - the template is written as it is; where it says {{name}}, that part is put. Scripts and
 * styles are allowed by their hashes alone, so even markup that slipped in could not run.
 */
#include "page/parts.h"

#include "base/error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef cloze_status putter(const cloze_page *page, cz_output *out, cloze_error *error);

static cloze_status put_title(const cloze_page *page, cz_output *out, cloze_error *error)
{
    return cz_page_put_text(page->title, out, error);
}

static cloze_status put_prediction(const cloze_page *page, cz_output *out, cloze_error *error)
{
    return cz_page_put_text(page->prediction, out, error);
}

static cloze_status put_policy(const cloze_page *page, cz_output *out, cloze_error *error)
{
    char script[CZ_PAGE_HASH_SIZE], style[CZ_PAGE_HASH_SIZE], policy[256];
    int size;
    (void)page;
    cz_page_hash(cz_page_script, cz_page_script_size, script);
    cz_page_hash(cz_page_style, cz_page_style_size, style);
    size = snprintf(policy, sizeof policy,
                    "default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; "
                    "base-uri 'none'; form-action 'none'",
                    script, style);
    return cz_output_put(out, policy, (size_t)size, error);
}

static cloze_status put_style(const cloze_page *page, cz_output *out, cloze_error *error)
{
    (void)page;
    return cz_output_put(out, cz_page_style, cz_page_style_size, error);
}

static cloze_status put_script(const cloze_page *page, cz_output *out, cloze_error *error)
{
    (void)page;
    return cz_output_put(out, cz_page_script, cz_page_script_size, error);
}

/* One element a layer, so that the page inflates only what it shows first. */
static cloze_status put_attention(const cloze_page *page, cz_output *out, cloze_error *error)
{
    static const char begin[] = "<script type=\"application/octet-stream\" class=\"layer\">",
                      end[] = "</script>\n";
    size_t size = page->heads * page->token_count * page->token_count;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; !status && i < page->layer_count; i++) {
        status = cz_output_put(out, begin, sizeof begin - 1, error);
        if (!status)
            status = cz_page_put_packed(page->layers[i].shades, size, out, error);
        if (!status)
            status = cz_output_put(out, end, sizeof end - 1, error);
    }
    return status;
}

static putter *putter_of(const char *name, size_t size)
{
    static const struct {
        const char *name;
        putter *put;
    } parts[] = {
        { "title", put_title },   { "prediction", put_prediction }, { "policy", put_policy },
        { "style", put_style },   { "data", cz_page_put_data },     { "attention", put_attention },
        { "script", put_script },
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strlen(parts[i].name) == size && !memcmp(parts[i].name, name, size))
            return parts[i].put;
    return NULL;
}

static cloze_status put_page(const cloze_page *page, cz_output *out, cloze_error *error)
{
    const char *at = (const char *)cz_page_template, *end = at + cz_page_template_size;
    cloze_status status = CLOZE_OK;
    while (!status && at < end) {
        const char *open = memmem(at, (size_t)(end - at), "{{", 2);
        const char *close = open ? memmem(open, (size_t)(end - open), "}}", 2) : NULL;
        putter *put = close ? putter_of(open + 2, (size_t)(close - open - 2)) : NULL;
        const char *plain = put ? open : close ? close : end;
        status = cz_output_put(out, at, (size_t)(plain - at), error);
        if (!status && put)
            status = put(page, out, error);
        at = put ? close + 2 : plain;
    }
    return status;
}

void cloze_page_shades(const float *weights, size_t count, uint8_t *shades)
{
    for (size_t i = 0; i < count; i++) {
        float weight = weights[i];
        weight = weight > 0 ? weight < 1 ? weight : 1 : 0; /* not a number: 0 */
        shades[i] = (uint8_t)(255 * sqrtf(weight) + 0.5f);
    }
}

cloze_status cloze_page_write(const cloze_page *page, const char *path, cloze_error *error)
{
    cz_output out;
    cloze_status status = cz_page_check(page, error);
    if (!status)
        status = cz_output_begin(&out, path, error);
    if (status)
        return status;
    return cz_output_finish(&out, put_page(page, &out, error), error);
}
