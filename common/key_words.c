/* SPDX-License-Identifier: Apache-2.0 */
/* Both forms, bytes to members; and whose signature is below them. */
#include "common/key_words.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "common/bytes.h"
#include "common/lease.h"

#define QUESTION_MAGIC "HFKEYRQ1"
#define GRANT_MAGIC    "HFKEYGR1"
#define INFO	       "HFKEYIN1"
#define MAGIC_SIZE     8

static const uint8_t none[KEY_WORDS_ID_SIZE];

static bool is_question(const struct key_question *question)
{
	if (!question->label_count || question->label_count > KEY_LABELS_MAX)
		return false;
	for (unsigned int i = 0; i < question->label_count; i++) {
		if (!memcmp(question->labels[i], none, sizeof(none)))
			return false;
		for (unsigned int j = 0; j < i; j++)
			if (!memcmp(question->labels[i], question->labels[j], sizeof(none)))
				return false;
	}
	return true;
}

int key_question_write(const struct key_question *question, uint8_t ret_bytes[KEY_QUESTION_MAX])
{
	struct bytes_writer writer;

	if (!is_question(question))
		return -EINVAL;
	bytes_writer_init(&writer, ret_bytes, KEY_QUESTION_MAX);
	bytes_put_blob(&writer, QUESTION_MAGIC, MAGIC_SIZE);
	bytes_put_blob(&writer, question->device, sizeof(question->device));
	bytes_put_blob(&writer, question->boot, sizeof(question->boot));
	bytes_put_u64(&writer, question->asked_ms);
	bytes_put_blob(&writer, question->nonce, sizeof(question->nonce));
	bytes_put_blob(&writer, question->ephemeral, sizeof(question->ephemeral));
	bytes_put_u8(&writer, question->is_verified);
	bytes_put_u16(&writer, question->label_count);
	for (unsigned int i = 0; i < question->label_count; i++)
		bytes_put_blob(&writer, question->labels[i], sizeof(question->labels[i]));
	return writer.is_full ? -EMSGSIZE : (int)writer.used;
}

int key_question_add_signature(
	uint8_t bytes[KEY_QUESTION_MAX], size_t size, const void *signature, size_t signature_size)
{
	struct bytes_writer writer;

	if (signature_size > KEY_SIGNATURE_MAX)
		return -EMSGSIZE;
	bytes_writer_init(&writer, bytes, KEY_QUESTION_MAX);
	writer.used = size;
	bytes_put_u16(&writer, (uint16_t)signature_size);
	bytes_put_blob(&writer, signature, signature_size);
	return writer.is_full ? -EMSGSIZE : (int)writer.used;
}

/* A size, and a piece of the bytes that is as long. */
static struct bytes_reader get_piece(struct bytes_reader *reader, size_t max)
{
	struct bytes_reader piece = {0};

	piece.left = bytes_get_u16(reader);
	piece.at = reader->at;
	if (reader->is_bad || !piece.left || piece.left > max || piece.left > reader->left) {
		reader->is_bad = true;
		return (struct bytes_reader){.is_bad = true};
	}
	reader->at += piece.left;
	reader->left -= piece.left;
	return piece;
}

/* Up to the signature. */
static void get_question(struct bytes_reader *reader, struct key_question *ret_question)
{
	uint8_t magic[MAGIC_SIZE], verified;

	bytes_get_blob(reader, magic, sizeof(magic));
	bytes_get_blob(reader, ret_question->device, sizeof(ret_question->device));
	bytes_get_blob(reader, ret_question->boot, sizeof(ret_question->boot));
	ret_question->asked_ms = bytes_get_u64(reader);
	bytes_get_blob(reader, ret_question->nonce, sizeof(ret_question->nonce));
	bytes_get_blob(reader, ret_question->ephemeral, sizeof(ret_question->ephemeral));
	verified = bytes_get_u8(reader);
	ret_question->is_verified = verified == 1;
	ret_question->label_count = bytes_get_u16(reader);
	if (verified > 1 || ret_question->label_count > KEY_LABELS_MAX ||
		memcmp(magic, QUESTION_MAGIC, MAGIC_SIZE) != 0)
		reader->is_bad = true;
	for (unsigned int i = 0; !reader->is_bad && i < ret_question->label_count; i++)
		bytes_get_blob(reader, ret_question->labels[i], sizeof(ret_question->labels[i]));
}

int key_question_parse(const void *bytes, size_t size, struct key_question *ret_question)
{
	struct key_question question = {0};
	struct bytes_reader reader;

	bytes_reader_init(&reader, bytes, size);
	get_question(&reader, &question);
	(void)get_piece(&reader, KEY_SIGNATURE_MAX);
	if (!bytes_is_done(&reader) || !is_question(&question) || question.asked_ms > INT64_MAX)
		return -EBADMSG;
	*ret_question = question;
	return 0;
}

static bool verifies(
	EVP_PKEY *key, const void *bytes, size_t size, const struct bytes_reader *signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_good = context && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
		       EVP_PKEY_get_bits(key) == 256 &&
		       EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) >
			       0 &&
		       EVP_DigestVerify(context, signature->at, signature->left, bytes, size) > 0;

	EVP_MD_CTX_free(context);
	ERR_clear_error(); /* of a wrong one */
	return is_good;
}

bool key_question_is_signed(const void *bytes, size_t size, EVP_PKEY *key)
{
	struct key_question question;
	struct bytes_reader reader, signature;
	size_t signed_size;

	bytes_reader_init(&reader, bytes, size);
	get_question(&reader, &question);
	signed_size = size - reader.left;
	signature = get_piece(&reader, KEY_SIGNATURE_MAX);
	return bytes_is_done(&reader) && verifies(key, bytes, signed_size, &signature);
}

void key_info(const uint8_t device[KEY_WORDS_ID_SIZE],
	const uint8_t device_key[KEY_WORDS_HASH_SIZE], const uint8_t question[KEY_WORDS_HASH_SIZE],
	uint8_t ret_info[KEY_INFO_SIZE])
{
	struct bytes_writer writer;

	_Static_assert(KEY_INFO_SIZE <= HPKE_INFO_MAX, "HPKE takes it");
	bytes_writer_init(&writer, ret_info, KEY_INFO_SIZE);
	bytes_put_blob(&writer, INFO, MAGIC_SIZE);
	bytes_put_blob(&writer, device, KEY_WORDS_ID_SIZE);
	bytes_put_blob(&writer, device_key, KEY_WORDS_HASH_SIZE);
	bytes_put_blob(&writer, question, KEY_WORDS_HASH_SIZE);
}

static void put_piece(struct bytes_writer *writer, const void *bytes, size_t size)
{
	bytes_put_u16(writer, (uint16_t)size);
	bytes_put_blob(writer, bytes, size);
}

static int put_certificate(struct bytes_writer *writer, X509 *certificate)
{
	uint8_t *der = NULL;
	int size = i2d_X509(certificate, &der);

	if (size > 0 && size <= KEY_CERTIFICATE_MAX)
		put_piece(writer, der, (size_t)size);
	OPENSSL_free(der);
	return size <= 0 ? -EIO : size > KEY_CERTIFICATE_MAX ? -EMSGSIZE : 0;
}

static int put_signature(struct bytes_writer *writer, EVP_PKEY *key)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t signature[KEY_SIGNATURE_MAX];
	size_t size = sizeof(signature);
	bool is_good = context &&
		       EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) > 0 &&
		       EVP_DigestSign(context, signature, &size, writer->start, writer->used) > 0;

	EVP_MD_CTX_free(context);
	if (!is_good)
		return -EIO;
	put_piece(writer, signature, size);
	return 0;
}

static bool is_grant(const struct key_grant *grant)
{
	return grant->seconds && grant->seconds <= KEY_SECONDS_MAX &&
	       grant->sealed_size > HPKE_TAG_SIZE && grant->sealed_size <= KEY_SEALED_MAX;
}

int key_grant_write(const struct key_grant *grant, const struct lease_signer *signer,
	uint8_t ret_bytes[KEY_GRANT_MAX])
{
	struct bytes_writer writer;
	int r;

	if (!is_grant(grant))
		return -EINVAL;
	bytes_writer_init(&writer, ret_bytes, KEY_GRANT_MAX);
	bytes_put_blob(&writer, GRANT_MAGIC, MAGIC_SIZE);
	bytes_put_blob(&writer, grant->question, sizeof(grant->question));
	bytes_put_u32(&writer, grant->seconds);
	bytes_put_blob(&writer, grant->enc, sizeof(grant->enc));
	put_piece(&writer, grant->sealed, grant->sealed_size);
	r = put_certificate(&writer, signer->certificate);
	if (r == 0)
		r = put_certificate(&writer, signer->issuer);
	if (r == 0)
		r = put_signature(&writer, signer->key);
	if (r < 0)
		return r;
	return writer.is_full ? -EMSGSIZE : (int)writer.used;
}

static X509 *certificate_of(const struct bytes_reader *der)
{
	const uint8_t *at = der->at;
	X509 *certificate = d2i_X509(NULL, &at, (long)der->left);

	if (certificate && at != der->at + der->left) {
		X509_free(certificate);
		certificate = NULL;
	}
	return certificate;
}

/* The signature, and who made it. */
static int prove(struct bytes_reader pieces[3], const void *bytes, size_t signed_size,
	X509_STORE *anchors, int64_t now_s)
{
	X509 *signer = certificate_of(&pieces[0]), *issuer = certificate_of(&pieces[1]);
	int r = signer && issuer ? -EKEYREJECTED : -EBADMSG;

	if (r == -EKEYREJECTED &&
		lease_verify_signer(signer, issuer, anchors, now_s) == LEASE_GOOD &&
		verifies(X509_get0_pubkey(signer), bytes, signed_size, &pieces[2]))
		r = 0;
	X509_free(signer);
	X509_free(issuer);
	ERR_clear_error();
	return r;
}

int key_grant_open(const void *bytes, size_t size, X509_STORE *anchors, int64_t now_s,
	struct key_grant *ret_grant)
{
	struct bytes_reader reader, pieces[3], sealed;
	uint8_t magic[MAGIC_SIZE];
	struct key_grant grant;
	size_t signed_size;
	int r;

	bytes_reader_init(&reader, bytes, size);
	bytes_get_blob(&reader, magic, sizeof(magic));
	bytes_get_blob(&reader, grant.question, sizeof(grant.question));
	grant.seconds = bytes_get_u32(&reader);
	bytes_get_blob(&reader, grant.enc, sizeof(grant.enc));
	sealed = get_piece(&reader, KEY_SEALED_MAX);
	pieces[0] = get_piece(&reader, KEY_CERTIFICATE_MAX);
	pieces[1] = get_piece(&reader, KEY_CERTIFICATE_MAX);
	signed_size = size - reader.left;
	pieces[2] = get_piece(&reader, KEY_SIGNATURE_MAX);
	grant.sealed_size = (uint16_t)sealed.left;
	if (!bytes_is_done(&reader) || memcmp(magic, GRANT_MAGIC, MAGIC_SIZE) != 0 ||
		!is_grant(&grant))
		return -EBADMSG;
	r = prove(pieces, bytes, signed_size, anchors, now_s);
	if (r < 0)
		return r;
	memcpy(grant.sealed, sealed.at, sealed.left);
	*ret_grant = grant;
	return 0;
}

int key_text_add(uint8_t text[KEY_TEXT_MAX], size_t size, const struct key_item *item)
{
	struct bytes_writer writer;
	uint16_t count = size ? (uint16_t)(text[0] | text[1] << 8) : 0;

	if (count == KEY_GRANT_KEYS_MAX)
		return -ENOSPC;
	bytes_writer_init(&writer, text, KEY_TEXT_MAX);
	bytes_put_u16(&writer, (uint16_t)(count + 1));
	writer.used = size ? size : 2;
	bytes_put_blob(&writer, item->label, sizeof(item->label));
	bytes_put_u32(&writer, item->generation);
	bytes_put_u8(&writer, item->is_newest);
	bytes_put_blob(&writer, item->key, LABEL_KEY_SIZE);
	return writer.is_full ? -ENOSPC : (int)writer.used;
}

int key_text_parse(const void *text, size_t size, struct key_item ret_items[KEY_GRANT_KEYS_MAX])
{
	struct bytes_reader reader;
	uint16_t count;

	bytes_reader_init(&reader, text, size);
	count = bytes_get_u16(&reader);
	if (!count || count > KEY_GRANT_KEYS_MAX ||
		reader.left != (size_t)count * KEY_TEXT_ITEM_SIZE)
		return -EBADMSG;
	for (unsigned int i = 0; i < count; i++) {
		struct key_item *item = &ret_items[i];
		uint8_t is_newest;

		bytes_get_blob(&reader, item->label, sizeof(item->label));
		item->generation = bytes_get_u32(&reader);
		is_newest = bytes_get_u8(&reader);
		item->is_newest = is_newest;
		item->key = reader.at; /* in place: there is no copy of it */
		reader.at += LABEL_KEY_SIZE;
		reader.left -= LABEL_KEY_SIZE;
		if (!item->generation || is_newest > 1 || !memcmp(item->label, none, sizeof(none)))
			return -EBADMSG;
	}
	return count;
}
