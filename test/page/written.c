/* written.c - see written.h. */
#include "written.h"

#include "../temporary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[TEMPORARY_SIZE];

int pages_begin(void **state)
{
    (void)state;
    temporary_name(folder);
    return mkdtemp(folder) ? 0 : -1;
}

int pages_end(void **state)
{
    (void)state;
    unlink(page_path());
    return rmdir(folder);
}

const char *page_path(void)
{
    static char path[TEMPORARY_SIZE + 10];
    snprintf(path, sizeof path, "%s/a.html", folder);
    return path;
}

bool page_exists(void)
{
    return !access(page_path(), F_OK);
}

char *page_bytes(const cloze_page *page, size_t *size)
{
    cloze_error error = { 0 };
    FILE *file;
    char *bytes;
    long end;
    if (cloze_page_write(page, page_path(), &error))
        fail_msg("%s", error.message);
    file = fopen(page_path(), "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    end = ftell(file);
    rewind(file);
    bytes = malloc((size_t)end + 1);
    assert_non_null(bytes);
    *size = fread(bytes, 1, (size_t)end, file);
    bytes[*size] = 0;
    fclose(file);
    return bytes;
}
