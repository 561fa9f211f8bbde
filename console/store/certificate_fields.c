/* SPDX-License-Identifier: Apache-2.0 */
/* On OpenSSL: our own authority made it, yet it came through another process. */
#include "console/store/certificate_fields.h"

#include <errno.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/hex.h"

static int time_of(const ASN1_TIME *time, int64_t *ret_ms)
{
	struct tm parts;
	time_t seconds;

	if (ASN1_TIME_to_tm(time, &parts) != 1)
		return -EBADMSG;
	seconds = timegm(&parts);
	*ret_ms = (int64_t)seconds * 1000;
	return 0;
}

static int serial_of(const X509 *certificate, char *ret_text, size_t size)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
	const unsigned char *bytes = ASN1_STRING_get0_data(serial);
	int length = ASN1_STRING_length(serial);

	if (length < 1 || (size_t)length * 2 >= size)
		return -EBADMSG;
	hex_write(bytes, (size_t)length, ret_text); /* fits: asked above */
	return 0;
}

static int digest(const void *bytes, size_t size, uint8_t ret_hash[CONSOLE_HASH_SIZE])
{
	unsigned int length = CONSOLE_HASH_SIZE;

	return EVP_Digest(bytes, size, ret_hash, &length, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

static int key_of(X509 *certificate, uint8_t ret_hash[CONSOLE_HASH_SIZE])
{
	unsigned char *der = NULL;
	int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	int r;

	if (size <= 0)
		return -EBADMSG;
	r = digest(der, (size_t)size, ret_hash);
	OPENSSL_free(der);
	return r;
}

int certificate_fields_read(
	const uint8_t *der, size_t size, struct store_certificate *ret_certificate)
{
	struct store_certificate fields = {0};
	const unsigned char *at = der;
	X509 *certificate;
	int r;

	if (size > sizeof(fields.der))
		return -EBADMSG;
	certificate = d2i_X509(NULL, &at, (long)size);
	if (!certificate)
		return -EBADMSG;
	r = at == der + size ? 0 : -EBADMSG;
	if (r == 0)
		r = time_of(X509_get0_notBefore(certificate), &fields.not_before_ms);
	if (r == 0)
		r = time_of(X509_get0_notAfter(certificate), &fields.not_after_ms);
	if (r == 0)
		r = serial_of(certificate, fields.serial, sizeof(fields.serial));
	if (r == 0)
		r = key_of(certificate, fields.key);
	if (r == 0)
		r = digest(der, size, fields.fingerprint);
	X509_free(certificate);
	if (r < 0)
		return -EBADMSG;
	memcpy(fields.der, der, size);
	fields.size = (uint16_t)size;
	*ret_certificate = fields;
	return 0;
}
