/* SPDX-License-Identifier: Apache-2.0 */
/* Looking through and copying. Wiping is tree_discard.c's. */
#include "agent/vault/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/vault/tree_walk.h"
#include "common/cleanup.h"

void tree_clear(struct tree *tree)
{
	links_clear(&tree->links);
	tree->objects = tree->directories = tree->bytes = 0;
	tree->copied = tree->changed = tree->removed = tree->left = 0;
	tree->path[0] = '\0';
}

static dev_t device_of(int fd)
{
	struct stat status;

	return fstat(fd, &status) < 0 ? 0 : status.st_dev;
}

/* Such a file can neither be changed nor removed, so the old tree could not be wiped. */
static bool is_immutable(int directory_fd, const char *name)
{
	struct statx status;

	return statx(directory_fd, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &status) == 0 &&
	       (status.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND));
}

static bool has_name(int directory_fd, const char *name)
{
	return faccessat(directory_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int scan_in(struct tree *tree, int fd, unsigned int depth, tree_visit *visit)
{
	if (is_immutable(fd, "."))
		return tree_fail(tree, -EPERM, "cannot be changed: see lsattr(1)");
	if (has_name(fd, COPY_NEW) || has_name(fd, TREE_GRAVE))
		return tree_fail(tree, -EEXIST,
			"holds a name that moving needs: '" COPY_NEW "' or '" TREE_GRAVE "'");
	return tree_each(tree, fd, -1, visit, depth);
}

static int scan_directory(
	struct tree *tree, const struct copy_place *place, unsigned int depth, tree_visit *visit)
{
	auto_close int fd = tree_open(place->from_fd, place->name);

	if (fd < 0)
		return tree_fail(tree, fd, strerror(-fd));
	tree->directories++;
	return scan_in(tree, fd, depth + 1, visit);
}

static int scan_file(struct tree *tree, const struct copy_place *place, const struct stat *status)
{
	struct link_entry *entry;

	tree->bytes += (uint64_t)status->st_size;
	if (is_immutable(place->from_fd, place->name))
		return tree_fail(tree, -EPERM, "cannot be changed: see lsattr(1)");
	if (status->st_nlink == 1)
		return 0;
	entry = links_entry(&tree->links, status, tree->path);
	if (!entry)
		return tree_fail(tree, -ENOMEM, "too many files with several names");
	entry->met++;
	return 0;
}

static int scan_visit(struct tree *tree, const struct copy_place *place, const struct stat *status,
	unsigned int depth)
{
	if (status->st_dev != device_of(place->from_fd))
		return tree_fail(tree, -EXDEV, "another file system is mounted there");
	if (S_ISDIR(status->st_mode))
		return scan_directory(tree, place, depth, scan_visit);
	if (S_ISSOCK(status->st_mode)) {
		tree->left++;
		tree->note(tree->path, "is a socket: it is not moved", tree->userdata);
		return 0;
	}
	tree->objects++;
	return S_ISREG(status->st_mode) ? scan_file(tree, place, status) : 0;
}

int tree_scan(struct tree *tree)
{
	const struct link_entry *entry;
	int r;

	tree_clear(tree);
	r = scan_in(tree, tree->from_fd, 1, scan_visit);
	if (r < 0)
		return r;
	entry = links_incomplete(&tree->links);
	if (!entry)
		return 0;
	tree->note(entry->first,
		"has a further name outside of the folder, where it would stay readable: see find "
		"-samefile",
		tree->userdata);
	return -EMLINK;
}

/* What is in the way of a copy, whatever it is. */
static int make_way(const struct copy_place *place);

static int remove_visit(struct tree *tree, const struct copy_place *place,
	const struct stat *status, unsigned int depth)
{
	(void)status; /* looked at by make_way() */
	(void)depth;
	tree->removed++;
	return make_way(place);
}

/* Of the new tree, so that to_fd is its directory. */
static int remove_tree(int directory_fd, const char *name)
{
	struct tree inner = {0};
	auto_close int fd = tree_open(directory_fd, name);
	int r;

	if (fd < 0)
		return fd;
	(void)unlinkat(fd, COPY_NEW, 0); /* tree_each() passes it over */
	r = tree_each(&inner, fd, fd, remove_visit, 1);
	if (r < 0)
		return r;
	return unlinkat(directory_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

static int make_way(const struct copy_place *place)
{
	if (unlinkat(place->to_fd, place->name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	return remove_tree(place->to_fd, place->name);
}

static int copy_visit(struct tree *tree, const struct copy_place *place, const struct stat *status,
	unsigned int depth);

static int copy_directory(struct tree *tree, const struct copy_place *place, unsigned int depth)
{
	auto_close int from_fd = tree_open(place->from_fd, place->name);
	auto_close int to_fd = -EBADF;
	struct stat status;
	int r;

	if (from_fd < 0)
		return from_fd;
	if (fstatat(place->to_fd, place->name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		!S_ISDIR(status.st_mode) && unlinkat(place->to_fd, place->name, 0) < 0)
		return -errno;
	if (mkdirat(place->to_fd, place->name, 0700) < 0 && errno != EEXIST)
		return -errno;
	to_fd = tree_open(place->to_fd, place->name);
	if (to_fd < 0)
		return to_fd;
	tree->directories++;
	r = tree_each(tree, from_fd, to_fd, copy_visit, depth + 1);
	(void)unlinkat(to_fd, COPY_NEW, 0); /* of an earlier try */
	return r < 0 ? r : copy_directory_end(from_fd, to_fd);
}

/* A further name of what is copied already. 1 when it is there, 0 done, negative errno. */
static int link_again(
	struct tree *tree, const struct copy_place *place, const struct link_entry *entry)
{
	struct stat first, here;

	if (fstatat(tree->to_fd, entry->copied, &first, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (fstatat(place->to_fd, place->name, &here, AT_SYMLINK_NOFOLLOW) == 0 &&
		here.st_ino == first.st_ino)
		return 1;
	return copy_link(place, tree->to_fd, entry->copied);
}

/* 0 copied, 1 there already. */
static int copy_one(struct tree *tree, const struct copy_place *place, const struct stat *status)
{
	struct link_entry *entry = NULL;
	struct stat copy;
	int r;

	if (S_ISREG(status->st_mode) && status->st_nlink > 1) {
		entry = links_entry(&tree->links, status, tree->path);
		if (!entry)
			return -ENOMEM;
		if (entry->copied)
			return link_again(tree, place, entry);
	}
	if (fstatat(place->to_fd, place->name, &copy, AT_SYMLINK_NOFOLLOW) < 0)
		copy.st_mode = 0;
	if (S_ISDIR(copy.st_mode)) {
		r = remove_tree(place->to_fd, place->name);
		if (r < 0)
			return r;
	}
	if (!copy.st_mode || !copy_is_current(status, &copy))
		r = copy_object(place, status);
	else
		r = 1;
	if (r >= 0 && entry) {
		entry->copied = strdup(tree->path);
		if (!entry->copied)
			return -ENOMEM;
	}
	return r;
}

static int copy_visit(struct tree *tree, const struct copy_place *place, const struct stat *status,
	unsigned int depth)
{
	int r;

	if (S_ISDIR(status->st_mode)) {
		r = copy_directory(tree, place, depth);
		return r == -ENOENT ? 0 : r; /* gone meanwhile */
	}
	if (S_ISSOCK(status->st_mode))
		return 0;
	r = copy_one(tree, place, status);
	if (r == -EAGAIN || r == -ENOENT) {
		tree->changed++;
		return 0;
	}
	if (r < 0)
		return tree_fail(tree, r, strerror(-r));
	tree->objects++;
	tree->copied += r == 0;
	tree->bytes += S_ISREG(status->st_mode) ? (uint64_t)status->st_size : 0;
	return 0;
}

int tree_copy(struct tree *tree)
{
	tree_clear(tree);
	(void)unlinkat(tree->to_fd, COPY_NEW, 0); /* of an earlier try */
	return tree_each(tree, tree->from_fd, tree->to_fd, copy_visit, 1);
}

static int compare_visit(struct tree *tree, const struct copy_place *place,
	const struct stat *status, unsigned int depth)
{
	auto_close int from_fd = -EBADF, to_fd = -EBADF;
	struct stat copy;
	int r;

	if (S_ISSOCK(status->st_mode))
		return 0;
	if (fstatat(place->to_fd, place->name, &copy, AT_SYMLINK_NOFOLLOW) < 0) {
		tree->changed++;
		return 0;
	}
	if (S_ISDIR(status->st_mode) && S_ISDIR(copy.st_mode)) {
		from_fd = tree_open(place->from_fd, place->name);
		to_fd = tree_open(place->to_fd, place->name);
		if (from_fd < 0 || to_fd < 0)
			return tree_fail(tree, -EIO, "cannot be compared");
		return tree_each(tree, from_fd, to_fd, compare_visit, depth + 1);
	}
	tree->objects++;
	r = copy_is_current(status, &copy);
	if (r && S_ISREG(status->st_mode))
		r = copy_is_same(place);
	if (r == -ENOENT) /* gone meanwhile */
		r = 0;
	if (r < 0)
		return tree_fail(tree, r, strerror(-r));
	if (r)
		return 0;
	tree->changed++;
	return make_way(place);
}

int tree_compare(struct tree *tree)
{
	tree_clear(tree);
	return tree_each(tree, tree->from_fd, tree->to_fd, compare_visit, 1);
}

/* Walks the new tree: from_fd and to_fd are one directory in both. */
static int prune_visit(struct tree *tree, const struct copy_place *place, const struct stat *status,
	unsigned int depth)
{
	auto_close int old_fd = -EBADF, new_fd = -EBADF;
	const struct copy_place here = {place->from_fd, place->from_fd, place->name};
	struct stat old;
	int r;

	if (fstatat(place->to_fd, place->name, &old, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return -errno;
		tree->removed++;
		return make_way(&here);
	}
	if (!S_ISDIR(status->st_mode) || !S_ISDIR(old.st_mode))
		return 0;
	new_fd = tree_open(place->from_fd, place->name);
	old_fd = tree_open(place->to_fd, place->name);
	if (new_fd < 0 || old_fd < 0)
		return 0; /* gone: the next round */
	r = tree_each(tree, new_fd, old_fd, prune_visit, depth + 1);
	/* Its times are the old one's again. */
	return r < 0 ? r : copy_directory_end(old_fd, new_fd);
}

int tree_prune(struct tree *tree)
{
	tree_clear(tree);
	return tree_each(tree, tree->to_fd, tree->from_fd, prune_visit, 1);
}
