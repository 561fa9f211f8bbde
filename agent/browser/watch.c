/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/browser/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "common/clock.h"

#define SETTLE_NS (CLOCK_SECOND_NS / 5)	 /* after a change: whoever makes it may not be done */
#define LOOK_NS	  (10 * CLOCK_SECOND_NS) /* directories above are not watched */
#define EVENTS                                                                                   \
	(IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | \
		IN_MOVE_SELF | IN_ATTRIB)

int watch_init(struct watch *watch, const char *root, const char *state_directory)
{
	*watch = (struct watch){.root = root};
	watch->places.root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (watch->places.root_fd < 0)
		return -errno;
	watch->places.state_fd = open(
		state_directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (watch->places.state_fd < 0)
		return -errno;
	watch->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	return 0;
}

static void path_of(
	const struct watch *watch, enum browser browser, const char *name, char ret_path[PATH_MAX])
{
	(void)snprintf(ret_path, PATH_MAX, "%s%s%s%s", strcmp(watch->root, "/") ? watch->root : "",
		browser_file(browser)->directory, name ? "/" : "", name ? name : "");
}

/* Anew each time: the directory may be another one. */
static void watch_add(const struct watch *watch, enum browser browser)
{
	char path[PATH_MAX];

	path_of(watch, browser, NULL, path);
	if (watch->inotify_fd >= 0)
		(void)inotify_add_watch(watch->inotify_fd, path, EVENTS); /* else by the clock */
}

static void tell(const struct watch *watch, const struct browser_drift *what, const char *name,
	watch_drift_function *on_drift, void *userdata)
{
	struct browser_drift drift = *what;
	char path[PATH_MAX];

	path_of(watch, (enum browser)what->browser, name, path);
	(void)snprintf(drift.path, sizeof(drift.path), "%.*s", (int)sizeof(drift.path) - 1, path);
	on_drift(&drift, userdata);
}

static void tell_look(struct watch *watch, enum browser browser, const struct place_look *look,
	watch_drift_function *on_drift, void *userdata)
{
	struct browser_drift drift = {.browser = (uint8_t)browser};

	if (look->has_drifted) {
		drift.kind = look->was_removed ? BROWSER_REMOVED : BROWSER_CHANGED;
		tell(watch, &drift, browser_file(browser)->file, on_drift, userdata);
	}
	if (look->rival[0] && strcmp(look->rival, watch->rivals[browser]) != 0) {
		drift.kind = BROWSER_OVERRIDDEN;
		tell(watch, &drift, look->rival, on_drift, userdata);
	}
	(void)snprintf(watch->rivals[browser], sizeof(watch->rivals[browser]), "%s", look->rival);
}

bool watch_look(struct watch *watch, watch_drift_function *on_drift, void *userdata)
{
	struct browser_state state = {0};
	bool is_new = false;

	watch->looked_ns = clock_boot_ns();
	watch->pending_ns = 0;
	for (unsigned int i = 0; i < BROWSER_MAX; i++) {
		bool is_wanted = watch->want.browsers >> i & 1;
		struct place_look look = {0};

		state.errors[i] = place_look(
			&watch->places, i, is_wanted ? &watch->want : NULL, &look);
		if (is_wanted)
			watch_add(watch, i);
		if (state.errors[i] < 0)
			continue;
		tell_look(watch, i, &look, on_drift, userdata);
		if (is_wanted)
			state.in_place |= (uint8_t)(1U << i);
		if (look.rival[0])
			state.overridden |= (uint8_t)(1U << i);
		is_new |= look.is_written;
	}
	is_new |= memcmp(&state, &watch->state, sizeof(state)) != 0;
	watch->state = state;
	return is_new;
}

static bool drain(const struct watch *watch)
{
	char events[4096];
	bool has_events = false;

	while (watch->inotify_fd >= 0 && read(watch->inotify_fd, events, sizeof(events)) > 0)
		has_events = true;
	return has_events;
}

bool watch_is_due(struct watch *watch)
{
	uint64_t now = clock_boot_ns();

	if (drain(watch) && !watch->pending_ns)
		watch->pending_ns = now;
	if (!watch->has_want)
		return false;
	return (watch->pending_ns && now - watch->pending_ns >= SETTLE_NS) ||
	       now - watch->looked_ns >= LOOK_NS;
}
