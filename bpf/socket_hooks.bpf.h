/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Hooks at which several domains meet: one program each, as every send and receive of the machine pays
 * for each more that is attached there (some 60 instructions of the kernel's trampoline).
 */
#ifndef HOLDFAST_BPF_SOCKET_HOOKS_H
#define HOLDFAST_BPF_SOCKET_HOOKS_H

#include "bus_relay.bpf.h"
#include "clipboard.bpf.h"
#include "network.bpf.h"

/* The functions below are not part of the hook, as each has a struct act on a stack of 512 bytes. */
static __noinline int send_to_service(struct socket *sock, struct msghdr *msg)
{
	struct act act = {.operation = HF_OPERATION_SEND};

	return service_send(sock, msg->msg_namelen ? msg->msg_name : NULL, &act);
}

static __noinline int send_labelled(struct socket *sock, struct msghdr *msg, __u64 taint)
{
	struct act act = {.operation = HF_OPERATION_SEND, .labels = taint, .message = msg};

	return labelled_send(sock, msg->msg_namelen ? msg->msg_name : NULL, &act);
}

/* Is it to a display, and does it go by the clipboard? And to whom do the labels go. 0 or -EPERM. */
static __noinline int send_unix(struct sock *sk, struct msghdr *msg, __u64 taint)
{
	struct act act;

	if (has_display() && display_send(sk, msg, taint))
		return -EPERM;
	if (!clipboard_is_watched(taint))
		return 0;
	act = (struct act){.labels = taint, .message = msg};
	if (clipboard_send(sk, &act))
		return -EPERM;
	if (!taint)
		return 0;
	act = (struct act){.operation = HF_OPERATION_SEND, .labels = taint, .message = msg};
	return unix_send(sk, &act);
}

SEC("lsm/socket_sendmsg")
int BPF_PROG(hf_socket_sendmsg, struct socket *sock, struct msghdr *msg, int size, int ret)
{
	struct hf_state *state = state_get();
	struct sock *sk;
	__u64 taint;

	if (ret)
		return ret;
	if (is_service_shut() && send_to_service(sock, msg))
		return -EPERM;
	/* Of a machine without labelled readers and a desktop that is the whole cost. */
	if (!state || !(state->has_tainted | state->has_bus | state->has_display))
		return 0;
	taint = taint_current();
	sk = kernel_read(sock, sk);
	if (!sk)
		return 0;
	if (!is_unix(sk))
		return taint ? send_labelled(sock, msg, taint) : 0;
	if (bus_message_send(sock, msg, size, taint))
		return -EPERM;
	return send_unix(sk, msg, taint);
}

SEC("fexit/unix_stream_recvmsg")
int BPF_PROG(hf_stream_received, struct socket *sock, struct msghdr *msg, unsigned long size,
	int flags, int ret)
{
	struct hf_state *state = state_get();

	if (ret <= 0 || !state || !state->has_labelled_socket)
		return 0;
	socket_received(sock, ret);
	bus_received(kernel_read(sock, sk));
	return 0;
}

#endif
