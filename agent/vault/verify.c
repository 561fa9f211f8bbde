/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proves what is on the disk: that each object of a vault is encrypted with its key, that bytes which the
 * device holds for a file are not the file's, and that nothing plain is left beside it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/vault/apart.h"
#include "agent/vault/cipher.h"
#include "agent/vault/tree_walk.h"
#include "agent/vault/vault.h"
#include "common/cleanup.h"

#define PIECE	    4096
#define SAMPLE_NONE 2
#define SAMPLES_MAX 256 /* files whose blocks are looked at on the device */

struct verifying {
	struct record record;
	struct tree tree;
	uint64_t plain;	   /* objects that are not encrypted, or with another key */
	uint64_t samples;  /* blocks that were compared */
	uint64_t readable; /* of those, the ones that are the file's bytes */
	int device_fd;	   /* -EBADF: can't be read */
	bool is_unlocked;
};

static void on_note(const char *path, const char *words, void *userdata)
{
	const struct verifying *verifying = userdata;

	(void)fprintf(stderr, "  %s/%s: %s\n", verifying->record.path, path, words);
}

/* The device of that file system, by its number. */
static int device_open(int fd)
{
	struct stat status;
	char path[64], target[PATH_MAX], device[PATH_MAX];
	ssize_t size;

	if (fstat(fd, &status) < 0)
		return -errno;
	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(status.st_dev),
		minor(status.st_dev));
	size = readlink(path, target, sizeof(target) - 1);
	if (size < 0)
		return -errno;
	target[size] = '\0';
	if (snprintf(device, sizeof(device), "/dev/%s", strrchr(target, '/') + 1) >=
		(int)sizeof(device))
		return -ENAMETOOLONG;
	fd = open(device, O_RDONLY | O_CLOEXEC | O_DIRECT);
	return fd < 0 ? -errno : fd;
}

/* Where on the device the file's first bytes are. -ENODATA: nowhere yet. */
static int first_block(int fd, uint64_t *ret_at)
{
	union {
		struct fiemap map;
		char room[sizeof(struct fiemap) + sizeof(struct fiemap_extent)];
	} ask = {.map = {.fm_length = PIECE, .fm_flags = FIEMAP_FLAG_SYNC, .fm_extent_count = 1}};
	const struct fiemap_extent *extent = ask.map.fm_extents;

	if (ioctl(fd, FS_IOC_FIEMAP, &ask.map) < 0)
		return -errno;
	if (!ask.map.fm_mapped_extents || extent->fe_logical || extent->fe_length < PIECE ||
		(extent->fe_flags & (FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_UNWRITTEN |
					    FIEMAP_EXTENT_DATA_INLINE)))
		return -ENODATA;
	*ret_at = extent->fe_physical;
	return 0;
}

struct sample {
	const struct copy_place *place;
	int device_fd;
};

/* 1 the same, 0 other bytes; SAMPLE_NONE: there is nothing to compare. */
static int compare_block(const void *what)
{
	const struct sample *sample = what;
	auto_free char *bytes = aligned_alloc(PIECE, (size_t)2 * PIECE);
	auto_close int fd = openat(sample->place->from_fd, sample->place->name,
		O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
	char *plain = bytes + PIECE;
	uint64_t at = 0;
	ssize_t size;

	if (!bytes || fd < 0 || first_block(fd, &at) < 0)
		return SAMPLE_NONE;
	size = pread(fd, plain, PIECE, 0);
	if (size <= 0 || pread(sample->device_fd, bytes, PIECE, (off_t)at) != PIECE)
		return SAMPLE_NONE;
	return !memcmp(bytes, plain, (size_t)size);
}

/* What a thief with the disk would read in place of the file. */
static void look_at_device(struct verifying *verifying, const struct copy_place *place)
{
	const struct sample sample = {place, verifying->device_fd};
	int r;

	if (verifying->device_fd < 0 || verifying->samples >= SAMPLES_MAX)
		return;
	r = apart(compare_block, &sample);
	if (r != 0 && r != 1)
		return;
	verifying->samples++;
	if (r == 1) {
		verifying->readable++;
		on_note(verifying->tree.path, "its bytes can be read on the device", verifying);
	}
}

static bool is_encrypted(const struct copy_place *place)
{
	struct statx status;

	return statx(place->from_fd, place->name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS,
		       &status) == 0 &&
	       (status.stx_attributes & STATX_ATTR_ENCRYPTED);
}

/* Of a directory: what is in it has its key, or the kernel would not open it (fscrypt_has_permitted_context). */
static bool has_key(const struct verifying *verifying, int fd)
{
	uint8_t identifier[CIPHER_IDENTIFIER_SIZE];

	return cipher_of(fd, identifier) == 0 &&
	       !memcmp(identifier, verifying->record.identifier, sizeof(identifier));
}

static int verify_visit(struct tree *tree, const struct copy_place *place,
	const struct stat *status, unsigned int depth)
{
	struct verifying *verifying = tree->userdata;
	bool is_directory = S_ISDIR(status->st_mode), is_file = S_ISREG(status->st_mode);
	auto_close int fd = -EBADF;
	bool is_good = true;

	tree->objects++;
	/* The content of others is their name, or nothing. */
	if (is_directory || is_file)
		is_good = is_encrypted(place);
	if (is_good && is_directory) {
		fd = openat(
			place->from_fd, place->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
		if (fd < 0)
			return tree_fail(tree, -errno, strerror(errno));
		is_good = has_key(verifying, fd);
	}
	if (!is_good) {
		verifying->plain++;
		on_note(tree->path, "is not encrypted with the key of the vault", verifying);
		return 0;
	}
	if (is_file)
		look_at_device(verifying, place);
	return is_directory ? tree_each(tree, fd, -1, verify_visit, depth + 1) : 0;
}

/* Of an image: what its mount covers, seen through a copy of the mount above without what is on it. 1, 0, negative errno. */
static int is_covered_empty(int above_fd, const char *name)
{
	auto_close int tree_fd = -EBADF, fd = -EBADF;
	struct tree tree = {0};
	struct verifying covered = {0};
	int r;

	tree_fd = (int)syscall(
		SYS_open_tree, above_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (tree_fd < 0)
		return -errno;
	fd = tree_open(tree_fd, name);
	if (fd < 0)
		return fd;
	tree.userdata = &covered;
	tree.note = on_note;
	covered.device_fd = -EBADF;
	r = tree_each(&tree, fd, -1, verify_visit, 1);
	if (tree.objects) /* each is one too many */
		return 0;
	return r < 0 ? r : 1;
}

/* What is beside it that should not be. */
static int look_beside(const struct verifying *verifying)
{
	char name[NAME_MAX + 1], beside[NAME_MAX + 1];
	auto_close int above_fd = place_above(&verifying->record, name);
	struct stat status;
	int r;

	if (above_fd < 0)
		return above_fd;
	r = record_beside(&verifying->record, "", beside);
	if (r < 0)
		return r;
	if (fstatat(above_fd, beside, &status, AT_SYMLINK_NOFOLLOW) == 0) {
		on_note("", "what moved in is still beside it", (void *)verifying);
		return -EEXIST;
	}
	if (verifying->record.way != RECORD_WAY_IMAGE)
		return 0;
	r = is_covered_empty(above_fd, name);
	if (r == 0)
		on_note("", "there are files below the mount", (void *)verifying);
	return r < 0 ? r : r == 1 ? 0 : -EEXIST;
}

static int verify(struct verifying *verifying, int fd)
{
	enum cipher_key key;
	int r;

	r = cipher_key(fd, verifying->record.identifier, &key);
	if (r < 0)
		return r;
	verifying->is_unlocked = key == CIPHER_KEY_THERE;
	verifying->device_fd = verifying->is_unlocked ? device_open(fd) : -EBADF;
	verifying->plain += !has_key(verifying, fd);
	return tree_each(&verifying->tree, fd, -1, verify_visit, 1);
}

static int report(const struct verifying *verifying, int beside)
{
	(void)printf("%" PRIu64 " objects are looked at: %" PRIu64
		     " not encrypted with the key of the vault\n",
		verifying->tree.objects, verifying->plain);
	if (verifying->is_unlocked && verifying->device_fd < 0)
		(void)printf("the device cannot be read here (%s): its blocks are not looked at\n",
			strerror(-verifying->device_fd));
	else if (verifying->is_unlocked)
		(void)printf("blocks of %" PRIu64 " files are compared with the device: %" PRIu64
			     " are the same\n",
			verifying->samples, verifying->readable);
	else
		(void)puts("it is locked: blocks on the device are not compared");
	if (beside < 0 || verifying->plain || verifying->readable ||
		verifying->record.phase != RECORD_READY)
		return vault_complain(verifying->record.name, "NOT all of it is encrypted");
	(void)printf("vault %s is encrypted, and nothing plain is left beside it\n",
		verifying->record.name);
	return VAULT_DONE;
}

int vault_verify(const char *name)
{
	static struct verifying verifying;
	auto_close int state_fd = record_directory(vault_options.state_directory), fd = -EBADF;
	int r = state_fd < 0 ? state_fd : record_read(state_fd, name, &verifying.record);

	if (r < 0)
		return vault_complain(
			name, "%s", r == -ENOENT ? "there is none here" : strerror(-r));
	verifying.tree.note = on_note;
	verifying.tree.userdata = &verifying;
	fd = place_open(&verifying.record);
	r = fd < 0 ? fd : verify(&verifying, fd);
	if (r < 0)
		return vault_complain(name, "cannot look at all of it: %s", strerror(-r));
	r = look_beside(&verifying);
	if (r < 0 && r != -EEXIST)
		return vault_complain(name, "cannot look beside it: %s", strerror(-r));
	r = report(&verifying, r);
	if (verifying.device_fd >= 0)
		(void)close(verifying.device_fd); /* only read */
	return r;
}
