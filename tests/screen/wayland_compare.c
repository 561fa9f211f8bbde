/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/screen/wayland_compare.h"

#include "tests/screen/wayland_kernel.h"

#define PIECES 4 /* of one copy, at most */

/* The copy in which a capture is asked for, or it is lost. */
struct seen {
	size_t begin; /* bytes up to there */
	size_t end;   /* and up to its end; WAYLAND_NEVER: there is none */
	bool is_lost;
};

static struct seen capture_in(const struct wayland_stream *stream, bool is_by_byte)
{
	struct hf_display_end client = {0};
	size_t at = 0, cut = 0;

	while (at < stream->size) {
		struct iovec pieces[PIECES];
		size_t begin = at, count = 0;
		uint64_t found;
		bool is_lost;

		do {
			size_t size = is_by_byte ? 1 : stream->cuts[cut++];

			pieces[count++] = (struct iovec){(void *)(stream->bytes + at), size};
			at += size;
		} while (count < PIECES && at < stream->size && !is_by_byte && cut % 3);
		found = wayland_kernel_copied(&client, pieces, count);
		is_lost = client.flags & HF_END_UNREAD;
		if (found || is_lost)
			return (struct seen){begin, at, is_lost && !found};
	}
	return (struct seen){at, WAYLAND_NEVER, false};
}

bool wayland_agrees(const struct wayland_stream *stream, struct wayland_opinion *ret_opinion)
{
	struct seen exactly = capture_in(stream, true), cut = capture_in(stream, false);

	wayland_reference(stream->bytes, stream->size, ret_opinion);
	if ((exactly.end == WAYLAND_NEVER) != (cut.end == WAYLAND_NEVER))
		return false;
	if (cut.end != WAYLAND_NEVER && (exactly.end <= cut.begin || exactly.end > cut.end))
		return false;
	if (ret_opinion->objects > HF_WAYLAND_OBJECTS) /* then more may count, never less */
		return exactly.end <= ret_opinion->captured;
	return exactly.end == ret_opinion->captured && exactly.is_lost == ret_opinion->is_lost;
}
