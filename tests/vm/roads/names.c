/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roads by names and attributes: content that leaves as the name of a file, the target of a
 * symbolic link or an extended attribute; and the labelled file itself under another name.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "roads.h"

#define NAME_CONTENT_MAX 60

/* "TARGET.CONTENT" with the content's first printable bytes. */
static int content_name(struct job *job, char *path, size_t size)
{
	char word[NAME_CONTENT_MAX + 1];
	size_t used = 0;
	int r = job_read(job);

	if (r < 0)
		return r;
	for (size_t i = 0; i < job->size && used < NAME_CONTENT_MAX; i++) {
		char c = job->content[i];

		if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-')
			word[used++] = c;
	}
	word[used] = '\0';
	r = snprintf(path, size, "%s.%s", job->target, word);
	return r < (int)size ? 0 : -ENAMETOOLONG;
}

static int road_mkdir(struct job *job)
{
	char path[PATH_MAX];
	int r = content_name(job, path, sizeof(path));

	return r < 0 ? r : check_call(mkdir(path, 0777));
}

/* Creating is what gets the name out, whether or not the descriptor comes back. */
static int road_create(struct job *job)
{
	char path[PATH_MAX];
	auto_close int fd = -EBADF;
	int r = content_name(job, path, sizeof(path));

	if (r < 0)
		return r;
	fd = check_call(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
	if (fd < 0 && access(path, F_OK) == 0)
		return 0;
	return fd;
}

static int road_mknod(struct job *job)
{
	char path[PATH_MAX];
	int r = content_name(job, path, sizeof(path));

	return r < 0 ? r : check_call(mknod(path, S_IFREG | 0666, 0));
}

static int road_rename_name(struct job *job)
{
	char path[PATH_MAX];
	auto_close int fd = job_open_target(job, 0);
	int r;

	if (fd < 0)
		return fd;
	r = content_name(job, path, sizeof(path));
	return r < 0 ? r : check_call(rename(job->target, path));
}

static int road_symlink(struct job *job)
{
	char path[PATH_MAX];
	int r = content_name(job, path, sizeof(path));

	return r < 0 ? r : check_call(symlink(path, job->target));
}

/* On a file that carries no label itself. */
static int road_setxattr(struct job *job)
{
	auto_close int fd = job_open_target(job, 0);
	int r;

	if (fd < 0)
		return fd;
	r = job_read(job);
	if (r < 0)
		return r;
	return check_call(setxattr(job->target, "user.note", job->content, job->size, 0));
}

/* A second name outside the labelled directory, on the same file system. */
static int road_link(struct job *job)
{
	(void)unlink(job->target);
	return check_call(link(job->source, job->target));
}

/* By a descriptor, as the file may have no name that this process can see. */
static int road_link_descriptor(struct job *job)
{
	char self[64];
	int r = job_read(job);

	if (r < 0)
		return r;
	(void)unlink(job->target);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", job->source_fd);
	return check_call(linkat(AT_FDCWD, self, AT_FDCWD, job->target, AT_SYMLINK_FOLLOW));
}

/* A file that is born nameless inside the labelled directory (argument 1) and gets a name outside. */
static int road_tmpfile(struct job *job)
{
	auto_close int fd = -EBADF;
	char self[64];
	int r = job_read(job);

	if (r < 0)
		return r;
	if (!job->arg[0])
		return -EINVAL;
	fd = check_call(open(job->arg[0], O_TMPFILE | O_RDWR | O_CLOEXEC, 0666));
	if (fd < 0)
		return fd;
	r = write_all(fd, job->content, job->size);
	if (r < 0)
		return r;
	(void)unlink(job->target);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return check_call(linkat(AT_FDCWD, self, AT_FDCWD, job->target, AT_SYMLINK_FOLLOW));
}

const struct road roads_names[] = {
	{"mkdir", road_mkdir, false},
	{"create", road_create, false},
	{"mknod", road_mknod, false},
	{"rename-name", road_rename_name, false},
	{"symlink", road_symlink, false},
	{"setxattr", road_setxattr, false},
	{"link", road_link, false},
	{"link-descriptor", road_link_descriptor, false},
	{"tmpfile", road_tmpfile, false},
	{0},
};
