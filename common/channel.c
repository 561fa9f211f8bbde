/* SPDX-License-Identifier: Apache-2.0 */
/* Sending, queueing and receiving packets; nothing about what is in them. */
#include "common/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/wire.h"

struct channel_frame {
	struct channel_frame *next;
	size_t size;
	int fd;
	uint8_t bytes[];
};

void channel_init(struct channel *channel, int fd, size_t queue_max)
{
	int flags = fcntl(fd, F_GETFL);

	*channel = (struct channel){
		.fd = fd, .queue_max = queue_max ? queue_max : CHANNEL_QUEUE_MAX};
	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK); /* can't fail on a socket of ours */
}

static void frame_free(struct channel_frame *frame)
{
	if (!frame)
		return;
	if (frame->fd >= 0)
		(void)close(frame->fd); /* a duplicate */
	free(frame);
}

void channel_done(struct channel *channel)
{
	while (channel->first) {
		struct channel_frame *frame = channel->first;

		channel->first = frame->next;
		frame_free(frame);
	}
	channel->last = NULL;
	channel->queued_bytes = 0;
	if (channel->fd >= 0)
		(void)close(channel->fd); /* gone either way */
	channel->fd = -EBADF;
}

int channel_packet(int socket_fd, const void *bytes, size_t size, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (fd >= 0) {
		message.msg_control = control.space;
		message.msg_controllen = sizeof(control.space);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	return sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int frame_queue(struct channel *channel, const struct bytes_writer *bytes, int fd)
{
	struct channel_frame *frame;

	if (channel->queued_bytes + bytes->used > channel->queue_max)
		return -ENOBUFS;
	frame = malloc(sizeof(*frame) + bytes->used);
	if (!frame)
		return -ENOMEM;
	frame->next = NULL;
	frame->size = bytes->used;
	frame->fd = -EBADF;
	memcpy(frame->bytes, bytes->start, bytes->used);
	if (fd >= 0) {
		frame->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (frame->fd < 0) {
			free(frame);
			return -errno;
		}
	}
	if (channel->last)
		channel->last->next = frame;
	else
		channel->first = frame;
	channel->last = frame;
	channel->queued_bytes += frame->size;
	return 0;
}

int channel_send(struct channel *channel, struct bytes_writer *frame, int fd)
{
	int r;

	r = wire_end(frame);
	if (r < 0)
		return r;
	if (channel->fd < 0)
		return -ENOTCONN;
	if (!channel->first) {
		r = channel_packet(channel->fd, frame->start, frame->used, fd);
		if (r != -EAGAIN && r != -EWOULDBLOCK && r != -ENOBUFS)
			return r;
	}
	return frame_queue(channel, frame, fd);
}

int channel_flush(struct channel *channel)
{
	while (channel->first) {
		struct channel_frame *frame = channel->first;
		int r = channel_packet(channel->fd, frame->bytes, frame->size, frame->fd);

		if (r == -EAGAIN || r == -ENOBUFS)
			return 0;
		if (r < 0)
			return r;
		channel->first = frame->next;
		if (!channel->first)
			channel->last = NULL;
		channel->queued_bytes -= frame->size;
		frame_free(frame);
	}
	return 0;
}

bool channel_is_idle(const struct channel *channel)
{
	return !channel->first;
}

short channel_events(const struct channel *channel)
{
	return (short)(POLLIN | (channel->first ? POLLOUT : 0));
}

/* What comes beside the bytes. */
struct extras {
	int fd;
	unsigned int fd_count;
	pid_t pid;
};

/* The first descriptor; any others are closed. */
static void take_fds(const struct cmsghdr *header, struct extras *extras)
{
	size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
		if (extras->fd_count++ == 0)
			extras->fd = fd;
		else
			(void)close(fd); /* not asked for */
	}
}

static void control_take(struct msghdr *message, struct extras *ret_extras)
{
	*ret_extras = (struct extras){.fd = -EBADF};
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
		header = CMSG_NXTHDR(message, header)) {
		struct ucred sender;

		if (header->cmsg_level != SOL_SOCKET)
			continue;
		if (header->cmsg_type == SCM_RIGHTS) {
			take_fds(header, ret_extras);
		} else if (header->cmsg_type == SCM_CREDENTIALS &&
			   header->cmsg_len >= CMSG_LEN(sizeof(sender))) {
			memcpy(&sender, CMSG_DATA(header), sizeof(sender));
			ret_extras->pid = sender.pid;
		}
	}
}

int channel_receive_from(
	struct channel *channel, void *buffer, size_t size, int *ret_fd, pid_t *ret_pid)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(4 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} control = {0};
	struct iovec part = {.iov_base = buffer, .iov_len = size};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	struct extras extras;
	auto_close int fd = -EBADF;
	ssize_t got;

	got = recvmsg(channel->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got < 0)
		return errno == ECONNRESET ? 0 : -errno;
	control_take(&message, &extras);
	fd = extras.fd;
	if (extras.fd_count > 1 || (message.msg_flags & MSG_TRUNC))
		return -EBADMSG;
	*ret_fd = take_fd(fd);
	*ret_pid = extras.pid;
	return (int)got;
}

int channel_receive(struct channel *channel, void *buffer, size_t size, int *ret_fd)
{
	pid_t pid;

	return channel_receive_from(channel, buffer, size, ret_fd, &pid);
}
