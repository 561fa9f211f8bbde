/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Beacons: the number is made here and the answer is proven here, so that scout can only carry them. Who does
 * not answer is asked at longer and longer intervals, until the network changes.
 */
#include <errno.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/engine.h"
#include "agent/engine/zones_private.h"
#include "common/clock.h"

#define RENEW_NS  (20 * CLOCK_SECOND_NS)
#define VALID_NS  (50 * CLOCK_SECOND_NS) /* two answers may be lost */
#define RETRY_MAX 6			 /* 1, 2, 4 ... 64 seconds */
#define HOST_MAX  4			 /* addresses of one beacon that are asked */

void beacons_done(struct zones *zones)
{
	for (size_t i = 0; i < zones->beacon_count; i++)
		signing_key_free(zones->beacons[i].key);
	zones->beacon_count = 0;
	memset(zones->facts.beacons, 0, sizeof(zones->facts.beacons));
}

static void beacon_add(
	struct zones *zones, const struct policy_zone *zone, size_t zone_index, size_t index)
{
	struct zones_beacon *beacon = &zones->beacons[zones->beacon_count];

	*beacon = (struct zones_beacon){.zone = zone_index, .index = index};
	(void)snprintf(
		beacon->question.zone, sizeof(beacon->question.zone), "%s", zone->name); /* fits */
	if (signing_key_of_raw(zone->beacons[index].key, &beacon->key) == 0)
		zones->beacon_count++; /* else it is no key, and nobody can answer */
}

void beacons_policy(struct engine *engine)
{
	struct zones *zones = engine->zones;

	beacons_done(zones);
	for (size_t i = 0; i < engine->policy->zone_count; i++)
		for (size_t j = 0; j < engine->policy->zones[i].beacon_count &&
				   zones->beacon_count < POLICY_BEACONS_MAX;
			j++)
			beacon_add(zones, &engine->policy->zones[i], i, j);
}

void beacons_forget(struct zones *zones)
{
	for (size_t i = 0; i < zones->beacon_count; i++) {
		struct zones_beacon *beacon = &zones->beacons[i];

		beacon->proven_ns = beacon->asked_ns = 0;
		beacon->is_asked = false;
		beacon->failures = 0;
	}
	memset(zones->facts.beacons, 0, sizeof(zones->facts.beacons));
}

static void beacon_ask(struct engine *engine, struct zones_beacon *beacon, uint64_t now)
{
	const struct policy_beacon *what =
		&engine->policy->zones[beacon->zone].beacons[beacon->index];
	static uint8_t buffer[WIRE_HEADER_SIZE + sizeof(struct scout_ask)];
	struct scout_ask ask = {.port = what->port};
	uint8_t addresses[HOST_MAX][16];
	size_t count = names_addresses(engine->zones, what->host, addresses, HOST_MAX);

	if (beacon->is_asked && beacon->failures < RETRY_MAX)
		beacon->failures++;
	beacon->asked_ns = now;
	beacon->is_asked = true;
	if (RAND_bytes(beacon->question.nonce, sizeof(beacon->question.nonce)) != 1)
		return;
	beacon_question_put(&beacon->question, ask.question);
	for (size_t i = 0; i < count; i++) {
		struct bytes_writer frame;

		memcpy(ask.address, addresses[i], sizeof(ask.address));
		wire_begin(&frame, buffer, sizeof(buffer), SCOUT_ASK);
		scout_put_ask(&frame, &ask);
		(void)channel_send(&engine->zones->scout, &frame, -1); /* gone: seen when read */
	}
}

static uint64_t pause_of(const struct zones_beacon *beacon)
{
	if (beacon->proven_ns && !beacon->is_asked)
		return RENEW_NS;
	return CLOCK_SECOND_NS << beacon->failures;
}

void beacons_tick(struct engine *engine)
{
	struct zones *zones = engine->zones;
	uint64_t now = clock_boot_ns();
	bool has_changed = false;

	for (size_t i = 0; i < zones->beacon_count; i++) {
		struct zones_beacon *beacon = &zones->beacons[i];

		if (beacon->proven_ns && now - beacon->proven_ns > VALID_NS) {
			beacon->proven_ns = 0;
			zones->facts.beacons[beacon->zone] &= (uint8_t) ~(1U << beacon->index);
			has_changed = true;
		}
		if (zones->has_scout && zones->has_network &&
			(!beacon->asked_ns || now - beacon->asked_ns > pause_of(beacon)))
			beacon_ask(engine, beacon, now);
	}
	if (has_changed)
		zones_evaluate(engine);
}

void beacons_on_answer(struct engine *engine, const struct beacon_answer *answer)
{
	struct zones *zones = engine->zones;

	for (size_t i = 0; i < zones->beacon_count; i++) {
		struct zones_beacon *beacon = &zones->beacons[i];

		if (!beacon->is_asked ||
			!beacon_answer_is_good(beacon->key, &beacon->question, answer))
			continue;
		beacon->is_asked = false;
		beacon->failures = 0;
		beacon->proven_ns = clock_boot_ns();
		zones->facts.beacons[beacon->zone] |= (uint8_t)(1U << beacon->index);
		zones_evaluate(engine);
		return;
	}
}
