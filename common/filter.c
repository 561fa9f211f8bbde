/* SPDX-License-Identifier: Apache-2.0 */
/* One table of system calls by purpose; arguments are looked at where a call does many things. */
#include "common/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/fscrypt.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define GROUP_ALWAYS 0u

struct rule {
	unsigned int group; /* FILTER_* or GROUP_ALWAYS */
	int call;
};

static const struct rule rules[] = {
	/* memory, time, signals, end */
	{GROUP_ALWAYS, SCMP_SYS(brk)},
	{GROUP_ALWAYS, SCMP_SYS(mmap)},
	{GROUP_ALWAYS, SCMP_SYS(munmap)},
	{GROUP_ALWAYS, SCMP_SYS(mremap)},
	{GROUP_ALWAYS, SCMP_SYS(madvise)},
	{GROUP_ALWAYS, SCMP_SYS(mprotect)},
	{GROUP_ALWAYS, SCMP_SYS(futex)},
	{GROUP_ALWAYS, SCMP_SYS(getrandom)},
	{GROUP_ALWAYS, SCMP_SYS(clock_gettime)},
	{GROUP_ALWAYS, SCMP_SYS(gettimeofday)},
	{GROUP_ALWAYS, SCMP_SYS(clock_nanosleep)},
	{GROUP_ALWAYS, SCMP_SYS(nanosleep)},
	{GROUP_ALWAYS, SCMP_SYS(rt_sigaction)},
	{GROUP_ALWAYS, SCMP_SYS(rt_sigprocmask)},
	{GROUP_ALWAYS, SCMP_SYS(rt_sigreturn)},
	{GROUP_ALWAYS, SCMP_SYS(restart_syscall)},
	{GROUP_ALWAYS, SCMP_SYS(getpid)},
	{GROUP_ALWAYS, SCMP_SYS(gettid)},
	{GROUP_ALWAYS, SCMP_SYS(getuid)},
	{GROUP_ALWAYS, SCMP_SYS(geteuid)},
	{GROUP_ALWAYS, SCMP_SYS(getgid)},
	{GROUP_ALWAYS, SCMP_SYS(getegid)},
	{GROUP_ALWAYS, SCMP_SYS(sysinfo)},
	{GROUP_ALWAYS, SCMP_SYS(uname)},
	{GROUP_ALWAYS, SCMP_SYS(prlimit64)},
	{GROUP_ALWAYS, SCMP_SYS(sched_getaffinity)},
	{GROUP_ALWAYS, SCMP_SYS(exit)},
	{GROUP_ALWAYS, SCMP_SYS(exit_group)},
	{GROUP_ALWAYS, SCMP_SYS(tgkill)}, /* abort() of a failed assertion */
	/* descriptors it has */
	{GROUP_ALWAYS, SCMP_SYS(read)},
	{GROUP_ALWAYS, SCMP_SYS(readv)},
	{GROUP_ALWAYS, SCMP_SYS(write)},
	{GROUP_ALWAYS, SCMP_SYS(writev)},
	{GROUP_ALWAYS, SCMP_SYS(close)},
	{GROUP_ALWAYS, SCMP_SYS(dup)},
	{GROUP_ALWAYS, SCMP_SYS(fcntl)},
	{GROUP_ALWAYS, SCMP_SYS(poll)},
	{GROUP_ALWAYS, SCMP_SYS(ppoll)},
	{GROUP_ALWAYS, SCMP_SYS(fstat)},
	{GROUP_ALWAYS, SCMP_SYS(newfstatat)},
	{GROUP_ALWAYS, SCMP_SYS(lseek)},
	/* files */
	{FILTER_FILES, SCMP_SYS(open)},
	{FILTER_FILES, SCMP_SYS(openat)},
	{FILTER_FILES, SCMP_SYS(stat)},
	{FILTER_FILES, SCMP_SYS(lstat)},
	{FILTER_FILES, SCMP_SYS(statx)},
	{FILTER_FILES, SCMP_SYS(access)},
	{FILTER_FILES, SCMP_SYS(faccessat)},
	{FILTER_FILES, SCMP_SYS(faccessat2)},
	{FILTER_FILES, SCMP_SYS(readlink)},
	{FILTER_FILES, SCMP_SYS(readlinkat)},
	{FILTER_FILES, SCMP_SYS(getdents64)},
	{FILTER_FILES, SCMP_SYS(getcwd)},
	{FILTER_FILES, SCMP_SYS(pread64)},
	{FILTER_FILES, SCMP_SYS(pwrite64)},
	{FILTER_FILES, SCMP_SYS(ftruncate)},
	{FILTER_FILES, SCMP_SYS(rename)},
	{FILTER_FILES, SCMP_SYS(renameat)},
	{FILTER_FILES, SCMP_SYS(renameat2)},
	{FILTER_FILES, SCMP_SYS(unlink)},
	{FILTER_FILES, SCMP_SYS(unlinkat)},
	{FILTER_FILES, SCMP_SYS(fchmod)},
	{FILTER_FILES, SCMP_SYS(fsync)},
	{FILTER_FILES, SCMP_SYS(fdatasync)},
	{FILTER_FILES, SCMP_SYS(umask)},
	{FILTER_FILES, SCMP_SYS(statfs)},
	{FILTER_FILES, SCMP_SYS(fstatfs)},
	{FILTER_PLACES, SCMP_SYS(pread64)},
	{FILTER_PLACES, SCMP_SYS(pwrite64)},
	{FILTER_PLACES, SCMP_SYS(fdatasync)},
	/* sockets it has */
	{FILTER_IPC, SCMP_SYS(sendmsg)},
	{FILTER_IPC, SCMP_SYS(recvmsg)},
	{FILTER_IPC, SCMP_SYS(sendto)},
	{FILTER_IPC, SCMP_SYS(recvfrom)},
	{FILTER_IPC, SCMP_SYS(accept4)},
	{FILTER_IPC, SCMP_SYS(getsockopt)},
	{FILTER_IPC, SCMP_SYS(shutdown)},
	/* name service; socket() itself is below */
	{FILTER_NAMES, SCMP_SYS(connect)},
	{FILTER_NAMES, SCMP_SYS(epoll_create1)},
	{FILTER_NAMES, SCMP_SYS(epoll_ctl)},
	{FILTER_NAMES, SCMP_SYS(epoll_wait)},
	{FILTER_NAMES, SCMP_SYS(getsockname)},
	{FILTER_NAMES, SCMP_SYS(setsockopt)},
	/* SQLite */
	{FILTER_DATABASE, SCMP_SYS(fchown)},
	{FILTER_DATABASE, SCMP_SYS(mkdir)},
	{FILTER_DATABASE, SCMP_SYS(fallocate)},
	{FILTER_DATABASE, SCMP_SYS(flock)},
	{FILTER_MEMORY, SCMP_SYS(memfd_create)},
	{FILTER_PAIRS, SCMP_SYS(socketpair)},
	{FILTER_DIRECTORIES, SCMP_SYS(mkdirat)},
	{FILTER_DIRECTORIES, SCMP_SYS(inotify_add_watch)},
	{FILTER_WIPE, SCMP_SYS(mkdirat)},
	{FILTER_WIPE, SCMP_SYS(syncfs)},
	/* marks */
	{FILTER_MARKS, SCMP_SYS(openat2)},
	{FILTER_MARKS, SCMP_SYS(getxattr)},
	{FILTER_MARKS, SCMP_SYS(fsetxattr)},
	{FILTER_MARKS, SCMP_SYS(fremovexattr)},
	{FILTER_MARKS, SCMP_SYS(inotify_add_watch)},
	{FILTER_MARKS, SCMP_SYS(inotify_rm_watch)},
	{FILTER_MARKS, SCMP_SYS(ioctl)},      /* how the kernel part is asked about an inode */
	{FILTER_MARKS, SCMP_SYS(pidfd_open)}, /* how it is asked about a process */
	/* udev */
	{FILTER_UDEV, SCMP_SYS(bind)},
	{FILTER_UDEV, SCMP_SYS(getsockname)},
	{FILTER_UDEV, SCMP_SYS(setsockopt)},
	{FILTER_UDEV, SCMP_SYS(name_to_handle_at)}, /* libudev asks whether /sys is a mount point */
	{FILTER_UDEV, SCMP_SYS(inotify_init1)},
	/* connections */
	{FILTER_SERVE, SCMP_SYS(epoll_ctl)},
	{FILTER_SERVE, SCMP_SYS(epoll_wait)},
	{FILTER_SERVE, SCMP_SYS(epoll_pwait)},
	{FILTER_SERVE, SCMP_SYS(getpeername)},
	{FILTER_SERVE, SCMP_SYS(setsockopt)},
	/* what libraries do behind one's back: pango asks fontconfig in a thread */
	{FILTER_THREADS, SCMP_SYS(clone)},
	{FILTER_THREADS, SCMP_SYS(clone3)},
	{FILTER_THREADS, SCMP_SYS(set_robust_list)},
	{FILTER_THREADS, SCMP_SYS(rseq)},
	/* a database on another machine; socket() itself is below */
	{FILTER_TCP, SCMP_SYS(connect)},
	{FILTER_TCP, SCMP_SYS(getsockname)},
	{FILTER_TCP, SCMP_SYS(getpeername)},
	{FILTER_TCP, SCMP_SYS(setsockopt)},
	/* network; socket() itself is below */
	{FILTER_NETWORK, SCMP_SYS(connect)},
	{FILTER_NETWORK, SCMP_SYS(bind)}, /* of netlink, by which addresses are asked for */
	{FILTER_NETWORK, SCMP_SYS(getsockname)},
	{FILTER_NETWORK, SCMP_SYS(getpeername)},
	{FILTER_NETWORK, SCMP_SYS(setsockopt)},
	{FILTER_NETWORK, SCMP_SYS(sendmmsg)},
	{FILTER_NETWORK, SCMP_SYS(socketpair)},
	{FILTER_NETWORK, SCMP_SYS(eventfd2)},
	{FILTER_NETWORK, SCMP_SYS(pipe2)},
	{FILTER_NETWORK, SCMP_SYS(ioctl)},	/* FIONREAD: how long an answer of DNS is */
	{FILTER_NETWORK, SCMP_SYS(getdents64)}, /* of plug-ins of libraries */
	{FILTER_NETWORK, SCMP_SYS(clone)},
	{FILTER_NETWORK, SCMP_SYS(clone3)},
	{FILTER_NETWORK, SCMP_SYS(set_robust_list)},
	{FILTER_NETWORK, SCMP_SYS(rseq)},
};

static const unsigned int bpf_commands[] = {BPF_MAP_CREATE, BPF_MAP_LOOKUP_ELEM,
	BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM, BPF_MAP_LOOKUP_AND_DELETE_ELEM,
	BPF_MAP_GET_NEXT_KEY, BPF_MAP_GET_FD_BY_ID, BPF_OBJ_GET_INFO_BY_FD, BPF_ITER_CREATE};

static const unsigned long vault_requests[] = {
	FS_IOC_ADD_ENCRYPTION_KEY, FS_IOC_REMOVE_ENCRYPTION_KEY};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int add_table(scmp_filter_ctx context, unsigned int groups)
{
	int r;

	for (size_t i = 0; i < COUNT(rules); i++) {
		if (rules[i].group != GROUP_ALWAYS && !(rules[i].group & groups))
			continue;
		r = seccomp_rule_add(context, SCMP_ACT_ALLOW, rules[i].call, 0);
		if (r < 0 && r != -EEXIST)
			return r;
	}
	return 0;
}

/* Sockets of that family. */
static bool may_make(unsigned int family, unsigned int groups)
{
	switch (family) {
	case AF_UNIX:
		return groups & FILTER_NAMES;
	case AF_NETLINK:
		return groups & (FILTER_UDEV | FILTER_NETWORK);
	case AF_INET:
	case AF_INET6:
		return groups & FILTER_NETWORK;
	default:
		return false;
	}
}

/* TCP of that family, and nothing else of it. */
static int add_stream(scmp_filter_ctx context, unsigned int family)
{
	const unsigned int kind = 0xf; /* without SOCK_CLOEXEC and SOCK_NONBLOCK */
	int r = 0;

	for (unsigned int type = 0; type <= kind && r == 0; type++)
		r = seccomp_rule_add(context,
			type == SOCK_STREAM ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EAFNOSUPPORT),
			SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, family),
			SCMP_A1(SCMP_CMP_MASKED_EQ, kind, type));
	return r;
}

/* Other families and commands are refused, not fatal: libraries probe. */
static int add_by_argument(scmp_filter_ctx context, unsigned int groups)
{
	int r;

	r = seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prctl), 0);
	if (r < 0)
		return r;
	if (groups & FILTER_READ) {
		r = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY));
		if (r < 0 && r != -EEXIST)
			return r;
	}
	for (unsigned int family = 0; family < AF_MAX; family++) {
		if ((family == AF_INET || family == AF_INET6) &&
			(groups & (FILTER_TCP | FILTER_NETWORK)) == FILTER_TCP) {
			r = add_stream(context, family);
			if (r < 0)
				return r;
			continue;
		}
		unsigned int action = may_make(family, groups) ? SCMP_ACT_ALLOW
							       : SCMP_ACT_ERRNO(EAFNOSUPPORT);

		r = seccomp_rule_add(
			context, action, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, family));
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < COUNT(vault_requests) && (groups & FILTER_VAULT); i++) {
		r = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
			SCMP_A1(SCMP_CMP_EQ, vault_requests[i]));
		if (r < 0)
			return r;
	}
	if (groups & FILTER_WIPE) {
		r = seccomp_rule_add(context, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
			SCMP_A1(SCMP_CMP_EQ, FS_IOC_GET_ENCRYPTION_KEY_STATUS));
		if (r < 0)
			return r;
	}
	for (unsigned int command = 0; command < 64 && (groups & FILTER_BPF); command++) {
		unsigned int action = SCMP_ACT_ERRNO(EPERM);

		for (size_t i = 0; i < COUNT(bpf_commands); i++)
			if (bpf_commands[i] == command)
				action = SCMP_ACT_ALLOW;
		r = seccomp_rule_add(
			context, action, SCMP_SYS(bpf), 1, SCMP_A0(SCMP_CMP_EQ, command));
		if (r < 0)
			return r;
	}
	return 0;
}

static uint32_t default_action(void)
{
#ifndef NDEBUG
	if (getenv("HOLDFAST_SANDBOX_LOG"))
		return SCMP_ACT_LOG;
#endif
	return SCMP_ACT_KILL_PROCESS;
}

int filter_load(unsigned int groups)
{
	scmp_filter_ctx context = seccomp_init(default_action());
	int r;

	if (!context)
		return -ENOMEM;
	r = add_table(context, groups);
	if (r == 0)
		r = add_by_argument(context, groups);
	if (r == 0)
		r = seccomp_load(context);
	seccomp_release(context);
	return r;
}
