/*
 * page/parts.h - what the page is made of: its own files (made into arrays by embed.c), and what is
 * written of what is given.
 */
#ifndef CZ_PAGE_PARTS_H
#define CZ_PAGE_PARTS_H

#include "base/file.h"

#include <cloze/page.h>

/* page.html, page.css, and the scripts joined. */
extern const unsigned char cz_page_template[], cz_page_style[], cz_page_script[];
extern const size_t cz_page_template_size, cz_page_style_size, cz_page_script_size;

/* Everything that cloze_page_write promises to refuse, but the audit. */
cloze_status cz_page_check(const cloze_page *page, cloze_error *error);

/* All but attention, as JSON that may stand inside of <script>: ASCII without < > &. */
cloze_status cz_page_put_data(const cloze_page *page, cz_output *out, cloze_error *error);

/* As the text of an element or the value of an attribute between double quotes. */
cloze_status cz_page_put_text(cloze_text text, cz_output *out, cloze_error *error);

/* Deflated as zlib does, and in base64. */
cloze_status cz_page_put_packed(const uint8_t *bytes, size_t size, cz_output *out,
                                cloze_error *error);

enum { CZ_PAGE_HASH_SIZE = 45 };
/* SHA-256 in base64, as a Content-Security-Policy names a script or a style. */
void cz_page_hash(const unsigned char *bytes, size_t size, char out[CZ_PAGE_HASH_SIZE]);

#endif
