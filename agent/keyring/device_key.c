/* SPDX-License-Identifier: Apache-2.0 */
/* Two files, PKCS#8 in DER; the secret lies in OpenSSL's locked heap where OpenSSL lets it. */
#include "agent/keyring/device_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"

#define KEY_FILE_MAX 1024 /* bytes; P-256 in PKCS#8 takes 138 */

static const char *const file_names[] = {
	[KEYRING_CURRENT] = "device.key",
	[KEYRING_NEXT] = "device.next.key",
};

struct device_key {
	int directory_fd;
	EVP_PKEY *keys[2];
};

/* NULL: no P-256 key in PKCS#8, or something behind it. */
static EVP_PKEY *key_parse(const uint8_t *bytes, size_t size)
{
	const uint8_t *at = bytes;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)size);
	EVP_PKEY *key = info ? EVP_PKCS82PKEY(info) : NULL;
	char group[32] = "";

	PKCS8_PRIV_KEY_INFO_free(info);
	if (key && (at != bytes + size || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
			   EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1 ||
			   strcmp(group, "prime256v1") != 0)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static int key_read(int directory_fd, const char *name, EVP_PKEY **ret_key)
{
	auto_close int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint8_t bytes[KEY_FILE_MAX];
	ssize_t got;

	if (fd < 0)
		return -errno;
	got = read(fd, bytes, sizeof(bytes));
	if (got < 0)
		return -errno;
	*ret_key = key_parse(bytes, (size_t)got);
	explicit_bzero(bytes, sizeof(bytes));
	return *ret_key ? 0 : -EBADMSG;
}

static int key_write(int directory_fd, const char *name, EVP_PKEY *key)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	uint8_t bytes[KEY_FILE_MAX], *at = bytes;
	int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : -1, r = -EIO;

	if (size > 0 && (size_t)size <= sizeof(bytes)) {
		const struct file_content content = {.bytes = bytes,
			.size = (size_t)size,
			.mode = 0600,
			.group = FILE_GROUP_NONE};

		(void)i2d_PKCS8_PRIV_KEY_INFO(info, &at); /* its size is known */
		r = file_replace(directory_fd, name, &content);
		explicit_bzero(bytes, sizeof(bytes));
	}
	PKCS8_PRIV_KEY_INFO_free(info);
	return r;
}

int device_key_open(const char *directory, struct device_key **ret_key)
{
	auto_call(device_key_freep) struct device_key *key = calloc(1, sizeof(*key));
	char fresh[64];
	int r;

	if (!key)
		return -ENOMEM;
	key->directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (key->directory_fd < 0)
		return -errno;
	for (int which = KEYRING_CURRENT; which <= KEYRING_NEXT; which++) {
		(void)snprintf(fresh, sizeof(fresh), "%s.new", file_names[which]);
		(void)unlinkat(key->directory_fd, fresh, 0); /* is not there as a rule */
		r = key_read(key->directory_fd, file_names[which], &key->keys[which]);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	*ret_key = take_ptr(key);
	return 0;
}

void device_key_free(struct device_key *key)
{
	if (!key)
		return;
	for (int which = KEYRING_CURRENT; which <= KEYRING_NEXT; which++)
		EVP_PKEY_free(key->keys[which]); /* wipes */
	if (key->directory_fd >= 0)
		(void)close(key->directory_fd); /* read only */
	free(key);
}

int device_key_make(struct device_key *key, enum keyring_which which)
{
	EVP_PKEY *fresh = EVP_EC_gen("P-256");
	int r;

	if (!fresh)
		return -EIO;
	r = key_write(key->directory_fd, file_names[which], fresh);
	if (r < 0) {
		EVP_PKEY_free(fresh);
		return r;
	}
	EVP_PKEY_free(key->keys[which]);
	key->keys[which] = fresh;
	return 0;
}

int device_key_commit(struct device_key *key)
{
	if (!key->keys[KEYRING_NEXT])
		return -ENOKEY;
	if (renameat(key->directory_fd, file_names[KEYRING_NEXT], key->directory_fd,
		    file_names[KEYRING_CURRENT]) < 0 ||
		fsync(key->directory_fd) < 0)
		return -errno;
	EVP_PKEY_free(key->keys[KEYRING_CURRENT]);
	key->keys[KEYRING_CURRENT] = take_ptr(key->keys[KEYRING_NEXT]);
	return 0;
}

int device_key_public(
	const struct device_key *key, enum keyring_which which, void *ret_bytes, size_t size)
{
	uint8_t *at = ret_bytes;
	int need;

	if (!key->keys[which])
		return -ENOKEY;
	need = i2d_PUBKEY(key->keys[which], NULL);
	if (need <= 0)
		return -EIO;
	if ((size_t)need > size)
		return -ENOBUFS;
	return i2d_PUBKEY(key->keys[which], &at);
}

int device_key_sign(const struct device_key *key, enum keyring_which which,
	const uint8_t digest[32], void *ret_bytes, size_t size)
{
	EVP_PKEY_CTX *context;
	size_t used = size;
	int r = -EIO;

	if (!key->keys[which])
		return -ENOKEY;
	if (size < (size_t)EVP_PKEY_get_size(key->keys[which]))
		return -ENOBUFS;
	context = EVP_PKEY_CTX_new(key->keys[which], NULL);
	if (context && EVP_PKEY_sign_init(context) == 1 &&
		EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
		EVP_PKEY_sign(context, ret_bytes, &used, digest, 32) == 1)
		r = (int)used;
	EVP_PKEY_CTX_free(context);
	return r;
}
