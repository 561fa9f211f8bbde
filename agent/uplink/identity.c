/* SPDX-License-Identifier: Apache-2.0 */
/* Two files. */
#include "agent/uplink/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "agent/uplink/keyring_client.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"

#define FILE_MAX 65536

static ssize_t file_read(int directory_fd, const char *name, void *ret_bytes, size_t size)
{
	auto_close int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t got = fd < 0 ? -1 : read(fd, ret_bytes, size);

	return got < 0 ? -errno : got;
}

static int file_write(int directory_fd, const char *name, const void *bytes, size_t size)
{
	const struct file_content content = {
		.bytes = bytes, .size = size, .mode = 0644, .group = FILE_GROUP_NONE};

	return file_replace(directory_fd, name, &content);
}

static void chain_clear(struct identity *identity)
{
	for (size_t i = 0; i < identity->chain_count; i++)
		X509_free(identity->chain[i]);
	identity->chain_count = 0;
}

void identity_done(struct identity *identity)
{
	chain_clear(identity);
}

static int chain_read(int directory_fd, struct identity *identity)
{
	static char text[FILE_MAX];
	ssize_t got = file_read(directory_fd, IDENTITY_CERTIFICATE, text, sizeof(text));
	BIO *memory;

	if (got < 0)
		return got == -ENOENT ? 0 : (int)got;
	memory = BIO_new_mem_buf(text, (int)got);
	if (!memory)
		return -ENOMEM;
	while (identity->chain_count < CERTIFICATE_CHAIN_MAX) {
		X509 *certificate = PEM_read_bio_X509(memory, NULL, NULL, NULL);

		if (!certificate)
			break;
		identity->chain[identity->chain_count++] = certificate;
	}
	BIO_free(memory);
	return identity->chain_count ? 0 : -EBADMSG;
}

static bool chain_is_of(const struct identity *identity, enum keyring_which which)
{
	EVP_PKEY *key = keyring_public(which);
	bool is_of = key && certificate_is_for(identity->chain[0], key);

	EVP_PKEY_free(key);
	return is_of;
}

/* The certificate of a renewal was kept, and then the keyring was not told. */
static bool renewal_finish(const struct identity *identity)
{
	return chain_is_of(identity, KEYRING_NEXT) && keyring_commit() == 0;
}

int identity_read(int directory_fd, struct identity *ret_identity)
{
	struct identity identity = {0};
	ssize_t got;
	int r;

	r = chain_read(directory_fd, &identity);
	if (r == 0 && identity.chain_count)
		r = certificate_device(identity.chain[0], identity.device_uid);
	if (r < 0) {
		chain_clear(&identity);
		return r;
	}
	if (identity.chain_count && !chain_is_of(&identity, KEYRING_CURRENT) &&
		!renewal_finish(&identity)) {
		log_warning("the certificate is of another key than keyring's: enrolling anew");
		chain_clear(&identity);
	}
	got = file_read(directory_fd, IDENTITY_CONSOLE_KEY, identity.console_key,
		sizeof(identity.console_key));
	identity.has_console_key = got == sizeof(identity.console_key);
	*ret_identity = identity;
	return 0;
}

static int chain_write(int directory_fd, X509 *const *chain, size_t count)
{
	BIO *memory = BIO_new(BIO_s_mem());
	char *text;
	long size;
	int r = memory ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < count; i++)
		if (PEM_write_bio_X509(memory, chain[i]) != 1)
			r = -ENOMEM;
	if (r == 0) {
		size = BIO_get_mem_data(memory, &text);
		r = file_write(directory_fd, IDENTITY_CERTIFICATE, text, (size_t)size);
	}
	BIO_free(memory);
	return r;
}

/* The device's certificate first, the others behind it in their order. */
static int chain_order(X509 *const *certificates, size_t count, enum keyring_which which,
	X509 *ret_chain[CERTIFICATE_CHAIN_MAX])
{
	EVP_PKEY *key = keyring_public(which);
	size_t own = count, used = 1;

	for (size_t i = 0; key && i < count && own == count; i++)
		if (certificate_is_for(certificates[i], key))
			own = i;
	EVP_PKEY_free(key);
	if (own == count || count > CERTIFICATE_CHAIN_MAX)
		return -EBADMSG;
	ret_chain[0] = certificates[own];
	for (size_t i = 0; i < count; i++)
		if (i != own)
			ret_chain[used++] = certificates[i];
	return 0;
}

int identity_take(int directory_fd, struct identity *identity, X509 *const *certificates,
	size_t count, enum keyring_which which)
{
	X509 *chain[CERTIFICATE_CHAIN_MAX];
	uint8_t device_uid[16];
	int r;

	r = chain_order(certificates, count, which, chain);
	if (r == 0)
		r = certificate_device(chain[0], device_uid);
	if (r == 0)
		r = chain_write(directory_fd, chain, count);
	if (r == 0 && which == KEYRING_NEXT)
		r = keyring_commit();
	if (r < 0)
		return r;
	chain_clear(identity);
	for (size_t i = 0; i < count; i++) {
		(void)X509_up_ref(chain[i]); /* can't fail: it is there */
		identity->chain[i] = chain[i];
	}
	identity->chain_count = count;
	memcpy(identity->device_uid, device_uid, sizeof(device_uid));
	return 0;
}

int identity_set_console_key(
	int directory_fd, struct identity *identity, const uint8_t key[HPKE_KEY_SIZE])
{
	int r;

	if (identity->has_console_key && !memcmp(identity->console_key, key, HPKE_KEY_SIZE))
		return 0;
	r = file_write(directory_fd, IDENTITY_CONSOLE_KEY, key, HPKE_KEY_SIZE);
	if (r < 0)
		return r;
	memcpy(identity->console_key, key, HPKE_KEY_SIZE);
	identity->has_console_key = true;
	return 0;
}
