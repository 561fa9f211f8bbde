/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel part sees in what a Wayland client sends, in whichever pieces, the reference sees too. */
#include <assert.h>
#include <string.h>

#include "tests/screen/wayland_compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct wayland_stream stream;
	struct wayland_choice choice = {.bytes = data, .left = size};
	struct wayland_opinion opinion;

	if (size && data[0] == 0xfe) { /* the bytes as they are, too */
		stream.size = size - 1 < WAYLAND_STREAM_MAX ? size - 1 : WAYLAND_STREAM_MAX;
		memcpy(stream.bytes, data + 1, stream.size);
		stream.cuts[0] = stream.size;
		stream.cut_count = 1;
	} else {
		wayland_stream_make(&choice, &stream);
	}
	assert(wayland_agrees(&stream, &opinion));
	return 0;
}
