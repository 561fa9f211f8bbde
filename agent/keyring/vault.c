/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF (RFC 5869) by OpenSSL; linux/fscrypt.h. */
#include "agent/keyring/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fscrypt.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bytes.h"

#define RAW_SIZE 64 /* AES-256-XTS wants as many */
#define INFO	 "holdfast vault 1"

_Static_assert(VAULT_IDENTIFIER_SIZE == FSCRYPT_KEY_IDENTIFIER_SIZE, "the kernel's own size");

/* One label's key of one generation gives one key; nothing else that is made of it is this. */
static int derive(const struct vault_label_key *key, uint8_t ret_raw[RAW_SIZE])
{
	uint8_t info[sizeof(INFO) + sizeof(key->label) + sizeof(key->generation)];
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	struct bytes_writer writer;
	bool is_good;

	bytes_writer_init(&writer, info, sizeof(info));
	bytes_put_blob(&writer, INFO, sizeof(INFO));
	bytes_put_blob(&writer, key->label, sizeof(key->label));
	bytes_put_u32(&writer, key->generation);
	is_good = context && EVP_KDF_derive(context, ret_raw, RAW_SIZE,
				     (const OSSL_PARAM[]){
					     OSSL_PARAM_construct_utf8_string(
						     OSSL_KDF_PARAM_DIGEST, (char *)"SHA512", 0),
					     OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
						     (void *)key->bytes, VAULT_LABEL_KEY_SIZE),
					     OSSL_PARAM_construct_octet_string(
						     OSSL_KDF_PARAM_INFO, info, sizeof(info)),
					     OSSL_PARAM_construct_end(),
				     }) == 1;
	EVP_KDF_CTX_free(context); /* wipes what it had */
	EVP_KDF_free(kdf);
	return is_good ? 0 : -EIO;
}

static struct vault_claim *find(
	struct vault_claims *claims, int directory_fd, const uint8_t *identifier)
{
	struct stat wanted, status;

	if (fstat(directory_fd, &wanted) < 0)
		return NULL;
	for (unsigned int i = 0; i < claims->count; i++)
		if (!memcmp(claims->items[i].identifier, identifier, VAULT_IDENTIFIER_SIZE) &&
			fstat(claims->items[i].fd, &status) == 0 && status.st_dev == wanted.st_dev)
			return &claims->items[i];
	return NULL;
}

static void forget(struct vault_claims *claims, struct vault_claim *claim)
{
	(void)close(claim->fd); /* a directory, only asked */
	*claim = claims->items[--claims->count];
}

static int give(int directory_fd, const struct vault_label_key *key, uint8_t *ret_identifier)
{
	struct {
		struct fscrypt_add_key_arg head;
		uint8_t raw[RAW_SIZE];
	} argument = {
		.head.key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER, .head.raw_size = RAW_SIZE};
	int r = derive(key, argument.raw);

	if (r == 0 && ioctl(directory_fd, FS_IOC_ADD_ENCRYPTION_KEY, &argument) < 0)
		r = errno == ENOTTY ? -EOPNOTSUPP : -errno;
	explicit_bzero(argument.raw, sizeof(argument.raw));
	if (r == 0)
		memcpy(ret_identifier, argument.head.key_spec.u.identifier, VAULT_IDENTIFIER_SIZE);
	return r;
}

int vault_claim(struct vault_claims *claims, int directory_fd, const struct vault_label_key *key,
	uint8_t ret_identifier[VAULT_IDENTIFIER_SIZE])
{
	struct vault_claim *known;
	uint8_t identifier[VAULT_IDENTIFIER_SIZE];
	int r;

	if (claims->count == VAULT_MAX)
		return -ENOSPC;
	r = give(directory_fd, key, identifier);
	if (r < 0)
		return r;
	known = find(claims, directory_fd, identifier);
	if (!known) {
		known = &claims->items[claims->count];
		known->fd = fcntl(directory_fd, F_DUPFD_CLOEXEC, 0);
		if (known->fd < 0) /* who can't be taken back is not given */
			return (void)vault_withdraw(
				       claims, directory_fd, identifier, &(uint32_t){0}),
			       -EMFILE;
		memcpy(known->identifier, identifier, sizeof(known->identifier));
		memcpy(known->label, key->label, sizeof(known->label));
		claims->count++;
	}
	memcpy(ret_identifier, identifier, VAULT_IDENTIFIER_SIZE);
	return 0;
}

static int take(int directory_fd, const uint8_t *identifier, uint32_t *ret_flags)
{
	struct fscrypt_remove_key_arg argument = {
		.key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER};

	memcpy(argument.key_spec.u.identifier, identifier, VAULT_IDENTIFIER_SIZE);
	if (ioctl(directory_fd, FS_IOC_REMOVE_ENCRYPTION_KEY, &argument) < 0)
		return -errno;
	*ret_flags = argument.removal_status_flags;
	return 0;
}

int vault_withdraw(struct vault_claims *claims, int directory_fd,
	const uint8_t identifier[VAULT_IDENTIFIER_SIZE], uint32_t *ret_flags)
{
	struct vault_claim *known = find(claims, directory_fd, identifier);
	uint32_t flags = 0;
	int r = take(directory_fd, identifier, &flags);

	if (known && (r == -ENOKEY || (r == 0 && !flags)))
		forget(claims, known);
	if (r == 0)
		*ret_flags = flags;
	return r;
}

void vault_withdraw_label(struct vault_claims *claims, const uint8_t *label)
{
	for (unsigned int i = claims->count; i > 0; i--) {
		struct vault_claim *claim = &claims->items[i - 1];
		uint32_t flags = 0;
		int r;

		if (label && memcmp(claim->label, label, sizeof(claim->label)) != 0)
			continue;
		r = take(claim->fd, claim->identifier, &flags);
		if (r == -ENOKEY || (r == 0 && !flags))
			forget(claims, claim); /* else tried again */
	}
}
