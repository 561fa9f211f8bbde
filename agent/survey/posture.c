/* SPDX-License-Identifier: Apache-2.0 */
/* How far the machine can be trusted, as its kernel says. What root can forge, root can forge here. */
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

#define EFI	    "sys/firmware/efi"
#define SECURE_BOOT EFI "/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define LAYERS_MAX  8 /* LVM on RAID on ...: so deep a crypt layer is looked for */

/* UEFI 2.10, 3.3: one byte, behind the four of its attributes. */
static void add_secure_boot(const struct survey *survey)
{
	auto_close int fd = openat(survey->root_fd, SECURE_BOOT, O_RDONLY | O_CLOEXEC);
	char bytes[5];

	if (fd >= 0 && read(fd, bytes, sizeof(bytes)) == sizeof(bytes))
		fact_add(survey, "secure_boot", bytes[4] == 1 ? "on" : "off");
	else if (faccessat(survey->root_fd, EFI, F_OK, 0) < 0)
		fact_add(survey, "secure_boot", "none"); /* started otherwise */
}

/* "none [integrity] confidentiality" */
static void add_lockdown(const struct survey *survey)
{
	char text[SURVEY_TEXT_SIZE], *begin, *end;

	if (!fact_read(survey->root_fd, "sys/kernel/security/lockdown", text))
		return;
	begin = strchr(text, '[');
	end = begin ? strchr(begin, ']') : NULL;
	if (!end)
		return;
	*end = '\0';
	fact_add(survey, "lockdown", begin + 1);
}

static bool has_word(const char *list, const char *word)
{
	size_t size = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += size)
		if ((at == list || at[-1] == ',') && (at[size] == ',' || !at[size]))
			return true;
	return false;
}

static void add_modules(const struct survey *survey)
{
	char text[SURVEY_TEXT_SIZE];

	if (!fact_read(survey->root_fd, "sys/kernel/security/lsm", text))
		return;
	fact_add(survey, "lsm", text);
	fact_add(survey, "bpf_lsm", has_word(text, "bpf") ? "on" : "off");
}

struct root_mount {
	unsigned int major, minor;
	char source[256];
	bool is_known;
};

/* "36 35 98:0 /mnt1 / rw,noatime shared:1 - ext4 /dev/root rw": proc(5); the last one is on top. */
static bool on_mount(const char *line, void *userdata)
{
	struct root_mount *mount = userdata;
	struct root_mount found = {.is_known = true};
	const char *rest = strstr(line, " - ");
	char point[512];

	if (rest &&
		sscanf(line, "%*d %*d %u:%u %*s %511s", &found.major, &found.minor, point) == 3 &&
		!strcmp(point, "/") && sscanf(rest, " - %*s %255s", found.source) == 1)
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

/* btrfs shows a number of no device, and its source. */
static void add_disk(const struct survey *survey)
{
	struct root_mount mount = {0};
	struct stat status;
	char block[64];

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
	fact_add(survey, "root_encrypted", is_encrypted(survey->root_fd, block, 0) ? "yes" : "no");
}

void survey_posture(const struct survey *survey)
{
	char text[SURVEY_TEXT_SIZE];

	add_secure_boot(survey);
	add_lockdown(survey);
	add_modules(survey);
	add_disk(survey);
	fact_add(survey, "tpm",
		faccessat(survey->root_fd, "sys/class/tpm/tpm0", F_OK, 0) == 0 ? "yes" : "no");
	if (fact_read(survey->root_fd, "proc/sys/kernel/yama/ptrace_scope", text))
		fact_add(survey, "ptrace_scope", text);
}
