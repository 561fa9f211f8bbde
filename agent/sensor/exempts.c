/* SPDX-License-Identifier: Apache-2.0 */
/* A table of directories and who is exempt there, each with what this round found. */
#include "agent/sensor/exempts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/sensor/paths.h"
#include "agent/sensor/watch.h"
#include "common/cleanup.h"

struct entry {
	struct hf_exempt_key key;
	uint64_t labels; /* as the kernel part has them */
	uint64_t wanted; /* in this round */
};

struct exempts {
	struct entry *items;
	size_t count, room;
	struct sensor *sensor;		      /* during a round */
	const struct message_exempt *pattern; /* being expanded */
	bool is_full;			      /* told once a policy */
};

struct exempts *exempts_new(void)
{
	return calloc(1, sizeof(struct exempts));
}

void exempts_free(struct exempts *exempts)
{
	if (!exempts)
		return;
	free(exempts->items);
	free(exempts);
}

/* The entry of key, made when new; NULL without room. */
static struct entry *entry_of(struct exempts *exempts, const struct hf_exempt_key *key)
{
	for (size_t i = 0; i < exempts->count; i++)
		if (!memcmp(&exempts->items[i].key, key, sizeof(*key)))
			return &exempts->items[i];
	if (exempts->count == exempts->room) {
		size_t room = exempts->room ? 2 * exempts->room : 64;
		struct entry *larger;

		if (room > HF_EXEMPT_MAX)
			return NULL;
		larger = reallocarray(exempts->items, room, sizeof(*larger));
		if (!larger)
			return NULL;
		exempts->items = larger;
		exempts->room = room;
	}
	exempts->items[exempts->count] = (struct entry){.key = *key};
	return &exempts->items[exempts->count++];
}

static void on_match(const char *path, int path_fd, void *userdata)
{
	struct exempts *exempts = userdata;
	struct sensor *sensor = exempts->sensor;
	struct hf_exempt_key key = {.app = exempts->pattern->app, .kind = exempts->pattern->kind};
	struct kernel_inode inode;
	auto_close int fd = -EBADF;
	struct entry *entry;
	struct stat status;

	if (fstat(path_fd, &status) < 0 || !S_ISDIR(status.st_mode))
		return;
	fd = paths_reopen(path_fd);
	if (fd < 0 || kernel_inode(sensor->kernel, fd, &inode) < 0)
		return; /* gone meanwhile, or of no use: not exempt */
	key.directory = inode.key;
	entry = entry_of(exempts, &key);
	if (entry)
		entry->wanted |= exempts->pattern->labels;
	else if (!exempts->is_full)
		link_failure(sensor, FAILURE_PLACE, "%s: too many directories", path);
	exempts->is_full |= !entry;
}

static void on_directory(const char *path, void *userdata)
{
	struct exempts *exempts = userdata;

	/* Past the maximum, what comes later there is found at the next reload. */
	if (exempts->sensor->watch)
		(void)watch_add(exempts->sensor->watch, path);
}

static void settle(struct sensor *sensor)
{
	struct exempts *exempts = sensor->exempts;
	size_t kept = 0;

	for (size_t i = 0; i < exempts->count; i++) {
		struct entry *entry = &exempts->items[i];
		int r = 0;

		if (entry->labels != entry->wanted)
			r = kernel_set_exempt(sensor->kernel, &entry->key, entry->wanted);
		if (r < 0)
			link_failure(sensor, FAILURE_PLACE, "exempt: %s", strerror(-r));
		else
			entry->labels = entry->wanted;
		if (entry->labels)
			exempts->items[kept++] = *entry;
	}
	exempts->count = kept;
}

void exempts_withdraw(struct sensor *sensor)
{
	kernel_clear_exempts(sensor->kernel);
	sensor->exempts->count = 0;
	sensor->exempts->is_full = false;
}

void exempts_apply(struct sensor *sensor)
{
	struct exempts *exempts = sensor->exempts;
	const struct paths_visitor visitor = {
		.match = on_match, .directory = on_directory, .userdata = exempts};

	if (!sensor->policy || !sensor->kernel)
		return;
	exempts->sensor = sensor;
	for (size_t i = 0; i < exempts->count; i++)
		exempts->items[i].wanted = 0;
	for (size_t i = 0; i < sensor->policy->exempt_count; i++) {
		exempts->pattern = &sensor->policy->exempts[i];
		/* What it did not reach (no such directory, a link on the way) is not exempt. */
		(void)paths_expand(exempts->pattern->pattern, &visitor);
	}
	settle(sensor);
}
