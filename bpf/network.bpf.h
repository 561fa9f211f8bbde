/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Sockets of labelled readers. Internet destinations are looked up in the policy's tries; families
 * that can carry content off the machine without a destination we can judge are closed.
 */
#ifndef HOLDFAST_BPF_NETWORK_H
#define HOLDFAST_BPF_NETWORK_H

#include "flow.bpf.h"
#include "print.bpf.h"
#include "service.bpf.h"
#include "socket.bpf.h"

#define AF_XDP		      44
#define AF_VSOCK	      40
#define VSOCK_CID_OFFSET      8 /* in sockaddr_vm */
#define VSOCK_CID_LOCAL	      1
#define NETLINK_PORT_OFFSET   4 /* in sockaddr_nl */
#define NETLINK_GROUPS_OFFSET 8

/* Local to the machine, or of use to no one outside it. Unix sockets are the ipc channel's. */
static __always_inline bool family_is_local(__u16 family)
{
	return family == AF_UNIX || family == AF_NETLINK || family == AF_ALG || family == AF_UNSPEC;
}

static __always_inline __u64 dest_allow(const struct act *act)
{
	bool is_print = act->channel == HF_CHANNEL_PRINT;
	struct hf_bank *bank = bank_get();
	struct hf_dest_key key = {.prefixlen = 128};
	struct hf_dest *dest;
	__u64 allow = 0;
	__u32 slot;
	void *trie;

	if (!bank)
		return 0;
	slot = bank->dest_slot & 1;
	trie = bpf_map_lookup_elem(&hf_dests, &slot);
	if (!trie)
		return 0;
	__builtin_memcpy(key.address, act->address, sizeof(key.address));
	dest = bpf_map_lookup_elem(trie, &key);
	if (!dest)
		return 0;
	for (int i = 0; i < HF_DEST_SLOTS; i++)
		if (act->port >= dest->port_first[i] && act->port <= dest->port_last[i])
			allow |= is_print ? dest->allow_print[i] : dest->allow[i];
	return allow;
}

/* To another process by netlink(7), not to the kernel: port 0 and no group. */
static __always_inline bool is_netlink_to_process(struct sock *sk, const void *address)
{
	__u32 port = 0, groups = 0;

	if (address) {
		bpf_probe_read_kernel(&port, sizeof(port), address + NETLINK_PORT_OFFSET);
		bpf_probe_read_kernel(&groups, sizeof(groups), address + NETLINK_GROUPS_OFFSET);
	} else {
		struct netlink_sock *netlink = (struct netlink_sock *)sk;

		port = BPF_CORE_READ(netlink, dst_portid);
		groups = BPF_CORE_READ(netlink, dst_group);
	}
	return port || groups;
}

/* To this machine's own vsock(7), or, of a connection, to nobody knows where. */
static __always_inline bool is_vsock_local(const void *address)
{
	__u32 cid = VSOCK_CID_LOCAL;

	if (address)
		bpf_probe_read_kernel(&cid, sizeof(cid), address + VSOCK_CID_OFFSET);
	return cid == VSOCK_CID_LOCAL;
}

static __noinline int vsock_judge(const void *address, struct act *act)
{
	return is_vsock_local(address) ? within_judge(act, false) : 0;
}

/* The network lets it pass; but is it another program of this machine that gets it? 0 or -EPERM. */
static __always_inline int send_within(struct sock *sk, const void *address, struct act *act)
{
	if (has_many_addresses(act->protocol))
		return within_judge(act, false); /* one of them may be this machine's */
	if (act->family == AF_INET || act->family == AF_INET6) {
		/* Of printing there were two verdicts: if it is no print service, it takes nothing out. */
		if (!is_print_port(act->port) && flow_judge(sk, act))
			return -EPERM;
		return flow_put(sk, act->labels, act->port);
	}
	return act->family == AF_VSOCK ? vsock_judge(address, act) : 0;
}

/*
 * A labelled reader's socket meets a destination: address, or the socket's peer when NULL. act has
 * the operation and the labels. A printer elsewhere is a matter of both channels.
 */
static __noinline int labelled_send(struct socket *sock, const void *address, struct act *act)
{
	struct sock *sk = kernel_read(sock, sk);
	__u16 family;

	if (!sk)
		return 0;
	family = kernel_read(sk, __sk_common.skc_family);
	if (family == AF_NETLINK && act->operation == HF_OPERATION_SEND &&
		is_netlink_to_process(sk, address))
		return within_judge(act, false);
	if (family_is_local(family))
		return 0;
	if (act->operation == HF_OPERATION_SEND && is_connected_stream(sk))
		address = NULL;
	act->family = family;
	act->protocol = kernel_read(sk, sk_protocol);
	act->channel = HF_CHANNEL_NETWORK;
	if (family == AF_INET || family == AF_INET6) {
		bool is_known = address ? address_from_sockaddr(act, address)
					: address_from_sock(act, sk);

		/* connect(AF_UNSPEC) dissolves the association; as a destination it is 0.0.0.0. */
		if (!is_known && act->operation == HF_OPERATION_CONNECT && act->family == AF_UNSPEC)
			return 0;
		if (has_many_addresses(act->protocol))
			is_known = false;
		if (is_known && is_print_port(act->port)) {
			act->channel = HF_CHANNEL_PRINT;
			act->allow = dest_allow(act);
			payload_of(act);
			if (judge(act))
				return -EPERM;
			act->channel = HF_CHANNEL_NETWORK;
		}
		if (is_known)
			act->allow = dest_allow(act);
	}
	if (judge(act))
		return -EPERM;
	return act->operation == HF_OPERATION_SEND ? send_within(sk, address, act) : 0;
}

SEC("lsm/socket_connect")
int BPF_PROG(hf_socket_connect, struct socket *sock, struct sockaddr *address, int addrlen, int ret)
{
	struct act act = {.operation = HF_OPERATION_CONNECT};

	if (ret)
		return ret;
	if (is_service_shut()) {
		if (service_send(sock, address, &act))
			return -EPERM;
		act = (struct act){.operation = HF_OPERATION_CONNECT};
	}
	act.labels = taint_current();
	return act.labels ? labelled_send(sock, address, &act) : 0;
}

/* Packet and other families have no connect to judge; AF_XDP sends without any hook. */
SEC("lsm/socket_create")
int BPF_PROG(hf_socket_create, int family, int type, int protocol, int kern, int ret)
{
	struct act act = {
		.channel = HF_CHANNEL_NETWORK,
		.operation = HF_OPERATION_SOCKET,
		.family = family,
		.protocol = protocol,
	};
	struct hf_task *self;

	if (ret || kern || family == AF_INET || family == AF_INET6 || family_is_local(family))
		return ret;
	if (family == AF_XDP) {
		self = task_current_create();
		if (!self)
			return -EPERM;
		self->flags |= HF_TASK_OUTSIDE;
	}
	act.labels = taint_current();
	return act.labels ? judge(&act) : 0;
}

/* sendfile and splice to a socket pass file_permission alone before 6.5 (MSG_SPLICE_PAGES). */
static __always_inline int file_send(struct file *file, __u64 taint)
{
	struct act act = {.operation = HF_OPERATION_SEND, .labels = taint};
	struct socket *sock = socket_of_file(file);
	struct sock *sk;

	if (!sock)
		return 0;
	sk = kernel_read(sock, sk);
	if (sk && is_unix(sk)) {
		act.family = AF_UNIX; /* nobody can look at it: socket_carry() */
		return unix_send(sk, &act);
	}
	return labelled_send(sock, NULL, &act);
}

#endif
