/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The user space half of BPF_MAP_TYPE_RINGBUF (kernel/bpf/ringbuf.c): a consumer page that we
 * write, a producer page and the data, mapped twice in a row, that we read. libbpf's reader moves
 * the consumer position as soon as its callback returns, which is too early for us.
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

struct ring {
	int fd; /* own */
	size_t page_size;
	size_t data_size;
	uint64_t *consumer; /* mapped page */
	uint64_t *producer; /* mapped page, then twice the data */
	const uint8_t *data;
	uint64_t read_position;
	uint64_t ends[RING_FLIGHT_MAX]; /* position behind each record in flight */
	unsigned int first, count;
};

static int ring_map(struct ring *ring)
{
	void *memory;

	memory = mmap(NULL, ring->page_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	ring->consumer = memory;
	memory = mmap(NULL, ring->page_size + 2 * ring->data_size, PROT_READ, MAP_SHARED, ring->fd,
		(off_t)ring->page_size);
	if (memory == MAP_FAILED)
		return -errno;
	ring->producer = memory;
	ring->data = (const uint8_t *)memory + ring->page_size;
	ring->read_position = __atomic_load_n(ring->consumer, __ATOMIC_ACQUIRE);
	return 0;
}

int ring_open(const char *pin_directory, struct ring **ret_ring)
{
	auto_call(ring_freep) struct ring *ring = calloc(1, sizeof(*ring));
	struct bpf_map_info info = {0};
	uint32_t info_size = sizeof(info);
	char path[PATH_MAX];
	int r;

	if (!ring)
		return -ENOMEM;
	(void)snprintf(path, sizeof(path), "%s/maps/hf_ring", pin_directory);
	ring->page_size = (size_t)sysconf(_SC_PAGESIZE);
	ring->fd = bpf_obj_get(path);
	if (ring->fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(ring->fd, &info, &info_size) < 0)
		return -errno;
	if (info.type != BPF_MAP_TYPE_RINGBUF)
		return -EINVAL;
	ring->data_size = info.max_entries;
	r = ring_map(ring);
	if (r < 0)
		return r;
	*ret_ring = take_ptr(ring);
	return 0;
}

void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	if (ring->consumer)
		(void)munmap(ring->consumer, ring->page_size); /* our own mapping */
	if (ring->producer)
		(void)munmap(ring->producer, ring->page_size + 2 * ring->data_size); /* likewise */
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

bool ring_next(struct ring *ring, const void **ret_bytes, size_t *ret_size_bytes)
{
	uint64_t produced = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);

	while (ring->read_position < produced && ring->count < RING_FLIGHT_MAX) {
		const uint8_t *header = ring->data + (ring->read_position & (ring->data_size - 1));
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
