/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/vault/tree_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

struct names {
	char **items;
	size_t count, room;
};

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
}

static int names_add(struct names *names, const char *name)
{
	if (names->count == names->room) {
		size_t room = names->room ? 2 * names->room : 64;
		char **larger = reallocarray(names->items, room, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		names->items = larger;
		names->room = room;
	}
	names->items[names->count] = strdup(name);
	return names->items[names->count] ? (int)names->count++ : -ENOMEM;
}

static bool is_own(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..") || !strcmp(name, COPY_NEW) ||
	       !strcmp(name, TREE_GRAVE);
}

static int names_read(int directory_fd, struct names *names)
{
	int fd = tree_open(directory_fd, "."), r = 0;
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!directory) {
		if (fd >= 0)
			(void)close(fd); /* only read */
		return fd < 0 ? fd : -errno;
	}
	errno = 0;
	while (r >= 0 && (entry = readdir(directory))) {
		if (!is_own(entry->d_name))
			r = names_add(names, entry->d_name);
		errno = 0;
	}
	if (r >= 0 && errno)
		r = -errno;
	(void)closedir(directory); /* only read */
	return r < 0 ? r : 0;
}

int tree_open(int directory_fd, const char *name)
{
	int fd = openat(
		directory_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int tree_fail(struct tree *tree, int r, const char *words)
{
	tree->note(tree->path, words, tree->userdata);
	return r;
}

static int visit_one(
	struct tree *tree, struct copy_place *place, tree_visit *visit, unsigned int depth)
{
	size_t before = strlen(tree->path);
	struct stat status;
	int r;

	if (fstatat(place->from_fd, place->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if ((size_t)snprintf(tree->path + before, sizeof(tree->path) - before, "%s%s",
		    before ? "/" : "", place->name) >= sizeof(tree->path) - before) {
		tree->path[before] = '\0';
		return tree_fail(tree, -ENAMETOOLONG, "too long a path is below it");
	}
	r = visit(tree, place, &status, depth);
	tree->path[before] = '\0';
	if (tree->progress)
		tree->progress(tree, tree->userdata);
	return r;
}

int tree_each(struct tree *tree, int from_fd, int to_fd, tree_visit *visit, unsigned int depth)
{
	struct names names = {0};
	int r;

	if (depth > TREE_DEPTH_MAX)
		return tree_fail(tree, -EFBIG, "is too deep");
	r = names_read(from_fd, &names);
	if (r < 0)
		(void)tree_fail(tree, r, strerror(-r));
	for (size_t i = 0; i < names.count && r == 0; i++) {
		struct copy_place place = {from_fd, to_fd, names.items[i]};

		r = visit_one(tree, &place, visit, depth);
	}
	names_free(&names);
	return r;
}
