/* SPDX-License-Identifier: Apache-2.0 */
/* D-Bus Specification, org.freedesktop.DBus.Monitoring: a connection that only listens. */
#include "agent/session/bus_watch.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/session/wait.h"
#include "agent/ipc/capture.h"

#define DRIVER_NAME	 "org.freedesktop.DBus"
#define DRIVER_PATH	 "/org/freedesktop/DBus"
#define MESSAGES_A_ROUND 64

static const char *const rules[] = {
	"type='method_call',interface='org.freedesktop.portal.Screenshot'",
	"type='method_call',interface='org.freedesktop.portal.ScreenCast'",
	"type='method_call',interface='org.freedesktop.portal.RemoteDesktop'",
	"type='method_call',interface='org.gnome.Shell.Screenshot'",
	"type='method_call',interface='org.gnome.Shell.Screencast'",
	"type='method_call',interface='org.gnome.Mutter.ScreenCast.Session'",
	"type='method_call',interface='org.gnome.Mutter.RemoteDesktop.Session'",
	"type='method_call',interface='org.kde.KWin.ScreenShot2'",
	"type='method_call',interface='org.kde.kwin.Screenshot'",
};

/* sd_bus_open_user() knows nothing of monitors: the same by its parts. */
static int open_monitor(sd_bus *asking, sd_bus **ret_monitor)
{
	const char *address;
	int r;

	r = sd_bus_get_address(asking, &address);
	if (r >= 0)
		r = sd_bus_new(ret_monitor);
	if (r >= 0)
		r = sd_bus_set_address(*ret_monitor, address);
	if (r >= 0)
		r = sd_bus_set_monitor(*ret_monitor, true);
	if (r >= 0)
		r = sd_bus_set_bus_client(*ret_monitor, true);
	if (r >= 0)
		r = sd_bus_start(*ret_monitor);
	return r;
}

static int become_monitor(sd_bus *monitor)
{
	sd_bus_message *message = NULL;
	int r;

	r = sd_bus_message_new_method_call(monitor, &message, DRIVER_NAME, DRIVER_PATH,
		"org.freedesktop.DBus.Monitoring", "BecomeMonitor");
	if (r >= 0)
		r = sd_bus_message_open_container(message, 'a', "s");
	for (size_t i = 0; r >= 0 && i < sizeof(rules) / sizeof(rules[0]); i++)
		r = sd_bus_message_append_basic(message, 's', rules[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(message);
	if (r >= 0)
		r = sd_bus_message_append(message, "u", 0);
	if (r >= 0)
		r = sd_bus_call(monitor, message, 0, NULL, NULL);
	(void)sd_bus_message_unref(message); /* always NULL */
	return r;
}

int bus_watch_begin(struct bus_watch *watch)
{
	int r;

	*watch = (struct bus_watch){0};
	r = sd_bus_open_user_with_description(&watch->asking, "holdfast-session");
	if (r >= 0)
		r = open_monitor(watch->asking, &watch->monitor);
	if (r >= 0)
		r = become_monitor(watch->monitor);
	if (r < 0)
		bus_watch_end(watch);
	return r < 0 ? r : 0;
}

void bus_watch_end(struct bus_watch *watch)
{
	watch->monitor = sd_bus_close_unref(watch->monitor);
	watch->asking = sd_bus_close_unref(watch->asking);
}

struct pollfd bus_watch_poll(const struct bus_watch *watch)
{
	return bus_pollfd(watch->monitor);
}

int bus_watch_left_ms(const struct bus_watch *watch)
{
	return bus_left_ms(watch->monitor);
}

static uint32_t process_of(struct bus_watch *watch, const char *name)
{
	sd_bus_message *answer = NULL;
	uint32_t pid = 0;

	if (sd_bus_call_method(watch->asking, DRIVER_NAME, DRIVER_PATH, DRIVER_NAME,
		    "GetConnectionUnixProcessID", NULL, &answer, "s", name) >= 0)
		(void)sd_bus_message_read_basic(answer, 'u', &pid); /* else nobody knows */
	(void)sd_bus_message_unref(answer);			    /* always NULL */
	return pid;
}

static void on_message(
	struct bus_watch *watch, sd_bus_message *message, struct teller *teller, uint64_t now_ms)
{
	const char *sender = sd_bus_message_get_sender(message);
	struct capture capture = {.method = bus_call_method(sd_bus_message_get_interface(message),
					  sd_bus_message_get_member(message))};

	if (capture.method == CAPTURE_NONE || !sender)
		return;
	capture.pid = process_of(watch, sender);
	capture_program(&capture);
	teller_add(teller, &capture, now_ms);
}

int bus_watch_read(struct bus_watch *watch, struct teller *teller, uint64_t now_ms)
{
	sd_bus_message *message;
	int r = 1;

	for (unsigned int i = 0; r > 0 && i < MESSAGES_A_ROUND; i++) {
		message = NULL;
		r = sd_bus_process(watch->monitor, &message);
		if (r > 0 && message)
			on_message(watch, message, teller, now_ms);
		(void)sd_bus_message_unref(message); /* always NULL */
	}
	return r < 0 ? r : 0;
}
