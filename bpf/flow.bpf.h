/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Content between processes of this machine by TCP and UDP, where the policy's channel network lets
 * it: by a connection's addresses and ports, or by the port that datagrams go to. A connection to
 * elsewhere is kept as well; nobody here receives from it. Who connects to the machine itself for
 * sure is judged on channel ipc when it sends, any other when the receiver takes it out.
 */
#ifndef HOLDFAST_BPF_FLOW_H
#define HOLDFAST_BPF_FLOW_H

#include "address.bpf.h"
#include "carry.bpf.h"

#define LOOPBACK4 127 /* the first byte of its addresses */

/*
 * The key of what this socket receives, or else of what it sends: then it is the receiver that is
 * there. False: no connection that is followed; of UDP to whom it sends is for the caller to say.
 */
static __noinline bool flow_key(struct sock *sk, struct hf_flow_key *ret_key, bool is_received)
{
	__u8 *own = is_received ? ret_key->here : ret_key->there;
	__u8 *other = is_received ? ret_key->there : ret_key->here;
	struct inet_sock *inet = (struct inet_sock *)sk;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__u16 own_port = bpf_ntohs(BPF_CORE_READ(inet, inet_sport));
	__u16 other_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));

	if (family != AF_INET && family != AF_INET6)
		return false;
	ret_key->protocol = BPF_CORE_READ(sk, sk_protocol);
	ret_key->here_port = is_received ? own_port : other_port;
	if (ret_key->protocol == IPPROTO_UDP)
		return true;
	ret_key->there_port = is_received ? other_port : own_port;
	if (family == AF_INET) {
		address_put_v4(own, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		address_put_v4(other, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	} else {
		bpf_probe_read_kernel(own, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_probe_read_kernel(other, 16, &sk->__sk_common.skc_v6_daddr);
	}
	return ret_key->protocol == IPPROTO_TCP && other_port;
}

static __always_inline bool is_loopback(const __u8 address[16])
{
	__u64 high, low;

	__builtin_memcpy(&high, address, 8);
	__builtin_memcpy(&low, address + 8, 8);
	if (high)
		return false;
	/* To "any address" is to oneself. */
	if (!low || low == bpf_cpu_to_be64(1))
		return true;
	return address[10] == 0xff && (address[12] == LOOPBACK4 || !(low >> 32));
}

/* TCP that is connected, or UDP: what is neither has no key. */
static __always_inline bool is_flow_followed(struct sock *sk)
{
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);

	return protocol == IPPROTO_UDP ||
	       (protocol == IPPROTO_TCP && BPF_CORE_READ(sk, __sk_common.skc_dport));
}

/* Current hands something to a process of this machine. 0 or -EPERM. */
static __always_inline int within_judge(struct act *act, bool is_followed)
{
	act->channel = HF_CHANNEL_PASS;
	act->allow = 0; /* that was the destination's, on channel network */
	act->reason = is_followed ? HF_REASON_RULE : HF_REASON_UNFOLLOWED;
	return judge(act);
}

/* The policy lets a labelled reader send what act describes; but is it to this machine? 0 or -EPERM. */
static __noinline int flow_judge(struct sock *sk, struct act *act)
{
	return is_loopback(act->address) ? within_judge(act, is_flow_followed(sk)) : 0;
}

/* And its labels go along. 0 or -EPERM. */
static __noinline int flow_put(struct sock *sk, __u64 taint, __u16 port)
{
	struct hf_state *state = state_get();
	struct hf_flow_key key = {};
	struct hf_carried *carried;

	if (!state || !flow_key(sk, &key, false))
		return 0;
	if (key.protocol == IPPROTO_UDP)
		key.here_port = port;
	carried = kept_value_of(&hf_flows, HF_KEPT_FLOWS, &key, &carried_none);
	if (!carried)
		return 0; /* the map is of the kind that never is full */
	state->has_labelled_flow = 1;
	return carry_unjudged(carried, taint);
}

/* Current takes something out of its socket, or has: delivered is HF_DELIVERED. 0 or -EPERM. */
static __noinline int flow_take(struct sock *sk, __u32 delivered)
{
	struct hf_state *state = state_get();
	struct hf_flow_key key = {};
	struct hf_carried *carried;

	if (!state || !state->has_labelled_flow || !sk || !flow_key(sk, &key, true))
		return 0;
	carried = bpf_map_lookup_elem(&hf_flows, &key);
	return carried ? deliver(carried, HF_HOP_LOOPBACK | delivered) : 0;
}

/* Who was waiting when the labels came. */
static __always_inline void flow_received(struct socket *sock, long size)
{
	struct hf_state *state = state_get();

	if (size > 0 && state && state->has_labelled_flow) /* before a probe is paid for */
		(void)flow_take(BPF_CORE_READ(sock, sk), HF_DELIVERED); /* the data is out */
}

SEC("fexit/inet_recvmsg")
int BPF_PROG(hf_inet_received, struct socket *sock, struct msghdr *msg, unsigned long size,
	int flags, int ret)
{
	flow_received(sock, ret);
	return 0;
}

SEC("fexit/inet6_recvmsg")
int BPF_PROG(hf_inet6_received, struct socket *sock, struct msghdr *msg, unsigned long size,
	int flags, int ret)
{
	flow_received(sock, ret);
	return 0;
}

SEC("fexit/tcp_splice_read")
int BPF_PROG(hf_tcp_spliced, struct socket *sock, void *position, void *pipe, unsigned long size,
	unsigned int flags, long ret)
{
	flow_received(sock, ret);
	return 0;
}

/*
 * Nobody can take anything out of a connection's end that is gone, and its ports come back. Datagrams
 * to the same port may lie in other sockets.
 */
SEC("lsm/sk_free_security")
int BPF_PROG(hf_flow_free, struct sock *sk)
{
	struct hf_state *state = state_get();
	struct hf_flow_key key = {};

	if (!state || !state->has_labelled_flow || !flow_key(sk, &key, true))
		return 0;
	if (key.protocol == IPPROTO_TCP)
		kept_end(&hf_flows, HF_KEPT_FLOWS, &key);
	return 0;
}

#endif
