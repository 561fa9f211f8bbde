/* SPDX-License-Identifier: Apache-2.0 */
/* Keys by OpenSSL's PEM; lines by memchr(3). */
#include "common/signing.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#define BASE64_SIZE 88 /* of a signature */
#define DIGITS_MAX  12

struct signing_key {
	EVP_PKEY *pkey;
};

/* OpenSSL would ask the terminal. */
static int no_passphrase(char *buffer, int size, int is_writing, void *userdata)
{
	(void)buffer;
	(void)size;
	(void)is_writing;
	(void)userdata;
	return 0;
}

static bool is_encrypted(const void *pem, size_t size)
{
	static const char mark[] = "BEGIN ENCRYPTED PRIVATE KEY";

	return memmem(pem, size, mark, sizeof(mark) - 1) != NULL;
}

int signing_key_read(const void *pem, size_t size, bool is_private, const char *passphrase,
	struct signing_key **ret_key)
{
	auto_call(signing_key_freep) struct signing_key *key = calloc(1, sizeof(*key));
	BIO *bio = size <= SIGNING_KEY_MAX ? BIO_new_mem_buf(pem, (int)size) : NULL;

	if (!key || !bio) {
		BIO_free(bio);
		return key && size > SIGNING_KEY_MAX ? -EBADMSG : -ENOMEM;
	}
	/* Without a callback the last argument is the passphrase itself. */
	key->pkey = is_private ? PEM_read_bio_PrivateKey(bio, NULL,
					 passphrase ? NULL : no_passphrase, (void *)passphrase)
			       : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (!key->pkey && is_private && is_encrypted(pem, size))
		return -EACCES;
	if (!key->pkey || EVP_PKEY_get_id(key->pkey) != EVP_PKEY_ED25519)
		return -EBADMSG;
	*ret_key = take_ptr(key);
	return 0;
}

void signing_key_free(struct signing_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

static int pem_text(BIO *bio, char ret_text[SIGNING_KEY_MAX])
{
	int size = BIO_read(bio, ret_text, SIGNING_KEY_MAX - 1);

	if (size <= 0)
		return -EIO;
	ret_text[size] = '\0';
	return 0;
}

int signing_key_make(
	const char *passphrase, char ret_private[SIGNING_KEY_MAX], char ret_public[SIGNING_KEY_MAX])
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	BIO *bio = BIO_new(BIO_s_mem());
	int r = -ENOMEM;

	if (pkey && bio &&
		PEM_write_bio_PKCS8PrivateKey(bio, pkey, passphrase ? EVP_aes_256_cbc() : NULL,
			passphrase, passphrase ? (int)strlen(passphrase) : 0, NULL, NULL) == 1)
		r = pem_text(bio, ret_private);
	if (r == 0)
		r = PEM_write_bio_PUBKEY(bio, pkey) == 1 ? pem_text(bio, ret_public) : -ENOMEM;
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	return r;
}

int signing_key_raw(const struct signing_key *key, uint8_t ret_public[SIGNING_RAW])
{
	size_t size = SIGNING_RAW;

	return EVP_PKEY_get_raw_public_key(key->pkey, ret_public, &size) == 1 && size == SIGNING_RAW
		       ? 0
		       : -EIO;
}

int signing_key_of_raw(const uint8_t public[SIGNING_RAW], struct signing_key **ret_key)
{
	auto_call(signing_key_freep) struct signing_key *key = calloc(1, sizeof(*key));

	if (!key)
		return -ENOMEM;
	key->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, SIGNING_RAW);
	if (!key->pkey)
		return -EBADMSG;
	*ret_key = take_ptr(key);
	return 0;
}

int signing_key_id(const struct signing_key *key, uint8_t ret_id[SIGNING_KEY_ID])
{
	uint8_t raw[32], digest[32];
	size_t size = sizeof(raw);

	if (EVP_PKEY_get_raw_public_key(key->pkey, raw, &size) != 1 ||
		EVP_Digest(raw, size, digest, NULL, EVP_sha256(), NULL) != 1)
		return -EIO;
	memcpy(ret_id, digest, SIGNING_KEY_ID);
	return 0;
}

int signing_line(struct signing_reader *reader, const char *name, char *ret_value, size_t room)
{
	const char *end = memchr(reader->at, '\n', reader->left);
	size_t size = end ? (size_t)(end - reader->at) : 0, skip = strlen(name) + 1;

	if (!end || size <= skip || size - skip >= room)
		return -EBADMSG;
	if (memcmp(reader->at, name, skip - 1) != 0 || reader->at[skip - 1] != ' ' ||
		memchr(reader->at, '\0', size))
		return -EBADMSG;
	memcpy(ret_value, reader->at + skip, size - skip);
	ret_value[size - skip] = '\0';
	reader->at = end + 1;
	reader->left -= size + 1;
	return 0;
}

int signing_number(struct signing_reader *reader, const char *name, uint64_t *ret_number)
{
	char value[DIGITS_MAX + 1];
	int r;

	r = signing_line(reader, name, value, sizeof(value));
	if (r < 0)
		return r;
	if (strspn(value, "0123456789") != strlen(value) || value[0] == '0')
		return -EBADMSG;
	*ret_number = strtoull(value, NULL, 10);
	return 0;
}

bool signing_is_hex(const char *text, size_t digits)
{
	return strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

int signing_signature(struct signing_reader *reader, uint8_t ret_signature[SIGNING_SIGNATURE])
{
	uint8_t decoded[BASE64_SIZE], encoded[BASE64_SIZE + 1];
	char value[BASE64_SIZE + 1];
	int r;

	r = signing_line(reader, "signature", value, sizeof(value));
	if (r < 0 || strlen(value) != BASE64_SIZE || strcmp(value + 86, "==") != 0)
		return -EBADMSG;
	/* Decodes to 66 bytes, the last two for the padding. */
	if (EVP_DecodeBlock(decoded, (const unsigned char *)value, BASE64_SIZE) !=
		SIGNING_SIGNATURE + 2)
		return -EBADMSG;
	(void)EVP_EncodeBlock(encoded, decoded, SIGNING_SIGNATURE); /* fits */
	if (strcmp((const char *)encoded, value) != 0)
		return -EBADMSG; /* the last digit has bits to spare */
	memcpy(ret_signature, decoded, SIGNING_SIGNATURE);
	return 0;
}

bool signing_verify(const struct signing_key *key, const void *bytes, size_t size,
	const uint8_t signature[SIGNING_SIGNATURE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_good = context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pkey) == 1 &&
		       EVP_DigestVerify(context, signature, SIGNING_SIGNATURE, bytes, size) == 1;

	EVP_MD_CTX_free(context);
	return is_good;
}

int signing_sign(const struct signing_key *key, const void *bytes, size_t size,
	uint8_t ret_signature[SIGNING_SIGNATURE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t length = SIGNING_SIGNATURE;
	int r = -EIO;

	if (context && EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) == 1 &&
		EVP_DigestSign(context, ret_signature, &length, bytes, size) == 1 &&
		length == SIGNING_SIGNATURE)
		r = 0;
	EVP_MD_CTX_free(context);
	return r;
}

int signing_append(const struct signing_key *key, char *text, size_t size, size_t room)
{
	uint8_t signature[SIGNING_SIGNATURE];
	unsigned char encoded[BASE64_SIZE + 1];
	int r;

	if (size >= room || room - size < SIGNING_SIGNATURE_LINE)
		return -EMSGSIZE;
	r = signing_sign(key, text, size, signature);
	if (r < 0)
		return r;
	(void)EVP_EncodeBlock(encoded, signature, sizeof(signature)); /* of a known size */
	return (int)size + snprintf(text + size, room - size, "signature %s\n", encoded);
}
