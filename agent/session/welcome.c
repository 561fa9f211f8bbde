/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/session/welcome.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"

static const char summary[] = "Confidential files are protected on this computer";

/* basedir-spec: state that is to survive restarts. */
static int place(char ret_path[PATH_MAX])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int size;

	if (state && state[0] == '/')
		size = snprintf(ret_path, PATH_MAX, "%s/holdfast/told", state);
	else if (home && home[0] == '/')
		size = snprintf(ret_path, PATH_MAX, "%s/.local/state/holdfast/told", home);
	else
		return -ENOENT;
	return size < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int make_parents(char *path)
{
	for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return -errno;
		*at = '/';
	}
	return 0;
}

void welcome_begin(struct welcome *welcome)
{
	auto_close int fd = -EBADF;
	char path[PATH_MAX], text[16] = "";
	int r = place(path);

	*welcome = (struct welcome){.fd = -EBADF};
	if (r == 0)
		r = make_parents(path);
	if (r == 0) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
		r = fd < 0 ? -errno : 0;
	}
	if (r < 0) {
		log_debug("cannot remember who was told: %s, telling nobody", strerror(-r));
		return;
	}
	if (read(fd, text, sizeof(text) - 1) < 0 || strtol(text, NULL, 10) >= WELCOME_VERSION)
		return;
	welcome->fd = take_fd(fd);
}

static bool is_shown(const struct notices *notices)
{
	for (unsigned int i = 0; i < NOTICES_MAX; i++)
		if (notices->slots[i].refusal.told == summary && notices->slots[i].shown_ms)
			return true;
	return false;
}

void welcome_add(struct welcome *welcome, struct notices *notices, uint64_t now_ms)
{
	static const struct refusal notice = {
		.is_warn = true,
		.told = summary,
		.told_more = "What is done with such files is recorded: by whom, with which "
			     "program, and where to. Never their content, keystrokes, or what you "
			     "do otherwise. See: holdfast privacy",
		.channel = -1,
		.count = 1,
	};

	if (welcome->fd < 0 || welcome->is_added)
		return;
	notices_add(notices, &notice, now_ms);
	welcome->is_added = true;
}

void welcome_look(struct welcome *welcome, const struct notices *notices)
{
	if (welcome->fd < 0 || !is_shown(notices))
		return;
	/* not remembered, it is told once more */
	if (dprintf(welcome->fd, "%d\n", WELCOME_VERSION) < 0)
		log_debug("cannot remember that somebody was told: %m");
	(void)close(welcome->fd); /* written */
	welcome->fd = -EBADF;
}
