/* SPDX-License-Identifier: Apache-2.0 */
/* Module, token, PIN, key: in this order, each with its own words. */
#include "console/authority/token.h"

#include <errno.h>
#include <fcntl.h>
#include <libp11.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"

#define STAMP_SIZE 96

/* PKCS #11 2.40, return values; OpenSSL's reason of libp11's errors is one of them. */
#define PIN_INCORRECT 0xa0
#define PIN_LEN_RANGE 0xa2
#define PIN_LOCKED    0xa4

struct loading {
	int directory_fd;
	const struct token_uri *uri;
	PKCS11_CTX *context;
	PKCS11_SLOT *slots;
	unsigned int slot_count;
	PKCS11_SLOT *slot; /* of the token */
	char *words;
};

static int complain(struct loading *loading, int error, const char *format, const char *what)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* all are in this file */
	(void)snprintf(loading->words, TOKEN_WORDS_MAX, format, what);
#pragma GCC diagnostic pop
	ERR_clear_error();
	return error;
}

/* The first line. pin: TOKEN_PIN_MAX. */
static int pin_read(struct loading *loading, char *ret_pin, char ret_stamp[STAMP_SIZE])
{
	const char *path = loading->uri->pin_path;
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	ssize_t got;

	if (fd < 0 || fstat(fd, &status) < 0)
		return complain(loading, -errno, "cannot read the PIN in '%.200s'", path);
	if (status.st_mode & 077)
		return complain(
			loading, -EACCES, "others may read the PIN in '%.200s': chmod 600", path);
	got = read(fd, ret_pin, TOKEN_PIN_MAX - 1);
	if (got <= 0)
		return complain(
			loading, got < 0 ? -errno : -ENODATA, "there is no PIN in '%.200s'", path);
	ret_pin[got] = '\0';
	ret_pin[strcspn(ret_pin, "\r\n")] = '\0';
	(void)snprintf(ret_stamp, STAMP_SIZE, "%llu %lld %lld.%09ld\n",
		(unsigned long long)status.st_ino, (long long)status.st_size,
		(long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
	return 0;
}

static bool was_refused(const struct loading *loading, const char *stamp)
{
	auto_close int fd = openat(loading->directory_fd, CA_PIN_REFUSED, O_RDONLY | O_CLOEXEC);
	char before[STAMP_SIZE] = "";

	return fd >= 0 && read(fd, before, sizeof(before) - 1) > 0 && !strcmp(before, stamp);
}

static void remember_refusal(const struct loading *loading, const char *stamp)
{
	const struct file_content content = {
		.bytes = stamp, .size = strlen(stamp), .mode = 0600, .group = FILE_GROUP_NONE};

	(void)file_replace(
		loading->directory_fd, CA_PIN_REFUSED, &content); /* it is tried again then */
}

static int module_load(struct loading *loading)
{
	loading->context = PKCS11_CTX_new();
	if (!loading->context)
		return -ENOMEM;
	if (PKCS11_CTX_load(loading->context, loading->uri->module) < 0)
		return complain(loading, -ENOENT, "cannot load the PKCS#11 module '%.200s'",
			loading->uri->module);
	if (PKCS11_enumerate_slots(loading->context, &loading->slots, &loading->slot_count) < 0)
		return complain(loading, -EIO, "the PKCS#11 module '%.200s' shows no slots",
			loading->uri->module);
	return 0;
}

static int token_find(struct loading *loading)
{
	const struct token_uri *uri = loading->uri;

	for (unsigned int i = 0; i < loading->slot_count; i++) {
		PKCS11_TOKEN *token = loading->slots[i].token;

		if (token && (!uri->token[0] || !strcmp(token->label, uri->token)) &&
			(!uri->serial[0] || !strcmp(token->serialnr, uri->serial))) {
			loading->slot = &loading->slots[i];
			return 0;
		}
	}
	return complain(loading, -ENODEV,
		"there is no token '%.200s' (is it plugged in, and may this user see it?)",
		uri->token[0] ? uri->token : uri->serial);
}

static int login(struct loading *loading, const char *pin, const char *stamp)
{
	unsigned int reason;

	ERR_clear_error();
	if (PKCS11_login(loading->slot, 0, pin) == 0)
		return 0;
	reason = (unsigned int)ERR_GET_REASON(ERR_peek_last_error());
	if (reason == PIN_LOCKED)
		return complain(loading, -EACCES, "token '%.200s' is locked: too many wrong PINs",
			loading->slot->token->label);
	if (reason != PIN_INCORRECT && reason != PIN_LEN_RANGE)
		return complain(loading, -EIO, "cannot log in to token '%.200s'",
			loading->slot->token->label);
	remember_refusal(loading, stamp);
	return complain(loading, -EACCES,
		"the token does not take the PIN in '%.200s'; it is not tried again until that "
		"file is written anew",
		loading->uri->pin_path);
}

static int token_login(struct loading *loading)
{
	char pin[TOKEN_PIN_MAX], stamp[STAMP_SIZE];
	int r;

	r = pin_read(loading, pin, stamp);
	if (r == 0 && was_refused(loading, stamp))
		r = complain(loading, -EACCES,
			"the token has refused the PIN in '%.200s' before: write the right one",
			loading->uri->pin_path);
	if (r == 0)
		r = login(loading, pin, stamp);
	explicit_bzero(pin, sizeof(pin));
	return r;
}

static bool is_wanted(const struct token_uri *uri, const PKCS11_KEY *key)
{
	return (!uri->object[0] || (key->label && !strcmp(key->label, uri->object))) &&
	       (!uri->id_size ||
		       (key->id_len == uri->id_size && !memcmp(key->id, uri->id, uri->id_size)));
}

/* Keys of one id, which is none too, are mixed up by modules and libraries: seen with SoftHSM and libp11. */
static bool fits_itself(EVP_PKEY *key)
{
	static const uint8_t digest[32] = {1};
	uint8_t *der = NULL, signature[160];
	int size = i2d_PUBKEY(key, &der);
	const uint8_t *at = der;
	EVP_PKEY *known = size > 0 ? d2i_PUBKEY(NULL, &at, size) : NULL;
	EVP_PKEY_CTX *signing = EVP_PKEY_CTX_new(key, NULL);
	EVP_PKEY_CTX *checking = known ? EVP_PKEY_CTX_new(known, NULL) : NULL;
	size_t used = sizeof(signature);
	bool fits = signing && checking && EVP_PKEY_sign_init(signing) == 1 &&
		    EVP_PKEY_sign(signing, signature, &used, digest, sizeof(digest)) == 1 &&
		    EVP_PKEY_verify_init(checking) == 1 &&
		    EVP_PKEY_verify(checking, signature, used, digest, sizeof(digest)) == 1;

	EVP_PKEY_CTX_free(signing);
	EVP_PKEY_CTX_free(checking);
	EVP_PKEY_free(known);
	OPENSSL_free(der);
	return fits;
}

static int key_find(struct loading *loading, EVP_PKEY **ret_key)
{
	const char *name = loading->uri->object[0] ? loading->uri->object : "of that id";
	PKCS11_KEY *keys = NULL, *found = NULL;
	unsigned int count = 0;
	char group[32] = "";
	EVP_PKEY *key;

	if (PKCS11_enumerate_keys(loading->slot->token, &keys, &count) < 0)
		return complain(
			loading, -EIO, "token '%.200s' shows no keys", loading->slot->token->label);
	for (unsigned int i = 0; i < count && !found; i++)
		if (is_wanted(loading->uri, &keys[i]))
			found = &keys[i];
	if (!found)
		return complain(loading, -ENOKEY,
			"there is no private key '%.200s' in the token: make one there first, EC "
			"P-256",
			name);
	key = PKCS11_get_private_key(found);
	if (!key || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
		EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1 ||
		strcmp(group, "prime256v1") != 0) {
		EVP_PKEY_free(key);
		return complain(
			loading, -EINVAL, "key '%.200s' of the token is not EC P-256", name);
	}
	if (!fits_itself(key)) {
		EVP_PKEY_free(key);
		return complain(loading, -EIO,
			"the token does not sign with key '%.200s', or shows the public half of "
			"another one: give each key an id of its own, both halves the same",
			name);
	}
	*ret_key = key;
	return 0;
}

int token_key_open(int directory_fd, const struct token_uri *uri, EVP_PKEY **ret_key,
	char ret_words[TOKEN_WORDS_MAX])
{
	struct loading loading = {.directory_fd = directory_fd, .uri = uri, .words = ret_words};
	int r;

	ret_words[0] = '\0';
	r = module_load(&loading);
	if (r == 0)
		r = token_find(&loading);
	if (r == 0)
		r = token_login(&loading);
	if (r == 0)
		r = key_find(&loading, ret_key);
	return r; /* the module stays: the key is of it */
}
