/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roads to a program without rights by the machine's own network, and by BPF maps. As in ipc.c, the
 * receiver was there before the read.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/vm_sockets.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plain.h"
#include "roads.h"

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_vm vm;
};

static socklen_t loopback(int family, union address *ret_address)
{
	memset(ret_address, 0, sizeof(*ret_address));
	ret_address->any.sa_family = (sa_family_t)family;
	switch (family) {
	case AF_INET:
		ret_address->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(ret_address->v4);
	case AF_INET6:
		ret_address->v6.sin6_addr = in6addr_loopback;
		return sizeof(ret_address->v6);
	default:
		ret_address->vm.svm_cid = VMADDR_CID_LOCAL;
		ret_address->vm.svm_port = VMADDR_PORT_ANY;
		return sizeof(ret_address->vm);
	}
}

/* Both ends of a connection of the machine with itself. */
static int connected_pair(int family, int type, int ends[2])
{
	int listener = socket(family, type | SOCK_CLOEXEC, 0);
	union address address;
	socklen_t size = loopback(family, &address);

	ends[1] = socket(family, type | SOCK_CLOEXEC, 0);
	if (listener < 0 && errno == EAFNOSUPPORT)
		return -ENOSYS;
	if (listener < 0 || ends[1] < 0 || bind(listener, &address.any, size) ||
		getsockname(listener, &address.any, &size))
		return -errno;
	if (family == AF_VSOCK)
		address.vm.svm_cid = VMADDR_CID_LOCAL;
	if (type == SOCK_DGRAM) {
		ends[0] = listener;
		return check_call(connect(ends[1], &address.any, size));
	}
	if (listen(listener, 1) || connect(ends[1], &address.any, size))
		return -errno;
	ends[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return ends[0] < 0 ? -errno : 0;
}

static int over(struct job *job, int family, int type, bool is_waiting)
{
	int ends[2], r = connected_pair(family, type, ends);

	return r < 0 ? r : hand_over(job, ends[0], ends[1], is_waiting);
}

static int road_loopback_tcp(struct job *job)
{
	return over(job, AF_INET, SOCK_STREAM, false);
}

static int road_loopback_tcp_waiting(struct job *job)
{
	return over(job, AF_INET, SOCK_STREAM, true);
}

static int road_loopback_tcp_v6(struct job *job)
{
	return over(job, AF_INET6, SOCK_STREAM, false);
}

static int road_loopback_tcp_v6_waiting(struct job *job)
{
	return over(job, AF_INET6, SOCK_STREAM, true);
}

static int road_loopback_udp(struct job *job)
{
	return over(job, AF_INET, SOCK_DGRAM, false);
}

static int road_loopback_udp_waiting(struct job *job)
{
	return over(job, AF_INET, SOCK_DGRAM, true);
}

static int road_loopback_udp_v6(struct job *job)
{
	return over(job, AF_INET6, SOCK_DGRAM, false);
}

static int road_loopback_vsock(struct job *job)
{
	return over(job, AF_VSOCK, SOCK_STREAM, false);
}

/* It is enough that the map has it: whoever holds a descriptor can look. */
static int road_bpf_map(struct job *job)
{
	union bpf_attr create = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = ROAD_CONTENT_MAX,
		.max_entries = 1,
	};
	int map = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &create, sizeof(create)), r;
	uint32_t zero = 0;
	union bpf_attr update = {
		.map_fd = (uint32_t)map,
		.key = (uint64_t)(uintptr_t)&zero,
		.value = (uint64_t)(uintptr_t)job->content,
	};

	if (map < 0)
		return errno == ENOSYS ? -ENOSYS : -ENODEV;
	r = job_read(job);
	if (r < 0)
		return r;
	return check_call(syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &update, sizeof(update)));
}

const struct road roads_loopback[] = {
	{"loopback-tcp", road_loopback_tcp, false},
	{"loopback-tcp-waiting", road_loopback_tcp_waiting, false},
	{"loopback-tcp-v6", road_loopback_tcp_v6, false},
	{"loopback-tcp-v6-waiting", road_loopback_tcp_v6_waiting, false},
	{"loopback-udp", road_loopback_udp, false},
	{"loopback-udp-waiting", road_loopback_udp_waiting, false},
	{"loopback-udp-v6", road_loopback_udp_v6, false},
	{"loopback-vsock", road_loopback_vsock, false},
	{"bpf-map", road_bpf_map, false},
	{0},
};
