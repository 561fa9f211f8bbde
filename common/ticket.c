/* SPDX-License-Identifier: Apache-2.0 */
#include "common/ticket.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int ticket_encode(const void *bytes, size_t size, char *ret_text, size_t room)
{
	const uint8_t *at = bytes;
	uint32_t held = 0;
	unsigned int bits = 0;
	size_t used = 0;

	if (room < TICKET_BASE64URL_SIZE(size))
		return -EMSGSIZE;
	for (size_t i = 0; i < size; i++) {
		held = (held << 8 | at[i]) & 0xffff;
		for (bits += 8; bits >= 6; bits -= 6)
			ret_text[used++] = letters[held >> (bits - 6) & 63];
	}
	if (bits)
		ret_text[used++] = letters[held << (6 - bits) & 63];
	ret_text[used] = '\0';
	return (int)used;
}

int ticket_decode(const char *text, size_t size, uint8_t *ret_bytes, size_t room)
{
	uint32_t held = 0;
	unsigned int bits = 0;
	size_t used = 0;

	if (size % 4 == 1)
		return -EBADMSG;
	for (size_t i = 0; i < size; i++) {
		const char *letter = text[i] ? strchr(letters, text[i]) : NULL;

		if (!letter)
			return -EBADMSG;
		held = (held << 6 | (uint32_t)(letter - letters)) & 0xffff;
		bits += 6;
		if (bits < 8)
			continue;
		if (used == room)
			return -EMSGSIZE;
		bits -= 8;
		ret_bytes[used++] = (uint8_t)(held >> bits);
	}
	return held & ((1U << bits) - 1) ? -EBADMSG : (int)used;
}

bool ticket_is_input(const void *bytes, size_t size)
{
	const char *text = bytes, *dot = memchr(bytes, '.', size);
	uint8_t part[TICKET_INPUT_MAX];
	int count;

	if (size > TICKET_INPUT_MAX || !dot)
		return false;
	count = ticket_decode(text, (size_t)(dot - text), part, sizeof(part));
	if (count < (int)strlen(TICKET_HEAD) ||
		memcmp(part, TICKET_HEAD, strlen(TICKET_HEAD)) != 0 ||
		memcmp(part + count - 2, "]}", 2) != 0)
		return false;
	dot++;
	count = ticket_decode(dot, size - (size_t)(dot - text), part, sizeof(part));
	return count >= 2 && part[0] == '{' && part[count - 1] == '}' &&
	       memmem(part, (size_t)count, TICKET_TRUSTED, strlen(TICKET_TRUSTED));
}

int ticket_signature_take(
	const uint8_t *der, size_t size, uint8_t ret_signature[TICKET_SIGNATURE_SIZE])
{
	const uint8_t *at = der;
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)size);
	bool is_good = signature && at == der + size &&
		       BN_bn2binpad(ECDSA_SIG_get0_r(signature), ret_signature, 32) == 32 &&
		       BN_bn2binpad(ECDSA_SIG_get0_s(signature), ret_signature + 32, 32) == 32;

	ECDSA_SIG_free(signature);
	return is_good ? 0 : -EBADMSG;
}

int ticket_signature_to_der(
	const uint8_t signature[TICKET_SIGNATURE_SIZE], uint8_t *ret_der, size_t room)
{
	ECDSA_SIG *parts = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, 32, NULL), *s = BN_bin2bn(signature + 32, 32, NULL);
	uint8_t *at = ret_der;
	int size = -1;

	if (parts && r && s && ECDSA_SIG_set0(parts, r, s) == 1) {
		r = s = NULL; /* the signature's */
		size = i2d_ECDSA_SIG(parts, NULL);
		size = size > 0 && (size_t)size <= room ? i2d_ECDSA_SIG(parts, &at) : -1;
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(parts);
	return size > 0 ? size : -EBADMSG;
}
