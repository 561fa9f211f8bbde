/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent guards of itself, told to the kernel part; and the maintenance door. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/sensor/kernel_private.h"
#include "common/cleanup.h"

int kernel_guard(struct kernel *kernel, int fd, uint32_t flags)
{
	struct hf_request request = {.op = HF_REQUEST_GUARD, .flags = flags};

	return kernel_request(kernel, fd, &request);
}

void kernel_guard_prune(struct kernel *kernel)
{
	int map = kernel->maps[KERNEL_MAP_GUARD_TASKS];
	uint32_t gone[HF_GUARD_TASKS], key;
	unsigned int count = 0;
	const void *from = NULL;

	for (unsigned int i = 0; i < HF_GUARD_TASKS; i++, from = &key) {
		if (bpf_map_get_next_key(map, from, &key) < 0)
			break;
		if (kill((pid_t)key, 0) < 0 && errno == ESRCH)
			gone[count++] = key;
	}
	while (count)
		(void)bpf_map_delete_elem(map, &gone[--count]); /* gone already is as good */
}

int kernel_set_door(struct kernel *kernel, const struct hf_door *door)
{
	struct hf_request request = {
		.op = HF_REQUEST_DOOR, .labels = door->acts, .own = door->until_ktime_ns};

	return kernel_request(kernel, kernel->poke_fd, &request);
}

/* As words_hash() of bpf/guard_agent.bpf.h: an agent of other arguments reads other files. */
uint64_t kernel_guard_words(void)
{
	uint64_t hash = HF_HASH_BASIS;
	char path[64], words[4096];
	auto_close int fd = -EBADF;
	ssize_t size;

	(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)getppid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (size = read(fd, words, sizeof(words))) > 0)
		hash = kernel_hash_add(hash, words, (size_t)size);
	return hash;
}

int kernel_door(struct kernel *kernel, struct hf_door *ret_door)
{
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(kernel->maps[KERNEL_MAP_DOOR], &zero, ret_door) < 0)
		return -errno;
	return 0;
}
