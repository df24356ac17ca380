/*
 * plot/cairo_library.h - cairo and pango, loaded when a picture is drawn: they bring some thirty
 * further libraries, and linking them would cost every start of the program.
 */
#ifndef CZ_PLOT_CAIRO_LIBRARY_H
#define CZ_PLOT_CAIRO_LIBRARY_H

#include "base/error.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <pango/pangocairo.h>

/* The functions that are used, under their own names and types. */
#define CZ_CAIRO_FUNCTIONS(X)                                                                      \
    X(cairo_arc)                                                                                   \
    X(cairo_clip)                                                                                  \
    X(cairo_close_path)                                                                            \
    X(cairo_create)                                                                                \
    X(cairo_curve_to)                                                                              \
    X(cairo_destroy)                                                                               \
    X(cairo_fill)                                                                                  \
    X(cairo_fill_preserve)                                                                         \
    X(cairo_font_options_create)                                                                   \
    X(cairo_font_options_destroy)                                                                  \
    X(cairo_font_options_set_antialias)                                                            \
    X(cairo_font_options_set_hint_metrics)                                                         \
    X(cairo_font_options_set_hint_style)                                                           \
    X(cairo_get_source)                                                                            \
    X(cairo_image_surface_create)                                                                  \
    X(cairo_image_surface_get_data)                                                                \
    X(cairo_image_surface_get_stride)                                                              \
    X(cairo_line_to)                                                                               \
    X(cairo_move_to)                                                                               \
    X(cairo_new_path)                                                                              \
    X(cairo_new_sub_path)                                                                          \
    X(cairo_paint)                                                                                 \
    X(cairo_pattern_set_filter)                                                                    \
    X(cairo_pdf_surface_create_for_stream)                                                         \
    X(cairo_pdf_surface_set_metadata)                                                              \
    X(cairo_rectangle)                                                                             \
    X(cairo_restore)                                                                               \
    X(cairo_rotate)                                                                                \
    X(cairo_save)                                                                                  \
    X(cairo_scale)                                                                                 \
    X(cairo_set_dash)                                                                              \
    X(cairo_set_line_cap)                                                                          \
    X(cairo_set_line_join)                                                                         \
    X(cairo_set_line_width)                                                                        \
    X(cairo_set_source_rgba)                                                                       \
    X(cairo_set_source_surface)                                                                    \
    X(cairo_status)                                                                                \
    X(cairo_status_to_string)                                                                      \
    X(cairo_stroke)                                                                                \
    X(cairo_surface_destroy)                                                                       \
    X(cairo_surface_finish)                                                                        \
    X(cairo_surface_mark_dirty)                                                                    \
    X(cairo_surface_status)                                                                        \
    X(cairo_surface_write_to_png_stream)                                                           \
    X(cairo_svg_surface_create_for_stream)                                                         \
    X(cairo_translate)

#define CZ_PANGO_FUNCTIONS(X)                                                                      \
    X(pango_font_description_free)                                                                 \
    X(pango_font_description_from_string)                                                          \
    X(pango_layout_context_changed)                                                                \
    X(pango_layout_get_context)                                                                    \
    X(pango_layout_get_iter)                                                                       \
    X(pango_layout_get_pixel_size)                                                                 \
    X(pango_layout_iter_free)                                                                      \
    X(pango_layout_iter_get_line_extents)                                                          \
    X(pango_layout_iter_get_line_readonly)                                                         \
    X(pango_layout_iter_next_line)                                                                 \
    X(pango_layout_line_get_x_ranges)                                                              \
    X(pango_layout_set_ellipsize)                                                                  \
    X(pango_layout_set_font_description)                                                           \
    X(pango_layout_set_single_paragraph_mode)                                                      \
    X(pango_layout_set_spacing)                                                                    \
    X(pango_layout_set_text)                                                                       \
    X(pango_layout_set_width)                                                                      \
    X(pango_layout_set_wrap)

#define CZ_PANGO_CAIRO_FUNCTIONS(X)                                                                \
    X(pango_cairo_context_set_font_options)                                                        \
    X(pango_cairo_create_layout)                                                                   \
    X(pango_cairo_layout_path)                                                                     \
    X(pango_cairo_show_layout)

#define CZ_OBJECT_FUNCTIONS(X) X(g_object_unref)
#define CZ_GLIB_FUNCTIONS(X)   X(g_free)

typedef struct cz_cairo_library {
#define CZ_CAIRO_FIELD(name) __typeof__(&name) name;
    CZ_CAIRO_FUNCTIONS(CZ_CAIRO_FIELD)
    CZ_PANGO_FUNCTIONS(CZ_CAIRO_FIELD)
    CZ_PANGO_CAIRO_FUNCTIONS(CZ_CAIRO_FIELD)
    CZ_OBJECT_FUNCTIONS(CZ_CAIRO_FIELD)
    CZ_GLIB_FUNCTIONS(CZ_CAIRO_FIELD)
#undef CZ_CAIRO_FIELD
} cz_cairo_library;

/* Fills *out; the libraries stay loaded until the process ends. CLOZE_ERROR_UNSUPPORTED where they
 * are not installed, or too old. */
cloze_status cz_cairo_load(cz_cairo_library *out, cloze_error *error);

#endif
