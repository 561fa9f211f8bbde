/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/session/overlay_window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/shape.h>
#include <xcb/xfixes.h>

#define NAME "holdfast"

static bool is_of_this_machine(const char *display)
{
	return display && (display[0] == ':' || !strncmp(display, "unix:", strlen("unix:")));
}

static xcb_atom_t atom_of(xcb_connection_t *connection, const char *name)
{
	xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(
		connection, xcb_intern_atom(connection, 0, (uint16_t)strlen(name), name), NULL);
	xcb_atom_t atom = reply ? reply->atom : XCB_ATOM_NONE;

	free(reply);
	return atom;
}

static xcb_visualid_t visual_with_alpha(const xcb_screen_t *screen)
{
	xcb_depth_iterator_t depths = xcb_screen_allowed_depths_iterator(screen);

	for (; depths.rem; xcb_depth_next(&depths)) {
		xcb_visualtype_iterator_t visuals = xcb_depth_visuals_iterator(depths.data);

		for (; depths.data->depth == 32 && visuals.rem; xcb_visualtype_next(&visuals))
			if (visuals.data->_class == XCB_VISUAL_CLASS_TRUE_COLOR)
				return visuals.data->visual_id;
	}
	return 0;
}

static bool has_extensions(struct overlay_window *window)
{
	const xcb_query_extension_reply_t *shape, *fixes;
	xcb_xfixes_query_version_reply_t *version;

	shape = xcb_get_extension_data(window->connection, &xcb_shape_id);
	fixes = xcb_get_extension_data(window->connection, &xcb_xfixes_id);
	if (!shape || !shape->present || !fixes || !fixes->present)
		return false;
	window->selection_event = fixes->first_event + XCB_XFIXES_SELECTION_NOTIFY;
	/* no request of it is taken before; 2: regions */
	version = xcb_xfixes_query_version_reply(
		window->connection, xcb_xfixes_query_version(window->connection, 2, 0), NULL);
	free(version);
	return version != NULL;
}

static void look_for_compositor(struct overlay_window *window)
{
	xcb_get_selection_owner_reply_t *owner = xcb_get_selection_owner_reply(window->connection,
		xcb_get_selection_owner(window->connection, window->compositor), NULL);

	window->is_blending = owner && owner->owner && window->visual;
	free(owner);
}

static void watch_root(struct overlay_window *window)
{
	const uint32_t events = XCB_EVENT_MASK_STRUCTURE_NOTIFY |
				XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY;

	(void)xcb_change_window_attributes(window->connection, window->screen->root,
		XCB_CW_EVENT_MASK, &events); /* a display that is gone is found out by reading */
	(void)xcb_xfixes_select_selection_input(window->connection, window->screen->root,
		window->compositor,
		XCB_XFIXES_SELECTION_EVENT_MASK_SET_SELECTION_OWNER |
			XCB_XFIXES_SELECTION_EVENT_MASK_SELECTION_WINDOW_DESTROY |
			XCB_XFIXES_SELECTION_EVENT_MASK_SELECTION_CLIENT_CLOSE); /* likewise */
}

int overlay_window_open(struct overlay_window *window)
{
	xcb_screen_iterator_t screens;
	int number = 0;

	*window = (struct overlay_window){0};
	if (!is_of_this_machine(getenv("DISPLAY")))
		return -ENODEV;
	window->connection = xcb_connect(NULL, &number);
	if (xcb_connection_has_error(window->connection)) {
		overlay_window_close(window);
		return -ECONNREFUSED;
	}
	screens = xcb_setup_roots_iterator(xcb_get_setup(window->connection));
	window->screen = screens.data; /* of several the first: they are not made any more */
	window->width = window->screen->width_in_pixels;
	window->height = window->screen->height_in_pixels;
	if (!has_extensions(window)) {
		overlay_window_close(window);
		return -EOPNOTSUPP;
	}
	window->visual = visual_with_alpha(window->screen);
	window->compositor = atom_of(window->connection, "_NET_WM_CM_S0");
	watch_root(window);
	look_for_compositor(window);
	return 0;
}

void overlay_window_close(struct overlay_window *window)
{
	if (window->connection)
		xcb_disconnect(window->connection);
	*window = (struct overlay_window){0};
}

static void take_away(struct overlay_window *window)
{
	if (window->window)
		(void)xcb_destroy_window(window->connection, window->window); /* as above */
	window->window = 0;
}

/* Clicks and keys go to what is below. */
static void pass_input(struct overlay_window *window)
{
	xcb_xfixes_region_t nothing = xcb_generate_id(window->connection);

	(void)xcb_xfixes_create_region(window->connection, nothing, 0, NULL); /* as above */
	(void)xcb_xfixes_set_window_shape_region(window->connection, window->window,
		XCB_SHAPE_SK_INPUT, 0, 0, nothing);		      /* likewise */
	(void)xcb_xfixes_destroy_region(window->connection, nothing); /* likewise */
}

static void create(struct overlay_window *window)
{
	const uint32_t mask = XCB_CW_BACK_PIXEL | XCB_CW_BORDER_PIXEL | XCB_CW_OVERRIDE_REDIRECT |
			      XCB_CW_COLORMAP;
	xcb_colormap_t colours = window->screen->default_colormap;
	xcb_visualid_t visual = window->screen->root_visual;
	const char words[] = NAME "\0" NAME;
	uint8_t depth = window->screen->root_depth;

	if (window->is_blending) {
		colours = xcb_generate_id(window->connection);
		visual = window->visual;
		depth = 32;
		(void)xcb_create_colormap(window->connection, XCB_COLORMAP_ALLOC_NONE, colours,
			window->screen->root, visual); /* as above */
	}
	window->window = xcb_generate_id(window->connection);
	(void)xcb_create_window(window->connection, depth, window->window, window->screen->root, 0,
		0, (uint16_t)window->width, (uint16_t)window->height, 0,
		XCB_WINDOW_CLASS_INPUT_OUTPUT, visual, mask,
		(const uint32_t[]){
			window->is_blending ? 0 : 0x808080, 0, 1, colours}); /* as above */
	(void)xcb_change_property(window->connection, XCB_PROP_MODE_REPLACE, window->window,
		XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, 8, sizeof(words), words); /* likewise */
	if (window->is_blending)
		(void)xcb_free_colormap(window->connection, colours); /* the window has it */
	window->is_window_blending = window->is_blending;
	pass_input(window);
}

/* All rows, into a pixmap as large as the display. 0 or -ENOMEM. */
static int fill(struct overlay_window *window, struct overlay_paint *paint,
	const struct overlay_look *look, xcb_pixmap_t pixmap, xcb_gcontext_t context)
{
	cairo_format_t format = window->is_blending ? CAIRO_FORMAT_ARGB32 : CAIRO_FORMAT_A1;
	uint8_t kind = window->is_blending ? XCB_IMAGE_FORMAT_Z_PIXMAP : XCB_IMAGE_FORMAT_XY_PIXMAP;
	int r = 0;

	for (int top = 0; top < window->height && r == 0; top += OVERLAY_BAND) {
		int rows = window->height - top < OVERLAY_BAND ? window->height - top
							       : OVERLAY_BAND;
		cairo_surface_t *surface = cairo_image_surface_create(format, window->width, rows);

		r = overlay_paint_band(paint, look, top, surface);
		cairo_surface_flush(surface);
		if (r == 0)
			(void)xcb_put_image(window->connection, kind, pixmap, context,
				(uint16_t)window->width, (uint16_t)rows, 0, (int16_t)top, 0,
				window->is_blending ? 32 : 1,
				(uint32_t)(cairo_image_surface_get_stride(surface) * rows),
				cairo_image_surface_get_data(surface)); /* as above */
		cairo_surface_destroy(surface);
	}
	return r;
}

static int draw(
	struct overlay_window *window, struct overlay_paint *paint, const struct overlay_look *look)
{
	xcb_pixmap_t pixmap = xcb_generate_id(window->connection);
	xcb_gcontext_t context = xcb_generate_id(window->connection);
	int r;

	(void)xcb_create_pixmap(window->connection, window->is_blending ? 32 : 1, pixmap,
		window->window, (uint16_t)window->width, (uint16_t)window->height); /* as above */
	(void)xcb_create_gc(window->connection, context, pixmap,
		XCB_GC_FOREGROUND | XCB_GC_BACKGROUND, (const uint32_t[]){1, 0}); /* likewise */
	r = fill(window, paint, look, pixmap, context);
	if (r == 0 && window->is_blending) {
		(void)xcb_change_window_attributes(window->connection, window->window,
			XCB_CW_BACK_PIXMAP, &pixmap); /* likewise */
		(void)xcb_clear_area(
			window->connection, 0, window->window, 0, 0, 0, 0); /* likewise */
	} else if (r == 0) {
		(void)xcb_shape_mask(window->connection, XCB_SHAPE_SO_SET, XCB_SHAPE_SK_BOUNDING,
			window->window, 0, 0, pixmap); /* likewise */
	}
	(void)xcb_free_gc(window->connection, context);	   /* likewise */
	(void)xcb_free_pixmap(window->connection, pixmap); /* the window keeps it */
	return r;
}

int overlay_window_show(
	struct overlay_window *window, struct overlay_paint *paint, const struct overlay_look *look)
{
	bool is_something = look->text[0] || (look->has_tile && window->is_blending);
	int r;

	if (!look->is_wanted || !is_something) {
		take_away(window);
		return xcb_flush(window->connection) > 0 ? 0 : -ECONNRESET;
	}
	if (window->window && window->is_window_blending != window->is_blending)
		take_away(window);
	if (!window->window)
		create(window);
	(void)xcb_configure_window(window->connection, window->window,
		XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT | XCB_CONFIG_WINDOW_STACK_MODE,
		(const uint32_t[]){(uint32_t)window->width, (uint32_t)window->height,
			XCB_STACK_MODE_ABOVE}); /* as above */
	r = draw(window, paint, look);
	if (r < 0)
		return r;
	(void)xcb_map_window(window->connection, window->window); /* likewise */
	return xcb_flush(window->connection) > 0 ? 0 : -ECONNRESET;
}

struct pollfd overlay_window_poll(const struct overlay_window *window)
{
	return (struct pollfd){xcb_get_file_descriptor(window->connection), POLLIN, 0};
}

/* True when all is to be drawn anew. */
static bool on_configure(struct overlay_window *window, const xcb_configure_notify_event_t *event)
{
	bool is_other = window->width != event->width || window->height != event->height;

	if (event->window != window->screen->root) {
		window->is_covered |= event->window != window->window;
		return false;
	}
	window->width = event->width;
	window->height = event->height;
	return is_other;
}

static bool on_event(struct overlay_window *window, const xcb_generic_event_t *event)
{
	uint8_t kind = event->response_type & 0x7f; /* the rest: sent by a client */
	bool was_blending = window->is_blending;

	if (kind == XCB_CONFIGURE_NOTIFY)
		return on_configure(window, (const xcb_configure_notify_event_t *)event);
	if (kind == XCB_MAP_NOTIFY)
		window->is_covered |= ((const xcb_map_notify_event_t *)event)->window !=
				      window->window;
	if (kind == XCB_CIRCULATE_NOTIFY)
		window->is_covered = true;
	if (kind == window->selection_event)
		look_for_compositor(window);
	return was_blending != window->is_blending;
}

int overlay_window_read(struct overlay_window *window)
{
	xcb_generic_event_t *event;
	bool is_other = false;

	while ((event = xcb_poll_for_event(window->connection))) {
		is_other |= on_event(window, event);
		free(event);
	}
	return xcb_connection_has_error(window->connection) ? -ECONNRESET : is_other;
}

static bool is_on_top(struct overlay_window *window)
{
	xcb_query_tree_reply_t *tree = xcb_query_tree_reply(
		window->connection, xcb_query_tree(window->connection, window->screen->root), NULL);
	int count = tree ? xcb_query_tree_children_length(tree) : 0;
	bool is_last = count && xcb_query_tree_children(tree)[count - 1] == window->window;

	free(tree);
	return is_last;
}

int overlay_window_tick(struct overlay_window *window, uint64_t now_ms)
{
	uint64_t due_ms = window->raised_ms + OVERLAY_RAISE_MS;

	if (!window->window || !window->is_covered)
		return -1;
	if (due_ms > now_ms)
		return (int)(due_ms - now_ms);
	window->is_covered = false;
	window->raised_ms = now_ms;
	if (is_on_top(window))
		return -1;
	(void)xcb_configure_window(window->connection, window->window, XCB_CONFIG_WINDOW_STACK_MODE,
		(const uint32_t[]){XCB_STACK_MODE_ABOVE}); /* as above */
	(void)xcb_flush(window->connection);		   /* likewise */
	return -1;
}
