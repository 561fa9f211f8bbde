/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What is sent over connections to displays, seen when the kernel has copied it and before the other
 * end can read it. What captures and may not ends the connection there: the display is not let read
 * it, nor answer.
 */
#ifndef HOLDFAST_BPF_DISPLAY_HOOKS_H
#define HOLDFAST_BPF_DISPLAY_HOOKS_H

#include "wayland.bpf.h"
#include "x11.bpf.h"

#ifndef HF_BASELINE

#define MSG_OOB		 0x1u
#define MSG_SPLICE_PAGES 0x8000000u /* include/linux/socket.h, from 6.5 on */

/*
 * Current sends over a socket; taint is its labels. What is spliced is never copied, and out-of-band
 * data not read in its order: so where requests begin is not known afterwards. 0 or -EPERM.
 */
static __noinline int display_send(struct sock *sk, struct msghdr *msg, __u64 taint)
{
	struct hf_display_end *end = display_end(sk, 0);

	if (!end)
		return 0;
	if (end->flags & HF_END_REFUSED)
		return -EPERM;
	if (end->flags & HF_END_SERVER)
		return 0;
	if (kernel_read(msg, msg_flags) & (MSG_OOB | MSG_SPLICE_PAGES))
		display_lose(end);
	if (taint)
		display_show(sk, taint);
	return 0;
}

SEC("fexit/skb_copy_datagram_from_iter")
int BPF_PROG(hf_copied, struct sk_buff *skb, int offset, struct iov_iter *from, int size, int ret)
{
	struct hf_display_end *end;
	struct socket *sock;
	struct sock *sk;

	if (ret || !has_display())
		return 0;
	sk = kernel_read(skb, sk);
	sock = sk ? kernel_read(sk, sk_socket) : NULL;
	/* By its socket: as it stands in the buffer, newer verifiers let no helper follow it. */
	sk = sock ? kernel_read(sock, sk) : NULL;
	if (!sk)
		return 0;
	end = display_end(sk, 0);
	if (!end)
		return 0;
	if (end->kind == HF_DISPLAY_X11)
		x_copied(skb, sk, end);
	else if (end->kind == HF_DISPLAY_WAYLAND)
		wayland_copied(skb, sk, end);
	return 0;
}

#else

static __always_inline int display_send(struct sock *sk, struct msghdr *msg, __u64 taint)
{
	return 0;
}

static __always_inline bool has_display(void)
{
	return false;
}

static __always_inline int display_connect(
	struct sock *client, struct sock *other, struct sock *server)
{
	return 0;
}

#endif
#endif
