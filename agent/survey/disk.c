/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what lies on disks is encrypted there: the system, the agent's state, and swap. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/survey/survey.h"
#include "common/cleanup.h"

#define STATE	   "/var/lib/holdfast"
#define LAYERS_MAX 8 /* LVM on RAID on ...: so deep a crypt layer is looked for */

struct found_mount {
	const char *path; /* of which the mount is looked for */
	size_t size;	  /* of the longest mount point above it so far */
	unsigned int major, minor;
	char source[256];
	bool is_known;
};

/* How much of path lies at or above the mount point; 0 = is not below it. */
static size_t covers(const char *point, const char *path)
{
	size_t size = strlen(point);

	if (!strcmp(point, "/"))
		return 1;
	return !strncmp(point, path, size) && (path[size] == '/' || !path[size]) ? size : 0;
}

/* "36 35 98:0 /mnt1 / rw,noatime shared:1 - ext4 /dev/root rw": proc(5); the last one is on top. */
static bool on_mount(const char *line, void *userdata)
{
	struct found_mount *mount = userdata;
	struct found_mount found = {.path = mount->path, .is_known = true};
	const char *rest = strstr(line, " - ");
	char point[512];

	if (!rest ||
		sscanf(line, "%*d %*d %u:%u %*s %511s", &found.major, &found.minor, point) != 3 ||
		sscanf(rest, " - %*s %255s", found.source) != 1)
		return true;
	found.size = covers(point, mount->path);
	if (found.size && found.size >= mount->size)
		*mount = found;
	return true;
}

/* dm/uuid is "CRYPT-LUKS2-..." for what cryptsetup made; a layer that has one below is as good. */
static bool is_encrypted(int root_fd, const char *block, unsigned int depth)
{
	char path[512], text[SURVEY_TEXT_SIZE];
	bool is_one = false;
	DIR *layers;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/dm/uuid", block);
	if (fact_read(root_fd, path, text) && !strncmp(text, "CRYPT-", 6))
		return true;
	(void)snprintf(path, sizeof(path), "%s/slaves", block);
	fd = depth < LAYERS_MAX ? openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	layers = fd < 0 ? NULL : fdopendir(fd);
	for (struct dirent *entry; layers && !is_one && (entry = readdir(layers));) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/slaves/%s", block, entry->d_name) <
			(int)sizeof(path))
			is_one = is_encrypted(root_fd, path, depth + 1);
	}
	if (layers)
		(void)closedir(layers); /* read only */
	else if (fd >= 0)
		(void)close(fd); /* likewise */
	return is_one;
}

/* By fscrypt(7), whatever the disk below is. */
static bool has_policy(int root_fd, const char *path)
{
	struct statx status;

	return statx(root_fd, path + 1, AT_NO_AUTOMOUNT, STATX_TYPE, &status) == 0 &&
	       status.stx_attributes & STATX_ATTR_ENCRYPTED;
}

/* btrfs shows a number of no device, and its source. */
static void add_place(const struct survey *survey, const char *name, const char *path)
{
	struct found_mount mount = {.path = path};
	struct stat status;
	char block[64];

	if (path[1] && has_policy(survey->root_fd, path)) {
		fact_show(survey, name, "yes");
		return;
	}
	fact_lines(survey->root_fd, "proc/self/mountinfo", on_mount, &mount);
	if (mount.is_known && mount.major == 0 && mount.source[0] == '/' &&
		fstatat(survey->root_fd, mount.source + 1, &status, 0) == 0 &&
		S_ISBLK(status.st_mode)) {
		mount.major = major(status.st_rdev);
		mount.minor = minor(status.st_rdev);
	}
	(void)snprintf(block, sizeof(block), "sys/dev/block/%u:%u", mount.major, mount.minor);
	if (!mount.is_known || mount.major == 0 || faccessat(survey->root_fd, block, F_OK, 0) < 0)
		return; /* a RAM disk, an overlay: not known */
	fact_show(survey, name, is_encrypted(survey->root_fd, block, 0) ? "yes" : "no");
}

struct swaps {
	const struct survey *survey;
	unsigned int count, plain;
};

/*
 * "/dev/dm-1 partition 975868 0 -2", below a line of headings. A file is as well encrypted as the
 * file system that it is on; zram never leaves memory unless it has a disk behind it.
 */
static bool on_swap(const char *line, void *userdata)
{
	struct swaps *swaps = userdata;
	char path[512], kind[32], link[1024], backing[SURVEY_TEXT_SIZE];
	int root_fd = swaps->survey->root_fd;

	if (sscanf(line, "%511s %31s", path, kind) != 2 || path[0] != '/')
		return true;
	swaps->count++;
	if (strcmp(kind, "partition") != 0) {
		struct found_mount mount = {.path = path};

		fact_lines(root_fd, "proc/self/mountinfo", on_mount, &mount);
		(void)snprintf(link, sizeof(link), "sys/dev/block/%u:%u", mount.major, mount.minor);
		swaps->plain += !mount.is_known || !is_encrypted(root_fd, link, 0);
		return true;
	}
	(void)snprintf(
		link, sizeof(link), "sys/class/block/%s/backing_dev", strrchr(path, '/') + 1);
	if (!strncmp(path, "/dev/zram", 9) &&
		(!fact_read(root_fd, link, backing) || !strcmp(backing, "none")))
		return true;
	(void)snprintf(link, sizeof(link), "sys/class/block/%s", strrchr(path, '/') + 1);
	swaps->plain += !is_encrypted(root_fd, link, 0);
	return true;
}

static void add_swap(const struct survey *survey)
{
	struct swaps swaps = {.survey = survey};

	if (faccessat(survey->root_fd, "proc/swaps", R_OK, 0) < 0)
		return;
	fact_lines(survey->root_fd, "proc/swaps", on_swap, &swaps);
	fact_show(survey, "swap", !swaps.count ? "none" : swaps.plain ? "plain" : "encrypted");
}

void survey_disk(const struct survey *survey)
{
	add_place(survey, "root_encrypted", "/");
	add_place(survey, "state_encrypted", STATE);
	add_swap(survey);
}
