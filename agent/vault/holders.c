/* SPDX-License-Identifier: Apache-2.0 */
/* A process that ends meanwhile holds nothing. */
#include "agent/vault/holders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/vault/image.h"
#include "common/cleanup.h"
#include "common/text.h"

struct search {
	const char *path;
	size_t size;
	dev_t device;
	struct holder *found;
	int count;
	int process_fd; /* of the process that is looked at */
	pid_t process;
	bool is_listed;
};

static bool is_below(const struct search *search, const char *path)
{
	if (!search->path) /* below that it is the agent's own hold, and root's alone */
		return strncmp(path, IMAGE_MOUNTS "/", sizeof(IMAGE_MOUNTS)) != 0;
	return !strncmp(path, search->path, search->size) &&
	       (!path[search->size] || path[search->size] == '/' || path[search->size] == ' ');
}

static void name_of(int process_fd, char *ret_name, size_t size)
{
	char text[64] = "";
	auto_close int fd = openat(process_fd, "comm", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0)
		text[strcspn(text, "\n")] = '\0';
	(void)text_clean(ret_name, size, text);
}

static void add(struct search *search, const char *path)
{
	struct holder *holder;

	if (search->is_listed) {
		search->found[search->count - 1].more++;
		return;
	}
	if (search->count == HOLDERS_MAX)
		return;
	holder = &search->found[search->count++];
	*holder = (struct holder){.process = search->process};
	name_of(search->process_fd, holder->program, sizeof(holder->program));
	(void)text_clean(holder->path, sizeof(holder->path), path);
	search->is_listed = true;
}

/* A link of /proc: what it leads to, by its name and by its device. */
static void look_at_link(struct search *search, int directory_fd, const char *name)
{
	char target[PATH_MAX];
	ssize_t size = readlinkat(directory_fd, name, target, sizeof(target) - 1);
	struct stat status;

	if (size <= 0)
		return;
	target[size] = '\0';
	if (!is_below(search, target))
		return;
	if (fstatat(directory_fd, name, &status, 0) < 0 || status.st_dev != search->device)
		return;
	add(search, target);
}

static void look_at_descriptors(struct search *search)
{
	int fd = openat(search->process_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!directory) {
		if (fd >= 0)
			(void)close(fd); /* only read */
		return;
	}
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.')
			look_at_link(search, dirfd(directory), entry->d_name);
	(void)closedir(directory); /* only read */
}

/* proc_pid_maps(5): the last column is the name, as of a descriptor. */
static void look_at_mappings(struct search *search)
{
	int fd = openat(search->process_fd, "maps", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	auto_free char *line = NULL;
	size_t size = 0;

	if (!file) {
		if (fd >= 0)
			(void)close(fd); /* only read */
		return;
	}
	while (getline(&line, &size, file) > 0) {
		char *path = strchr(line, '/');
		unsigned int device_major, device_minor;

		if (!path || sscanf(line, "%*s %*s %*s %x:%x", &device_major, &device_minor) != 2)
			continue;
		path[strcspn(path, "\n")] = '\0';
		/* btrfs says another device here than stat(2): there the name alone tells. */
		if (is_below(search, path) &&
			(search->path || makedev(device_major, device_minor) == search->device))
			add(search, path);
	}
	(void)fclose(file); /* only read */
}

static void look_at_process(struct search *search, int proc_fd, const char *name)
{
	auto_close int fd = openat(proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	search->process = (pid_t)strtol(name, NULL, 10);
	if (fd < 0 || search->process == getpid())
		return;
	search->process_fd = fd;
	search->is_listed = false;
	look_at_link(search, fd, "cwd");
	look_at_link(search, fd, "root");
	look_at_descriptors(search);
	look_at_mappings(search);
}

int holders_find(const char *path, dev_t device, struct holder ret_holders[HOLDERS_MAX])
{
	struct search search = {.path = path,
		.size = path ? strlen(path) : 0,
		.device = device,
		.found = ret_holders};
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc)
		return -errno;
	while ((entry = readdir(proc)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			look_at_process(&search, dirfd(proc), entry->d_name);
	(void)closedir(proc); /* only read */
	return search.count;
}
