/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/screen/wayland_reference.h"

#include <string.h>

#define OBJECTS_MAX 4096
#define HEAD_SIZE   8
#define LOOKED_AT   40 /* a longer request is judged when so much of it is there */
#define NAME_COUNTS 24 /* letters of a name */

enum effect {
	NOTHING,
	CAPTURE,
	MAKE,
	MAKE_LATE, /* the third argument is the number */
	END,
	CLIPBOARD, /* from then on what is copied can be read */
};

struct interface {
	const char *name; /* NULL: made by a request */
	const char *made; /* what MAKE makes of it */
	enum effect requests[5];
	enum effect bind;
};

static const struct interface interfaces[] = {
	{"zwlr_screencopy_manager_v1", "screencopy frame", {MAKE, MAKE, END}, NOTHING},
	{"screencopy frame", NULL, {CAPTURE, END, CAPTURE}, NOTHING},
	{"ext_image_copy_capture_manager_v1", "ext session", {MAKE, NOTHING, END}, NOTHING},
	{"ext session", "ext frame", {MAKE, END}, NOTHING},
	{"ext frame", NULL, {END, NOTHING, NOTHING, CAPTURE}, NOTHING},
	{"zwlr_export_dmabuf_manager_v1", NULL, {CAPTURE, END}, NOTHING},
	{"hyprland_toplevel_export_manager_v1", "hyprland frame", {MAKE, END, MAKE}, NOTHING},
	{"hyprland frame", NULL, {CAPTURE, END}, NOTHING},
	{"weston_screenshooter", NULL, {CAPTURE}, NOTHING},
	{"weston_capture_v1", "weston source", {END, MAKE_LATE}, NOTHING},
	{"weston source", NULL, {END, CAPTURE}, NOTHING},
	{"zkde_screencast_unstable_v1", NULL, {CAPTURE, CAPTURE, END, NOTHING, CAPTURE}, NOTHING},
	{"kde_screencast_manager_v2", "kde stream", {END, MAKE, MAKE, MAKE}, NOTHING},
	{"kde stream", NULL, {CAPTURE}, NOTHING},
	{"org_kde_kwin_remote_access_manager", NULL, {NOTHING}, CAPTURE},
	{"zwlr_data_control_manager_v1", NULL, {NOTHING}, CLIPBOARD},
	{"ext_data_control_manager_v1", NULL, {NOTHING}, CLIPBOARD},
};

#define INTERFACES (sizeof(interfaces) / sizeof(interfaces[0]))

struct object {
	uint32_t id;
	const struct interface *is;
};

struct connection {
	struct object objects[OBJECTS_MAX];
	size_t count;
	bool has_clipboard;
};

static uint32_t number_at(const uint8_t *bytes)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	return number;
}

static const struct interface *interface_named(const char *name)
{
	for (size_t i = 0; i < INTERFACES; i++)
		if (!strcmp(interfaces[i].name, name))
			return &interfaces[i];
	return NULL;
}

static struct object *object_of(struct connection *connection, uint32_t id)
{
	for (size_t i = 0; i < connection->count; i++)
		if (connection->objects[i].id == id)
			return &connection->objects[i];
	return NULL;
}

static void object_make(struct connection *connection, uint32_t id, const struct interface *is)
{
	struct object *object = object_of(connection, id);

	if (!id || (!object && connection->count == OBJECTS_MAX))
		return;
	if (!object)
		object = &connection->objects[connection->count++];
	*object = (struct object){id, is};
}

/* The interface that a request would bind; NULL: none that matters. */
static const struct interface *bound(const uint8_t *request, size_t size)
{
	for (size_t i = 0; i < INTERFACES; i++) {
		const char *name = interfaces[i].name;
		size_t counts = strlen(name) < NAME_COUNTS ? strlen(name) : NAME_COUNTS;

		if (!strchr(name, ' ') && size >= 44 && !memcmp(request + 16, name, counts))
			return &interfaces[i];
	}
	return NULL;
}

/* One whole request. Returns whether it captures. */
static bool request_look(struct connection *connection, const uint8_t *request, size_t size)
{
	uint32_t opcode = number_at(request + 4) & 0xffff;
	struct object *object = object_of(connection, number_at(request));
	const struct interface *binds = opcode ? NULL : bound(request, size);
	enum effect effect = NOTHING;
	size_t id_at;

	if (object && opcode < 5)
		effect = object->is->requests[opcode];
	else if (!object && connection->has_clipboard && number_at(request) >= 0xff000000 &&
		 opcode == 0 && size >= 16) /* an offer's receive: a text, and a descriptor aside */
		effect = CAPTURE;
	if (effect == MAKE && size >= 12)
		object_make(connection, number_at(request + 8), interface_named(object->is->made));
	else if (effect == MAKE_LATE && size >= 20)
		object_make(connection, number_at(request + 16), interface_named(object->is->made));
	else if (effect == END)
		*object = connection->objects[--connection->count];
	if (binds && binds->bind == CLIPBOARD)
		connection->has_clipboard = true;
	if (binds && binds->bind == NOTHING) {
		id_at = 16 + (((size_t)number_at(request + 12) + 3) & ~(size_t)3) + 4;
		if (id_at >= LOOKED_AT && id_at + 4 <= size)
			object_make(connection, number_at(request + id_at), binds);
	}
	return effect == CAPTURE || (binds && binds->bind == CAPTURE);
}

void wayland_reference(const uint8_t *stream, size_t size, struct wayland_opinion *ret_opinion)
{
	static struct connection connection;
	uint8_t request[UINT16_MAX + 1];
	size_t at = 0;

	connection.count = 0;
	connection.has_clipboard = false;
	*ret_opinion = (struct wayland_opinion){.captured = WAYLAND_NEVER};
	while (size - at >= HEAD_SIZE) {
		size_t length = number_at(stream + at + 4) >> 16, there = size - at;
		size_t decides = length < LOOKED_AT ? length : LOOKED_AT;

		if (length < HEAD_SIZE) {
			ret_opinion->captured = at + HEAD_SIZE;
			ret_opinion->is_lost = true;
			return;
		}
		if (there < decides)
			return;
		if (there > length)
			there = length;
		memset(request, 0, sizeof(request));
		memcpy(request, stream + at, there);
		if (request_look(&connection, request, length)) {
			ret_opinion->captured = at + decides;
			return;
		}
		if (connection.count > ret_opinion->objects)
			ret_opinion->objects = connection.count;
		at += there;
	}
}
