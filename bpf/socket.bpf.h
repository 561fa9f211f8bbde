/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Unix sockets, named or not, of all types: the labels lie in the receiving socket. Datagrams to
 * an address are seen where their receiver is known (unix_may_send), everything else goes to the
 * peer of the connection.
 */
#ifndef HOLDFAST_BPF_SOCKET_H
#define HOLDFAST_BPF_SOCKET_H

#include "carry.bpf.h"
#include "display_hooks.bpf.h"
#include "display_tcp.bpf.h"
#include "flow.bpf.h"
#include "print.bpf.h"

/* A labelled reader sends to this socket what act describes. 0 or -EPERM. */
static __noinline int socket_carry(struct sock *to, struct act *act)
{
	struct hf_state *state = state_get();
	struct hf_carried *carried;
	__u32 unjudged = HF_CARRIED_CARRIER;

	if (!to || !state)
		return 0;
	carried = socket_state(to, HF_CREATE_SOCKET);
	if (!carried)
		return -EPERM;
	act->channel = HF_CHANNEL_PASS;
	if (act->family && carried->flags & HF_CARRIED_BY_MESSAGES) {
		unjudged = 0; /* spliced: bus.bpf.h can't look at it */
		if (carried->flags & HF_CARRIED_MANAGER)
			act->reason = HF_REASON_UNFOLLOWED;
	}
	if ((carried->flags & HF_CARRIED_PRINTS) || is_print_socket(to)) {
		act->channel = HF_CHANNEL_PRINT;
		payload_of(act);
	}
	if ((act->channel == HF_CHANNEL_PRINT || !(carried->flags & unjudged)) && judge(act)) {
		if (act->channel == HF_CHANNEL_PRINT)
			print_was_refused();
		return -EPERM;
	}
	if (carry(carried, act->labels))
		return -EPERM;
	state->has_labelled_socket = 1;
	return 0;
}

static __always_inline int unix_send(struct sock *sk, struct act *act)
{
	struct unix_sock *from = unix_socket(sk);

	return from ? socket_carry(kernel_read(from, peer), act) : 0;
}

static __always_inline bool is_unix(struct sock *sk)
{
	return kernel_read(sk, __sk_common.skc_family) == AF_UNIX;
}

/* Current takes something out of its socket, or has: delivered is HF_DELIVERED. 0 or -EPERM. */
static __always_inline int socket_deliver(struct sock *sk, __u32 delivered)
{
	struct hf_state *state = state_get();
	struct hf_carried *carried;
	__u32 hop;

	if (!state || !state->has_labelled_socket || !sk || !is_unix(sk))
		return 0;
	carried = socket_state(sk, 0);
	if (!carried)
		return 0;
	hop = carried->flags & HF_CARRIED_BY_BUS ? HF_HOP_BUS : HF_HOP_SOCKET;
	return deliver(carried, hop | delivered);
}

/* Current is a message bus, or a service manager: bus.bpf.h looks at what is sent here. */
static __always_inline void socket_claim_messages(struct hf_carried *carried, __u32 flags)
{
	struct hf_task *self = task_current_create();
	struct hf_state *state = state_get();

	carried->flags |= flags & HF_APP_BUS ? HF_CARRIED_BUS : HF_CARRIED_MANAGER;
	if (self && flags & HF_APP_BUS)
		self->flags |= HF_TASK_BUS;
	if (state)
		state->has_bus = 1;
}

/*
 * Current holds this end: when it is a carrier, what is sent to it is judged as such. Who it is takes
 * a thousand instructions to say, so it is asked once under each policy.
 */
static __noinline void socket_claim(struct sock *sk)
{
	struct hf_bank *bank = bank_get();
	struct hf_carried *carried;
	__u32 flags;
	__u64 claim;

	if (!bank || !is_unix(sk))
		return;
	claim = bpf_get_current_pid_tgid() >> 32 | (bank->serial << 1 | bank->dest_slot) << 32;
	carried = socket_state(sk, HF_CACHE_SOCKET);
	if (carried && carried->claim == claim)
		return;
	if (carried)
		carried->claim = claim;
	flags = app_flags();
	if (!(flags & (HF_APP_CARRIER | HF_APP_PRINTS)))
		return;
	carried = socket_state(sk, HF_CREATE_SOCKET);
	if (!carried)
		return;
	carried->flags |= flags & HF_APP_PRINTS ? HF_CARRIED_PRINTS : HF_CARRIED_CARRIER;
	if (flags & (HF_APP_BUS | HF_APP_MANAGER))
		socket_claim_messages(carried, flags);
}

SEC("lsm/unix_may_send")
int BPF_PROG(hf_unix_may_send, struct socket *sock, struct socket *other, int ret)
{
	struct act act = {.operation = HF_OPERATION_SEND};

	if (ret)
		return ret;
	act.labels = taint_current();
	return act.labels ? socket_carry(kernel_read(other, sk), &act) : 0;
}

/*
 * Whose request was refused does not connect again: libcups would do so, and send, for ever. Before
 * that a connection is let be, as it is the request that says what was to be printed.
 */
static __always_inline int print_connect(struct sock *to, const struct hf_carried *listener)
{
	struct act act = {
		.channel = HF_CHANNEL_PRINT,
		.operation = HF_OPERATION_SEND,
	};
	struct hf_task *self;

	act.labels = taint_current();
	if (!act.labels)
		return 0;
	self = task_current();
	if (!self || !(self->flags & HF_TASK_NO_PRINT))
		return 0;
	if (!(listener && listener->flags & HF_CARRIED_PRINTS) && !is_print_socket(to))
		return 0;
	return judge(&act);
}

/* The other end of a connection begins as its listener is. */
SEC("lsm/unix_stream_connect")
int BPF_PROG(
	hf_unix_stream_connect, struct sock *sock, struct sock *other, struct sock *newsk, int ret)
{
	struct hf_carried *listener, *carried;

	if (ret)
		return ret;
	listener = socket_state(other, 0);
	if (print_connect(other, listener) || display_connect(sock, other, newsk))
		return -EPERM;
	if (!listener || !(listener->flags & HF_CARRIED_HOLDER))
		return 0;
	carried = socket_state(newsk, HF_CREATE_SOCKET);
	if (carried)
		carried->flags |= listener->flags & HF_CARRIED_HOLDER;
	return 0;
}

SEC("lsm/socket_accept")
int BPF_PROG(hf_socket_accept, struct socket *sock, struct socket *newsock, int ret)
{
	struct sock *sk = kernel_read(sock, sk);

	if (!ret && sk)
		socket_claim(sk);
	return ret;
}

SEC("lsm/socket_recvmsg")
int BPF_PROG(
	hf_socket_recvmsg, struct socket *sock, struct msghdr *msg, int size, int flags, int ret)
{
	struct hf_state *state = state_get();
	struct sock *sk;

	if (ret || !state || !(state->has_tainted | state->has_display))
		return ret;
	sk = kernel_read(sock, sk);
	if (!sk)
		return 0;
	if (!is_unix(sk))
		return display_tcp_receive(sk) ? -EPERM : flow_take(sk, 0);
	if (!(state->has_tainted | state->has_refused_display))
		return 0;
	if (display_is_refused(sk))
		return -EPERM;
	socket_claim(sk);
	return socket_deliver(sk, 0);
}

/* Who was waiting when the labels came: they are in the socket by the time it wakes. */
static __always_inline void socket_received(struct socket *sock, long size)
{
	if (size > 0)
		(void)socket_deliver(kernel_read(sock, sk), HF_DELIVERED); /* the data is out */
}

SEC("fexit/unix_dgram_recvmsg")
int BPF_PROG(hf_dgram_received, struct socket *sock, struct msghdr *msg, unsigned long size,
	int flags, int ret)
{
	socket_received(sock, ret);
	return 0;
}

SEC("fexit/unix_seqpacket_recvmsg")
int BPF_PROG(hf_seqpacket_received, struct socket *sock, struct msghdr *msg, unsigned long size,
	int flags, int ret)
{
	socket_received(sock, ret);
	return 0;
}

SEC("fexit/unix_stream_splice_read")
int BPF_PROG(hf_stream_spliced, struct socket *sock, void *position, void *pipe, unsigned long size,
	unsigned int flags, long ret)
{
	socket_received(sock, ret);
	return 0;
}

/* read(2) and splice(2) on a socket. */
static __always_inline int socket_read(struct file *file)
{
	struct hf_state *state = state_get();
	struct socket *sock;

	if (!state || !(state->has_labelled_socket | state->has_labelled_flow))
		return 0;
	sock = socket_of_file(file);
	if (!sock)
		return 0;
	if (flow_take(kernel_read(sock, sk), 0))
		return -EPERM;
	return socket_deliver(kernel_read(sock, sk), 0);
}

#endif
