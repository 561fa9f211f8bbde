/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window over everything that an X11 display shows: as large as all its outputs together, no input
 * goes to it, no window manager has it. Where a compositing manager runs it blends with what is below;
 * without one only the text is there, as the window's shape, and no mark can be.
 */
#ifndef HOLDFAST_AGENT_SESSION_OVERLAY_WINDOW_H
#define HOLDFAST_AGENT_SESSION_OVERLAY_WINDOW_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <xcb/xcb.h>

#include "agent/session/overlay_paint.h"

#define OVERLAY_RAISE_MS 200 /* who raises himself as often as we do does not keep both busy */

struct overlay_window {
	xcb_connection_t *connection; /* own */
	xcb_screen_t *screen;	      /* borrowed of it */
	xcb_window_t window;	      /* 0 = none */
	xcb_atom_t compositor;	      /* the selection that a compositing manager owns */
	xcb_visualid_t visual;	      /* with alpha; 0 = there is none */
	uint8_t selection_event;      /* of XFixes */
	int width, height;	      /* of the display now */
	bool is_blending;	      /* what is shown, or would be */
	bool is_window_blending;      /* the window that is there */
	bool is_covered;	      /* something may be above it */
	uint64_t raised_ms;
};

/*
 * Connects to $DISPLAY. 0; -ENODEV: there is none of this machine's; -EOPNOTSUPP: without shapes,
 * -ECONNREFUSED.
 */
int overlay_window_open(struct overlay_window *window);
void overlay_window_close(struct overlay_window *window);

/* Shows the look, or takes the window away. 0; -ENOMEM; -ECONNRESET. */
int overlay_window_show(struct overlay_window *window, struct overlay_paint *paint,
	const struct overlay_look *look);

struct pollfd overlay_window_poll(const struct overlay_window *window);
/* Takes what there is. 1: all is to be shown anew; 0; -ECONNRESET: the display is gone. */
int overlay_window_read(struct overlay_window *window);
/* Back on top, when it is time. Milliseconds until it wants to be called again, or -1. */
int overlay_window_tick(struct overlay_window *window, uint64_t now_ms);

#endif
