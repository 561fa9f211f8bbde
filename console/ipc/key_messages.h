/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store asks of the authority about keys of labels: to make one, to release some to a device, to
 * destroy one. Keys go over this socket wrapped only, or sealed to a device. As in messages.h: a get that
 * fails is a broken peer.
 */
#ifndef HOLDFAST_CONSOLE_IPC_KEY_MESSAGES_H
#define HOLDFAST_CONSOLE_IPC_KEY_MESSAGES_H

#include "common/key_words.h"
#include "console/ipc/messages.h"

#define CONSOLE_WRAPPED_SIZE  40
#define CONSOLE_KEY_NAME_SIZE 80 /* "tenant/label", NUL counted */
#define CONSOLE_RELEASE_KEYS  KEY_GRANT_KEYS_MAX

/* A generation of a label's key, as the database has it. */
struct console_key {
	uint8_t label[CONSOLE_UID_SIZE];
	uint32_t generation; /* from 1 on */
	uint8_t is_newest;
	uint8_t home[CONSOLE_UID_SIZE]; /* whose slot it is: console/authority/key_slots.h */
	uint32_t slot;
	uint8_t wrapped[CONSOLE_WRAPPED_SIZE];
};

/* MAKE: label and generation of the key count. */
struct console_make {
	uint64_t id;
	struct console_key key;
};

struct console_made {
	uint64_t id;
	uint16_t refusal;
	struct console_key key; /* of a refusal nothing */
};

struct console_release {
	uint64_t id;
	uint8_t device[CONSOLE_UID_SIZE]; /* whose it must be */
	uint32_t seconds;
	uint16_t certificate_size;
	uint8_t certificate[CONSOLE_CERTIFICATE_MAX]; /* DER, of that device */
	uint16_t question_size;
	uint8_t question[KEY_QUESTION_MAX]; /* as the device sent it */
	uint16_t count;
	struct console_key keys[CONSOLE_RELEASE_KEYS];
};

struct console_destroy {
	uint64_t id;
	struct console_key key;
	char name[CONSOLE_KEY_NAME_SIZE]; /* for people */
	char who[CONSOLE_NAME_SIZE];
	uint64_t made_ms;
};

#define CONSOLE_MARK_FRAME 10 /* bytes: WATERMARK_FRAME_BITS */

/*
 * Of marks of a generation of the tenant's key: where to look for them, which is answered by the key
 * of the lattice (watermark/carrier.h), or what one says: u8 1, u32 subject, u32 minute, u8 flags; or
 * u8 0, if no pen of that key wrote it.
 */
struct console_mark {
	uint64_t id;
	struct console_key key;
	uint8_t has_frame;
	uint8_t frame[CONSOLE_MARK_FRAME]; /* its bits, the first one highest */
};

void console_put_mark(struct bytes_writer *frame, const struct console_mark *mark);
void console_get_mark(struct bytes_reader *payload, struct console_mark *ret_mark);
void console_put_make(struct bytes_writer *frame, const struct console_make *make);
void console_get_make(struct bytes_reader *payload, struct console_make *ret_make);
void console_put_made(struct bytes_writer *frame, const struct console_made *made);
void console_get_made(struct bytes_reader *payload, struct console_made *ret_made);
void console_put_release(struct bytes_writer *frame, const struct console_release *release);
void console_get_release(struct bytes_reader *payload, struct console_release *ret_release);
void console_put_destroy(struct bytes_writer *frame, const struct console_destroy *destroy);
void console_get_destroy(struct bytes_reader *payload, struct console_destroy *ret_destroy);

#endif
