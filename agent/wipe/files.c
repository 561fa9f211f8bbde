/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labelled files, wherever they were moved: each file system of a disk that has marks is walked from its root, once. Who
 * has an inode of the index, or is below a marked directory, is asked for: the kernel part alone says what is labelled.
 * Nothing is followed out of the file system, no symbolic link, and nothing but regular files is removed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "agent/wipe/wipe.h"
#include "common/cleanup.h"
#include "common/clock.h"

#define DEPTH_MAX	  128 /* as deep as the kernel part looks */
#define ROUNDS_MAX	  3   /* as long as somebody makes new ones meanwhile */
#define PROGRESS_NS	  CLOCK_SECOND_NS
#define KERNEL_MINOR_BITS 20 /* of s_dev in the kernel: include/linux/kdev_t.h */

struct walk {
	struct wipe *wipe;
	struct grave grave;
	uint64_t mount; /* where one may walk: STATX_MNT_ID */
	char path[PATH_MAX];
	uint64_t seen, kept, failed, removed;
	uint64_t told_ns;
};

static bool is_marked(const struct wipe_marks *marks, uint64_t inode)
{
	size_t low = 0, high = marks->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (marks->inodes[middle] < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low < marks->count && marks->inodes[low] == inode;
}

static void fail(struct walk *walk, int error)
{
	walk->failed++;
	wipe_note_failure(walk->wipe, walk->path, error);
}

static void tell_progress(struct walk *walk)
{
	uint64_t now = clock_boot_ns();
	char words[200];

	if (now - walk->told_ns < PROGRESS_NS)
		return;
	walk->told_ns = now;
	(void)snprintf(words, sizeof(words),
		"%llu labelled files are removed, %llu objects looked at",
		(unsigned long long)(walk->wipe->journal.receipt.removed + walk->grave.count),
		(unsigned long long)walk->seen);
	ask_tell(walk->wipe, WIPE_PROGRESS, words);
}

/* 0, or negative errno: the engine, or the journal, is of no use at the moment. */
static int visit_file(struct walk *walk, int directory_fd, const char *name)
{
	bool is_labelled, is_removed;
	int r;

	r = ask_labels(walk->wipe, directory_fd, name, &is_labelled, &is_removed);
	if (r == -ENOENT || r == -ELOOP)
		return 0; /* gone, or another one, since */
	if (r < 0)
		return r;
	if (!is_removed) {
		walk->kept += is_labelled;
		return 0;
	}
	r = grave_take(&walk->grave, directory_fd, name);
	if (r == -ECONNREFUSED || r == -EAGAIN)
		return r;
	if (r < 0 && r != -ENOENT)
		fail(walk, -r);
	walk->removed += r == 0;
	return 0;
}

static int visit_directory(struct walk *walk, int directory_fd, bool is_below, unsigned int depth);

static int enter(
	struct walk *walk, int directory_fd, const char *name, bool is_below, unsigned int depth)
{
	auto_close int fd = openat(
		directory_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC);

	if (fd < 0) {
		if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
			fail(walk, errno);
		return 0;
	}
	return visit_directory(walk, fd, is_below, depth + 1);
}

static int visit(
	struct walk *walk, int directory_fd, const char *name, bool is_below, unsigned int depth)
{
	struct statx status;

	if (statx(directory_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		    STATX_TYPE | STATX_INO | STATX_MNT_ID, &status) < 0) {
		if (errno != ENOENT)
			fail(walk, errno);
		return 0;
	}
	if (status.stx_mnt_id != walk->mount || /* another one is mounted there */
		(!depth && !strcmp(name, GRAVE_NAME)))
		return 0;
	walk->seen++;
	tell_progress(walk);
	is_below |= is_marked(&walk->wipe->marks, status.stx_ino);
	if (S_ISREG(status.stx_mode))
		return is_below ? visit_file(walk, directory_fd, name) : 0;
	if (!S_ISDIR(status.stx_mode) || (is_below && vaults_has(walk->wipe, walk->path)))
		return 0;
	return enter(walk, directory_fd, name, is_below, depth);
}

static int visit_directory(struct walk *walk, int directory_fd, bool is_below, unsigned int depth)
{
	int fd = openat(directory_fd, ".", O_RDONLY | O_DIRECTORY | O_NOATIME | O_CLOEXEC), r = 0;
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	size_t before = strlen(walk->path);
	struct dirent *entry;

	if (!directory || depth > DEPTH_MAX) {
		fail(walk, directory ? ENAMETOOLONG : errno);
		if (directory)
			(void)closedir(directory); /* only read */
		else
			cleanup_close(&fd);
		return 0;
	}
	while (r == 0 && (entry = readdir(directory))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		(void)snprintf(walk->path + before, sizeof(walk->path) - before, "%s%s",
			before && walk->path[before - 1] == '/' ? "" : "/",
			entry->d_name); /* cut: nothing is opened by it */
		r = visit(walk, directory_fd, entry->d_name, is_below, depth);
		walk->path[before] = '\0';
		if (r == 0 && wipe_is_over(0))
			r = -EINTR;
	}
	(void)closedir(directory); /* only read */
	return r;
}

/* --- file systems --- */

struct mounted {
	uint32_t device; /* as the kernel part has it */
	char path[PATH_MAX];
};

/* "\040" and the like, of proc_pid_mountinfo(5), in place. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		unsigned int letter;

		if (*text == '\\' && sscanf(text + 1, "%3o", &letter) == 1) {
			*to++ = (char)letter;
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* The one that shows it from its root on; false: none does. */
static bool find_mount(uint32_t device, char ret_path[PATH_MAX])
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[3 * PATH_MAX], root[PATH_MAX], path[PATH_MAX];
	unsigned int major_number, minor_number;
	bool is_found = false;

	while (file && !is_found && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%*s %*s %u:%u %4095s %4095s", &major_number, &minor_number, root,
			    path) != 4 ||
			(major_number << KERNEL_MINOR_BITS | minor_number) != device ||
			strcmp(root, "/") != 0)
			continue;
		unescape(path);
		(void)strcpy(ret_path, path); /* as large */
		is_found = true;
	}
	if (file)
		(void)fclose(file); /* read only */
	return is_found;
}

/* Of all that is on it, nothing can be said. */
static void fail_on(struct wipe *wipe, const char *what, int error)
{
	wipe_note_failure(wipe, what, error);
	wipe->journal.receipt.failed++;
}

static int walk_round(struct walk *walk, int root_fd, uint64_t root_inode)
{
	walk->seen = walk->kept = walk->failed = walk->removed = 0;
	return visit_directory(walk, root_fd, is_marked(&walk->wipe->marks, root_inode), 0);
}

static int destroy_on(struct wipe *wipe, const char *path)
{
	static struct walk walk; /* too large for the stack */
	auto_close int root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOATIME);
	struct statx status;
	int r;

	walk = (struct walk){.wipe = wipe};
	if (root_fd < 0 ||
		statx(root_fd, "", AT_EMPTY_PATH, STATX_MNT_ID | STATX_INO, &status) < 0) {
		fail_on(wipe, path, errno);
		return 0;
	}
	walk.mount = status.stx_mnt_id;
	(void)snprintf(walk.path, sizeof(walk.path), "%s", path);
	r = grave_open(&walk.grave, wipe, root_fd);
	if (r < 0) {
		grave_close(&walk.grave);
		fail_on(wipe, path, -r);
		return 0;
	}
	for (unsigned int round = 0; r == 0 && round < ROUNDS_MAX; round++) {
		r = walk_round(&walk, root_fd, status.stx_ino);
		if (r == 0)
			r = grave_empty(&walk.grave);
		if (!walk.removed)
			break;
	}
	grave_close(&walk.grave);
	if (r == 0)
		(void)unlinkat(root_fd, GRAVE_NAME, AT_REMOVEDIR); /* empty, and is no harm */
	wipe->journal.receipt.kept += walk.kept;
	wipe->journal.receipt.failed += walk.failed;
	return r;
}

int files_destroy(struct wipe *wipe)
{
	struct wipe_receipt *receipt = &wipe->journal.receipt;
	char path[PATH_MAX];
	int r;

	if (receipt->what < LEASE_ORDER_WIPE)
		return 0;
	r = ask_plan(wipe);
	if (r == 0)
		r = ask_marks(wipe);
	/* counted by each try anew, but for what is gone */
	receipt->kept = receipt->failed = receipt->failure_count = 0;
	for (unsigned int i = 0; r == 0 && i < wipe->marks.device_count; i++)
		if (find_mount(wipe->marks.devices[i], path))
			r = destroy_on(wipe, path);
		else
			fail_on(wipe, "a file system of which no mount shows all", ENOTSUP);
	if (r == 0)
		receipt->elsewhere = wipe->plan.mark_count > wipe->marks.count
					     ? wipe->plan.mark_count - wipe->marks.count
					     : 0;
	return r;
}
