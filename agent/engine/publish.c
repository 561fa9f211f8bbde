/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled policy to the sensor, in messages; the sensor puts it in force whole. */
#include <stdio.h>
#include <string.h>

#include "agent/engine/capture_hours.h"
#include "agent/engine/engine.h"
#include "agent/engine/maintenance.h"
#include "agent/engine/verify.h"
#include "agent/engine/zones.h"

static void send_label(const struct message_label *label, void *userdata)
{
	struct engine *engine = userdata;
	struct bytes_writer frame;

	link_begin(&frame, MESSAGE_LABEL);
	message_put_label(&frame, label);
	link_send(engine, &frame, -1);
}

/* Labels of this policy by its names; then those that files may carry from earlier ones. */
void publish_labels(struct engine *engine)
{
	if (engine->database)
		(void)database_labels_visit(
			engine->database, send_label, engine); /* a label less: its marks stay */
	for (unsigned int bit = 0; engine->policy && bit < HF_LABEL_MAX; bit++) {
		const struct policy_label_entry *entry = &engine->policy->label[bit];
		struct message_label label = {.bit = (uint8_t)bit};

		if (!entry->name)
			continue;
		memcpy(label.uuid, entry->uuid, sizeof(label.uuid));
		(void)snprintf(label.name, sizeof(label.name), "%s",
			entry->title ? entry->title : entry->name);
		send_label(&label, engine);
	}
}

static void send_dests(struct engine *engine)
{
	size_t at = 0;

	while (at < engine->policy->dest_count) {
		size_t count = engine->policy->dest_count - at;
		struct bytes_writer frame;

		if (count > MESSAGE_DEST_MAX)
			count = MESSAGE_DEST_MAX;
		link_begin(&frame, MESSAGE_DESTS);
		bytes_put_u32(&frame, (uint32_t)count);
		for (size_t end = at + count; at < end; at++) {
			const struct policy_dest *dest = &engine->policy->dests[at];

			bytes_put_blob(&frame, &dest->key, sizeof(dest->key));
			bytes_put_blob(&frame, &dest->dest, sizeof(dest->dest));
		}
		link_send(engine, &frame, -1);
	}
}

static void send_grants(struct engine *engine)
{
	size_t at = 0;

	while (at < engine->policy->grant_count) {
		size_t count = engine->policy->grant_count - at;
		struct bytes_writer frame;

		if (count > MESSAGE_GRANT_MAX)
			count = MESSAGE_GRANT_MAX;
		link_begin(&frame, MESSAGE_GRANTS);
		bytes_put_u32(&frame, (uint32_t)count);
		for (size_t end = at + count; at < end; at++) {
			const struct policy_grant *grant = &engine->policy->grants[at];

			bytes_put_blob(&frame, &grant->key, sizeof(grant->key));
			bytes_put_blob(&frame, &grant->grant, sizeof(grant->grant));
		}
		link_send(engine, &frame, -1);
	}
}

static void send_paths(struct engine *engine)
{
	static struct message_program program;
	static struct message_place place;
	struct bytes_writer frame;

	for (size_t i = 0; i < engine->policy->program_count; i++) {
		program.app = engine->policy->programs[i].app;
		(void)snprintf(program.pattern, sizeof(program.pattern), "%s",
			engine->policy->programs[i].pattern);
		link_begin(&frame, MESSAGE_PROGRAM);
		message_put_program(&frame, &program);
		link_send(engine, &frame, -1);
	}
	if (engine->policy->vault_count && engine->vault_program[0]) {
		program.app = engine->policy->vault_app;
		(void)snprintf(
			program.pattern, sizeof(program.pattern), "%s", engine->vault_program);
		link_begin(&frame, MESSAGE_PROGRAM);
		message_put_program(&frame, &program);
		link_send(engine, &frame, -1);
	}
	for (size_t i = 0; i < engine->policy->mark_count; i++) {
		place.labels = UINT64_C(1) << engine->policy->marks[i].bit;
		(void)snprintf(place.pattern, sizeof(place.pattern), "%s",
			engine->policy->marks[i].pattern);
		link_begin(&frame, MESSAGE_PLACE);
		message_put_place(&frame, &place);
		link_send(engine, &frame, -1);
	}
}

/* Marks of a policy that was in force before this agent, and that this one does not make. */
static void retire(const char *path, uint64_t labels, void *userdata)
{
	static struct message_place place;
	struct engine *engine = userdata;
	struct bytes_writer frame;

	place.labels = labels & ~policy_labels_of_path(engine->policy, path);
	if (!place.labels)
		return;
	(void)snprintf(place.pattern, sizeof(place.pattern), "%s", path);
	link_begin(&frame, MESSAGE_RETIRE);
	message_put_place(&frame, &place);
	link_send(engine, &frame, -1);
}

static void send_exempts(struct engine *engine)
{
	static struct message_exempt exempt;
	struct bytes_writer frame;

	for (size_t i = 0; i < engine->policy->exempt_count; i++) {
		const struct policy_exempt *from = &engine->policy->exempts[i];

		exempt.app = from->app;
		exempt.kind = from->kind;
		exempt.labels = from->labels;
		(void)snprintf(exempt.pattern, sizeof(exempt.pattern), "%s", from->pattern);
		link_begin(&frame, MESSAGE_EXEMPT);
		message_put_exempt(&frame, &exempt);
		link_send(engine, &frame, -1);
	}
}

static void send_matchers(struct engine *engine)
{
	for (size_t i = 0; i < engine->policy->matcher_count; i++) {
		const struct policy_matcher *from = &engine->policy->matchers[i];
		struct message_matcher matcher = {
			.allow = from->allow, .allow_raw = from->allow_raw};
		struct bytes_writer frame;

		memcpy(matcher.vendor, from->vendor, sizeof(matcher.vendor));
		memcpy(matcher.product, from->product, sizeof(matcher.product));
		if (from->serial)
			(void)snprintf(matcher.serial, sizeof(matcher.serial), "%s", from->serial);
		link_begin(&frame, MESSAGE_MATCHER);
		message_put_matcher(&frame, &matcher);
		link_send(engine, &frame, -1);
	}
}

/* The sensor tells about every path of a policy that it is given. */
static void forget_places(struct engine *engine)
{
	size_t kept = 0;

	for (size_t i = 0; i < engine->state_count; i++)
		if (engine->states[i].app)
			engine->states[kept++] = engine->states[i];
	engine->state_count = kept;
	engine->place_count = 0;
}

void publish_policy(struct engine *engine)
{
	struct bytes_writer frame;
	struct hf_gates gates;

	if (!engine->policy || !engine->is_restored)
		return;
	engine->is_published =
		false; /* of the one before: what its gates become goes with this one */
	trust_refresh(engine);
	zones_on_policy(engine);
	verify_before_policy(engine);
	capture_hours_tick(engine);
	gates = protection_gates(engine);
	gates.state = engine->gate_state;
	engine->is_published = true;
	publish_labels(engine);
	forget_places(engine);
	link_begin(&frame, MESSAGE_POLICY_BEGIN);
	bytes_put_u64(&frame, engine->policy->version);
	link_send(engine, &frame, -1);
	link_begin(&frame, MESSAGE_BANK);
	bytes_put_blob(&frame, &engine->policy->bank, sizeof(engine->policy->bank));
	link_send(engine, &frame, -1);
	link_begin(&frame, MESSAGE_GATES);
	bytes_put_blob(&frame, &gates, sizeof(gates));
	link_send(engine, &frame, -1);
	send_dests(engine);
	zones_publish(engine);
	send_grants(engine);
	send_paths(engine);
	send_exempts(engine);
	send_matchers(engine);
	link_begin(&frame, MESSAGE_POLICY_END);
	link_send(engine, &frame, -1);
	verify_after_policy(engine);
	/* After the policy is in force: nothing is let go of before what comes instead holds. */
	if (engine->database)
		(void)database_policy_marks_visit(
			engine->database, retire, engine); /* a label too many stays */
}
