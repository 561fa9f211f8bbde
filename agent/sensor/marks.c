/* SPDX-License-Identifier: Apache-2.0 */
/* Marks of objects: kernel first, then file, then database. */
#include "agent/sensor/marks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "agent/sensor/mark_value.h"
#include "agent/sensor/paths.h"
#include "agent/sensor/volumes.h"
#include "common/cleanup.h"
#include "common/log.h"

void marks_tell(struct sensor *sensor, const struct hf_inode_key *key, const struct hf_mark *mark,
	const char *path)
{
	struct message_marked marked = {.key = *key, .mark = *mark};
	struct bytes_writer frame;

	volumes_identity(sensor->volumes, key->dev, marked.volume);
	if (path)
		(void)snprintf(marked.path, sizeof(marked.path), "%s", path);
	link_begin(&frame, MESSAGE_MARKED);
	message_put_marked(&frame, &marked);
	link_send(sensor, &frame);
}

/* A label whose identity nobody told us can't be written; the database keeps its bit. */
static void write_value(struct sensor *sensor, int fd, uint64_t labels, uint32_t flags)
{
	struct mark_value value = {.flags = (uint16_t)(flags & (HF_MARK_DIRECTORY | HF_MARK_POLICY |
								       HF_MARK_DERIVED))};
	uint8_t bytes[MARK_VALUE_MAX];
	int size;

	for (unsigned int bit = 0; bit < HF_LABEL_MAX; bit++)
		if ((labels & (UINT64_C(1) << bit)) && sensor->labels[bit].is_known)
			memcpy(value.uuids[value.count++], sensor->labels[bit].uuid,
				MARK_VALUE_UUID);
	if (!value.count) {
		(void)fremovexattr(fd, MARK_VALUE_NAME); /* none there is as good */
		return;
	}
	size = mark_value_encode(&value, bytes);
	if (size < 0 || fsetxattr(fd, MARK_VALUE_NAME, bytes, (size_t)size, 0) < 0)
		link_failure(sensor, FAILURE_MARK_STORE, "%s",
			errno == ENOTSUP ? "no extended attributes" : strerror(errno));
}

int marks_change(
	struct sensor *sensor, int path_fd, const struct mark_change *change, uint64_t *ret_added)
{
	auto_close int fd = paths_reopen(path_fd);
	uint64_t labels, own, in_force;
	struct hf_mark mark = {0}, previous;
	struct hf_inode_key key;
	struct stat status;
	int r;

	if (!sensor->kernel)
		return -EOPNOTSUPP;
	if (fd < 0)
		return fd;
	r = kernel_labels(sensor->kernel, fd, &in_force, &own, NULL);
	if (r < 0)
		return r;
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
	write_value(sensor, fd, labels, mark.flags);
	marks_tell(sensor, &key, &mark, change->path);
	return 0;
}

uint64_t marks_read_value(struct sensor *sensor, int path_fd, const char *path)
{
	uint8_t bytes[MARK_VALUE_MAX + 1];
	struct mark_value value;
	uint64_t labels = 0;
	char name[64];
	ssize_t size;

	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
	size = getxattr(name, MARK_VALUE_NAME, bytes, sizeof(bytes));
	if (size < 0)
		return 0;
	if (mark_value_decode(bytes, (size_t)size, &value) < 0) {
		link_failure(sensor, FAILURE_MARK_VALUE, "%s", path);
		return 0;
	}
	for (unsigned int i = 0; i < value.count; i++)
		for (unsigned int bit = 0; bit < HF_LABEL_MAX; bit++)
			if (sensor->labels[bit].is_known &&
				!memcmp(sensor->labels[bit].uuid, value.uuids[i], MARK_VALUE_UUID))
				labels |= UINT64_C(1) << bit;
	return labels;
}

void marks_persist(struct sensor *sensor, const struct hf_inode_key *key, const char *path)
{
	auto_close int path_fd = -EBADF, fd = -EBADF;
	struct hf_inode_key found;
	uint64_t labels, own;

	if (!sensor->kernel || path[0] != '/')
		return;
	path_fd = paths_open(-1, path);
	if (path_fd < 0)
		return; /* moved on meanwhile: the database has it by its inode */
	fd = paths_reopen(path_fd);
	if (fd < 0 || kernel_labels(sensor->kernel, fd, &labels, &own, &found) < 0)
		return;
	if (memcmp(&found, key, sizeof(found)) != 0 || !own)
		return; /* another file by now */
	write_value(sensor, fd, own, HF_MARK_DERIVED);
}
