/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a file system does not encrypt (xfs, btrfs, ext4 without the feature): an ext4 file system with
 * it, in a sparse file, on a loop device. Its root can't be encrypted (ext4 refuses that), so the vault
 * is the directory IMAGE_INSIDE in it. One mechanism of keys for both ways, and none for the device.
 */
#ifndef HOLDFAST_AGENT_VAULT_IMAGE_H
#define HOLDFAST_AGENT_VAULT_IMAGE_H

#include <stdint.h>

#define IMAGE_INSIDE   "vault"
#define IMAGE_SIZE_MIN (UINT64_C(64) << 20)
#define IMAGE_MOUNTS \
	"/run/holdfast-vault" /* below it, root's alone, each image by its vault's name */

/*
 * Makes the file, of that size, whole or not at all; one that is there stays as it is. Runs mke2fs(8).
 * 0; -ENOENT: there is no mke2fs; -EIO: it failed; negative errno.
 */
int image_make(int directory_fd, const char *name, uint64_t size_bytes);
/*
 * Mounts it at IMAGE_MOUNTS/vault, unless it is there already. A descriptor of the root of that file
 * system, the caller's to close; negative errno.
 */
int image_mount(int directory_fd, const char *name, const char *vault);
/* 1, 0, negative errno. */
int image_is_mounted(const char *vault);
/* IMAGE_INSIDE becomes what stands at path, in which nothing is. */
int image_show(const char *vault, const char *path);
/* Whether it stands there. 1, 0, negative errno. */
int image_is_shown(const char *vault, const char *path);
/*
 * Takes it away from path, also while it is in use: who holds files of it does so still. The mount would
 * hold the directory, and with it the key's last use.
 */
int image_hide(const char *vault, const char *path);

#endif
