/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/engine/zones.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/engine/engine.h"
#include "agent/engine/gates.h"
#include "agent/engine/json.h"
#include "agent/engine/zones_private.h"
#include "common/cleanup.h"
#include "common/clock.h"

#define ASK_NS	 (CLOCK_SECOND_NS / 2)
#define QUIET_NS CLOCK_SECOND_NS /* after a change of the network nothing opens before */

static uint8_t buffer[WIRE_FRAME_MAX]; /* of the one message being written to scout */

int zones_start(struct engine *engine)
{
	struct zones *zones = calloc(1, sizeof(*zones));

	if (!zones)
		return -ENOMEM;
	zones->scout.fd = -EBADF;
	engine->zones = zones;
	names_load(engine);
	return 0;
}

static bool has_zones(const struct engine *engine)
{
	return engine->policy && engine->policy->zone_count;
}

/* The policy has zones and nobody tells of the network: the supervisor starts scout. */
static void ask_for_scout(struct engine *engine)
{
	uint64_t now = clock_boot_ns();

	if (engine->zones->has_scout || now - engine->zones->asked_ns < ASK_NS)
		return;
	engine->zones->asked_ns = now;
	(void)send(engine->supervisor_fd, &(const char){SCOUT_LETTER}, 1,
		MSG_DONTWAIT | MSG_NOSIGNAL); /* asked again */
}

static void send_shut(struct engine *engine)
{
	struct bytes_writer frame;

	if (!engine->is_published || engine->zones->is_between || !engine->policy->service_count)
		return;
	link_begin(&frame, MESSAGE_SHUT);
	bytes_put_u64(&frame, engine->policy->version);
	bytes_put_u64(&frame, policy_zones_services(engine->policy, engine->zones->present));
	link_send(engine, &frame, -1);
}

static struct json_object *zones_json(const struct policy_compiled *policy, uint64_t zones)
{
	struct json_object *names = json_object_new_array();

	for (size_t i = 0; i < policy->zone_count; i++)
		if (zones >> i & 1)
			(void)json_object_array_add(
				names, json_object_new_string(policy->zones[i].name));
	return names;
}

static struct json_object *services_json(const struct policy_compiled *policy, uint64_t services)
{
	struct json_object *names = json_object_new_array();

	for (size_t i = 0; i < policy->service_count; i++)
		if (services >> i & 1)
			(void)json_object_array_add(
				names, json_object_new_string(policy->services[i].name));
	return names;
}

static void note_change(struct engine *engine, uint64_t before)
{
	struct zones *zones = engine->zones;
	struct event_note note = {.kind = EVENT_ZONE, .status_code = "zone"};
	char names[256], text[EVENT_TEXT_MAX];
	struct json_object *details = json_object_new_object();

	policy_zone_names(engine->policy, zones->present, names, sizeof(names));
	(void)snprintf(text, sizeof(text), "the network is now of %s%s",
		zones->present ? "zone: " : "no zone", names);
	note.message = text;
	json_add(details, "zones", zones_json(engine->policy, zones->present));
	json_add(details, "zones_before", zones_json(engine->policy, before));
	json_add(details, "services_shut",
		services_json(
			engine->policy, policy_zones_services(engine->policy, zones->present)));
	note.details = details;
	(void)journal_note(engine, &note); /* counted there */
	(void)json_object_put(details);	   /* the event had its own reference */
	log_notice("%s", text);
	zones->is_told = true;
}

/* What shuts goes first, then the event. */
static void present_set(struct engine *engine, uint64_t present)
{
	struct zones *zones = engine->zones;
	uint64_t before = zones->present;

	zones->present = present;
	gates_set_out_of_zone(engine, policy_zones_labels(engine->policy, present));
	if (present != before)
		send_shut(engine);
	if (present != before || !zones->is_told)
		note_change(engine, before);
}

void zones_evaluate(struct engine *engine)
{
	struct zones *zones = engine->zones;
	bool is_quiet = clock_boot_ns() >= zones->quiet_ns;

	if (!has_zones(engine))
		return;
	zones->facts.is_known = zones->has_scout && zones->has_network && zones->has_suffixes;
	policy_zones_evaluate(engine->policy, &zones->facts, &zones->state);
	if (!zones->facts.is_known && !zones->present)
		return; /* at the start: shut, as it was; told when there is something to tell */
	present_set(
		engine, is_quiet ? zones->state.present : zones->state.present & zones->present);
}

static void send_want(struct engine *engine)
{
	static struct scout_want want; /* too large for the stack */
	struct zones *zones = engine->zones;
	struct bytes_writer frame;

	if (!zones->has_scout || !has_zones(engine))
		return;
	names_fill(engine, &want);
	want.wants_mac = false;
	for (size_t i = 0; i < engine->policy->zone_count; i++)
		for (size_t j = 0; j < engine->policy->zones[i].gateway_count; j++)
			want.wants_mac |= engine->policy->zones[i].gateways[j].has_mac;
	wire_begin(&frame, buffer, sizeof(buffer), SCOUT_WANT);
	scout_put_want(&frame, &want);
	(void)channel_send(&zones->scout, &frame, -1); /* gone: seen when read */
}

/* One frame from `at` on; how far it goes. */
static size_t send_some(struct engine *engine, const struct zone_table *table, size_t at)
{
	size_t count = table->count - at;
	struct bytes_writer frame;

	if (count > MESSAGE_DEST_MAX)
		count = MESSAGE_DEST_MAX;
	link_begin(&frame, MESSAGE_SERVICES);
	bytes_put_u64(&frame, engine->policy->version);
	bytes_put_u8(&frame, (uint8_t)((at == 0 ? MESSAGE_SERVICES_FIRST : 0) |
				       (at + count == table->count ? MESSAGE_SERVICES_LAST : 0)));
	bytes_put_u64(&frame, policy_zones_services(engine->policy, engine->zones->present));
	bytes_put_u64(&frame, engine->policy->services_rehearsed);
	bytes_put_u32(&frame, (uint32_t)count);
	for (size_t end = at + count; at < end; at++) {
		bytes_put_blob(&frame, &table->dests[at].key, sizeof(table->dests[at].key));
		bytes_put_blob(&frame, &table->dests[at].dest, sizeof(table->dests[at].dest));
	}
	link_send(engine, &frame, -1);
	return at;
}

void zones_publish(struct engine *engine)
{
	auto_free struct zone_resolved *resolved = NULL;
	struct zone_table table;
	size_t count, at = 0;
	int r;

	engine->zones->is_table_old = engine->zones->is_between = false;
	if (!engine->policy->service_count)
		return; /* the sensor takes that for none */
	resolved = names_resolved(engine, &count);
	r = policy_services_table(engine->policy, resolved, count, &table);
	if (r < 0) {
		failure_note(engine, FAILURE_SERVICES, "%s", strerror(-r));
		r = policy_services_table(engine->policy, NULL, 0, &table);
	}
	if (r < 0)
		return; /* told */
	do
		at = send_some(engine, &table, at);
	while (at < table.count);
	free(table.dests);
}

/* It ends by that, and what it told counts no more. */
static void scout_done(struct zones *zones)
{
	channel_done(&zones->scout);
	zones->has_scout = zones->has_network = zones->has_suffixes = false;
}

void zones_on_policy(struct engine *engine)
{
	struct zones *zones = engine->zones;

	zones->is_between = true;
	zones->present = 0;
	zones->is_told = false;
	zones->state = (struct zone_state){0};
	beacons_policy(engine);
	if (!has_zones(engine)) {
		scout_done(zones);
		gates_set_out_of_zone(engine, 0);
		return;
	}
	gates_set_out_of_zone(engine, policy_zones_labels(engine->policy, 0));
	send_want(engine);
	zones_evaluate(engine);
}

void zones_take_scout(struct engine *engine, int fd)
{
	struct zones *zones = engine->zones;

	if (zones->has_scout || !has_zones(engine)) {
		(void)close(fd); /* it is not wanted, and ends */
		return;
	}
	channel_init(&zones->scout, fd, 0);
	zones->has_scout = true;
	zones->has_network = zones->has_suffixes = false;
	send_want(engine);
}

static void lose_scout(struct engine *engine)
{
	struct zones *zones = engine->zones;

	scout_done(zones);
	beacons_forget(zones);
	failure_note(engine, FAILURE_SCOUT, "it is started again");
	zones_evaluate(engine);
}

/* Arrays of items without padding. */
struct items {
	const void *items;
	size_t count;
	size_t size;
};

static bool is_within(struct items inner, struct items outer)
{
	for (size_t i = 0; i < inner.count; i++) {
		const char *item = (const char *)inner.items + i * inner.size;
		bool is_there = false;

		for (size_t j = 0; j < outer.count && !is_there; j++)
			is_there = !memcmp(
				item, (const char *)outer.items + j * outer.size, inner.size);
		if (!is_there)
			return false;
	}
	return true;
}

/* Each router of one is a router of the other, and answers as there, as far as that is known. */
static bool is_routed(const struct zone_gateway *inner, size_t inner_count,
	const struct zone_gateway *outer, size_t outer_count)
{
	for (size_t i = 0; i < inner_count; i++) {
		bool is_there = false;

		for (size_t j = 0; j < outer_count; j++)
			is_there |=
				!memcmp(inner[i].address, outer[j].address,
					sizeof(inner[i].address)) &&
				(!inner[i].has_mac || !outer[j].has_mac ||
					!memcmp(inner[i].mac, outer[j].mac, sizeof(inner[i].mac)));
		if (!is_there)
			return false;
	}
	return true;
}

/* What is gone takes with it what was proven; while it changes, nothing opens. */
static void judge_change(struct zones *zones, const struct scout_network *is)
{
	const struct zone_facts *was = &zones->facts;
	const struct items old_addresses = {was->addresses, was->address_count, 16};
	const struct items new_addresses = {is->addresses, is->address_count, 16};
	const struct items old_links = {was->links, was->link_count, sizeof(was->links[0])};
	const struct items new_links = {is->links, is->link_count, sizeof(is->links[0])};
	bool has_lost =
		!is_within(old_addresses, new_addresses) || !is_within(old_links, new_links) ||
		!is_routed(was->gateways, was->gateway_count, is->gateways, is->gateway_count);
	bool has_gained = !is_within(new_addresses, old_addresses) ||
			  !is_routed(is->gateways, is->gateway_count, was->gateways,
				  was->gateway_count);

	if (has_lost)
		beacons_forget(zones);
	if (has_lost || has_gained)
		zones->quiet_ns = clock_boot_ns() + QUIET_NS;
}

static void on_network(struct engine *engine, struct bytes_reader *payload)
{
	static struct scout_network network;
	struct zones *zones = engine->zones;
	struct zone_facts *facts = &zones->facts;

	memset(&network, 0, sizeof(network));
	scout_get_network(payload, &network);
	if (!bytes_is_done(payload))
		return; /* fatal in on_message */
	if (zones->has_network)
		judge_change(zones, &network);
	facts->address_count = network.address_count;
	memcpy(facts->addresses, network.addresses, sizeof(facts->addresses));
	facts->gateway_count = network.gateway_count;
	memcpy(facts->gateways, network.gateways, sizeof(facts->gateways));
	facts->link_count = network.link_count;
	memcpy(facts->links, network.links, sizeof(facts->links));
	zones->has_network = true;
	zones_evaluate(engine);
}

static void on_suffixes(struct engine *engine, struct bytes_reader *payload)
{
	static struct scout_suffixes suffixes;
	struct zone_facts *facts = &engine->zones->facts;

	scout_get_suffixes(payload, &suffixes);
	if (!bytes_is_done(payload))
		return; /* fatal in on_message */
	facts->suffix_count = suffixes.count;
	memcpy(facts->suffixes, suffixes.suffixes, sizeof(facts->suffixes));
	engine->zones->has_suffixes = true;
	zones_evaluate(engine);
}

static void on_message(struct engine *engine, unsigned int type, struct bytes_reader *payload)
{
	static struct scout_name name;
	struct beacon_answer answer;

	switch (type) {
	case SCOUT_NETWORK:
		on_network(engine, payload);
		break;
	case SCOUT_SUFFIXES:
		on_suffixes(engine, payload);
		break;
	case SCOUT_NAME:
		scout_get_name(payload, &name);
		if (bytes_is_done(payload))
			names_on_name(engine, &name);
		break;
	case SCOUT_ANSWER:
		scout_get_answer(payload, &answer);
		if (bytes_is_done(payload))
			beacons_on_answer(engine, &answer);
		break;
	default:
		payload->is_bad = true;
	}
}

int zones_poll(const struct engine *engine, short *ret_events)
{
	*ret_events = channel_events(&engine->zones->scout);
	return engine->zones->has_scout ? engine->zones->scout.fd : -1;
}

void zones_on_poll(struct engine *engine, short events)
{
	static uint8_t packet[WIRE_FRAME_MAX];
	struct zones *zones = engine->zones;

	if (!zones->has_scout || !events)
		return;
	if ((events & POLLOUT) && channel_flush(&zones->scout) < 0) {
		lose_scout(engine);
		return;
	}
	while (zones->has_scout && (events & (POLLIN | POLLHUP | POLLERR))) {
		auto_close int fd = -EBADF;
		struct bytes_reader payload;
		uint16_t type = 0;
		int size = channel_receive(&zones->scout, packet, sizeof(packet), &fd);

		if (size == -EAGAIN)
			return;
		/* Of a broken one no word counts: it is started anew. */
		if (size <= 0 || wire_open(packet, (size_t)size, &type, &payload) < 0) {
			lose_scout(engine);
			return;
		}
		on_message(engine, type, &payload);
		if (!bytes_is_done(&payload))
			lose_scout(engine);
	}
}

void zones_tick(struct engine *engine)
{
	struct zones *zones = engine->zones;

	if (!has_zones(engine))
		return;
	ask_for_scout(engine);
	beacons_tick(engine);
	names_tick(engine);
	if (zones->state.present & ~zones->present && clock_boot_ns() >= zones->quiet_ns)
		zones_evaluate(engine);
	if (zones->is_table_old && engine->is_published)
		zones_publish(engine);
}

uint64_t zones_services_at(const struct engine *engine, const uint8_t address[16], uint16_t port)
{
	auto_free struct zone_resolved *resolved = NULL;
	size_t count;

	if (!engine->policy || !engine->policy->service_count)
		return 0;
	resolved = names_resolved(engine, &count);
	return policy_services_at(engine->policy, resolved, count, address, port);
}

struct json_object *zones_status(const struct engine *engine)
{
	const struct zones *zones = engine->zones;
	struct json_object *status, *absent;

	if (!has_zones(engine))
		return NULL;
	status = json_object_new_object();
	absent = json_object_new_array();
	json_add_bool(status, "known", zones->facts.is_known);
	json_add(status, "present", zones_json(engine->policy, zones->present));
	for (size_t i = 0; i < engine->policy->zone_count; i++) {
		struct json_object *zone;
		char why[512] = "the network has just changed";

		if (zones->present >> i & 1)
			continue;
		if (!zones->facts.is_known)
			(void)snprintf(why, sizeof(why), "nothing is known of the network");
		else if (zones->state.unmet[i])
			policy_zone_unmet(
				engine->policy, i, zones->state.unmet[i], why, sizeof(why));
		zone = json_object_new_object();
		json_add_text(zone, "zone", engine->policy->zones[i].name);
		json_add_text(zone, "why", why);
		(void)json_object_array_add(absent, zone);
	}
	json_add(status, "absent", absent);
	json_add(status, "services_shut",
		services_json(
			engine->policy, policy_zones_services(engine->policy, zones->present)));
	json_add_number(status, "addresses", zones->address_count);
	return status;
}
