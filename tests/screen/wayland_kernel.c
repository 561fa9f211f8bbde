/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/screen/wayland_kernel.h"

#include <sys/cdefs.h>

#include "tests/screen/stream_pieces.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "bpf/wayland_step.bpf.h"
#pragma GCC diagnostic pop

uint64_t wayland_kernel_copied(
	struct hf_display_end *client, const struct iovec *pieces, size_t count)
{
	struct stream_walk walk = {.end = client};

	if (client->flags & HF_END_UNREAD)
		return 0;
	pieces_begin(&client->stream, pieces, count);
	while (!wayland_step(0, &walk))
		;
	if (client->stream.is_lost)
		client->flags |= HF_END_UNREAD;
	return client->stream.found;
}
