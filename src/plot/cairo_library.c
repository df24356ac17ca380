/* cairo_library.c - see cairo_library.h. */
#include "plot/cairo_library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

typedef struct symbol {
    const char *name;
    size_t place; /* in cz_cairo_library */
} symbol;

#define PLACE(name) { #name, offsetof(cz_cairo_library, name) },
#define END                                                                                        \
    {                                                                                              \
        NULL, 0                                                                                    \
    }
static const symbol of_cairo[] = { CZ_CAIRO_FUNCTIONS(PLACE) END };
static const symbol of_pango[] = { CZ_PANGO_FUNCTIONS(PLACE) END };
static const symbol of_pango_cairo[] = { CZ_PANGO_CAIRO_FUNCTIONS(PLACE) END };
static const symbol of_glib[] = { CZ_GLIB_FUNCTIONS(PLACE) END };
static const symbol of_object[] = { CZ_OBJECT_FUNCTIONS(PLACE) END };
#undef PLACE
#undef END

static const struct {
    const char *name;
    const symbol *symbols;
} libraries[] = {
#ifdef __APPLE__
    { "libcairo.2.dylib", of_cairo },
    { "libpango-1.0.0.dylib", of_pango },
    { "libpangocairo-1.0.0.dylib", of_pango_cairo },
    { "libgobject-2.0.0.dylib", of_object },
    { "libglib-2.0.0.dylib", of_glib },
#else
    { "libcairo.so.2", of_cairo },
    { "libpango-1.0.so.0", of_pango },
    { "libpangocairo-1.0.so.0", of_pango_cairo },
    { "libgobject-2.0.so.0", of_object },
    { "libglib-2.0.so.0", of_glib },
#endif
};

cloze_status cz_cairo_load(cz_cairo_library *out, cloze_error *error)
{
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        void *library = dlopen(libraries[i].name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (!library)
            return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                           "pictures need %s, which is not installed (Debian: "
                           "libpangocairo-1.0-0)",
                           libraries[i].name);
        for (const symbol *s = libraries[i].symbols; s->name; s++) {
            void *found = dlsym(library, s->name);
            if (!found)
                return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                               "the installed %s is too old for pictures: it has no %s",
                               libraries[i].name, s->name);
            memcpy((char *)out + s->place, &found, sizeof found);
        }
    }
    return CLOZE_OK;
}
