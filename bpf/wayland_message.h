/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Requests of Wayland that capture: of which objects, made how. "The Wayland Protocol", wire format;
 * the protocols' own XML. Owns no stream (wayland_step.bpf.h) and no verdict. Pure: tests build it too.
 *
 * A global is bound by its interface's name, with which a client may choose any number for the object;
 * what is made of that object has the number that the request says. Which object is a registry is not
 * asked: a request like that one, of another object, is none that any protocol has.
 */
#ifndef HOLDFAST_BPF_WAYLAND_MESSAGE_H
#define HOLDFAST_BPF_WAYLAND_MESSAGE_H

#ifndef __BPF__
#include <stdbool.h>
#include <sys/cdefs.h>
#endif
#include <linux/types.h>

#include "display_state.h"

#define WAYLAND_HEADER	  8  /* object; opcode, and size in the upper half */
#define WAYLAND_BIND_NAME 16 /* behind header, the global's number, and the size of the text */
#define WAYLAND_BIND_MIN  44 /* no name that matters is shorter than 17 letters */
#define WAYLAND_NAME	  24 /* bytes of it by which it is known */
#define WAYLAND_RECEIVE	  16 /* a request with a text is no shorter */

#define WAYLAND_SERVER_IDS 0xff000000u /* of objects that the server makes, from here on */

enum wayland_kind {
	WAYLAND_NONE = 0,
	WAYLAND_SCREENCOPY,
	WAYLAND_SCREENCOPY_FRAME,
	WAYLAND_EXT,
	WAYLAND_EXT_SESSION,
	WAYLAND_EXT_FRAME,
	WAYLAND_DMABUF,
	WAYLAND_HYPRLAND,
	WAYLAND_HYPRLAND_FRAME,
	WAYLAND_WESTON,
	WAYLAND_WESTON_CAPTURE,
	WAYLAND_WESTON_SOURCE,
	WAYLAND_KDE,
	WAYLAND_KDE_2,
	WAYLAND_KDE_STREAM,
	WAYLAND_KDE_REMOTE,
	WAYLAND_DATA_CONTROL,
};

#define WAYLAND_CAPTURES 0x1u
#define WAYLAND_MAKES	 0x2u /* an object of kind child, whose number is at id_at */
#define WAYLAND_ENDS	 0x4u

struct wayland_request {
	__u8 kind;
	__u8 opcode;
	__u8 does; /* WAYLAND_* */
	__u8 child;
	__u8 id_at;
};

struct wayland_interface {
	union {
		char text[WAYLAND_NAME]; /* without NUL: the wire's padding may be anything */
		__u64 words[WAYLAND_NAME / 8];
	};
	__u32 size;
	__u32 kind;
};

#define INTERFACE(name, which)                          \
	{                                               \
		{.text = name}, sizeof(name) - 1, which \
	}

static const struct wayland_interface wayland_interfaces[] = {
	INTERFACE("zwlr_screencopy_manager_", WAYLAND_SCREENCOPY),
	INTERFACE("ext_image_copy_capture_m", WAYLAND_EXT),
	INTERFACE("zwlr_export_dmabuf_manag", WAYLAND_DMABUF),
	INTERFACE("hyprland_toplevel_export", WAYLAND_HYPRLAND),
	INTERFACE("weston_screenshooter", WAYLAND_WESTON),
	INTERFACE("weston_capture_v1", WAYLAND_WESTON_CAPTURE),
	INTERFACE("zkde_screencast_unstable", WAYLAND_KDE),
	INTERFACE("kde_screencast_manager_v", WAYLAND_KDE_2),
	INTERFACE("org_kde_kwin_remote_acce", WAYLAND_KDE_REMOTE),
	INTERFACE("zwlr_data_control_manage", WAYLAND_DATA_CONTROL),
	INTERFACE("ext_data_control_manager", WAYLAND_DATA_CONTROL),
};

#define WAYLAND_INTERFACES (sizeof(wayland_interfaces) / sizeof(wayland_interfaces[0]))

/* Opcodes are the requests' order in the protocols' XML. */
/* clang-format off: one a line */
static const struct wayland_request wayland_requests[] = {
	{WAYLAND_SCREENCOPY, 0, WAYLAND_MAKES, WAYLAND_SCREENCOPY_FRAME, 8}, /* capture_output */
	{WAYLAND_SCREENCOPY, 1, WAYLAND_MAKES, WAYLAND_SCREENCOPY_FRAME, 8}, /* ..._region */
	{WAYLAND_SCREENCOPY, 2, WAYLAND_ENDS, 0, 0},
	{WAYLAND_SCREENCOPY_FRAME, 0, WAYLAND_CAPTURES, 0, 0}, /* copy */
	{WAYLAND_SCREENCOPY_FRAME, 1, WAYLAND_ENDS, 0, 0},
	{WAYLAND_SCREENCOPY_FRAME, 2, WAYLAND_CAPTURES, 0, 0},	 /* copy_with_damage */
	{WAYLAND_EXT, 0, WAYLAND_MAKES, WAYLAND_EXT_SESSION, 8}, /* create_session */
	{WAYLAND_EXT, 2, WAYLAND_ENDS, 0, 0},
	{WAYLAND_EXT_SESSION, 0, WAYLAND_MAKES, WAYLAND_EXT_FRAME, 8}, /* create_frame */
	{WAYLAND_EXT_SESSION, 1, WAYLAND_ENDS, 0, 0}, {WAYLAND_EXT_FRAME, 0, WAYLAND_ENDS, 0, 0},
	{WAYLAND_EXT_FRAME, 3, WAYLAND_CAPTURES, 0, 0},
	{WAYLAND_DMABUF, 0, WAYLAND_CAPTURES, 0, 0}, /* capture_output: the frame is its answer */
	{WAYLAND_DMABUF, 1, WAYLAND_ENDS, 0, 0},
	{WAYLAND_HYPRLAND, 0, WAYLAND_MAKES, WAYLAND_HYPRLAND_FRAME, 8}, /* capture_toplevel */
	{WAYLAND_HYPRLAND, 1, WAYLAND_ENDS, 0, 0},
	{WAYLAND_HYPRLAND, 2, WAYLAND_MAKES, WAYLAND_HYPRLAND_FRAME, 8}, /* ..._with_wlr_... */
	{WAYLAND_HYPRLAND_FRAME, 0, WAYLAND_CAPTURES, 0, 0},		 /* copy */
	{WAYLAND_HYPRLAND_FRAME, 1, WAYLAND_ENDS, 0, 0},
	{WAYLAND_WESTON, 0, WAYLAND_CAPTURES, 0, 0}, /* take_shot */
	{WAYLAND_WESTON_CAPTURE, 0, WAYLAND_ENDS, 0, 0},
	{WAYLAND_WESTON_CAPTURE, 1, WAYLAND_MAKES, WAYLAND_WESTON_SOURCE, 16}, /* create */
	{WAYLAND_WESTON_SOURCE, 0, WAYLAND_ENDS, 0, 0},
	{WAYLAND_WESTON_SOURCE, 1, WAYLAND_CAPTURES, 0, 0},
	{WAYLAND_KDE, 0, WAYLAND_CAPTURES, 0, 0}, /* stream_output */
	{WAYLAND_KDE, 1, WAYLAND_CAPTURES, 0, 0}, /* stream_window */
	{WAYLAND_KDE, 2, WAYLAND_ENDS, 0, 0},
	{WAYLAND_KDE, 4, WAYLAND_CAPTURES, 0, 0}, /* stream_region */
	{WAYLAND_KDE_2, 0, WAYLAND_ENDS, 0, 0},
	{WAYLAND_KDE_2, 1, WAYLAND_MAKES, WAYLAND_KDE_STREAM, 8},	/* stream_output */
	{WAYLAND_KDE_2, 2, WAYLAND_MAKES, WAYLAND_KDE_STREAM, 8},	/* stream_window */
	{WAYLAND_KDE_2, 3, WAYLAND_MAKES, WAYLAND_KDE_STREAM, 8},	/* stream_region */
	{WAYLAND_KDE_STREAM, 0, WAYLAND_CAPTURES | WAYLAND_ENDS, 0, 0}, /* create_stream */
};
/* clang-format on */

#define WAYLAND_REQUESTS (sizeof(wayland_requests) / sizeof(wayland_requests[0]))

static __always_inline __u64 wayland_word(const __u8 *head, __u32 at)
{
	__u64 word;

	__builtin_memcpy(&word, head + at, sizeof(word));
	return word;
}

static __always_inline __u32 wayland_number_at(const __u8 *head, __u32 at)
{
	__u32 number;

	__builtin_memcpy(&number, head + at, sizeof(number));
	return number;
}

/* Of a whole request, from its header. */
static __always_inline __u32 wayland_size(const __u8 *head)
{
	return wayland_number_at(head, 4) >> 16;
}

/* Not only what is bound matters. */
static __always_inline bool wayland_has_objects(const struct hf_wayland *objects)
{
	return objects->count | objects->is_many | objects->has_clipboard;
}

/* How much of a request decides; have is what there is of it in head. */
static __always_inline __u32 wayland_head_wanted(
	const struct hf_wayland *objects, const __u8 *head, __u32 have)
{
	__u32 size;

	if (have < WAYLAND_HEADER)
		return WAYLAND_HEADER;
	size = wayland_size(head);
	if (size < WAYLAND_HEADER ||
		(!wayland_has_objects(objects) && wayland_number_at(head, 4) & 0xffff))
		return WAYLAND_HEADER;
	return size < HF_STREAM_HEAD ? size : HF_STREAM_HEAD;
}

static __always_inline bool wayland_is_named(
	const struct wayland_interface *interface, __u64 first, __u64 second, __u64 third)
{
	__u64 tail = interface->size < WAYLAND_NAME ? (1ull << (interface->size - 16) * 8) - 1
						    : ~0ull;

	return first == interface->words[0] && second == interface->words[1] &&
	       (third & tail) == interface->words[2];
}

/* The object's place; HF_WAYLAND_OBJECTS: it has none. */
static __always_inline __u32 wayland_find(const struct hf_wayland *objects, __u32 id)
{
	__u32 found = HF_WAYLAND_OBJECTS;

	for (__u32 i = 0; i < HF_WAYLAND_OBJECTS; i++)
		if (objects->ids[i] == id)
			found = i;
	return found;
}

static __always_inline void wayland_keep(struct hf_wayland *objects, __u32 id, __u8 kind)
{
	__u32 at = wayland_find(objects, id);

	if (!id)
		return;
	if (at >= HF_WAYLAND_OBJECTS) {
		at = wayland_find(objects, 0);
		objects->count++;
	}
	if (at >= HF_WAYLAND_OBJECTS) {
		objects->is_many = 1;
		objects->count--;
		return;
	}
	objects->ids[at] = id;
	objects->kinds[at] = kind;
}

/* What captures in a request are bits of the objects' kinds; WAYLAND_NONE: of one that is not known. */
static __always_inline __u64 wayland_bit(__u32 kind)
{
	return 1ull << kind;
}

/* Which of the interfaces that matter a request would bind: enum wayland_kind. */
static __always_inline __u8 wayland_bound(const __u8 *head)
{
	__u64 first = wayland_word(head, WAYLAND_BIND_NAME);
	__u64 second = wayland_word(head, WAYLAND_BIND_NAME + 8);
	__u64 third = wayland_word(head, WAYLAND_BIND_NAME + 16);
	__u8 kind = WAYLAND_NONE;

	for (__u32 i = 0; i < WAYLAND_INTERFACES; i++)
		if (wayland_is_named(&wayland_interfaces[i], first, second, third))
			kind = wayland_interfaces[i].kind;
	return kind;
}

/*
 * A global is bound; the number of its object comes behind the text, whose size the client says: more
 * than the name has, after a NUL, is no other name.
 */
static __always_inline __u64 wayland_bind(struct hf_wayland *objects, const __u8 *head, __u32 size)
{
	__u64 text = ((__u64)wayland_number_at(head, 12) + 3) & ~3ull;
	__u64 id_at = WAYLAND_BIND_NAME + text + 4; /* a version before it */
	__u8 kind = wayland_bound(head);

	if (kind == WAYLAND_NONE)
		return 0;
	if (kind == WAYLAND_KDE_REMOTE)
		return wayland_bit(kind);
	if (kind == WAYLAND_DATA_CONTROL) {
		objects->has_clipboard = 1;
		return 0;
	}
	if (id_at < HF_STREAM_HEAD || id_at + 4 > size)
		return 0; /* the server takes it for an error */
	objects->bound = kind;
	objects->bound_in = id_at - HF_STREAM_HEAD;
	objects->bound_rest = size - id_at - 4;
	return 0;
}

/* A request of an object by which it can capture. */
static __always_inline __u64 wayland_asked(
	struct hf_wayland *objects, __u32 at, __u32 opcode, const __u8 *head)
{
	__u32 size = wayland_size(head), id_at;
	__u8 kind;

	if (at >= HF_WAYLAND_OBJECTS) /* for the verifier */
		return 0;
	kind = objects->kinds[at];
	for (__u32 i = 0; i < WAYLAND_REQUESTS; i++) {
		const struct wayland_request *request = &wayland_requests[i];

		if (request->kind != kind || request->opcode != opcode)
			continue;
		if (request->does & WAYLAND_ENDS) {
			objects->ids[at] = 0;
			objects->count--;
		}
		id_at = request->id_at == 8 ? 8 : 16; /* for the verifier, said once more */
		if (request->does & WAYLAND_MAKES && size >= id_at + 4)
			wayland_keep(objects, wayland_number_at(head, id_at), request->child);
		return request->does & WAYLAND_CAPTURES ? wayland_bit(kind) : 0;
	}
	return 0;
}

/*
 * receive, of a data control's offer. Offers are the server's objects, and of which kind such a one is it
 * alone has said: accept of what is dragged, which is no reading, looks the same.
 */
static __always_inline bool wayland_receives(__u32 id, __u32 opcode, __u32 size)
{
	return id >= WAYLAND_SERVER_IDS && !opcode && size >= WAYLAND_RECEIVE;
}

/* Of a request, of which head has as much as was wanted: what captures in it. */
static __always_inline __u64 wayland_request_found(struct hf_wayland *objects, const __u8 *head)
{
	__u32 id = wayland_number_at(head, 0), opcode = wayland_number_at(head, 4) & 0xffff;
	__u32 size = wayland_size(head), at;
	__u64 found = 0;

	if (!opcode && size >= WAYLAND_BIND_MIN)
		found = wayland_bind(objects, head, size);
	if (!wayland_has_objects(objects) || !id)
		return found;
	at = wayland_find(objects, id);
	if (at < HF_WAYLAND_OBJECTS)
		return found | wayland_asked(objects, at, opcode, head);
	if (objects->has_clipboard && wayland_receives(id, opcode, size))
		return found | wayland_bit(WAYLAND_DATA_CONTROL);
	return objects->is_many ? found | wayland_bit(WAYLAND_NONE) : found;
}

#endif
