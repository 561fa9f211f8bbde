/* SPDX-License-Identifier: Apache-2.0 */
/* The ring's reader on memory that lies as the kernel's does: round and round, through its window. */
#include <criterion/criterion.h>

#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/sensor/ring.h"

#define DATA_BYTES ((size_t)1 << 20) /* some windows */

static struct ring *ring;
static size_t page;
static uint64_t *consumer, *producer, written;
static uint8_t *first, *second; /* the data, and once more */

static void begin(void)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);
	uint8_t *all;

	page = (size_t)sysconf(_SC_PAGESIZE);
	cr_assert_eq(ftruncate(fd, (off_t)(2 * page + 2 * DATA_BYTES)), 0);
	all = mmap(NULL, 2 * page + 2 * DATA_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cr_assert_neq(all, MAP_FAILED);
	consumer = (uint64_t *)(void *)all;
	producer = (uint64_t *)(void *)(all + page);
	first = all + 2 * page;
	second = first + DATA_BYTES;
	cr_assert_eq(ring_new(fd, DATA_BYTES, &ring), 0);
}

static void end(void)
{
	ring_free(ring);
}

static void put(uint64_t at, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		first[(at + i) % DATA_BYTES] = second[(at + i) % DATA_BYTES] =
			((const uint8_t *)bytes)[i];
}

/* As bpf_ringbuf_reserve() and _submit() do it. */
static void produce(const void *bytes, uint32_t size, uint32_t flags)
{
	uint32_t header[2] = {size | flags, 0};

	cr_assert_leq(written - *consumer + size + sizeof(header) + 8, DATA_BYTES);
	put(written, header, sizeof(header));
	put(written + sizeof(header), bytes, size);
	written += (size + sizeof(header) + 7) & ~(size_t)7;
	*producer = written;
}

/* Records of this number: their length and every byte follow from it. */
static uint32_t made(unsigned int number, uint8_t bytes[RING_RECORD_MAX])
{
	uint32_t size = number % 7 == 0 ? RING_RECORD_MAX : 40 + number * 31 % 1400;

	memset(bytes, (int)(number * 17 & 0xff), size);
	memcpy(bytes, &number, sizeof(number));
	return size;
}

TestSuite(ring, .init = begin, .fini = end);

Test(ring, records_come_whole_many_times_round)
{
	static uint8_t wanted[RING_RECORD_MAX];
	unsigned int number = 0, got = 0;
	const void *bytes;
	size_t size;

	while (written < 9 * DATA_BYTES) {
		for (unsigned int i = 0; i < 40; i++, number++) {
			uint32_t long_is = made(number, wanted);

			produce(wanted, long_is, 0);
		}
		while (ring_next(ring, &bytes, &size)) {
			cr_assert_eq(size, made(got, wanted), "record %u", got);
			cr_assert_eq(memcmp(bytes, wanted, size), 0, "record %u", got);
			got++;
		}
		cr_assert_eq(got, number);
		cr_assert_eq(ring_release(ring, ring_in_flight(ring)), 0);
		cr_assert_eq(*consumer, written);
	}
	cr_expect(ring_is_caught_up(ring));
}

Test(ring, what_is_not_released_is_read_again)
{
	const void *bytes;
	struct ring *next;
	size_t size;

	produce("one.....", 8, 0);
	produce("two.....", 8, 0);
	cr_assert(ring_next(ring, &bytes, &size) && ring_next(ring, &bytes, &size));
	cr_assert_eq(ring_release(ring, 1), 0);
	cr_assert_eq(ring_release(ring, 2), -EINVAL);
	cr_assert_eq(ring_new(dup(ring_fd(ring)), DATA_BYTES, &next), 0);
	cr_assert(ring_next(next, &bytes, &size));
	cr_expect_eq(memcmp(bytes, "two.....", 8), 0);
	cr_expect_not(ring_next(next, &bytes, &size));
	ring_free(next);
}

Test(ring, discarded_ones_are_passed_and_busy_ones_waited_for)
{
	uint32_t done = 8;
	const void *bytes;
	size_t size;

	produce("gone....", 8, BPF_RINGBUF_DISCARD_BIT);
	produce("later...", 8, BPF_RINGBUF_BUSY_BIT);
	produce("behind..", 8, 0);
	cr_expect_not(ring_next(ring, &bytes, &size));
	cr_expect_eq(*consumer, 16, "nothing before the discarded one waits");
	put(16, &done, sizeof(done));
	cr_assert(ring_next(ring, &bytes, &size));
	cr_expect_eq(memcmp(bytes, "later...", 8), 0);
	cr_assert(ring_next(ring, &bytes, &size));
	cr_expect_eq(memcmp(bytes, "behind..", 8), 0);
}

Test(ring, only_a_window_of_it_is_mapped)
{
	static uint8_t bytes[RING_RECORD_MAX];
	char line[512];
	const void *record;
	size_t size, mapped = 0;
	FILE *maps;

	for (unsigned int number = 0; number < 300; number++) {
		produce(bytes, made(number, bytes), 0);
		cr_assert(ring_next(ring, &record, &size));
		cr_assert_eq(ring_release(ring, 1), 0);
	}
	maps = fopen("/proc/self/maps", "re");
	cr_assert_not_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		unsigned long from, to;

		if (strstr(line, "memfd:ring") && strstr(line, " r--s ") &&
			sscanf(line, "%lx-%lx", &from, &to) == 2)
			mapped += to - from;
	}
	(void)fclose(maps);
	cr_expect_eq(mapped, page + ((size_t)256 << 10));
}

Test(ring, one_that_is_too_small_is_none)
{
	struct ring *none = NULL;

	cr_expect_eq(ring_new(ring_fd(ring), RING_RECORD_MAX, &none), -EINVAL);
	cr_expect_null(none);
}
