/* SPDX-License-Identifier: Apache-2.0 */
/* Each message's put and get, side by side: the same members in the same order. */
#include "console/ipc/key_messages.h"

static void put_key(struct bytes_writer *frame, const struct console_key *key)
{
	bytes_put_blob(frame, key->label, sizeof(key->label));
	bytes_put_u32(frame, key->generation);
	bytes_put_u8(frame, key->is_newest);
	bytes_put_blob(frame, key->home, sizeof(key->home));
	bytes_put_u32(frame, key->slot);
	bytes_put_blob(frame, key->wrapped, sizeof(key->wrapped));
}

static void get_key(struct bytes_reader *payload, struct console_key *ret_key)
{
	bytes_get_blob(payload, ret_key->label, sizeof(ret_key->label));
	ret_key->generation = bytes_get_u32(payload);
	ret_key->is_newest = bytes_get_u8(payload);
	bytes_get_blob(payload, ret_key->home, sizeof(ret_key->home));
	ret_key->slot = bytes_get_u32(payload);
	bytes_get_blob(payload, ret_key->wrapped, sizeof(ret_key->wrapped));
	if (!ret_key->generation || ret_key->is_newest > 1)
		payload->is_bad = true;
}

static uint16_t get_refusal(struct bytes_reader *payload)
{
	uint16_t refusal = bytes_get_u16(payload);

	if (refusal >= REFUSAL_MAX)
		payload->is_bad = true;
	return refusal;
}

static void put_sized(struct bytes_writer *frame, const uint8_t *bytes, uint16_t size)
{
	bytes_put_u16(frame, size);
	bytes_put_blob(frame, bytes, size);
}

static uint16_t get_sized(struct bytes_reader *payload, uint8_t *ret_bytes, size_t max)
{
	uint16_t size = bytes_get_u16(payload);

	if (!size || size > max) {
		payload->is_bad = true;
		return 0;
	}
	bytes_get_blob(payload, ret_bytes, size);
	return size;
}

void console_put_make(struct bytes_writer *frame, const struct console_make *make)
{
	bytes_put_u64(frame, make->id);
	put_key(frame, &make->key);
}

void console_get_make(struct bytes_reader *payload, struct console_make *ret_make)
{
	ret_make->id = bytes_get_u64(payload);
	get_key(payload, &ret_make->key);
}

void console_put_made(struct bytes_writer *frame, const struct console_made *made)
{
	bytes_put_u64(frame, made->id);
	bytes_put_u16(frame, made->refusal);
	put_key(frame, &made->key);
}

void console_get_made(struct bytes_reader *payload, struct console_made *ret_made)
{
	ret_made->id = bytes_get_u64(payload);
	ret_made->refusal = get_refusal(payload);
	get_key(payload, &ret_made->key);
}

void console_put_release(struct bytes_writer *frame, const struct console_release *release)
{
	bytes_put_u64(frame, release->id);
	bytes_put_blob(frame, release->device, sizeof(release->device));
	bytes_put_u32(frame, release->seconds);
	put_sized(frame, release->certificate, release->certificate_size);
	put_sized(frame, release->question, release->question_size);
	bytes_put_u16(frame, release->count);
	for (unsigned int i = 0; i < release->count; i++)
		put_key(frame, &release->keys[i]);
}

void console_get_release(struct bytes_reader *payload, struct console_release *ret_release)
{
	ret_release->id = bytes_get_u64(payload);
	bytes_get_blob(payload, ret_release->device, sizeof(ret_release->device));
	ret_release->seconds = bytes_get_u32(payload);
	ret_release->certificate_size = get_sized(
		payload, ret_release->certificate, sizeof(ret_release->certificate));
	ret_release->question_size = get_sized(
		payload, ret_release->question, sizeof(ret_release->question));
	ret_release->count = bytes_get_u16(payload);
	if (!ret_release->seconds || ret_release->seconds > KEY_SECONDS_MAX ||
		!ret_release->count || ret_release->count > CONSOLE_RELEASE_KEYS) {
		payload->is_bad = true;
		ret_release->count = 0;
	}
	for (unsigned int i = 0; i < ret_release->count; i++)
		get_key(payload, &ret_release->keys[i]);
}

void console_put_destroy(struct bytes_writer *frame, const struct console_destroy *destroy)
{
	bytes_put_u64(frame, destroy->id);
	put_key(frame, &destroy->key);
	bytes_put_string(frame, destroy->name);
	bytes_put_string(frame, destroy->who);
	bytes_put_u64(frame, destroy->made_ms);
}

void console_get_destroy(struct bytes_reader *payload, struct console_destroy *ret_destroy)
{
	ret_destroy->id = bytes_get_u64(payload);
	get_key(payload, &ret_destroy->key);
	bytes_get_string(payload, ret_destroy->name, sizeof(ret_destroy->name));
	bytes_get_string(payload, ret_destroy->who, sizeof(ret_destroy->who));
	ret_destroy->made_ms = bytes_get_u64(payload);
}

void console_put_mark(struct bytes_writer *frame, const struct console_mark *mark)
{
	bytes_put_u64(frame, mark->id);
	put_key(frame, &mark->key);
	bytes_put_u8(frame, mark->has_frame);
	bytes_put_blob(frame, mark->frame, sizeof(mark->frame));
}

void console_get_mark(struct bytes_reader *payload, struct console_mark *ret_mark)
{
	ret_mark->id = bytes_get_u64(payload);
	get_key(payload, &ret_mark->key);
	ret_mark->has_frame = bytes_get_u8(payload);
	bytes_get_blob(payload, ret_mark->frame, sizeof(ret_mark->frame));
	if (ret_mark->has_frame > 1)
		payload->is_bad = true;
}
