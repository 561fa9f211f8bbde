/* SPDX-License-Identifier: Apache-2.0 */
/* With which words and descriptors store, authority and frontend are run. */
#include "console/cli/serve_children.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "console/cli/cli.h"

#define ARGUMENTS_MAX 40

const char *const serve_child_names[CHILD_MAX] = {"store", "authority", "frontend"};

/* What is put together for a child between fork and exec. */
struct arguments {
	char *words[ARGUMENTS_MAX];
	unsigned int count;
	char texts[8][PATH_MAX];
	unsigned int text_count;
};

static void add(struct arguments *arguments, const char *word)
{
	if (arguments->count < ARGUMENTS_MAX - 1) /* there are fewer */
		arguments->words[arguments->count++] = (char *)word;
}

/* A descriptor that the child is to keep. */
static void add_fd(struct arguments *arguments, const char *option, int fd)
{
	char *text = arguments->texts[arguments->text_count++];

	(void)fcntl(fd, F_SETFD, 0); /* can't fail on a descriptor of ours */
	(void)snprintf(text, PATH_MAX, "%d", fd);
	add(arguments, option);
	add(arguments, text);
}

/* For the store, whom administrators ask. */
static void add_ended(const struct serve_child *child, struct arguments *arguments)
{
	char *text = arguments->texts[arguments->text_count++];

	if (!child->ended)
		return;
	(void)snprintf(text, PATH_MAX, "%u", child->ended);
	add(arguments, "--ended");
	add(arguments, text);
	add(arguments, "--ended-why");
	add(arguments, child->ended_why);
}

static void add_directory(struct arguments *arguments, const char *option, const char *name)
{
	char *text = arguments->texts[arguments->text_count++];

	cli_path(text, PATH_MAX, name, "");
	add(arguments, option);
	add(arguments, text);
}

static void add_common(
	const struct serve_child *child, struct arguments *arguments, const char *user)
{
	add_fd(arguments, "--life-fd", child->life_fd);
	if (child->is_root) {
		add(arguments, "--user");
		add(arguments, user);
	}
	if (child->is_verbose)
		add(arguments, "--verbose");
}

/*
 * SQLite asks for 16 to 64 KiB for each page that it divides, and gives them back at once: a tenth of what an event
 * costs the store, unless glibc keeps such pieces at hand and does not return the end of its heap to the kernel each
 * time. It takes the first from nowhere but the environment. Another's wish stays; another libc ignores it.
 */
static void keep_memory_at_hand(void)
{
	(void)setenv("GLIBC_TUNABLES",
		"glibc.malloc.tcache_max=131072:glibc.malloc.trim_threshold=67108864:"
		"glibc.malloc.mmap_threshold=4194304:glibc.malloc.top_pad=1048576",
		0); /* fails without memory: it is slower then */
}

void serve_child_exec(
	const struct serve_child *child, enum child which, const struct sockets *sockets)
{
	static struct arguments arguments;
	sigset_t none;

	(void)sigemptyset(&none); /* can't fail */
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	add(&arguments, "holdfast-console");
	add(&arguments, serve_child_names[which]);
	switch (which) {
	case CHILD_STORE:
		keep_memory_at_hand();
		add_directory(&arguments, "--store-dir", CLI_STORE_DIRECTORY);
		add(&arguments, "--runtime-dir");
		add(&arguments, cli.runtime_directory);
		add_fd(&arguments, "--frontend-fd", sockets->store[1]);
		add_fd(&arguments, "--authority-fd", sockets->words[0]);
		add_ended(child, &arguments);
		add_common(child, &arguments, CLI_STORE_USER);
		break;
	case CHILD_AUTHORITY:
		add_directory(&arguments, "--ca-dir", CLI_AUTHORITY_DIRECTORY);
		add_directory(&arguments, "--keys-dir", CLI_KEYS_DIRECTORY);
		add_fd(&arguments, "--frontend-fd", sockets->authority[1]);
		add_fd(&arguments, "--store-fd", sockets->words[1]);
		add_common(child, &arguments, CLI_AUTHORITY_USER);
		break;
	case CHILD_FRONTEND:
	case CHILD_MAX:
		for (unsigned int i = 0; i < child->listen_count; i++) {
			add(&arguments, "--listen");
			add(&arguments, child->listen[i]);
		}
		add_directory(&arguments, "--tls-dir", CLI_TLS_DIRECTORY);
		add_fd(&arguments, "--store-fd", sockets->store[0]);
		add_fd(&arguments, "--authority-fd", sockets->authority[0]);
		if (child->limits) {
			add(&arguments, "--limits");
			add(&arguments, child->limits);
		}
		add_common(child, &arguments, CLI_FRONTEND_USER);
		break;
	}
	(void)execv("/proc/self/exe", arguments.words); /* returns on failure only */
	log_error("cannot run '%s': %m", serve_child_names[which]);
	_exit(EXIT_FAILURE);
}
