/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two files, each of PKCS#8 in DER, or of what a TPM made: under one name, so that one rename makes
 * the next key the current one, whichever they are. A secret lies in OpenSSL's locked heap where
 * OpenSSL lets it.
 */
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

#include "agent/keyring/tpm.h"
#include "common/digest.h"
#include "common/file.h"
#include "common/log.h"

#define KEY_FILE_MAX 1024 /* bytes; P-256 in PKCS#8 takes 138, a TPM's key 280 */

static const char *const file_names[] = {
	[KEYRING_CURRENT] = "device.key",
	[KEYRING_NEXT] = "device.next.key",
};

/* One of both, or none. */
struct slot {
	EVP_PKEY *file;
	struct tpm_key *tpm;
};

struct device_key {
	int directory_fd;
	enum key_wish wish;
	struct tpm *tpm; /* NULL: there is none, or it did not answer */
	struct slot slots[2];
	bool has_endorsement;
	uint8_t endorsement[32]; /* hash of the TPM's key, looked up once */
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

static void slot_clear(struct device_key *key, struct slot *slot)
{
	EVP_PKEY_free(take_ptr(slot->file)); /* wipes */
	tpm_key_free(key->tpm, take_ptr(slot->tpm));
}

static bool is_empty(const struct slot *slot)
{
	return !slot->file && !slot->tpm;
}

static int slot_read(int directory_fd, const char *name, struct slot *ret_slot)
{
	auto_close int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint8_t bytes[KEY_FILE_MAX];
	ssize_t got;
	int r = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	got = read(fd, bytes, sizeof(bytes));
	if (got < 0)
		return -errno;
	if (tpm_key_is_blob(bytes, (size_t)got))
		r = tpm_key_parse(bytes, (size_t)got, &ret_slot->tpm);
	else
		ret_slot->file = key_parse(bytes, (size_t)got);
	explicit_bzero(bytes, sizeof(bytes));
	return r == 0 && is_empty(ret_slot) ? -EBADMSG : r;
}

static int bytes_write(int directory_fd, const char *name, const uint8_t *bytes, size_t size)
{
	const struct file_content content = {
		.bytes = bytes, .size = size, .mode = 0600, .group = FILE_GROUP_NONE};

	return file_replace(directory_fd, name, &content);
}

static int slot_write(int directory_fd, const char *name, const struct slot *slot)
{
	PKCS8_PRIV_KEY_INFO *info = slot->file ? EVP_PKEY2PKCS8(slot->file) : NULL;
	uint8_t bytes[KEY_FILE_MAX], *at = bytes;
	int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : -1, r = -EIO;

	_Static_assert(sizeof(bytes) >= TPM_BLOB_MAX, "either fits");
	if (slot->tpm)
		size = (int)tpm_key_format(slot->tpm, bytes);
	if (size > 0 && (size_t)size <= sizeof(bytes)) {
		if (info)
			(void)i2d_PKCS8_PRIV_KEY_INFO(info, &at); /* its size is known */
		r = bytes_write(directory_fd, name, bytes, (size_t)size);
	}
	explicit_bzero(bytes, sizeof(bytes));
	PKCS8_PRIV_KEY_INFO_free(info);
	return r;
}

int device_key_open(const struct device_key_plan *plan, struct device_key **ret_key)
{
	auto_call(device_key_freep) struct device_key *key = calloc(1, sizeof(*key));
	char fresh[64];
	int r;

	if (!key)
		return -ENOMEM;
	key->wish = plan->wish;
	key->directory_fd = open(plan->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (key->directory_fd < 0)
		return -errno;
	for (int which = KEYRING_CURRENT; which <= KEYRING_NEXT; which++) {
		(void)snprintf(fresh, sizeof(fresh), "%s.new", file_names[which]);
		(void)unlinkat(key->directory_fd, fresh, 0); /* is not there as a rule */
		r = slot_read(key->directory_fd, file_names[which], &key->slots[which]);
		if (r < 0)
			return r;
	}
	if (plan->tpm_fd >= 0) {
		r = tpm_open(plan->tpm_fd, &key->tpm);
		if (r < 0)
			log_warning("the TPM can't be used: %s", strerror(-r));
	}
	*ret_key = take_ptr(key);
	return 0;
}

void device_key_free(struct device_key *key)
{
	if (!key)
		return;
	for (int which = KEYRING_CURRENT; which <= KEYRING_NEXT; which++)
		slot_clear(key, &key->slots[which]);
	tpm_free(key->tpm);
	if (key->directory_fd >= 0)
		(void)close(key->directory_fd); /* read only */
	free(key);
}

void device_key_set_wish(struct device_key *key, enum key_wish wish)
{
	key->wish = wish;
}

/* A key in a TPM is not followed by one in a file because a TPM fails, but because somebody says so. */
static bool must_be_tpm(const struct device_key *key)
{
	return key->wish == KEY_WISH_TPM ||
	       (key->wish == KEY_WISH_AUTO && key->slots[KEYRING_CURRENT].tpm);
}

static int slot_make(struct device_key *key, struct slot *ret_slot)
{
	int r = -ENODEV;

	if (key->wish != KEY_WISH_FILE && key->tpm) {
		r = tpm_key_make(key->tpm, &ret_slot->tpm);
		if (r == 0)
			return 0;
		log_warning("%s, %s", tpm_trouble(key->tpm),
			must_be_tpm(key) ? "making no key" : "making one in a file");
	}
	if (must_be_tpm(key))
		return r;
	ret_slot->file = EVP_EC_gen("P-256");
	return ret_slot->file ? 0 : -EIO;
}

int device_key_make(struct device_key *key, enum keyring_which which)
{
	struct slot fresh = {0};
	int r;

	r = slot_make(key, &fresh);
	if (r == 0)
		r = slot_write(key->directory_fd, file_names[which], &fresh);
	if (r < 0) {
		slot_clear(key, &fresh);
		return r;
	}
	slot_clear(key, &key->slots[which]);
	key->slots[which] = fresh;
	return 0;
}

int device_key_commit(struct device_key *key)
{
	if (is_empty(&key->slots[KEYRING_NEXT]))
		return -ENOKEY;
	if (renameat(key->directory_fd, file_names[KEYRING_NEXT], key->directory_fd,
		    file_names[KEYRING_CURRENT]) < 0 ||
		fsync(key->directory_fd) < 0)
		return -errno;
	slot_clear(key, &key->slots[KEYRING_CURRENT]);
	key->slots[KEYRING_CURRENT] = key->slots[KEYRING_NEXT];
	key->slots[KEYRING_NEXT] = (struct slot){0};
	return 0;
}

int device_key_public(
	const struct device_key *key, enum keyring_which which, void *ret_bytes, size_t size)
{
	const struct slot *slot = &key->slots[which];
	uint8_t *at = ret_bytes;
	int need;

	if (is_empty(slot))
		return -ENOKEY;
	need = slot->tpm ? TPM_PUBLIC_SIZE : i2d_PUBKEY(slot->file, NULL);
	if (need <= 0)
		return -EIO;
	if ((size_t)need > size)
		return -ENOBUFS;
	if (!slot->tpm)
		return i2d_PUBKEY(slot->file, &at);
	tpm_key_public(slot->tpm, ret_bytes);
	return need;
}

static int file_sign(EVP_PKEY *file, const uint8_t digest[32], void *ret_bytes, size_t size)
{
	EVP_PKEY_CTX *context;
	size_t used = size;
	int r = -EIO;

	if (size < (size_t)EVP_PKEY_get_size(file))
		return -ENOBUFS;
	context = EVP_PKEY_CTX_new(file, NULL);
	if (context && EVP_PKEY_sign_init(context) == 1 &&
		EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1 &&
		EVP_PKEY_sign(context, ret_bytes, &used, digest, 32) == 1)
		r = (int)used;
	EVP_PKEY_CTX_free(context);
	return r;
}

int device_key_sign(struct device_key *key, enum keyring_which which, const uint8_t digest[32],
	void *ret_bytes, size_t size)
{
	struct slot *slot = &key->slots[which];

	if (is_empty(slot))
		return -ENOKEY;
	if (!slot->tpm)
		return file_sign(slot->file, digest, ret_bytes, size);
	return key->tpm ? tpm_key_sign(key->tpm, slot->tpm, digest, ret_bytes, size) : -ENODEV;
}

enum keyring_place device_key_state(struct device_key *key, char ret_trouble[KEYRING_TROUBLE_SIZE])
{
	const struct slot *slot = &key->slots[KEYRING_CURRENT];

	ret_trouble[0] = '\0';
	if (slot->file)
		return KEYRING_FILE;
	if (!key->tpm && (slot->tpm || key->wish == KEY_WISH_TPM))
		(void)snprintf(ret_trouble, KEYRING_TROUBLE_SIZE,
			slot->tpm ? "the device key is in a TPM, and this machine has none now"
				  : "a TPM is asked for (key = tpm), and this machine has none");
	else if (slot->tpm && tpm_key_load(key->tpm, slot->tpm) < 0)
		(void)snprintf(ret_trouble, KEYRING_TROUBLE_SIZE, "%s", tpm_trouble(key->tpm));
	return slot->tpm ? KEYRING_TPM : KEYRING_NOWHERE;
}

bool device_key_tpm(struct device_key *key, uint8_t ret_hash[32])
{
	if (!key->tpm)
		return false;
	if (!key->has_endorsement && tpm_endorsement(key->tpm, key->endorsement) == 0)
		key->has_endorsement = true;
	if (key->has_endorsement)
		memcpy(ret_hash, key->endorsement, sizeof(key->endorsement));
	return key->has_endorsement;
}

int device_key_quote(struct device_key *key, const uint8_t challenge[QUOTE_CHALLENGE_SIZE],
	uint8_t ret_bytes[QUOTE_MAX])
{
	uint8_t public_key[KEYRING_BYTES_MAX], hash[QUOTE_HASH_SIZE], data[QUOTE_HASH_SIZE];
	int size = device_key_public(key, KEYRING_CURRENT, public_key, sizeof(public_key));
	const struct digest_piece whole = {public_key, size > 0 ? (size_t)size : 0};

	if (!key->tpm)
		return -ENODEV;
	if (size < 0)
		return size;
	if (digest_of(&whole, 1, hash) < 0 || quote_qualify(challenge, hash, data) < 0)
		return -EIO;
	return tpm_quote(key->tpm, data, ret_bytes);
}

bool device_key_is_lost(const struct device_key *key)
{
	return key->slots[KEYRING_CURRENT].tpm && key->tpm && tpm_is_gone(key->tpm);
}
