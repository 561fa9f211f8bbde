/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Clients of an X server by TCP, also by way of another program on a port. Who they are nobody can say, nor
 * does anything here read their requests: so what they send counts as a capture while labels are
 * exposed on that server, and the server is not let read it. It then ends the connection.
 */
#ifndef HOLDFAST_BPF_DISPLAY_TCP_H
#define HOLDFAST_BPF_DISPLAY_TCP_H

#include "address.bpf.h"
#include "screen.bpf.h"

#ifndef HF_BASELINE

#define X_TCP_PORT 6000 /* of display 0: X(7) */

/* Labels of what is captured can't go along: where they would, it is refused. */
VERIFIED_ONCE int display_tcp_judge_once(__u32 server, __u32 number)
{
	struct act act = {.channel = HF_CHANNEL_SCREEN, .operation = HF_OPERATION_CAPTURE};
	struct hf_bank *bank = bank_get();
	__u32 wanted = bank ? bank->screen : 0;
	__u64 exposed = display_exposed(server);

	count(HF_COUNTER_CAPTURES);
	act.port = HF_SCREEN_X11_TCP;
	act.target_tgid = server;
	act.display = (__u64)HF_DISPLAY_X11 << 32 | number;
	act.labels = exposed;
	if (wanted & HF_SCREEN_ALWAYS)
		return screen_refuse(&act);
	act.labels = bank ? exposed & bank->channels[HF_CHANNEL_SCREEN].follow : 0;
	act.reason = HF_REASON_UNFOLLOWED;
	if (act.labels && judge(&act))
		return -EPERM;
	act.labels = exposed;
	act.reason = HF_REASON_RULE;
	if (exposed && judge(&act))
		return -EPERM;
	screen_record(&act, exposed, wanted);
	return 0;
}

/* Current takes something out of an internet socket. 0 or -EPERM. */
static __noinline int display_tcp_receive(struct sock *sk)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct inet_sock *inet = (struct inet_sock *)sk;

	if (!screen_is_watched() || !bpf_map_lookup_elem(&hf_x_servers, &tgid) ||
		BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	return refusal(display_tcp_judge_once(
		tgid, bpf_ntohs(BPF_CORE_READ(inet, inet_sport)) - X_TCP_PORT));
}

#else

static __always_inline int display_tcp_receive(struct sock *sk)
{
	return 0;
}

#endif
#endif
