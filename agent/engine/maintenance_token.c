/* SPDX-License-Identifier: Apache-2.0 */
/* One form and no other: what would be written is what is read. */
#include "agent/engine/maintenance_token.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define HEAD	       "holdfast-maintenance 1\n"
#define LINE_MAX_BYTES 128
#define TIME_MAX_S     UINT64_C(253402300799) /* year 9999 */

static const struct {
	const char *word;
	uint32_t act;
} acts[] = {
	{"stop", MAINTENANCE_STOP},
	{"upgrade", MAINTENANCE_UPGRADE},
	{"remove", MAINTENANCE_REMOVE},
};

int maintenance_acts_parse(const char *words, uint32_t *ret_acts)
{
	uint32_t found = 0;

	while (*words) {
		size_t size = strcspn(words, ",");
		uint32_t act = 0;

		for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
			if (strlen(acts[i].word) == size && !strncmp(acts[i].word, words, size))
				act = acts[i].act;
		if (!act || (found & act))
			return -EINVAL;
		found |= act;
		words += size;
		if (*words && !*++words)
			return -EINVAL; /* ends with a comma */
	}
	if (!found)
		return -EINVAL;
	*ret_acts = found;
	return 0;
}

void maintenance_acts_text(uint32_t which, char ret_words[32])
{
	size_t used = 0;

	ret_words[0] = '\0';
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (which & acts[i].act)
			used += (size_t)snprintf(ret_words + used, 32 - used, "%s%s",
				used ? "," : "", acts[i].word); /* all three fit */
}

static int time_get(struct signing_reader *reader, const char *name, uint64_t *ret_time_s)
{
	int r = signing_number(reader, name, ret_time_s);

	return r < 0 || *ret_time_s > TIME_MAX_S ? -EBADMSG : 0;
}

static int fields_get(struct signing_reader *reader, struct maintenance_token *token)
{
	char value[LINE_MAX_BYTES];
	int r;

	r = signing_line(reader, "device", value, sizeof(value));
	if (r < 0 || strlen(value) >= sizeof(token->device))
		return -EBADMSG;
	if (strcmp(value, "any") != 0 &&
		(strlen(value) < 32 || !signing_is_hex(value, strlen(value))))
		return -EBADMSG;
	memcpy(token->device, value, strlen(value) + 1);
	r = time_get(reader, "not-before", &token->not_before_s);
	if (r < 0)
		return r;
	r = time_get(reader, "not-after", &token->not_after_s);
	if (r < 0)
		return r;
	if (token->not_after_s <= token->not_before_s ||
		token->not_after_s - token->not_before_s > MAINTENANCE_LIFE_MAX)
		return -EBADMSG;
	r = signing_line(reader, "actions", value, sizeof(value));
	if (r < 0 || maintenance_acts_parse(value, &token->acts) < 0)
		return -EBADMSG;
	r = signing_line(reader, "nonce", value, sizeof(value));
	if (r < 0 || !signing_is_hex(value, MAINTENANCE_NONCE_SIZE - 1))
		return -EBADMSG;
	memcpy(token->nonce, value, MAINTENANCE_NONCE_SIZE);
	return 0;
}

int maintenance_token_parse(const void *bytes, size_t size, struct maintenance_token *ret_token)
{
	struct signing_reader reader = {bytes, size};
	struct maintenance_token token = {0};
	int r;

	if (size > MAINTENANCE_TOKEN_MAX || size < strlen(HEAD) ||
		memcmp(bytes, HEAD, strlen(HEAD)) != 0)
		return -EBADMSG;
	reader.at += strlen(HEAD);
	reader.left -= strlen(HEAD);
	r = fields_get(&reader, &token);
	if (r < 0)
		return r;
	token.signed_size = size - reader.left;
	r = signing_signature(&reader, token.signature);
	if (r < 0 || reader.left)
		return -EBADMSG;
	*ret_token = token;
	return 0;
}

enum maintenance_verdict maintenance_token_verify(const struct maintenance_token *token,
	const void *bytes, const struct signing_key *key, const char *device, uint64_t now_s)
{
	if (!signing_verify(key, bytes, token->signed_size, token->signature))
		return MAINTENANCE_BAD_SIGNATURE;
	if (strcmp(token->device, "any") != 0 && strcmp(token->device, device) != 0)
		return MAINTENANCE_OTHER_DEVICE;
	if (now_s < token->not_before_s)
		return MAINTENANCE_TOO_EARLY;
	if (now_s >= token->not_after_s)
		return MAINTENANCE_TOO_LATE;
	return MAINTENANCE_GOOD;
}

const char *maintenance_verdict_text(enum maintenance_verdict verdict)
{
	switch (verdict) {
	case MAINTENANCE_BAD_SIGNATURE:
		return "its signature is not by this machine's maintenance key";
	case MAINTENANCE_OTHER_DEVICE:
		return "it is for another device";
	case MAINTENANCE_TOO_EARLY:
		return "it is not valid yet";
	case MAINTENANCE_TOO_LATE:
		return "it has expired";
	case MAINTENANCE_GOOD:
		break;
	}
	return "it is good";
}

int maintenance_token_write(const struct maintenance_token *token, const struct signing_key *key,
	char ret_text[MAINTENANCE_TOKEN_MAX])
{
	char text[MAINTENANCE_TOKEN_MAX], words[32];
	int size;

	maintenance_acts_text(token->acts, words);
	size = snprintf(text, sizeof(text),
		HEAD "device %s\nnot-before %" PRIu64 "\nnot-after %" PRIu64
		     "\nactions %s\nnonce %s\n",
		token->device, token->not_before_s, token->not_after_s, words, token->nonce);
	size = signing_append(key, text, (size_t)size, sizeof(text));
	if (size < 0)
		return size;
	memcpy(ret_text, text, (size_t)size + 1);
	return size;
}
