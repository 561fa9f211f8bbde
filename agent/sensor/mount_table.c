/* SPDX-License-Identifier: Apache-2.0 */
/* A record's names run from the file outwards, so the mount point is appended. */
#include "agent/sensor/mount_table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct place {
	uint32_t dev;
	char *root, *point; /* own */
};

struct mount_table {
	struct place *places;
	size_t count, room;
};

struct mount_table *mount_table_new(void)
{
	return calloc(1, sizeof(struct mount_table));
}

void mount_table_clear(struct mount_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		free(table->places[i].root);
		free(table->places[i].point);
	}
	table->count = 0;
}

void mount_table_free(struct mount_table *table)
{
	if (!table)
		return;
	mount_table_clear(table);
	free(table->places);
	free(table);
}

static bool make_room(struct mount_table *table)
{
	size_t room = table->room ? 2 * table->room : 64;
	struct place *larger;

	if (table->count < table->room)
		return true;
	if (table->count >= MOUNT_TABLE_MAX)
		return false;
	larger = reallocarray(table->places, room, sizeof(*larger));
	if (!larger)
		return false;
	table->places = larger;
	table->room = room;
	return true;
}

void mount_table_add(struct mount_table *table, const struct mount_entry *entry)
{
	auto_free char *root = strdup(entry->root);
	auto_free char *point = strdup(entry->point);

	if (!root || !point || !make_room(table))
		return;
	table->places[table->count++] = (struct place){
		.dev = entry->dev, .root = take_ptr(root), .point = take_ptr(point)};
}

/* Bytes of the names that are left without those of root, the outermost; -1 when it lies elsewhere. */
static int size_below(const struct hf_record *record, const char *root)
{
	const char *names = (const char *)record->path;
	size_t end = record->path_size;

	while (*root) {
		size_t size = strcspn(root, "/");

		if (size) {
			if (end < size + 1 || (end > size + 1 && names[end - size - 2]) ||
				memcmp(names + end - size - 1, root, size) != 0)
				return -1;
			end -= size + 1;
		}
		root += size + (root[size] == '/');
	}
	return (int)end;
}

/* The names of a path, the last one first. */
static void append(struct hf_record *record, const char *path)
{
	const char *end = path + strlen(path);

	while (end > path) {
		const char *start = end;
		size_t size;

		while (start > path && start[-1] != '/')
			start--;
		size = (size_t)(end - start);
		if (size + 1 > HF_PATH_SIZE - (size_t)record->path_size) {
			record->path_is_cut = 1;
			return;
		}
		if (size) {
			memcpy(record->path + record->path_size, start, size);
			record->path_size = (uint16_t)(record->path_size + size);
			record->path[record->path_size++] = '\0';
		}
		end = start > path ? start - 1 : path;
	}
}

void mount_table_complete(const struct mount_table *table, struct hf_record *record)
{
	if (!record->path_is_within || record->path_is_cut)
		return;
	if (record->path_size > HF_PATH_SIZE ||
		(record->path_size && record->path[record->path_size - 1]))
		return;
	record->path_is_within = 0;
	for (size_t i = 0; i < table->count; i++) {
		int size;

		if (table->places[i].dev != record->inode.dev)
			continue;
		size = size_below(record, table->places[i].root);
		if (size < 0)
			continue;
		record->path_size = (uint16_t)size;
		append(record, table->places[i].point);
		return;
	}
	record->path_is_cut = 1;
}
