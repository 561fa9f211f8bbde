/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.freedesktop.Notifications (Desktop Notifications Specification 1.2) and, for following a
 * rule's link, org.freedesktop.portal.OpenURI: the desktop opens it, this process starts nothing.
 */
#include "agent/session/bus.h"

#include <string.h>

#include "agent/session/wait.h"
#include "common/log.h"

#define SERVER_NAME	 "org.freedesktop.Notifications"
#define SERVER_PATH	 "/org/freedesktop/Notifications"
#define PORTAL_NAME	 "org.freedesktop.portal.Desktop"
#define PORTAL_PATH	 "/org/freedesktop/portal/desktop"
#define LINK_ACTION	 "open-link"
#define ABILITIES_MAX	 64  /* read of what a server says */
#define MESSAGES_A_ROUND 256 /* of the bus, before others have their turn */
#define ANSWER_USEC	 (UINT64_C(15) * 1000 * 1000) /* a server that takes longer hangs */

void bus_init(struct session_bus *bus, struct notices *notices)
{
	*bus = (struct session_bus){.notices = notices};
}

static void bus_close(struct session_bus *bus)
{
	bus->bus = sd_bus_flush_close_unref(bus->bus);
	bus->has_name = bus->has_server = bus->is_asking = false;
	for (int i = 0; i < NOTICES_MAX; i++)
		if (bus->notices->slots[i].is_sending)
			notices_failed(bus->notices, i);
	notices_forget_ids(bus->notices);
}

void bus_done(struct session_bus *bus)
{
	bus_close(bus);
}

static void server_is_gone(struct session_bus *bus, const char *why)
{
	bus->has_server = false;
	notices_forget_ids(bus->notices);
	if (retry_later(&bus->server_retry, bus->now_ms, BUS_SERVER_RETRY_MAX_MS))
		log_warning(
			"no notification server on the session bus: %s; 'holdfast why' says what "
			"was refused, trying again quietly",
			why);
}

static int read_abilities(sd_bus_message *message, struct notice_abilities *ret_abilities)
{
	struct notice_abilities abilities = {0};
	const char *word;
	int r;

	r = sd_bus_message_enter_container(message, 'a', "s");
	if (r < 0)
		return r;
	for (unsigned int i = 0; i < ABILITIES_MAX; i++) {
		r = sd_bus_message_read_basic(message, 's', &word);
		if (r < 0)
			return r;
		if (r == 0)
			break;
		abilities.has_markup |= !strcmp(word, "body-markup");
		abilities.has_hyperlinks |= !strcmp(word, "body-hyperlinks");
		abilities.has_actions |= !strcmp(word, "actions");
	}
	*ret_abilities = abilities;
	return 0;
}

static int on_abilities(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct session_bus *bus = userdata;
	const sd_bus_error *failure = sd_bus_message_get_error(message);
	int r;

	(void)error; /* for methods that we would serve */
	bus->is_asking = false;
	if (failure) {
		server_is_gone(bus, failure->message ? failure->message : failure->name);
		return 0;
	}
	r = read_abilities(message, &bus->abilities);
	if (r < 0) {
		server_is_gone(bus, strerror(-r));
		return 0;
	}
	bus->has_server = true;
	if (retry_done(&bus->server_retry))
		log_notice("the notification server is there");
	return 0;
}

static void ask_abilities(struct session_bus *bus)
{
	int r;

	r = sd_bus_call_method_async(bus->bus, NULL, SERVER_NAME, SERVER_PATH, SERVER_NAME,
		"GetCapabilities", on_abilities, bus, NULL);
	if (r < 0)
		server_is_gone(bus, strerror(-r));
	bus->is_asking = r >= 0;
}

static int on_shown(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct bus_call *call = userdata;
	const sd_bus_error *failure = sd_bus_message_get_error(message);
	uint32_t id = 0;

	(void)error; /* as above */
	if (failure || sd_bus_message_read_basic(message, 'u', &id) < 0) {
		notices_failed(call->bus->notices, call->slot);
		server_is_gone(call->bus, failure ? failure->name : "its answer is none");
		return 0;
	}
	notices_shown(call->bus->notices, call->slot, id, call->bus->now_ms);
	return 0;
}

static int append_notice(sd_bus_message *message, const struct notice *notice)
{
	int r;

	r = sd_bus_message_append(message, "susss", "Holdfast", notice->replaces, notice->icon,
		notice->summary, notice->body);
	if (r < 0)
		return r;
	if (notice->has_link_action)
		r = sd_bus_message_append(message, "as", 2, LINK_ACTION, "Read the rule");
	else
		r = sd_bus_message_append(message, "as", 0);
	if (r < 0)
		return r;
	return sd_bus_message_append(message, "a{sv}i", 3, "urgency", "y", notice->urgency,
		"category", "s", "x-holdfast.refused", "desktop-entry", "s", "holdfast-session",
		-1);
}

static int send_notice(struct session_bus *bus, int slot)
{
	static struct notice notice;
	sd_bus_message *message = NULL;
	int r;

	notice_format(&bus->notices->slots[slot], slot == NOTICES_REST, &bus->abilities, &notice);
	r = sd_bus_message_new_method_call(
		bus->bus, &message, SERVER_NAME, SERVER_PATH, SERVER_NAME, "Notify");
	if (r >= 0)
		r = append_notice(message, &notice);
	if (r >= 0)
		r = sd_bus_call_async(
			bus->bus, NULL, message, on_shown, &bus->calls[slot], ANSWER_USEC);
	(void)sd_bus_message_unref(message); /* always NULL */
	return r;
}

static void show(struct session_bus *bus)
{
	int slot, r;

	while (bus->has_server && (slot = notices_next(bus->notices, bus->now_ms)) >= 0) {
		bus->calls[slot] = (struct bus_call){bus, slot};
		r = send_notice(bus, slot);
		if (r < 0) {
			notices_failed(bus->notices, slot);
			server_is_gone(bus, strerror(-r));
		}
	}
}

static int on_closed(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct session_bus *bus = userdata;
	uint32_t id;

	(void)error; /* as above */
	if (sd_bus_message_read_basic(message, 'u', &id) > 0)
		notices_closed(bus->notices, id);
	return 0;
}

static int on_portal(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	static struct log_limit limit = {.burst = 1};
	const sd_bus_error *failure = sd_bus_message_get_error(message);

	(void)userdata; /* none */
	(void)error;	/* as above */
	if (failure && log_allowed(&limit))
		log_notice("the desktop opens no links for us: %s; it stands in the notice",
			failure->name);
	return 0;
}

static int on_action(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct session_bus *bus = userdata;
	const char *action, *link;
	uint32_t id;

	(void)error; /* as above */
	if (sd_bus_message_read(message, "us", &id, &action) < 0 ||
		strcmp(action, LINK_ACTION) != 0)
		return 0;
	link = notices_link(bus->notices, id);
	if (link)
		(void)sd_bus_call_method_async(bus->bus, NULL, PORTAL_NAME, PORTAL_PATH,
			"org.freedesktop.portal.OpenURI", "OpenURI", on_portal, bus, "ssa{sv}", "",
			link, 0); /* the link stands in the notice too */
	return 0;
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct session_bus *bus = userdata;
	const char *name, *before, *now;

	(void)error; /* as above */
	if (sd_bus_message_read(message, "sss", &name, &before, &now) < 0 ||
		strcmp(name, SERVER_NAME) != 0)
		return 0;
	notices_forget_ids(bus->notices);
	if (!now[0]) {
		server_is_gone(bus, "it ended");
		return 0;
	}
	bus->server_retry.at_ms = 0; /* ask it now */
	bus->has_server = false;
	return 0;
}

static int on_name(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct session_bus *bus = userdata;
	uint32_t answer;

	(void)error; /* as above */
	if (sd_bus_message_is_method_error(message, NULL) ||
		sd_bus_message_read_basic(message, 'u', &answer) <= 0) {
		bus->is_refused = true;
		return 0;
	}
	/* D-Bus Specification, RequestName: 1 primary owner, 2 in queue, 3 exists, 4 already. */
	bus->has_name = answer == 1 || answer == 4;
	if (!bus->has_name)
		bus->end = BUS_NAME_TAKEN;
	return 0;
}

/* Signals come from the owner of the server's name only: the bus looks it up. */
static int subscribe(struct session_bus *bus)
{
	int r;

	r = sd_bus_match_signal_async(bus->bus, NULL, SERVER_NAME, SERVER_PATH, SERVER_NAME,
		"NotificationClosed", on_closed, NULL, bus);
	if (r >= 0)
		r = sd_bus_match_signal_async(bus->bus, NULL, SERVER_NAME, SERVER_PATH, SERVER_NAME,
			"ActionInvoked", on_action, NULL, bus);
	if (r >= 0)
		r = sd_bus_match_signal_async(bus->bus, NULL, "org.freedesktop.DBus",
			"/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged",
			on_owner, NULL, bus);
	if (r >= 0)
		r = sd_bus_request_name_async(bus->bus, NULL, BUS_NAME, 0, on_name, bus);
	return r;
}

static void bus_later(struct session_bus *bus, const char *why)
{
	bus_close(bus);
	if (retry_later(&bus->bus_retry, bus->now_ms, BUS_RETRY_MAX_MS))
		log_warning(
			"no session bus: %s; 'holdfast why' says what was refused, trying again "
			"quietly",
			why);
}

static void open_bus(struct session_bus *bus)
{
	int r;

	bus->is_refused = false;
	r = sd_bus_open_user_with_description(&bus->bus, "holdfast-session");
	if (r >= 0)
		r = subscribe(bus);
	if (r < 0)
		bus_later(bus, strerror(-r));
}

static void read_bus(struct session_bus *bus)
{
	int r = 1;

	for (unsigned int i = 0; r > 0 && i < MESSAGES_A_ROUND; i++)
		r = sd_bus_process(bus->bus, NULL);
	if (bus->end != BUS_GOES_ON)
		return;
	if (r < 0 && bus->has_name)
		bus->end = BUS_GONE;
	else if (r < 0)
		bus_later(bus, strerror(-r));
	else if (bus->is_refused)
		bus_later(bus, "it refuses us the name " BUS_NAME);
	else if (bus->has_name && retry_done(&bus->bus_retry))
		log_notice("the session bus is there");
}

int bus_tick(struct session_bus *bus, uint64_t now_ms)
{
	int wait = -1;

	bus->now_ms = now_ms;
	if (!bus->bus && retry_left_ms(&bus->bus_retry, now_ms) == 0)
		open_bus(bus);
	if (bus->bus)
		read_bus(bus);
	if (bus->end != BUS_GOES_ON)
		return 0;
	if (!bus->bus)
		return retry_left_ms(&bus->bus_retry, now_ms);
	if (bus->has_name && !bus->has_server && !bus->is_asking) {
		if (retry_left_ms(&bus->server_retry, now_ms) == 0)
			ask_abilities(bus);
		else
			wait = retry_left_ms(&bus->server_retry, now_ms);
	}
	if (bus->has_server) {
		show(bus);
		wait = notices_wait_ms(bus->notices, now_ms);
	}
	return sooner(wait, bus_left_ms(bus->bus));
}

struct pollfd bus_poll(const struct session_bus *bus)
{
	return bus_pollfd(bus->bus);
}
