/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving, verifying and naming executables. */
#include "agent/sensor/apps.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/sensor/paths.h"
#include "agent/sensor/watch.h"
#include "common/cleanup.h"
#include "policy/pattern.h"

#define MODE_OTHERS_WRITE (S_IWGRP | S_IWOTH)

struct identity {
	char *path; /* without symbolic links */
	uint32_t app;
	dev_t dev;
	ino_t ino;
	struct timespec changed; /* st_ctim when it was verified */
	bool is_seen;		 /* in this round */
	bool is_given;
	int told; /* error last told to the engine; 1 = nothing yet */
};

struct apps {
	struct identity *items;
	size_t count, room;
	struct sensor *sensor; /* during a round */
	uint32_t app;	       /* of the pattern being expanded */
};

struct apps *apps_new(void)
{
	return calloc(1, sizeof(struct apps));
}

void apps_free(struct apps *apps)
{
	if (!apps)
		return;
	for (size_t i = 0; i < apps->count; i++)
		free(apps->items[i].path);
	free(apps->items);
	free(apps);
}

static struct identity *identity_of(struct apps *apps, const char *path)
{
	struct identity *item;

	for (size_t i = 0; i < apps->count; i++)
		if (!strcmp(apps->items[i].path, path))
			return &apps->items[i];
	if (apps->count == apps->room) {
		size_t room = apps->room ? 2 * apps->room : 128;
		struct identity *larger;

		if (room > APPS_MAX)
			return NULL;
		larger = reallocarray(apps->items, room, sizeof(*larger));
		if (!larger)
			return NULL;
		apps->items = larger;
		apps->room = room;
	}
	item = &apps->items[apps->count];
	*item = (struct identity){.path = strdup(path), .told = 1};
	if (!item->path)
		return NULL;
	apps->count++;
	return item;
}

static bool is_roots_alone(const struct stat *status)
{
	return status->st_uid == 0 && !(status->st_mode & MODE_OTHERS_WRITE);
}

/*
 * Opens path from the root, looking at every component on the way by the descriptor that is then
 * gone on from: nobody but root can have put another there. O_PATH, or -EPERM with ret_reason.
 */
static int open_verified(const char *path, struct stat *ret_status, const char **ret_reason)
{
	auto_close int at = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char copy[PATH_MAX], *save = NULL;
	struct stat status;

	*ret_reason = "cannot be opened";
	if (at < 0 || fstat(at, &status) < 0)
		return -errno;
	(void)snprintf(copy, sizeof(copy), "%s", path);
	for (char *name = strtok_r(copy, "/", &save); name; name = strtok_r(NULL, "/", &save)) {
		int next;

		if (!is_roots_alone(&status)) {
			*ret_reason = "a directory above it can be changed by others than root";
			return -EPERM;
		}
		next = paths_open(at, name);
		if (next < 0)
			return next;
		(void)close(at); /* an O_PATH descriptor */
		at = next;
		if (fstat(at, &status) < 0)
			return -errno;
	}
	if (!S_ISREG(status.st_mode)) {
		*ret_reason = "not a regular file";
		return -EPERM;
	}
	if (!is_roots_alone(&status)) {
		*ret_reason = "it can be changed by others than root";
		return -EPERM;
	}
	*ret_status = status;
	return take_fd(at);
}

static void tell(struct sensor *sensor, struct identity *identity, int error, const char *reason)
{
	struct message_state state = {.app = identity->app, .error = error};
	struct bytes_writer frame;

	if (identity->told == error)
		return;
	identity->told = error;
	(void)snprintf(state.path, sizeof(state.path), "%s", identity->path);
	(void)snprintf(state.reason, sizeof(state.reason), "%s", reason);
	link_begin(&frame, MESSAGE_PROGRAM_STATE);
	message_put_state(&frame, &state);
	link_send(sensor, &frame);
	if (error < 0)
		link_failure(sensor, FAILURE_PROGRAM, "%s: %s", identity->path, reason);
}

static int give(struct sensor *sensor, int path_fd, uint32_t app)
{
	auto_close int fd = paths_reopen(path_fd);

	if (fd < 0)
		return fd;
	return kernel_set_app(sensor->kernel, fd, app);
}

/* The inode that had the identity may live on under another name (dpkg keeps none; admins do). */
static void take_away(struct sensor *sensor, struct identity *identity)
{
	auto_close int fd = paths_open(-1, identity->path);
	struct stat status;

	identity->is_given = false;
	if (fd < 0 || fstat(fd, &status) < 0)
		return;
	if (status.st_dev == identity->dev && status.st_ino == identity->ino)
		(void)give(
			sensor, fd, HF_APP_UNKNOWN); /* as good as gone: next exec is judged anew */
}

static void verify(struct sensor *sensor, struct identity *identity)
{
	auto_close int fd = -EBADF;
	const char *reason;
	struct stat status;
	int r;

	fd = open_verified(identity->path, &status, &reason);
	if (fd < 0) {
		if (identity->is_given)
			take_away(sensor, identity);
		tell(sensor, identity, fd, reason);
		return;
	}
	if (identity->is_given && status.st_dev == identity->dev &&
		status.st_ino == identity->ino &&
		!memcmp(&status.st_ctim, &identity->changed, sizeof(status.st_ctim)))
		return;
	r = give(sensor, fd, identity->app);
	identity->is_given = r == 0;
	identity->dev = status.st_dev;
	identity->ino = status.st_ino;
	identity->changed = status.st_ctim;
	tell(sensor, identity, r, r < 0 ? strerror(-r) : "");
}

static void watch_parent(struct sensor *sensor, const char *path)
{
	char copy[PATH_MAX];

	(void)snprintf(copy, sizeof(copy), "%s", path);
	if (sensor->watch)
		(void)watch_add(sensor->watch, dirname(copy)); /* absent: its parents are watched */
}

static void found(struct apps *apps, const char *path)
{
	struct identity *identity = identity_of(apps, path);

	if (!identity) {
		link_failure(apps->sensor, FAILURE_PROGRAM, "%s: too many applications", path);
		return;
	}
	if (identity->is_seen) /* the first pattern that names a path has it */
		return;
	if (identity->app != apps->app)
		identity->is_given = false;
	identity->app = apps->app;
	identity->is_seen = true;
	watch_parent(apps->sensor, path);
	verify(apps->sensor, identity);
}

static void on_match(const char *path, int path_fd, void *userdata)
{
	(void)path_fd; /* verify() opens it again, looking at all that is above */
	found(userdata, path);
}

static void on_directory(const char *path, void *userdata)
{
	struct apps *apps = userdata;

	if (apps->sensor->watch)
		(void)watch_add(
			apps->sensor->watch, path); /* past the maximum: seen at next reload */
}

/* Symbolic links of root's (/bin, alternatives) are followed once, here; verify() follows none. */
static void expand(struct apps *apps, const char *pattern)
{
	const struct paths_visitor visitor = {
		.match = on_match, .directory = on_directory, .userdata = apps};
	char real[PATH_MAX];

	if (policy_pattern_has_wildcard(pattern)) {
		(void)paths_expand(
			pattern, &visitor); /* what it did not reach is unknown: closed */
		return;
	}
	watch_parent(apps->sensor, pattern);
	if (realpath(pattern, real))
		found(apps, real);
}

void apps_withdraw(struct sensor *sensor, const struct sensor_policy *policy)
{
	struct apps *apps = sensor->apps;

	for (size_t i = 0; i < apps->count; i++) {
		struct identity *identity = &apps->items[i];
		bool is_kept = false;

		for (size_t k = 0; k < policy->program_count && !is_kept; k++)
			is_kept = policy->programs[k].app == identity->app &&
				  policy_pattern_matches(
					  policy->programs[k].pattern, identity->path);
		if (identity->is_given && !is_kept)
			take_away(sensor, identity);
	}
}

void apps_apply(struct sensor *sensor)
{
	struct apps *apps = sensor->apps;

	if (!sensor->policy || !sensor->kernel)
		return;
	apps->sensor = sensor;
	for (size_t i = 0; i < apps->count; i++)
		apps->items[i].is_seen = false;
	for (size_t i = 0; i < sensor->policy->program_count; i++) {
		apps->app = sensor->policy->programs[i].app;
		expand(apps, sensor->policy->programs[i].pattern);
	}
	for (size_t i = 0; i < apps->count; i++)
		if (!apps->items[i].is_seen && apps->items[i].is_given)
			take_away(sensor, &apps->items[i]);
}
