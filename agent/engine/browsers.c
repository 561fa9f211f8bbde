/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/engine/browsers.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/engine/engine.h"
#include "agent/engine/json.h"
#include "agent/ipc/browser.h"
#include "common/cleanup.h"
#include "common/clock.h"

#define ASK_NS	   CLOCK_SECOND_NS
#define MISSING_NS (30 * CLOCK_SECOND_NS) /* not started for so long: told */

struct browsers {
	struct channel channel; /* fd -EBADF: holdfast-browser does not run */
	uint64_t policy_count;	/* what was asked for last is of that one; 0 = nothing was */
	bool is_settled;	/* nothing is wanted of it any more */
	bool has_state;
	struct browser_state state;
	uint64_t asked_ns, missing_ns; /* missing: wanted and not there since; 0 = it is there */
};

int browsers_new(struct browsers **ret_browsers)
{
	struct browsers *browsers = calloc(1, sizeof(*browsers));

	if (!browsers)
		return -ENOMEM;
	browsers->channel.fd = -EBADF;
	*ret_browsers = browsers;
	return 0;
}

static uint8_t wanted(const struct engine *engine)
{
	return engine->policy ? engine->policy->browser.browsers : 0;
}

/* Its own directory is there from its first start on: who never had it run has nothing to take back. */
static bool was_ever_here(const struct engine *engine)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s" BROWSER_STATE_SUFFIX, engine->state_directory);
	return access(path, F_OK) == 0;
}

static void detach(struct engine *engine, const char *why)
{
	struct browsers *browsers = engine->browsers;

	channel_done(&browsers->channel);
	browsers->channel.fd = -EBADF;
	if (why)
		failure_note(engine, FAILURE_BROWSERS, "holdfast-browser: %s", why);
}

static void send_want(struct engine *engine)
{
	const struct policy_browser_rules *from = &engine->policy->browser;
	struct browsers *browsers = engine->browsers;
	static struct browser_want want;
	static uint8_t buffer[sizeof(want) + 64];
	struct bytes_writer frame;

	browsers->policy_count = engine->policy_count;
	browsers->is_settled = browsers->has_state = false;
	if (browsers->channel.fd < 0)
		return;
	want = (struct browser_want){
		.browsers = from->browsers, .domain_count = from->domain_count};
	for (size_t i = 0; i < from->domain_count; i++)
		(void)snprintf(want.domains[i], sizeof(want.domains[i]), "%s", from->domains[i]);
	wire_begin(&frame, buffer, sizeof(buffer), BROWSER_WANT);
	browser_put_want(&frame, &want);
	if (channel_send(&browsers->channel, &frame, -1) < 0)
		detach(engine, "it does not read");
}

void browsers_take(struct engine *engine, int fd)
{
	struct browsers *browsers = engine->browsers;

	if (browsers->channel.fd >= 0 || !engine->policy) {
		(void)close(fd); /* it is not wanted, and ends */
		return;
	}
	channel_init(&browsers->channel, fd, 0);
	browsers->missing_ns = 0;
	send_want(engine);
}

static void send_guard(struct engine *engine)
{
	struct bytes_writer frame;

	link_begin(&frame, MESSAGE_BROWSERS);
	bytes_put_u8(&frame, engine->browsers->state.in_place);
	link_send(engine, &frame, -1);
}

static void on_state(struct engine *engine, const struct browser_state *state)
{
	struct browsers *browsers = engine->browsers;
	bool has_failed = false;

	for (unsigned int i = 0; i < BROWSER_MAX; i++) {
		const struct browser_file *file = browser_file(i);

		has_failed |= state->errors[i] < 0;
		if (state->errors[i] < 0 &&
			(!browsers->has_state || browsers->state.errors[i] != state->errors[i]))
			failure_note(engine, FAILURE_BROWSERS, "%s/%s: %s", file->directory,
				file->file, strerror(-state->errors[i]));
	}
	browsers->state = *state;
	browsers->has_state = true;
	browsers->is_settled = !wanted(engine) && !has_failed;
	send_guard(engine);
	if (browsers->is_settled)
		detach(engine, NULL);
}

static void on_drift(struct engine *engine, const struct browser_drift *drift)
{
	if (drift->kind == BROWSER_OVERRIDDEN)
		failure_note(engine, FAILURE_BROWSER_RIVAL, "%s", drift->path);
	else
		failure_note(engine, FAILURE_BROWSER_DRIFT, "%s was %s", drift->path,
			drift->kind == BROWSER_REMOVED ? "removed" : "changed");
}

/* False when it is none that holdfast-browser may send. */
static bool on_message(struct engine *engine, uint16_t type, struct bytes_reader *payload)
{
	struct browser_state state;
	struct browser_drift drift;

	switch (type) {
	case BROWSER_STATE:
		browser_get_state(payload, &state);
		if (!bytes_is_done(payload))
			return false;
		on_state(engine, &state);
		return true;
	case BROWSER_DRIFT:
		browser_get_drift(payload, &drift);
		if (!bytes_is_done(payload))
			return false;
		on_drift(engine, &drift);
		return true;
	default:
		return false;
	}
}

struct pollfd browsers_poll(const struct engine *engine)
{
	const struct channel *channel = &engine->browsers->channel;

	return (struct pollfd){channel->fd, channel->fd < 0 ? 0 : channel_events(channel), 0};
}

void browsers_on_poll(struct engine *engine, short events)
{
	struct channel *channel = &engine->browsers->channel;
	uint8_t packet[WIRE_HEADER_SIZE + sizeof(struct browser_drift) + 64];

	if ((events & POLLOUT) && channel->fd >= 0 && channel_flush(channel) < 0)
		detach(engine, "it does not read");
	while ((events & (POLLIN | POLLHUP | POLLERR)) && channel->fd >= 0) {
		struct bytes_reader payload;
		auto_close int fd = -EBADF; /* none is expected */
		uint16_t type;
		int size = channel_receive(channel, packet, sizeof(packet), &fd);

		if (size == -EAGAIN || size == -EINTR)
			return;
		if (size <= 0)
			detach(engine, "it ended, and is started again");
		else if (wire_open(packet, (size_t)size, &type, &payload) < 0 ||
			 !on_message(engine, type, &payload))
			detach(engine, "it sent what it may not");
	}
}

static void ask_for_it(struct engine *engine, uint64_t now)
{
	struct browsers *browsers = engine->browsers;

	if (!browsers->missing_ns)
		browsers->missing_ns = now;
	if (browsers->missing_ns != UINT64_MAX && now - browsers->missing_ns >= MISSING_NS) {
		browsers->missing_ns = UINT64_MAX;
		failure_note(engine, FAILURE_BROWSERS, "holdfast-browser can't be started");
	}
	if (browsers->asked_ns && now - browsers->asked_ns < ASK_NS)
		return;
	browsers->asked_ns = now;
	(void)send(engine->supervisor_fd, &(const char){BROWSER_LETTER}, 1,
		MSG_DONTWAIT | MSG_NOSIGNAL); /* asked again */
}

void browsers_tick(struct engine *engine)
{
	struct browsers *browsers = engine->browsers;

	if (!engine->policy || !engine->has_hello)
		return;
	if (browsers->policy_count != engine->policy_count) {
		send_want(engine);
		browsers->is_settled = !wanted(engine) && !was_ever_here(engine);
	}
	if (!browsers->is_settled && browsers->channel.fd < 0)
		ask_for_it(engine, clock_boot_ns());
}

struct json_object *browsers_status(const struct engine *engine)
{
	const struct browsers *browsers = engine->browsers;
	struct json_object *list, *domains;

	if (!wanted(engine))
		return NULL;
	list = json_object_new_array();
	for (unsigned int i = 0; i < BROWSER_MAX; i++) {
		struct json_object *line;
		const char *state = "the file is not written yet";

		if (!(wanted(engine) >> i & 1))
			continue;
		if (browsers->has_state && browsers->state.errors[i])
			state = strerror(-browsers->state.errors[i]);
		else if (browsers->has_state && browsers->state.overridden >> i & 1)
			state = "another file in its directory says something else";
		else if (browsers->has_state && browsers->state.in_place >> i & 1)
			state = "";
		line = json_object_new_object();
		json_add_text(line, "browser", browser_file(i)->name);
		json_add_bool(line, "bound", !*state);
		json_add_text(line, "why", state);
		domains = json_object_new_array();
		for (size_t j = 0; j < engine->policy->browser.domain_count; j++)
			(void)json_object_array_add(domains,
				json_object_new_string(engine->policy->browser.domains[j]));
		json_add(line, "domains", domains);
		(void)json_object_array_add(list, line);
	}
	return list;
}
