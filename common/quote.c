/* SPDX-License-Identifier: Apache-2.0 */
/* TPM structures are big-endian: TPM 2.0 library, part 2, 10.12 and 6.2. */
#include "common/quote.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

#include "common/bytes.h"
#include "common/digest.h"

#define GENERATED \
	0xff544347u	   /* TPM_GENERATED_VALUE: nothing else that such a key signs begins so */
#define IS_QUOTE   0x8018u /* TPM_ST_ATTEST_QUOTE */
#define ALG_SHA256 0x000bu
#define NAME_MAX_  68 /* bytes of a TPM2B_NAME */
#define CLOCK_SIZE (8 + 4 + 4 + 1)
#define MAP_SIZE   3 /* bytes of a selection */

/* As TPMs have them. */
static uint32_t number(struct bytes_reader *reader, unsigned int size)
{
	const uint8_t *bytes = bytes_take(reader, size);
	uint32_t value = 0;

	for (unsigned int i = 0; bytes && i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* A TPM2B of exactly so many bytes. */
static const uint8_t *sized(struct bytes_reader *reader, size_t size)
{
	if (number(reader, 2) != size)
		reader->is_bad = true;
	return bytes_take(reader, size);
}

int quote_qualify(const uint8_t challenge[QUOTE_CHALLENGE_SIZE],
	const uint8_t device_key[QUOTE_HASH_SIZE], uint8_t ret_data[QUOTE_HASH_SIZE])
{
	static const char title[] = "holdfast-quote 1\n";
	const struct digest_piece pieces[] = {{title, sizeof(title) - 1},
		{challenge, QUOTE_CHALLENGE_SIZE}, {device_key, QUOTE_HASH_SIZE}};

	return digest_of(pieces, 3, ret_data);
}

static int read_statement(const uint8_t *bytes, size_t size, struct quote *quote)
{
	struct bytes_reader reader = {bytes, size, false};
	const uint8_t *data, *map, *registers;
	uint32_t name_size;

	if (number(&reader, 4) != GENERATED || number(&reader, 2) != IS_QUOTE)
		return -EBADMSG;
	name_size = number(&reader, 2);
	if (name_size > NAME_MAX_)
		return -EBADMSG;
	(void)bytes_take(&reader, name_size);
	data = sized(&reader, QUOTE_HASH_SIZE);
	(void)bytes_take(&reader, CLOCK_SIZE);
	(void)bytes_take(&reader, 8); /* version of its firmware */
	if (number(&reader, 4) != 1 || number(&reader, 2) != ALG_SHA256 ||
		number(&reader, 1) != MAP_SIZE)
		return -EBADMSG;
	map = bytes_take(&reader, MAP_SIZE);
	registers = sized(&reader, QUOTE_HASH_SIZE);
	if (reader.is_bad || reader.left || map[0] != QUOTE_REGISTERS || map[1] || map[2])
		return -EBADMSG;
	memcpy(quote->data, data, sizeof(quote->data));
	memcpy(quote->registers, registers, sizeof(quote->registers));
	return 0;
}

/* NULL: is none of P-256, or in other bytes than we would write: its hash is who it is. */
static EVP_PKEY *key_read(const uint8_t *bytes)
{
	const uint8_t *at = bytes;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, QUOTE_PUBLIC_SIZE);
	uint8_t again[QUOTE_PUBLIC_SIZE], *to = again;
	char group[32] = "";

	if (key && at == bytes + QUOTE_PUBLIC_SIZE && EVP_PKEY_is_a(key, "EC") &&
		EVP_PKEY_get_utf8_string_param(
			key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), NULL) == 1 &&
		!strcmp(group, "prime256v1") && i2d_PUBKEY(key, NULL) == QUOTE_PUBLIC_SIZE &&
		i2d_PUBKEY(key, &to) == QUOTE_PUBLIC_SIZE && !memcmp(again, bytes, sizeof(again)))
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static bool is_signed(EVP_PKEY *key, const uint8_t *bytes, size_t size, const uint8_t *signature,
	size_t signature_size)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_good = context &&
		       EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		       EVP_DigestVerify(context, signature, signature_size, bytes, size) == 1;

	EVP_MD_CTX_free(context);
	return is_good;
}

int quote_prove(const void *bytes, size_t size, struct quote *ret_quote)
{
	struct bytes_reader reader = {bytes, size, size > QUOTE_MAX};
	size_t statement_size = bytes_get_u16(&reader);
	const uint8_t *statement, *public_key;
	struct digest_piece piece = {NULL, QUOTE_PUBLIC_SIZE};
	struct quote quote;
	EVP_PKEY *key;
	int r;

	statement = bytes_take(&reader, statement_size);
	public_key = bytes_take(&reader, QUOTE_PUBLIC_SIZE);
	if (reader.is_bad || !reader.left || reader.left > QUOTE_SIGNATURE_MAX ||
		read_statement(statement, statement_size, &quote) < 0)
		return -EBADMSG;
	key = key_read(public_key);
	if (!key)
		return -EBADMSG;
	r = is_signed(key, statement, statement_size, reader.at, reader.left) ? 0 : -EKEYREJECTED;
	EVP_PKEY_free(key);
	piece.bytes = public_key;
	if (r == 0)
		r = digest_of(&piece, 1, quote.key);
	if (r == 0)
		*ret_quote = quote;
	return r;
}
