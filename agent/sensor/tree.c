/* SPDX-License-Identifier: Apache-2.0 */
/* A stack of open directories; every entry is looked at by descriptor and never followed. */
#include "agent/sensor/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "agent/sensor/mark_checks.h"
#include "agent/sensor/marks.h"
#include "agent/sensor/paths.h"
#include "common/cleanup.h"

struct root {
	char *path;
	uint64_t labels;
};

struct level {
	DIR *directory;
	size_t path_length; /* of the directory's path in tree.path */
};

struct tree {
	struct root roots[TREE_ROOT_MAX];
	unsigned int root_first, root_count;
	struct level levels[TREE_DEPTH_MAX];
	unsigned int depth; /* 0 = between walks */
	uint64_t labels;
	char path[PATH_MAX];
};

struct tree *tree_new(void)
{
	return calloc(1, sizeof(struct tree));
}

static void pop(struct tree *tree)
{
	(void)closedir(tree->levels[--tree->depth].directory); /* read only */
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	while (tree->depth)
		pop(tree);
	for (unsigned int i = 0; i < tree->root_count; i++)
		free(tree->roots[(tree->root_first + i) % TREE_ROOT_MAX].path);
	free(tree);
}

int tree_add(struct tree *tree, const char *path, uint64_t labels)
{
	struct root *root;

	if (tree->root_count >= TREE_ROOT_MAX)
		return -ENOBUFS;
	root = &tree->roots[(tree->root_first + tree->root_count) % TREE_ROOT_MAX];
	root->path = strdup(path);
	if (!root->path)
		return -ENOMEM;
	root->labels = labels;
	tree->root_count++;
	return 0;
}

bool tree_is_busy(const struct tree *tree)
{
	return tree->depth || tree->root_count;
}

static int push(struct tree *tree, int path_fd)
{
	int fd;
	DIR *directory;

	if (tree->depth >= TREE_DEPTH_MAX)
		return -E2BIG;
	fd = openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	directory = fdopendir(fd);
	if (!directory) {
		(void)close(fd); /* nothing read yet */
		return -ENOMEM;
	}
	tree->levels[tree->depth++] = (struct level){
		.directory = directory, .path_length = strlen(tree->path)};
	return 0;
}

static void begin(struct sensor *sensor, struct tree *tree)
{
	struct root root = tree->roots[tree->root_first];
	auto_close int fd = -EBADF;

	tree->root_first = (tree->root_first + 1) % TREE_ROOT_MAX;
	tree->root_count--;
	tree->labels = root.labels;
	(void)snprintf(tree->path, sizeof(tree->path), "%s", root.path);
	free(root.path);
	fd = paths_open(-1, tree->path);
	if (fd < 0 || push(tree, fd) < 0)
		link_failure(sensor, FAILURE_TREE, "%s", tree->path);
}

static void mark(struct sensor *sensor, struct tree *tree, int path_fd, uint64_t labels)
{
	struct mark_change change = {.add = labels, .path = tree->path};
	uint64_t added;

	if (marks_change(sensor, path_fd, &change, &added) < 0)
		link_failure(sensor, FAILURE_TREE, "%s", tree->path);
}

/* A file from elsewhere (another device, a restored backup) may bring labels of its own. */
static void adopt_claim(struct sensor *sensor, int path_fd, const char *path)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
	if (getxattr(name, MARK_VALUE_NAME, NULL, 0) > 0)
		mark_checks_now(sensor, path_fd, path);
}

static void entry_look(struct sensor *sensor, struct tree *tree, int directory_fd, const char *name)
{
	size_t length = tree->levels[tree->depth - 1].path_length;
	auto_close int fd = -EBADF;
	struct statx status;

	if (length + strlen(name) + 2 > sizeof(tree->path))
		return;
	fd = openat(directory_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_NLINK, &status) < 0)
		return;
	(void)snprintf(tree->path + length, sizeof(tree->path) - length, "/%s", name);
	if (S_ISREG(status.stx_mode)) {
		if (status.stx_nlink > 1)
			mark(sensor, tree, fd, tree->labels);
		else
			adopt_claim(sensor, fd, tree->path);
	} else if (S_ISDIR(status.stx_mode)) {
		if (status.stx_attributes & STATX_ATTR_MOUNT_ROOT)
			mark(sensor, tree, fd, tree->labels);
		if (push(tree, fd) < 0)
			link_failure(sensor, FAILURE_TREE, "%s", tree->path);
	}
}

void tree_step(struct sensor *sensor)
{
	struct tree *tree = sensor->tree;

	for (unsigned int i = 0; i < TREE_SLICE_MAX && tree_is_busy(tree); i++) {
		struct dirent *entry;
		DIR *directory;

		if (!tree->depth) {
			begin(sensor, tree);
			continue;
		}
		directory = tree->levels[tree->depth - 1].directory;
		tree->path[tree->levels[tree->depth - 1].path_length] = '\0';
		entry = readdir(directory);
		if (!entry)
			pop(tree);
		else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			entry_look(sensor, tree, dirfd(directory), entry->d_name);
	}
}
