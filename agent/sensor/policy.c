/* SPDX-License-Identifier: Apache-2.0 */
/* A policy on its way from the engine into the kernel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/sensor/apps.h"
#include "agent/sensor/exempts.h"
#include "agent/sensor/places.h"
#include "agent/sensor/sensor.h"
#include "agent/sensor/volumes.h"
#include "common/log.h"

struct sensor_policy *sensor_policy_new(uint64_t serial)
{
	struct sensor_policy *policy = calloc(1, sizeof(*policy));

	if (policy)
		policy->serial = serial;
	return policy;
}

void sensor_policy_free(struct sensor_policy *policy)
{
	if (!policy)
		return;
	free(policy->dests);
	free(policy->grant_keys);
	free(policy->grants);
	free(policy->programs);
	free(policy->places);
	free(policy->exempts);
	free(policy->matchers);
	sensor_services_clear(&policy->services);
	free(policy);
}

/* Room for more items in *array; the new ones are not initialised. */
static int grow(void *array, size_t count, size_t more, size_t most, size_t item_size)
{
	void **where = array;
	void *larger;

	if (more > most || count > most - more)
		return -EBADMSG;
	if (!more)
		return 0;
	larger = reallocarray(*where, count + more, item_size);
	if (!larger)
		return -ENOMEM;
	*where = larger;
	return 0;
}

static int add_dests(struct sensor_policy *policy, struct bytes_reader *payload)
{
	uint32_t count = bytes_get_u32(payload);
	int r;

	if (count > MESSAGE_DEST_MAX)
		return -EBADMSG;
	r = grow(&policy->dests, policy->dest_count, count, HF_DEST_MAX, sizeof(*policy->dests));
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < count; i++) {
		struct kernel_dest *dest = &policy->dests[policy->dest_count++];

		bytes_get_blob(payload, &dest->key, sizeof(dest->key));
		bytes_get_blob(payload, &dest->value, sizeof(dest->value));
	}
	return 0;
}

static int add_grants(struct sensor_policy *policy, struct bytes_reader *payload)
{
	uint32_t count = bytes_get_u32(payload);
	int r;

	if (count > MESSAGE_GRANT_MAX)
		return -EBADMSG;
	r = grow(&policy->grant_keys, policy->grant_count, count, HF_GRANT_MAX,
		sizeof(*policy->grant_keys));
	if (r < 0)
		return r;
	r = grow(
		&policy->grants, policy->grant_count, count, HF_GRANT_MAX, sizeof(*policy->grants));
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < count; i++, policy->grant_count++) {
		bytes_get_blob(payload, &policy->grant_keys[policy->grant_count],
			sizeof(*policy->grant_keys));
		bytes_get_blob(
			payload, &policy->grants[policy->grant_count], sizeof(*policy->grants));
	}
	return 0;
}

static int add_program(struct sensor_policy *policy, struct bytes_reader *payload)
{
	int r;

	r = grow(&policy->programs, policy->program_count, 1, SENSOR_PROGRAM_MAX,
		sizeof(*policy->programs));
	if (r < 0)
		return r;
	message_get_program(payload, &policy->programs[policy->program_count]);
	if (policy->programs[policy->program_count++].app >= HF_APP_MAX)
		return -EBADMSG;
	return 0;
}

static int add_place(struct sensor_policy *policy, struct bytes_reader *payload)
{
	int r;

	r = grow(
		&policy->places, policy->place_count, 1, SENSOR_PLACE_MAX, sizeof(*policy->places));
	if (r < 0)
		return r;
	message_get_place(payload, &policy->places[policy->place_count++]);
	return 0;
}

static int add_exempt(struct sensor_policy *policy, struct bytes_reader *payload)
{
	int r;

	r = grow(&policy->exempts, policy->exempt_count, 1, SENSOR_EXEMPT_MAX,
		sizeof(*policy->exempts));
	if (r < 0)
		return r;
	message_get_exempt(payload, &policy->exempts[policy->exempt_count++]);
	return 0;
}

static int add_matcher(struct sensor_policy *policy, struct bytes_reader *payload)
{
	int r;

	r = grow(&policy->matchers, policy->matcher_count, 1, SENSOR_MATCHER_MAX,
		sizeof(*policy->matchers));
	if (r < 0)
		return r;
	message_get_matcher(payload, &policy->matchers[policy->matcher_count++]);
	return 0;
}

int sensor_policy_add(struct sensor_policy *policy, unsigned int type, struct bytes_reader *payload)
{
	switch (type) {
	case MESSAGE_BANK:
		bytes_get_blob(payload, &policy->bank, sizeof(policy->bank));
		policy->has_bank = true;
		return 0;
	case MESSAGE_DESTS:
		return add_dests(policy, payload);
	case MESSAGE_GRANTS:
		return add_grants(policy, payload);
	case MESSAGE_GATES:
		bytes_get_blob(payload, &policy->gates, sizeof(policy->gates));
		policy->has_gates = true;
		return 0;
	case MESSAGE_PROGRAM:
		return add_program(policy, payload);
	case MESSAGE_PLACE:
		return add_place(policy, payload);
	case MESSAGE_EXEMPT:
		return add_exempt(policy, payload);
	case MESSAGE_MATCHER:
		return add_matcher(policy, payload);
	default:
		return -EBADMSG;
	}
}

/*
 * What is stricter goes first: marks before the bank that speaks of them, and applications lose an
 * identity, and what it is exempt from, before the bank in which its number means more.
 */
int sensor_policy_apply(struct sensor *sensor)
{
	struct sensor_policy *policy = sensor->coming;
	const struct kernel_services services = {policy->services.dests, policy->services.count,
		policy->services.shut, policy->services.rehearse};
	int r;

	if (!policy->has_bank || !policy->has_gates)
		return -EBADMSG;
	if (!sensor->kernel)
		return -EOPNOTSUPP;
	apps_withdraw(sensor, policy);
	exempts_withdraw(sensor);
	places_apply(sensor, policy);
	r = kernel_publish(
		sensor->kernel, &policy->bank, policy->dests, policy->dest_count, &services);
	if (r < 0)
		return r;
	r = kernel_set_gates(sensor->kernel, &policy->gates);
	if (r < 0)
		return r;
	r = kernel_set_standing_grants(
		sensor->kernel, policy->grant_keys, policy->grants, policy->grant_count);
	if (r < 0)
		return r;
	sensor_policy_free(sensor->policy);
	sensor->policy = policy;
	sensor->coming = NULL;
	apps_apply(sensor);
	exempts_apply(sensor);
	places_retire(sensor);
	volumes_apply(sensor);
	return 0;
}
