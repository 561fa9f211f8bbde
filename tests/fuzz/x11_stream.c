/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel part finds in what an X11 client sends, in whichever copies and pieces, the reference
 * finds too; and nothing that a server answers leads it astray.
 */
#include <assert.h>
#include <string.h>

#include "bpf/events.h"
#include "tests/unit/fixtures/x11_kernel.h"
#include "tests/unit/fixtures/x11_reference.h"

#define EXTENSIONS HF_X11_EXTENSIONS
#define CUTS	   8
#define ID_MASK	   0x1fffffu

/* The input: how the server is, how the stream is cut, and its bytes. */
struct input {
	uint8_t opcodes[EXTENSIONS]; /* 0: it has it not */
	uint8_t base;
	uint8_t answers; /* so many bytes of the stream are the server's, before the client's */
	uint8_t cuts[CUTS];
};

static uint8_t opcode_of(const struct input *input, uint32_t extension)
{
	uint8_t made = input->opcodes[extension];

	return made ? (uint8_t)(128 + made % 16 * EXTENSIONS + extension)
		    : 0; /* each another one */
}

static bool is_told(uint8_t opcode, const void *userdata)
{
	const struct x11_kernel *kernel = userdata;

	return opcode >= 128 && kernel->server.told[(opcode >> 6) & 1] & UINT64_C(1)
										 << (opcode & 63);
}

/* Two pieces to a copy. Returns the methods found. */
static uint64_t send_cut(struct x11_kernel *kernel, bool is_server, const struct input *input,
	const uint8_t *bytes, size_t size)
{
	uint64_t found = 0;

	for (size_t at = 0, i = 0; at < size;) {
		struct iovec pieces[2];
		size_t used = 0;

		for (; used < 2 && at < size; used++, i++) {
			size_t piece = 1 + (size_t)input->cuts[i % CUTS];

			if (piece > size - at)
				piece = size - at;
			pieces[used] = (struct iovec){(void *)(bytes + at), piece};
			at += piece;
		}
		found |= x11_kernel_copied(kernel, is_server, pieces, used);
	}
	return found;
}

static void compare(const struct x11_kernel *kernel, const struct input *input, uint64_t found,
	const uint8_t *bytes, size_t size)
{
	struct x11_reference reference = {
		.id_base = kernel->client.id_base,
		.id_mask = kernel->client.id_mask,
		.big = opcode_of(input, 0),
		.shm = opcode_of(input, 1),
		.composite = opcode_of(input, 2),
		.dri3 = opcode_of(input, 3),
		.record = opcode_of(input, 4),
		.test = opcode_of(input, 5),
		.render = opcode_of(input, 6),
		.dga = opcode_of(input, 7),
		.is_told = is_told,
		.userdata = kernel,
	};
	bool is_lost = kernel->client.flags & HF_END_UNREAD;

	x11_reference_parse(&reference, bytes, size);
	assert(is_lost == reference.is_lost);
	if (is_lost)
		return;
	assert(kernel->client.sequence == reference.requests);
	assert(found == reference.found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct x11_kernel kernel;
	struct input input;
	uint64_t found;

	if (size < sizeof(input))
		return 0;
	memcpy(&input, data, sizeof(input));
	data += sizeof(input);
	size -= sizeof(input);
	memset(&kernel.server, 0, sizeof(kernel.server));
	x11_kernel_begin(&kernel);
	if (input.answers && input.answers <= size) {
		(void)send_cut(&kernel, true, &input, data, input.answers);
		assert(kernel.client.asked_first <= kernel.client.asked_last);
		data += input.answers;
		size -= input.answers;
	}
	for (uint32_t i = 0; i < EXTENSIONS; i++) {
		uint8_t opcode = opcode_of(&input, i);

		kernel.server.opcodes[i] = opcode;
		if (opcode)
			kernel.server.told[(opcode >> 6) & 1] |= UINT64_C(1) << (opcode & 63);
	}
	kernel.client.id_base = (uint32_t)input.base << 21;
	kernel.client.id_mask = ID_MASK;
	found = send_cut(&kernel, false, &input, data, size);
	compare(&kernel, &input, found, data, size);
	return 0;
}
