/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Named services that may be reached from certain networks only: by every process, whatever it has
 * read and whoever runs it, but for the agent's own. While none is shut, nothing is looked up.
 */
#ifndef HOLDFAST_BPF_SERVICE_H
#define HOLDFAST_BPF_SERVICE_H

#include "address.bpf.h"

#define IPPROTO_ICMP	  1
#define IPPROTO_ICMPV6	  58
#define SOCK_RAW	  3
#define INET_FLAG_HDRINCL 12 /* INET_FLAGS_HDRINCL, include/net/inet_sock.h, since 6.6 */

/* How much of the destination is known. */
enum service_match {
	SERVICE_PORT, /* address and port */
	SERVICE_HOST, /* the port is in what is sent */
	SERVICE_ANY,  /* so is the address */
};

static __always_inline bool is_service_shut(void)
{
	struct hf_zones *zones = bpf_map_lookup_elem(&hf_zones, &slot_zero);

	return zones && zones->is_shut;
}

/* One of those that the supervisor started, or that such a one forked. */
static __noinline bool is_of_agent(void)
{
	struct hf_agent *agent = bpf_map_lookup_elem(&hf_agent, &slot_zero);
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();

	if (!agent || !agent->supervisor_tgid)
		return false;
	for (int i = 0; i < 2; i++) {
		task = BPF_CORE_READ(task, group_leader, real_parent);
		if ((__u32)BPF_CORE_READ(task, tgid) == agent->supervisor_tgid &&
			BPF_CORE_READ(task, group_leader, start_boottime) ==
				agent->supervisor_start_ns)
			return true;
	}
	return false;
}

/* The services at act's destination, by the trie of that slot. */
static __always_inline __u64 services_at(const struct act *act, __u32 slot, bool is_any_port)
{
	struct hf_dest_key key = {.prefixlen = 128};
	void *trie = bpf_map_lookup_elem(&hf_services, &slot);
	struct hf_dest *dest;
	__u64 services = 0;

	if (!trie)
		return 0;
	__builtin_memcpy(key.address, act->address, sizeof(key.address));
	dest = bpf_map_lookup_elem(trie, &key);
	if (!dest)
		return 0;
	for (int i = 0; i < HF_DEST_SLOTS; i++)
		if (is_any_port ||
			(act->port >= dest->port_first[i] && act->port <= dest->port_last[i]))
			services |= dest->allow[i];
	return services;
}

VERIFIED_ONCE int service_judge(struct act *act, __u32 match)
{
	struct hf_zones *zones = bpf_map_lookup_elem(&hf_zones, &slot_zero);
	struct hf_bank *bank = bank_get();
	__u64 found, shut;
	__u32 slot;

	if (!act || !zones || !bank)
		return 0;
	slot = bank->dest_slot & 1;
	shut = slot ? zones->shut[1] : zones->shut[0];
	found = shut;
	if (shut && match != SERVICE_ANY)
		found &= services_at(act, slot, match == SERVICE_HOST);
	if (!found || is_of_agent())
		return 0;
	shut = found & ~(slot ? zones->rehearse[1] : zones->rehearse[0]);
	act->reason = HF_REASON_ZONE;
	act->verdict = shut ? HF_VERDICT_BLOCK : HF_VERDICT_AUDIT;
	act->decided = shut ? shut : found;
	count(shut ? HF_COUNTER_REFUSED : HF_COUNTER_AUDITED);
	report(act, HF_RECORD_VERDICT);
	return shut ? -EPERM : 0;
}

/* The sender writes the header itself: where that says it goes, no hook is told. */
static __always_inline bool has_own_header(struct sock *sk)
{
	struct inet_sock *inet = (struct inet_sock *)sk;

	if (bpf_core_field_exists(struct inet_sock, inet_flags))
		return BPF_CORE_READ(inet, inet_flags) & 1ul << INET_FLAG_HDRINCL;
	return BPF_CORE_READ_BITFIELD_PROBED((struct inet_sock___before_6_6 *)inet, hdrincl);
}

static __always_inline enum service_match service_match_of(struct sock *sk, __u16 protocol)
{
	if (has_many_addresses(protocol))
		return SERVICE_ANY;
	if (kernel_read(sk, sk_type) != SOCK_RAW)
		return SERVICE_PORT;
	if (has_own_header(sk))
		return SERVICE_ANY;
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6 ? SERVICE_PORT : SERVICE_HOST;
}

/*
 * An address of no family counts as one of the socket's, to UDP over IPv4 and to raw sockets, or as
 * none, to UDP over IPv6 (udp_sendmsg(), rawv6_sendmsg(), udpv6_sendmsg()).
 */
static __always_inline void address_unspecific(
	struct act *act, struct sock *sk, const void *address, enum service_match match)
{
	__u32 v4 = 0;

	act->family = kernel_read(sk, __sk_common.skc_family);
	if (act->family == AF_INET) {
		bpf_probe_read_kernel(&v4, sizeof(v4), address + ADDR4_OFFSET);
		address_put_v4(act->address, v4);
	} else if (match != SERVICE_PORT) {
		bpf_probe_read_kernel(act->address, 16, address + ADDR6_OFFSET);
	} else {
		(void)address_from_sock(act, sk); /* is of that family */
	}
}

/*
 * Somebody's socket meets a destination: address, or the socket's peer when NULL. act has the
 * operation, and is worthless afterwards. 0 or -EPERM.
 */
static __noinline int service_send(struct socket *sock, const void *address, struct act *act)
{
	struct sock *sk = kernel_read(sock, sk);
	bool is_known;
	__u16 family;
	__u32 match;

	if (!sk)
		return 0;
	family = kernel_read(sk, __sk_common.skc_family);
	if (family != AF_INET && family != AF_INET6)
		return 0;
	if (act->operation == HF_OPERATION_SEND && is_connected_stream(sk))
		address = NULL;
	act->protocol = kernel_read(sk, sk_protocol);
	act->channel = HF_CHANNEL_NETWORK;
	match = service_match_of(sk, act->protocol);
	is_known = address ? address_from_sockaddr(act, address) : address_from_sock(act, sk);
	if (!is_known) {
		if (!address || act->family != AF_UNSPEC || act->operation == HF_OPERATION_CONNECT)
			return 0; /* the kernel takes no other; connecting to none ends a connection */
		address_unspecific(act, sk, address, match);
	}
	return refusal(service_judge(act, match));
}

/* Not in the hook: its frame is full. */
static __noinline int service_send_file(struct file *file)
{
	struct act act = {.operation = HF_OPERATION_SEND};
	struct socket *sock = socket_of_file(file);

	return sock ? service_send(sock, NULL, &act) : 0;
}

/* sendfile and splice to a socket pass file_permission alone before 6.5 (MSG_SPLICE_PAGES). */
static __always_inline int service_splice(struct file *file)
{
	if (!bpf_core_field_exists(struct proto_ops, sendpage) || !is_service_shut())
		return 0;
	return service_send_file(file);
}

#endif
