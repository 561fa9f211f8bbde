/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A directory of root's alone at the root of a file system. Who may write to a file's own directory could put another
 * file in its place between the question what it is and its end; in here nobody can. So what is taken in is asked for
 * once more. What a power cut leaves here was asked for before: it goes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/wipe/wipe.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"

#define GRAVE_MAX 64 /* files whose bytes go at a time */

typedef int grave_visit(struct grave *grave, const char *name);

static int each(struct grave *grave, grave_visit *visit)
{
	int fd = openat(grave->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!directory) {
		r = -errno;
		cleanup_close(&fd);
		return r;
	}
	while (r >= 0 && (entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			r = visit(grave, entry->d_name);
	(void)closedir(directory); /* only read */
	return r < 0 ? r : 0;
}

static int count_one(struct grave *grave, const char *name)
{
	(void)name;
	grave->count++;
	return 0;
}

/* Best effort: that its name goes does not hang on it. The receipt says of how many it was done. */
static int overwrite_one(struct grave *grave, const char *name)
{
	auto_close int fd = openat(grave->fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat status;

	if (fd >= 0 && (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)))
		return 0;
	/* Not cut off: what is dropped from the cache before it is on the disk overwrites nothing there. */
	if (fd < 0 || file_overwrite(fd) < 0)
		log_warning("the content of a labelled file is not overwritten: %m, it is removed");
	else
		grave->overwritten++;
	return 0;
}

static int unlink_one(struct grave *grave, const char *name)
{
	if (unlinkat(grave->fd, name, 0) < 0) {
		int error = errno;

		wipe_note_failure(grave->wipe, GRAVE_NAME, error);
		return -error;
	}
	return 0;
}

int grave_empty(struct grave *grave)
{
	struct journal *journal = &grave->wipe->journal;
	int r;

	if (!grave->count)
		return 0;
	grave->overwritten = 0;
	r = each(grave, overwrite_one);
	if (r < 0)
		return r;
	if (syncfs(grave->fd) < 0)
		return -errno;
	if (!journal->is_counted) {
		journal->receipt.removed += grave->count;
		journal->receipt.overwritten += grave->overwritten;
		journal->is_counted = true;
		r = journal_write(grave->wipe->state_fd, journal);
	}
	if (r == 0)
		r = each(grave, unlink_one);
	if (r == 0 && fsync(grave->fd) < 0)
		r = -errno;
	if (r < 0)
		return r;
	grave->count = 0;
	journal->is_counted = false;
	return journal_write(grave->wipe->state_fd, journal);
}

int grave_open(struct grave *grave, struct wipe *wipe, int root_fd)
{
	struct stat status;
	int r;

	*grave = (struct grave){.wipe = wipe, .fd = -EBADF};
	if (mkdirat(root_fd, GRAVE_NAME, 0700) < 0 && errno != EEXIST)
		return -errno;
	grave->fd = openat(root_fd, GRAVE_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (grave->fd < 0 || fstat(grave->fd, &status) < 0)
		return -errno;
	if (status.st_uid != 0 || (status.st_mode & 07777) != 0700)
		return -EPERM; /* somebody else's, who could take things out of it */
	r = each(grave, count_one);
	if (r < 0)
		return r;
	wipe->journal.is_counted &= grave->count > 0; /* or what it was about is gone */
	return grave_empty(grave);
}

/* When there is another one of its name by now, with a number behind it: what stays in here is destroyed. */
static int put_back(struct grave *grave, const char *own, int directory_fd, const char *name)
{
	char other[NAME_MAX + 1];

	if (renameat2(grave->fd, own, directory_fd, name, RENAME_NOREPLACE) == 0)
		return 1;
	(void)snprintf(other, sizeof(other), "%.*s.%s", NAME_MAX - (int)strlen(own) - 1, name, own);
	return renameat2(grave->fd, own, directory_fd, other, RENAME_NOREPLACE) < 0 ? -errno : 1;
}

int grave_take(struct grave *grave, int directory_fd, const char *name)
{
	bool is_labelled = false, is_removed = false;
	struct stat status;
	char own[32];
	int r;

	(void)snprintf(own, sizeof(own), "%" PRIu64, grave->number++);
	if (renameat2(directory_fd, name, grave->fd, own, RENAME_NOREPLACE) < 0)
		return -errno;
	r = ask_labels(grave->wipe, grave->fd, own, &is_labelled, &is_removed);
	if (r == 0 && fstatat(grave->fd, own, &status, AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	if (r < 0 || !is_removed || !S_ISREG(status.st_mode)) {
		int back = put_back(grave, own, directory_fd, name);

		return back < 0 ? back : r < 0 ? r : 1;
	}
	return ++grave->count < GRAVE_MAX ? 0 : grave_empty(grave);
}

void grave_close(struct grave *grave)
{
	cleanup_close(&grave->fd);
	grave->fd = -EBADF;
}
