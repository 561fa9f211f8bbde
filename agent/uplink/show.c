/* SPDX-License-Identifier: Apache-2.0 */
/* For `holdfast status` and `doctor`, which read a file: nobody's question reaches this process. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "agent/ipc/console_files.h"
#include "agent/uplink/uplink.h"
#include "common/file.h"
#include "common/uuid.h"

static const char *const words[] = {
	[STANDING_UNKNOWN] = "unknown",
	[STANDING_UNENROLLED] = "not enrolled",
	[STANDING_PENDING] = "pending",
	[STANDING_TRUSTED] = "trusted",
	[STANDING_REFUSED] = "refused",
};

static const char *const places[] = {
	[KEYRING_NOWHERE] = "",
	[KEYRING_FILE] = "file",
	[KEYRING_TPM] = "tpm",
};

static void add_text(struct json_object *object, const char *name, const char *value)
{
	(void)json_object_object_add(
		object, name, json_object_new_string(value)); /* without memory: null */
}

static void add_number(struct json_object *object, const char *name, uint64_t value)
{
	(void)json_object_object_add(object, name, json_object_new_uint64(value)); /* likewise */
}

/* To the minute while there are hours: a file that says the same is not written again. */
static int64_t shown_seconds(const struct uplink *uplink)
{
	int64_t left = certificate_seconds_left(uplink->identity.chain[0]);

	return left > 3600 ? left - left % 60 : left;
}

static struct json_object *status_of(const struct uplink *uplink)
{
	struct json_object *object = json_object_new_object();
	struct spool_status spool = {0};
	char uid[UUID_TEXT_SIZE] = "";

	if (!object)
		return NULL;
	if (uplink->spool)
		spool_status(uplink->spool, &spool);
	if (uplink->identity.chain_count)
		uuid_format(uplink->identity.device_uid, uid);
	add_text(object, "console", uplink->exchange ? exchange_console(uplink->exchange) : "");
	add_text(object, "standing",
		words[uplink->identity.chain_count ? uplink->standing : STANDING_UNENROLLED]);
	add_text(object, "device", uid);
	add_text(object, "code", uplink->code);
	add_text(object, "trouble", uplink->trouble);
	add_text(
		object, "spool_trouble", uplink->spool_error ? strerror(-uplink->spool_error) : "");
	add_text(object, "key", places[uplink->key.place]);
	add_text(object, "key_trouble", uplink->key.trouble);
	add_number(object, "contact", uplink->contact_ms);
	add_number(object, "acknowledged", uplink->ack);
	add_number(object, "delivered", uplink->delivered);
	add_number(object, "policy", uplink->policy_version);
	add_number(object, "waiting", spool.waiting);
	add_number(object, "waiting_since", spool.oldest_ms);
	add_number(object, "spool_bytes", spool.bytes);
	add_number(object, "gone", uplink->gone + spool.lost);
	if (uplink->identity.chain_count)
		(void)json_object_object_add(object, "certificate_seconds",
			json_object_new_int64(
				shown_seconds(uplink))); /* below zero: it has ended */
	return object;
}

void show_status(const struct uplink *uplink)
{
	static char before[CONSOLE_STATUS_MAX]; /* what the file says */
	struct json_object *object = status_of(uplink);
	const char *text = object ? json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN)
				  : NULL;
	size_t size = text ? strlen(text) : 0;

	if (size && size < sizeof(before) && strcmp(text, before) != 0) {
		const struct file_content content = {
			.bytes = text, .size = size, .mode = 0644, .group = FILE_GROUP_NONE};

		if (file_replace(uplink->runtime_fd, CONSOLE_STATUS_NAME, &content) == 0)
			memcpy(before, text, size + 1);
	}
	(void)json_object_put(object); /* freed */
}
