/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roads into a labelled file, for a program without rights: every way to get a descriptor that can
 * be read. The target is not used, except where a road says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "roads.h"

/* fd is a descriptor or a negative errno. */
static int read_through(struct job *job, int fd)
{
	ssize_t size;

	if (fd < 0)
		return fd;
	size = read(fd, job->content, ROAD_CONTENT_MAX);
	if (size < 0)
		return -errno;
	return size == 0 ? -ENODATA : 0;
}

static int road_open(struct job *job)
{
	auto_close int fd = check_call(open(job->source, O_RDONLY | O_CLOEXEC));

	return read_through(job, fd);
}

static int road_open_write(struct job *job)
{
	auto_close int fd = check_call(open(job->source, O_RDWR | O_CLOEXEC));

	return read_through(job, fd);
}

static int road_openat2(struct job *job)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS};
	auto_close int fd = check_call(
		syscall(SYS_openat2, AT_FDCWD, job->source, &how, sizeof(how)));

	return read_through(job, fd);
}

/* O_PATH opens nothing, so nothing is judged; reading needs the second open. */
static int road_path_reopen(struct job *job)
{
	auto_close int handle = check_call(open(job->source, O_PATH | O_CLOEXEC));
	auto_close int fd = -EBADF;
	char self[64];

	if (handle < 0)
		return -EIO;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", handle);
	fd = check_call(open(self, O_RDONLY | O_CLOEXEC));
	return read_through(job, fd);
}

/* From the directory: *at() with the file's last name. */
static int road_openat(struct job *job)
{
	auto_free char *directory = strdup(job->source);
	auto_close int parent = -EBADF, fd = -EBADF;
	char *slash;

	slash = directory ? strrchr(directory, '/') : NULL;
	if (!slash)
		return -EINVAL;
	*slash = '\0';
	parent = check_call(open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (parent < 0)
		return -EIO;
	fd = check_call(openat(parent, slash + 1, O_RDONLY | O_CLOEXEC));
	return read_through(job, fd);
}

/* Argument 1, if given, is a file that the case watches: it empties the caches meanwhile. */
static int road_handle(struct job *job)
{
	struct {
		struct file_handle handle;
		unsigned char bytes[MAX_HANDLE_SZ];
	} name = {.handle.handle_bytes = MAX_HANDLE_SZ};
	auto_free char *directory = strdup(job->source);
	auto_close int mount = -EBADF, fd = -EBADF;
	char *slash;
	int id;

	slash = directory ? strrchr(directory, '/') : NULL;
	if (!slash)
		return -EINVAL;
	*slash = '\0';
	mount = check_call(open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (mount < 0)
		return -EIO;
	if (name_to_handle_at(AT_FDCWD, job->source, &name.handle, &id, 0))
		return -EIO;
	if (job->arg[0]) {
		auto_close int drop = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

		sync();
		if (drop < 0 || write_all(drop, "3", 1) < 0)
			return -EIO;
	}
	fd = check_call(open_by_handle_at(mount, &name.handle, O_RDONLY | O_CLOEXEC));
	return read_through(job, fd);
}

/* Whoever listens is handed a descriptor of what others open. */
static int road_fanotify(struct job *job)
{
	auto_close int group = check_call(
		fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK, O_RDONLY));
	struct fanotify_event_metadata event;
	struct pollfd ready = {.fd = group, .events = POLLIN};
	auto_close int fd = -EBADF;
	ssize_t size;

	if (group < 0)
		return -EIO;
	/* FAN_ATTRIB would not bring a descriptor; the case touches the file meanwhile. */
	if (fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN | FAN_CLOSE, AT_FDCWD, job->source))
		return -EIO;
	printf("ready\n");
	if (poll(&ready, 1, 10000) != 1)
		return -ETIMEDOUT;
	size = read(group, &event, sizeof(event));
	if (size < 0)
		return -errno;
	fd = event.fd;
	/* FAN_NOFD: the kernel could not open it for us. */
	return fd < 0 ? -EPERM : read_through(job, fd);
}

static int road_mmap_read(struct job *job)
{
	auto_close int fd = check_call(open(job->source, O_RDONLY | O_CLOEXEC));
	void *map;

	if (fd < 0)
		return fd;
	map = mmap(NULL, ROAD_CONTENT_MAX, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	job->content[0] = *(volatile char *)map;
	return 0;
}

/* The kernel reads the file to run it; its interpreter (here: cat) then prints it. */
static int road_exec(struct job *job)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl(job->source, job->source, NULL);
		exit_road(-errno == -ENOEXEC ? 0 : -errno);
	}
	return wait_child(pid);
}

/* O_WRONLY truncation by a program without rights: no reading, but it is opening all the same. */
static int road_open_truncate(struct job *job)
{
	auto_close int fd = check_call(open(job->source, O_WRONLY | O_APPEND | O_CLOEXEC));

	return fd;
}

const struct road roads_open[] = {
	{"open", road_open, false},
	{"open-write", road_open_write, false},
	{"openat", road_openat, false},
	{"openat2", road_openat2, false},
	{"path-reopen", road_path_reopen, false},
	{"handle", road_handle, false},
	{"fanotify", road_fanotify, false},
	{"mmap-read", road_mmap_read, false},
	{"exec", road_exec, false},
	{"open-append", road_open_truncate, false},
	{0},
};
