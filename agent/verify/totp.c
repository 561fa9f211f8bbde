/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/verify/totp.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#define SHA1_SIZE 20

int totp_code(
	const uint8_t *key, size_t key_size, uint64_t step, unsigned int digits, uint32_t *ret_code)
{
	uint32_t power = 1, number;
	uint8_t counter[8], mac[SHA1_SIZE];
	unsigned int size = sizeof(mac), at;

	for (int i = 0; i < 8; i++)
		counter[i] = (uint8_t)(step >> (56 - 8 * i));
	if (!HMAC(EVP_sha1(), key, (int)key_size, counter, sizeof(counter), mac, &size) ||
		size != SHA1_SIZE)
		return -EIO;
	at = mac[SHA1_SIZE - 1] & 0xf; /* RFC 4226, 5.3 */
	number = (uint32_t)(mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 |
		 (uint32_t)mac[at + 2] << 8 | mac[at + 3];
	for (unsigned int i = 0; i < digits; i++)
		power *= 10;
	*ret_code = number % power;
	OPENSSL_cleanse(mac, sizeof(mac));
	return 0;
}

bool totp_check(
	const uint8_t key[TOTP_KEY_SIZE], const char *text, uint64_t day_s, uint64_t *last_step)
{
	uint64_t now = day_s / TOTP_STEP_S, found = 0;
	char wanted[TOTP_DIGITS + 1];
	bool is_right = false;

	if (strlen(text) != TOTP_DIGITS || strspn(text, "0123456789") != TOTP_DIGITS)
		return false;
	/* All of them, each in the same time: which one it was, or nearly was, is not told. */
	for (uint64_t step = now - TOTP_DRIFT; step <= now + TOTP_DRIFT; step++) {
		uint32_t code;

		if (totp_code(key, TOTP_KEY_SIZE, step, TOTP_DIGITS, &code) < 0)
			return false;
		(void)snprintf(wanted, sizeof(wanted), "%06u", code % 1000000);
		if (CRYPTO_memcmp(wanted, text, TOTP_DIGITS) == 0 && step > *last_step) {
			is_right = true;
			found = step;
		}
	}
	OPENSSL_cleanse(wanted, sizeof(wanted));
	if (is_right)
		*last_step = found;
	return is_right;
}

void totp_key_text(const uint8_t key[TOTP_KEY_SIZE], char ret_text[TOTP_TEXT_SIZE])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

	for (unsigned int i = 0; i < TOTP_TEXT_SIZE - 1; i++) {
		unsigned int bit = 5 * i, byte = bit / 8, shift = bit % 8;
		unsigned int pair = (unsigned int)key[byte] << 8 |
				    (byte + 1 < TOTP_KEY_SIZE ? key[byte + 1] : 0);

		ret_text[i] = letters[pair >> (11 - shift) & 31];
	}
	ret_text[TOTP_TEXT_SIZE - 1] = '\0';
}

/* For an address: RFC 3986, 2.3. */
static bool escape(const char *text, char *ret_text, size_t size)
{
	size_t used = 0;

	for (; *text; text++) {
		if (used + 4 > size)
			return false;
		if (isalnum((unsigned char)*text) || strchr("-._~", *text))
			ret_text[used++] = *text;
		else
			used += (size_t)snprintf(
				ret_text + used, size - used, "%%%02X", (unsigned char)*text);
	}
	ret_text[used] = '\0';
	return true;
}

bool totp_address(const uint8_t key[TOTP_KEY_SIZE], const char *account, const char *host,
	char ret_address[TOTP_ADDRESS_SIZE])
{
	char secret[TOTP_TEXT_SIZE], who[128], where[192];
	int size;

	if (!escape(account, who, sizeof(who)) || !escape(host, where, sizeof(where)))
		return false;
	totp_key_text(key, secret);
	size = snprintf(ret_address, TOTP_ADDRESS_SIZE,
		"otpauth://totp/Holdfast:%s%%40%s?secret=%s&issuer=Holdfast&algorithm=SHA1&digits="
		"%d&period=%d",
		who, where, secret, TOTP_DIGITS, TOTP_STEP_S);
	OPENSSL_cleanse(secret, sizeof(secret));
	return size > 0 && size < TOTP_ADDRESS_SIZE;
}
