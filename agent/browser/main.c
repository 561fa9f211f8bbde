/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-browser: started by holdfastd as root without capabilities, when the engine has something to
 * say about browsers. Descriptor 3 is the socket to the engine, whose end means to stop. It writes three
 * files below /etc and its own directory, from domains that the engine says; of what it reads, Firefox's
 * one file is the administrator's.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/browser/watch.h"
#include "common/channel.h"
#include "common/cleanup.h"
#include "common/filter.h"
#include "common/log.h"
#include "common/privileges.h"

#define ENGINE_FD  3
#define TURN_MS	   1000
#define PENDING_MS 50

static const char usage[] =
	"usage: holdfast-browser --remove [--root DIR] DIRECTORY\n"
	"Puts the browsers' files back as they were, from what is kept in DIRECTORY. Else it is\n"
	"started by holdfastd(8).\n\n"
	"  --root DIR   where /etc is\n";

struct options {
	const char *root;
	const char *state_directory;
	bool is_remove;
	bool is_verbose;
};

static struct channel engine;

static int parse_options(int argc, char **argv, struct options *ret_options)
{
	static const struct option known[] = {{"remove", no_argument, NULL, 'r'},
		{"root", required_argument, NULL, 'd'}, {"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'}, {0}};
	int option;

	*ret_options = (struct options){.root = "/"};
	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		switch (option) {
		case 'r':
			ret_options->is_remove = true;
			break;
		case 'd':
			ret_options->root = optarg;
			break;
		case 'v':
			ret_options->is_verbose = true;
			break;
		case 'h':
			(void)fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		default:
			return -EINVAL;
		}
	}
	if (optind != argc - 1)
		return -EINVAL;
	ret_options->state_directory = argv[optind];
	return 0;
}

static void tell(struct bytes_writer *frame)
{
	int r = channel_send(&engine, frame, -1);

	if (r < 0)
		fatal("cannot tell the engine: %s, stopping", strerror(-r));
}

static void on_drift(const struct browser_drift *drift, void *userdata)
{
	uint8_t buffer[BROWSER_PATH_SIZE + 64];
	struct bytes_writer frame;

	(void)userdata; /* none */
	wire_begin(&frame, buffer, sizeof(buffer), BROWSER_DRIFT);
	browser_put_drift(&frame, drift);
	tell(&frame);
}

static void look(struct watch *watch, bool is_asked)
{
	uint8_t buffer[256];
	struct bytes_writer frame;

	if (!watch_look(watch, on_drift, NULL) && !is_asked)
		return;
	wire_begin(&frame, buffer, sizeof(buffer), BROWSER_STATE);
	browser_put_state(&frame, &watch->state);
	tell(&frame);
}

static void on_engine(struct watch *watch)
{
	static uint8_t packet[WIRE_FRAME_MAX];

	for (;;) {
		static struct browser_want want;
		auto_close int fd = -EBADF; /* none is expected */
		struct bytes_reader payload;
		uint16_t type;
		int size = channel_receive(&engine, packet, sizeof(packet), &fd);

		if (size == -EAGAIN || size == -EINTR)
			return;
		if (size == 0)
			exit(EXIT_SUCCESS);
		if (size < 0 || wire_open(packet, (size_t)size, &type, &payload) < 0 ||
			type != BROWSER_WANT)
			fatal("the engine sent what it may not, stopping");
		browser_get_want(&payload, &want);
		if (!bytes_is_done(&payload))
			fatal("what the engine wants of browsers does not fit, stopping");
		watch->want = want;
		watch->has_want = true;
		look(watch, true);
	}
}

/* Root's files are its own to write as root, without any capability. */
static void restrict_self(void)
{
	const struct privileges wanted = {.uid = 0, .gid = 0, .group = (gid_t)-1};
	int r;

	r = privileges_drop(&wanted);
	if (r == 0)
		r = filter_load(FILTER_IPC | FILTER_FILES | FILTER_DIRECTORIES);
	if (r < 0)
		fatal("cannot give up privileges: %s, stopping", strerror(-r));
}

static int remove_all(struct watch *watch)
{
	int status = EXIT_SUCCESS;

	(void)watch_look(watch, NULL, NULL); /* nothing is wanted: nothing drifts */
	for (unsigned int i = 0; i < BROWSER_MAX; i++) {
		if (watch->state.errors[i] == 0)
			continue;
		log_error("cannot put '%s/%s' back: %s, it stays", browser_file(i)->directory,
			browser_file(i)->file, strerror(-watch->state.errors[i]));
		status = EXIT_FAILURE;
	}
	return status;
}

int main(int argc, char **argv)
{
	static struct watch watch;
	struct options options;
	int r;

	if (parse_options(argc, argv, &options) < 0 ||
		(!options.is_remove && fcntl(ENGINE_FD, F_GETFD) < 0)) {
		(void)fputs(usage, stderr);
		return 2;
	}
	log_open("holdfast-browser", options.is_verbose);
	(void)umask(022); /* everybody's browser reads them; returns the old one */
	r = watch_init(&watch, options.root, options.state_directory);
	if (r == -ENOENT && options.is_remove)
		return EXIT_SUCCESS; /* it never was here */
	if (r < 0)
		fatal("cannot open '%s' or '%s': %s, stopping", options.root,
			options.state_directory, strerror(-r));
	restrict_self();
	if (options.is_remove)
		return remove_all(&watch);
	channel_init(&engine, ENGINE_FD, 0);
	for (;;) {
		struct pollfd polls[] = {
			{ENGINE_FD, channel_events(&engine), 0},
			{watch.inotify_fd, POLLIN, 0},
		};

		(void)poll(polls, 2,
			watch.pending_ns ? PENDING_MS : TURN_MS); /* interrupted: once more */
		if ((polls[0].revents & POLLOUT) && channel_flush(&engine) < 0)
			fatal("the engine is gone: %m, stopping");
		if (polls[0].revents & (POLLIN | POLLHUP | POLLERR))
			on_engine(&watch);
		if (watch_is_due(&watch))
			look(&watch, false);
	}
}
