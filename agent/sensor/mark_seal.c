/* SPDX-License-Identifier: Apache-2.0 */
/* Key file and MAC. OpenSSL looks its algorithms up when the key is set, before the sandbox. */
#include "agent/sensor/mark_seal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bytes.h"

struct mark_seal {
	EVP_MAC_CTX *keyed; /* copied for every MAC */
};

int mark_seal_new(const uint8_t key[MARK_SEAL_KEY_SIZE], struct mark_seal **ret_seal)
{
	OSSL_PARAM digest[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_end(),
	};
	auto_call(mark_seal_freep) struct mark_seal *seal = calloc(1, sizeof(*seal));
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	if (seal && hmac)
		seal->keyed = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac); /* the context holds it */
	if (!seal || !seal->keyed)
		return -ENOMEM;
	if (!EVP_MAC_init(seal->keyed, key, MARK_SEAL_KEY_SIZE, digest))
		return -EIO;
	*ret_seal = take_ptr(seal);
	return 0;
}

void mark_seal_free(struct mark_seal *seal)
{
	if (!seal)
		return;
	EVP_MAC_CTX_free(seal->keyed); /* wipes the key */
	free(seal);
}

/* A file of the key's size under a name of its own, then renamed: a torn one never has the name. */
static int key_create(const char *path, uint8_t ret_key[MARK_SEAL_KEY_SIZE])
{
	char directory[PATH_MAX], fresh[PATH_MAX + 8];
	auto_close int fd = -EBADF;

	(void)snprintf(directory, sizeof(directory), "%s", path);
	if (mkdir(dirname(directory), 0700) < 0 && errno != EEXIST)
		return -errno;
	if (getrandom(ret_key, MARK_SEAL_KEY_SIZE, 0) != MARK_SEAL_KEY_SIZE)
		return -EIO;
	(void)snprintf(fresh, sizeof(fresh), "%s.new", path);
	(void)unlink(fresh); /* of a start that was interrupted */
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, ret_key, MARK_SEAL_KEY_SIZE) != MARK_SEAL_KEY_SIZE || fsync(fd) < 0)
		return errno ? -errno : -EIO;
	return rename(fresh, path) < 0 ? -errno : 0;
}

static int key_read(int fd, uint8_t ret_key[MARK_SEAL_KEY_SIZE])
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_uid != geteuid() || (status.st_mode & 077))
		return -EPERM;
	if (!S_ISREG(status.st_mode) || status.st_size != MARK_SEAL_KEY_SIZE ||
		read(fd, ret_key, MARK_SEAL_KEY_SIZE) != MARK_SEAL_KEY_SIZE)
		return -EBADMSG;
	return 0;
}

int mark_seal_open(const char *path, struct mark_seal **ret_seal)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint8_t key[MARK_SEAL_KEY_SIZE];
	int r;

	if (fd < 0 && errno != ENOENT)
		return -errno;
	r = fd < 0 ? key_create(path, key) : key_read(fd, key);
	if (r == 0)
		r = mark_seal_new(key, ret_seal);
	OPENSSL_cleanse(key, sizeof(key));
	return r;
}

static int mac_of(
	struct mark_seal *seal, const void *bytes, size_t size, uint8_t ret_mac[MARK_VALUE_MAC])
{
	EVP_MAC_CTX *context = EVP_MAC_CTX_dup(seal->keyed);
	size_t written = 0;
	bool is_good;

	if (!context)
		return -ENOMEM;
	is_good = EVP_MAC_update(context, bytes, size) &&
		  EVP_MAC_final(context, ret_mac, &written, MARK_VALUE_MAC) &&
		  written == MARK_VALUE_MAC;
	EVP_MAC_CTX_free(context);
	return is_good ? 0 : -EIO;
}

/* Keyed like the mark itself, so that one MAC suffices; a domain of its own by its first bytes. */
static int home_of(
	struct mark_seal *seal, const struct mark_place *place, uint8_t ret_home[MARK_VALUE_HOME])
{
	static const char domain[] = "holdfast mark home";
	uint8_t bytes[PATH_MAX], mac[MARK_VALUE_MAC];
	struct bytes_writer writer;
	int r;

	bytes_writer_init(&writer, bytes, sizeof(bytes));
	bytes_put_string(&writer, domain);
	bytes_put_string(&writer, place->volume);
	bytes_put_u64(&writer, place->key->ino);
	bytes_put_u64(&writer, place->key->subvolume);
	bytes_put_u32(&writer, place->key->generation);
	if (writer.is_full)
		return -EMSGSIZE;
	r = mac_of(seal, bytes, writer.used, mac);
	if (r < 0)
		return r;
	memcpy(ret_home, mac, MARK_VALUE_HOME);
	return 0;
}

int mark_seal_encode(struct mark_seal *seal, const struct mark_place *place,
	struct mark_value *value, uint8_t ret_bytes[MARK_VALUE_MAX])
{
	int size, r;

	r = home_of(seal, place, value->home);
	if (r < 0)
		return r;
	size = mark_value_encode(value, ret_bytes);
	if (size < 0)
		return size;
	r = mac_of(seal, ret_bytes, (size_t)size - MARK_VALUE_MAC, value->mac);
	if (r < 0)
		return r;
	memcpy(ret_bytes + size - MARK_VALUE_MAC, value->mac, MARK_VALUE_MAC);
	return size;
}

enum mark_state mark_seal_decode(struct mark_seal *seal, const struct mark_place *place,
	const void *bytes, size_t size_bytes, struct mark_value *ret_value)
{
	uint8_t home[MARK_VALUE_HOME], mac[MARK_VALUE_MAC];

	if (mark_value_decode(bytes, size_bytes, ret_value) < 0)
		return MARK_BROKEN;
	if (mac_of(seal, bytes, size_bytes - MARK_VALUE_MAC, mac) < 0 ||
		CRYPTO_memcmp(mac, ret_value->mac, MARK_VALUE_MAC) != 0)
		return MARK_FOREIGN;
	if (home_of(seal, place, home) < 0 ||
		CRYPTO_memcmp(home, ret_value->home, MARK_VALUE_HOME) != 0)
		return MARK_COPIED;
	return MARK_TRUE;
}
