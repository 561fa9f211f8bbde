/* SPDX-License-Identifier: Apache-2.0 */
/* memfd_secret(2), mlock(2), madvise(2). */
#include "agent/keyring/secret_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447 /* the same on all that have it */
#endif

static void read_line(const char *path, char *ret_text, size_t size)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, ret_text, size - 1);

	ret_text[got > 0 ? got : 0] = '\0';
}

bool secret_machine_hibernates(void)
{
	char way[256], place[64];

	read_line("/sys/power/disk", way, sizeof(way));
	read_line("/sys/power/resume", place, sizeof(place));
	/* the kernel says "[disabled]" when it may not, as under lockdown: kernel/power/hibernate.c */
	return way[0] && !strstr(way, "[disabled]") && place[0] && strcmp(place, "0:0\n") != 0;
}

static bool open_secret(size_t size, struct secret_memory *ret_memory)
{
	auto_close int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
	void *start;

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		return false;
	start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (start == MAP_FAILED)
		return false;
	(void)madvise(start, size, MADV_DONTFORK); /* it forks nobody: the filter */
	*ret_memory = (struct secret_memory){start, size, SECRET_MEMFD};
	return true;
}

static bool open_locked(size_t size, struct secret_memory *ret_memory)
{
	void *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED)
		return false;
	(void)madvise(start, size, MADV_DONTDUMP); /* beside RLIMIT_CORE and undumpable */
	(void)madvise(start, size, MADV_WIPEONFORK);
	*ret_memory = (struct secret_memory){
		start, size, mlock(start, size) < 0 ? SECRET_UNLOCKED : SECRET_LOCKED};
	return true;
}

int secret_memory_open(size_t size, enum secret_wish wish, struct secret_memory *ret_memory)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	bool is_secret = wish == SECRET_WISH_SECRET ||
			 (wish == SECRET_WISH_AUTO && !secret_machine_hibernates());

	size = (size + page - 1) / page * page;
	if (is_secret && open_secret(size, ret_memory)) {
		memset(ret_memory->start, 0, size); /* its pages are there from now on */
		return 0;
	}
	return open_locked(size, ret_memory) ? 0 : -ENOMEM;
}

void secret_memory_close(struct secret_memory *memory)
{
	if (!memory->start)
		return;
	explicit_bzero(memory->start, memory->size);
	(void)munmap(memory->start, memory->size); /* can't fail: it is ours */
	*memory = (struct secret_memory){0};
}

const char *secret_place_name(enum secret_place place)
{
	static const char *const names[] = {[SECRET_NOWHERE] = "nowhere",
		[SECRET_MEMFD] = "memfd_secret",
		[SECRET_LOCKED] = "locked",
		[SECRET_UNLOCKED] = "not locked"};

	return (size_t)place < sizeof(names) / sizeof(names[0]) ? names[place] : "nowhere";
}
