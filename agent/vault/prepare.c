/* SPDX-License-Identifier: Apache-2.0 */
/* What is to move in, and whether it can; or how far it was when it was broken off. Nothing of it moves here. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent/vault/cipher.h"
#include "agent/vault/image.h"
#include "agent/vault/moving.h"
#include "agent/vault/tree_walk.h"
#include "agent/vault/vault.h"

#define SPACE_FOR_OBJECT 8192 /* bytes that a name and an inode take at most, as a rule */

static bool is_own_mount(const struct moving *moving)
{
	struct stat above, folder;

	return fstat(moving->above_fd, &above) < 0 || fstat(moving->from_fd, &folder) < 0 ||
	       above.st_dev != folder.st_dev;
}

/* The folder, if it is still at its place; else the vault is there, and it has the name beside. */
static int open_from(struct moving *moving, bool *ret_has_changed)
{
	struct stat status;

	moving->from_fd = tree_open(moving->above_fd, moving->name);
	if (moving->from_fd < 0)
		return moving->from_fd;
	if (fstat(moving->from_fd, &status) < 0)
		return -errno;
	/* Of an image, the numbers are another file system's. */
	*ret_has_changed = status.st_ino != moving->record.old_inode || is_own_mount(moving);
	if (!*ret_has_changed)
		return 0;
	(void)close(moving->from_fd); /* is the vault */
	moving->from_fd = tree_open(moving->above_fd, moving->beside);
	return moving->from_fd < 0 && moving->from_fd != -ENOENT ? moving->from_fd : 0;
}

/* Whether all fits once more beside itself. */
static int check_space(const struct moving *moving)
{
	struct statvfs status;
	uint64_t need = moving->tree.bytes +
			(moving->tree.objects + moving->tree.directories) * SPACE_FOR_OBJECT;
	uint64_t have;

	if (fstatvfs(moving->from_fd, &status) < 0)
		return -errno;
	have = (uint64_t)status.f_bavail * status.f_frsize;
	(void)printf("%" PRIu64 " files and %" PRIu64 " directories, %" PRIu64 " MiB, %" PRIu64
		     " MiB free\n",
		moving->tree.objects, moving->tree.directories, moving->tree.bytes >> 20,
		have >> 20);
	if (have > need)
		return 0;
	(void)vault_complain(moving->record.name,
		"moving in takes %" PRIu64 " MiB beside the folder until it is done: %" PRIu64
		" MiB are free",
		need >> 20, have >> 20);
	return -ENOSPC;
}

/* Of the image: as large as the file system, since the file is sparse. */
static uint64_t image_size(const struct moving *moving, uint64_t wanted)
{
	struct statvfs status;
	uint64_t size = wanted;

	if (!size && fstatvfs(moving->from_fd, &status) == 0)
		size = (uint64_t)status.f_blocks * status.f_frsize;
	size &= ~UINT64_C(4095);
	return size < IMAGE_SIZE_MIN ? IMAGE_SIZE_MIN : size;
}

/* A vault that is not there yet: what the policy says, and whether it can be. */
static int plan(struct moving *moving, const struct vault_wish *wish)
{
	struct record *record = &moving->record;
	uint8_t identifier[CIPHER_IDENTIFIER_SIZE];
	struct stat status;
	int r;

	(void)snprintf(record->label, sizeof(record->label), "%s", wish->label);
	memcpy(record->label_id, wish->label_id, sizeof(record->label_id));
	if (fstat(moving->from_fd, &status) < 0)
		return moving_fail(moving, -errno, "cannot look at the folder");
	record->old_inode = status.st_ino;
	if (is_own_mount(moving))
		return moving_fail(
			moving, -EXDEV, "the folder is a mount point: choose one below it");
	if (cipher_of(moving->from_fd, identifier) == 0)
		return moving_fail(moving, -EEXIST, "the folder is encrypted already");
	r = cipher_supported(moving->from_fd);
	record->way = r == 0 ? RECORD_WAY_DIRECT : RECORD_WAY_IMAGE;
	if (r == -EOPNOTSUPP)
		record->size_bytes = image_size(moving, wish->size_bytes);
	else if (r < 0)
		return moving_fail(moving, r, "cannot ask its file system");
	r = tree_scan(&moving->tree);
	if (r < 0)
		return moving_fail(moving, r, "the folder cannot move in as it is");
	moving->total = moving->tree.objects;
	(void)printf("%s moves into vault %s, label %s: %s\n", record->path, record->name,
		record->label,
		record->way == RECORD_WAY_DIRECT
			? "its file system encrypts it"
			: "its file system can't encrypt; an image beside it can");
	return check_space(moving);
}

int moving_prepare(struct moving *moving, bool *ret_has_changed)
{
	struct record *record = &moving->record;
	char name[RECORD_NAME_SIZE];
	struct vault_wish wish;
	int r;

	(void)snprintf(name, sizeof(name), "%s", record->name);
	r = record_read(moving->state_fd, name, record);
	if (r == 0 && record->phase == RECORD_READY)
		return moving_fail(moving, -EEXIST, "it is a vault already");
	if (r < 0 && r != -ENOENT)
		return moving_fail(moving, r, "its record is not to be read");
	if (r == -ENOENT) {
		r = wish_ask(name, &wish);
		if (r == -ENOENT)
			return vault_complain(name, "the policy in force has no [vault %s]", name),
			       r;
		if (r < 0)
			return moving_fail(
				moving, r, "the engine does not say what the policy has");
		(void)snprintf(record->path, sizeof(record->path), "%s", wish.path);
		record->old_inode = 0;
		r = 1;
	}
	moving->above_fd = place_above(record, moving->name);
	if (moving->above_fd < 0)
		return moving_fail(
			moving, moving->above_fd, "the folder's directory cannot be opened");
	if (record_beside(record, "", moving->beside) < 0)
		return -ENAMETOOLONG;
	if (r == 1) {
		moving->from_fd = tree_open(moving->above_fd, moving->name);
		if (moving->from_fd < 0)
			return moving_fail(moving, moving->from_fd, "the folder cannot be opened");
		moving->tree.from_fd = moving->from_fd;
		r = plan(moving, &wish);
		if (r < 0 || vault_options.is_dry_run)
			return r < 0 ? r : 1;
		*ret_has_changed = false;
		return moving_note(moving);
	}
	(void)printf("%s: moving in goes on\n", record->path);
	r = open_from(moving, ret_has_changed);
	return r < 0 ? moving_fail(moving, r, "neither folder nor vault is at its place") : 0;
}
