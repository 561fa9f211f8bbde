/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ipc/sleep.h"

#include <errno.h>
#include <fcntl.h>

#include "common/cleanup.h"

#define NAME	   "org.freedesktop.login1"
#define PATH	   "/org/freedesktop/login1"
#define MANAGER	   NAME ".Manager"
#define PROPERTIES "org.freedesktop.DBus.Properties"

void sleep_init(
	struct sleep_watch *sleep, void (*changed)(bool begins, void *userdata), void *userdata)
{
	*sleep = (struct sleep_watch){
		.changed = changed, .userdata = userdata, .inhibitor_fd = -EBADF};
}

void sleep_let(struct sleep_watch *sleep)
{
	cleanup_close(&sleep->inhibitor_fd);
	sleep->inhibitor_fd = -EBADF;
}

static int on_inhibitor(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct sleep_watch *sleep = userdata;
	int fd;

	(void)error; /* for methods that we would serve */
	/* Refused, the machine may sleep before we have acted; then we do when it wakes up. */
	if (sd_bus_message_get_error(message) || sd_bus_message_read(message, "h", &fd) < 0)
		return 0;
	sleep_let(sleep);
	sleep->inhibitor_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3); /* the message has its own */
	return 0;
}

static int hold(struct sleep_watch *sleep, sd_bus *bus)
{
	return sd_bus_call_method_async(bus, NULL, NAME, PATH, MANAGER, "Inhibit", on_inhibitor,
		sleep, "ssss", "sleep", "Holdfast", "Shuts protected files", "delay");
}

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct sleep_watch *sleep = userdata;
	int begins = 1;

	(void)error;
	(void)sd_bus_message_read(message, "b", &begins); /* what can't be read is a beginning */
	sleep->changed(begins, sleep->userdata);
	if (!begins)
		(void)hold(sleep, sd_bus_message_get_bus(message)); /* as when it is refused */
	return 0;
}

/* One that began before anybody followed: its signal is gone. */
static int on_property(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct sleep_watch *sleep = userdata;
	int begins = 0;

	(void)error;
	if (!sd_bus_message_get_error(message) &&
		sd_bus_message_read(message, "v", "b", &begins) >= 0 && begins)
		sleep->changed(true, sleep->userdata);
	return 0;
}

int sleep_follow(struct sleep_watch *sleep, sd_bus *bus)
{
	int r = sd_bus_match_signal_async(
		bus, NULL, NAME, PATH, MANAGER, "PrepareForSleep", on_signal, NULL, sleep);

	if (r >= 0)
		r = hold(sleep, bus);
	if (r >= 0)
		r = sd_bus_call_method_async(bus, NULL, NAME, PATH, PROPERTIES, "Get", on_property,
			sleep, "ss", MANAGER, "PreparingForSleep");
	return r < 0 ? r : 0;
}
