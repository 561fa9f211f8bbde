/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key that signs policies. No process of serve reads it: commands do, in their own process, for
 * the moment of signing; so it may lie on another machine, or on a stick.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "console/authority/ca_files.h"
#include "console/cli/policy.h"

#define DEVICES_SIZE (2 * SIGNING_KEY_MAX)

static int file_read(const char *path, char *ret_text, size_t size, size_t *ret_used)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t used = fd < 0 ? -1 : read(fd, ret_text, size);

	if (used < 0)
		return -errno;
	if ((size_t)used == size)
		return -EFBIG;
	*ret_used = (size_t)used;
	return 0;
}

static int file_write(const char *path, const char *text, size_t size, mode_t mode)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);

	if (fd < 0 || fchmod(fd, mode) < 0)
		return -errno;
	errno = EIO; /* a short write sets none */
	return write(fd, text, size) == (ssize_t)size && fsync(fd) == 0 ? 0 : -errno;
}

int signing_key_create(const char *passphrase)
{
	char private_pem[SIGNING_KEY_MAX], public_pem[SIGNING_KEY_MAX], path[PATH_MAX];
	char devices[DEVICES_SIZE];
	size_t used, size;
	int r;

	cli_path(path, sizeof(path), CLI_AUTHORITY_DIRECTORY, CA_ROOT_CERTIFICATE);
	r = file_read(path, devices, SIGNING_KEY_MAX, &used);
	if (r == 0)
		r = signing_key_make(passphrase, private_pem, public_pem);
	if (r < 0)
		return r;
	cli_path(path, sizeof(path), CLI_SIGNING_DIRECTORY, CLI_POLICY_KEY);
	r = file_write(path, private_pem, strlen(private_pem), 0600);
	explicit_bzero(private_pem, sizeof(private_pem));
	if (r < 0)
		return r;
	size = strlen(public_pem);
	memcpy(devices + used, public_pem, size); /* both fit: half of it each */
	cli_path(path, sizeof(path), CLI_DEVICES_FILE, "");
	return file_write(path, devices, used + size, 0644);
}

struct signing_key *signing_key_open(const char *path, const char *passphrase_file)
{
	char usual[PATH_MAX], pem[SIGNING_KEY_MAX], passphrase[POLICY_PASSPHRASE_SIZE];
	struct signing_key *key = NULL;
	size_t size;
	int r;

	if (!path) {
		cli_path(usual, sizeof(usual), CLI_SIGNING_DIRECTORY, CLI_POLICY_KEY);
		path = usual;
	}
	r = file_read(path, pem, sizeof(pem), &size);
	if (r < 0) {
		(void)cli_refuse("cannot read the policy key '%s': %s%s", path, strerror(-r),
			r == -ENOENT ? ". Was it taken away? Say where it is with --key" : "");
		return NULL;
	}
	r = signing_key_read(pem, size, true, NULL, &key); /* one without a passphrase */
	if (r == -EACCES) {
		if (passphrase_read(passphrase_file, "policy key", passphrase) != 0)
			return NULL;
		r = signing_key_read(pem, size, true, passphrase, &key);
	}
	explicit_bzero(pem, sizeof(pem));
	explicit_bzero(passphrase, sizeof(passphrase));
	if (r == -EACCES)
		(void)cli_refuse("that is not the passphrase of '%s'", path);
	else if (r < 0)
		(void)cli_refuse("'%s' holds no Ed25519 private key", path);
	return r < 0 ? NULL : key;
}

void signing_key_compare(const struct signing_key *key)
{
	auto_call(signing_key_freep) struct signing_key *known = NULL;
	uint8_t ours[SIGNING_KEY_ID], theirs[SIGNING_KEY_ID];
	char path[PATH_MAX], pem[DEVICES_SIZE];
	size_t size;

	cli_path(path, sizeof(path), CLI_DEVICES_FILE, "");
	if (file_read(path, pem, sizeof(pem), &size) == 0 &&
		signing_key_read(pem, size, false, NULL, &known) == 0 &&
		signing_key_id(known, theirs) == 0 && signing_key_id(key, ours) == 0 &&
		!memcmp(ours, theirs, sizeof(ours)))
		return;
	(void)fprintf(stderr,
		"holdfast-console: warning: '%s' has another public key: devices that have that "
		"file will refuse this policy\n",
		path);
}
