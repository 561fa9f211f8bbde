/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lineage.db over the engine's life: opened, written between other work, and when it is damaged
 * put aside for whoever wants to look at it, and begun anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/engine/engine.h"
#include "agent/engine/event_service.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/file.h"

#define RETRY_NS      (10 * CLOCK_SECOND_NS) /* a store that can't be written is let rest */
#define GATHER_NS     UINT64_C(200000000)    /* few records are written together */
#define TELL_TRIM_MAX 1000000		     /* rows between two events of the same */

static void paths(const struct engine *engine, char ret_path[PATH_MAX], char ret_aside[PATH_MAX])
{
	(void)snprintf(ret_path, PATH_MAX, "%s/lineage.db", engine->state_directory);
	(void)snprintf(ret_aside, PATH_MAX, "%s/lineage.db.bad", engine->state_directory);
}

static void put_aside(const struct engine *engine)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	char path[PATH_MAX], aside[PATH_MAX], from[PATH_MAX + 8], to[PATH_MAX + 8];

	paths(engine, path, aside);
	for (unsigned int i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		(void)snprintf(from, sizeof(from), "%s%s", path, parts[i]);
		(void)snprintf(to, sizeof(to), "%s%s", aside, parts[i]);
		(void)rename(from, to); /* opening tells */
	}
	log_error("'%s' is damaged: moved to '%s', starting with an empty one", path, aside);
}

static void volumes_tell(struct engine *engine)
{
	for (unsigned int i = 0; i < engine->volume_count; i++) {
		const struct message_volume *told = &engine->volumes[i]->told;

		if (!told->is_gone)
			lineage_volume(engine->lineage, told->dev, told->identity);
	}
}

/* As far as the file system lets what is overwritten be so: SECURITY.md. */
static int destroy_file(const char *path)
{
	auto_close int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = file_overwrite(fd);
	if (r < 0)
		return r;
	if (fdatasync(fd) < 0 || unlink(path) < 0)
		return -errno;
	return 1;
}

int lineage_keep_destroy(struct engine *engine)
{
	static const char *const parts[] = {"-wal", "-shm", ""}; /* the last is the store itself */
	char store[PATH_MAX], aside[PATH_MAX], path[PATH_MAX + 8];
	const char *const stores[] = {store, aside};
	int r = 0, found = 0;

	lineage_free(engine->lineage);
	engine->lineage = NULL;
	paths(engine, store, aside);
	for (unsigned int i = 0; i < 2; i++)
		for (unsigned int j = 0; j < sizeof(parts) / sizeof(parts[0]) && r >= 0; j++) {
			(void)snprintf(path, sizeof(path), "%s%s", stores[i], parts[j]);
			r = destroy_file(path);
			found |= r > 0;
		}
	lineage_keep_start(engine);
	return r < 0 ? r : found;
}

void lineage_keep_start(struct engine *engine)
{
	char path[PATH_MAX], aside[PATH_MAX];
	int r;

	paths(engine, path, aside);
	r = lineage_open(path, engine->origin.boot_id, &engine->lineage);
	if (r == -EBADMSG || r == -EPROTO) {
		failure_note(engine, FAILURE_LINEAGE, "%s: %s", path, strerror(-r));
		put_aside(engine);
		r = lineage_open(path, engine->origin.boot_id, &engine->lineage);
	}
	if (r < 0)
		failure_note(engine, FAILURE_LINEAGE, "%s: %s", path, strerror(-r));
	volumes_tell(engine);
}

/* The waiting batch goes with a damaged store: it may be what can't be written. */
static void on_failure(struct engine *engine, int r)
{
	failure_note(engine, FAILURE_LINEAGE, "writing: %s", strerror(-r));
	if (r != -EBADMSG)
		return;
	lineage_free(engine->lineage);
	engine->lineage = NULL;
	put_aside(engine);
	lineage_keep_start(engine);
}

/* An event when it begins, and again when as much more has gone. */
static void tell_less(struct engine *engine)
{
	static struct lineage_counts told;
	struct lineage_counts now = lineage_counts(engine->lineage);

	if (now.dropped < told.dropped || now.trimmed < told.trimmed)
		told = (struct lineage_counts){0}; /* of a store that was damaged */
	if (now.dropped != told.dropped)
		failure_note(engine, FAILURE_LINEAGE_LESS,
			"%llu records came faster than they could be kept",
			(unsigned long long)(now.dropped - told.dropped));
	else if (now.trimmed && (!told.trimmed || now.trimmed - told.trimmed >= TELL_TRIM_MAX))
		failure_note(engine, FAILURE_LINEAGE_LESS, "%llu of the oldest rows went",
			(unsigned long long)now.trimmed);
	else
		return;
	told = now;
}

/* A batch a round of the loop: more than a round brings, and short enough for intake to wait. */
void lineage_keep_tick(struct engine *engine)
{
	static uint64_t wait_until_ns;
	static bool is_resting;
	unsigned int waiting = lineage_waiting(engine->lineage);
	uint64_t now = clock_boot_ns();
	int r;

	if (!waiting || (now < wait_until_ns && (is_resting || waiting < LINEAGE_BATCH)))
		return;
	r = lineage_write(engine->lineage, false);
	is_resting = r < 0;
	wait_until_ns = now + (is_resting ? RETRY_NS : GATHER_NS);
	if (r < 0)
		on_failure(engine, r);
	tell_less(engine);
}

void lineage_keep_record(struct engine *engine, const struct record *record)
{
	const struct policy_compiled *policy = engine->policy;
	uint32_t app = record->raw.app;

	if (event_is_service(record)) /* nothing labelled went anywhere */
		return;
	lineage_take(engine->lineage, record,
		policy && app && app < policy->app_count ? policy->app[app].name : NULL);
}
