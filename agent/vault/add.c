/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder moves in, once it is prepared (prepare.c). Until the two change places the folder is as it was,
 * with a copy beside it; afterwards the vault is whole, and what is left of the folder is wiped. What was
 * begun goes on where it was broken off, from the record and from what is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "agent/vault/cipher.h"
#include "agent/vault/copy.h"
#include "agent/vault/image.h"
#include "agent/vault/keys.h"
#include "agent/vault/moving.h"
#include "agent/vault/vault.h"
#include "common/cleanup.h"
#include "common/clock.h"

#define ROUNDS_MAX  20 /* of copying what changed meanwhile */
#define COMPARE_MAX 5  /* rounds of comparing all */
#define PROGRESS_NS (CLOCK_SECOND_NS / 2)

static void moving_done(struct moving *moving)
{
	const int fds[] = {moving->state_fd, moving->above_fd, moving->from_fd, moving->to_fd};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]); /* synced where it counts */
	tree_clear(&moving->tree);
}

static void on_note(const char *path, const char *words, void *userdata)
{
	const struct moving *moving = userdata;

	(void)fprintf(stderr, "  %s%s%s: %s\n", moving->record.path, *path ? "/" : "", path, words);
}

static void progress_print(const struct moving *moving, const struct tree *tree)
{
	(void)printf("\r%s: %" PRIu64 " of %" PRIu64 " files ", moving->doing, tree->objects,
		moving->total > tree->objects ? moving->total : tree->objects);
	(void)fflush(stdout); /* nobody may look */
}

static void on_progress(const struct tree *tree, void *userdata)
{
	struct moving *moving = userdata;
	uint64_t now = clock_steady_ns();

	if (!isatty(STDOUT_FILENO) || now - moving->told_ns < PROGRESS_NS)
		return;
	moving->told_ns = now;
	progress_print(moving, tree);
}

static void step_done(struct moving *moving)
{
	progress_print(moving, &moving->tree);
	(void)putchar('\n');
}

int moving_fail(const struct moving *moving, int r, const char *what)
{
	(void)vault_complain(moving->record.name, "%s: %s", what, strerror(-r));
	return r;
}

int moving_note(struct moving *moving)
{
	int r = record_write(moving->state_fd, &moving->record);

	return r < 0 ? moving_fail(moving, r, "cannot write down how far it is") : 0;
}

/* The empty, encrypted directory that it moves into. */
static int make_inside(struct moving *moving)
{
	auto_close int root_fd = -EBADF;
	char image[NAME_MAX + 1];
	int r;

	if (moving->record.way == RECORD_WAY_DIRECT)
		return mkdirat(moving->above_fd, moving->beside, 0700) < 0 && errno != EEXIST
			       ? -errno
			       : 0;
	r = record_beside(&moving->record, ".img", image);
	if (r == 0)
		r = image_make(moving->above_fd, image, moving->record.size_bytes);
	if (r < 0)
		return r;
	root_fd = image_mount(moving->above_fd, image, moving->record.name);
	if (root_fd < 0)
		return root_fd;
	return mkdirat(root_fd, IMAGE_INSIDE, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int give_policy(struct moving *moving)
{
	uint8_t identifier[CIPHER_IDENTIFIER_SIZE];
	int r = cipher_of(moving->to_fd, identifier);

	if (r == -ENODATA)
		return cipher_set(moving->to_fd, moving->record.identifier);
	if (r < 0)
		return r;
	return memcmp(identifier, moving->record.identifier, sizeof(identifier)) ? -EKEYREJECTED
										 : 0;
}

static const uint8_t no_identifier[CIPHER_IDENTIFIER_SIZE];

/* The vault's directory with its label and its key. */
static int open_to(struct moving *moving, int keyring_fd)
{
	struct record *record = &moving->record;
	auto_close int anchor_fd = -EBADF;
	bool is_new = !memcmp(record->identifier, no_identifier, sizeof(no_identifier));
	int r;

	if (record->phase == RECORD_COPYING) {
		r = make_inside(moving);
		if (r < 0)
			return moving_fail(moving, r, "cannot make the vault");
	}
	moving->to_fd = place_open(record);
	if (moving->to_fd < 0)
		return moving_fail(moving, moving->to_fd, "cannot open the vault");
	if (is_new) {
		anchor_fd = place_anchor(record);
		r = anchor_fd < 0 ? anchor_fd : keys_add(keyring_fd, anchor_fd, record);
		if (r == 0)
			r = moving_note(moving);
	} else {
		r = vault_give_key(keyring_fd, record);
	}
	if (r == -ENOKEY)
		(void)vault_complain_key(record);
	else if (r < 0)
		(void)moving_fail(moving, r, "its key is not to be had");
	if (r < 0)
		return r;
	r = give_policy(moving);
	if (r < 0)
		return moving_fail(moving, r, "the vault's directory does not become encrypted");
	r = vault_give_key(keyring_fd, record); /* with the label */
	return r < 0 ? moving_fail(moving, r, "the vault does not get its label") : 0;
}

static uint64_t now_of_files(void)
{
	struct timespec now;

	(void)clock_gettime(
		CLOCK_REALTIME_COARSE, &now); /* is there: what inodes are stamped with */
	return (uint64_t)(now.tv_sec - 1) * CLOCK_SECOND_NS + (uint64_t)now.tv_nsec;
}

/* Until a round has nothing to copy. */
static int copy_rounds(struct moving *moving)
{
	struct tree *tree = &moving->tree;
	int r;

	for (unsigned int i = 0; i < ROUNDS_MAX; i++) {
		bool is_settled;

		moving->record.settled_ns = now_of_files();
		r = tree_copy(tree);
		if (r < 0)
			return moving_fail(moving, r, "not all of it can be copied");
		is_settled = !tree->copied && !tree->changed;
		moving->total = tree->objects;
		if (!is_settled)
			step_done(moving);
		r = tree_prune(tree);
		if (r < 0)
			return moving_fail(moving, r, "cannot remove copies of what is gone");
		if (is_settled && !tree->removed)
			return 0;
	}
	return moving_fail(moving, -EBUSY, "it is written to all the time");
}

/* And all of it is found to be the same, as the disks have it. What changes from here on is late. */
static int copy_all(struct moving *moving)
{
	int r;

	for (unsigned int i = 0; i < COMPARE_MAX; i++) {
		moving->doing = i ? "copying what differs" : "copying";
		r = copy_rounds(moving);
		if (r < 0)
			return r;
		if (syncfs(moving->to_fd) < 0)
			return moving_fail(moving, -errno, "cannot write it out");
		moving->doing = "comparing";
		r = tree_compare(&moving->tree);
		if (r < 0)
			return moving_fail(moving, r, "cannot compare");
		step_done(moving);
		if (moving->tree.changed)
			continue;
		r = copy_directory_end(moving->from_fd, moving->to_fd);
		if (r < 0)
			return moving_fail(
				moving, r, "cannot make the vault's directory like the folder");
		return syncfs(moving->to_fd) < 0
			       ? moving_fail(moving, -errno, "cannot write it out")
			       : 0;
	}
	return moving_fail(moving, -EIO, "what was written is not what comes back from the disk");
}

/* Whoever has a file of it open would go on with that file, outside of the vault. */
static int check_holders(struct moving *moving, const char *path)
{
	int count = vault_print_holders(path, moving->from_fd);

	if (count < 0)
		return moving_fail(moving, count, "cannot find out who uses the folder");
	if (!count)
		return 0;
	(void)vault_complain(moving->record.name,
		"%d processes use the folder: let them close it, then say the same again", count);
	return -EBUSY;
}

/* The folder and the vault change places: one rename(2). */
static int change(struct moving *moving)
{
	int r;

	if (moving->record.way == RECORD_WAY_IMAGE &&
		mkdirat(moving->above_fd, moving->beside, 0755) < 0 && errno != EEXIST)
		return moving_fail(moving, -errno, "cannot make where the vault is to be shown");
	moving->record.phase = RECORD_CHANGING;
	r = moving_note(moving);
	if (r < 0)
		return r;
	if (renameat2(moving->above_fd, moving->name, moving->above_fd, moving->beside,
		    RENAME_EXCHANGE) < 0)
		return moving_fail(moving, -errno, "the folder and the vault cannot change places");
	return fsync(moving->above_fd) < 0 ? moving_fail(moving, -errno, "cannot write it out") : 0;
}

/* Blocks that are given back keep what was in them where overwriting writes elsewhere. */
static void trim(const struct moving *moving)
{
	struct fstrim_range range = {.len = UINT64_MAX};
	struct statfs status;

	if (fstatfs(moving->above_fd, &status) < 0 || status.f_type != BTRFS_SUPER_MAGIC)
		return;
	(void)syncfs(moving->above_fd);
	if (ioctl(moving->above_fd, FITRIM, &range) < 0)
		(void)vault_complain(moving->record.name,
			"this file system writes elsewhere than where it was, and its disk can't "
			"be told what is free: blocks of the folder may be read on the raw disk "
			"until they are used again");
}

static int discard(struct moving *moving)
{
	char old[PATH_MAX];
	int r;

	if (moving->from_fd < 0) /* wiped before */
		return 0;
	(void)snprintf(old, sizeof(old), "%.*s%s",
		(int)(strrchr(moving->record.path, '/') + 1 - moving->record.path),
		moving->record.path, moving->beside);
	r = check_holders(moving, old);
	if (r < 0)
		return r;
	moving->doing = "wiping what moved";
	moving->tree.settled_ns = moving->record.settled_ns;
	moving->tree.from_fd = moving->from_fd;
	r = tree_discard(&moving->tree);
	if (r < 0)
		return moving_fail(moving, r, "what moved is not wiped to the end");
	step_done(moving);
	if (unlinkat(moving->above_fd, moving->beside, AT_REMOVEDIR) < 0 ||
		fsync(moving->above_fd) < 0)
		return moving_fail(moving, -errno, "cannot remove what is left of the folder");
	trim(moving);
	return 0;
}

/* From wherever it is to its end. */
static int move(struct moving *moving, int keyring_fd, bool has_changed)
{
	struct record *record = &moving->record;
	int r;

	if (has_changed && record->phase < RECORD_DISCARDING) {
		record->phase = RECORD_DISCARDING;
		r = moving_note(moving);
		if (r < 0)
			return r;
	}
	r = open_to(moving, keyring_fd);
	if (r < 0)
		return r;
	moving->tree.from_fd = moving->from_fd;
	moving->tree.to_fd = moving->to_fd;
	if (record->phase < RECORD_DISCARDING) {
		r = copy_all(moving);
		if (r == 0)
			r = check_holders(moving, record->path);
		if (r == 0)
			r = change(moving);
		if (r < 0)
			return r;
		record->phase = RECORD_DISCARDING;
		r = moving_note(moving);
		if (r == 0)
			r = place_show(record);
		if (r < 0)
			return moving_fail(moving, r, "the vault does not show at its place");
		wish_look_again();
	}
	r = discard(moving);
	if (r < 0)
		return r;
	record->phase = RECORD_READY;
	return moving_note(moving);
}

int vault_add(const char *name)
{
	auto_call(moving_done) struct moving moving = {
		.state_fd = -EBADF, .above_fd = -EBADF, .from_fd = -EBADF, .to_fd = -EBADF};
	auto_close int keyring_fd = -EBADF;
	bool has_changed = false;
	int r;

	moving.tree = (struct tree){.note = on_note, .progress = on_progress, .userdata = &moving};
	if (strlen(name) >= sizeof(moving.record.name))
		return vault_complain(name, "no vault has so long a name");
	(void)snprintf(moving.record.name, sizeof(moving.record.name), "%s", name);
	moving.state_fd = record_directory(vault_options.state_directory);
	if (moving.state_fd < 0)
		return vault_complain(name, "cannot open '%s': %s", vault_options.state_directory,
			strerror(-moving.state_fd));
	r = moving_prepare(&moving, &has_changed);
	if (r != 0)
		return r == 1 ? VAULT_DONE : VAULT_REFUSED;
	keyring_fd = keys_connect(vault_options.runtime_directory);
	if (keyring_fd < 0) {
		(void)vault_complain(name, "keyring is not reachable: %s", strerror(-keyring_fd));
		return VAULT_NO_AGENT;
	}
	if (move(&moving, keyring_fd, has_changed) < 0)
		return VAULT_REFUSED;
	(void)printf("%s is in vault %s now\n", moving.record.path, name);
	wish_tell(&moving.record, LOCAL_VAULT_UNLOCKED, "the folder moved in");
	return VAULT_DONE;
}
