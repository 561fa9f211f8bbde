/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What [protection] comes to. The policy file is root's to edit, so it alone can't be what switches
 * the guards off: they are made less only while a maintenance door is open, over restarts too.
 */
#include <string.h>

#include "agent/engine/engine.h"
#include "agent/engine/maintenance.h"
#include "bpf/control.h"
#include "common/clock.h"
#include "policy/protection.h"

#define FLOOR "protection" /* in the database: a byte's half for each, the first the lowest */

static uint8_t floor_of(int64_t floor, unsigned int protection)
{
	return (uint8_t)(floor >> (4 * protection)) & 0xf;
}

static void floor_keep(struct engine *engine, const struct hf_gates *gates)
{
	int64_t floor = 0;
	int r;

	for (unsigned int i = 0; i < HF_PROTECTION_MAX; i++)
		floor |= (int64_t)gates->protect[i] << (4 * i);
	if (!engine->database)
		return; /* told at start */
	r = database_set(engine->database, FLOOR, floor);
	if (r < 0)
		failure_note(engine, FAILURE_DATABASE, "remembering [protection]: %d", r);
}

/* A door for stopping is none for this. */
static bool may_lower(const struct engine *engine)
{
	return (engine->door_acts & (HF_DOOR_UPGRADE | HF_DOOR_REMOVE)) &&
	       engine->door_until_ns > clock_boot_ns();
}

struct hf_gates protection_gates(struct engine *engine)
{
	struct hf_gates gates = engine->policy->gates;
	int64_t floor = 0;

	if (!engine->policy->is_self_given && maintenance_has_key(engine))
		gates.protect[HF_PROTECTION_SELF] = HF_VERDICT_BLOCK;
	if (engine->database)
		(void)database_get(engine->database, FLOOR, &floor); /* none: nothing to keep */
	for (unsigned int i = 0; i < HF_PROTECTION_MAX; i++) {
		uint8_t least = floor_of(floor, i);

		if (least < engine->protect[i])
			least = engine->protect[i];
		if (gates.protect[i] >= least || may_lower(engine))
			continue;
		failure_note(engine, FAILURE_PROTECTION_KEPT, "'%s' stays as strict as it was",
			policy_protection_name(i));
		gates.protect[i] = least;
	}
	floor_keep(engine, &gates);
	memcpy(engine->protect, gates.protect, sizeof(engine->protect));
	return gates;
}
