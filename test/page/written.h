/* written.h - pages written into a folder of their own, and their bytes. */
#ifndef TEST_PAGE_WRITTEN_H
#define TEST_PAGE_WRITTEN_H

#include <cloze/page.h>

/* As cmocka wants group set-ups. */
int pages_begin(void **state);
int pages_end(void **state);

const char *page_path(void);
bool page_exists(void);
/* Writes it, and gives all bytes with a zero behind them; yours to free. */
char *page_bytes(const cloze_page *page, size_t *size);

#endif
