/* SPDX-License-Identifier: Apache-2.0 */
/* One form and no other: what would be written is what is read. */
#include "agent/engine/maintenance_token.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define HEAD	       "holdfast-maintenance 1\n"
#define LINE_MAX_BYTES 128
#define TIME_MAX_S     UINT64_C(253402300799) /* year 9999 */
#define BASE64_SIZE    88		      /* of a signature */

struct maintenance_key {
	EVP_PKEY *pkey;
};

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

int maintenance_key_read(
	const void *pem, size_t size, int is_private, struct maintenance_key **ret_key)
{
	auto_free struct maintenance_key *key = calloc(1, sizeof(*key));
	BIO *bio = size <= MAINTENANCE_KEY_MAX ? BIO_new_mem_buf(pem, (int)size) : NULL;

	if (!key || !bio) {
		BIO_free(bio);
		return -ENOMEM;
	}
	key->pkey = is_private ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL)
			       : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	BIO_free(bio);
	if (!key->pkey || EVP_PKEY_get_id(key->pkey) != EVP_PKEY_ED25519) {
		EVP_PKEY_free(key->pkey);
		return -EBADMSG;
	}
	*ret_key = take_ptr(key);
	return 0;
}

void maintenance_key_free(struct maintenance_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

static int pem_text(BIO *bio, char ret_text[MAINTENANCE_KEY_MAX])
{
	int size = BIO_read(bio, ret_text, MAINTENANCE_KEY_MAX - 1);

	if (size <= 0)
		return -EIO;
	ret_text[size] = '\0';
	return 0;
}

int maintenance_key_make(
	char ret_private[MAINTENANCE_KEY_MAX], char ret_public[MAINTENANCE_KEY_MAX])
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	BIO *bio = BIO_new(BIO_s_mem());
	int r = -ENOMEM;

	if (pkey && bio && PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1)
		r = pem_text(bio, ret_private);
	if (r == 0)
		r = PEM_write_bio_PUBKEY(bio, pkey) == 1 ? pem_text(bio, ret_public) : -ENOMEM;
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	return r;
}

/* Where reading stands in bytes that need not end with a NUL. */
struct reader {
	const char *at;
	size_t left;
};

/* The value of the next line, which must begin with name and a space. */
static int line_get(struct reader *reader, const char *name, char ret_value[LINE_MAX_BYTES])
{
	const char *end = memchr(reader->at, '\n', reader->left);
	size_t size = end ? (size_t)(end - reader->at) : 0, skip = strlen(name) + 1;

	if (!end || size <= skip || size - skip >= LINE_MAX_BYTES)
		return -EBADMSG;
	if (memcmp(reader->at, name, skip - 1) != 0 || reader->at[skip - 1] != ' ' ||
		memchr(reader->at, '\0', size))
		return -EBADMSG;
	memcpy(ret_value, reader->at + skip, size - skip);
	ret_value[size - skip] = '\0';
	reader->at = end + 1;
	reader->left -= size + 1;
	return 0;
}

static int number_get(struct reader *reader, const char *name, uint64_t *ret_number)
{
	char value[LINE_MAX_BYTES];
	int r;

	r = line_get(reader, name, value);
	if (r < 0)
		return r;
	if (strlen(value) > 12 || strspn(value, "0123456789") != strlen(value) || value[0] == '0')
		return -EBADMSG;
	*ret_number = strtoull(value, NULL, 10);
	return *ret_number > TIME_MAX_S ? -EBADMSG : 0;
}

static bool is_hexadecimal(const char *text)
{
	return strspn(text, "0123456789abcdef") == strlen(text);
}

static int fields_get(struct reader *reader, struct maintenance_token *token)
{
	char value[LINE_MAX_BYTES];
	int r;

	r = line_get(reader, "device", value);
	if (r < 0 || strlen(value) >= sizeof(token->device))
		return -EBADMSG;
	if (strcmp(value, "any") != 0 && (strlen(value) < 32 || !is_hexadecimal(value)))
		return -EBADMSG;
	memcpy(token->device, value, strlen(value) + 1);
	r = number_get(reader, "not-before", &token->not_before_s);
	if (r < 0)
		return r;
	r = number_get(reader, "not-after", &token->not_after_s);
	if (r < 0)
		return r;
	if (token->not_after_s <= token->not_before_s ||
		token->not_after_s - token->not_before_s > MAINTENANCE_LIFE_MAX)
		return -EBADMSG;
	r = line_get(reader, "actions", value);
	if (r < 0 || maintenance_acts_parse(value, &token->acts) < 0)
		return -EBADMSG;
	r = line_get(reader, "nonce", value);
	if (r < 0 || strlen(value) != MAINTENANCE_NONCE_SIZE - 1 || !is_hexadecimal(value))
		return -EBADMSG;
	memcpy(token->nonce, value, MAINTENANCE_NONCE_SIZE);
	return 0;
}

int maintenance_token_parse(const void *bytes, size_t size, struct maintenance_token *ret_token)
{
	struct reader reader = {bytes, size};
	struct maintenance_token token = {0};
	char value[LINE_MAX_BYTES];
	uint8_t decoded[BASE64_SIZE], encoded[BASE64_SIZE + 1];
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
	r = line_get(&reader, "signature", value);
	if (r < 0 || reader.left || strlen(value) != BASE64_SIZE || strcmp(value + 86, "==") != 0)
		return -EBADMSG;
	/* Decodes to 66 bytes, the last two for the padding. */
	if (EVP_DecodeBlock(decoded, (const unsigned char *)value, BASE64_SIZE) !=
		MAINTENANCE_SIGNATURE + 2)
		return -EBADMSG;
	memcpy(token.signature, decoded, MAINTENANCE_SIGNATURE);
	(void)EVP_EncodeBlock(encoded, token.signature, MAINTENANCE_SIGNATURE); /* fits */
	if (strcmp((const char *)encoded, value) != 0)
		return -EBADMSG; /* the last digit has bits to spare */
	*ret_token = token;
	return 0;
}

static bool is_signed(
	const struct maintenance_token *token, const void *bytes, const struct maintenance_key *key)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_good = context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pkey) == 1 &&
		       EVP_DigestVerify(context, token->signature, sizeof(token->signature), bytes,
			       token->signed_size) == 1;

	EVP_MD_CTX_free(context);
	return is_good;
}

enum maintenance_verdict maintenance_token_verify(const struct maintenance_token *token,
	const void *bytes, const struct maintenance_key *key, const char *device, uint64_t now_s)
{
	if (!is_signed(token, bytes, key))
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

static int sign(const struct maintenance_key *key, const char *text, size_t size,
	uint8_t ret_signature[MAINTENANCE_SIGNATURE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t length = MAINTENANCE_SIGNATURE;
	int r = -EIO;

	if (context && EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) == 1 &&
		EVP_DigestSign(
			context, ret_signature, &length, (const unsigned char *)text, size) == 1 &&
		length == MAINTENANCE_SIGNATURE)
		r = 0;
	EVP_MD_CTX_free(context);
	return r;
}

int maintenance_token_write(const struct maintenance_token *token,
	const struct maintenance_key *key, char ret_text[MAINTENANCE_TOKEN_MAX])
{
	uint8_t signature[MAINTENANCE_SIGNATURE];
	unsigned char encoded[BASE64_SIZE + 1];
	char text[MAINTENANCE_TOKEN_MAX], words[32];
	int size, r;

	maintenance_acts_text(token->acts, words);
	size = snprintf(text, sizeof(text),
		HEAD "device %s\nnot-before %" PRIu64 "\nnot-after %" PRIu64
		     "\nactions %s\nnonce %s\n",
		token->device, token->not_before_s, token->not_after_s, words, token->nonce);
	r = sign(key, text, (size_t)size, signature);
	if (r < 0)
		return r;
	(void)EVP_EncodeBlock(encoded, signature, sizeof(signature)); /* of a known size */
	size += snprintf(text + size, sizeof(text) - (size_t)size, "signature %s\n", encoded);
	if ((size_t)size >= sizeof(text))
		return -EMSGSIZE;
	memcpy(ret_text, text, (size_t)size + 1);
	return size;
}
