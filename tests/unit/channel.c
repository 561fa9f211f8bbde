/* SPDX-License-Identifier: Apache-2.0 */
/* Packets between processes: whole, in order, bounded, and no descriptor lost or left open. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/wire.h"

#define TYPE 7

static struct channel ours, theirs;
static uint8_t frame_bytes[WIRE_FRAME_MAX], received[WIRE_FRAME_MAX];

static void pair_open(size_t queue_max)
{
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	channel_init(&ours, pair[0], queue_max);
	channel_init(&theirs, pair[1], 0);
}

static void pair_done(void)
{
	channel_done(&ours);
	channel_done(&theirs);
}

/* A frame with number in front of size bytes. */
static int send_number(uint32_t number, size_t size, int fd)
{
	static const uint8_t filling[WIRE_PAYLOAD_MAX];
	struct bytes_writer frame;

	wire_begin(&frame, frame_bytes, sizeof(frame_bytes), TYPE);
	bytes_put_u32(&frame, number);
	bytes_put_blob(&frame, filling, size);
	return channel_send(&ours, &frame, fd);
}

static void expect_number(uint32_t number, size_t size)
{
	struct bytes_reader payload;
	uint16_t type;
	int fd = -EBADF, r = channel_receive(&theirs, received, sizeof(received), &fd);

	cr_assert_eq(r, (int)(WIRE_HEADER_SIZE + 4 + size), "%d for number %u", r, number);
	cr_assert_eq(wire_open(received, (size_t)r, &type, &payload), 0);
	cr_expect_eq(type, TYPE);
	cr_assert_eq(bytes_get_u32(&payload), number);
	cr_expect_lt(fd, 0);
}

/* Fills the socket and then the queue: how many frames went in. */
static uint32_t send_until(int wanted, size_t size)
{
	uint32_t count = 0;
	int r;

	while ((r = send_number(count, size, -1)) == 0 && count < 100000)
		count++;
	cr_assert_eq(r, wanted);
	return count;
}

static unsigned int open_count(void)
{
	unsigned int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

Test(channel, a_frame_there)
{
	pair_open(0);
	cr_expect_eq(send_number(1, 0, -1), 0);
	cr_expect_eq(send_number(2, 100, -1), 0);
	cr_expect(channel_is_idle(&ours));
	cr_expect_eq(channel_events(&ours), POLLIN);
	expect_number(1, 0);
	expect_number(2, 100);
	pair_done();
}

Test(channel, the_largest_frame)
{
	pair_open(0);
	cr_assert_eq(send_number(1, WIRE_PAYLOAD_MAX - 4, -1), 0);
	expect_number(1, WIRE_PAYLOAD_MAX - 4);
	cr_expect_eq(send_number(1, WIRE_PAYLOAD_MAX - 3, -1), -EMSGSIZE);
	pair_done();
}

Test(channel, nothing_to_receive)
{
	int fd = -EBADF;

	pair_open(0);
	cr_expect_eq(channel_receive(&theirs, received, sizeof(received), &fd), -EAGAIN);
	pair_done();
}

Test(channel, sockets_do_not_block)
{
	pair_open(0);
	cr_expect(fcntl(ours.fd, F_GETFL) & O_NONBLOCK);
	pair_done();
}

Test(channel, the_peer_is_gone)
{
	int fd = -EBADF;

	pair_open(0);
	channel_done(&ours);
	cr_expect_eq(channel_receive(&theirs, received, sizeof(received), &fd), 0);
	cr_expect_eq(send_number(1, 0, -1), -ENOTCONN);
	channel_done(&ours);
	channel_done(&theirs);
	pair_open(0);
	channel_done(&theirs);
	cr_expect_eq(send_number(1, 0, -1), -EPIPE, "no signal either");
	pair_done();
}

/* What the socket has no room for waits and comes later, in order. */
Test(channel, frames_wait_in_order)
{
	uint32_t sent = 0;

	pair_open(0);
	while (channel_is_idle(&ours))
		cr_assert_eq(send_number(sent++, 4000, -1), 0);
	for (unsigned int i = 0; i < 50; i++)
		cr_assert_eq(send_number(sent++, 4000, -1), 0);
	cr_expect_eq(channel_events(&ours), POLLIN | POLLOUT);
	for (uint32_t number = 0; number < sent; number++) {
		expect_number(number, 4000);
		cr_assert_eq(channel_flush(&ours), 0);
	}
	cr_expect(channel_is_idle(&ours));
	cr_expect_eq(ours.queued_bytes, 0);
	cr_assert_eq(send_number(sent, 0, -1), 0);
	expect_number(sent, 0);
	pair_done();
}

Test(channel, the_queue_is_bounded)
{
	uint32_t sent;

	pair_open(40000);
	sent = send_until(-ENOBUFS, 4000);
	cr_expect_leq(ours.queued_bytes, 40000);
	cr_expect_gt(ours.queued_bytes, 30000);
	for (uint32_t number = 0; number < sent; number++) { /* none of those is lost */
		expect_number(number, 4000);
		cr_assert_eq(channel_flush(&ours), 0);
	}
	pair_done();
}

Test(channel, done_drops_what_waits)
{
	unsigned int before = open_count();
	int file = memfd_create("x", MFD_CLOEXEC);

	pair_open(0);
	while (channel_is_idle(&ours))
		cr_assert_eq(send_number(0, 4000, -1), 0);
	for (unsigned int i = 0; i < 5; i++)
		cr_assert_eq(send_number(0, 4000, file), 0);
	(void)close(file); /* waits as duplicates */
	pair_done();
	cr_expect_eq(open_count(), before);
	cr_expect_eq(ours.queued_bytes, 0);
	cr_expect_lt(ours.fd, 0);
}

Test(channel, a_descriptor_comes_along)
{
	int file = memfd_create("x", MFD_CLOEXEC), fd = -EBADF;
	struct stat sent, got;

	pair_open(0);
	cr_assert_eq(send_number(1, 0, file), 0);
	cr_assert_gt(channel_receive(&theirs, received, sizeof(received), &fd), 0);
	cr_assert_geq(fd, 0);
	cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	cr_assert(fstat(file, &sent) == 0 && fstat(fd, &got) == 0);
	cr_expect_eq(sent.st_ino, got.st_ino);
	(void)close(fd);
	(void)close(file);
	pair_done();
}

/* Also when it had to wait and the sender has closed its own by then. */
Test(channel, a_descriptor_waits)
{
	int file = memfd_create("x", MFD_CLOEXEC), fd = -EBADF;
	unsigned int descriptors = 0;
	uint32_t sent = 1;

	pair_open(0);
	while (channel_is_idle(&ours))
		cr_assert_eq(send_number(sent++, 4000, -1), 0);
	cr_assert_eq(send_number(sent++, 0, file), 0);
	(void)close(file);
	while (sent--) {
		int r = channel_receive(&theirs, received, sizeof(received), &fd);

		if (r == -EAGAIN)
			break;
		cr_assert_gt(r, 0);
		if (fd >= 0) {
			descriptors++;
			(void)close(fd);
		}
		cr_assert_eq(channel_flush(&ours), 0);
	}
	cr_expect_eq(descriptors, 1);
	pair_done();
}

static void send_descriptors(unsigned int count, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(16 * sizeof(int))];
	} control = {0};
	char byte = 'x';
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = CMSG_SPACE(count * sizeof(int))};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
	for (unsigned int i = 0; i < count; i++)
		memcpy(CMSG_DATA(&control.header) + i * sizeof(int), &fd, sizeof(fd));
	cr_assert_eq(sendmsg(ours.fd, &message, 0), 1);
}

/* A peer that sends more descriptors than one is refused, and none of them stays open here. */
Test(channel, too_many_descriptors)
{
	static const unsigned int counts[] = {2, 3, 4, 5, 16};

	pair_open(0);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		unsigned int before = open_count();
		int fd = -EBADF;

		send_descriptors(counts[i], STDERR_FILENO);
		cr_expect_eq(channel_receive(&theirs, received, sizeof(received), &fd), -EBADMSG,
			"%u", counts[i]);
		cr_expect_eq(fd, -EBADF);
		cr_expect_eq(open_count(), before, "%u", counts[i]);
	}
	pair_done();
}

Test(channel, a_packet_that_does_not_fit)
{
	unsigned int before = open_count() + 2;
	int fd = -EBADF;

	pair_open(0);
	cr_assert_eq(send_number(1, 100, STDERR_FILENO), 0);
	cr_expect_eq(channel_receive(&theirs, received, 50, &fd), -EBADMSG);
	cr_expect_eq(fd, -EBADF);
	cr_expect_eq(open_count(), before, "the descriptor of a cut packet");
	pair_done();
}
