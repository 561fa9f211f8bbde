/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/verify/logind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"

#define NAME		 "org.freedesktop.login1"
#define PATH		 "/org/freedesktop/login1"
#define MANAGER		 NAME ".Manager"
#define SESSION		 NAME ".Session"
#define PROPERTIES	 "org.freedesktop.DBus.Properties"
#define MESSAGES_A_ROUND 256
#define ANSWER_US	 UINT64_C(5000000) /* a logind that takes longer hangs */
#define PAUSE_MAX_S	 5

static uint64_t now_us(void)
{
	return clock_steady_ns() / 1000;
}

static void tell(struct logind *logind, bool is_watching, const char *why)
{
	if (logind->is_told && logind->is_watching == is_watching)
		return;
	logind->is_told = true;
	logind->is_watching = is_watching;
	logind->events.watching(is_watching, why, logind->events.userdata);
}

/* What came before is not known any more: a session that was locked meanwhile would not be seen. */
static void lose(struct logind *logind, const char *why)
{
	logind->bus = sd_bus_close_unref(logind->bus);
	sleep_let(&logind->sleep);
	logind->unanswered = 0;
	logind->is_reading = false;
	logind->sessions.count = 0;
	logind->next_us = now_us() + logind->pause_s * UINT64_C(1000000);
	logind->pause_s = logind->pause_s * 2 > PAUSE_MAX_S ? PAUSE_MAX_S : logind->pause_s * 2;
	tell(logind, false, why);
}

static bool property_get(struct session *session, const char *key, sd_bus_message *message)
{
	const char *text = NULL, *path;
	uint64_t number = 0;
	int flag = 0, r = 1;
	uint32_t uid;

	if (!strcmp(key, "User")) {
		r = sd_bus_message_read(message, "v", "(uo)", &uid, &path);
		session->uid = uid;
	} else if (!strcmp(key, "Seat")) {
		r = sd_bus_message_read(message, "v", "(so)", &text, &path);
		if (r >= 0)
			r = snprintf(session->seat, sizeof(session->seat), "%s", text);
	} else if (!strcmp(key, "Active")) {
		r = sd_bus_message_read(message, "v", "b", &flag);
		session->is_active = flag;
	} else if (!strcmp(key, "LockedHint")) {
		r = sd_bus_message_read(message, "v", "b", &flag);
		session->is_locked = flag;
	} else if (!strcmp(key, "IdleSinceHintMonotonic")) {
		r = sd_bus_message_read(message, "v", "t", &number);
		session->idle_since_us = number;
	} else {
		r = sd_bus_message_skip(message, "v");
	}
	return r >= 0;
}

struct hints {
	bool is_idle, is_terminal;
};

static bool hint_get(struct hints *hints, const char *key, sd_bus_message *message)
{
	const char *type = "";
	int flag = 0, r = 1;

	if (!strcmp(key, "IdleHint")) {
		r = sd_bus_message_read(message, "v", "b", &flag);
		hints->is_idle = flag;
	} else if (!strcmp(key, "Type")) {
		r = sd_bus_message_read(message, "v", "s", &type);
		hints->is_terminal = r >= 0 && !strcmp(type, "tty");
	} else {
		return false; /* another one's */
	}
	return r >= 0;
}

static int session_read(sd_bus_message *message, struct session *session)
{
	struct hints hints = {0};
	const char *key;
	int r;

	r = sd_bus_message_enter_container(message, 'a', "{sv}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		r = sd_bus_message_read(message, "s", &key);
		if (r < 0)
			return r;
		if (!hint_get(&hints, key, message) && !property_get(session, key, message))
			return -EBADMSG;
		r = sd_bus_message_exit_container(message);
		if (r < 0)
			return r;
	}
	/* Of a terminal it is when something was typed last; else it means something with the hint. */
	if (!hints.is_terminal && !hints.is_idle)
		session->idle_since_us = 0;
	return r;
}

/* Sessions that were there when the list was made, and not when they were asked for. */
static void forget_gone(struct sessions *sessions)
{
	size_t kept = 0;

	for (size_t i = 0; i < sessions->count; i++)
		if (sessions->list[i].id[0])
			sessions->list[kept++] = sessions->list[i];
	sessions->count = kept;
}

static void finish(struct logind *logind)
{
	static struct sessions before; /* too large for the stack */

	logind->is_reading = false;
	if (logind->is_bad) {
		lose(logind, "systemd-logind's answers can't be read");
		return;
	}
	forget_gone(&logind->reading);
	before = logind->sessions;
	logind->sessions = logind->reading;
	logind->pause_s = 1;
	if (logind->is_watching)
		sessions_compare(
			&before, &logind->sessions, logind->events.ended, logind->events.userdata);
	tell(logind, true, NULL);
}

static void answered(struct logind *logind)
{
	if (logind->unanswered && --logind->unanswered == 0 && logind->is_reading)
		finish(logind);
}

/* Userdata of a call is where its answer goes: a place in the list, which is not moved meanwhile. */
static struct logind *whole; /* the one there is: sd-bus has room for one pointer */

static int on_session(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct session *session = userdata;
	const sd_bus_error *failure = sd_bus_message_get_error(message);

	(void)error; /* for methods that we would serve */
	if (failure && sd_bus_error_has_name(failure, "org.freedesktop.DBus.Error.UnknownObject"))
		session->id[0] = '\0'; /* gone meanwhile; its signal makes us read again */
	else if (failure || session_read(message, session) < 0)
		whole->is_bad = true;
	answered(whole);
	return 0;
}

static int ask_session(struct logind *logind, const char *id, const char *path)
{
	struct session *session = sessions_add(&logind->reading);
	int r;

	if (!session)
		return -ENOSPC;
	(void)snprintf(session->id, sizeof(session->id), "%s", id);
	r = sd_bus_call_method_async(logind->bus, NULL, NAME, path, PROPERTIES, "GetAll",
		on_session, session, "s", SESSION);
	if (r >= 0)
		logind->unanswered++;
	return r;
}

static int ask_sessions(struct logind *logind, sd_bus_message *message)
{
	const char *id, *user, *seat, *path;
	uint32_t uid;
	int r;

	r = sd_bus_message_enter_container(message, 'a', "(susso)");
	while (r >= 0) {
		r = sd_bus_message_read(message, "(susso)", &id, &uid, &user, &seat, &path);
		if (r <= 0)
			return r;
		r = ask_session(logind, id, path);
	}
	return r;
}

static int on_list(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct logind *logind = userdata;

	(void)error; /* as above */
	if (sd_bus_message_get_error(message) || ask_sessions(logind, message) < 0)
		logind->is_bad = true;
	answered(logind);
	return 0;
}

static void read_all(struct logind *logind)
{
	logind->reading.count = 0;
	logind->is_bad = logind->is_stale = false;
	logind->read_us = now_us();
	if (sd_bus_call_method_async(logind->bus, NULL, NAME, PATH, MANAGER, "ListSessions",
		    on_list, logind, NULL) < 0) {
		lose(logind, "systemd-logind can't be asked");
		return;
	}
	logind->is_reading = true;
	logind->unanswered = 1;
}

static int on_change(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct logind *logind = userdata;

	(void)message; /* that there is one is all that is taken from it */
	(void)error;
	logind->is_stale = true;
	return 0;
}

/* Asked to lock: its desktop may take its time, or know nothing of it. */
static int on_lock(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct logind *logind = userdata;
	const char *path = sd_bus_message_get_path(message);

	(void)error;
	for (size_t i = 0; path && i < logind->sessions.count; i++) {
		const struct session *session = &logind->sessions.list[i];
		auto_free char *own = NULL;

		if (sd_bus_path_encode(PATH "/session", session->id, &own) >= 0 &&
			!strcmp(own, path))
			logind->events.ended(
				session->uid, VERIFY_CAUSE_LOCK, logind->events.userdata);
	}
	return on_change(message, userdata, error);
}

static void on_sleep(bool begins, void *userdata)
{
	struct logind *logind = userdata;

	(void)begins; /* what was missed at its beginning is done at its end */
	logind->events.ended(UINT32_MAX, VERIFY_CAUSE_SUSPEND, logind->events.userdata);
}

void logind_init(struct logind *logind, const struct logind_events *events)
{
	*logind = (struct logind){.events = *events, .pause_s = 1};
	sleep_init(&logind->sleep, on_sleep, logind);
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const char *name, *before, *after;

	if (sd_bus_message_read(message, "sss", &name, &before, &after) < 0 || after[0])
		return on_change(message, userdata, error);
	((struct logind *)userdata)->is_bad = true;
	return on_change(message, userdata, error);
}

static int follow(struct logind *logind)
{
	static const struct {
		const char *sender, *path, *interface, *member;
		sd_bus_message_handler_t handler;
	} signals[] = {
		{NAME, NULL, SESSION, "Lock", on_lock},
		{NAME, NULL, PROPERTIES, "PropertiesChanged", on_change},
		{NAME, PATH, MANAGER, "SessionNew", on_change},
		{NAME, PATH, MANAGER, "SessionRemoved", on_change},
	};
	int r = sd_bus_add_match_async(logind->bus, NULL,
		"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" NAME
		"'",
		on_owner, NULL, logind);

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]) && r >= 0; i++)
		r = sd_bus_match_signal_async(logind->bus, NULL, signals[i].sender, signals[i].path,
			signals[i].interface, signals[i].member, signals[i].handler, NULL, logind);
	return r;
}

static void begin(struct logind *logind)
{
	int r;

	whole = logind;
	r = sd_bus_open_system(&logind->bus);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(logind->bus, ANSWER_US);
	if (r >= 0)
		r = follow(logind);
	if (r >= 0)
		r = sleep_follow(&logind->sleep, logind->bus);
	if (r < 0) {
		lose(logind, "there is no system bus");
		return;
	}
	read_all(logind);
}

static void process(struct logind *logind)
{
	for (unsigned int i = 0; i < MESSAGES_A_ROUND && logind->bus; i++) {
		int r = sd_bus_process(logind->bus, NULL);

		if (r < 0)
			lose(logind, "the system bus is gone");
		if (r <= 0)
			return;
	}
}

int logind_tick(struct logind *logind, uint64_t idle_us)
{
	uint64_t now = now_us(), deadline_us = UINT64_MAX, wait_us;

	if (!logind->bus && now >= logind->next_us)
		begin(logind);
	process(logind);
	if (logind->bus && logind->is_bad && !logind->is_reading)
		lose(logind, "systemd-logind has ended");
	if (logind->bus && !logind->is_reading &&
		(logind->is_stale || (idle_us && now - logind->read_us >= idle_us)))
		read_all(logind);
	if (!logind->bus)
		return logind->next_us > now ? (int)((logind->next_us - now) / 1000) + 1 : 0;
	if (sd_bus_get_timeout(logind->bus, &deadline_us) < 0)
		return 0;
	wait_us = deadline_us == UINT64_MAX ? UINT64_MAX
		  : deadline_us > now	    ? deadline_us - now
					    : 0;
	if (idle_us && idle_us < wait_us)
		wait_us = idle_us;
	return wait_us == UINT64_MAX ? -1 : (int)(wait_us / 1000) + 1;
}

struct pollfd logind_poll(const struct logind *logind)
{
	int events = logind->bus ? sd_bus_get_events(logind->bus) : 0;

	return (struct pollfd){logind->bus ? sd_bus_get_fd(logind->bus) : -1,
		(short)(events < 0 ? POLLIN : events), 0};
}
