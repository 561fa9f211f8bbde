/* SPDX-License-Identifier: Apache-2.0 */
/* Roads by io_uring: each operation that opens, writes or sends. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "roads.h"

static void ring_done(struct io_uring *ring)
{
	io_uring_queue_exit(ring);
}

/* Submits what was prepared, waits for one completion, gives its result. */
static int ring_run(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int r = io_uring_submit(ring);

	if (r < 0)
		return r;
	r = io_uring_wait_cqe(ring, &cqe);
	if (r < 0)
		return r;
	r = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return r;
}

/* Ring and target are there before the read. */
static int prepare(struct job *job, struct io_uring *ring, unsigned int flags, int *ret_target)
{
	int r = io_uring_queue_init(8, ring, flags);

	if (r < 0)
		return r;
	*ret_target = job_open_target(job, 0);
	if (*ret_target < 0)
		return *ret_target;
	return job_read(job);
}

static int write_with(struct job *job, unsigned int ring_flags, unsigned int flags)
{
	auto_call(ring_done) struct io_uring ring = {0};
	auto_close int target = -EBADF;
	struct io_uring_sqe *sqe;
	int r = prepare(job, &ring, ring_flags, &target);

	if (r < 0)
		return r;
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_write(sqe, target, job->content, (unsigned int)job->size, 0);
	sqe->flags |= (unsigned char)flags;
	return ring_run(&ring);
}

static int road_uring_write(struct job *job)
{
	return write_with(job, 0, 0);
}

static int road_uring_write_async(struct job *job)
{
	return write_with(job, 0, IOSQE_ASYNC);
}

/* The write is made by a kernel thread that was there before the read. */
static int road_uring_sqpoll(struct job *job)
{
	return write_with(job, IORING_SETUP_SQPOLL, 0);
}

static int road_uring_writev(struct job *job)
{
	auto_call(ring_done) struct io_uring ring = {0};
	auto_close int target = -EBADF;
	struct iovec part;
	int r = prepare(job, &ring, 0, &target);

	if (r < 0)
		return r;
	part = (struct iovec){.iov_base = job->content, .iov_len = job->size};
	io_uring_prep_writev(io_uring_get_sqe(&ring), target, &part, 1, 0);
	return ring_run(&ring);
}

/* Target and buffer are registered before the read: the ring alone holds them. */
static int road_uring_fixed(struct job *job)
{
	auto_call(ring_done) struct io_uring ring = {0};
	struct iovec part = {.iov_base = job->content, .iov_len = ROAD_CONTENT_MAX};
	struct io_uring_sqe *sqe;
	int target, r = io_uring_queue_init(8, &ring, 0);

	if (r < 0)
		return r;
	target = job_open_target(job, 0);
	if (target < 0)
		return target;
	r = io_uring_register_files(&ring, &target, 1);
	if (r < 0)
		return r;
	r = io_uring_register_buffers(&ring, &part, 1);
	if (r < 0)
		return r;
	close(target);
	r = job_read(job);
	if (r < 0)
		return r;
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_write_fixed(sqe, 0, job->content, (unsigned int)job->size, 0, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	return ring_run(&ring);
}

static int road_uring_splice(struct job *job)
{
	auto_call(ring_done) struct io_uring ring = {0};
	auto_close int target = -EBADF;
	int pipe[2], r = prepare(job, &ring, 0, &target);
	unsigned int size = (unsigned int)job->size;

	if (r < 0)
		return r;
	if (pipe2(pipe, O_CLOEXEC))
		return -errno;
	io_uring_prep_splice(io_uring_get_sqe(&ring), job->source_fd, 0, pipe[1], -1, size, 0);
	r = ring_run(&ring);
	if (r < 0)
		return r;
	io_uring_prep_splice(io_uring_get_sqe(&ring), pipe[0], -1, target, 0, size, 0);
	return ring_run(&ring);
}

/* By a program without rights: the ring opens and reads the source. */
static int road_uring_openat(struct job *job)
{
	auto_call(ring_done) struct io_uring ring = {0};
	int r = io_uring_queue_init(8, &ring, 0);

	if (r < 0)
		return r;
	io_uring_prep_openat(io_uring_get_sqe(&ring), AT_FDCWD, job->source, O_RDONLY, 0);
	r = ring_run(&ring);
	if (r < 0)
		return r;
	io_uring_prep_read(io_uring_get_sqe(&ring), r, job->content, ROAD_CONTENT_MAX, 0);
	return ring_run(&ring);
}

/* Opened by one request, read by the next, in one submission: there is never a descriptor. */
static int road_uring_openat_direct(struct job *job)
{
	auto_call(ring_done) struct io_uring ring = {0};
	struct io_uring_sqe *sqe;
	int none = -1, r = io_uring_queue_init(8, &ring, 0);

	if (r < 0)
		return r;
	r = io_uring_register_files(&ring, &none, 1);
	if (r < 0)
		return r;
	io_uring_prep_openat_direct(io_uring_get_sqe(&ring), AT_FDCWD, job->source, O_RDONLY, 0, 0);
	r = ring_run(&ring);
	if (r < 0)
		return r;
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_read(sqe, 0, job->content, ROAD_CONTENT_MAX, 0);
	sqe->flags |= IOSQE_FIXED_FILE;
	return ring_run(&ring);
}

static int destination(const struct job *job, struct sockaddr_in *ret_address)
{
	*ret_address = (struct sockaddr_in){.sin_family = AF_INET};
	if (!job->arg[0] || inet_pton(AF_INET, job->target, &ret_address->sin_addr) != 1)
		return -EINVAL;
	ret_address->sin_port = htons((unsigned short)atoi(job->arg[0]));
	return 0;
}

static int road_uring_connect(struct job *job)
{
	auto_call(ring_done) struct io_uring ring = {0};
	auto_close int fd = -EBADF;
	struct sockaddr_in address;
	int r = destination(job, &address);

	if (r < 0)
		return r;
	r = io_uring_queue_init(8, &ring, 0);
	if (r < 0)
		return r;
	r = job_read(job);
	if (r < 0)
		return r;
	fd = check_call(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return fd;
	io_uring_prep_connect(
		io_uring_get_sqe(&ring), fd, (struct sockaddr *)&address, sizeof(address));
	r = ring_run(&ring);
	return r < 0 ? r : write_all(fd, job->content, job->size);
}

/* Connected before the read: only sending is left to be refused. */
static int connected(struct job *job, struct io_uring *ring, int *ret_fd)
{
	struct sockaddr_in address;
	int r = destination(job, &address);

	if (r < 0)
		return r;
	r = io_uring_queue_init(8, ring, 0);
	if (r < 0)
		return r;
	*ret_fd = check_call(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	if (*ret_fd < 0)
		return *ret_fd;
	if (connect(*ret_fd, (struct sockaddr *)&address, sizeof(address)))
		return -ENOTCONN;
	return job_read(job);
}

static int road_uring_send(struct job *job)
{
	auto_call(ring_done) struct io_uring ring = {0};
	auto_close int fd = -EBADF;
	int r = connected(job, &ring, &fd);

	if (r < 0)
		return r;
	io_uring_prep_send(io_uring_get_sqe(&ring), fd, job->content, job->size, 0);
	return ring_run(&ring);
}

static int road_uring_sendmsg(struct job *job)
{
	auto_call(ring_done) struct io_uring ring = {0};
	auto_close int fd = -EBADF;
	struct msghdr message = {0};
	struct iovec part;
	int r = connected(job, &ring, &fd);

	if (r < 0)
		return r;
	part = (struct iovec){.iov_base = job->content, .iov_len = job->size};
	message.msg_iov = &part;
	message.msg_iovlen = 1;
	io_uring_prep_sendmsg(io_uring_get_sqe(&ring), fd, &message, 0);
	return ring_run(&ring);
}

static int road_uring_write_socket(struct job *job)
{
	auto_call(ring_done) struct io_uring ring = {0};
	auto_close int fd = -EBADF;
	int r = connected(job, &ring, &fd);

	if (r < 0)
		return r;
	io_uring_prep_write(io_uring_get_sqe(&ring), fd, job->content, (unsigned int)job->size, 0);
	return ring_run(&ring);
}

static int road_uring_send_zc(struct job *job)
{
	auto_call(ring_done) struct io_uring ring = {0};
	auto_close int fd = -EBADF;
	int r = connected(job, &ring, &fd);

	if (r < 0)
		return r;
	io_uring_prep_send_zc(io_uring_get_sqe(&ring), fd, job->content, job->size, 0, 0);
	return ring_run(&ring);
}

const struct road roads_uring[] = {
	{"uring-write", road_uring_write, false},
	{"uring-write-async", road_uring_write_async, false},
	{"uring-sqpoll", road_uring_sqpoll, false},
	{"uring-writev", road_uring_writev, false},
	{"uring-fixed", road_uring_fixed, false},
	{"uring-splice", road_uring_splice, false},
	{"uring-openat", road_uring_openat, false},
	{"uring-openat-direct", road_uring_openat_direct, false},
	{"uring-connect", road_uring_connect, false},
	{"uring-send", road_uring_send, false},
	{"uring-sendmsg", road_uring_sendmsg, false},
	{"uring-write-socket", road_uring_write_socket, false},
	{"uring-send-zc", road_uring_send_zc, false},
	{0},
};
