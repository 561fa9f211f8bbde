/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request on its way at a time, on a connection of its own. Labels that vaults of the policy have are wanted;
 * a keyring that is started anew is told again. What keyring says is compared with what it said before.
 */
#include "agent/engine/label_keys.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/engine/engine.h"
#include "agent/engine/json.h"
#include "agent/engine/marks.h"
#include "agent/engine/verify.h"
#include "agent/ipc/keyring_ask.h"
#include "common/clock.h"
#include "common/mark_id.h"
#include "common/uuid.h"

#define TURN_NS	   CLOCK_SECOND_NS
#define ANSWER_NS  (45 * CLOCK_SECOND_NS)  /* keyring may wait for a TPM: agent/ipc/keyring_ask.c */
#define REFUSED_NS (600 * CLOCK_SECOND_NS) /* the same refusal is told again */

static struct {
	int fd;			    /* 0 = none */
	uint64_t turn_ns, asked_ns; /* asked_ns 0: nothing is on its way */
	bool is_told, is_wanting;   /* keyring knows the wish; what is on its way is that */
	struct keyring_want want;
	struct keyring_keys known; /* as keyring said last; count 0: nothing */
	bool has_known;
	uint64_t refused_ns;
	char refused_code[KEYRING_CODE_SIZE];
} desk;

/* "acme/finance" as people know it; the id when the policy has it no more. */
static void name_of(const struct engine *engine, const uint8_t *label, char ret_name[64])
{
	struct mark_id mark;

	if (mark_id_read(label, &mark)) {
		(void)snprintf(ret_name, 64, "watermark of user %" PRIu32, mark.uid);
		return;
	}
	for (unsigned int i = 0; engine->policy && i < HF_LABEL_MAX; i++)
		if (!memcmp(engine->policy->label[i].uuid, label, KEYRING_UUID_SIZE) &&
			engine->policy->label[i].name) {
			(void)snprintf(ret_name, 64, "%s", engine->policy->label[i].name);
			return;
		}
	uuid_format(label, ret_name);
}

static void tell(struct engine *engine, const struct keyring_label *label,
	const struct label_keys_change *change)
{
	struct json_object *details = json_object_new_object();
	char name[64], text[160];
	struct mark_id mark;
	struct event_note note = {.message = text, .name = name, .details = details};

	name_of(engine, label->label, name);
	if (mark_id_read(label->label, &mark)) { /* by which the console knows the user's name */
		note.uid = mark.uid;
		note.has_uid = true;
	}
	json_add_text(details, "label", name);
	json_add_number(details, "generation", change->generation);
	if (change->kind == LABEL_KEYS_HERE) {
		note.kind = EVENT_KEY_HERE;
		(void)snprintf(text, sizeof(text),
			"the key of label %s is here, generation %" PRIu32, name,
			change->generation);
	} else {
		note.kind = EVENT_KEY_GONE;
		note.status_code = label_keys_drop_name(change->drop);
		(void)snprintf(text, sizeof(text), "the key of label %s is not here any more (%s)",
			name, note.status_code);
	}
	log_notice("%s", text);
	(void)journal_note(engine, &note); /* counted there */
	(void)json_object_put(details);	   /* the event had its own reference */
}

static const struct keyring_label *label_in(const struct keyring_keys *keys, const uint8_t *label)
{
	static const struct keyring_label none;

	for (unsigned int i = 0; i < keys->count; i++)
		if (!memcmp(keys->labels[i].label, label, KEYRING_UUID_SIZE))
			return &keys->labels[i];
	return &none;
}

/* keyring is gone, and with it all that it had; or it says so itself. */
static void compare(struct engine *engine, const struct keyring_keys *now)
{
	const struct label_keys_change *change;

	for (unsigned int i = 0; i < now->count; i++) {
		change = label_keys_compare(
			label_in(&desk.known, now->labels[i].label), &now->labels[i]);
		if (change)
			tell(engine, &now->labels[i], change);
	}
	for (unsigned int i = 0; i < desk.known.count; i++) {
		struct keyring_label gone = {.drop = desk.want.drop};

		memcpy(gone.label, desk.known.labels[i].label, sizeof(gone.label));
		if (label_in(now, gone.label)->generation || label_in(now, gone.label)->drop)
			continue;
		change = label_keys_compare(&desk.known.labels[i], &gone);
		if (change)
			tell(engine, &gone, change);
	}
}

/* Once for each reason, and again when it goes on. */
static void tell_refused(struct engine *engine, const struct keyring_keys *now)
{
	struct event_note note = {.kind = EVENT_KEY_REFUSED,
		.message = "the console did not release keys of labels to this device",
		.name = "keys of labels",
		.is_failure = true,
		.status_code = now->code};
	uint64_t now_ns = clock_boot_ns();

	if (!now->code[0]) {
		desk.refused_code[0] = '\0';
		return;
	}
	if (now->refused == desk.known.refused ||
		(!strcmp(now->code, desk.refused_code) && now_ns - desk.refused_ns < REFUSED_NS))
		return;
	desk.refused_ns = now_ns;
	memcpy(desk.refused_code, now->code, sizeof(desk.refused_code));
	(void)journal_note(engine, &note); /* counted there */
	failure_note(engine, FAILURE_LABEL_KEYS, "%s", now->code);
}

static void desk_close(struct engine *engine)
{
	static const struct keyring_keys nothing;

	if (desk.fd > 0)
		(void)close(desk.fd); /* it is gone */
	desk.fd = 0;
	desk.asked_ns = 0;
	desk.is_told = false;
	if (desk.has_known)
		compare(engine, &nothing);
	desk.has_known = false;
	desk.known = nothing;
}

static bool desk_open(const struct engine *engine)
{
	int fd = desk.fd > 0 ? desk.fd : keyring_connect(engine->runtime_directory, SOCK_NONBLOCK);

	if (fd < 0)
		return false;
	desk.fd = fd;
	return true;
}

/* Each label that a vault has, once. */
static void wish_of(const struct engine *engine, struct keyring_want *ret_want)
{
	memset(ret_want, 0, sizeof(*ret_want)); /* compared as a whole */
	ret_want->is_verified = verify_is_anybody(engine);
	ret_want->drop = KEYRING_DROP_POLICY;
	for (size_t i = 0; engine->policy && i < engine->policy->vault_count; i++) {
		unsigned int bit = engine->policy->vaults[i].bit;
		const uint8_t *label = engine->policy->label[bit].uuid;
		bool is_there = false;

		if (verify_keeps_key(engine, bit)) {
			ret_want->drop = KEYRING_DROP_LOCK;
			continue;
		}
		for (unsigned int j = 0; j < ret_want->count; j++)
			is_there |= !memcmp(ret_want->labels[j], label, KEYRING_UUID_SIZE);
		if (!is_there && ret_want->count < KEYRING_LABELS_MAX)
			memcpy(ret_want->labels[ret_want->count++], label, KEYRING_UUID_SIZE);
	}
	marks_wish(engine, ret_want);
}

static void ask(struct engine *engine)
{
	static struct keyring_request request;
	static uint8_t packet[KEYRING_FRAME_MAX];
	struct bytes_writer frame;
	int r;

	request = (struct keyring_request){.verb = KEYRING_KEYS_STATE};
	desk.is_wanting = !desk.is_told;
	if (desk.is_wanting) {
		request.verb = KEYRING_KEYS_WANT;
		request.size = (uint16_t)keyring_want_put(request.bytes, &desk.want);
	}
	keyring_request_put(&frame, packet, sizeof(packet), &request);
	r = wire_end(&frame);
	if (r < 0 || send(desk.fd, packet, (size_t)r, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		desk_close(engine);
		return;
	}
	desk.asked_ns = clock_boot_ns();
}

static void take(struct engine *engine)
{
	static struct keyring_answer answer;
	static uint8_t packet[KEYRING_FRAME_MAX];
	static struct keyring_keys now;
	ssize_t got = recv(desk.fd, packet, sizeof(packet), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR) &&
		clock_boot_ns() - desk.asked_ns < ANSWER_NS)
		return;
	if (got <= 0 || keyring_answer_decode(packet, (size_t)got, &answer) < 0 ||
		answer.error < 0) {
		desk_close(engine);
		return;
	}
	desk.asked_ns = 0;
	if (desk.is_wanting) {
		desk.is_told = true;
		return;
	}
	if (keyring_keys_get(answer.bytes, answer.size, &now) < 0) {
		desk_close(engine);
		return;
	}
	compare(engine, &now);
	tell_refused(engine, &now);
	desk.known = now;
	desk.has_known = true;
}

void label_keys_tick(struct engine *engine)
{
	uint64_t now_ns = clock_boot_ns();
	struct keyring_want want;

	if (desk.asked_ns)
		take(engine);
	if (desk.asked_ns || now_ns - desk.turn_ns < TURN_NS)
		return;
	desk.turn_ns = now_ns;
	wish_of(engine, &want);
	if (memcmp(&want, &desk.want, sizeof(want)) != 0)
		desk.is_told = false;
	desk.want = want;
	if (!want.count && !desk.known.count && desk.fd <= 0)
		return; /* nobody needs any */
	if (desk_open(engine))
		ask(engine);
	else if (desk.has_known)
		desk_close(engine);
}

struct json_object *label_keys_object(const struct engine *engine)
{
	static const char *const places[] = {"nowhere", "memfd_secret", "locked", "not locked"};
	struct json_object *object, *labels;
	uint64_t now_ms = clock_boot_ns() / 1000000;

	if (!desk.want.count && !desk.known.count)
		return NULL;
	object = json_object_new_object();
	labels = json_object_new_array();
	if (desk.has_known)
		json_add_text(object, "memory", places[desk.known.place % 4]);
	if (desk.refused_code[0])
		json_add_text(object, "refused", desk.refused_code);
	for (unsigned int i = 0; i < desk.want.count; i++) {
		const struct keyring_label *label = label_in(&desk.known, desk.want.labels[i]);
		struct json_object *row = json_object_new_object();
		char name[64];

		name_of(engine, desk.want.labels[i], name);
		json_add_text(row, "label", name);
		json_add_number(row, "generation", label->generation);
		json_add_number(row, "generations", label->generations);
		if (label->generation && label->until_ms > now_ms)
			json_add_number(row, "until", clock_day_ms() + label->until_ms - now_ms);
		if (label->drop)
			json_add_text(row, "dropped", label_keys_drop_name(label->drop));
		(void)json_object_array_add(labels, row);
	}
	json_add(object, "labels", labels);
	return object;
}
