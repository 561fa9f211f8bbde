/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests about one inode: marks, labels, identity, put to the kernel part through the request
 * slot (bpf/control.h); and the index of marks as a whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/sensor/kernel_private.h"
#include "common/cleanup.h"

#define DIRTY_SCAN_MAX 4096 /* index entries looked at in one kernel_visit_dirty() */

static int request_slot(struct kernel *kernel, struct hf_request *request)
{
	uint32_t zero = 0;

	if (bpf_map_update_elem(kernel->maps[KERNEL_MAP_REQUEST], &zero, request, BPF_ANY) < 0)
		return -errno;
	return 0;
}

/* Puts the request, pokes the kernel with the ioctl, and reads the answer. */
int kernel_request(struct kernel *kernel, int fd, struct hf_request *request)
{
	uint32_t zero = 0;
	int r;

	r = request_slot(kernel, request);
	if (r < 0)
		return r;
	(void)ioctl(fd, HF_IOC_REQUEST,
		0); /* ENOTTY from below is expected: the answer is in the map */
	if (bpf_map_lookup_elem(kernel->maps[KERNEL_MAP_REQUEST], &zero, request) < 0)
		return -errno;
	if (request->op != HF_REQUEST_NONE)
		return -ENOTCONN;
	return request->error;
}

int kernel_hello(struct kernel *kernel)
{
	struct hf_request request = {.op = HF_REQUEST_HELLO, .labels = kernel_guard_words()};
	struct hf_agent agent;
	uint32_t zero = 0;
	int map = kernel->maps[KERNEL_MAP_AGENT];

	if (bpf_map_lookup_elem(map, &zero, &agent) < 0)
		return -errno;
	agent.tgid = (uint32_t)getpid();
	agent.start_ns = 0;
	if (bpf_map_update_elem(map, &zero, &agent, BPF_ANY) < 0)
		return -errno;
	if (kernel->poke_fd < 0)
		kernel->poke_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (kernel->poke_fd < 0)
		return -errno;
	return kernel_request(kernel, kernel->poke_fd, &request);
}

static int kernel_refresh(struct kernel *kernel)
{
	struct hf_request request = {.op = HF_REQUEST_REFRESH};

	return kernel_request(kernel, kernel->poke_fd, &request);
}

int kernel_mark(struct kernel *kernel, int fd, uint64_t labels, uint32_t flags,
	struct hf_inode_key *ret_key, struct hf_mark *ret_previous)
{
	struct hf_request request = {.op = HF_REQUEST_MARK, .labels = labels, .flags = flags};
	int r;

	r = kernel_request(kernel, fd, &request);
	if (r < 0)
		return r;
	*ret_key = request.key;
	*ret_previous = request.previous;
	return 0;
}

int kernel_inode(struct kernel *kernel, int fd, struct kernel_inode *ret_inode)
{
	struct hf_request request = {.op = HF_REQUEST_LABELS};
	int r;

	r = kernel_request(kernel, fd, &request);
	if (r < 0)
		return r;
	*ret_inode = (struct kernel_inode){
		.labels = request.labels, .own = request.previous, .key = request.key};
	return 0;
}

int kernel_set_app(struct kernel *kernel, int fd, uint32_t app)
{
	struct hf_request request = {.op = HF_REQUEST_SET_APP, .app = app};

	if (app >= HF_APP_MAX)
		return -EINVAL;
	return kernel_request(kernel, fd, &request);
}

int kernel_mark_written(struct kernel *kernel, int fd, uint64_t labels)
{
	struct hf_request request = {.op = HF_REQUEST_WRITTEN, .labels = labels};

	return kernel_request(kernel, fd, &request);
}

/* What the index has by now is kept: what nobody stores, and what the database has yet to learn. */
int kernel_restore_mark(
	struct kernel *kernel, const struct hf_inode_key *key, const struct hf_mark *stored)
{
	int disks = kernel->maps[KERNEL_MAP_DISKS], index = kernel->maps[KERNEL_MAP_INDEX];
	struct hf_mark mark = *stored, now;
	uint64_t labels = 0;

	mark.flags &= ~HF_MARK_GUARD;
	if (bpf_map_lookup_elem(index, key, &now) == 0) {
		if (now.labels) /* then it knows better whether they are an application's own */
			mark.flags &= ~HF_MARK_STATE;
		mark.labels |= now.labels;
		mark.flags |= now.flags;
		mark.app = now.app;
	}
	if (bpf_map_update_elem(index, key, &mark, BPF_ANY) < 0)
		return errno == E2BIG ? -ENOSPC : -errno;
	(void)bpf_map_lookup_elem(disks, &key->dev, &labels); /* absent: 0 */
	labels |= mark.labels;
	if (bpf_map_update_elem(disks, &key->dev, &labels, BPF_ANY) < 0)
		return errno == E2BIG ? -ENOSPC : -errno;
	return kernel_refresh(kernel);
}

/* Clears HF_MARK_DIRTY unless the kernel changed the mark meanwhile: then it stays dirty. */
static void clean_mark(int index, const struct hf_inode_key *key, const struct hf_mark *seen)
{
	struct hf_mark now;

	if (bpf_map_lookup_elem(index, key, &now) < 0 || now.labels != seen->labels)
		return;
	now.flags &= ~HF_MARK_DIRTY;
	(void)bpf_map_update_elem(
		index, key, &now, BPF_EXIST); /* gone meanwhile: nothing to clean */
}

int kernel_visit_gone(struct kernel *kernel, unsigned int most,
	void (*visit)(const struct hf_inode_key *key, void *userdata), void *userdata)
{
	int gone = kernel->maps[KERNEL_MAP_GONE];
	unsigned int visited = 0;
	struct hf_inode_key key;
	struct hf_mark mark;

	while (visited < most) {
		if (bpf_map_lookup_and_delete_elem(gone, NULL, &key) < 0)
			return errno == ENOENT ? (int)visited : -errno;
		/* Numbers come back: this may be another inode's mark by now. */
		if (bpf_map_lookup_elem(kernel->maps[KERNEL_MAP_INDEX], &key, &mark) == 0)
			continue;
		visit(&key, userdata);
		visited++;
	}
	return (int)visited;
}

int kernel_visit_dirty(struct kernel *kernel, unsigned int most,
	int (*visit)(const struct hf_inode_key *key, const struct hf_mark *mark, void *userdata),
	void *userdata)
{
	int index = kernel->maps[KERNEL_MAP_INDEX];
	unsigned int visited = 0;
	struct hf_inode_key key;
	struct hf_mark mark;

	for (unsigned int i = 0; i < DIRTY_SCAN_MAX && visited < most; i++) {
		const void *from = kernel->has_dirty_cursor ? &kernel->dirty_cursor : NULL;

		if (bpf_map_get_next_key(index, from, &key) < 0) {
			kernel->has_dirty_cursor = false;
			break;
		}
		kernel->dirty_cursor = key;
		kernel->has_dirty_cursor = true;
		if (bpf_map_lookup_elem(index, &key, &mark) < 0 || !(mark.flags & HF_MARK_DIRTY))
			continue;
		if (visit(&key, &mark, userdata) < 0)
			continue;
		clean_mark(index, &key, &mark);
		visited++;
	}
	return (int)visited;
}

#define GROUP_DEPTH 8 /* as HF_GROUP_DEPTH of bpf/state.bpf.h */

/* Labels of all that share memory with a process, struct hf_group of bpf/maps.bpf.h. */
static uint64_t group_labels(struct kernel *kernel, uint32_t number)
{
	struct {
		uint64_t labels;
		uint32_t parent;
		int32_t others;
	} group;

	for (int depth = 0; depth <= GROUP_DEPTH; depth++) {
		if (bpf_map_lookup_elem(kernel->maps[KERNEL_MAP_GROUPS], &number, &group) < 0)
			return 0; /* nobody shares it, nor has anybody read anything */
		if (!group.parent)
			return group.labels;
		number = group.parent;
	}
	return 0;
}

int kernel_taint(struct kernel *kernel, int pid, uint64_t *ret_labels, uint32_t *ret_app)
{
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct hf_request request = {.op = HF_REQUEST_TAINT};
	/* struct hf_task of bpf/maps.bpf.h begins with these; the rest is the kernel part's own. */
	union {
		struct {
			uint64_t taint;
			uint64_t tainted_ktime_ns;
			uint32_t app;
			uint32_t group;
		} known;
		unsigned char whole[1024];
	} task;

	if (pidfd < 0)
		return -errno;
	if (kernel->is_baseline) {
		int r = kernel_request(kernel, pidfd, &request);

		if (r < 0)
			return r;
		*ret_labels = request.labels;
		*ret_app = request.app;
		return 0;
	}
	if (bpf_map_lookup_elem(kernel->maps[KERNEL_MAP_TASKS], &pidfd, &task) < 0)
		return -errno;
	*ret_labels = task.known.taint;
	if (task.known.group)
		*ret_labels |= group_labels(kernel, task.known.group);
	*ret_app = task.known.app;
	return 0;
}
