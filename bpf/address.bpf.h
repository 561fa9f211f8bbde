/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Where a socket sends: by the address that comes along, or by its peer. */
#ifndef HOLDFAST_BPF_ADDRESS_H
#define HOLDFAST_BPF_ADDRESS_H

#include "report.bpf.h"

#define IPPROTO_TCP   6
#define IPPROTO_UDP   17
#define IPPROTO_SCTP  132
#define IPPROTO_MPTCP 262
#define PORT_OFFSET   2 /* in sockaddr_in and sockaddr_in6 */
#define ADDR4_OFFSET  4 /* in sockaddr_in */
#define ADDR6_OFFSET  8 /* in sockaddr_in6 */

/* As ::ffff:a.b.c.d; the rest of it is 0 already. */
static __always_inline void address_put_v4(__u8 address[16], __u32 v4)
{
	address[10] = 0xff;
	address[11] = 0xff;
	__builtin_memcpy(address + 12, &v4, 4);
}

/* From a socket address in kernel memory; false when its family is none we can judge. */
static __always_inline bool address_from_sockaddr(struct act *act, const void *address)
{
	__u16 family = 0, port = 0;
	__u32 v4 = 0;

	bpf_probe_read_kernel(&family, sizeof(family), address);
	bpf_probe_read_kernel(&port, sizeof(port), address + PORT_OFFSET);
	act->family = family;
	act->port = bpf_ntohs(port);
	if (family == AF_INET) {
		bpf_probe_read_kernel(&v4, sizeof(v4), address + ADDR4_OFFSET);
		address_put_v4(act->address, v4);
		return true;
	}
	if (family == AF_INET6)
		bpf_probe_read_kernel(act->address, 16, address + ADDR6_OFFSET);
	return family == AF_INET6;
}

static __always_inline bool address_from_sock(struct act *act, struct sock *sk)
{
	act->family = kernel_read(sk, __sk_common.skc_family);
	act->port = bpf_ntohs(kernel_read(sk, __sk_common.skc_dport));
	if (act->family == AF_INET) {
		address_put_v4(act->address, kernel_read(sk, __sk_common.skc_daddr));
		return true;
	}
	if (act->family == AF_INET6)
		BPF_CORE_READ_INTO(&act->address, sk, __sk_common.skc_v6_daddr);
	return act->family == AF_INET6;
}

/*
 * Where SCTP sends is not known: an association is to several addresses, and can be made by an option
 * that passes no hook on connect (SCTP_SOCKOPT_CONNECTX in net/sctp/socket.c).
 */
static __always_inline bool has_many_addresses(__u16 protocol)
{
	return protocol == IPPROTO_SCTP;
}

/* Connected TCP sends to its peer, whatever address comes along (tcp_sendmsg() in net/ipv4/tcp.c). */
static __always_inline bool is_connected_stream(struct sock *sk)
{
	__u16 protocol = kernel_read(sk, sk_protocol);

	return (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP) &&
	       kernel_read(sk, __sk_common.skc_dport);
}

#endif
