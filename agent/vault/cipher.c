/* SPDX-License-Identifier: Apache-2.0 */
/* The ioctls of linux/fscrypt.h that need no key. */
#include "agent/vault/cipher.h"

#include <errno.h>
#include <linux/fscrypt.h>
#include <string.h>
#include <sys/ioctl.h>

_Static_assert(CIPHER_IDENTIFIER_SIZE == FSCRYPT_KEY_IDENTIFIER_SIZE, "the kernel's own size");

int cipher_of(int fd, uint8_t ret_identifier[CIPHER_IDENTIFIER_SIZE])
{
	struct fscrypt_get_policy_ex_arg argument = {.policy_size = sizeof(argument.policy)};

	if (ioctl(fd, FS_IOC_GET_ENCRYPTION_POLICY_EX, &argument) < 0)
		return errno == ENOTTY ? -EOPNOTSUPP : -errno;
	if (argument.policy.version != FSCRYPT_POLICY_V2)
		return -ENODATA;
	memcpy(ret_identifier, argument.policy.v2.master_key_identifier, CIPHER_IDENTIFIER_SIZE);
	return 0;
}

/* ext4 answers -EOPNOTSUPP without its feature, others -ENOTTY; both say so of a plain directory too. */
int cipher_supported(int directory_fd)
{
	uint8_t identifier[CIPHER_IDENTIFIER_SIZE];
	int r = cipher_of(directory_fd, identifier);

	return r == -ENODATA ? 0 : r;
}

int cipher_set(int directory_fd, const uint8_t identifier[CIPHER_IDENTIFIER_SIZE])
{
	struct fscrypt_policy_v2 policy = {
		.version = FSCRYPT_POLICY_V2,
		.contents_encryption_mode = FSCRYPT_MODE_AES_256_XTS,
		.filenames_encryption_mode = FSCRYPT_MODE_AES_256_CTS,
		.flags = FSCRYPT_POLICY_FLAGS_PAD_32, /* lengths of names tell less */
	};

	memcpy(policy.master_key_identifier, identifier, CIPHER_IDENTIFIER_SIZE);
	return ioctl(directory_fd, FS_IOC_SET_ENCRYPTION_POLICY, &policy) < 0 ? -errno : 0;
}

int cipher_key(int directory_fd, const uint8_t identifier[CIPHER_IDENTIFIER_SIZE],
	enum cipher_key *ret_key)
{
	struct fscrypt_get_key_status_arg argument = {
		.key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER};

	memcpy(argument.key_spec.u.identifier, identifier, CIPHER_IDENTIFIER_SIZE);
	if (ioctl(directory_fd, FS_IOC_GET_ENCRYPTION_KEY_STATUS, &argument) < 0)
		return -errno;
	switch (argument.status) {
	case FSCRYPT_KEY_STATUS_PRESENT:
		*ret_key = CIPHER_KEY_THERE;
		return 0;
	case FSCRYPT_KEY_STATUS_INCOMPLETELY_REMOVED:
		*ret_key = CIPHER_KEY_LEAVING;
		return 0;
	default:
		*ret_key = CIPHER_KEY_GONE;
		return 0;
	}
}

int cipher_take(int directory_fd, const uint8_t identifier[CIPHER_IDENTIFIER_SIZE])
{
	struct fscrypt_remove_key_arg argument = {
		.key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER};

	memcpy(argument.key_spec.u.identifier, identifier, CIPHER_IDENTIFIER_SIZE);
	if (ioctl(directory_fd, FS_IOC_REMOVE_ENCRYPTION_KEY_ALL_USERS, &argument) < 0)
		return -errno;
	return argument.removal_status_flags & FSCRYPT_KEY_REMOVAL_STATUS_FLAG_FILES_BUSY ? 1 : 0;
}
