/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any packet between uplink and keyring: uplink talks to the network, so what it sends is outside
 * bytes to the keyring. What must hold: what is taken is put to the same bytes again.
 */
#include <assert.h>
#include <string.h>

#include "agent/ipc/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(struct bytes_writer *frame, const uint8_t *data, size_t size)
{
	assert(wire_end(frame) == (int)size && !memcmp(frame->start, data, size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keyring_request request;
	static struct keyring_answer answer;
	static uint8_t packet[KEYRING_FRAME_MAX];
	struct bytes_writer frame;

	if (keyring_request_decode(data, size, &request) == 0) {
		keyring_request_put(&frame, packet, sizeof(packet), &request);
		same(&frame, data, size);
	}
	if (keyring_answer_decode(data, size, &answer) == 0) {
		keyring_answer_put(&frame, packet, sizeof(packet), &answer);
		same(&frame, data, size);
	}
	return 0;
}
