/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/attestation.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/hex.h"

#define HOUR_MS	    (60 * 60 * UINT64_C(1000))
#define SECRET_NAME "attestation-secret"
#define SECRET_SIZE 32
#define HOURS	    2	/* whose challenges are answered yet: this one, the one before */
#define TEXT_MAX    684 /* of a quote in base64 */

/* As it lies in the database, in digits. */
static int secret_get(struct store *store, char ret_secret[2 * SECRET_SIZE + 1])
{
	uint8_t secret[SECRET_SIZE];
	int r = store_get(store, SECRET_NAME, ret_secret, 2 * SECRET_SIZE + 1);

	if (r != -ENOENT && !(r == 0 && !ret_secret[0]))
		return r;
	if (RAND_bytes(secret, sizeof(secret)) != 1)
		return -EIO;
	hex_write(secret, sizeof(secret), ret_secret);
	return store_set(store, SECRET_NAME, ret_secret);
}

int attestation_challenge(struct store *store, const uint8_t uid[CONSOLE_UID_SIZE],
	unsigned int hours, uint8_t ret_challenge[QUOTE_CHALLENGE_SIZE])
{
	uint64_t hour = clock_day_ms() / HOUR_MS - hours;
	char secret[2 * SECRET_SIZE + 1];
	uint8_t digest[DIGEST_SIZE];
	const struct digest_piece pieces[] = {
		{secret, sizeof(secret)}, {uid, CONSOLE_UID_SIZE}, {&hour, sizeof(hour)}};
	int r = secret_get(store, secret);

	if (r == 0)
		r = digest_of(pieces, 3, digest);
	if (r == 0)
		memcpy(ret_challenge, digest, QUOTE_CHALLENGE_SIZE);
	return r;
}

/* Bytes; 0 = is no base64 of a quote. */
static size_t decode(const char *text, uint8_t ret_bytes[TEXT_MAX])
{
	size_t size = strlen(text);
	int decoded;

	if (!size || size > TEXT_MAX || size % 4)
		return 0;
	decoded = EVP_DecodeBlock(ret_bytes, (const unsigned char *)text, (int)size);
	if (decoded < 0)
		return 0;
	return (size_t)decoded - (text[size - 1] == '=') - (text[size - 2] == '=');
}

/* 1: answers one of ours. */
static int is_answer(
	struct store *store, const struct store_device *device, const struct quote *quote)
{
	for (unsigned int hours = 0; hours < HOURS; hours++) {
		uint8_t challenge[QUOTE_CHALLENGE_SIZE], data[QUOTE_HASH_SIZE];
		int r = attestation_challenge(store, device->uid, hours, challenge);

		if (r == 0)
			r = quote_qualify(challenge, device->key, data);
		if (r < 0)
			return r;
		if (!memcmp(data, quote->data, sizeof(data)))
			return 1;
	}
	return 0;
}

int attestation_take(struct store *store, const struct store_device *device, const char *text,
	struct device_record *record, const char **ret_kind)
{
	uint8_t bytes[TEXT_MAX];
	char key[2 * QUOTE_HASH_SIZE + 1], registers[2 * QUOTE_HASH_SIZE + 1];
	struct quote quote;
	int r;

	*ret_kind = NULL;
	if (!text[0])
		return 0;
	if (quote_prove(bytes, decode(text, bytes), &quote) < 0) {
		*ret_kind = "quote-refused";
		return 0;
	}
	r = is_answer(store, device, &quote);
	if (r <= 0)
		return r;
	hex_write(quote.key, sizeof(quote.key), key);
	hex_write(quote.registers, sizeof(quote.registers), registers);
	if (record->facts[FACT_AK][0] && strcmp(record->facts[FACT_AK], key) != 0) {
		*ret_kind = "attestation-key-changed";
		return 0;
	}
	memcpy(record->facts[FACT_AK], key, sizeof(key));
	(void)snprintf(record->facts[FACT_QUOTE], DEVICE_RECORD_TEXT, "%.36s %s",
		record->facts[FACT_BOOT], registers); /* fits */
	return 0;
}

const char *attestation_proven(const struct device_record *record)
{
	const char *quote = record->facts[FACT_QUOTE], *boot = record->facts[FACT_BOOT];
	size_t size = strlen(boot);

	if (!size || strncmp(quote, boot, size) != 0 || quote[size] != ' ')
		return "";
	return quote + size + 1;
}
