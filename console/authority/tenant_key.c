/* SPDX-License-Identifier: Apache-2.0 */
/* The file: magic, salt, nonce, sealed key, tag; scrypt's numbers are the format's. */
#include "console/authority/tenant_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/hex.h"
#include "console/authority/key_wrap.h"

#define MAGIC	   "HFTENK1" /* with its NUL */
#define MAGIC_SIZE 8
#define SALT_SIZE  16
#define FILE_SIZE  (MAGIC_SIZE + SALT_SIZE + KEY_SEALED_SIZE(KEY_WRAP_SIZE))
#define PURPOSE	   "holdfast tenant key 1"
/* RFC 7914; as the root's key of ca_files.c: a third of a second */
#define SCRYPT_N      16384
#define SCRYPT_R      8
#define SCRYPT_P      5
#define SCRYPT_MEMORY (64 << 20)

/* The whole of a small secret file: bytes; -EACCES when others may read it. */
static int read_secret(int directory_fd, const char *name, uint8_t *ret_bytes, size_t size)
{
	auto_close int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat status;
	ssize_t got;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (status.st_mode & 077)
		return -EACCES;
	got = read(fd, ret_bytes, size);
	return got < 0 ? -errno : (int)got;
}

/* Without the line's end. Bytes; -ENOKEY: there is none. */
static int passphrase_read(int directory_fd, char ret_text[TENANT_PASSPHRASE_MAX])
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	auto_close int credentials_fd =
		credentials ? open(credentials, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	int size = -ENOENT;

	if (credentials_fd >= 0)
		size = read_secret(credentials_fd, TENANT_KEY_CREDENTIAL, (uint8_t *)ret_text,
			TENANT_PASSPHRASE_MAX);
	if (size == -ENOENT)
		size = read_secret(directory_fd, TENANT_KEY_PASSPHRASE, (uint8_t *)ret_text,
			TENANT_PASSPHRASE_MAX);
	while (size > 0 && (ret_text[size - 1] == '\n' || ret_text[size - 1] == '\r'))
		size--;
	return size == -ENOENT || size == 0 ? -ENOKEY : size;
}

static int stretch(const char *passphrase, size_t size, const uint8_t salt[SALT_SIZE],
	uint8_t ret_key[KEY_WRAP_SIZE])
{
	return EVP_PBE_scrypt(passphrase, size, salt, SALT_SIZE, SCRYPT_N, SCRYPT_R, SCRYPT_P,
		       SCRYPT_MEMORY, ret_key, KEY_WRAP_SIZE) == 1
		       ? 0
		       : -EIO;
}

static int write_secret(int directory_fd, const char *name, const void *bytes, size_t size)
{
	const struct file_content content = {.bytes = bytes,
		.size = size,
		.mode = 0600,
		.group = FILE_GROUP_NONE,
		.is_new = true};

	return file_replace(directory_fd, name, &content);
}

/* 256 random bits as text. */
static int passphrase_make(int directory_fd, char ret_text[2 * KEY_WRAP_SIZE + 2])
{
	uint8_t bytes[KEY_WRAP_SIZE];

	if (RAND_priv_bytes(bytes, sizeof(bytes)) != 1)
		return -EIO;
	hex_write(bytes, sizeof(bytes), ret_text);
	explicit_bzero(bytes, sizeof(bytes));
	ret_text[2 * KEY_WRAP_SIZE] = '\n';
	return write_secret(directory_fd, TENANT_KEY_PASSPHRASE, ret_text, 2 * KEY_WRAP_SIZE + 1);
}

static int key_make(int directory_fd, const char *passphrase, size_t size)
{
	uint8_t file[FILE_SIZE] = MAGIC, root[KEY_WRAP_SIZE], key[KEY_WRAP_SIZE];
	uint8_t *salt = file + MAGIC_SIZE;
	int r;

	r = RAND_bytes(salt, SALT_SIZE) == 1 && RAND_priv_bytes(root, sizeof(root)) == 1 ? 0 : -EIO;
	if (r == 0)
		r = stretch(passphrase, size, salt, key);
	if (r == 0)
		r = key_seal(&(const struct key_sealing){key, PURPOSE, MAGIC, MAGIC_SIZE}, root,
			sizeof(root), salt + SALT_SIZE);
	explicit_bzero(root, sizeof(root));
	explicit_bzero(key, sizeof(key));
	return r < 0 ? r : write_secret(directory_fd, TENANT_KEY_FILE, file, sizeof(file));
}

/* The key last: where it is, all is there. */
int tenant_key_make(int directory_fd)
{
	char passphrase[2 * KEY_WRAP_SIZE + 2] = "";
	int r;

	if (faccessat(directory_fd, TENANT_KEY_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	/* of one that was interrupted: nothing was ever wrapped with them */
	(void)unlinkat(directory_fd, TENANT_KEY_PASSPHRASE, 0);
	(void)unlinkat(directory_fd, KEY_SLOTS_FILE, 0);
	r = key_slots_make(directory_fd);
	if (r == 0)
		r = passphrase_make(directory_fd, passphrase);
	if (r == 0)
		r = key_make(directory_fd, passphrase, 2 * KEY_WRAP_SIZE);
	explicit_bzero(passphrase, sizeof(passphrase));
	return r;
}

static int key_open(int directory_fd, const char *passphrase, size_t size, uint8_t *ret_root)
{
	uint8_t file[FILE_SIZE + 1], key[KEY_WRAP_SIZE];
	int r = read_secret(directory_fd, TENANT_KEY_FILE, file, sizeof(file));

	if (r < 0)
		return r;
	if (r != FILE_SIZE || memcmp(file, MAGIC, MAGIC_SIZE) != 0)
		return -EBADMSG;
	r = stretch(passphrase, size, file + MAGIC_SIZE, key);
	if (r == 0)
		r = key_unseal(&(const struct key_sealing){key, PURPOSE, MAGIC, MAGIC_SIZE},
			file + MAGIC_SIZE + SALT_SIZE, KEY_WRAP_SIZE, ret_root);
	explicit_bzero(key, sizeof(key));
	return r == -EBADMSG ? -EACCES : r;
}

int tenant_key_open(int directory_fd, struct tenant_key *ret_key)
{
	char passphrase[TENANT_PASSPHRASE_MAX];
	uint8_t *root;
	int size, r;

	if (faccessat(directory_fd, TENANT_KEY_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	size = passphrase_read(directory_fd, passphrase);
	if (size < 0)
		return size;
	root = OPENSSL_secure_zalloc(KEY_WRAP_SIZE);
	r = root ? key_open(directory_fd, passphrase, (size_t)size, root) : -ENOMEM;
	explicit_bzero(passphrase, sizeof(passphrase));
	if (r == 0)
		r = key_slots_open(directory_fd, root, &ret_key->slots);
	if (r < 0) {
		OPENSSL_secure_clear_free(root, KEY_WRAP_SIZE);
		return r;
	}
	ret_key->root = root;
	return 0;
}

void tenant_key_close(struct tenant_key *key)
{
	if (!key->root)
		return;
	key_slots_close(&key->slots);
	OPENSSL_secure_clear_free(key->root, KEY_WRAP_SIZE);
	key->root = NULL;
}
