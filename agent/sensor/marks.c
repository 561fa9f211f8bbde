/* SPDX-License-Identifier: Apache-2.0 */
/* Marks of objects: kernel first, then file, then database. */
#include "agent/sensor/marks.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "agent/sensor/paths.h"
#include "agent/sensor/volumes.h"
#include "common/cleanup.h"
#include "common/log.h"

void marks_tell(struct sensor *sensor, const struct hf_inode_key *key, const struct hf_mark *mark,
	const char *path)
{
	struct message_marked marked = {.key = *key, .mark = *mark};
	struct bytes_writer frame;

	marked.mark.flags &= ~HF_MARK_GUARD; /* set anew at each start */
	volumes_identity(sensor->volumes, key->dev, marked.volume);
	if (path)
		(void)snprintf(marked.path, sizeof(marked.path), "%s", path);
	link_begin(&frame, MESSAGE_MARKED);
	message_put_marked(&frame, &marked);
	link_send(sensor, &frame);
}

/* The volume's identity is valid until the next call. */
static struct mark_place place_of(const struct sensor *sensor, const struct hf_inode_key *key)
{
	static char volume[MESSAGE_TEXT_SIZE];

	volumes_identity(sensor->volumes, key->dev, volume);
	return (struct mark_place){.key = key, .volume = volume};
}

bool marks_is_overlay(int fd)
{
	struct statfs status;

	return fstatfs(fd, &status) == 0 && status.f_type == OVERLAYFS_SUPER_MAGIC;
}

/* A label whose identity nobody told us can't be written; the database keeps its bit. */
bool marks_write(struct sensor *sensor, int fd, const struct hf_inode_key *key, uint64_t labels,
	uint32_t flags)
{
	const struct mark_place place = place_of(sensor, key);
	struct mark_value value = {.flags = (uint16_t)(flags & (HF_MARK_DIRECTORY | HF_MARK_POLICY |
								       HF_MARK_DERIVED))};
	uint8_t bytes[MARK_VALUE_MAX];
	int size;

	if (marks_is_overlay(fd))
		return false; /* the index has them */
	for (unsigned int bit = 0; bit < HF_LABEL_MAX; bit++)
		if ((labels & (UINT64_C(1) << bit)) && sensor->labels[bit].is_known)
			memcpy(value.uuids[value.count++], sensor->labels[bit].uuid,
				MARK_VALUE_UUID);
	if (!value.count) {
		(void)fremovexattr(fd, MARK_VALUE_NAME); /* none there is as good */
		return true;
	}
	size = mark_seal_encode(sensor->seal, &place, &value, bytes);
	if (size >= 0 && fsetxattr(fd, MARK_VALUE_NAME, bytes, (size_t)size, 0) == 0)
		return true;
	link_failure(sensor, FAILURE_MARK_STORE, "%s",
		errno == ENOTSUP ? "no extended attributes" : strerror(errno));
	return false;
}

void marks_pay(struct sensor *sensor, int fd, const struct kernel_inode *inode)
{
	if (marks_write(sensor, fd, &inode->key, inode->own.labels, inode->own.flags) &&
		(inode->own.flags & HF_MARK_OWED))
		(void)kernel_mark_written(
			sensor->kernel, fd, inode->own.labels); /* owed still: once more at use */
}

int marks_change(
	struct sensor *sensor, int path_fd, const struct mark_change *change, uint64_t *ret_added)
{
	auto_close int fd = paths_reopen(path_fd);
	uint64_t labels, own;
	struct hf_mark mark = {0}, previous;
	struct kernel_inode inode;
	struct hf_inode_key key;
	struct stat status;
	int r;

	if (!sensor->kernel)
		return -EOPNOTSUPP;
	if (fd < 0)
		return fd;
	r = kernel_inode(sensor->kernel, fd, &inode);
	if (r < 0)
		return r;
	own = inode.own.labels;
	labels = (own | change->add) & ~change->remove;
	if (fstat(fd, &status) < 0)
		return -errno;
	/* What a hand set stays set by hand: a policy that goes takes only its own marks along. */
	mark.flags = (own && labels != change->add ? 0 : change->flags);
	if (S_ISDIR(status.st_mode))
		mark.flags |= HF_MARK_DIRECTORY;
	*ret_added = labels & ~own;
	if (labels == own)
		return 0;
	r = kernel_mark(sensor->kernel, fd, labels, mark.flags, &key, &previous);
	if (r < 0)
		return r;
	mark.labels = labels;
	(void)marks_write(sensor, fd, &key, labels, mark.flags); /* told there */
	marks_tell(sensor, &key, &mark, change->path);
	return 0;
}

int marks_read_claim(struct sensor *sensor, int path_fd, const struct hf_inode_key *key,
	struct mark_claim *ret_claim)
{
	const struct mark_place place = place_of(sensor, key);
	uint8_t bytes[MARK_VALUE_MAX + 1];
	struct mark_value value;
	char name[64];
	ssize_t size;

	*ret_claim = (struct mark_claim){.state = MARK_BROKEN};
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
	size = getxattr(name, MARK_VALUE_NAME, bytes, sizeof(bytes));
	if (size < 0 && errno != ERANGE)
		return errno == ENODATA ? 0 : -errno;
	ret_claim->is_there = true;
	if (size < 0)
		return 0; /* longer than any of ours */
	ret_claim->state = mark_seal_decode(sensor->seal, &place, bytes, (size_t)size, &value);
	if (ret_claim->state == MARK_BROKEN)
		return 0;
	for (unsigned int i = 0; i < value.count; i++)
		for (unsigned int bit = 0; bit < HF_LABEL_MAX; bit++)
			if (sensor->labels[bit].is_known &&
				!memcmp(sensor->labels[bit].uuid, value.uuids[i], MARK_VALUE_UUID))
				ret_claim->labels |= UINT64_C(1) << bit;
	return 0;
}

void marks_persist(struct sensor *sensor, const struct hf_inode_key *key, const char *path)
{
	auto_close int path_fd = -EBADF, fd = -EBADF;
	struct kernel_inode inode;

	if (!sensor->kernel || path[0] != '/')
		return;
	path_fd = paths_open(-1, path);
	if (path_fd < 0)
		return; /* moved on meanwhile: the database has it by its inode */
	fd = paths_reopen(path_fd);
	if (fd < 0 || kernel_inode(sensor->kernel, fd, &inode) < 0)
		return;
	if (memcmp(&inode.key, key, sizeof(*key)) != 0 || !inode.own.labels)
		return; /* another file by now */
	marks_pay(sensor, fd, &inode);
}
