/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roads by memory behind descriptors that have no file: rings of io_uring, which a child inherits,
 * another program maps or sends a message to, and BPF maps.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "roads.h"

#define RING_ENTRIES (ROAD_CONTENT_MAX / sizeof(struct io_uring_sqe))

/* A ring that other programs get. The machine's end closes it. */
static int ring_open(struct io_uring *ring)
{
	int r = io_uring_queue_init(RING_ENTRIES, ring, 0);

	return r < 0 ? r : check_call(fcntl(ring->ring_fd, F_SETFD, 0));
}

static int road_ring_inherited(struct job *job)
{
	struct io_uring ring;
	int r = ring_open(&ring);

	return r < 0 ? r : job_share(job, (char *)ring.sq.sqes);
}

static int road_ring_mapped(struct job *job)
{
	struct io_uring ring;
	char text[16];
	pid_t pid;
	int r = ring_open(&ring);

	if (r < 0)
		return r;
	snprintf(text, sizeof(text), "%d", ring.ring_fd);
	road_go_prepare();
	pid = spawn_plain("@wait", "@ring-to", text, job->target, NULL);
	r = job_read(job);
	if (r < 0)
		return r;
	memcpy(ring.sq.sqes, job->content, job->size);
	road_go(pid);
	return wait_child(pid);
}

/* arg[0]: the ring that it goes to. Eight bytes. */
static int road_ring_message_sender(struct job *job)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	uint64_t begin;
	int r = ring_open(&ring);

	if (r >= 0)
		r = job_read(job);
	if (r < 0)
		return r;
	memcpy(&begin, job->content, sizeof(begin));
	io_uring_prep_msg_ring(io_uring_get_sqe(&ring), atoi(job->arg[0]), 0, begin, 0);
	r = io_uring_submit(&ring);
	if (r >= 0)
		r = io_uring_wait_cqe(&ring, &cqe);
	return r < 0 ? r : cqe->res;
}

/* The reader is a program of its own, which shares no memory with who made the ring. */
static int road_ring_message(struct job *job)
{
	struct __kernel_timespec patience = {.tv_sec = 10};
	auto_close int target = job_open_target(job, 0);
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	char text[16];
	pid_t pid;
	int r = ring_open(&ring);

	if (target < 0 || r < 0)
		return target < 0 ? target : r;
	snprintf(text, sizeof(text), "%d", ring.ring_fd);
	pid = fork();
	if (pid == 0) {
		execl("/proc/self/exe", "hf-road", "ring-message-sender", job->source, "-", text,
			NULL);
		exit_road(-errno);
	}
	r = io_uring_wait_cqe_timeout(&ring, &cqe, &patience);
	if (r == 0)
		r = write_all(target, &cqe->user_data, sizeof(cqe->user_data));
	return r < 0 ? r : wait_child(pid);
}

static char *bpf_map_open(void)
{
	union bpf_attr attributes = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = ROAD_CONTENT_MAX,
		.max_entries = 1,
		.map_flags = BPF_F_MMAPABLE,
	};
	int fd = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes));

	if (fd < 0)
		return MAP_FAILED;
	return mmap(NULL, ROAD_CONTENT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static int road_bpf_mapped(struct job *job)
{
	char *map = bpf_map_open();

	return map == MAP_FAILED ? -errno : job_share(job, map);
}

static int road_bpf_mapped_later(struct job *job)
{
	auto_close int target = job_open_target(job, 0);
	int r = job_read(job);
	char *map;

	if (target < 0 || r < 0)
		return target < 0 ? target : r;
	map = bpf_map_open();
	if (map == MAP_FAILED)
		return -errno;
	memcpy(map, job->content, job->size);
	return write_all(target, map, job->size);
}

const struct road roads_rings[] = {
	{"ring-inherited", road_ring_inherited, false},
	{"ring-mapped", road_ring_mapped, false},
	{"ring-message", road_ring_message, false},
	{"ring-message-sender", road_ring_message_sender, false},
	{"bpf-mapped", road_bpf_mapped, true},
	{"bpf-mapped-later", road_bpf_mapped_later, true},
	{0},
};
