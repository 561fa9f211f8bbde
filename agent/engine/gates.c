/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With a policy go the gates as they are then (publish.c); what changes later follows behind it, so
 * that the sensor never has the gates of one policy and the masks of another.
 */
#include "agent/engine/gates.h"

#include <string.h>

#include "agent/engine/engine.h"

static void change(struct engine *engine, const struct hf_gate_state *state)
{
	struct bytes_writer frame;

	if (!memcmp(state, &engine->gate_state, sizeof(*state)))
		return;
	engine->gate_state = *state;
	if (!engine->is_published)
		return;
	link_begin(&frame, MESSAGE_GATE_STATE);
	bytes_put_blob(&frame, state, sizeof(*state));
	link_send(engine, &frame, -1);
}

void gates_set_lease(struct engine *engine, uint64_t labels, uint64_t until_ns)
{
	struct hf_gate_state state = engine->gate_state;

	state.leased = labels;
	state.lease_until_ns = until_ns;
	change(engine, &state);
}

void gates_set_verified(struct engine *engine, uint64_t labels)
{
	struct hf_gate_state state = engine->gate_state;

	state.verified = labels;
	change(engine, &state);
}

void gates_set_out_of_zone(struct engine *engine, uint64_t labels)
{
	struct hf_gate_state state = engine->gate_state;

	state.out_of_zone = labels;
	change(engine, &state);
}

void gates_set_capture(struct engine *engine, uint64_t until_ns)
{
	struct hf_gate_state state = engine->gate_state;

	state.capture_until_ns = until_ns;
	change(engine, &state);
}

void gates_set_user(struct engine *engine, uint32_t uid, const struct hf_verified *verified)
{
	struct bytes_writer frame;

	if (!engine->has_hello)
		return; /* the sensor has none to forget: it began with nobody */
	link_begin(&frame, MESSAGE_VERIFIED);
	bytes_put_u32(&frame, uid);
	bytes_put_blob(&frame, verified, sizeof(*verified));
	link_send(engine, &frame, -1);
}
