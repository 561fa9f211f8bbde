/* SPDX-License-Identifier: Apache-2.0 */
/* What a ticket says, as JSON, and the certificates by which it is believed. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent/engine/json.h"
#include "agent/engine/ticket.h"
#include "agent/engine/trust.h"
#include "agent/engine/uplink_files.h"
#include "agent/ipc/console_files.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/json.h"
#include "common/uuid.h"

#define CERTIFICATE_FILE "device.crt" /* uplink's: agent/uplink/identity.h */
#define FILE_MAX	 65536
#define DER_MAX		 1400
#define ISSUER_LINE	 "\nissuer " /* in the console's word: common/lease.h */

/* The device's certificate and what issued it, as x5c has them (RFC 7515, 4.1.6). */
struct chain {
	char text[2 * (DER_MAX * 4 / 3 + 8)];
	char device[UUID_TEXT_SIZE];
};

/* Base64 of DER. -EMSGSIZE for one that is too large. */
static int text_of(X509 *certificate, char ret_text[DER_MAX * 4 / 3 + 4])
{
	uint8_t der[DER_MAX], *at = der;
	int size = i2d_X509(certificate, NULL);

	if (size <= 0 || size > DER_MAX)
		return -EMSGSIZE;
	(void)i2d_X509(certificate, &at); /* as before */
	(void)EVP_EncodeBlock((unsigned char *)ret_text, der, size);
	return 0;
}

/* Its common name is its UUID. */
static int device_name(X509 *certificate, char ret_name[UUID_TEXT_SIZE])
{
	uint8_t uid[16];
	char text[64];

	if (X509_NAME_get_text_by_NID(
		    X509_get_subject_name(certificate), NID_commonName, text, sizeof(text)) < 0 ||
		uuid_parse(text, uid) < 0)
		return -EBADMSG;
	uuid_format(uid, ret_name);
	return 0;
}

/* A file of uplink's. The caller frees. */
static int file_get(
	const struct engine *engine, const char *name, char **ret_text, size_t *ret_size)
{
	auto_close int fd = -EBADF;
	char path[PATH_MAX];

	if (!uplink_path(engine, name, path))
		return -ENOKEY;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? -ENOKEY : -errno;
	return file_read_all(fd, FILE_MAX, ret_text, ret_size);
}

static X509 *certificate_get(const struct engine *engine)
{
	auto_free char *pem = NULL;
	X509 *certificate = NULL;
	size_t size;
	BIO *bio;

	if (file_get(engine, CERTIFICATE_FILE, &pem, &size) < 0)
		return NULL;
	bio = BIO_new_mem_buf(pem, (int)size);
	if (bio)
		certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	return certificate;
}

/* Who issued the key that the console's word is signed with also issued the device's certificate. */
static X509 *issuer_get(const struct engine *engine)
{
	auto_free char *word = NULL;
	uint8_t der[DER_MAX + 3];
	const uint8_t *at = der;
	size_t size, length;
	const char *line;

	if (file_get(engine, LEASE_FILE, &word, &size) < 0)
		return NULL;
	line = strstr(word, ISSUER_LINE);
	if (!line)
		return NULL;
	line += strlen(ISSUER_LINE);
	length = strcspn(line, "\n");
	if (length > DER_MAX / 3 * 4 ||
		EVP_DecodeBlock(der, (const unsigned char *)line, (int)length) <= 0)
		return NULL;
	return d2i_X509(NULL, &at, sizeof(der));
}

/* -ENOKEY when there are none, or one did not issue the other. */
static int chain_read(const struct engine *engine, struct chain *ret_chain)
{
	char own[DER_MAX * 4 / 3 + 4], above[sizeof(own)];
	X509 *certificate = certificate_get(engine), *issuer = issuer_get(engine);
	int r = -ENOKEY;

	if (certificate && issuer && X509_verify(certificate, X509_get0_pubkey(issuer)) == 1)
		r = device_name(certificate, ret_chain->device);
	if (r == 0)
		r = text_of(certificate, own);
	if (r == 0)
		r = text_of(issuer, above);
	if (r == 0)
		(void)snprintf(
			ret_chain->text, sizeof(ret_chain->text), "\"%s\",\"%s\"", own, above);
	X509_free(certificate);
	X509_free(issuer);
	return r;
}

/* Of what is known of the machine, what a server may care for; and what the engine knows itself. */
static struct json_object *posture(const struct engine *engine)
{
	static const char *const names[] = {"secure_boot", "lockdown", "root_encrypted", "tpm"};
	struct json_object *object = json_object_new_object();

	json_add_text(object, "boot", engine->origin.boot_id);
	json_add_bool(object, "enforcing", report_is_enforcing(engine));
	if (engine->policy)
		json_add_number(object, "policy", engine->policy->version);
	json_add_number(object, "bundle", engine->managed.version);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *fact = json_text(engine->posture.facts, names[i]);

		if (fact[0] && strlen(fact) < 32)
			json_add_text(object, names[i], fact);
	}
	return object;
}

static int add_id(struct json_object *payload)
{
	uint8_t random[16];
	char text[2 * sizeof(random) + 1];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	hex_write(random, sizeof(random), text);
	json_add_text(payload, "jti", text);
	return 0;
}

static struct json_object *payload_of(
	const struct engine *engine, const struct ticket_claims *claims, const char *device)
{
	struct json_object *payload = json_object_new_object();
	char issuer[64];

	(void)snprintf(issuer, sizeof(issuer), "urn:uuid:%s", device);
	json_add_text(payload, "iss", issuer);
	json_add_text(payload, "sub", claims->account);
	json_add_text(payload, "aud", claims->audience->uri);
	json_add_number(payload, "iat", claims->now_s);
	json_add_number(payload, "nbf", claims->now_s);
	json_add_number(payload, "exp", claims->now_s + claims->audience->lifetime_s);
	if (claims->nonce[0])
		json_add_text(payload, "nonce", claims->nonce);
	json_add_text(payload, "tenant", claims->tenant);
	json_add_text(payload, "device", device);
	json_add_text(payload, "trust", trust_state_name(trust_state(engine)));
	json_add_text(payload, "app", claims->app);
	json_add(payload, "posture", posture(engine));
	return payload;
}

int ticket_input(const struct engine *engine, const struct ticket_claims *claims,
	char ret_input[TICKET_INPUT_MAX + 1])
{
	struct chain chain = {0};
	char header[sizeof(chain.text) + sizeof(TICKET_HEAD) + 2];
	struct json_object *payload;
	const char *text;
	int used, r;

	r = chain_read(engine, &chain);
	if (r < 0)
		return r;
	(void)snprintf(header, sizeof(header), TICKET_HEAD "%s]}", chain.text);
	used = ticket_encode(header, strlen(header), ret_input, TICKET_INPUT_MAX);
	if (used < 0)
		return used;
	ret_input[used++] = '.';
	payload = payload_of(engine, claims, chain.device);
	r = add_id(payload);
	text = json_object_to_json_string_ext(
		payload, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (r == 0)
		r = text ? ticket_encode(text, strlen(text), ret_input + used,
				   (size_t)(TICKET_INPUT_MAX + 1 - used))
			 : -ENOMEM;
	(void)json_object_put(payload); /* freed */
	return r < 0 ? r : used + r;
}
