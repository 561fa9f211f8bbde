/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/session/overlay_paint.h"

#include <errno.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

#include "policy/watermark.h"

#define FONT "Sans 15"

int overlay_paint_init(struct overlay_paint *paint)
{
	PangoContext *context = pango_font_map_create_context(pango_cairo_font_map_get_default());
	PangoFontDescription *font = pango_font_description_from_string(FONT);

	*paint = (struct overlay_paint){.layout = pango_layout_new(context)};
	g_object_unref(context);
	pango_layout_set_font_description(paint->layout, font);
	pango_font_description_free(font);
	pango_layout_set_auto_dir(paint->layout, FALSE); /* a name does not turn the line */
	pango_layout_set_text(paint->layout, "A", -1);
	pango_layout_get_pixel_size(paint->layout, &paint->width, &paint->height);
	return paint->height ? 0 : -ENOMEM;
}

void overlay_paint_done(struct overlay_paint *paint)
{
	if (paint->layout)
		g_object_unref(paint->layout);
	paint->layout = NULL;
}

/* Constant alpha and a level on top: premultiplied, so level is at most alpha. */
static void paint_mark(const struct overlay_look *look, int top, cairo_surface_t *surface)
{
	int width = cairo_image_surface_get_width(surface);
	int height = cairo_image_surface_get_height(surface);
	int stride = cairo_image_surface_get_stride(surface);
	uint8_t *bytes = cairo_image_surface_get_data(surface);

	for (int y = 0; y < height; y++) {
		const uint8_t *tile = &look->tile[(top + y) % WATERMARK_TILE * WATERMARK_TILE];
		uint32_t *row = (uint32_t *)(void *)(bytes + (size_t)y * (size_t)stride);

		for (int x = 0; x < width; x++)
			row[x] = (uint32_t)look->strength << 24 |
				 0x010101u * tile[x % WATERMARK_TILE];
	}
	cairo_surface_mark_dirty(surface);
}

/* Light letters with a dark edge: one of both is seen on any ground. A shape has no halves. */
static void paint_word(struct overlay_paint *paint, cairo_t *cairo, double alpha, int x, int y)
{
	cairo_set_source_rgba(cairo, 0, 0, 0, alpha);
	cairo_move_to(cairo, x + 1, y + 1);
	pango_cairo_show_layout(cairo, paint->layout);
	cairo_set_source_rgba(cairo, 1, 1, 1, alpha);
	cairo_move_to(cairo, x, y);
	pango_cairo_show_layout(cairo, paint->layout);
}

static void paint_text(struct overlay_paint *paint, const struct overlay_look *look, int top,
	cairo_t *cairo, bool is_shape)
{
	static const double gaps[WATERMARK_DENSITY_MAX] = {
		[WATERMARK_NORMAL] = 5, [WATERMARK_SPARSE] = 10, [WATERMARK_DENSE] = 2};
	double angle = look->angle * M_PI / 180, alpha = is_shape ? 1 : look->opacity / 100.0;
	double left, upper, right, lower;
	int step_x, step_y;

	pango_layout_set_text(paint->layout, look->text, -1);
	pango_cairo_update_layout(cairo, paint->layout);
	pango_layout_get_pixel_size(paint->layout, &paint->width, &paint->height);
	step_y = (int)(paint->height * (1 + gaps[look->density]));
	step_x = paint->width + step_y;
	cairo_translate(cairo, 0, -top);
	cairo_rotate(cairo, angle);
	cairo_clip_extents(cairo, &left, &upper, &right, &lower); /* in the text's own directions */
	for (int y = (int)floor(upper / step_y) - 1; y * step_y < lower; y++)
		for (int x = (int)floor(left / step_x) - 2; x * step_x < right; x++)
			paint_word(
				paint, cairo, alpha, x * step_x + (y & 1) * step_x / 2, y * step_y);
}

int overlay_paint_band(struct overlay_paint *paint, const struct overlay_look *look, int top,
	cairo_surface_t *surface)
{
	bool is_shape = cairo_image_surface_get_format(surface) == CAIRO_FORMAT_A1;
	cairo_status_t status;
	cairo_t *cairo;

	if (look->has_tile && !is_shape)
		paint_mark(look, top, surface);
	if (!look->text[0])
		return 0;
	cairo = cairo_create(surface);
	if (is_shape)
		cairo_set_antialias(cairo, CAIRO_ANTIALIAS_NONE);
	paint_text(paint, look, top, cairo, is_shape);
	status = cairo_status(cairo);
	cairo_destroy(cairo);
	return status == CAIRO_STATUS_SUCCESS ? 0 : -ENOMEM;
}
