/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/seal_list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/hex.h"

#define VALUE	  "seal-keys" /* in the database: a line each, ID MADE REPLACED */
#define LINE_SIZE 96

void seal_key_id_format(const uint8_t id[HPKE_KEY_ID_SIZE], char ret_text[SEAL_ID_TEXT])
{
	hex_write(id, HPKE_KEY_ID_SIZE, ret_text);
}

bool seal_key_id_parse(const char *text, uint8_t ret_id[HPKE_KEY_ID_SIZE])
{
	return hex_read(text, ret_id, HPKE_KEY_ID_SIZE);
}

int seal_list_find(const struct seal_keys *keys, const uint8_t id[HPKE_KEY_ID_SIZE])
{
	for (unsigned int i = 0; i < keys->count; i++)
		if (!memcmp(keys->keys[i].id, id, HPKE_KEY_ID_SIZE))
			return (int)i;
	return -ENOENT;
}

void seal_list_add(struct seal_keys *keys, const struct seal_key *key)
{
	unsigned int at = 0;

	while (at < keys->count && keys->keys[at].made_ms <= key->made_ms)
		at++;
	memmove(&keys->keys[at + 1], &keys->keys[at], (keys->count - at) * sizeof(*key));
	keys->keys[at] = *key;
	keys->count++;
}

void seal_list_remove(struct seal_keys *keys, unsigned int at)
{
	keys->count--;
	memmove(&keys->keys[at], &keys->keys[at + 1], (keys->count - at) * sizeof(keys->keys[0]));
}

int seal_list_write(const struct seal_keys *keys, struct store *store)
{
	char text[SEAL_KEYS_MAX * LINE_SIZE], id[SEAL_ID_TEXT];
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < keys->count; i++) {
		const struct seal_key *key = &keys->keys[i];

		seal_key_id_format(key->id, id);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s %lld %lld\n", id,
			(long long)key->made_ms, (long long)key->replaced_ms);
	}
	return store_set(store, VALUE, text);
}

static bool parse_line(char *line, struct seal_key *ret_key)
{
	char *numbers = strchr(line, ' ');
	long long made_ms, replaced_ms;

	if (!numbers)
		return false;
	*numbers++ = '\0';
	if (!seal_key_id_parse(line, ret_key->id) ||
		sscanf(numbers, "%lld %lld", &made_ms, &replaced_ms) != 2)
		return false;
	ret_key->made_ms = made_ms;
	ret_key->replaced_ms = replaced_ms;
	return true;
}

int seal_list_read(struct store *store, struct seal_keys *ret_known)
{
	char text[SEAL_KEYS_MAX * LINE_SIZE], *rest = NULL;
	struct seal_keys known = {0};
	int r;

	r = store_get(store, VALUE, text, sizeof(text));
	if (r < 0 && r != -ENOENT)
		return r;
	for (char *line = r == 0 ? strtok_r(text, "\n", &rest) : NULL;
		line && known.count < SEAL_KEYS_MAX; line = strtok_r(NULL, "\n", &rest))
		if (!parse_line(line, &known.keys[known.count++]))
			return -EBADMSG;
	*ret_known = known;
	return 0;
}
