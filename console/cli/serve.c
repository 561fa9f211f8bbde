/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-console serve: a small parent that reads no outside byte. Starts store, authority and
 * frontend, which are this program again, with the sockets between them; starts all three anew when
 * one ends, as each is worthless without the others; tells systemd that all is well. Exporters are
 * serve_exports.c's.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/signals.h"
#include "console/cli/cli.h"
#include "console/cli/database.h"
#include "console/cli/serve_children.h"
#include "console/cli/serve_exports.h"
#include "console/frontend/frontend.h"

#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 30000
#define STEADY_NS      (60 * CLOCK_SECOND_NS) /* so long alive: the next fall starts over */
#define HANG_NS	       (60 * CLOCK_SECOND_NS) /* so long silent: it hangs */
#define STOP_TRIES     200
#define STOP_WAIT_MS   50
#define ENDED_WHY_SIZE 128 /* all three with their status */
#define FOLLOW_TRIES   5   /* so often, so long apart, who follows one that ended is looked for */
#define FOLLOW_WAIT_MS 10

struct supervisor {
	const char *listen[FRONTEND_LISTEN_MAX];
	unsigned int listen_count;
	const char *limits;
	bool is_verbose, is_root, is_stopping;
	pid_t children[CHILD_MAX]; /* 0 = none */
	int life[CHILD_MAX];	   /* ends to read */
	uint64_t life_ns[CHILD_MAX];
	bool is_ready[CHILD_MAX], has_told_ready;
	struct serve_exports *exports;
	int signal_fd;
	int backoff_ms;
	uint64_t started_ns;
	unsigned int ended;		/* how often all were started anew, */
	char ended_why[ENDED_WHY_SIZE]; /* and why the last time */
};

static const char usage[] =
	"usage: holdfast-console serve [--listen ADDRESS:PORT]... [--limits NAME=N,...] "
	"[--verbose]\n"
	"Runs the console until SIGTERM. SIGHUP reads the server's certificate and\n"
	"export.ini again.\n"
	"  --listen ADDRESS:PORT  where devices come ([::]:8443), at most 8 times\n"
	"  --limits NAME=N,...    see holdfast-console(8)\n"
	"  --verbose              log more\n";

static int socket_pair(int ret_fds[2])
{
	int size = CHANNEL_SEND_BUFFER;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) /* refused, frames wait in our own queue */
		if (setsockopt(ret_fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
			(void)setsockopt(ret_fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return 0;
}

static int start_child(
	struct supervisor *supervisor, enum child which, const struct sockets *sockets)
{
	struct serve_child as = {.listen = supervisor->listen,
		.listen_count = supervisor->listen_count,
		.limits = supervisor->limits,
		.is_root = supervisor->is_root,
		.is_verbose = supervisor->is_verbose,
		.ended = supervisor->ended,
		.ended_why = supervisor->ended_why};
	int life[2];
	pid_t child;

	if (pipe2(life, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	as.life_fd = life[1];
	child = fork();
	if (child == 0)
		serve_child_exec(&as, which, sockets);
	(void)close(life[1]); /* the child's */
	if (child < 0) {
		(void)close(life[0]); /* of no use */
		return -EAGAIN;
	}
	supervisor->children[which] = child;
	supervisor->life[which] = life[0];
	supervisor->life_ns[which] = clock_boot_ns();
	supervisor->is_ready[which] = false;
	return 0;
}

static void close_pair(int fds[2])
{
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]); /* the children have theirs */
}

/* True when the child is gone. ret_status: as waitpid(2) tells; may be NULL. */
static bool reap(pid_t *child, int *ret_status)
{
	if (*child > 0 && waitpid(*child, ret_status, WNOHANG) == *child)
		*child = 0;
	return *child <= 0;
}

static bool reap_all(struct supervisor *supervisor)
{
	bool is_gone = true;

	for (enum child i = 0; i < CHILD_MAX; i++)
		is_gone &= reap(&supervisor->children[i], NULL);
	return is_gone;
}

/* The frontend first, so that what devices have sent is stored and answered, or not answered. */
static void stop_children(struct supervisor *supervisor)
{
	serve_exports_stop(supervisor->exports); /* while the store can note what they delivered */
	for (int i = CHILD_MAX - 1; i >= 0; i--)
		if (supervisor->children[i] > 0)
			(void)kill(supervisor->children[i], SIGTERM); /* ours, not reaped */
	for (int i = 0; i < STOP_TRIES && !reap_all(supervisor); i++)
		(void)poll(NULL, 0, STOP_WAIT_MS);
	for (enum child i = 0; i < CHILD_MAX; i++) {
		if (supervisor->children[i] > 0) {
			log_warning("%s does not end: killing it", serve_child_names[i]);
			(void)kill(supervisor->children[i], SIGKILL);	 /* likewise */
			(void)waitpid(supervisor->children[i], NULL, 0); /* killed */
		}
		supervisor->children[i] = 0;
		if (supervisor->life[i] >= 0)
			(void)close(supervisor->life[i]); /* read only */
		supervisor->life[i] = -EBADF;
	}
}

static void start_children(struct supervisor *supervisor)
{
	struct sockets sockets = {{-1, -1}, {-1, -1}, {-1, -1}};
	int r;

	r = socket_pair(sockets.store);
	if (r == 0)
		r = socket_pair(sockets.authority);
	if (r == 0)
		r = socket_pair(sockets.words);
	for (enum child i = 0; i < CHILD_MAX && r == 0; i++)
		r = start_child(supervisor, i, &sockets);
	close_pair(sockets.store);
	close_pair(sockets.authority);
	close_pair(sockets.words);
	supervisor->started_ns = clock_boot_ns();
	if (r < 0) {
		log_error("cannot start the processes: %s, trying again", strerror(-r));
		stop_children(supervisor);
	}
}

static void start_again(struct supervisor *supervisor, const char *why)
{
	if (clock_boot_ns() - supervisor->started_ns > STEADY_NS)
		supervisor->backoff_ms = BACKOFF_MIN_MS;
	log_warning("%s; starting all three in %d ms", why, supervisor->backoff_ms);
	supervisor->ended++;
	(void)snprintf(supervisor->ended_why, sizeof(supervisor->ended_why), "%s", why); /* cut */
	(void)sd_notify(0, "STATUS=Restarting"); /* no systemd: nothing, here and below */
	stop_children(supervisor);
	(void)poll(&(struct pollfd){supervisor->signal_fd, POLLIN, 0}, 1, supervisor->backoff_ms);
	supervisor->backoff_ms *= 2;
	if (supervisor->backoff_ms > BACKOFF_MAX_MS)
		supervisor->backoff_ms = BACKOFF_MAX_MS;
	start_children(supervisor);
}

static bool is_all_ready(const struct supervisor *supervisor)
{
	for (enum child i = 0; i < CHILD_MAX; i++)
		if (!supervisor->is_ready[i])
			return false;
	return true;
}

static void on_life(struct supervisor *supervisor, enum child which)
{
	char letter;

	while (read(supervisor->life[which], &letter, 1) == 1) {
		supervisor->life_ns[which] = clock_boot_ns();
		supervisor->is_ready[which] |= letter == 'R';
	}
	if (!is_all_ready(supervisor))
		return;
	if (!supervisor->has_told_ready)
		log_notice("ready: devices are served on %s%s", supervisor->listen[0],
			supervisor->listen_count > 1 ? " and more" : "");
	supervisor->has_told_ready = true;
	(void)sd_notify(0, "READY=1\nSTATUS=Serving\nWATCHDOG=1");
}

static void on_signal(struct supervisor *supervisor)
{
	struct signalfd_siginfo signal;

	while (read(supervisor->signal_fd, &signal, sizeof(signal)) == sizeof(signal)) {
		if (signal.ssi_signo == SIGHUP && supervisor->children[CHILD_FRONTEND] > 0)
			(void)kill(supervisor->children[CHILD_FRONTEND], SIGHUP); /* ours */
		if (signal.ssi_signo == SIGHUP)
			serve_exports_reload(supervisor->exports);
		else if (signal.ssi_signo == SIGTERM || signal.ssi_signo == SIGINT)
			supervisor->is_stopping = true;
	}
}

/* Each that has ended, and how. A process whose peer is gone ends too, and may be seen before it. */
static const char *tell_ended(struct supervisor *supervisor)
{
	static char text[ENDED_WHY_SIZE];
	bool is_told[CHILD_MAX] = {false};
	size_t used = 0;

	for (int tries = 0; tries < FOLLOW_TRIES; tries++) {
		for (enum child i = 0; i < CHILD_MAX; i++) {
			int status = 0;

			if (is_told[i] || !reap(&supervisor->children[i], &status))
				continue;
			is_told[i] = true;
			used += (size_t)snprintf(text + used, sizeof(text) - used,
				"%sthe %s ended (%s %d)", used ? ", " : "", serve_child_names[i],
				WIFSIGNALED(status) ? "signal" : "status",
				WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		}
		if (!used)
			return NULL;
		(void)poll(NULL, 0, FOLLOW_WAIT_MS);
	}
	return text;
}

/* What is wrong; NULL when all is well. */
static const char *look_after(struct supervisor *supervisor)
{
	static char text[64];
	const char *ended = tell_ended(supervisor);

	if (ended)
		return ended;
	for (enum child i = 0; i < CHILD_MAX; i++)
		if (clock_boot_ns() - supervisor->life_ns[i] > HANG_NS)
			return (void)snprintf(
				       text, sizeof(text), "the %s hangs", serve_child_names[i]),
			       text;
	return NULL;
}

static void loop(struct supervisor *supervisor)
{
	while (!supervisor->is_stopping) {
		struct pollfd polls[CHILD_MAX + 1 + EXPORT_OUTPUT_MAX];
		unsigned int count;
		const char *why;

		for (enum child i = 0; i < CHILD_MAX; i++)
			polls[i] = (struct pollfd){supervisor->life[i], POLLIN, 0};
		polls[CHILD_MAX] = (struct pollfd){supervisor->signal_fd, POLLIN, 0};
		count = serve_exports_poll_fill(supervisor->exports, polls + CHILD_MAX + 1);
		(void)poll(polls, CHILD_MAX + 1 + count, 1000); /* interrupted: once more around */
		on_signal(supervisor);
		if (supervisor->is_stopping)
			return;
		for (enum child i = 0; i < CHILD_MAX; i++)
			if (polls[i].revents & POLLIN)
				on_life(supervisor, i);
		why = look_after(supervisor);
		if (why)
			start_again(supervisor, why);
		serve_exports_look_after(supervisor->exports);
		if (is_all_ready(supervisor))
			serve_exports_start(supervisor->exports);
	}
}

/* A console of before keys of labels, and one that has joined, get what the authority puts there now. */
static void make_keys_directory(void)
{
	char path[PATH_MAX];

	cli_path(path, sizeof(path), CLI_KEYS_DIRECTORY, "");
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		log_error("cannot make '%s': %m, going on without keys of labels", path);
}

static void take_signals(struct supervisor *supervisor)
{
	static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, 0};

	supervisor->signal_fd = signals_open(wanted);
	if (supervisor->signal_fd < 0)
		fatal("cannot wait for signals: %s, stopping", strerror(-supervisor->signal_fd));
}

static int parse_options(int argc, char **argv, struct supervisor *supervisor)
{
	static const struct option known[] = {{"listen", required_argument, NULL, 'l'},
		{"limits", required_argument, NULL, 'L'}, {"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'}, {0}};
	int option;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option == 'v')
			supervisor->is_verbose = true;
		else if (option == 'L')
			supervisor->limits = optarg;
		else if (option == 'l' && supervisor->listen_count < FRONTEND_LISTEN_MAX)
			supervisor->listen[supervisor->listen_count++] = optarg;
		else
			return cli_usage(usage);
	}
	if (optind != argc)
		return cli_usage(usage);
	if (!supervisor->listen_count)
		supervisor->listen[supervisor->listen_count++] = CLI_LISTEN;
	return OPTIONS_GO_ON;
}

int cli_serve(int argc, char **argv)
{
	static struct supervisor supervisor = {
		.backoff_ms = BACKOFF_MIN_MS, .life = {-EBADF, -EBADF, -EBADF}};
	char location[LOCATION_SIZE];
	int r;

	r = parse_options(argc, argv, &supervisor);
	if (r != OPTIONS_GO_ON)
		return r;
	r = database_location(location);
	if (r < 0)
		return cli_refuse("there is no console in '%s': %s\nMake one with "
				  "'holdfast-console init'.",
			cli.state_directory, strerror(-r));
	r = cli_lock();
	if (r == -EBUSY)
		return cli_refuse("a console runs in '%s' already", cli.state_directory);
	if (r < 0)
		return cli_refuse("cannot lock '%s': %s", cli.state_directory, strerror(-r));
	log_open("holdfast-console", supervisor.is_verbose);
	(void)umask(022); /* returns the old one */
	if (mkdir(cli.runtime_directory, 0755) < 0 && errno != EEXIST)
		fatal("cannot make '%s': %m, stopping", cli.runtime_directory);
	make_keys_directory();
	supervisor.is_root = geteuid() == 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fatal("cannot give up new privileges: %m, stopping");
	take_signals(&supervisor);
	supervisor.exports = serve_exports_new(supervisor.is_root, supervisor.is_verbose);
	start_children(&supervisor);
	loop(&supervisor);
	(void)sd_notify(0, "STOPPING=1");
	stop_children(&supervisor);
	log_notice("stopped");
	return CLI_DONE;
}
