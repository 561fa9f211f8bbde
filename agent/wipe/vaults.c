/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vaults are ciphertext without the label's key, which is nowhere on this computer. What is destroyed here is what is
 * known of them: holdfast-vault has locked them by then, as keyring has no key of theirs any more.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "agent/vault/cipher.h"
#include "agent/vault/record.h"
#include "agent/wipe/wipe.h"
#include "common/cleanup.h"

static bool is_mounted(const char *path)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[2 * PATH_MAX], point[PATH_MAX];
	bool is_there = false;

	if (!file)
		return true;
	while (!is_there && fgets(line, sizeof(line), file))
		is_there = sscanf(line, "%*s %*s %*s %*s %4095s", point) == 1 &&
			   !strcmp(point, path);
	(void)fclose(file); /* read only */
	return is_there;
}

static bool is_locked(const struct record *record)
{
	auto_close int fd = -EBADF;
	enum cipher_key key;

	if (record->way == RECORD_WAY_IMAGE)
		return !is_mounted(record->path);
	fd = open(record->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW | O_NOATIME);
	if (fd < 0)
		return errno == ENOENT;
	return cipher_key(fd, record->identifier, &key) == 0 && key == CIPHER_KEY_GONE;
}

static void count(struct wipe_receipt *receipt, const struct record *record)
{
	if (receipt->vault_count < WIPE_RECEIPT_VAULTS) {
		struct wipe_receipt_vault *vault = &receipt->vaults[receipt->vault_count];

		vault->generation = record->generation;
		memcpy(vault->label, record->label_id, sizeof(vault->label));
		(void)snprintf(vault->name, sizeof(vault->name), "%s", record->name);
	}
	receipt->vault_count++;
}

/* The count is on the disk before the record goes: a power cut between counts it once more, at worst. */
static int forget(struct wipe *wipe, const struct record *record)
{
	int r;

	count(&wipe->journal.receipt, record);
	r = journal_write(wipe->state_fd, &wipe->journal);
	return r == 0 ? record_remove(wipe->vault_fd, record->name) : r;
}

int vaults_forget(struct wipe *wipe, bool is_last)
{
	char names[RECORD_MAX][RECORD_NAME_SIZE], what[PATH_MAX];
	int count = wipe->vault_fd < 0 ? 0 : record_list(wipe->vault_fd, names), left = 0, r;
	static struct record record;

	for (int i = 0; i < count; i++) {
		r = record_read(wipe->vault_fd, names[i], &record);
		if (r < 0 && r != -EBADMSG)
			return r;
		if (r == 0 && !is_locked(&record)) {
			left = 1;
			if (!is_last)
				continue;
			(void)snprintf(what, sizeof(what), "vault %s", names[i]);
			wipe_note_failure(wipe, what, EBUSY);
			continue;
		}
		if (r < 0) /* nobody can say of it what it was */
			record = (struct record){0};
		memcpy(record.name, names[i], sizeof(record.name));
		r = forget(wipe, &record);
		if (r < 0)
			return r;
	}
	return count < 0 ? count : left;
}

bool vaults_has(const struct wipe *wipe, const char *path)
{
	char names[RECORD_MAX][RECORD_NAME_SIZE];
	int count = wipe->vault_fd < 0 ? 0 : record_list(wipe->vault_fd, names);
	static struct record record;

	for (int i = 0; i < count; i++)
		if (record_read(wipe->vault_fd, names[i], &record) == 0 &&
			record.phase >= RECORD_DISCARDING && !strcmp(record.path, path))
			return true;
	return false;
}
