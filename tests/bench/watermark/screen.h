/* SPDX-License-Identifier: Apache-2.0 */
/* Screens as people have them, drawn by cairo and pango: text, tables, terminals, photos, films. */
#ifndef HOLDFAST_TESTS_BENCH_WATERMARK_SCREEN_H
#define HOLDFAST_TESTS_BENCH_WATERMARK_SCREEN_H

#include <cairo/cairo.h>

#include "tests/bench/watermark/image.h"

#define SCREEN_WIDTH  1920
#define SCREEN_HEIGHT 1080

/* The number'th of a seed's; kinds take turns. An RGB24 surface that the caller destroys. */
cairo_surface_t *screen_draw(uint64_t seed, unsigned int number);
const char *screen_kind(unsigned int number);

struct image screen_image(cairo_surface_t *surface);

/* Something like a photo into a part of the surface: clouds of colour, edges, grain. */
void scene_draw(cairo_surface_t *surface, struct dice *dice, const cairo_rectangle_int_t *where);

#endif
