/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of marks: the tenant's is a label's key under an id of its own, and never leaves this process. A
 * device is given pens, who traces is told where to look, and what one mark says.
 */
#include <errno.h>
#include <string.h>

#include "common/bytes.h"
#include "common/mark_id.h"
#include "console/authority/key_service.h"
#include "console/authority/label_key.h"
#include "watermark/payload.h"

_Static_assert(LABEL_KEY_SIZE == WATERMARK_KEY_SIZE && KEY_WRAP_SIZE == WATERMARK_KEY_SIZE,
	"parts of a pen are keys like others");
_Static_assert(CONSOLE_MARK_FRAME * 8 == WATERMARK_FRAME_BITS, "a frame fits");

static int open_tenants(const struct key_service *service, const struct console_key *row,
	struct watermark_key *ret_key)
{
	struct console_key tenants = *row;
	uint8_t secret[KEY_WRAP_SIZE];
	int r;

	mark_id_write(&(const struct mark_id){.uid = MARK_ID_TENANT}, tenants.label);
	r = label_key_open(&service->tenant, &tenants, secret);
	if (r == 0)
		r = watermark_key_derive(secret, row->generation, ret_key);
	explicit_bzero(secret, sizeof(secret));
	return r;
}

static int add_pen(const struct watermark_pen *pen, const struct console_key *row,
	const struct mark_id *mark, uint8_t *text, size_t size)
{
	const uint8_t *const parts[MARK_PART_MAX] = {
		[MARK_LATTICE] = pen->lattice, [MARK_CIPHER] = pen->cipher, [MARK_OWN] = pen->own};
	int r = (int)size;

	for (uint8_t part = MARK_LATTICE; part < MARK_PART_MAX && r >= 0; part++) {
		const struct mark_id id = {part, mark->uid, mark->subject};
		struct key_item item = {
			.generation = row->generation, .is_newest = true, .key = parts[part]};

		mark_id_write(&id, item.label);
		r = key_text_add(text, (size_t)r, &item);
	}
	return r;
}

static int mark_item(const struct key_service *service, const struct console_key *row,
	const struct mark_id *mark, uint8_t *text, size_t size)
{
	struct watermark_key key;
	struct watermark_pen pen;
	int r;

	if (mark->uid == MARK_ID_TENANT || mark->part != MARK_WHOLE)
		return -EKEYREJECTED;
	r = open_tenants(service, row, &key);
	if (r < 0)
		return r;
	r = watermark_pen_derive(&key, mark->subject, &pen);
	watermark_key_wipe(&key);
	if (r < 0)
		return r;
	r = add_pen(&pen, row, mark, text, size);
	watermark_pen_wipe(&pen);
	return r;
}

int key_service_item(const struct key_service *service, const struct console_key *row,
	uint8_t text[KEY_TEXT_MAX], size_t size)
{
	uint8_t key[KEY_WRAP_SIZE];
	struct key_item item = {
		.generation = row->generation, .is_newest = row->is_newest, .key = key};
	struct mark_id mark;
	int r;

	if (mark_id_read(row->label, &mark))
		return mark_item(service, row, &mark, text, size);
	r = label_key_open(&service->tenant, row, key);
	if (r == 0) {
		memcpy(item.label, row->label, sizeof(item.label));
		r = key_text_add(text, size, &item);
	}
	explicit_bzero(key, sizeof(key));
	return r;
}

/* Bytes of the answer, or negative errno. */
static int read_frame(
	const struct watermark_key *key, const uint8_t bytes[CONSOLE_MARK_FRAME], uint8_t *ret_text)
{
	struct watermark_payload payload = {0};
	uint8_t frame[WATERMARK_FRAME_BITS];
	struct bytes_writer writer;
	int r;

	for (unsigned int i = 0; i < WATERMARK_FRAME_BITS; i++)
		frame[i] = bytes[i / 8] >> (7 - i % 8) & 1;
	r = watermark_payload_read(frame, key, &payload);
	if (r < 0 && r != -EBADMSG)
		return r;
	bytes_writer_init(&writer, ret_text, CONSOLE_WORD_MAX);
	bytes_put_u8(&writer, r == 0);
	bytes_put_u32(&writer, payload.subject);
	bytes_put_u32(&writer, payload.minute);
	bytes_put_u8(&writer, payload.flags);
	return (int)writer.used;
}

void key_service_mark(
	struct key_service *service, const struct console_mark *mark, struct console_word *ret_word)
{
	struct watermark_key key;
	int r = key_service_is_open(service) ? open_tenants(service, &mark->key, &key) : -ENOKEY;

	if (r == 0 && mark->has_frame) {
		r = read_frame(&key, mark->frame, ret_word->text);
	} else if (r == 0) {
		memcpy(ret_word->text, key.lattice, sizeof(key.lattice));
		r = sizeof(key.lattice);
	}
	watermark_key_wipe(&key);
	ret_word->id = mark->id;
	ret_word->refusal = key_service_refusal(r < 0 ? r : 0);
	ret_word->size = (uint16_t)(r > 0 ? r : 0);
}
