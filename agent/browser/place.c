/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/browser/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/browser/plan.h"
#include "common/cleanup.h"
#include "common/file.h"

#define NAME_SIZE 32 /* of a file in the own directory */

/* What Firefox reads where there is nothing below /etc. */
static const char *const firefox_others[] = {
	"usr/lib/firefox-esr/distribution/policies.json",
	"usr/lib/firefox/distribution/policies.json",
};

static void dir_close(DIR **directory)
{
	if (*directory)
		(void)closedir(*directory); /* read only */
}

static void from_done(struct plan_from *from)
{
	text_done(&from->current);
	text_done(&from->before);
	text_done(&from->written);
	text_done(&from->other);
}

/* What is there under that name and is no file of settings is none: it is to be replaced. */
static int text_read(int directory_fd, const char *name, struct text *ret_text)
{
	auto_close int fd = openat(
		directory_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	int r;

	*ret_text = (struct text){0};
	if (fd < 0)
		return errno == ENOENT || errno == ELOOP ? 0 : -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return 0;
	r = file_read_all(fd, SETTINGS_FILE_MAX, &ret_text->bytes, &ret_text->size);
	return r == -EFBIG ? 0 : r;
}

static int text_write(int directory_fd, const char *name, const struct text *text)
{
	const struct file_content content = {
		.bytes = text->bytes, .size = text->size, .mode = 0644, .group = FILE_GROUP_NONE};

	if (text->bytes)
		return file_replace(directory_fd, name, &content);
	return unlinkat(directory_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static void state_name(enum browser browser, const char *what, char ret_name[NAME_SIZE])
{
	(void)snprintf(ret_name, NAME_SIZE, "%s.%s", browser_file(browser)->name, what);
}

static int state_read(
	const struct places *places, enum browser browser, const char *what, struct text *ret_text)
{
	char name[NAME_SIZE];

	state_name(browser, what, name);
	return text_read(places->state_fd, name, ret_text);
}

/* Where it says something else. */
static int state_write(const struct places *places, enum browser browser, const char *what,
	const struct text *before, const struct text *now)
{
	char name[NAME_SIZE];

	if (text_is_equal(before, now))
		return 0;
	state_name(browser, what, name);
	return text_write(places->state_fd, name, now);
}

static int directory_open(int root_fd, const char *path, bool is_made)
{
	auto_close int directory = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (directory >= 0 && *path) {
		char name[NAME_MAX + 1];
		int next;

		path += strspn(path, "/");
		(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(path, "/"), path);
		path += strcspn(path, "/");
		if (is_made && mkdirat(directory, name, 0755) < 0 && errno != EEXIST)
			return -errno;
		next = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (next < 0)
			return -errno;
		(void)close(directory); /* read only */
		directory = next;
	}
	return directory < 0 ? -errno : take_fd(directory);
}

static int other_read(const struct places *places, struct text *ret_text)
{
	for (size_t i = 0; i < sizeof(firefox_others) / sizeof(firefox_others[0]); i++) {
		int r = text_read(places->root_fd, firefox_others[i], ret_text);

		if (r < 0 || ret_text->bytes)
			return r;
	}
	return 0;
}

static int from_read(const struct places *places, enum browser browser, int directory,
	struct plan_from *ret_from)
{
	int r;

	r = state_read(places, browser, "before", &ret_from->before);
	if (r == 0)
		r = state_read(places, browser, "written", &ret_from->written);
	if (r == 0 && directory >= 0)
		r = text_read(directory, browser_file(browser)->file, &ret_from->current);
	if (r == 0 && browser == BROWSER_FIREFOX && !ret_from->before.bytes)
		r = other_read(places, &ret_from->other);
	return r;
}

/* The record comes first: what is on the disk and in no record would be taken for the administrator's. */
static int put_in_place(const struct places *places, enum browser browser, int directory,
	const struct plan_from *from, const struct plan *plan)
{
	int r;

	r = state_write(places, browser, "before", &from->before, &plan->before);
	if (r == 0)
		r = state_write(places, browser, "written", &from->written, &plan->file);
	if (r == 0 && !text_is_equal(&from->current, &plan->file))
		r = text_write(directory, browser_file(browser)->file, &plan->file);
	return r;
}

/* The other way round: as long as there is a record, there is something to be put back. */
static int put_back(const struct places *places, enum browser browser, int directory,
	const struct plan_from *from, const struct plan *plan)
{
	const struct text none = {0};
	int r = 0;

	if (directory >= 0 && !text_is_equal(&from->current, &plan->file))
		r = text_write(directory, browser_file(browser)->file, &plan->file);
	if (r == 0)
		r = state_write(places, browser, "written", &from->written, &none);
	if (r == 0)
		r = state_write(places, browser, "before", &from->before, &none);
	return r;
}

/* Chromium takes the files of a directory by name, and what the last of them says. */
static int rival_find(int directory, enum browser browser, const struct browser_want *want,
	char ret_rival[NAME_MAX + 1])
{
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_call(dir_close) DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	unsigned int count = 0;

	if (!entries) {
		cleanup_close(&fd);
		return -errno;
	}
	while ((entry = readdir(entries))) {
		struct text text = {0};
		bool is_rival;

		if (entry->d_name[0] == '.' ||
			strcmp(entry->d_name, browser_file(browser)->file) <= 0)
			continue;
		is_rival = ++count > PLACE_FILES_MAX;
		if (!is_rival && text_read(directory, entry->d_name, &text) == 0 && text.bytes)
			is_rival = plan_is_rival(&text, want);
		text_done(&text);
		if (!is_rival)
			continue;
		(void)snprintf(ret_rival, NAME_MAX + 1, "%s", entry->d_name);
		return 0;
	}
	return 0;
}

int place_look(const struct places *places, enum browser browser, const struct browser_want *want,
	struct place_look *ret_look)
{
	auto_close int directory = directory_open(
		places->root_fd, browser_file(browser)->directory, want != NULL);
	auto_call(from_done) struct plan_from from = {0};
	auto_call(plan_done) struct plan plan = {0};
	struct place_look look = {0};
	int r;

	if (directory < 0 && (want || directory != -ENOENT))
		return directory;
	r = from_read(places, browser, directory, &from);
	if (r < 0)
		return r;
	if (want || from.written.bytes) {
		r = plan_make(browser, &from, want, &plan);
		if (r < 0)
			return r;
		look.has_drifted = want && plan.has_drifted;
		look.was_removed = look.has_drifted && !from.current.bytes;
		look.is_written = !text_is_equal(&from.current, &plan.file);
		r = want ? put_in_place(places, browser, directory, &from, &plan)
			 : put_back(places, browser, directory, &from, &plan);
	}
	if (r == 0 && want && browser != BROWSER_FIREFOX)
		r = rival_find(directory, browser, want, look.rival);
	if (r == 0)
		*ret_look = look;
	return r;
}
