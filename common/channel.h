/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of a SOCK_SEQPACKET socket with a bounded queue of frames to send. Never blocks. A
 * frame may carry one descriptor.
 */
#ifndef HOLDFAST_COMMON_CHANNEL_H
#define HOLDFAST_COMMON_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/bytes.h"

#define CHANNEL_QUEUE_MAX \
	(16 << 20) /* bytes waiting for one peer; more is a peer that does not read */
#define CHANNEL_SEND_BUFFER (1 << 20) /* asked of the kernel for our own processes' sockets */

struct channel_frame;

struct channel {
	int fd; /* own */
	struct channel_frame *first, *last;
	size_t queued_bytes;
	size_t queue_max;
};

/* Takes ownership of fd and makes it non-blocking. queue_max 0 = CHANNEL_QUEUE_MAX. */
void channel_init(struct channel *channel, int fd, size_t queue_max);
/* Closes; what is queued is dropped. */
void channel_done(struct channel *channel);
/*
 * Ends the frame that wire_begin() began and sends or queues it. fd (-1 = none) is duplicated when
 * it has to wait. -ENOBUFS when the queue is full, -EMSGSIZE, -EPIPE and the like.
 */
int channel_send(struct channel *channel, struct bytes_writer *frame, int fd);
/* Sends what waits, as far as it goes. 0 or negative errno. */
int channel_flush(struct channel *channel);
bool channel_is_idle(const struct channel *channel);
/* What to poll for. */
short channel_events(const struct channel *channel);
/*
 * Bytes of one packet; 0 = the peer is gone; -EAGAIN; -EBADMSG when cut or with too many
 * descriptors. *ret_fd is the caller's to close, -EBADF when none came.
 */
int channel_receive(struct channel *channel, void *buffer, size_t size, int *ret_fd);
/*
 * The same, and which process sent the packet, as the kernel says; 0 when it does not: SO_PASSCRED is to
 * be set on the socket, or on the one that accepted it.
 */
int channel_receive_from(
	struct channel *channel, void *buffer, size_t size, int *ret_fd, pid_t *ret_pid);
/* One packet to a socket that is no channel, or not yet, with a descriptor or -1. 0 or negative errno. */
int channel_packet(int socket_fd, const void *bytes, size_t size, int fd);

#endif
