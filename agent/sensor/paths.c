/* SPDX-License-Identifier: Apache-2.0 */
/* Walking patterns by held descriptors. */
#include "agent/sensor/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "policy/pattern.h"

struct expansion {
	const struct paths_visitor *visitor;
	unsigned int matches;
	unsigned int entries;
	int r;		     /* first thing that went wrong */
	char path[PATH_MAX]; /* how far we are */
};

int paths_open(int directory_fd, const char *name)
{
	struct open_how how = {
		.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(
		SYS_openat2, directory_fd < 0 ? AT_FDCWD : directory_fd, name, &how, sizeof(how));
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0 ||
		S_ISLNK(status.st_mode)) { /* O_PATH opens a last link itself */
		(void)close(fd);	   /* nothing was done with it */
		return -ELOOP;
	}
	return fd;
}

int paths_reopen(int path_fd)
{
	char name[64];
	struct stat status;
	int fd;

	if (fstat(path_fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
		return -EOPNOTSUPP;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
	fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void expand_from(struct expansion *expansion, int directory_fd, const char *rest);

static void note(struct expansion *expansion, int r)
{
	if (expansion->r == 0)
		expansion->r = r;
}

/* One name below the directory: either the end of the pattern, or further down. */
static void step(struct expansion *expansion, int directory_fd, const char *name, const char *rest)
{
	size_t length = strlen(expansion->path), size = strlen(name);
	auto_close int fd = -EBADF;

	if (length + size + 2 > sizeof(expansion->path)) {
		note(expansion, -ENAMETOOLONG);
		return;
	}
	fd = paths_open(directory_fd, name);
	if (fd < 0) {
		if (fd != -ENOENT && fd != -ENOTDIR)
			note(expansion, fd);
		return;
	}
	expansion->path[length] = '/';
	memcpy(expansion->path + length + 1, name, size + 1);
	if (*rest)
		expand_from(expansion, fd, rest);
	else if (expansion->matches++ < PATHS_MATCH_MAX)
		expansion->visitor->match(expansion->path, fd, expansion->visitor->userdata);
	else
		note(expansion, -E2BIG);
	expansion->path[length] = '\0';
}

static void list_directory(struct expansion *expansion, int directory_fd, const char *component,
	size_t size, const char *rest)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);

	if (!directory) {
		note(expansion, -errno);
		if (fd >= 0)
			(void)close(fd); /* fdopendir did not take it */
		return;
	}
	for (struct dirent *entry; (entry = readdir(directory));) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (expansion->entries++ >= PATHS_ENTRY_MAX) {
			note(expansion, -E2BIG);
			break;
		}
		if (policy_pattern_matches_name(
			    component, size, entry->d_name, strlen(entry->d_name)))
			step(expansion, directory_fd, entry->d_name, rest);
	}
	(void)closedir(directory); /* read only */
}

static void expand_from(struct expansion *expansion, int directory_fd, const char *rest)
{
	char component[NAME_MAX + 1];
	size_t size;
	struct stat status;

	if (fstat(directory_fd, &status) < 0 || !S_ISDIR(status.st_mode))
		return;
	while (*rest == '/')
		rest++;
	size = strcspn(rest, "/");
	if (!size || size > NAME_MAX) {
		note(expansion, size ? -ENAMETOOLONG : -EINVAL);
		return;
	}
	memcpy(component, rest, size);
	component[size] = '\0';
	rest += size;
	while (*rest == '/')
		rest++;
	if (expansion->visitor->directory)
		expansion->visitor->directory(
			expansion->path[0] ? expansion->path : "/", expansion->visitor->userdata);
	if (policy_pattern_has_wildcard(component))
		list_directory(expansion, directory_fd, component, size, rest);
	else
		step(expansion, directory_fd, component, rest);
}

int paths_expand(const char *pattern, const struct paths_visitor *visitor)
{
	struct expansion expansion = {.visitor = visitor};
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (pattern[0] != '/')
		return -EINVAL;
	if (root < 0)
		return -errno;
	expand_from(&expansion, root, pattern);
	return expansion.r;
}
