/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a key's life hangs on: a file of small secrets, one for each generation of a label's key, written over
 * in place. The database has the wrapped keys, and copies of it live on in backups; without its slot none of
 * them opens, for whoever has the tenant's root key too. So a key is destroyed by wiping 64 bytes here, and
 * no copy of this file is ever made by the console: it belongs to one console (its home), and to no backup
 * that outlives a destruction.
 */
#ifndef HOLDFAST_CONSOLE_AUTHORITY_KEY_SLOTS_H
#define HOLDFAST_CONSOLE_AUTHORITY_KEY_SLOTS_H

#include <stddef.h>
#include <stdint.h>

#define KEY_SLOTS_FILE	"label.slots"
#define KEY_SLOTS_MAX	8192 /* with slot 0, which says whose the file is */
#define KEY_SLOT_SIZE	64
#define KEY_SLOT_SECRET 32
#define KEY_HOME_SIZE	16
#define KEY_SLOTS_ROOT	32

struct key_slots {
	int fd;
	uint8_t home[KEY_HOME_SIZE]; /* random: this very file */
	const uint8_t *root;	     /* of the tenant; borrowed */
};

/* A new file, all free, synced. -EEXIST. */
int key_slots_make(int directory_fd);
/* Opens it to be read and written in place; -EACCES when others may, -EBADMSG: it is none. */
int key_slots_open(int directory_fd, const uint8_t *root, struct key_slots *ret_slots);
void key_slots_close(struct key_slots *slots);

/* Takes a free one and fills it, on disk. -ENOSPC: there is none. The caller wipes the secret. */
int key_slots_take(
	struct key_slots *slots, uint32_t *ret_slot, uint8_t ret_secret[KEY_SLOT_SECRET]);
/* -ENOENT: it is free, or was wiped; -EBADMSG: of another root key, or damaged. */
int key_slots_read(
	const struct key_slots *slots, uint32_t slot, uint8_t ret_secret[KEY_SLOT_SECRET]);
/* Wiped, on disk, and read back. 0, also when it was already, or negative errno. */
int key_slots_wipe(struct key_slots *slots, uint32_t slot);

#endif
