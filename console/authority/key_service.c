/* SPDX-License-Identifier: Apache-2.0 */
/* A release: is it that device's question, open its keys, seal them to it, forget them. */
#include "console/authority/key_service.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/lease.h"
#include "common/log.h"
#include "common/mark_id.h"
#include "common/uuid.h"
#include "console/authority/key_receipt.h"
#include "console/authority/label_key.h"

_Static_assert(KEY_GRANT_MAX <= CONSOLE_WORD_MAX, "every grant fits a message");

CLEANUP_DEFINE(X509, X509_free)

void key_service_open(struct key_service *service, const char *directory)
{
	auto_close int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int r = fd < 0 ? -errno : tenant_key_open(fd, &service->tenant);

	if (r == -ENOENT && fd >= 0) { /* a console of before there were any */
		r = tenant_key_make(fd);
		if (r == 0)
			log_notice("made a root key for keys of labels in '%s'", directory);
		if (r == 0)
			r = tenant_key_open(fd, &service->tenant);
	}
	if (r < 0)
		log_warning("no keys of labels are made or released: the root key in '%s' can't be "
			    "used: %s",
			directory,
			r == -ENOKEY	? "its passphrase is not there"
			: r == -EACCES	? "another passphrase, or others may read a file"
			: r == -EBADMSG ? "a file is damaged"
					: strerror(-r));
}

void key_service_close(struct key_service *service)
{
	tenant_key_close(&service->tenant);
}

bool key_service_is_open(const struct key_service *service)
{
	return service->tenant.root != NULL;
}

uint16_t key_service_refusal(int error)
{
	switch (error) {
	case 0:
		return REFUSAL_NONE;
	case -ENOKEY:
		return REFUSAL_KEYS_SEALED;
	case -EREMOTE:
		return REFUSAL_KEYS_ELSEWHERE;
	case -ENOENT:
		return REFUSAL_KEY_DESTROYED;
	case -ENOSPC:
		return REFUSAL_KEYS_FULL;
	case -EKEYREJECTED:
		return REFUSAL_KEY_QUESTION;
	default:
		return REFUSAL_INTERNAL;
	}
}

void key_service_make(
	struct key_service *service, const struct console_make *make, struct console_made *ret_made)
{
	int r;

	*ret_made = (struct console_made){.id = make->id, .key = make->key};
	r = key_service_is_open(service) ? label_key_make(&service->tenant, &ret_made->key)
					 : -ENOKEY;
	ret_made->refusal = key_service_refusal(r);
	if (ret_made->refusal == REFUSAL_INTERNAL)
		log_error("cannot make a key: %s", strerror(-r));
}

/* A certificate of ours, in force, for that device. */
static bool is_of_device(const struct key_service *service, X509 *certificate,
	const uint8_t device[CONSOLE_UID_SIZE], time_t now)
{
	const X509_NAME *subject = X509_get_subject_name(certificate);
	char name[UUID_TEXT_SIZE + 1] = "", wanted[UUID_TEXT_SIZE];

	uuid_format(device, wanted);
	return X509_check_issued(service->issuing->certificate, certificate) == X509_V_OK &&
	       X509_verify(certificate, X509_get0_pubkey(service->issuing->certificate)) == 1 &&
	       X509_cmp_time(X509_get0_notBefore(certificate), &now) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(certificate), &now) > 0 &&
	       X509_check_ca(certificate) == 0 &&
	       (X509_get_extended_key_usage(certificate) & XKU_SSL_CLIENT) &&
	       X509_NAME_get_text_by_NID(subject, NID_commonName, name, sizeof(name)) > 0 &&
	       !strcmp(name, wanted);
}

static int hash(const void *bytes, size_t size, uint8_t ret_hash[KEY_WORDS_HASH_SIZE])
{
	return EVP_Digest(bytes, size, ret_hash, NULL, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

/* The device's question, or -EKEYREJECTED; and HPKE's info for the answer. */
static int prove(const struct key_service *service, const struct console_release *release,
	time_t now, struct key_question *ret_question, uint8_t ret_info[KEY_INFO_SIZE])
{
	const uint8_t *at = release->certificate;
	auto_call(X509_freep) X509 *certificate = d2i_X509(NULL, &at, release->certificate_size);
	uint8_t key_hash[KEY_WORDS_HASH_SIZE], question_hash[KEY_WORDS_HASH_SIZE];

	if (!certificate || !is_of_device(service, certificate, release->device, now) ||
		key_question_parse(release->question, release->question_size, ret_question) < 0 ||
		memcmp(ret_question->device, release->device, sizeof(release->device)) != 0 ||
		!key_question_is_signed(
			release->question, release->question_size, X509_get0_pubkey(certificate)))
		return -EKEYREJECTED;
	if (lease_key_hash(X509_get0_pubkey(certificate), key_hash) < 0 ||
		hash(release->question, release->question_size, question_hash) < 0)
		return -EIO;
	key_info(release->device, key_hash, question_hash, ret_info);
	return 0;
}

static bool was_asked(const struct key_question *question, const uint8_t *label)
{
	for (unsigned int i = 0; i < question->label_count; i++)
		if (!memcmp(question->labels[i], label, KEY_WORDS_ID_SIZE))
			return true;
	return false;
}

/* The keys, each after the other, in memory that is wiped by the caller. Bytes. */
static int open_keys(const struct key_service *service, const struct console_release *release,
	const struct key_question *question, uint8_t *text)
{
	uint8_t asked[CONSOLE_UID_SIZE];
	int size = 0;

	for (unsigned int i = 0; i < release->count && size >= 0; i++) {
		mark_id_asked(release->keys[i].label, asked);
		if (!was_asked(question, asked))
			return -EKEYREJECTED;
		size = key_service_item(service, &release->keys[i], text, (size_t)size);
	}
	return size;
}

static int seal(const struct key_question *question, const uint8_t info[KEY_INFO_SIZE],
	const uint8_t *text, size_t size, struct key_grant *grant)
{
	const struct hpke_message message = {.text = text, .text_size = size};
	auto_call(hpke_freep) struct hpke *hpke = NULL;
	int r;

	r = hpke_seal_begin(question->ephemeral, info, KEY_INFO_SIZE, grant->enc, &hpke);
	if (r == -EBADMSG)
		return -EKEYREJECTED; /* no key to seal to */
	if (r == 0)
		r = hpke_seal(hpke, &message, grant->sealed);
	grant->sealed_size = (uint16_t)(size + HPKE_TAG_SIZE);
	return r;
}

/* As it is after trust_refresh(). */
static struct lease_signer signer_of(const struct key_service *service)
{
	return (struct lease_signer){service->trust->pair.key, service->trust->pair.certificate,
		service->issuing->certificate};
}

static int release_to(struct key_service *service, const struct console_release *release,
	time_t now, uint8_t ret_bytes[KEY_GRANT_MAX])
{
	static struct key_grant grant; /* too large for the stack */
	uint8_t info[KEY_INFO_SIZE], *text;
	struct key_question question;
	struct lease_signer signer;
	int size, r;

	if (!key_service_is_open(service))
		return -ENOKEY;
	r = prove(service, release, now, &question, info);
	if (r == 0)
		r = trust_refresh(service->trust, service->issuing, now);
	if (r < 0)
		return r;
	text = OPENSSL_secure_zalloc(KEY_TEXT_MAX);
	size = text ? open_keys(service, release, &question, text) : -ENOMEM;
	r = size;
	if (size > 0)
		r = seal(&question, info, text, (size_t)size, &grant);
	OPENSSL_secure_clear_free(text, KEY_TEXT_MAX);
	if (r < 0)
		return r;
	grant.seconds = release->seconds;
	signer = signer_of(service);
	r = hash(release->question, release->question_size, grant.question);
	return r < 0 ? r : key_grant_write(&grant, &signer, ret_bytes);
}

static void answer(struct console_word *word, uint64_t id, int r, const char *what)
{
	static struct log_limit limit = {.burst = 6};

	word->id = id;
	word->refusal = key_service_refusal(r < 0 ? r : 0);
	word->size = (uint16_t)(r > 0 ? r : 0);
	if (word->refusal == REFUSAL_INTERNAL && log_allowed(&limit))
		log_error("cannot %s: %s, refusing it", what, strerror(-r));
	ERR_clear_error();
}

void key_service_release(struct key_service *service, const struct console_release *release,
	time_t now, struct console_word *ret_word)
{
	int r = release_to(service, release, now, ret_word->text);

	answer(ret_word, release->id, r, "release keys to a device");
	if (r > 0) {
		char device[UUID_TEXT_SIZE];

		uuid_format(release->device, device);
		log_info("released %u keys to device %s", release->count, device);
	}
}

static int destroy_key(struct key_service *service, const struct console_destroy *destroy,
	time_t now, char ret_text[KEY_RECEIPT_MAX])
{
	struct lease_signer signer;
	int r;

	if (!key_service_is_open(service))
		return -ENOKEY;
	r = trust_refresh(service->trust, service->issuing, now);
	if (r == 0)
		r = label_key_destroy(&service->tenant, &destroy->key);
	if (r < 0)
		return r;
	signer = signer_of(service);
	return key_receipt_write(destroy, service->trust->tenant, (uint64_t)now, &signer, ret_text);
}

void key_service_destroy(struct key_service *service, const struct console_destroy *destroy,
	time_t now, struct console_word *ret_word)
{
	int r = destroy_key(service, destroy, now, (char *)ret_word->text);

	answer(ret_word, destroy->id, r, "destroy a key");
	if (r > 0)
		log_notice("destroyed key '%s' of generation %u, by %s", destroy->name,
			destroy->key.generation, destroy->who);
}
