/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A desktop is a socket that clients of its display connect to: of X servers below /tmp/.X11-unix, of
 * Wayland's compositors in the runtime directories of users (libwayland). Those that this user can't
 * look at are not found: root sees all.
 */
#include "agent/cli/desktops.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/cli/cli.h"
#include "common/cleanup.h"
#include "common/json.h"

#define X11_DIRECTORY	"/tmp/.X11-unix"
#define USERS_DIRECTORY "/run/user"
#define FOUND_MAX	64

struct desktop {
	char name[32]; /* as DISPLAY or WAYLAND_DISPLAY say it; of others: what it is */
	const char *where;
	const char *title;
	bool has_owner;
	uid_t owner;
};

struct search {
	struct desktop found[FOUND_MAX];
	unsigned int count;
};

static void add(struct search *search, const struct desktop *desktop)
{
	if (search->count < FOUND_MAX)
		search->found[search->count++] = *desktop;
}

/* The sockets of a directory whose names begin so. */
static void look(struct search *search, int parent, const char *directory, const char *prefix,
	const struct desktop *like)
{
	auto_close int fd = openat(parent, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct stat about;

	if (!entries)
		return; /* nothing of the kind, or not ours to see */
	while ((entry = readdir(entries))) {
		struct desktop desktop = *like;

		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 ||
			fstatat(fd, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) < 0 ||
			!S_ISSOCK(about.st_mode))
			continue;
		if (!strcmp(like->where, "x11"))
			(void)snprintf(desktop.name, sizeof(desktop.name), ":%.20s",
				entry->d_name + strlen(prefix));
		else if (!strcmp(like->where, "wayland"))
			(void)snprintf(desktop.name, sizeof(desktop.name), "%.30s", entry->d_name);
		desktop.has_owner = true;
		desktop.owner = about.st_uid;
		add(search, &desktop);
	}
	(void)take_fd(fd); /* closedir(3) closes it */
	(void)closedir(entries);
}

static void look_at_users(struct search *search)
{
	const struct desktop wayland = {.where = "wayland", .title = "Wayland"};
	const struct desktop bus = {.name = "bus", .where = "bus", .title = "portals, GNOME, KDE"};
	auto_close int fd = open(USERS_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *users = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!users)
		return;
	while ((entry = readdir(users))) {
		if (entry->d_name[0] == '.')
			continue;
		look(search, fd, entry->d_name, "wayland-", &wayland);
		look(search, fd, entry->d_name, "bus", &bus);
	}
	(void)take_fd(fd); /* closedir(3) closes it */
	(void)closedir(users);
}

static void find(struct search *search)
{
	const struct desktop x11 = {.where = "x11", .title = "X11"};
	const struct desktop devices = {
		.name = "devices", .where = "device", .title = "below every desktop"};

	look(search, AT_FDCWD, X11_DIRECTORY, "X", &x11);
	look_at_users(search);
	add(search, &devices);
}

static bool has_witness(const struct desktops *desktops, const struct desktop *desktop)
{
	const char *name = strcmp(desktop->where, "bus") ? desktop->name : "session bus";

	for (unsigned int i = 0; i < desktops->witness_count; i++)
		if (!strcmp(json_text(desktops->witnesses[i], "display"), name) &&
			(strcmp(desktop->where, "bus") ||
				json_number(desktops->witnesses[i], "uid") == desktop->owner))
			return true;
	return false;
}

static void print_owner(const struct desktop *desktop)
{
	const struct passwd *user = desktop->has_owner ? getpwuid(desktop->owner) : NULL;

	if (user)
		(void)printf(", %s", user->pw_name);
	else if (desktop->has_owner)
		(void)printf(", user %u", desktop->owner);
}

/* What the kernel part does about it; else whether the witness that is there tells of it. */
static const char *state_of(
	const struct desktops *desktops, const struct desktop *desktop, struct json_object *method)
{
	const char *state = json_text(method, "state");

	if (!strcmp(state, "not seen") && json_true(method, "witnessed") &&
		has_witness(desktops, desktop))
		return "recorded";
	return state;
}

/* The methods of one state in one line. */
static void print_state(
	const struct desktops *desktops, const struct desktop *desktop, const char *state)
{
	bool is_first = true;

	for (unsigned int i = 0; i < desktops->method_count; i++) {
		struct json_object *method = desktops->methods[i];

		if (strcmp(json_text(method, "where"), desktop->where) != 0 ||
			strcmp(state_of(desktops, desktop, method), state) != 0)
			continue;
		if (is_first)
			print_styled(!strcmp(state, "not seen") ? PRINT_WARN : PRINT_GOOD,
				"    %-14s", state);
		(void)printf(" %s", json_text(method, "name"));
		is_first = false;
	}
	if (!is_first)
		(void)putchar('\n');
}

/* Wayland's own protocols and devices have none. */
static void print_witness(const struct desktops *desktops, const struct desktop *desktop)
{
	if (strcmp(desktop->where, "x11") != 0 && strcmp(desktop->where, "bus") != 0)
		return;
	if (has_witness(desktops, desktop))
		print_styled(PRINT_GOOD, ", with a witness");
	else
		print_styled(PRINT_DIM, ", no witness: no holdfast-session watches it");
}

static void print_desktop(const struct desktops *desktops, const struct desktop *desktop)
{
	static const char *const states[] = {
		"blocked always", "blocked", "labelled", "recorded", "allowed", "not seen"};

	(void)printf("  ");
	print_clean(desktop->name);
	(void)printf(" (%s", desktop->title);
	print_owner(desktop);
	(void)putchar(')');
	print_witness(desktops, desktop);
	(void)putchar('\n');
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		print_state(desktops, desktop, states[i]);
}

static void print_json(const struct desktops *desktops, const struct desktop *desktop)
{
	struct json_object *line = json_object_new_object(), *methods = json_object_new_object();

	(void)json_object_object_add(line, "kind", json_object_new_string("desktop"));
	(void)json_object_object_add(line, "name", json_object_new_string(desktop->name));
	(void)json_object_object_add(line, "where", json_object_new_string(desktop->where));
	if (desktop->has_owner)
		(void)json_object_object_add(line, "uid", json_object_new_int64(desktop->owner));
	(void)json_object_object_add(
		line, "witness", json_object_new_boolean(has_witness(desktops, desktop)));
	for (unsigned int i = 0; i < desktops->method_count; i++)
		if (!strcmp(json_text(desktops->methods[i], "where"), desktop->where))
			(void)json_object_object_add(methods,
				json_text(desktops->methods[i], "name"),
				json_object_new_string(
					state_of(desktops, desktop, desktops->methods[i])));
	(void)json_object_object_add(line, "methods", methods); /* all: without memory missing */
	(void)puts(json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN));
	(void)json_object_put(line); /* freed */
}

void desktops_add(struct desktops *desktops, struct json_object *line)
{
	if (!strcmp(json_text(line, "kind"), "witness")) {
		if (desktops->witness_count < DESKTOPS_WITNESSES_MAX)
			desktops->witnesses[desktops->witness_count++] = json_object_get(line);
	} else if (desktops->method_count < DESKTOPS_METHODS_MAX) {
		desktops->methods[desktops->method_count++] = json_object_get(line);
	}
}

void desktops_print(const struct desktops *desktops, bool is_json)
{
	static struct search search;

	if (!desktops->method_count)
		return; /* an older agent */
	search.count = 0;
	find(&search);
	if (!is_json)
		print_styled(PRINT_BOLD,
			"Captures of the screen (while labels are shown; by desktop found here)\n");
	for (unsigned int i = 0; i < search.count; i++)
		if (is_json)
			print_json(desktops, &search.found[i]);
		else
			print_desktop(desktops, &search.found[i]);
}

void desktops_done(struct desktops *desktops)
{
	for (unsigned int i = 0; i < desktops->method_count; i++)
		(void)json_object_put(desktops->methods[i]); /* ours */
	for (unsigned int i = 0; i < desktops->witness_count; i++)
		(void)json_object_put(desktops->witnesses[i]); /* ours */
	*desktops = (struct desktops){0};
}
