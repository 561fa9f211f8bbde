/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/seal_share.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "console/store/seal_keys.h"

#define VALUE	       "seal-keys-shared" /* in the database: a line each, ID-OF-THE-EARLIER SEALED */
#define DESTROYED      "seal-keys-destroyed" /* likewise: an ID each */
#define INFO	       "holdfast seal key 1"
#define ID_DIGITS      (2 * HPKE_KEY_ID_SIZE)
#define SEALED_SIZE    (HPKE_ENC_SIZE + HPKE_KEY_SIZE + HPKE_TAG_SIZE)
#define SEALED_TEXT    (4 * ((SEALED_SIZE + 2) / 3)) /* base64 */
#define LINE_SIZE      (ID_DIGITS + 1 + SEALED_TEXT + 1)
#define TEXT_SIZE      (SEAL_KEYS_MAX * LINE_SIZE + 1)
#define DESTROYED_SIZE (SEAL_SHARE_DESTROYED_MAX * (ID_DIGITS + 1) + 1)

static int read_lines(struct store *store, char ret_text[TEXT_SIZE])
{
	int r = store_get(store, VALUE, ret_text, TEXT_SIZE);

	if (r == -ENOENT)
		ret_text[0] = '\0';
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return strlen(ret_text) % LINE_SIZE ? -EBADMSG : 0;
}

/* The line of that earlier key; NULL when there is none. */
static char *line_of(char text[TEXT_SIZE], const uint8_t id[HPKE_KEY_ID_SIZE])
{
	char name[ID_DIGITS + 1];

	seal_key_id_format(id, name);
	for (char *line = text; *line; line += LINE_SIZE)
		if (!strncmp(line, name, ID_DIGITS))
			return line;
	return NULL;
}

static void line_remove(char *line)
{
	if (line)
		memmove(line, line + LINE_SIZE, strlen(line + LINE_SIZE) + 1);
}

static int seal(const uint8_t public_key[HPKE_KEY_SIZE], const uint8_t next[HPKE_KEY_SIZE],
	uint8_t ret_sealed[SEALED_SIZE])
{
	const struct hpke_message message = {.text = next, .text_size = HPKE_KEY_SIZE};
	auto_call(hpke_freep) struct hpke *hpke = NULL;
	int r = hpke_seal_begin(public_key, INFO, strlen(INFO), ret_sealed, &hpke);

	return r < 0 ? r : hpke_seal(hpke, &message, ret_sealed + HPKE_ENC_SIZE);
}

int seal_share_put(struct store *store, const uint8_t private_key[HPKE_KEY_SIZE],
	const uint8_t next[HPKE_KEY_SIZE])
{
	uint8_t public_key[HPKE_KEY_SIZE], id[HPKE_KEY_ID_SIZE], sealed[SEALED_SIZE];
	char text[TEXT_SIZE], *end;
	int r;

	r = hpke_key_public(private_key, public_key);
	if (r == 0)
		r = hpke_key_id(public_key, id);
	if (r == 0)
		r = seal(public_key, next, sealed);
	if (r == 0)
		r = read_lines(store, text);
	if (r < 0)
		return r;
	line_remove(line_of(text, id));
	end = text + strlen(text);
	if (end - text + LINE_SIZE >= TEXT_SIZE)
		return -ENOSPC;
	seal_key_id_format(id, end);
	end[ID_DIGITS] = ' ';
	(void)EVP_EncodeBlock((unsigned char *)end + ID_DIGITS + 1, sealed, SEALED_SIZE); /* fits */
	(void)strcpy(end + LINE_SIZE - 1, "\n"); /* likewise */
	return store_set(store, VALUE, text);
}

int seal_share_next(struct store *store, const uint8_t private_key[HPKE_KEY_SIZE],
	uint8_t ret_next[HPKE_KEY_SIZE])
{
	uint8_t public_key[HPKE_KEY_SIZE], id[HPKE_KEY_ID_SIZE], sealed[SEALED_SIZE + 2];
	const struct hpke_message message = {
		.text = sealed + HPKE_ENC_SIZE, .text_size = HPKE_KEY_SIZE + HPKE_TAG_SIZE};
	auto_call(hpke_freep) struct hpke *hpke = NULL;
	char text[TEXT_SIZE];
	const char *line;
	int r;

	r = hpke_key_public(private_key, public_key);
	if (r == 0)
		r = hpke_key_id(public_key, id);
	if (r == 0)
		r = read_lines(store, text);
	if (r < 0)
		return r;
	line = line_of(text, id);
	if (!line)
		return -ENOENT;
	if (EVP_DecodeBlock(sealed, (const unsigned char *)line + ID_DIGITS + 1, SEALED_TEXT) <
		SEALED_SIZE)
		return -EBADMSG;
	r = hpke_open_begin(private_key, sealed, INFO, strlen(INFO), &hpke);
	return r < 0 ? r : hpke_open_at(hpke, 0, &message, ret_next);
}

static int destroyed_read(struct store *store, char ret_text[DESTROYED_SIZE])
{
	int r = store_get(store, DESTROYED, ret_text, DESTROYED_SIZE);

	if (r == -ENOENT)
		ret_text[0] = '\0';
	return r == -ENOENT ? 0 : r;
}

int seal_share_is_destroyed(struct store *store, const uint8_t id[HPKE_KEY_ID_SIZE])
{
	char text[DESTROYED_SIZE], name[ID_DIGITS + 1];
	int r = destroyed_read(store, text);

	seal_key_id_format(id, name);
	return r < 0 ? r : strstr(text, name) != NULL;
}

static int destroyed_add(struct store *store, const uint8_t id[HPKE_KEY_ID_SIZE])
{
	char text[DESTROYED_SIZE], *end;
	int r = destroyed_read(store, text);

	if (r < 0)
		return r;
	end = text + strlen(text);
	if (end - text + ID_DIGITS + 1 >= DESTROYED_SIZE) {
		memmove(text, text + ID_DIGITS + 1, strlen(text + ID_DIGITS + 1) + 1);
		end -= ID_DIGITS + 1;
	}
	seal_key_id_format(id, end);
	(void)strcpy(end + ID_DIGITS, "\n"); /* fits */
	return store_set(store, DESTROYED, text);
}

int seal_share_destroy(struct store *store, const uint8_t id[HPKE_KEY_ID_SIZE])
{
	char text[TEXT_SIZE];
	int r = read_lines(store, text);

	if (r < 0)
		return r;
	line_remove(line_of(text, id));
	r = store_set(store, VALUE, text);
	return r < 0 ? r : destroyed_add(store, id);
}
