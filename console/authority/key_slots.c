/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each slot: nonce, sealed secret, tag (AES-256-GCM under a key made of the root's, its number is
 * authenticated); all zeros: free; "WIPED" and zeros: never used again, so that a key which comes back with a
 * backup of the database is known to be destroyed. 64 bytes lie within one sector, so that a power cut tears none.
 */
#include "console/authority/key_slots.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "console/authority/key_wrap.h"

#define MAGIC	   "HFSLOTS1"
#define MAGIC_SIZE 8
#define PURPOSE	   "holdfast label slots 1"

_Static_assert(KEY_SLOT_SIZE >= KEY_SEALED_SIZE(KEY_SLOT_SECRET), "a sealed secret fits");

static const uint8_t zeros[KEY_SLOT_SIZE], wiped[KEY_SLOT_SIZE] = "WIPED";

int key_slots_make(int directory_fd)
{
	auto_close int fd = openat(directory_fd, KEY_SLOTS_FILE,
		O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	uint8_t header[KEY_SLOT_SIZE] = MAGIC;

	if (fd < 0)
		return -errno;
	if (RAND_bytes(header + MAGIC_SIZE, KEY_HOME_SIZE) != 1)
		return -EIO;
	for (unsigned int i = 0; i < KEY_SLOTS_MAX; i++) /* its blocks are there from now on */
		if (write(fd, i ? zeros : header, KEY_SLOT_SIZE) != KEY_SLOT_SIZE)
			return errno ? -errno : -EIO;
	return fsync(fd) < 0 || fsync(directory_fd) < 0 ? -errno : 0;
}

int key_slots_open(int directory_fd, const uint8_t *root, struct key_slots *ret_slots)
{
	auto_close int fd = openat(directory_fd, KEY_SLOTS_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	uint8_t header[KEY_SLOT_SIZE];
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (status.st_mode & 077)
		return -EACCES;
	if (status.st_size != (off_t)KEY_SLOTS_MAX * KEY_SLOT_SIZE ||
		pread(fd, header, sizeof(header), 0) != sizeof(header) ||
		memcmp(header, MAGIC, MAGIC_SIZE) != 0)
		return -EBADMSG;
	*ret_slots = (struct key_slots){.root = root};
	memcpy(ret_slots->home, header + MAGIC_SIZE, KEY_HOME_SIZE);
	ret_slots->fd = take_fd(fd);
	return 0;
}

void key_slots_close(struct key_slots *slots)
{
	if (slots->fd >= 0)
		(void)close(slots->fd); /* what was written is synced */
	slots->fd = -EBADF;
}

static off_t place_of(uint32_t slot)
{
	return (off_t)slot * KEY_SLOT_SIZE;
}

static int slot_read(const struct key_slots *slots, uint32_t slot, uint8_t ret_bytes[KEY_SLOT_SIZE])
{
	if (!slot || slot >= KEY_SLOTS_MAX)
		return -EBADMSG;
	return pread(slots->fd, ret_bytes, KEY_SLOT_SIZE, place_of(slot)) == KEY_SLOT_SIZE ? 0
											   : -EIO;
}

static int slot_write(struct key_slots *slots, uint32_t slot, const uint8_t bytes[KEY_SLOT_SIZE])
{
	if (pwrite(slots->fd, bytes, KEY_SLOT_SIZE, place_of(slot)) != KEY_SLOT_SIZE)
		return -EIO;
	return fdatasync(slots->fd) < 0 ? -errno : 0;
}

int key_slots_take(struct key_slots *slots, uint32_t *ret_slot, uint8_t ret_secret[KEY_SLOT_SECRET])
{
	uint8_t bytes[KEY_SLOT_SIZE];
	uint32_t slot = 1;
	int r;

	for (;; slot++) {
		if (slot == KEY_SLOTS_MAX)
			return -ENOSPC;
		r = slot_read(slots, slot, bytes);
		if (r < 0)
			return r;
		if (!memcmp(bytes, zeros, sizeof(zeros)))
			break;
	}
	if (RAND_priv_bytes(ret_secret, KEY_SLOT_SECRET) != 1)
		return -EIO;
	r = key_seal(&(const struct key_sealing){slots->root, PURPOSE, &slot, sizeof(slot)},
		ret_secret, KEY_SLOT_SECRET, bytes);
	if (r == 0)
		r = slot_write(slots, slot, bytes);
	if (r == 0)
		*ret_slot = slot;
	return r;
}

int key_slots_read(
	const struct key_slots *slots, uint32_t slot, uint8_t ret_secret[KEY_SLOT_SECRET])
{
	uint8_t bytes[KEY_SLOT_SIZE];
	int r;

	r = slot_read(slots, slot, bytes);
	if (r < 0)
		return r;
	if (!memcmp(bytes, zeros, sizeof(zeros)) || !memcmp(bytes, wiped, sizeof(wiped)))
		return -ENOENT;
	return key_unseal(&(const struct key_sealing){slots->root, PURPOSE, &slot, sizeof(slot)},
		bytes, KEY_SLOT_SECRET, ret_secret);
}

/* With noise first: some disks write what is mostly zeros by letting go of blocks. */
int key_slots_wipe(struct key_slots *slots, uint32_t slot)
{
	uint8_t bytes[KEY_SLOT_SIZE];
	int r;

	r = slot_read(slots, slot, bytes);
	if (r < 0)
		return r;
	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return -EIO;
	r = slot_write(slots, slot, bytes);
	if (r == 0)
		r = slot_write(slots, slot, wiped);
	if (r == 0)
		r = slot_read(slots, slot, bytes);
	return r == 0 && memcmp(bytes, wiped, sizeof(wiped)) != 0 ? -EIO : r;
}
