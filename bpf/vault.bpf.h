/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Files whose key is gone. The kernel forgets an encrypted file with its key, but not one that a process
 * has open: that one stays readable by its descriptor, from memory and from the disk. Whether the key
 * is there the kernel knows itself (fs/crypto/keyring.c), so nobody has to tell.
 */
#ifndef HOLDFAST_BPF_VAULT_H
#define HOLDFAST_BPF_VAULT_H

#include "compat.bpf.h"

#ifndef HF_BASELINE /* 5.10 keeps these keys in another way */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct fscrypt_master_key_secret {
	__u32 size; /* 0 when it is wiped: until 6.7, which is how that was told */
};

struct fscrypt_master_key {
	struct fscrypt_master_key_secret mk_secret;
	bool mk_present; /* since 6.8 */
};

struct fscrypt_info { /* until 6.6 */
	struct fscrypt_master_key *ci_master_key;
};

struct fscrypt_inode_info {
	struct fscrypt_master_key *ci_master_key;
};

#pragma clang attribute pop

static __noinline bool is_key_gone(__u64 info)
{
	struct fscrypt_master_key *key;

	if (bpf_core_type_exists(struct fscrypt_inode_info))
		key = BPF_CORE_READ((struct fscrypt_inode_info *)info, ci_master_key);
	else
		key = BPF_CORE_READ((struct fscrypt_info *)info, ci_master_key);
	if (!key) /* a policy of version 1: none of ours */
		return false;
	if (bpf_core_field_exists(key->mk_present))
		return !BPF_CORE_READ(key, mk_present);
	return !BPF_CORE_READ(key, mk_secret.size);
}

/* Since 6.17 a file system keeps this itself: there the key's end ends what is opened alone. */
static __always_inline bool is_locked_up(struct inode *inode)
{
	__u64 info;

	if (!bpf_core_field_exists(inode->i_crypt_info))
		return false;
	info = (__u64)inode->i_crypt_info;
	return info && is_key_gone(info);
}

#else

static __always_inline bool is_locked_up(struct inode *inode)
{
	return false;
}

#endif
#endif
