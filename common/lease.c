/* SPDX-License-Identifier: Apache-2.0 */
/* Both forms, their signatures and words; what a word is worth is lease_verify.c's. */
#include "common/lease.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "common/lease_private.h"
#include "common/signed_text.h"

#define NUMBER_SIZE 32 /* of an ECDSA signature, which has two */
#define BASE64_SIZE 88 /* of a signature */

static const char request_title[] = "holdfast-lease-request 1\n";
static const char word_title[] = "holdfast-lease 1\n";

static const char *const states[] = {[LEASE_PENDING] = "pending",
	[LEASE_TRUSTED] = "trusted",
	[LEASE_SUSPENDED] = "suspended",
	[LEASE_REVOKED] = "revoked",
	[LEASE_UNFIT] = "unfit"};

const char *lease_state_name(unsigned int state)
{
	return state < sizeof(states) / sizeof(states[0]) ? states[state] : NULL;
}

uint64_t lease_end_ms(const struct lease *lease)
{
	return lease->asked.asked_ms + lease->seconds * UINT64_C(1000);
}

/* --- writing --- */

/* DER in base64, in one line. */
static int put_certificate(struct signed_text *text, const char *name, X509 *certificate)
{
	unsigned char encoded[LEASE_CERTIFICATE_MAX / 3 * 4 + 5];
	uint8_t *der = NULL;
	int size = i2d_X509(certificate, &der);

	if (size > 0 && size <= LEASE_CERTIFICATE_MAX) {
		(void)EVP_EncodeBlock(encoded, der, size); /* fits */
		signed_text_put(text, "%s %s\n", name, encoded);
	}
	OPENSSL_free(der);
	return size <= 0 ? -EIO : size > LEASE_CERTIFICATE_MAX ? -EMSGSIZE : 0;
}

/* What both have: device, boot, when and with which nonce. */
static void put_asked(struct signed_text *text, const struct lease_request *asked)
{
	signed_text_put_hex(text, "device", asked->device, LEASE_ID_SIZE);
	signed_text_put_hex(text, "boot", asked->boot, LEASE_ID_SIZE);
	signed_text_put(text, "asked %llu\n", (unsigned long long)asked->asked_ms);
	signed_text_put_hex(text, "nonce", asked->nonce, LEASE_ID_SIZE);
}

static bool is_request(const struct lease_request *request)
{
	return request->asked_ms <= LEASE_NUMBER_MAX && request->seconds &&
	       request->seconds <= LEASE_SECONDS_MAX && request->seen <= LEASE_NUMBER_MAX;
}

int lease_request_write(const struct lease_request *request, char ret_text[LEASE_REQUEST_MAX])
{
	struct signed_text text = {.start = ret_text, .room = LEASE_REQUEST_MAX};

	if (!is_request(request))
		return -EINVAL;
	signed_text_put(&text, "%s", request_title);
	put_asked(&text, request);
	signed_text_put(&text, "seconds %u\n", request->seconds);
	signed_text_put(&text, "seen %llu\n", (unsigned long long)request->seen);
	return (int)text.size; /* fits */
}

static bool is_word(const struct lease *lease)
{
	return lease_state_name(lease->state) && lease->asked.asked_ms <= LEASE_NUMBER_MAX &&
	       lease->seconds <= LEASE_SECONDS_MAX &&
	       (lease->state == LEASE_TRUSTED) == (lease->seconds > 0) && lease->serial &&
	       lease->serial <= LEASE_NUMBER_MAX && lease->time_s <= LEASE_NUMBER_MAX &&
	       lease->tenant[0] && !strpbrk(lease->tenant, "\n") &&
	       (lease->order_number > 0) == (lease->order != LEASE_ORDER_NONE) &&
	       lease->order_number <= LEASE_NUMBER_MAX &&
	       (!lease->order || (lease_order_name(lease->order) && lease->state != LEASE_TRUSTED));
}

/* Text of `size` bytes, signed at its end. */
static int sign(EVP_PKEY *key, char *text, size_t size, size_t room)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t signature[128];
	size_t signature_size = sizeof(signature);
	bool is_signed = context &&
			 EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) >
				 0 &&
			 EVP_DigestSign(context, signature, &signature_size,
				 (const unsigned char *)text, size) > 0;

	EVP_MD_CTX_free(context);
	return is_signed ? lease_add_signature(text, size, room, signature, signature_size) : -EIO;
}

int lease_write(
	const struct lease *lease, const struct lease_signer *signer, char ret_text[LEASE_WORD_MAX])
{
	struct signed_text text = {.start = ret_text, .room = LEASE_WORD_MAX};
	int r;

	if (!is_word(lease))
		return -EINVAL;
	signed_text_put(&text, "%stenant %s\n", word_title, lease->tenant);
	signed_text_put_hex(&text, "key", lease->key, LEASE_HASH_SIZE);
	put_asked(&text, &lease->asked);
	signed_text_put(&text, "state %s\n", states[lease->state]);
	signed_text_put(&text, "seconds %u\n", lease->seconds);
	signed_text_put(&text, "serial %llu\n", (unsigned long long)lease->serial);
	signed_text_put(&text, "time %llu\n", (unsigned long long)lease->time_s);
	if (lease->order)
		signed_text_put(&text, "order %llu %s\n", (unsigned long long)lease->order_number,
			lease_order_name(lease->order));
	r = put_certificate(&text, "certificate", signer->certificate);
	if (r == 0)
		r = put_certificate(&text, "issuer", signer->issuer);
	if (r == 0 && text.is_full)
		r = -EMSGSIZE;
	return r < 0 ? r : sign(signer->key, ret_text, text.size, LEASE_WORD_MAX);
}

/* Two numbers of 32 bytes each, as JOSE has them (RFC 7518, 3.4): DER's have no fixed size. */
static int raw_signature(const void *der, size_t size, uint8_t ret_raw[SIGNING_SIGNATURE])
{
	const uint8_t *at = der;
	ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &at, (long)size);
	int r = -EBADMSG;

	if (numbers && at == (const uint8_t *)der + size &&
		BN_bn2binpad(ECDSA_SIG_get0_r(numbers), ret_raw, NUMBER_SIZE) == NUMBER_SIZE &&
		BN_bn2binpad(ECDSA_SIG_get0_s(numbers), ret_raw + NUMBER_SIZE, NUMBER_SIZE) ==
			NUMBER_SIZE)
		r = 0;
	ECDSA_SIG_free(numbers);
	return r;
}

int lease_add_signature(
	char *text, size_t size, size_t room, const void *signature, size_t signature_size)
{
	uint8_t raw[SIGNING_SIGNATURE];
	unsigned char encoded[BASE64_SIZE + 1];
	int r;

	if (size >= room || room - size < SIGNING_SIGNATURE_LINE)
		return -EMSGSIZE;
	r = raw_signature(signature, signature_size, raw);
	if (r < 0)
		return r;
	(void)EVP_EncodeBlock(encoded, raw, sizeof(raw)); /* of a known size */
	return (int)size + snprintf(text + size, room - size, "signature %s\n", encoded);
}

/* --- reading --- */

static int get_asked(struct signing_reader *reader, struct lease_request *ret_asked)
{
	int r;

	r = signed_text_hex(reader, "device", ret_asked->device, LEASE_ID_SIZE);
	if (r == 0)
		r = signed_text_hex(reader, "boot", ret_asked->boot, LEASE_ID_SIZE);
	if (r == 0)
		r = signed_text_number(reader, "asked", LEASE_NUMBER_MAX, &ret_asked->asked_ms);
	if (r == 0)
		r = signed_text_hex(reader, "nonce", ret_asked->nonce, LEASE_ID_SIZE);
	return r;
}

static int get_seconds(struct signing_reader *reader, uint32_t *ret_seconds)
{
	uint64_t seconds;
	int r;

	r = signed_text_number(reader, "seconds", LEASE_SECONDS_MAX, &seconds);
	if (r == 0)
		*ret_seconds = (uint32_t)seconds;
	return r;
}

/* The signature, and nothing behind it. */
static int get_end(struct signing_reader *reader)
{
	uint8_t signature[SIGNING_SIGNATURE];
	int r;

	r = signing_signature(reader, signature);
	return r == 0 && reader->left ? -EBADMSG : r;
}

int lease_request_parse(const void *bytes, size_t size, struct lease_request *ret_request)
{
	struct signing_reader reader = {bytes, size};
	struct lease_request request = {0};
	int r;

	r = size < LEASE_REQUEST_MAX ? signed_text_title(&reader, request_title) : -EBADMSG;
	if (r == 0)
		r = get_asked(&reader, &request);
	if (r == 0)
		r = get_seconds(&reader, &request.seconds);
	if (r == 0)
		r = signed_text_number(&reader, "seen", LEASE_NUMBER_MAX, &request.seen);
	if (r == 0)
		r = get_end(&reader);
	if (r < 0 || !is_request(&request))
		return -EBADMSG;
	*ret_request = request;
	return 0;
}

static int get_state(struct signing_reader *reader, uint8_t *ret_state)
{
	char value[16];

	if (signing_line(reader, "state", value, sizeof(value)) < 0)
		return -EBADMSG;
	for (uint8_t i = LEASE_PENDING; i <= LEASE_UNFIT; i++)
		if (!strcmp(states[i], value)) {
			*ret_state = i;
			return 0;
		}
	return -EBADMSG;
}

/* One certificate, in the one way to write it. */
static int get_certificate(struct signing_reader *reader, const char *name, X509 **ret_certificate)
{
	unsigned char encoded[LEASE_CERTIFICATE_MAX / 3 * 4 + 5];
	char value[sizeof(encoded)];
	uint8_t der[sizeof(encoded)];
	const uint8_t *at = der;
	X509 *certificate;
	int size;

	if (signing_line(reader, name, value, sizeof(value)) < 0 || strlen(value) % 4)
		return -EBADMSG;
	size = EVP_DecodeBlock(der, (const unsigned char *)value, (int)strlen(value));
	for (const char *end = value + strlen(value); size > 0 && end > value && end[-1] == '=';
		end--)
		size--; /* decoded as zeros */
	if (size <= 0 || size > LEASE_CERTIFICATE_MAX)
		return -EBADMSG;
	(void)EVP_EncodeBlock(encoded, der, size); /* fits */
	if (strcmp((const char *)encoded, value) != 0)
		return -EBADMSG;
	certificate = d2i_X509(NULL, &at, size);
	if (!certificate || at != der + size) {
		X509_free(certificate);
		return -EBADMSG;
	}
	*ret_certificate = certificate;
	return 0;
}

/* A line that need not be there. */
static int get_order(struct signing_reader *reader, struct lease *ret_lease)
{
	struct signing_reader before = *reader, number;
	char value[32], line[48], *space;

	if (signing_line(reader, "order", value, sizeof(value)) < 0) {
		*reader = before; /* none; what stands there instead is the next line's to refuse */
		return 0;
	}
	space = strchr(value, ' ');
	if (!space)
		return -EBADMSG;
	*space = '\0';
	ret_lease->order = (uint8_t)lease_order_of_name(space + 1);
	number = (struct signing_reader){
		line, (size_t)snprintf(line, sizeof(line), "order %s\n", value)};
	return ret_lease->order ? signing_number(&number, "order", &ret_lease->order_number)
				: -EBADMSG;
}

static int get_lease(struct signing_reader *reader, struct lease *ret_lease)
{
	int r;

	r = signed_text_title(reader, word_title);
	if (r == 0)
		r = signing_line(reader, "tenant", ret_lease->tenant, sizeof(ret_lease->tenant));
	if (r == 0)
		r = signed_text_hex(reader, "key", ret_lease->key, LEASE_HASH_SIZE);
	if (r == 0)
		r = get_asked(reader, &ret_lease->asked);
	if (r == 0)
		r = get_state(reader, &ret_lease->state);
	if (r == 0)
		r = get_seconds(reader, &ret_lease->seconds);
	if (r == 0)
		r = signed_text_number(reader, "serial", LEASE_NUMBER_MAX, &ret_lease->serial);
	if (r == 0)
		r = signed_text_number(reader, "time", LEASE_NUMBER_MAX, &ret_lease->time_s);
	if (r == 0)
		r = get_order(reader, ret_lease);
	return r;
}

int lease_parse_whole(const void *bytes, size_t size, struct lease *ret_lease,
	struct lease_certificates *ret_certificates)
{
	struct signing_reader reader = {bytes, size};
	struct lease_certificates certificates = {0};
	struct lease lease = {0};
	int r;

	r = size < LEASE_WORD_MAX ? get_lease(&reader, &lease) : -EBADMSG;
	if (r == 0)
		r = get_certificate(&reader, "certificate", &certificates.signer);
	if (r == 0)
		r = get_certificate(&reader, "issuer", &certificates.issuer);
	if (r == 0)
		r = get_end(&reader);
	if (r == 0 && !is_word(&lease))
		r = -EBADMSG;
	if (r < 0) {
		lease_certificates_done(&certificates);
		return r;
	}
	*ret_lease = lease;
	*ret_certificates = certificates;
	return 0;
}

int lease_parse(const void *bytes, size_t size, struct lease *ret_lease)
{
	struct lease_certificates certificates;
	int r;

	r = lease_parse_whole(bytes, size, ret_lease, &certificates);
	if (r == 0)
		lease_certificates_done(&certificates);
	return r;
}

X509 *lease_issuer(const void *bytes, size_t size)
{
	struct lease_certificates certificates;
	struct lease lease;
	X509 *issuer;

	if (lease_parse_whole(bytes, size, &lease, &certificates) < 0)
		return NULL;
	issuer = certificates.issuer;
	certificates.issuer = NULL;
	lease_certificates_done(&certificates);
	return issuer;
}

void lease_certificates_done(struct lease_certificates *certificates)
{
	X509_free(certificates->signer);
	X509_free(certificates->issuer);
	*certificates = (struct lease_certificates){0};
}
