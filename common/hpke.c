/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 9180 with the primitives of OpenSSL 3.0, which has no HPKE of its own (3.2 has). Names of
 * functions and labels follow the RFC, whose sections are cited.
 */
#include "common/hpke.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdbool.h>
#include <string.h>

#include "common/bytes.h"
#include "common/digest.h"

#define HASH_SIZE    32 /* Nh, and Nsecret of the KEM */
#define NONCE_SIZE   12
#define CONTEXT_SIZE (1 + 2 * HASH_SIZE)
#define LABELED_MAX  (64 + HPKE_INFO_MAX) /* version, suite and label are less than 64 */

struct hpke {
	EVP_CIPHER_CTX *cipher; /* keyed */
	uint8_t base_nonce[NONCE_SIZE];
	uint8_t exporter_secret[HASH_SIZE];
	uint64_t next; /* number of the next message to seal */
	bool is_sender;
};

struct labeled {
	const char *suite;
	size_t suite_size;
	const char *label;
	const void *bytes;
	size_t size;
};

/* suite_id of the KEM (4.1) and of HPKE (5.1): the numbers of the IANA registries, big-endian. */
#define SUITE_KEM  .suite = "KEM\x00\x20", .suite_size = 5
#define SUITE_HPKE .suite = "HPKE\x00\x20\x00\x01\x00\x02", .suite_size = 10

_Static_assert(HPKE_CONTEXT_MAX <= HPKE_INFO_MAX, "an exporter's context fits LABELED_MAX");

static void put_labeled(struct bytes_writer *writer, const struct labeled *labeled)
{
	bytes_put_blob(writer, "HPKE-v1", 7);
	bytes_put_blob(writer, labeled->suite, labeled->suite_size);
	bytes_put_blob(writer, labeled->label, strlen(labeled->label));
	bytes_put_blob(writer, labeled->bytes, labeled->size);
}

struct hkdf_input {
	int mode; /* EVP_KDF_HKDF_MODE_* */
	const void *key;
	size_t key_size;
	const char *other; /* parameter beside the key: salt or info; NULL = none */
	const void *other_bytes;
	size_t other_size;
};

static OSSL_PARAM octets(const char *name, const void *bytes, size_t size)
{
	return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)bytes, size);
}

static int hkdf(struct hkdf_input *input, uint8_t *ret_bytes, size_t size)
{
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &input->mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		octets(OSSL_KDF_PARAM_KEY, input->key, input->key_size),
		input->other ? octets(input->other, input->other_bytes, input->other_size)
			     : OSSL_PARAM_construct_end(),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool is_good = context && EVP_KDF_derive(context, ret_bytes, size, parameters) > 0;

	EVP_KDF_CTX_free(context); /* wipes */
	EVP_KDF_free(kdf);
	return is_good ? 0 : -EIO;
}

/* LabeledExtract (4). salt NULL = none. */
static int labeled_extract(
	const uint8_t *salt, const struct labeled *ikm, uint8_t ret_key[HASH_SIZE])
{
	uint8_t bytes[LABELED_MAX];
	struct bytes_writer writer;
	int r;

	bytes_writer_init(&writer, bytes, sizeof(bytes));
	put_labeled(&writer, ikm);
	if (writer.is_full)
		return -EINVAL;
	r = hkdf(&(struct hkdf_input){EVP_KDF_HKDF_MODE_EXTRACT_ONLY, bytes, writer.used,
			 salt ? OSSL_KDF_PARAM_SALT : NULL, salt, HASH_SIZE},
		ret_key, HASH_SIZE);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return r;
}

/* LabeledExpand (4). */
static int labeled_expand(
	const uint8_t key[HASH_SIZE], const struct labeled *info, uint8_t *ret_bytes, size_t size)
{
	uint8_t bytes[LABELED_MAX];
	struct bytes_writer writer;

	bytes_writer_init(&writer, bytes, sizeof(bytes));
	bytes_put_u8(&writer, (uint8_t)(size >> 8)); /* big-endian */
	bytes_put_u8(&writer, (uint8_t)size);
	put_labeled(&writer, info);
	if (writer.is_full)
		return -EINVAL;
	return hkdf(&(struct hkdf_input){EVP_KDF_HKDF_MODE_EXPAND_ONLY, key, HASH_SIZE,
			    OSSL_KDF_PARAM_INFO, bytes, writer.used},
		ret_bytes, size);
}

/* DH (4.1); a public key that gives zeros is refused by OpenSSL, as 7.1.4 wants it. */
static int diffie_hellman(
	EVP_PKEY *own, const uint8_t other[HPKE_KEY_SIZE], uint8_t ret_shared[HPKE_KEY_SIZE])
{
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, other, HPKE_KEY_SIZE);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(own, NULL);
	size_t size = HPKE_KEY_SIZE;
	int r = 0;

	if (!peer || !context || EVP_PKEY_derive_init(context) <= 0)
		r = -EIO;
	else if (EVP_PKEY_derive_set_peer(context, peer) <= 0 ||
		 EVP_PKEY_derive(context, ret_shared, &size) <= 0 || size != HPKE_KEY_SIZE)
		r = -EBADMSG;
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(peer);
	return r;
}

/* ExtractAndExpand (4.1), of what Diffie-Hellman gives for own and other. */
static int shared_secret(EVP_PKEY *own, const uint8_t other[HPKE_KEY_SIZE],
	const uint8_t kem_context[HPKE_ENC_SIZE + HPKE_KEY_SIZE], uint8_t ret_secret[HASH_SIZE])
{
	uint8_t shared[HPKE_KEY_SIZE], key[HASH_SIZE];
	int r;

	r = diffie_hellman(own, other, shared);
	if (r == 0)
		r = labeled_extract(NULL,
			&(struct labeled){SUITE_KEM, .label = "eae_prk", .bytes = shared,
				.size = sizeof(shared)},
			key);
	if (r == 0)
		r = labeled_expand(key,
			&(struct labeled){SUITE_KEM, .label = "shared_secret", .bytes = kem_context,
				.size = HPKE_ENC_SIZE + HPKE_KEY_SIZE},
			ret_secret, HASH_SIZE);
	OPENSSL_cleanse(shared, sizeof(shared));
	OPENSSL_cleanse(key, sizeof(key));
	return r;
}

/* key_schedule_context (5.1) of base mode: neither a shared key nor its id. */
static int schedule_context(const void *info, size_t info_size, uint8_t ret_context[CONTEXT_SIZE])
{
	int r;

	ret_context[0] = 0; /* mode_base */
	r = labeled_extract(
		NULL, &(struct labeled){SUITE_HPKE, .label = "psk_id_hash"}, ret_context + 1);
	if (r < 0)
		return r;
	return labeled_extract(NULL,
		&(struct labeled){
			SUITE_HPKE, .label = "info_hash", .bytes = info, .size = info_size},
		ret_context + 1 + HASH_SIZE);
}

/* What of the key schedule (5.1) comes from its secret. */
static int schedule_expand(
	struct hpke *hpke, const uint8_t secret[HASH_SIZE], const uint8_t context[CONTEXT_SIZE])
{
	struct labeled labeled = {SUITE_HPKE, .bytes = context, .size = CONTEXT_SIZE};
	uint8_t key[32];
	EVP_CIPHER *aes;
	int r;

	labeled.label = "key";
	r = labeled_expand(secret, &labeled, key, sizeof(key));
	if (r < 0)
		return r;
	aes = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	hpke->cipher = EVP_CIPHER_CTX_new();
	if (!aes || !hpke->cipher ||
		!EVP_CipherInit_ex2(hpke->cipher, aes, key, NULL, hpke->is_sender, NULL))
		r = -EIO;
	EVP_CIPHER_free(aes); /* the context holds it */
	OPENSSL_cleanse(key, sizeof(key));
	if (r < 0)
		return r;
	labeled.label = "base_nonce";
	r = labeled_expand(secret, &labeled, hpke->base_nonce, NONCE_SIZE);
	if (r < 0)
		return r;
	labeled.label = "exp";
	return labeled_expand(secret, &labeled, hpke->exporter_secret, HASH_SIZE);
}

static int hpke_new(const uint8_t shared[HASH_SIZE], const void *info, size_t info_size,
	bool is_sender, struct hpke **ret_hpke)
{
	auto_call(hpke_freep) struct hpke *hpke = calloc(1, sizeof(*hpke));
	uint8_t context[CONTEXT_SIZE], secret[HASH_SIZE];
	int r;

	if (!hpke)
		return -ENOMEM;
	hpke->is_sender = is_sender;
	r = schedule_context(info, info_size, context);
	if (r < 0)
		return r;
	r = labeled_extract(shared, &(struct labeled){SUITE_HPKE, .label = "secret"}, secret);
	if (r == 0)
		r = schedule_expand(hpke, secret, context);
	OPENSSL_cleanse(secret, sizeof(secret));
	if (r < 0)
		return r;
	*ret_hpke = take_ptr(hpke);
	return 0;
}

void hpke_free(struct hpke *hpke)
{
	if (!hpke)
		return;
	EVP_CIPHER_CTX_free(hpke->cipher); /* wipes the key */
	OPENSSL_clear_free(hpke, sizeof(*hpke));
}

static int public_of(EVP_PKEY *key, uint8_t ret_public[HPKE_KEY_SIZE])
{
	size_t size = HPKE_KEY_SIZE;

	return key && EVP_PKEY_get_raw_public_key(key, ret_public, &size) > 0 ? 0 : -EIO;
}

int hpke_seal_begin(const uint8_t public_key[HPKE_KEY_SIZE], const void *info, size_t info_size,
	uint8_t ret_enc[HPKE_ENC_SIZE], struct hpke **ret_hpke)
{
	uint8_t kem_context[HPKE_ENC_SIZE + HPKE_KEY_SIZE], shared[HASH_SIZE];
	EVP_PKEY *ephemeral;
	int r;

	if (info_size > HPKE_INFO_MAX)
		return -EINVAL;
	ephemeral = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	r = public_of(ephemeral, kem_context);
	memcpy(kem_context + HPKE_ENC_SIZE, public_key, HPKE_KEY_SIZE);
	if (r == 0)
		r = shared_secret(ephemeral, public_key, kem_context, shared);
	EVP_PKEY_free(ephemeral); /* wipes */
	if (r == 0)
		r = hpke_new(shared, info, info_size, true, ret_hpke);
	OPENSSL_cleanse(shared, sizeof(shared));
	if (r == 0)
		memcpy(ret_enc, kem_context, HPKE_ENC_SIZE);
	return r;
}

int hpke_open_begin(const uint8_t private_key[HPKE_KEY_SIZE], const uint8_t enc[HPKE_ENC_SIZE],
	const void *info, size_t info_size, struct hpke **ret_hpke)
{
	uint8_t kem_context[HPKE_ENC_SIZE + HPKE_KEY_SIZE], shared[HASH_SIZE];
	EVP_PKEY *own;
	int r;

	if (info_size > HPKE_INFO_MAX)
		return -EINVAL;
	own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, HPKE_KEY_SIZE);
	memcpy(kem_context, enc, HPKE_ENC_SIZE);
	r = public_of(own, kem_context + HPKE_ENC_SIZE);
	if (r == 0)
		r = shared_secret(own, enc, kem_context, shared);
	EVP_PKEY_free(own); /* wipes */
	if (r == 0)
		r = hpke_new(shared, info, info_size, false, ret_hpke);
	OPENSSL_cleanse(shared, sizeof(shared));
	return r;
}

/* ComputeNonce (5.2). */
static void nonce_of(const struct hpke *hpke, uint64_t number, uint8_t ret_nonce[NONCE_SIZE])
{
	memcpy(ret_nonce, hpke->base_nonce, NONCE_SIZE);
	for (unsigned int i = 0; i < 8; i++)
		ret_nonce[NONCE_SIZE - 1 - i] ^= (uint8_t)(number >> (8 * i));
}

/* Nonce, AAD and text through the cipher, up to before the tag. */
static bool cipher_pass(struct hpke *hpke, uint64_t number, const struct hpke_message *message,
	size_t text_size, uint8_t *ret_text)
{
	uint8_t nonce[NONCE_SIZE];
	int done = 0;

	nonce_of(hpke, number, nonce);
	if (!EVP_CipherInit_ex2(hpke->cipher, NULL, NULL, nonce, -1, NULL))
		return false;
	if (message->aad_size &&
		!EVP_CipherUpdate(hpke->cipher, NULL, &done, message->aad, (int)message->aad_size))
		return false;
	return !text_size ||
	       EVP_CipherUpdate(hpke->cipher, ret_text, &done, message->text, (int)text_size);
}

int hpke_seal(struct hpke *hpke, const struct hpke_message *message, uint8_t *ret_sealed)
{
	uint8_t *tag = ret_sealed + message->text_size;
	int done = 0;

	if (!hpke->is_sender || message->text_size > HPKE_TEXT_MAX ||
		message->aad_size > HPKE_TEXT_MAX)
		return -EINVAL;
	if (hpke->next == UINT64_MAX)
		return -EIO;
	if (!cipher_pass(hpke, hpke->next++, message, message->text_size, ret_sealed) ||
		!EVP_CipherFinal_ex(hpke->cipher, tag, &done) ||
		!EVP_CIPHER_CTX_ctrl(hpke->cipher, EVP_CTRL_AEAD_GET_TAG, HPKE_TAG_SIZE, tag))
		return -EIO;
	return 0;
}

int hpke_open_at(
	struct hpke *hpke, uint64_t number, const struct hpke_message *sealed, uint8_t *ret_text)
{
	uint8_t tag[HPKE_TAG_SIZE], none[HPKE_TAG_SIZE];
	size_t text_size;
	int done = 0;

	if (hpke->is_sender || sealed->text_size > HPKE_TEXT_MAX ||
		sealed->aad_size > HPKE_TEXT_MAX)
		return -EINVAL;
	if (sealed->text_size < HPKE_TAG_SIZE)
		return -EBADMSG;
	text_size = sealed->text_size - HPKE_TAG_SIZE;
	memcpy(tag, (const uint8_t *)sealed->text + text_size, HPKE_TAG_SIZE);
	if (!cipher_pass(hpke, number, sealed, text_size, ret_text) ||
		!EVP_CIPHER_CTX_ctrl(hpke->cipher, EVP_CTRL_AEAD_SET_TAG, HPKE_TAG_SIZE, tag) ||
		!EVP_CipherFinal_ex(hpke->cipher, none, &done)) {
		OPENSSL_cleanse(ret_text, text_size);
		return -EBADMSG;
	}
	return 0;
}

int hpke_export(struct hpke *hpke, const void *context, size_t context_size, void *ret_secret,
	size_t secret_size)
{
	if (context_size > HPKE_CONTEXT_MAX || !secret_size || secret_size > HPKE_EXPORT_MAX)
		return -EINVAL;
	return labeled_expand(hpke->exporter_secret,
		&(struct labeled){
			SUITE_HPKE, .label = "sec", .bytes = context, .size = context_size},
		ret_secret, secret_size);
}

int hpke_key_generate(uint8_t ret_private[HPKE_KEY_SIZE], uint8_t ret_public[HPKE_KEY_SIZE])
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	uint8_t public_key[HPKE_KEY_SIZE], private_key[HPKE_KEY_SIZE];
	size_t size = HPKE_KEY_SIZE;
	int r = public_of(key, public_key);

	if (r == 0 && EVP_PKEY_get_raw_private_key(key, private_key, &size) <= 0)
		r = -EIO;
	EVP_PKEY_free(key); /* wipes */
	if (r == 0) {
		memcpy(ret_private, private_key, HPKE_KEY_SIZE);
		memcpy(ret_public, public_key, HPKE_KEY_SIZE);
	}
	OPENSSL_cleanse(private_key, sizeof(private_key));
	return r;
}

int hpke_key_public(const uint8_t private_key[HPKE_KEY_SIZE], uint8_t ret_public[HPKE_KEY_SIZE])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(
		EVP_PKEY_X25519, NULL, private_key, HPKE_KEY_SIZE);
	int r = public_of(key, ret_public);

	EVP_PKEY_free(key); /* wipes */
	return r;
}

int hpke_key_id(const uint8_t public_key[HPKE_KEY_SIZE], uint8_t ret_id[HPKE_KEY_ID_SIZE])
{
	uint8_t digest[DIGEST_SIZE];
	int r = digest_of(&(struct digest_piece){public_key, HPKE_KEY_SIZE}, 1, digest);

	if (r == 0)
		memcpy(ret_id, digest, HPKE_KEY_ID_SIZE);
	return r;
}
