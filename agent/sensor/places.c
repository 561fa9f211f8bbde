/* SPDX-License-Identifier: Apache-2.0 */
/* A table of marked paths, each with the round in which it was last named. */
#include "agent/sensor/places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/sensor/marks.h"
#include "agent/sensor/paths.h"
#include "agent/sensor/tree.h"
#include "agent/sensor/watch.h"
#include "common/cleanup.h"

struct place {
	char *path;
	uint64_t labels; /* that the policy gave it */
	uint64_t wanted; /* in this round */
	dev_t dev;	 /* what was marked: a directory made anew is another one */
	ino_t ino;
	uint64_t labels_marked;
	bool is_counted; /* told as labelled since the policy was given */
};

struct places {
	struct place *items;
	size_t count, room;
	struct sensor *sensor; /* during a round */
	uint64_t labels;       /* of the pattern being expanded */
};

struct places *places_new(void)
{
	return calloc(1, sizeof(struct places));
}

void places_free(struct places *places)
{
	if (!places)
		return;
	for (size_t i = 0; i < places->count; i++)
		free(places->items[i].path);
	free(places->items);
	free(places);
}

/* The entry of path, made when new; NULL without room. */
static struct place *place_of(struct places *places, const char *path)
{
	struct place *item;

	for (size_t i = 0; i < places->count; i++)
		if (!strcmp(places->items[i].path, path))
			return &places->items[i];
	if (places->count == places->room) {
		size_t room = places->room ? 2 * places->room : 64;
		struct place *larger;

		if (room > PLACES_MAX)
			return NULL;
		larger = reallocarray(places->items, room, sizeof(*larger));
		if (!larger)
			return NULL;
		places->items = larger;
		places->room = room;
	}
	item = &places->items[places->count];
	*item = (struct place){.path = strdup(path)};
	if (!item->path)
		return NULL;
	places->count++;
	return item;
}

static void tell(struct sensor *sensor, const char *path, int error, const char *reason)
{
	struct message_state state = {.error = error};
	struct bytes_writer frame;

	(void)snprintf(state.path, sizeof(state.path), "%s", path);
	(void)snprintf(state.reason, sizeof(state.reason), "%s", reason);
	link_begin(&frame, MESSAGE_PLACE_STATE);
	message_put_state(&frame, &state);
	link_send(sensor, &frame);
	if (error < 0)
		link_failure(sensor, FAILURE_PLACE, "%s: %s", path, reason);
}

/* The engine counts what is told. */
static void tell_labelled(struct sensor *sensor, struct place *place)
{
	if (place->is_counted)
		return;
	place->is_counted = true;
	tell(sensor, place->path, 0, "");
}

static void on_match(const char *path, int path_fd, void *userdata)
{
	struct places *places = userdata;
	struct sensor *sensor = places->sensor;
	struct place *place = place_of(places, path);
	struct mark_change change;
	struct stat status;
	uint64_t added = 0;
	int r;

	if (!place || fstat(path_fd, &status) < 0) {
		tell(sensor, path, -ENOMEM, "too many paths");
		return;
	}
	place->wanted |= places->labels;
	if (place->dev == status.st_dev && place->ino == status.st_ino &&
		(place->labels_marked & places->labels) == places->labels) {
		tell_labelled(sensor, place);
		return;
	}
	if (place->dev != status.st_dev || place->ino != status.st_ino)
		place->labels_marked = 0;
	change = (struct mark_change){.add = places->labels, .flags = HF_MARK_POLICY, .path = path};
	r = marks_change(sensor, path_fd, &change, &added);
	if (r < 0) {
		tell(sensor, path, r, strerror(-r));
		return;
	}
	place->dev = status.st_dev;
	place->ino = status.st_ino;
	place->labels |= places->labels;
	place->labels_marked |= places->labels;
	/* Also when it was labelled before: an earlier agent may have died within its walk. */
	if (S_ISDIR(status.st_mode) && tree_add(sensor->tree, path, places->labels) < 0)
		link_failure(sensor, FAILURE_TREE, "%s", path);
	tell_labelled(sensor, place);
}

static void on_directory(const char *path, void *userdata)
{
	struct places *places = userdata;

	/* Past the maximum, what comes later there is found at the next reload. */
	if (places->sensor->watch)
		(void)watch_add(places->sensor->watch, path);
}

static void expand(struct sensor *sensor, const struct sensor_policy *policy)
{
	struct places *places = sensor->places;
	const struct paths_visitor visitor = {
		.match = on_match, .directory = on_directory, .userdata = places};
	int r;

	places->sensor = sensor;
	for (size_t i = 0; i < places->count; i++)
		places->items[i].wanted = 0;
	for (size_t i = 0; i < policy->place_count; i++) {
		places->labels = policy->places[i].labels;
		r = paths_expand(policy->places[i].pattern, &visitor);
		if (r < 0)
			tell(sensor, policy->places[i].pattern, r,
				r == -ELOOP ? "leads over a symbolic link" : strerror(-r));
	}
}

void places_apply(struct sensor *sensor, const struct sensor_policy *policy)
{
	struct places *places = sensor->places;

	for (size_t i = 0; i < places->count; i++)
		places->items[i].is_counted = false;
	expand(sensor, policy);
}

void places_again(struct sensor *sensor)
{
	if (sensor->policy)
		expand(sensor, sensor->policy);
}

void places_retire_path(struct sensor *sensor, const char *path, uint64_t labels)
{
	const struct mark_change change = {.remove = labels, .flags = HF_MARK_POLICY, .path = path};
	auto_close int fd = paths_open(-1, path);
	uint64_t added;

	if (fd >= 0 && marks_change(sensor, fd, &change, &added) < 0)
		link_failure(sensor, FAILURE_PLACE, "%s", path);
}

void places_retire(struct sensor *sensor)
{
	struct places *places = sensor->places;

	for (size_t i = 0; i < places->count; i++) {
		struct place *place = &places->items[i];
		uint64_t stale = place->labels & ~place->wanted;

		if (!stale)
			continue;
		places_retire_path(sensor, place->path, stale);
		place->labels &= place->wanted;
		place->labels_marked &= place->wanted;
	}
}
