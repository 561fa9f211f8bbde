/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hf-fuse MOUNTPOINT: a file system of a user with room for one file, 'note', in memory: a way out
 * that no disk stands behind. Goes to the background when it is mounted.
 */
#define FUSE_USE_VERSION 35

#include <errno.h>
#include <fuse.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#define NOTE_MAX (1024 * 1024)

static char note[NOTE_MAX];
static size_t note_size;
static bool is_there;

static bool is_note(const char *path)
{
	return !strcmp(path, "/note");
}

static int note_getattr(const char *path, struct stat *status, struct fuse_file_info *info)
{
	(void)info; /* one file: the path is enough, here and below */
	memset(status, 0, sizeof(*status));
	status->st_nlink = 1;
	if (!strcmp(path, "/")) {
		status->st_mode = S_IFDIR | 0755;
		return 0;
	}
	if (!is_note(path) || !is_there)
		return -ENOENT;
	status->st_mode = S_IFREG | 0644;
	status->st_size = (off_t)note_size;
	return 0;
}

static int note_readdir(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
	struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
	(void)path;
	(void)offset;
	(void)info;
	(void)flags;
	if (is_there)
		fill(buffer, "note", NULL, 0, 0);
	return 0;
}

static int note_create(const char *path, mode_t mode, struct fuse_file_info *info)
{
	(void)mode;
	(void)info;
	if (!is_note(path))
		return -ENOSPC;
	is_there = true;
	return 0;
}

static int note_open(const char *path, struct fuse_file_info *info)
{
	(void)info;
	return is_note(path) && is_there ? 0 : -ENOENT;
}

static int note_read(
	const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *info)
{
	size_t at = (size_t)offset;

	(void)path;
	(void)info;
	if (at >= note_size)
		return 0;
	if (size > note_size - at)
		size = note_size - at;
	memcpy(buffer, note + at, size);
	return (int)size;
}

static int note_write(const char *path, const char *buffer, size_t size, off_t offset,
	struct fuse_file_info *info)
{
	size_t at = (size_t)offset;

	(void)path;
	(void)info;
	if (at >= NOTE_MAX || size > NOTE_MAX - at)
		return -ENOSPC;
	memcpy(note + at, buffer, size);
	if (at + size > note_size)
		note_size = at + size;
	return (int)size;
}

static int note_truncate(const char *path, off_t size, struct fuse_file_info *info)
{
	(void)path;
	(void)info;
	if (size > NOTE_MAX)
		return -ENOSPC;
	note_size = (size_t)size;
	return 0;
}

static int note_unlink(const char *path)
{
	if (!is_note(path) || !is_there)
		return -ENOENT;
	is_there = false;
	note_size = 0;
	return 0;
}

static const struct fuse_operations operations = {
	.getattr = note_getattr,
	.readdir = note_readdir,
	.create = note_create,
	.open = note_open,
	.read = note_read,
	.write = note_write,
	.truncate = note_truncate,
	.unlink = note_unlink,
};

int main(int argc, char **argv)
{
	return fuse_main(argc, argv, &operations, NULL);
}
