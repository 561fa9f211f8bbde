/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.freedesktop.login1(5): the signal Lock of the own session, and its LockedHint. Screen savers
 * have ActiveChanged (org.freedesktop.ScreenSaver and those that desktops have of their own).
 */
#include "agent/session/lock_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "agent/session/wait.h"

#define LOGIND_NAME	 "org.freedesktop.login1"
#define LOGIND_SESSION	 "org.freedesktop.login1.Session"
#define MESSAGES_A_ROUND 64

static int on_lock(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct lock_watch *watch = userdata;

	(void)message; /* it says all by being there */
	(void)error;   /* for methods that we would serve */
	watch->is_locked = true;
	return 0;
}

static int on_saver(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct lock_watch *watch = userdata;
	int is_active = 0;

	(void)error; /* as above */
	if (sd_bus_message_read_basic(message, 'b', &is_active) > 0 && is_active)
		watch->is_locked = true;
	return 0;
}

/* PropertiesChanged: interface, changed values, names of others. */
static int on_properties(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct lock_watch *watch = userdata;
	const char *name;
	int is_locked;

	(void)error; /* as above */
	if (sd_bus_message_skip(message, "s") < 0 ||
		sd_bus_message_enter_container(message, 'a', "{sv}") < 0)
		return 0;
	while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
		if (sd_bus_message_read_basic(message, 's', &name) < 0)
			return 0;
		if (!strcmp(name, "LockedHint")) {
			if (sd_bus_message_read(message, "v", "b", &is_locked) >= 0 && is_locked)
				watch->is_locked = true;
			return 0;
		}
		if (sd_bus_message_skip(message, "v") < 0 ||
			sd_bus_message_exit_container(message) < 0)
			return 0;
	}
	return 0;
}

/* The one that this process is in; as a service of the user's manager: the one that is shown. */
void lock_watch_init(struct lock_watch *watch)
{
	char *session = NULL;

	*watch = (struct lock_watch){0};
	if (sd_pid_get_session(0, &session) < 0 && sd_uid_get_display(getuid(), &session) < 0)
		return;
	if (sd_bus_path_encode("/org/freedesktop/login1/session", session, &watch->session) < 0)
		watch->session = NULL;
	free(session);
}

static int open_system(struct lock_watch *watch, sd_bus **ret_bus)
{
	int r;

	if (!watch->session)
		return -ENXIO;
	r = sd_bus_open_system_with_description(ret_bus, "holdfast-session");
	if (r >= 0)
		r = sd_bus_match_signal_async(*ret_bus, NULL, LOGIND_NAME, watch->session,
			LOGIND_SESSION, "Lock", on_lock, NULL, watch);
	if (r >= 0)
		r = sd_bus_match_signal_async(*ret_bus, NULL, LOGIND_NAME, watch->session,
			"org.freedesktop.DBus.Properties", "PropertiesChanged", on_properties, NULL,
			watch);
	return r;
}

static int open_session(struct lock_watch *watch, sd_bus **ret_bus)
{
	int r;

	r = sd_bus_open_user_with_description(ret_bus, "holdfast-session");
	if (r >= 0)
		r = sd_bus_match_signal_async(
			*ret_bus, NULL, NULL, NULL, NULL, "ActiveChanged", on_saver, NULL, watch);
	return r;
}

static void line_close(struct lock_line *line, uint64_t now_ms)
{
	line->bus = sd_bus_close_unref(line->bus);
	(void)retry_later(&line->retry, now_ms, LOCK_WATCH_RETRY_MAX_MS); /* bus.c says it */
}

int lock_watch_tick(struct lock_watch *watch, uint64_t now_ms)
{
	int wait = -1;

	for (enum lock_bus i = 0; i < LOCK_BUS_MAX; i++) {
		struct lock_line *line = &watch->lines[i];
		int r = 0;

		if (!line->bus && retry_left_ms(&line->retry, now_ms) == 0)
			r = i == LOCK_BUS_SYSTEM ? open_system(watch, &line->bus)
						 : open_session(watch, &line->bus);
		if (r < 0)
			line_close(line, now_ms);
		if (!line->bus)
			wait = sooner(wait, retry_left_ms(&line->retry, now_ms));
		else
			wait = sooner(wait, bus_left_ms(line->bus));
	}
	return wait;
}

struct pollfd lock_watch_poll(const struct lock_watch *watch, enum lock_bus bus)
{
	return bus_pollfd(watch->lines[bus].bus);
}

bool lock_watch_read(struct lock_watch *watch, uint64_t now_ms)
{
	bool was_locked;

	for (enum lock_bus i = 0; i < LOCK_BUS_MAX; i++) {
		struct lock_line *line = &watch->lines[i];
		int r = line->bus ? 1 : 0;

		for (unsigned int n = 0; r > 0 && n < MESSAGES_A_ROUND; n++)
			r = sd_bus_process(line->bus, NULL);
		if (r < 0)
			line_close(line, now_ms);
	}
	was_locked = watch->is_locked;
	watch->is_locked = false;
	return was_locked;
}
