/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user space half of BPF_MAP_TYPE_RINGBUF (kernel/bpf/ringbuf.c): a consumer page that we
 * write, a producer page and the data, twice in a row, that we read. libbpf's reader moves the
 * consumer position as soon as its callback returns, which is too early for us, and maps all of the
 * data: the kernel fills in every page of a mapping when it is made, so that 8 MiB would count as
 * ours for good. We look through a window that moves along.
 */
#include "agent/sensor/ring.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/log.h"

#define WINDOW_BYTES ((size_t)256 << 10) /* some hundred records */

struct ring {
	int fd; /* own */
	size_t page_size;
	size_t data_size;
	uint64_t *consumer;		    /* mapped page */
	uint64_t *producer;		    /* mapped page; behind it lie the data */
	const uint8_t *window;		    /* mapped; NULL: not yet */
	size_t window_bytes, window_offset; /* into the data */
	uint64_t read_position;
	uint64_t ends[RING_FLIGHT_MAX]; /* position behind each record in flight */
	unsigned int first, count;
};

static int ring_map(struct ring *ring, int fd)
{
	void *memory;

	memory = mmap(NULL, ring->page_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	ring->consumer = memory;
	memory = mmap(NULL, ring->page_size, PROT_READ, MAP_SHARED, fd, (off_t)ring->page_size);
	if (memory == MAP_FAILED)
		return -errno;
	ring->producer = memory;
	ring->window_bytes = ring->data_size < WINDOW_BYTES ? ring->data_size : WINDOW_BYTES;
	ring->read_position = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
	return 0;
}

int ring_new(int fd, size_t data_size, struct ring **ret_ring)
{
	auto_call(ring_freep) struct ring *ring = calloc(1, sizeof(*ring));
	int r;

	if (!ring)
		return -ENOMEM;
	ring->fd = -EBADF; /* taken on success only */
	ring->page_size = (size_t)sysconf(_SC_PAGESIZE);
	ring->data_size = data_size;
	if (ring->data_size < 2 * RING_RECORD_MAX)
		return -EINVAL;
	r = ring_map(ring, fd);
	if (r < 0)
		return r;
	ring->fd = fd;
	*ret_ring = take_ptr(ring);
	return 0;
}

int ring_open(const char *pin_directory, struct ring **ret_ring)
{
	struct bpf_map_info info = {0};
	uint32_t info_size = sizeof(info);
	auto_close int fd = -EBADF;
	char path[PATH_MAX];
	int r;

	(void)snprintf(path, sizeof(path), "%s/maps/hf_ring", pin_directory);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &info_size) < 0)
		return -errno;
	if (info.type != BPF_MAP_TYPE_RINGBUF)
		return -EINVAL;
	r = ring_new(fd, info.max_entries, ret_ring);
	if (r == 0)
		(void)take_fd(fd); /* the ring's */
	return r;
}

void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	if (ring->consumer)
		(void)munmap(ring->consumer, ring->page_size); /* our own mapping */
	if (ring->producer)
		(void)munmap(ring->producer, ring->page_size); /* likewise */
	if (ring->window)
		(void)munmap((void *)ring->window, ring->window_bytes); /* likewise */
	if (ring->fd >= 0)
		(void)close(ring->fd); /* the pin holds the map */
	free(ring);
}

int ring_fd(const struct ring *ring)
{
	return ring->fd;
}

bool ring_is_caught_up(const struct ring *ring)
{
	return ring->count == 0;
}

unsigned int ring_in_flight(const struct ring *ring)
{
	return ring->count;
}

static uint64_t record_span(uint32_t length)
{
	uint32_t size = length & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

	return ((uint64_t)size + BPF_RINGBUF_HDR_SZ + 7) & ~UINT64_C(7);
}

/* Where the next record begins, with RING_RECORD_MAX bytes of it in sight. */
static const uint8_t *ring_look(struct ring *ring)
{
	size_t offset = ring->read_position & (ring->data_size - 1);
	size_t within = offset - ring->window_offset;
	void *memory;

	if (ring->window && offset >= ring->window_offset &&
		within + BPF_RINGBUF_HDR_SZ + RING_RECORD_MAX <= ring->window_bytes)
		return ring->window + within;
	if (ring->window)
		(void)munmap((void *)ring->window, ring->window_bytes); /* our own mapping */
	ring->window_offset = offset & ~(ring->page_size - 1);
	/* goes on into the second copy at the end of the first */
	memory = mmap(NULL, ring->window_bytes, PROT_READ, MAP_SHARED, ring->fd,
		(off_t)(2 * ring->page_size + ring->window_offset));
	if (memory == MAP_FAILED)
		fatal("cannot look into the ring: %m, stopping");
	ring->window = memory;
	return ring->window + (offset - ring->window_offset);
}

bool ring_next(struct ring *ring, const void **ret_bytes, size_t *ret_size_bytes)
{
	uint64_t produced = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);

	while (ring->read_position < produced && ring->count < RING_FLIGHT_MAX) {
		const uint8_t *header = ring_look(ring);
		uint32_t length = __atomic_load_n((const uint32_t *)header, __ATOMIC_ACQUIRE);

		if (length & BPF_RINGBUF_BUSY_BIT)
			return false;
		ring->read_position += record_span(length);
		if (length & BPF_RINGBUF_DISCARD_BIT) {
			if (!ring->count) /* nothing before it waits */
				__atomic_store_n(
					ring->consumer, ring->read_position, __ATOMIC_RELEASE);
			else
				ring->ends[(ring->first + ring->count - 1) % RING_FLIGHT_MAX] =
					ring->read_position;
			continue;
		}
		ring->ends[(ring->first + ring->count++) % RING_FLIGHT_MAX] = ring->read_position;
		*ret_bytes = header + BPF_RINGBUF_HDR_SZ;
		*ret_size_bytes = length;
		return true;
	}
	return false;
}

int ring_release(struct ring *ring, unsigned int count)
{
	if (count > ring->count)
		return -EINVAL;
	if (!count)
		return 0;
	__atomic_store_n(ring->consumer, ring->ends[(ring->first + count - 1) % RING_FLIGHT_MAX],
		__ATOMIC_RELEASE);
	ring->first = (ring->first + count) % RING_FLIGHT_MAX;
	ring->count -= count;
	return 0;
}
