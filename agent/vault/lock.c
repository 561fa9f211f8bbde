/* SPDX-License-Identifier: Apache-2.0 */
/* Key in and key out, and who holds files when it goes. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/vault/cipher.h"
#include "agent/vault/holders.h"
#include "agent/vault/image.h"
#include "agent/vault/keys.h"
#include "agent/vault/vault.h"
#include "common/cleanup.h"

#define HELD_TRIES 5
#define HELD_US	   100000

int vault_complain(const char *name, const char *format, ...)
{
	va_list arguments;

	(void)fprintf(stderr, "holdfast: vault %s: ", name);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
	return VAULT_REFUSED;
}

int vault_complain_key(const struct record *record)
{
	return vault_complain(record->name,
		"this device has no key of label '%s' now: the console gives none, or the lease "
		"has ended; see holdfast status",
		record->label);
}

/* Where the label is to be, whatever stands at the vault's path. */
static int mark(const struct record *record)
{
	char path[PATH_MAX], beside[NAME_MAX + 1];
	const char *name = strrchr(record->path, '/');
	int r;

	if (record->way == RECORD_WAY_IMAGE) {
		(void)snprintf(path, sizeof(path), IMAGE_MOUNTS "/%s/" IMAGE_INSIDE, record->name);
		return wish_mark(path, record->label);
	}
	if (record->phase > RECORD_CHANGING)
		return wish_mark(record->path, record->label);
	r = record_beside(record, "", beside);
	if (r < 0)
		return r;
	(void)snprintf(
		path, sizeof(path), "%.*s/%s", (int)(name - record->path), record->path, beside);
	r = wish_mark(path, record->label);
	return r == -ENOENT ? wish_mark(record->path, record->label) : r;
}

/*
 * The label first: the kernel part says then who may open what the key makes readable; without it, no
 * key.
 */
int vault_give_key(int keyring_fd, const struct record *record)
{
	auto_close int fd = place_anchor(record);
	struct record given = *record;
	int r;

	if (fd < 0)
		return fd;
	r = mark(record);
	if (r < 0)
		return r;
	r = keys_add(keyring_fd, fd, &given);
	if (r < 0)
		return r;
	if (memcmp(given.identifier, record->identifier, sizeof(given.identifier)) != 0) {
		(void)keys_remove(keyring_fd, fd, &given); /* of no use */
		return -EKEYREJECTED;
	}
	r = place_show(record);
	if (r == 0 && record->way == RECORD_WAY_IMAGE)
		wish_look_again();
	return r;
}

/* What is dirty is written out here and not in keyring, which others wait for. */
int vault_take_key(int keyring_fd, const struct record *record)
{
	auto_close int fd = place_anchor(record);
	int r;

	if (fd < 0)
		return fd;
	r = place_hide(record);
	if (r < 0)
		return r;
	if (syncfs(fd) < 0)
		return -errno;
	r = keys_remove(keyring_fd, fd, record);
	return r == -ENOKEY ? 0 : r;
}

const char *vault_held_path(const struct record *record)
{
	return record->way == RECORD_WAY_IMAGE ? NULL : record->path;
}

int vault_print_holders(const char *path, int directory_fd)
{
	static struct holder holders[HOLDERS_MAX];
	struct stat status;
	int count;

	if (fstat(directory_fd, &status) < 0)
		return -errno;
	count = holders_find(path, status.st_dev, holders);
	for (int i = 0; i < count; i++) {
		(void)fprintf(stderr, "  held by %s (process %d): %s", holders[i].program,
			(int)holders[i].process, holders[i].path);
		if (holders[i].more)
			(void)fprintf(stderr, " and %u more", holders[i].more);
		(void)fputc('\n', stderr);
	}
	return count;
}

/* The record and a keyring, for what works on an existing vault. enum vault_exit. */
static int begin(const char *name, struct record *record, int *ret_state_fd, int *ret_keyring_fd)
{
	auto_close int state_fd = record_directory(vault_options.state_directory);
	int r;

	if (state_fd < 0)
		return vault_complain(name, "cannot open '%s': %s", vault_options.state_directory,
			strerror(-state_fd));
	r = record_read(state_fd, name, record);
	if (r < 0)
		return vault_complain(name, "%s",
			r == -ENOENT ? "there is none here; holdfast vault add makes it"
				     : strerror(-r));
	*ret_keyring_fd = keys_connect(vault_options.runtime_directory);
	if (*ret_keyring_fd < 0) {
		(void)vault_complain(name,
			"keyring is not reachable: %s; it runs where a console is given "
			"(holdfast enrol)",
			strerror(-*ret_keyring_fd));
		return VAULT_NO_AGENT;
	}
	*ret_state_fd = take_fd(state_fd);
	return VAULT_DONE;
}

int vault_unlock(const char *name)
{
	auto_close int state_fd = -EBADF, keyring_fd = -EBADF;
	struct record record;
	int r = begin(name, &record, &state_fd, &keyring_fd);

	if (r != VAULT_DONE)
		return r;
	r = vault_give_key(keyring_fd, &record);
	if (r == -ENOKEY)
		return vault_complain_key(&record);
	if (r == -ECONNREFUSED)
		return vault_complain(name, "the engine is not reachable: it stays locked");
	if (r < 0)
		return vault_complain(name, "cannot be unlocked: %s", strerror(-r));
	record.is_held = false;
	r = record_write(state_fd, &record);
	if (r < 0)
		return vault_complain(name, "unlocked, but that is not noted: %s", strerror(-r));
	(void)printf("vault %s is unlocked: %s\n", name, record.path);
	wish_tell(&record, LOCAL_VAULT_UNLOCKED, "unlocked by hand");
	return VAULT_DONE;
}

/* The kernel itself holds files for a moment: what is written out, or closed just now by a process that ended. */
static int take_key_patiently(int keyring_fd, const struct record *record)
{
	int r = vault_take_key(keyring_fd, record);

	for (int i = 0; i < HELD_TRIES && r == 1; i++) {
		(void)usleep(HELD_US); /* interrupted: sooner */
		r = vault_take_key(keyring_fd, record);
	}
	return r;
}

int vault_lock(const char *name)
{
	auto_close int state_fd = -EBADF, keyring_fd = -EBADF, fd = -EBADF;
	struct record record;
	int r = begin(name, &record, &state_fd, &keyring_fd);

	if (r != VAULT_DONE)
		return r;
	if (record.phase == RECORD_COPYING || record.phase == RECORD_CHANGING)
		return vault_complain(name, "the folder is still moving in");
	record.is_held = true; /* first: nobody unlocks it meanwhile */
	r = record_write(state_fd, &record);
	if (r < 0)
		return vault_complain(name, "cannot note it: %s", strerror(-r));
	r = take_key_patiently(keyring_fd, &record);
	if (r < 0)
		return vault_complain(name, "cannot be locked: %s", strerror(-r));
	if (r == 1) {
		fd = place_anchor(&record);
		(void)vault_complain(name,
			"the key is gone, and files that were open are readable to those who hold "
			"them; it is tried again until they let go:");
		if (fd >= 0)
			(void)vault_print_holders(vault_held_path(&record), fd);
		wish_tell(&record, LOCAL_VAULT_HELD, "locked by hand; some files are still held");
		return VAULT_REFUSED;
	}
	(void)printf("vault %s is locked\n", name);
	wish_tell(&record, LOCAL_VAULT_LOCKED, "locked by hand");
	return VAULT_DONE;
}
