/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wiping what has moved. An object goes into the grave first, by rename(2): what is in there is done
 * with, whatever becomes of its bytes, so that a power cut in the middle is told from a change. When the
 * grave is full its names are brought to the disk, then its bytes, all at once, and only then the names go.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/vault/tree.h"
#include "agent/vault/tree_walk.h"
#include "common/cleanup.h"
#include "common/file.h"

#define GRAVE_MAX 512 /* objects */
#define LATE_MAX  100 /* copies of one name that was changed in both places */

static bool is_late(const struct tree *tree, const struct stat *status)
{
	return (uint64_t)status->st_ctim.tv_sec * 1000000000 + (uint64_t)status->st_ctim.tv_nsec >=
	       tree->settled_ns;
}

/* How many of a file's names are in the grave: with a name elsewhere it is not ours to wipe. */
static int count_visit(struct tree *tree, const struct copy_place *place, const struct stat *status,
	unsigned int depth)
{
	struct link_entry *entry;

	(void)depth;
	if (!S_ISREG(status->st_mode) || status->st_nlink == 1)
		return 0;
	entry = links_entry(&tree->links, status, place->name);
	if (!entry)
		return tree_fail(tree, -ENOMEM, "too many files with several names");
	entry->met++;
	return 0;
}

static int wipe_visit(struct tree *tree, const struct copy_place *place, const struct stat *status,
	unsigned int depth)
{
	auto_close int fd = -EBADF;
	int r;

	(void)depth;
	if (!S_ISREG(status->st_mode) || !status->st_size)
		return 0;
	if (status->st_nlink > 1 &&
		links_entry(&tree->links, status, place->name)->met != status->st_nlink)
		return 0; /* its last name will have it wiped */
	fd = openat(place->from_fd, place->name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	r = fd < 0 ? -errno : file_overwrite(fd);
	return r < 0 ? tree_fail(tree, r, strerror(-r)) : 0;
}

static int unlink_visit(struct tree *tree, const struct copy_place *place,
	const struct stat *status, unsigned int depth)
{
	(void)status; /* none is a directory */
	(void)depth;
	return unlinkat(place->from_fd, place->name, 0) < 0
		       ? tree_fail(tree, -errno, strerror(errno))
		       : 0;
}

/* Nothing is copied here that is not on the disk, so its names may go with the rest. */
static int empty_grave(struct tree *tree)
{
	auto_close int grave_fd = tree_open(tree->from_fd, TREE_GRAVE);
	int r;

	if (grave_fd < 0)
		return grave_fd;
	links_clear(&tree->links);
	r = tree_each(tree, grave_fd, -1, count_visit, 1);
	/* Zeros may be on the disk before the rename is: a power cut would leave them at the old name. */
	if (r == 0 && syncfs(grave_fd) < 0)
		return -errno;
	if (r == 0)
		r = tree_each(tree, grave_fd, -1, wipe_visit, 1);
	if (r < 0)
		return r;
	if (syncfs(tree->to_fd) < 0 || syncfs(grave_fd) < 0)
		return -errno;
	return tree_each(tree, grave_fd, -1, unlink_visit, 1);
}

/* A name that nothing has: NAME.before-vault, NAME.before-vault-2 ... */
static int late_name(const struct copy_place *place, char ret_name[NAME_MAX + 1])
{
	struct stat status;

	for (unsigned int i = 1; i <= LATE_MAX; i++) {
		char number[16] = "";

		if (i > 1)
			(void)snprintf(number, sizeof(number), "-%u", i);
		(void)snprintf(
			ret_name, NAME_MAX + 1, "%.200s" TREE_LATE "%s", place->name, number);
		if (fstatat(place->to_fd, ret_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			return errno == ENOENT ? 0 : -errno;
	}
	return -EEXIST;
}

/* Whether the vault has it as it is here. 1, 0, negative errno. */
static int is_there(const struct copy_place *place, const struct stat *status, bool *ret_exists)
{
	struct stat copy;

	*ret_exists = fstatat(place->to_fd, place->name, &copy, AT_SYMLINK_NOFOLLOW) == 0;
	if (!*ret_exists)
		return errno == ENOENT ? 0 : -errno;
	if ((status->st_mode & S_IFMT) != (copy.st_mode & S_IFMT))
		return 0;
	if (!S_ISREG(status->st_mode))
		return copy_is_current(status, &copy);
	return copy_is_same(place);
}

/* Somebody wrote to the old tree after the copy was made. */
static int rescue(struct tree *tree, const struct copy_place *place, const struct stat *status)
{
	char name[NAME_MAX + 1];
	bool exists;
	int r;

	r = is_there(place, status, &exists);
	if (r != 0)
		return r < 0 ? r : 0;
	if (!exists)
		return copy_object(place, status);
	r = late_name(place, name);
	if (r < 0)
		return r;
	tree->note(tree->path,
		"was changed in both places: the older one is beside it, as .before-vault",
		tree->userdata);
	return copy_object_as(place, status, name);
}

static int discard_object(
	struct tree *tree, const struct copy_place *place, const struct stat *status)
{
	auto_close int grave_fd = -EBADF;
	char name[32];
	int r;

	if (is_late(tree, status) && !S_ISSOCK(status->st_mode)) {
		r = rescue(tree, place, status);
		if (r < 0)
			return r;
	}
	grave_fd = tree_open(tree->from_fd, TREE_GRAVE);
	if (grave_fd < 0)
		return grave_fd;
	(void)snprintf(name, sizeof(name), "%" PRIu64, tree->removed);
	if (renameat(place->from_fd, place->name, grave_fd, name) < 0)
		return -errno;
	tree->objects++;
	return ++tree->removed % GRAVE_MAX ? 0 : empty_grave(tree);
}

static int discard_visit(struct tree *tree, const struct copy_place *place,
	const struct stat *status, unsigned int depth)
{
	auto_close int from_fd = -EBADF, to_fd = -EBADF;
	bool is_made = false;
	int r;

	if (!S_ISDIR(status->st_mode)) {
		r = discard_object(tree, place, status);
		return r < 0 ? tree_fail(tree, r, strerror(-r)) : 0;
	}
	from_fd = tree_open(place->from_fd, place->name);
	if (from_fd < 0)
		return tree_fail(tree, from_fd, strerror(-from_fd));
	to_fd = tree_open(place->to_fd, place->name);
	if (to_fd == -ENOENT) { /* made late, or removed from the vault meanwhile */
		is_made = mkdirat(place->to_fd, place->name, 0700) == 0;
		to_fd = tree_open(place->to_fd, place->name);
		if (to_fd >= 0)
			(void)copy_directory_end(from_fd, to_fd); /* root's own, else */
	}
	if (to_fd < 0)
		return tree_fail(tree, to_fd, strerror(-to_fd));
	r = tree_each(tree, from_fd, to_fd, discard_visit, depth + 1);
	if (r < 0)
		return r;
	if (is_made && !is_late(tree, status))
		(void)unlinkat(place->to_fd, place->name, AT_REMOVEDIR); /* unless it is of use */
	tree->directories++;
	if (unlinkat(place->from_fd, place->name, AT_REMOVEDIR) < 0)
		return tree_fail(tree, -errno, strerror(errno));
	return 0;
}

int tree_discard(struct tree *tree)
{
	int r;

	tree_clear(tree);
	if (mkdirat(tree->from_fd, TREE_GRAVE, 0700) < 0 && errno != EEXIST)
		return -errno;
	r = empty_grave(tree); /* of a discarding that was broken off */
	if (r == 0)
		r = tree_each(tree, tree->from_fd, tree->to_fd, discard_visit, 1);
	if (r == 0)
		r = empty_grave(tree);
	if (r < 0)
		return r;
	return unlinkat(tree->from_fd, TREE_GRAVE, AT_REMOVEDIR) < 0 ? -errno : 0;
}
