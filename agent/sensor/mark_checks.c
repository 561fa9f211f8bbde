/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of used files, and a table of those whose mark was good when they last changed. */
#include "agent/sensor/mark_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/sensor/marks.h"
#include "agent/sensor/paths.h"
#include "agent/sensor/record.h"

struct waiting {
	struct hf_inode_key key;
	char path[RECORD_PATH_SIZE];
};

struct known {
	struct hf_inode_key key;
	struct timespec ctime; /* setting and removing an attribute moves it */
};

struct mark_checks {
	struct waiting waiting[MARK_CHECKS_WAITING_MAX];
	unsigned int first, count;
	struct known known[MARK_CHECKS_KNOWN_MAX]; /* by hash; a newer one takes the place */
};

struct mark_checks *mark_checks_new(void)
{
	return calloc(1, sizeof(struct mark_checks));
}

void mark_checks_free(struct mark_checks *checks)
{
	free(checks);
}

void mark_checks_add(struct mark_checks *checks, const struct hf_inode_key *key, const char *path)
{
	struct waiting *waiting;

	if (path[0] != '/' || !key->ino)
		return;
	waiting = &checks->waiting[(checks->first + checks->count) % MARK_CHECKS_WAITING_MAX];
	if (checks->count < MARK_CHECKS_WAITING_MAX)
		checks->count++;
	else
		checks->first = (checks->first + 1) % MARK_CHECKS_WAITING_MAX;
	waiting->key = *key;
	(void)snprintf(waiting->path, sizeof(waiting->path), "%s", path);
}

static struct known *known_slot(struct mark_checks *checks, const struct hf_inode_key *key)
{
	uint64_t hash = (key->ino ^ ((uint64_t)key->dev << 32)) * UINT64_C(0x9E3779B97F4A7C15);

	return &checks->known[(hash >> 32) % MARK_CHECKS_KNOWN_MAX];
}

/* Which row of the failure table, or 0 when the mark says what the index says. */
static enum failure_reason fault_of(const struct mark_claim *claim, uint64_t own)
{
	if (!claim->is_there)
		return own ? FAILURE_MARK_STRIPPED : 0;
	switch (claim->state) {
	case MARK_BROKEN:
		return FAILURE_MARK_VALUE;
	case MARK_FOREIGN:
		return FAILURE_MARK_FOREIGN;
	case MARK_COPIED:
		return FAILURE_MARK_COPIED;
	case MARK_TRUE:
		break;
	}
	return own & ~claim->labels ? FAILURE_MARK_STRIPPED : 0;
}

static uint64_t known_labels(const struct sensor *sensor)
{
	uint64_t labels = 0;

	for (unsigned int bit = 0; bit < HF_LABEL_MAX; bit++)
		if (sensor->labels[bit].is_known)
			labels |= UINT64_C(1) << bit;
	return labels;
}

/* Labels that the mark adds go the way of all marks; the rest is written anew. */
static void repair(struct sensor *sensor, int path_fd, int fd, const struct kernel_inode *inode,
	const struct mark_claim *claim, const char *path)
{
	struct mark_change change = {.add = claim->labels, .path = path};
	uint64_t added;

	if (claim->labels & ~inode->own.labels) {
		if (marks_change(sensor, path_fd, &change, &added) < 0)
			link_failure(sensor, FAILURE_TREE, "%s", path);
		return;
	}
	marks_pay(sensor, fd, inode);
}

static void check(
	struct sensor *sensor, int path_fd, const struct hf_inode_key *wanted, const char *path)
{
	auto_close int fd = paths_reopen(path_fd);
	struct kernel_inode inode;
	struct mark_claim claim;
	enum failure_reason fault;
	struct known *known;
	struct stat status;
	bool is_owed;

	if (fd < 0 || marks_is_overlay(fd) || fstat(fd, &status) < 0 ||
		kernel_inode(sensor->kernel, fd, &inode) < 0)
		return;
	if (wanted && memcmp(&inode.key, wanted, sizeof(*wanted)) != 0)
		return; /* another file by now */
	if (inode.own.flags & HF_MARK_DIRTY)
		return; /* the kernel has just given it labels: on their way to the file */
	known = known_slot(sensor->checks, &inode.key);
	if (!memcmp(&known->key, &inode.key, sizeof(inode.key)) &&
		known->ctime.tv_sec == status.st_ctim.tv_sec &&
		known->ctime.tv_nsec == status.st_ctim.tv_nsec)
		return;
	if (marks_read_claim(sensor, path_fd, &inode.key, &claim) < 0)
		return; /* the file system keeps none: the index alone has them */
	fault = fault_of(&claim, inode.own.labels & known_labels(sensor));
	is_owed = inode.own.flags & HF_MARK_OWED; /* it never had it: nobody took it away */
	if (fault && !(is_owed && fault == FAILURE_MARK_STRIPPED))
		link_failure(sensor, fault, "%s", path);
	if (fault || is_owed || (claim.labels & ~inode.own.labels))
		repair(sensor, path_fd, fd, &inode, &claim, path);
	if (fstat(fd, &status) == 0)
		*known = (struct known){.key = inode.key, .ctime = status.st_ctim};
}

void mark_checks_now(struct sensor *sensor, int path_fd, const char *path)
{
	check(sensor, path_fd, NULL, path);
}

void mark_checks_step(struct sensor *sensor)
{
	struct mark_checks *checks = sensor->checks;

	if (!sensor->kernel || !sensor->ring || !ring_is_caught_up(sensor->ring))
		return;
	while (checks->count) {
		struct waiting *waiting = &checks->waiting[checks->first];
		auto_close int path_fd = paths_open(-1, waiting->path);

		if (path_fd >= 0)
			check(sensor, path_fd, &waiting->key, waiting->path);
		checks->first = (checks->first + 1) % MARK_CHECKS_WAITING_MAX;
		checks->count--;
	}
}
