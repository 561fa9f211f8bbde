/* SPDX-License-Identifier: Apache-2.0 */
/* The list of what is guarded, and putting it into the kernel part. */
#include "agent/sensor/guard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ipc/browser.h"
#include "agent/ipc/wipe.h"
#include "common/manifests.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

/* Held open: on some file systems an inode out of memory comes back under another number. */
struct guarded {
	char *path;
	uint32_t flags;
	int fd;
};

struct guard {
	struct guarded items[GUARD_PATH_MAX];
	unsigned int count;
	bool is_short; /* of memory or room: something is not guarded */
	char *pin_directory;
	char *state_directory;
};

static void add_one(struct guard *guard, const char *path, uint32_t flags)
{
	for (unsigned int i = 0; i < guard->count; i++)
		if (!strcmp(guard->items[i].path, path)) {
			guard->items[i].flags |= flags;
			return;
		}
	if (guard->count < GUARD_PATH_MAX) {
		struct guarded *item = &guard->items[guard->count];

		*item = (struct guarded){.path = strdup(path), .flags = flags, .fd = -EBADF};
		if (item->path) {
			guard->count++;
			return;
		}
	}
	guard->is_short = true;
}

/* The path, and that no directory above it is moved away or covered. */
static void add(struct guard *guard, uint32_t flags, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void add(struct guard *guard, uint32_t flags, const char *format, ...)
{
	char path[PATH_MAX], real[PATH_MAX];
	va_list arguments;
	char *slash;

	va_start(arguments, format);
	(void)vsnprintf(path, sizeof(path), format, arguments);
	va_end(arguments);
	if (!realpath(path, real)) /* not there (yet): its directory guards the name */
		return;
	add_one(guard, real, flags);
	while ((slash = strrchr(real, '/'))) {
		*slash = '\0';
		add_one(guard, real[0] ? real : "/", HF_MARK_ABOVE);
	}
}

static void directory_of(const char *path, char ret_directory[PATH_MAX])
{
	char copy[PATH_MAX];

	(void)snprintf(copy, sizeof(copy), "%s", path);
	(void)snprintf(ret_directory, PATH_MAX, "%s", dirname(copy));
}

/* What a process executes, by its path. */
static bool executable_of(pid_t pid, char ret_path[PATH_MAX])
{
	char link[64];
	ssize_t size;

	(void)snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	size = readlink(link, ret_path, PATH_MAX - 1);
	if (size <= 0)
		return false;
	ret_path[size] = '\0';
	return true;
}

static void add_programs(struct guard *guard)
{
	const uint32_t program = HF_MARK_GUARDED | HF_MARK_AGENT;
	char path[PATH_MAX], directory[PATH_MAX];

	if (executable_of(getpid(), path)) {
		directory_of(path, directory);
		add(guard, HF_MARK_NAMES, "%s", directory);
		add(guard, program, "%s/holdfast-sensor", directory);
		add(guard, program, "%s/holdfast-engine", directory);
		add(guard, program, "%s/holdfast-keyring", directory);
		add(guard, program, "%s/holdfast-uplink", directory);
		add(guard, program, "%s/holdfast-survey", directory);
		add(guard, program, "%s/holdfast-vault", directory);
		add(guard, program, "%s/holdfast-wipe", directory);
		add(guard, program, "%s/holdfast-verify", directory);
		add(guard, program, "%s/holdfast-password", directory);
		add(guard, program, "%s/holdfast-page", directory);
		for (size_t i = 0; i < MANIFEST_COUNT; i++)
			add(guard, HF_MARK_GUARDED, "%s/../../share/holdfast/%s", directory,
				manifest_names[i]);
		add(guard, program, "%s/holdfast-scout", directory);
		add(guard, program, "%s/holdfast-browser", directory);
	}
	if (executable_of(getppid(), path)) {
		directory_of(path, directory);
		add(guard, HF_MARK_NAMES, "%s", directory);
		add(guard, program | HF_MARK_FIRST, "%s/holdfastd", directory);
		add(guard, HF_MARK_GUARDED, "%s/holdfast", directory);
		add(guard, HF_MARK_GUARDED, "%s/../bin/holdfast", directory);
	}
}

static void add_units(struct guard *guard)
{
	static const char *const directories[] = {
		"/etc/systemd/system",
		"/etc/systemd/system/sysinit.target.wants",
		"/etc/systemd/system.control",
		"/run/systemd/system",
		"/run/systemd/system.control",
		"/run/systemd/transient",
		"/usr/lib/systemd/system",
		"/usr/local/lib/systemd/system",
	};

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		/* Made later, by systemctl set-property, they would not be guarded. */
		if (strstr(directories[i], "/system.control") ||
			strstr(directories[i], "/transient"))
			(void)mkdir(directories[i], 0755); /* is there, or no systemd is */
		add(guard, HF_MARK_NAMES, "%s", directories[i]);
		add(guard, HF_MARK_GUARDED, "%s/holdfast.service", directories[i]);
		add(guard, HF_MARK_GUARDED, "%s/holdfast.service.d", directories[i]);
	}
}

/* Of the unified hierarchy; the root group can't be frozen and is everybody's. */
static void add_control_group(struct guard *guard)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "0::/", 4) && line[4])
			add(guard, HF_MARK_GUARDED, CGROUP_ROOT "%s", line + 3);
	}
	(void)fclose(file); /* read only */
}

/* The links' directories have the names of builds, which come and go. */
static void add_pins(struct guard *guard)
{
	const uint32_t pins = HF_MARK_GUARDED | HF_MARK_PINS;
	char path[PATH_MAX];
	DIR *directory;

	add(guard, pins, "%s", guard->pin_directory);
	add(guard, pins, "%s/maps", guard->pin_directory);
	add(guard, pins, "%s/links", guard->pin_directory);
	(void)snprintf(path, sizeof(path), "%s/links", guard->pin_directory);
	directory = opendir(path);
	if (!directory)
		return;
	for (struct dirent *entry; (entry = readdir(directory));)
		if (entry->d_name[0] != '.')
			add(guard, pins, "%s/%s", path, entry->d_name);
	(void)closedir(directory); /* read only */
}

struct guard *guard_new(const struct guard_places *places)
{
	struct guard *guard = calloc(1, sizeof(*guard));
	char directory[PATH_MAX];

	if (!guard)
		return NULL;
	guard->pin_directory = strdup(places->pin_directory);
	guard->state_directory = strdup(places->state_directory);
	if (!guard->pin_directory || !guard->state_directory) {
		guard_free(guard);
		return NULL;
	}
	add_programs(guard);
	add(guard, HF_MARK_GUARDED, "%s", places->state_directory);
	add(guard, HF_MARK_GUARDED, "%s-login", places->state_directory);
	add(guard, HF_MARK_GUARDED, HOLDFAST_PAM_DIRECTORY "/pam_holdfast.so");
	add(guard, HF_MARK_GUARDED, "%s", places->log_directory);
	add(guard, HF_MARK_GUARDED, "%s", places->runtime_directory);
	add(guard, HF_MARK_GUARDED, "%s", places->keyring_directory);
	add(guard, HF_MARK_GUARDED, "%s", places->uplink_directory);
	add(guard, HF_MARK_GUARDED, "%s", places->verify_directory);
	add(guard, HF_MARK_GUARDED, WIPE_DIRECTORY);
	directory_of(places->key_file, directory);
	add(guard, HF_MARK_GUARDED, "%s", directory);
	directory_of(places->policy_file, directory);
	add(guard, HF_MARK_NAMES, "%s", directory);
	add(guard, HF_MARK_GUARDED, "%s/maintenance.pub", directory);
	/* Another console, or another CA, would have the events and nobody else. */
	add(guard, HF_MARK_GUARDED, "%s/console.ini", directory);
	add(guard, HF_MARK_GUARDED, "%s/console-ca.pem", directory);
	add_units(guard);
	add_control_group(guard);
	add_pins(guard);
	return guard;
}

static void item_done(struct guarded *item)
{
	if (item->fd >= 0)
		(void)close(item->fd); /* read only */
	free(item->path);
}

/* What lies there from now on is not the agent's. */
static void drop(struct guard *guard, const char *directory, const char *name)
{
	char path[PATH_MAX + NAME_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	for (unsigned int i = 0; i < guard->count; i++) {
		if (strcmp(guard->items[i].path, path) != 0)
			continue;
		item_done(&guard->items[i]);
		guard->items[i] = guard->items[--guard->count];
		return;
	}
}

void guard_set_browsers(struct guard *guard, unsigned int browsers)
{
	for (unsigned int i = 0; i < BROWSER_MAX; i++) {
		const struct browser_file *file = browser_file(i);
		char directory[PATH_MAX];

		if (!realpath(file->directory, directory))
			continue;
		drop(guard, directory, file->file);
		if (!(browsers >> i & 1))
			continue;
		add(guard, HF_MARK_NAMES, "%s", directory);
		add(guard, HF_MARK_GUARDED, "%s/%s", directory, file->file);
	}
	if (browsers)
		add(guard, HF_MARK_GUARDED, "%s" BROWSER_STATE_SUFFIX, guard->state_directory);
}

void guard_free(struct guard *guard)
{
	if (!guard)
		return;
	for (unsigned int i = 0; i < guard->count; i++)
		item_done(&guard->items[i]);
	free(guard->pin_directory);
	free(guard->state_directory);
	free(guard);
}

static int apply_one(struct guarded *item, struct kernel *kernel)
{
	int fd = open(item->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = kernel_guard(kernel, fd, item->flags);
	if (r < 0) {
		(void)close(fd); /* read only */
		return r;
	}
	if (item->fd >= 0)
		(void)close(item->fd); /* of what was there before */
	item->fd = fd;
	return 0;
}

int guard_apply(struct guard *guard, struct kernel *kernel, const char **ret_path)
{
	int first = guard->is_short ? -ENOSPC : 0;

	*ret_path = "all";
	for (unsigned int i = 0; i < guard->count; i++) {
		int r = apply_one(&guard->items[i], kernel);

		if (r < 0 && first == 0) {
			first = r;
			*ret_path = guard->items[i].path;
		}
	}
	return first;
}
