/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tracing a leaked picture, for administrators: where the tenant's marks are to be looked for, and
 * whom a frame names that was found. Each is written down, with the picture's hash, before it is answered.
 */
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/hex.h"
#include "common/log.h"
#include "common/mark_id.h"
#include "common/uuid.h"
#include "console/store/admin_server.h"
#include "console/store/release.h"
#include "console/store/word.h"
#include "watermark/payload.h"

#define TRACE_ASKED (UINT64_C(1) << 63) /* apart from the numbers of admin_key.c */
#define KEYS_MAX    64			/* generations that there are at most */

static uint64_t last_id = TRACE_ASKED;

/* Or the answer ends. */
static bool find_key(
	struct service *service, struct admin_client *client, struct console_key *ret_key)
{
	static struct store_key rows[KEYS_MAX];
	uint8_t label[CONSOLE_UID_SIZE];
	int count;

	mark_id_write(&(const struct mark_id){.uid = MARK_ID_TENANT}, label);
	count = store_keys(service->reader, label, rows, KEYS_MAX);
	for (int i = 0; i < count; i++) {
		const struct store_key *row = &rows[i];

		if (row->destroyed_ms ||
			(client->request.number && client->request.number != row->generation))
			continue;
		release_key(row, i == 0, ret_key);
		client->request.number = row->generation;
		return true;
	}
	admin_end(client, count < 0 ? count : -ENOENT, "%s",
		count < 0 ? store_error(count)
		: client->request.number
			? "there is no such generation of the key of marks, or it is destroyed"
			: "there is no key of marks, so no device has made any: make one with "
			  "'holdfast-console key rotate @watermark'");
	return false;
}

static int write_down(struct service *service, const struct admin_client *client, const char *after)
{
	char what[STORE_TEXT_SIZE];
	const struct audit_act row = {.who = client->who,
		.act = "trace",
		.what = what,
		.after = after,
		.time_ms = (int64_t)clock_day_ms()};
	int r;

	(void)snprintf(what, sizeof(what), "picture %.64s", client->request.text);
	r = store_begin(service->writer);
	return r < 0 ? r : audit_commit(service->writer, 0, &row);
}

void admin_trace(struct service *service, struct admin_client *client)
{
	struct console_mark mark = {.has_frame = client->request.type == ADMIN_TRACE_FRAME};
	char after[64];
	uint8_t hash[32];
	int r;

	if (!hex_read(client->request.text, hash, sizeof(hash)) ||
		(mark.has_frame &&
			!hex_read(client->request.name, mark.frame, sizeof(mark.frame)))) {
		admin_end(client, -EINVAL, "that is no picture's hash, or no frame");
		return;
	}
	if (!find_key(service, client, &mark.key))
		return;
	(void)snprintf(after, sizeof(after), "looked for marks of generation %" PRIu32,
		mark.key.generation);
	r = mark.has_frame ? 0 : write_down(service, client, after);
	if (r < 0) {
		admin_end(client, r, "nothing is traced that can't be written down: %s",
			store_error(r));
		return;
	}
	mark.id = client->asked = ++last_id;
	if (!word_ask_mark(service, &mark)) {
		client->asked = 0;
		admin_end(client, -EBUSY, "the authority can't be asked now, try again");
	}
}

static void add(struct json_object *object, const char *name, struct json_object *value)
{
	(void)json_object_object_add(object, name, value); /* no memory: a member is missing */
}

static void answer_lattice(struct admin_client *client, const struct console_word *word)
{
	struct json_object *line = json_object_new_object();
	char text[2 * CONSOLE_HASH_SIZE + 1];

	hex_write(word->text, CONSOLE_HASH_SIZE, text);
	add(line, "generation", json_object_new_int64((int64_t)client->request.number));
	add(line, "lattice", json_object_new_string(text));
	admin_line(client, line);
	explicit_bzero(text, sizeof(text));
	admin_end(client, 0, "%s", "");
}

static struct json_object *subject_object(const struct store_mark *mark,
	const struct store_device *device, uint32_t minute, uint8_t flags)
{
	struct json_object *line = json_object_new_object();
	char uid[UUID_TEXT_SIZE];

	uuid_format(device->uid, uid);
	add(line, "account", json_object_new_string(mark->name));
	add(line, "uid", json_object_new_int64(mark->uid));
	add(line, "device", json_object_new_string(uid));
	add(line, "host", json_object_new_string(device->host));
	add(line, "time",
		json_object_new_int64((WATERMARK_MINUTE_0 + (int64_t)minute * 60) * 1000));
	add(line, "subject", json_object_new_int64(mark->subject));
	add(line, "exported", json_object_new_boolean(flags & WATERMARK_EXPORT));
	return line;
}

/* A mark that a pen wrote, and nobody was given: no name. */
static void answer_subject(
	struct service *service, struct admin_client *client, struct bytes_reader *reader)
{
	uint32_t subject = bytes_get_u32(reader), minute = bytes_get_u32(reader);
	uint8_t flags = bytes_get_u8(reader);
	struct store_mark mark;
	struct store_device device;
	char after[STORE_AUDIT_SIZE];
	int r;

	r = store_mark_owner(service->reader, subject, &mark);
	if (r == 0)
		r = store_device_by_id(service->reader, mark.device, &device);
	if (r < 0) {
		admin_end(client, r, "%s",
			r == -ENOENT ? "no device was ever given the pen of this mark"
				     : store_error(r));
		return;
	}
	(void)snprintf(after, sizeof(after), "names user %" PRIu32 " '%s' of device '%.200s'",
		mark.uid, mark.name, device.host);
	r = write_down(service, client, after);
	if (r < 0) {
		admin_end(client, r, "nobody is named when that can't be written down: %s",
			store_error(r));
		return;
	}
	admin_line(client, subject_object(&mark, &device, minute, flags));
	admin_end(client, 0, "%s", "");
}

void admin_trace_answered(struct service *service, const struct console_word *word)
{
	struct admin_client *client = admin_server_asked(service->admin, word->id);
	struct bytes_reader reader;

	if (!client)
		return; /* who asked is gone */
	client->asked = 0;
	bytes_reader_init(&reader, word->text, word->size);
	if (word->refusal != REFUSAL_NONE)
		admin_end(client, -EIO, "the key of marks can't be used: %s",
			refusal_row(word->refusal)->text);
	else if (client->request.type == ADMIN_TRACE)
		answer_lattice(client, word);
	else if (!bytes_get_u8(&reader))
		admin_end(client, -EBADMSG, "%s", "");
	else
		answer_subject(service, client, &reader);
}
