/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-session: one for each desktop session, as its user, without any privilege. Shows what
 * the engine says was refused to this user. Decides nothing: ending it hides notices, and allows
 * nothing. Reads the engine's answers and the session bus; opens nothing, and starts processes of its
 * own: two watch for captures of the screen, one writes the policy's watermark over it.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "agent/ipc/request.h"
#include "common/filter.h"
#include "agent/session/bus.h"
#include "agent/session/follow.h"
#include "agent/session/overlay.h"
#include "agent/session/restrict.h"
#include "agent/session/wait.h"
#include "agent/session/welcome.h"
#include "agent/session/witness.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/signals.h"

struct session {
	const char *runtime_directory;
	struct notices notices;
	struct follow follow;
	struct session_bus bus;
	struct welcome welcome;
	int signal_fd;
};

static const char usage[] =
	"usage: holdfast-session [--runtime-dir DIR] [--verbose]\n"
	"Shows what Holdfast refused to you as notices of your desktop, and tells the agent who\n"
	"captures the screen. See holdfast-session(1).\n\n"
	"  --runtime-dir DIR  where the agent listens (/run/holdfast)\n"
	"  --verbose          more on the error output\n"
	"  --help, --version\n"
	"Exit status: 0 told to end, or another one serves this session; 1 the session bus ended;\n"
	"2 wrong use.\n";

static bool parse_options(int argc, char **argv, struct session *session)
{
	static const struct option known[] = {{"runtime-dir", required_argument, NULL, 'r'},
		{"verbose", no_argument, NULL, 'v'}, {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'}, {0}};
	bool is_verbose = false;
	int option;

	session->runtime_directory = LOCAL_RUNTIME_DIRECTORY;
	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		switch (option) {
		case 'r':
			session->runtime_directory = optarg;
			break;
		case 'v':
			is_verbose = true;
			break;
		case 'h':
			(void)fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		case 'V':
			(void)printf("holdfast-session %s\n", HOLDFAST_VERSION);
			exit(EXIT_SUCCESS);
		default:
			return false;
		}
	}
	log_open("holdfast-session", is_verbose);
	return optind == argc;
}

static void take_signals(struct session *session)
{
	static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, 0};

	session->signal_fd = signals_open(wanted);
	if (session->signal_fd < 0)
		fatal("cannot wait for signals: %s, stopping", strerror(-session->signal_fd));
}

static void on_event(struct json_object *event, void *userdata)
{
	static struct refusal refusal; /* too large for the stack */
	struct session *session = userdata;

	if (refusal_parse(event, &refusal) == 0)
		notices_add(&session->notices, &refusal, session_now_ms());
}

/* True when told to end. */
static bool round_once(struct session *session)
{
	struct pollfd polls[3];
	int wait;

	wait = follow_tick(&session->follow, session_now_ms());
	if (session->follow.channel.fd >= 0)
		welcome_add(&session->welcome, &session->notices, session_now_ms());
	wait = sooner(wait, bus_tick(&session->bus, session_now_ms()));
	welcome_look(&session->welcome, &session->notices);
	if (session->bus.end != BUS_GOES_ON)
		return false;
	polls[0] = (struct pollfd){session->signal_fd, POLLIN, 0};
	polls[1] = follow_poll(&session->follow);
	polls[2] = bus_poll(&session->bus);
	if (poll(polls, sizeof(polls) / sizeof(polls[0]), wait) < 0 && errno != EINTR)
		fatal("cannot poll: %m, stopping");
	follow_on_poll(&session->follow, polls[1].revents, session_now_ms());
	return polls[0].revents != 0;
}

int main(int argc, char **argv)
{
	static struct session session;
	bool is_told = false;

	if (!parse_options(argc, argv, &session)) {
		(void)fputs(usage, stderr);
		return 2;
	}
	witness_start(WITNESS_DISPLAY, session.runtime_directory);
	witness_start(WITNESS_BUS, session.runtime_directory);
	overlay_start(session.runtime_directory);
	take_signals(&session);
	welcome_begin(&session.welcome);
	restrict_self(FILTER_FILES | FILTER_IPC | FILTER_NAMES);
	follow_init(&session.follow, session.runtime_directory, on_event, &session);
	bus_init(&session.bus, &session.notices);
	(void)sd_notify(0, "READY=1"); /* no systemd: nothing */
	while (!is_told && session.bus.end == BUS_GOES_ON)
		is_told = round_once(&session);
	(void)sd_notify(0, "STOPPING=1"); /* likewise */
	if (session.bus.end == BUS_NAME_TAKEN)
		log_notice("another holdfast-session serves this session, leaving it to that one");
	if (session.bus.end == BUS_GONE)
		log_notice("the session bus ended, and the session with it, stopping");
	bus_done(&session.bus);
	return session.bus.end == BUS_GONE ? EXIT_FAILURE : EXIT_SUCCESS;
}
