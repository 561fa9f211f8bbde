/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/screen/wayland_stream.h"

#include <string.h>

#define REQUESTS_MAX 48
#define IDS	     6 /* few, so that they meet; or more than the kernel part remembers, */
#define IDS_MANY     40

static const char *const names[] = {"zwlr_screencopy_manager_v1",
	"ext_image_copy_capture_manager_v1", "zwlr_export_dmabuf_manager_v1",
	"hyprland_toplevel_export_manager_v1", "weston_screenshooter", "weston_capture_v1",
	"zkde_screencast_unstable_v1", "kde_screencast_manager_v2",
	"org_kde_kwin_remote_access_manager", "zwlr_data_control_manager_v1",
	"ext_data_control_manager_v1", /* and those that do not */
	"wl_compositor", "wl_shm", "xdg_wm_base", "ext_image_capture_source_v1",
	"hyprland_toplevel_mapping_manager_v1", "zwlr_screencop_manager_v1", "zwlr_layer_shell_v1",
	"weston_desktop_shell", "weston_capture", ""};

static uint8_t choose(struct wayland_choice *choice)
{
	if (!choice->left)
		return 0;
	choice->left--;
	return *choice->bytes++;
}

static size_t choose_below(struct wayland_choice *choice, size_t end)
{
	return (choose(choice) | (size_t)choose(choice) << 8) % end;
}

static void put(struct wayland_stream *stream, uint32_t number)
{
	if (stream->size + sizeof(number) > WAYLAND_STREAM_MAX)
		return;
	memcpy(stream->bytes + stream->size, &number, sizeof(number));
	stream->size += sizeof(number);
}

/* The size in the header is said when all of it is there; by says how wrong it is. */
static void end_request(struct wayland_stream *stream, size_t begin, size_t by)
{
	uint32_t word;

	if (begin + 8 > stream->size)
		return;
	memcpy(&word, stream->bytes + begin + 4, sizeof(word));
	word = (word & 0xffff) | (uint32_t)(stream->size - begin + by) << 16;
	memcpy(stream->bytes + begin + 4, &word, sizeof(word));
}

static uint32_t choose_id(struct wayland_choice *choice)
{
	return 2 + (uint32_t)choose_below(choice, choice->has_many ? IDS_MANY : IDS);
}

static void put_bind(struct wayland_choice *choice, struct wayland_stream *stream)
{
	size_t which = choose_below(choice, sizeof(names) / sizeof(names[0])), begin = stream->size;
	size_t length = strlen(names[which]) + 1, more = 0, padded;
	uint8_t odd = choose(choice);

	if (!(odd & 7)) /* more text behind the NUL, which no comparison sees */
		more = 1 + choose_below(choice, 300);
	length += more;
	padded = (length + 3) & ~(size_t)3;
	if (stream->size + padded + 64 > WAYLAND_STREAM_MAX)
		return;
	put(stream, 2);
	put(stream, 0);
	put(stream, choose(choice));
	put(stream, (uint32_t)(odd == 0x10 ? length - 1 : length));
	memset(stream->bytes + stream->size, odd & 0x40 ? 0xaa : 0, padded);
	strcpy((char *)stream->bytes + stream->size, names[which]);
	stream->size += padded;
	put(stream, 1);
	put(stream, choose_id(choice));
	if (odd == 0x20) /* what is behind the arguments nobody reads */
		put(stream, choose_id(choice));
	end_request(stream, begin, 0);
}

static void put_request(struct wayland_choice *choice, struct wayland_stream *stream)
{
	size_t begin = stream->size, arguments = choose_below(choice, 5);
	uint8_t kind = choose(choice);

	if (!(kind & 0x1f)) /* long ones: titles, regions */
		arguments = choose_below(choice, 600);
	put(stream, choose_id(choice) + (kind & 0x40 ? 0xff000000 : 0)); /* the server's own */
	put(stream, kind & 0x80 ? choose(choice) & 7 : 0);
	for (size_t i = 0; i < arguments; i++)
		put(stream, choose_id(choice));
	end_request(stream, begin, 0);
}

/* No client sends such: what is there is less, or more, than its header says. */
static void put_broken(struct wayland_choice *choice, struct wayland_stream *stream)
{
	size_t begin = stream->size;

	put(stream, choose_id(choice));
	put(stream, choose(choice) & 3);
	put(stream, choose(choice));
	end_request(stream, begin, (size_t)-choose_below(choice, 12));
}

static void cut(struct wayland_choice *choice, struct wayland_stream *stream)
{
	size_t left = stream->size;
	uint8_t way = choose(choice);

	while (left && stream->cut_count < WAYLAND_CUTS_MAX - 1) {
		size_t size = way & 3 ? 1 + choose_below(choice, way & 1 ? 24 : 5000) : left;

		if (size > left)
			size = left;
		stream->cuts[stream->cut_count++] = size;
		left -= size;
	}
	if (left)
		stream->cuts[stream->cut_count++] = left;
}

void wayland_stream_make(struct wayland_choice *choice, struct wayland_stream *ret_stream)
{
	size_t requests = 1 + choose_below(choice, REQUESTS_MAX);

	ret_stream->size = ret_stream->cut_count = 0;
	choice->has_many = !(choose(choice) & 7);
	for (size_t i = 0; i < requests; i++) {
		uint8_t what = choose(choice);

		if (what == 0xff)
			put_broken(choice, ret_stream);
		else if (what & 3)
			put_request(choice, ret_stream);
		else
			put_bind(choice, ret_stream);
	}
	cut(choice, ret_stream);
}
