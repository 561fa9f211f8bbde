/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk of one directory, in memory, behind the spool's table of file operations: it can lose power.
 * Then it keeps what was synced, of the rest a random part: of each unsynced file random sectors, cut
 * somewhere within the last one, and of the unsynced creations, renames and removals any subset. A
 * sync that fails forgets what it should have written, as Linux does: it still reads well.
 */
#ifndef HOLDFAST_TESTS_UNIT_SPOOL_DISK_H
#define HOLDFAST_TESTS_UNIT_SPOOL_DISK_H

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/uplink/spool_files.h"

#define DISK_NAME_SIZE 40
#define DISK_NAMES     192
#define DISK_INODES    1024
#define DISK_FILE_MAX  (1 << 20)
#define DISK_SECTOR    512
#define DISK_CHANGES   1024

struct disk_inode {
	uint8_t *bytes, *durable; /* what is read; what a power cut leaves */
	bool *is_dirty;		  /* for each byte: the next sync writes it */
	size_t size, durable_size;
	unsigned int opens;
};

struct disk_entry {
	char name[DISK_NAME_SIZE]; /* "" = none */
	int inode;
};

struct disk_directory {
	struct disk_entry entries[DISK_NAMES];
};

struct disk_change {				       /* of the directory, not synced */
	char from[DISK_NAME_SIZE], to[DISK_NAME_SIZE]; /* "" = none */
	int inode;
};

struct disk {
	struct disk_inode inodes[DISK_INODES];
	struct disk_directory now, durable;
	struct disk_change changes[DISK_CHANGES];
	size_t change_count;
	uint64_t random;
	uint64_t space;		   /* bytes that files may have in sum; 0 = any */
	long calls_left;	   /* until the power goes; negative = it stays */
	unsigned int one_in_fails; /* of writes, syncs, renames; 0 = none */
	bool is_dead;
};

static inline uint64_t disk_random(struct disk *disk, uint64_t below)
{
	/* splitmix64 */
	uint64_t z = disk->random += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return below ? (z ^ (z >> 31)) % below : 0;
}

static inline struct disk_entry *disk_find(struct disk_directory *directory, const char *name)
{
	for (size_t i = 0; i < DISK_NAMES; i++)
		if (directory->entries[i].name[0] == name[0] &&
			!strcmp(directory->entries[i].name, name))
			return &directory->entries[i];
	return NULL;
}

static inline void disk_apply(struct disk_directory *directory, const struct disk_change *change)
{
	struct disk_entry *entry;

	if (change->from[0] && (entry = disk_find(directory, change->from)))
		entry->name[0] = '\0';
	if (!change->to[0])
		return;
	entry = disk_find(directory, change->to);
	if (!entry)
		entry = disk_find(directory, "");
	assert(entry);
	strcpy(entry->name, change->to);
	entry->inode = change->inode;
}

static inline void disk_change(struct disk *disk, const char *from, const char *to, int inode)
{
	struct disk_change *change = &disk->changes[disk->change_count++];

	assert(disk->change_count < DISK_CHANGES && strlen(from) < DISK_NAME_SIZE &&
		strlen(to) < DISK_NAME_SIZE);
	strcpy(change->from, from);
	strcpy(change->to, to);
	change->inode = inode;
	disk_apply(&disk->now, change);
}

static inline bool disk_is_used(const struct disk *disk, int inode)
{
	if (disk->inodes[inode].opens)
		return true;
	for (size_t i = 0; i < DISK_NAMES; i++)
		if ((disk->now.entries[i].name[0] && disk->now.entries[i].inode == inode) ||
			(disk->durable.entries[i].name[0] &&
				disk->durable.entries[i].inode == inode))
			return true;
	for (size_t i = 0; i < disk->change_count; i++)
		if (disk->changes[i].inode == inode)
			return true;
	return false;
}

static inline void disk_sweep(struct disk *disk)
{
	for (int i = 0; i < DISK_INODES; i++)
		if (disk->inodes[i].bytes && !disk_is_used(disk, i)) {
			free(disk->inodes[i].bytes);
			free(disk->inodes[i].durable);
			free(disk->inodes[i].is_dirty);
			disk->inodes[i] = (struct disk_inode){0};
		}
}

/* Whether this call finds power; the last one that does may do a part of its work. */
static inline bool disk_has_power(struct disk *disk)
{
	if (disk->is_dead)
		return false;
	if (disk->calls_left > 0)
		disk->calls_left--;
	if (!disk->calls_left)
		disk->is_dead = true;
	return true;
}

static inline bool disk_fails(struct disk *disk)
{
	return disk->one_in_fails && !disk_random(disk, disk->one_in_fails);
}

static inline void disk_grow(struct disk_inode *inode, size_t size)
{
	size_t room = size > inode->durable_size ? size : inode->durable_size;

	if (size <= inode->size)
		return;
	assert(size <= DISK_FILE_MAX);
	inode->bytes = realloc(inode->bytes, room);
	inode->durable = realloc(inode->durable, room);
	inode->is_dirty = realloc(inode->is_dirty, room * sizeof(bool));
	memset(inode->bytes + inode->size, 0, size - inode->size);
	if (size > inode->durable_size)
		memset(inode->durable + inode->durable_size, 0, size - inode->durable_size);
	for (size_t i = inode->size; i < size; i++)
		inode->is_dirty[i] = true;
	inode->size = size;
}

static inline int disk_open(void *userdata, const char *name, bool is_write)
{
	struct disk *disk = userdata;
	struct disk_entry *entry = disk_find(&disk->now, name);

	(void)is_write; /* all is allowed */
	if (!disk_has_power(disk))
		return -EIO;
	if (!entry)
		return -ENOENT;
	disk->inodes[entry->inode].opens++;
	return entry->inode;
}

static inline int disk_create(void *userdata, const char *name)
{
	struct disk *disk = userdata;
	int inode = 0;

	if (!disk_has_power(disk) || disk_fails(disk))
		return -EIO;
	while (inode < DISK_INODES && disk->inodes[inode].bytes)
		inode++;
	assert(inode < DISK_INODES);
	disk->inodes[inode] = (struct disk_inode){.opens = 1};
	disk->inodes[inode].bytes = malloc(1);
	disk_change(disk, "", name, inode);
	return inode;
}

static inline void disk_close(void *userdata, int file)
{
	struct disk *disk = userdata;

	disk->inodes[file].opens--;
}

static inline int64_t disk_size(void *userdata, int file)
{
	struct disk *disk = userdata;

	return disk_has_power(disk) ? (int64_t)disk->inodes[file].size : -EIO;
}

static inline int64_t disk_read(
	void *userdata, int file, void *ret_bytes, size_t size, uint64_t offset)
{
	struct disk *disk = userdata;
	const struct disk_inode *inode = &disk->inodes[file];

	if (!disk_has_power(disk))
		return -EIO;
	if (offset >= inode->size)
		return 0;
	if (size > inode->size - offset)
		size = inode->size - offset;
	memcpy(ret_bytes, inode->bytes + offset, size);
	return (int64_t)size;
}

static inline uint64_t disk_used(const struct disk *disk)
{
	uint64_t used = 0;

	for (size_t i = 0; i < DISK_NAMES; i++)
		if (disk->now.entries[i].name[0])
			used += disk->inodes[disk->now.entries[i].inode].size;
	return used;
}

static inline int disk_write(
	void *userdata, int file, const void *bytes, size_t size, uint64_t offset)
{
	struct disk *disk = userdata;
	struct disk_inode *inode = &disk->inodes[file];
	bool is_good;

	if (!disk_has_power(disk))
		return -EIO;
	if (disk->space && offset + size > inode->size &&
		disk_used(disk) + offset + size - inode->size > disk->space)
		return -ENOSPC;
	is_good = !disk_fails(disk) && !disk->is_dead;
	if (!is_good)
		size = disk_random(disk, size + 1);
	if (!size)
		return is_good ? 0 : -EIO;
	disk_grow(inode, offset + size);
	memcpy(inode->bytes + offset, bytes, size);
	memset(inode->is_dirty + offset, true, size * sizeof(bool));
	return is_good ? 0 : -EIO;
}

static inline int disk_allocate(void *userdata, int file, uint64_t size)
{
	struct disk *disk = userdata;

	if (!disk_has_power(disk))
		return -EIO;
	if (disk->space && disk_used(disk) + size > disk->space)
		return -ENOSPC;
	disk_grow(&disk->inodes[file], size);
	return 0;
}

static inline int disk_sync(void *userdata, int file)
{
	struct disk *disk = userdata;
	struct disk_inode *inode = &disk->inodes[file];
	bool is_good;

	if (!disk_has_power(disk))
		return -EIO;
	is_good = !disk_fails(disk) && !disk->is_dead;
	for (size_t i = 0; i < inode->size; i++)
		if (inode->is_dirty[i] && (is_good || disk_random(disk, 2))) {
			inode->durable[i] = inode->bytes[i];
			if (i >= inode->durable_size)
				inode->durable_size = i + 1;
		}
	if (inode->size)
		memset(inode->is_dirty, 0, inode->size * sizeof(bool));
	if (is_good)
		inode->durable_size = inode->size;
	return is_good ? 0 : -EIO;
}

static inline int disk_rename(void *userdata, const char *from, const char *to)
{
	struct disk *disk = userdata;
	struct disk_entry *entry = disk_find(&disk->now, from);

	if (!disk_has_power(disk) || disk_fails(disk))
		return -EIO;
	if (!entry)
		return -ENOENT;
	disk_change(disk, from, to, entry->inode);
	return 0;
}

static inline int disk_unlink(void *userdata, const char *name)
{
	struct disk *disk = userdata;
	struct disk_entry *entry = disk_find(&disk->now, name);

	if (!disk_has_power(disk))
		return -EIO;
	if (!entry)
		return -ENOENT;
	disk_change(disk, name, "", entry->inode);
	return 0;
}

static inline int disk_sync_directory(void *userdata)
{
	struct disk *disk = userdata;

	if (!disk_has_power(disk) || disk_fails(disk))
		return -EIO;
	for (size_t i = 0; i < disk->change_count; i++)
		disk_apply(&disk->durable, &disk->changes[i]);
	disk->change_count = 0;
	disk_sweep(disk);
	return 0;
}

static inline int disk_list(
	void *userdata, void (*visit)(const char *name, void *userdata), void *visit_userdata)
{
	struct disk *disk = userdata;
	struct disk_directory names = disk->now; /* visit may change it */

	if (!disk_has_power(disk))
		return -EIO;
	for (size_t i = 0; i < DISK_NAMES; i++)
		if (names.entries[i].name[0])
			visit(names.entries[i].name, visit_userdata);
	return 0;
}

/* Power is back. is_cut: it was gone, else only the process was. */
static inline void disk_restart(struct disk *disk, bool is_cut)
{
	disk->is_dead = false;
	disk->calls_left = -1;
	for (int i = 0; i < DISK_INODES; i++)
		disk->inodes[i].opens = 0;
	if (!is_cut)
		return;
	for (size_t i = 0; i < disk->change_count; i++)
		if (disk_random(disk, 2))
			disk_apply(&disk->durable, &disk->changes[i]);
	disk->change_count = 0;
	disk->now = disk->durable;
	disk_sweep(disk);
	for (int i = 0; i < DISK_INODES; i++) {
		struct disk_inode *inode = &disk->inodes[i];
		const size_t torn = disk_random(disk, inode->size + 1);
		bool is_kept = false;

		if (!inode->bytes)
			continue;
		for (size_t at = 0; at < inode->size; at++) {
			if (at % DISK_SECTOR == 0)
				is_kept = disk_random(disk, 2);
			if (inode->is_dirty[at] && is_kept && at < torn) {
				inode->durable[at] = inode->bytes[at];
				if (at >= inode->durable_size)
					inode->durable_size = at + 1;
			}
			inode->is_dirty[at] = false;
		}
		inode->size = inode->durable_size;
		if (inode->size)
			memcpy(inode->bytes, inode->durable, inode->size);
	}
}

static inline void disk_make(struct disk *disk, uint64_t seed, struct spool_files *ret_files)
{
	memset(disk, 0, sizeof(*disk));
	disk->random = seed;
	disk->calls_left = -1;
	*ret_files = (struct spool_files){
		.disk = disk,
		.open = disk_open,
		.create = disk_create,
		.close = disk_close,
		.size = disk_size,
		.read = disk_read,
		.write = disk_write,
		.allocate = disk_allocate,
		.sync = disk_sync,
		.rename = disk_rename,
		.unlink = disk_unlink,
		.sync_directory = disk_sync_directory,
		.list = disk_list,
	};
}

static inline void disk_done(struct disk *disk)
{
	for (int i = 0; i < DISK_INODES; i++) {
		free(disk->inodes[i].bytes);
		free(disk->inodes[i].durable);
		free(disk->inodes[i].is_dirty);
	}
	memset(disk, 0, sizeof(*disk));
}

#endif
