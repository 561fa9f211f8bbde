/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel part's parser of X11 against a reference, over 5,000 made-up connections: any byte order,
 * requests of all lengths, captures among harmless ones, cut into copies and pieces anywhere. And
 * that it learns extensions' numbers from what the server answers, whatever else it sends.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "bpf/events.h"
#include "tests/unit/fixtures/x11_kernel.h"
#include "tests/unit/fixtures/x11_reference.h"

#define STREAMS	    5000
#define BYTES_MAX   65536
#define EXTENSIONS  8
#define OTHERS	    4
#define ID_MASK	    0x1fffffu
#define METHOD(one) (UINT64_C(1) << HF_SCREEN_X11_##one)

static const char *const names[EXTENSIONS + OTHERS] = {"BIG-REQUESTS", "MIT-SHM", "Composite",
	"DRI3", "RECORD", "XTEST", "RENDER", "XFree86-DGA", "MIT-SHMX", "XFIXES", "DAMAGE", "GLX"};

/* One connection that is made up. */
struct made {
	uint64_t random;
	bool is_swapped;
	uint8_t opcodes[EXTENSIONS + OTHERS]; /* 0: the server has it not */
	uint16_t sequence;
	uint32_t base;
	size_t size, server_size;
	uint8_t bytes[BYTES_MAX], server[BYTES_MAX];
	size_t at, server_at; /* sent */
	uint64_t found;
	struct x11_kernel kernel;
};

static uint32_t some(struct made *made, uint32_t limit)
{
	made->random ^= made->random << 13;
	made->random ^= made->random >> 7;
	made->random ^= made->random << 17;
	return (uint32_t)(made->random >> 33) % limit;
}

static void put(const struct made *made, uint8_t *to, uint32_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[made->is_swapped ? size - 1 - i : i] = (uint8_t)(value >> (8 * i));
}

/* So many bytes more of a stream: random until they are written. */
static uint8_t *grow(struct made *made, bool is_server, size_t size)
{
	size_t *end = is_server ? &made->server_size : &made->size;
	uint8_t *bytes = (is_server ? made->server : made->bytes) + *end;

	cr_assert_leq(*end + size, BYTES_MAX);
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)some(made, 256);
	*end += size;
	return bytes;
}

static void send_cut(struct made *made, bool is_server)
{
	size_t *at = is_server ? &made->server_at : &made->at;
	size_t end = is_server ? made->server_size : made->size;
	uint8_t *bytes = is_server ? made->server : made->bytes;

	while (*at < end) {
		struct iovec pieces[4];
		size_t count = 1 + some(made, 4), used = 0;
		uint32_t longest = some(made, 3) ? 4096 : 7;

		for (; used < count && *at < end; used++) {
			size_t size = 1 + some(made, longest);

			if (size > end - *at)
				size = end - *at;
			pieces[used] = (struct iovec){bytes + *at, size};
			*at += size;
		}
		made->found |= x11_kernel_copied(&made->kernel, is_server, pieces, used);
	}
}

static void begin(struct made *made)
{
	uint32_t name = some(made, 40), data = some(made, 40);
	size_t size = 12 + (name + 3) / 4 * 4 + (data + 3) / 4 * 4, words = 8 + some(made, 64);
	uint8_t *bytes;

	x11_kernel_begin(&made->kernel);
	memset(&made->kernel.server, 0, sizeof(made->kernel.server));
	bytes = grow(made, false, size);
	bytes[0] = made->is_swapped ? 'B' : 'l';
	put(made, bytes + 6, name, 2);
	put(made, bytes + 8, data, 2);
	send_cut(made, false);
	made->base = (1 + some(made, 200)) << 21;
	bytes = grow(made, true, 8 + words * 4);
	bytes[0] = 1;
	put(made, bytes + 6, (uint32_t)words, 2);
	put(made, bytes + 12, made->base, 4);
	put(made, bytes + 16, ID_MASK, 4);
	send_cut(made, true);
}

/* A request with so many words; its body is random. */
static uint8_t *ask(struct made *made, uint8_t opcode, uint8_t minor, size_t words)
{
	uint8_t *bytes = grow(made, false, words * 4);

	bytes[0] = opcode;
	bytes[1] = minor;
	put(made, bytes + 2, (uint32_t)words, 2);
	made->sequence++;
	return bytes;
}

/* What comes between answers: events, errors, long replies and events. */
static void chatter(struct made *made)
{
	for (uint32_t count = some(made, 4); count; count--) {
		size_t words = some(made, 3) ? 0 : some(made, 50);
		uint8_t kind = (uint8_t)some(made, 4);
		uint8_t *bytes = grow(made, true, 32 + (kind == 1 || kind == 3 ? words * 4 : 0));

		bytes[0] = kind == 3 ? 35 : kind == 2 ? 12 : kind;
		/* As an answer to what was asked would look, but for what it answers. */
		put(made, bytes + 2, (uint16_t)(made->sequence - 1 - some(made, 100)), 2);
		if (kind == 1 || kind == 3)
			put(made, bytes + 4, (uint32_t)words, 4);
		bytes[8] = 1;
		bytes[9] = (uint8_t)(128 + some(made, 128));
	}
}

static void learn(struct made *made, size_t extension)
{
	size_t size = strlen(names[extension]);
	uint8_t *bytes = ask(made, 98, 0, 2 + (size + 3) / 4);

	put(made, bytes + 4, (uint32_t)size, 2);
	memcpy(bytes + 8, names[extension], size);
	send_cut(made, false);
	chatter(made);
	bytes = grow(made, true, 32);
	bytes[0] = 1;
	put(made, bytes + 2, made->sequence, 2);
	put(made, bytes + 4, 0, 4);
	bytes[8] = made->opcodes[extension] != 0;
	bytes[9] = made->opcodes[extension];
	chatter(made);
	send_cut(made, true);
}

/* Whose: this client's, another's, or the server's own. */
static uint32_t drawable(struct made *made)
{
	uint32_t id = some(made, ID_MASK);

	switch (some(made, 3)) {
	case 0:
		return made->base | id;
	case 1:
		return (made->base + ((1 + some(made, 20)) << 21)) | id;
	default:
		return id;
	}
}

static void make_request(struct made *made)
{
	static const uint8_t core[] = {1, 14, 16, 55, 61, 62, 63, 64, 70, 72, 73, 127};
	uint8_t minor = (uint8_t)some(made, 30), opcode = core[some(made, sizeof(core))];
	bool has_big = made->kernel.client.flags & HF_END_BIG;
	size_t words = 1 + some(made, some(made, 8) ? 12 : 400);
	uint8_t *bytes;

	if (some(made, 2))
		opcode = some(made, 10) ? made->opcodes[some(made, EXTENSIONS + OTHERS)]
					: (uint8_t)(128 + some(made, 128));
	if (!opcode)
		opcode = 127;
	if (opcode == made->opcodes[0])
		words = 1;
	if (words < 2 || !has_big || some(made, 2)) {
		bytes = ask(made, opcode, minor, words);
		if (words > 1)
			put(made, bytes + 4, drawable(made), 4);
		if (words > 2)
			put(made, bytes + 8, drawable(made), 4);
		return;
	}
	bytes = ask(made, opcode, minor, words + 1);
	put(made, bytes + 2, 0, 2);
	put(made, bytes + 4, (uint32_t)words + 1, 4);
	put(made, bytes + 8, drawable(made), 4);
	if (words > 2)
		put(made, bytes + 12, drawable(made), 4);
}

static bool is_told(uint8_t opcode, const void *userdata)
{
	const struct made *made = userdata;

	return memchr(made->opcodes, opcode, sizeof(made->opcodes));
}

static void make(struct made *made, uint64_t seed)
{
	memset(made, 0, sizeof(*made));
	made->random = seed * 0x9E3779B97F4A7C15u + 1;
	made->is_swapped = some(made, 2);
	for (size_t i = 0; i < EXTENSIONS + OTHERS; i++)
		made->opcodes[i] = some(made, 8) || i == 0 ? (uint8_t)(129 + i * 7 + some(made, 7))
							   : 0;
	begin(made);
	for (size_t i = 0; i < EXTENSIONS + OTHERS; i++)
		learn(made, i);
	cr_assert_arr_eq(made->kernel.server.opcodes, made->opcodes, EXTENSIONS,
		"seed %lu: the extensions are learned", (unsigned long)seed);
	cr_assert_eq(made->kernel.client.id_base, made->base);
	if (some(made, 2)) {
		(void)ask(made, made->opcodes[0], 0, 1);
		send_cut(made, false);
	}
	for (uint32_t count = some(made, 60); count; count--)
		make_request(made);
	if (!some(made, 20)) { /* it breaks off: no request is that short */
		put(made, ask(made, 127, 0, 1) + 2, 0, 2);
		put(made, grow(made, false, 64), some(made, 2), 4); /* with BIG-REQUESTS neither */
	}
	send_cut(made, false);
}

static uint64_t compare(struct made *made, uint64_t seed)
{
	struct x11_reference reference = {
		.id_base = made->base,
		.id_mask = ID_MASK,
		.big = made->opcodes[0],
		.shm = made->opcodes[1],
		.composite = made->opcodes[2],
		.dri3 = made->opcodes[3],
		.record = made->opcodes[4],
		.test = made->opcodes[5],
		.render = made->opcodes[6],
		.dga = made->opcodes[7],
		.is_told = is_told,
		.userdata = made,
	};
	bool is_lost = made->kernel.client.flags & HF_END_UNREAD;

	x11_reference_parse(&reference, made->bytes, made->size);
	cr_assert_eq(is_lost, reference.is_lost, "seed %lu: lost", (unsigned long)seed);
	if (is_lost)
		return UINT64_C(1) << HF_SCREEN_UNREAD;
	cr_assert_eq(made->kernel.client.sequence, reference.requests, "seed %lu: %u, %u requests",
		(unsigned long)seed, made->kernel.client.sequence, reference.requests);
	cr_assert_eq(made->found, reference.found, "seed %lu: %lx, %lx", (unsigned long)seed,
		(unsigned long)made->found, (unsigned long)reference.found);
	return reference.found;
}

Test(x11_requests, as_the_reference_finds_them)
{
	static struct made made;
	uint64_t all = 0;
	unsigned int none = 0;

	for (uint64_t seed = 1; seed <= STREAMS; seed++) {
		uint64_t found;

		make(&made, seed);
		found = compare(&made, seed);
		none += !found;
		all |= found;
	}
	/* What was made up has all of it in it, and streams without any. */
	cr_assert_eq(all,
		METHOD(GETIMAGE) | METHOD(SHM) | METHOD(COPY) | METHOD(COMPOSITE) | METHOD(DRI3) |
			METHOD(DGA) | METHOD(RECORD) | METHOD(XTEST) | METHOD(UNKNOWN) |
			UINT64_C(1) << HF_SCREEN_UNREAD,
		"%lx", (unsigned long)all);
	cr_assert_gt(none, 10);
}
