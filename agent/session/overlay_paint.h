/* SPDX-License-Identifier: Apache-2.0 */
/* Draws what an overlay shows, a band of rows at a time, so that no whole screen is held in memory. */
#ifndef HOLDFAST_AGENT_SESSION_OVERLAY_PAINT_H
#define HOLDFAST_AGENT_SESSION_OVERLAY_PAINT_H

#include <cairo/cairo.h>
#include <pango/pango.h>

#include "agent/session/overlay_look.h"

#define OVERLAY_BAND 64 /* rows */

struct overlay_paint {
	PangoLayout *layout; /* own */
	int width, height;   /* of the text, in pixels */
};

/* Loads fonts: before the filter of system calls. -ENOMEM. */
int overlay_paint_init(struct overlay_paint *paint);
void overlay_paint_done(struct overlay_paint *paint);

/*
 * Rows from top on into a surface whose first row that is. Of an ARGB32 one: the mark, and the text
 * over it. Of an A1 one: the text's shape alone, for a screen that can't blend. -ENOMEM.
 */
int overlay_paint_band(struct overlay_paint *paint, const struct overlay_look *look, int top,
	cairo_surface_t *surface);

#endif
