/* SPDX-License-Identifier: Apache-2.0 */
/* One form, written and read; the signature is common/lease.h's over text. */
#include "console/authority/key_receipt.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "common/lease.h"
#include "common/signed_text.h"

#define TITLE "holdfast-key-receipt 1\n"

CLEANUP_DEFINE(BIO, BIO_free_all)
CLEANUP_DEFINE(X509, X509_free)

static int put_signature(struct signed_text *text, EVP_PKEY *key)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t signature[128];
	size_t size = sizeof(signature);
	int r = -EIO;

	if (context && EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) > 0 &&
		EVP_DigestSign(
			context, signature, &size, (const uint8_t *)text->start, text->size) > 0)
		r = lease_add_signature(text->start, text->size, KEY_RECEIPT_MAX, signature, size);
	EVP_MD_CTX_free(context);
	if (r > 0)
		text->size = (size_t)r;
	return r < 0 ? r : 0;
}

static int put_certificates(struct signed_text *text, const struct lease_signer *signer)
{
	auto_call(BIO_free_allp) BIO *pem = BIO_new(BIO_s_mem());
	char *bytes;
	long size;

	if (!pem || !PEM_write_bio_X509(pem, signer->certificate) ||
		!PEM_write_bio_X509(pem, signer->issuer))
		return -EIO;
	size = BIO_get_mem_data(pem, &bytes);
	signed_text_put(text, "%.*s", (int)size, bytes);
	return 0;
}

/* In one line. */
static bool is_plain(const char *value)
{
	for (const char *at = value; *at; at++)
		if (iscntrl((unsigned char)*at))
			return false;
	return value[0] != '\0';
}

int key_receipt_write(const struct console_destroy *destroyed, const char *tenant, uint64_t now_s,
	const struct lease_signer *signer, char ret_text[KEY_RECEIPT_MAX])
{
	const struct console_key *key = &destroyed->key;
	struct signed_text text = {.start = ret_text, .room = KEY_RECEIPT_MAX};
	uint8_t hash[CONSOLE_HASH_SIZE];
	int r;

	if (!is_plain(tenant) || !is_plain(destroyed->name) || !is_plain(destroyed->who))
		return -EINVAL;
	if (EVP_Digest(key->wrapped, sizeof(key->wrapped), hash, NULL, EVP_sha256(), NULL) != 1)
		return -EIO;
	signed_text_put(&text, TITLE "tenant %s\n", tenant);
	signed_text_put_hex(&text, "label", key->label, sizeof(key->label));
	signed_text_put(&text, "name %s\n", destroyed->name);
	signed_text_put(&text, "generation %u\n", key->generation);
	signed_text_put_hex(&text, "wrapped", hash, sizeof(hash));
	signed_text_put_hex(&text, "home", key->home, sizeof(key->home));
	signed_text_put(&text, "slot %u\n", key->slot);
	signed_text_put(&text, "made %llu\n", (unsigned long long)destroyed->made_ms / 1000);
	signed_text_put(&text, "destroyed %llu\n", (unsigned long long)now_s);
	signed_text_put(&text, "by %s\n", destroyed->who);
	r = put_signature(&text, signer->key);
	if (r == 0)
		r = put_certificates(&text, signer);
	if (r < 0)
		return r;
	return text.is_full ? -EMSGSIZE : (int)text.size;
}

static int get_u32(struct signing_reader *reader, const char *name, uint32_t *ret_number)
{
	uint64_t number;

	if (signing_number(reader, name, &number) < 0 || number > UINT32_MAX)
		return -EBADMSG;
	*ret_number = (uint32_t)number;
	return 0;
}

/* Up to the signature. */
static int get_receipt(struct signing_reader *reader, struct key_receipt *ret_receipt)
{
	if (signed_text_title(reader, TITLE) < 0 ||
		signing_line(reader, "tenant", ret_receipt->tenant, sizeof(ret_receipt->tenant)) <
			0 ||
		signed_text_hex(reader, "label", ret_receipt->label, sizeof(ret_receipt->label)) <
			0 ||
		signing_line(reader, "name", ret_receipt->name, sizeof(ret_receipt->name)) < 0 ||
		get_u32(reader, "generation", &ret_receipt->generation) < 0 ||
		signed_text_hex(reader, "wrapped", ret_receipt->wrapped,
			sizeof(ret_receipt->wrapped)) < 0 ||
		signed_text_hex(reader, "home", ret_receipt->home, sizeof(ret_receipt->home)) < 0 ||
		get_u32(reader, "slot", &ret_receipt->slot) < 0 ||
		signing_number(reader, "made", &ret_receipt->made_s) < 0 ||
		signing_number(reader, "destroyed", &ret_receipt->destroyed_s) < 0 ||
		signing_line(reader, "by", ret_receipt->by, sizeof(ret_receipt->by)) < 0)
		return -EBADMSG;
	return 0;
}

/* The certificates behind the signature. */
static int prove(const char *text, size_t signed_size, const struct signing_reader *pem,
	X509_STORE *anchors, uint64_t destroyed_s)
{
	auto_call(BIO_free_allp) BIO *memory = pem->left ? BIO_new_mem_buf(pem->at, (int)pem->left)
							 : NULL;
	auto_call(X509_freep) X509 *signer = memory ? PEM_read_bio_X509(memory, NULL, NULL, NULL)
						    : NULL;
	auto_call(X509_freep) X509 *issuer = signer ? PEM_read_bio_X509(memory, NULL, NULL, NULL)
						    : NULL;
	bool is_good = issuer &&
		       lease_verify_signer(signer, issuer, anchors, (int64_t)destroyed_s) ==
			       LEASE_GOOD &&
		       lease_is_signed(text, signed_size, X509_get0_pubkey(signer));

	ERR_clear_error();
	return is_good ? 0 : issuer ? -EKEYREJECTED : -EBADMSG;
}

int key_receipt_verify(
	const char *text, size_t size, X509_STORE *anchors, struct key_receipt *ret_receipt)
{
	struct signing_reader reader = {text, size};
	uint8_t signature[SIGNING_SIGNATURE];
	struct key_receipt receipt = {0};
	int r;

	if (size > KEY_RECEIPT_MAX || get_receipt(&reader, &receipt) < 0 ||
		signing_signature(&reader, signature) < 0)
		return -EBADMSG;
	r = prove(text, size - reader.left, &reader, anchors, receipt.destroyed_s);
	if (r == 0)
		*ret_receipt = receipt;
	return r;
}
