/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfastd: root; starts engine and sensor, keyring and uplink where a console is configured, scout when the engine asks,
 * starts a pair again when one of it ends, and passes signs of life on to systemd. Reads no outside byte but the command line; of the engine it takes
 * single letters, of holdfast-verify two numbers: it brokers one privileged operation, starting a process
 * as another user (workers.c). The sensor keeps the three capabilities it uses, the engine has none.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/privileges.h"
#include "agent/ipc/browser.h"
#include "agent/ipc/scout.h"
#include "agent/ipc/verify.h"
#include "agent/ipc/wipe.h"
#include "agent/supervisor/children.h"
#include "agent/supervisor/companion.h"
#include "agent/supervisor/directory.h"
#include "agent/supervisor/reporting.h"
#include "agent/supervisor/workers.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/signals.h"

#define BPF_MOUNT      "/sys/fs/bpf"
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 30000
#define STEADY_NS      (60 * CLOCK_SECOND_NS) /* so long alive: the next fall starts over */
#define HANG_NS	       (60 * CLOCK_SECOND_NS) /* so long silent: the engine hangs */

#ifndef HOLDFAST_LIBEXEC
#define HOLDFAST_LIBEXEC "/usr/libexec/holdfast"
#endif

struct supervisor {
	struct supervisor_options options;
	struct child_user engine;
	struct pair children; /* engine and sensor */
	struct reporting reporting;
	struct companion scout;
	struct companion verify;
	struct companion browser;
	char browser_directory[PATH_MAX];
	struct workers workers; /* of holdfast-verify */
	int signal_fd;
	int lock_fd;
	int backoff_ms;
	uint64_t started_ns, life_ns;
	bool is_stopping, is_release;
};

static const char usage[] =
	"usage: holdfastd [options]\n"
	"Starts Holdfast's agent. See holdfastd(8).\n\n"
	"  --policy FILE       (/etc/holdfast/policy.ini)\n"
	"  --console FILE      (/etc/holdfast/console.ini); without it nothing is reported\n"
	"  --state-dir DIR     (/var/lib/holdfast)\n"
	"  --runtime-dir DIR   (/run/holdfast)\n"
	"  --log-dir DIR       (/var/log/holdfast)\n"
	"  --pin-dir DIR       (/sys/fs/bpf/holdfast)\n"
	"  --libexec-dir DIR   where the other processes' programs are\n"
	"  --keyring-dir DIR   (/var/lib/holdfast-keyring)\n"
	"  --uplink-dir DIR    (/var/lib/holdfast-uplink)\n"
	"  --verify-dir DIR    (/var/lib/holdfast-verify)\n"
	"  --engine-user USER  (holdfast)\n"
	"  --sensor-user USER  (holdfast-sensor)\n"
	"  --keyring-user USER (holdfast-keyring)\n"
	"  --uplink-user USER  (holdfast-uplink)\n"
	"  --scout-user USER   (holdfast-scout)\n"
	"  --release           end enforcement: remove the kernel part, start nothing\n"
	"  --verbose           log more\n"
	"  --help, --version\n\n"
	"SIGHUP reloads the policy. SIGTERM stops the agent; the kernel part goes on enforcing.\n";

enum {
	OPTION_POLICY = 256,
	OPTION_CONSOLE,
	OPTION_STATE,
	OPTION_RUNTIME,
	OPTION_LOG,
	OPTION_PIN,
	OPTION_LIBEXEC,
	OPTION_KEYRING,
	OPTION_UPLINK,
	OPTION_VERIFY,
	OPTION_ENGINE_USER,
	OPTION_SENSOR_USER,
	OPTION_KEYRING_USER,
	OPTION_UPLINK_USER,
	OPTION_SCOUT_USER,
	OPTION_RELEASE,
	OPTION_VERBOSE,
	OPTION_VERSION
};

static const struct option known_options[] = {
	{"policy", required_argument, NULL, OPTION_POLICY},
	{"console", required_argument, NULL, OPTION_CONSOLE},
	{"state-dir", required_argument, NULL, OPTION_STATE},
	{"runtime-dir", required_argument, NULL, OPTION_RUNTIME},
	{"log-dir", required_argument, NULL, OPTION_LOG},
	{"pin-dir", required_argument, NULL, OPTION_PIN},
	{"libexec-dir", required_argument, NULL, OPTION_LIBEXEC},
	{"keyring-dir", required_argument, NULL, OPTION_KEYRING},
	{"uplink-dir", required_argument, NULL, OPTION_UPLINK},
	{"verify-dir", required_argument, NULL, OPTION_VERIFY},
	{"engine-user", required_argument, NULL, OPTION_ENGINE_USER},
	{"sensor-user", required_argument, NULL, OPTION_SENSOR_USER},
	{"keyring-user", required_argument, NULL, OPTION_KEYRING_USER},
	{"uplink-user", required_argument, NULL, OPTION_UPLINK_USER},
	{"scout-user", required_argument, NULL, OPTION_SCOUT_USER},
	{"release", no_argument, NULL, OPTION_RELEASE},
	{"verbose", no_argument, NULL, OPTION_VERBOSE},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static void option_set(struct supervisor *supervisor, int option, const char *value)
{
	struct supervisor_options *options = &supervisor->options;

	switch (option) {
	case OPTION_POLICY:
		options->policy = value;
		break;
	case OPTION_CONSOLE:
		options->console = value;
		break;
	case OPTION_STATE:
		options->state_directory = value;
		break;
	case OPTION_RUNTIME:
		options->runtime_directory = value;
		break;
	case OPTION_LOG:
		options->log_directory = value;
		break;
	case OPTION_PIN:
		options->pin_directory = value;
		break;
	case OPTION_LIBEXEC:
		options->libexec_directory = value;
		break;
	case OPTION_KEYRING:
		options->keyring_directory = value;
		break;
	case OPTION_UPLINK:
		options->uplink_directory = value;
		break;
	case OPTION_VERIFY:
		options->verify_directory = value;
		break;
	case OPTION_KEYRING_USER:
		options->keyring_user = value;
		break;
	case OPTION_UPLINK_USER:
		options->uplink_user = value;
		break;
	case OPTION_SCOUT_USER:
		options->scout_user = value;
		break;
	case OPTION_ENGINE_USER:
		options->engine_user = value;
		break;
	case OPTION_SENSOR_USER:
		options->sensor_user = value;
		break;
	case OPTION_RELEASE:
		supervisor->is_release = true;
		break;
	case OPTION_VERBOSE:
		options->is_verbose = 1;
		break;
	case OPTION_VERSION:
		(void)printf("holdfastd %s\n", HOLDFAST_VERSION);
		exit(EXIT_SUCCESS);
	case 'h':
		(void)fputs(usage, stdout);
		exit(EXIT_SUCCESS);
	default:
		(void)fputs(usage, stderr);
		exit(2);
	}
}

static void parse_options(int argc, char **argv, struct supervisor *supervisor)
{
	int option;

	supervisor->options = (struct supervisor_options){
		.policy = "/etc/holdfast/policy.ini",
		.console = "/etc/holdfast/console.ini",
		.state_directory = "/var/lib/holdfast",
		.runtime_directory = "/run/holdfast",
		.log_directory = "/var/log/holdfast",
		.pin_directory = BPF_MOUNT "/holdfast",
		.libexec_directory = HOLDFAST_LIBEXEC,
		.engine_user = "holdfast",
		.sensor_user = "holdfast-sensor",
		.keyring_directory = "/var/lib/holdfast-keyring",
		.uplink_directory = "/var/lib/holdfast-uplink",
		.verify_directory = "/var/lib/holdfast-verify",
		.keyring_user = "holdfast-keyring",
		.uplink_user = "holdfast-uplink",
		.scout_user = "holdfast-scout",
	};
	while ((option = getopt_long(argc, argv, "h", known_options, NULL)) >= 0)
		option_set(supervisor, option, optarg);
	if (optind != argc)
		option_set(supervisor, '?', NULL);
}

static void directories_make(const struct supervisor *supervisor)
{
	char login_directory[PATH_MAX];
	const struct {
		const char *path;
		mode_t mode;
	} wanted[] = {
		{login_directory, 0755}, /* read by whoever asks PAM: agent/engine/login.c */
		{supervisor->options.state_directory, 0700},
		{supervisor->options.runtime_directory, 0755},
		{supervisor->options.log_directory, 0750},
	};

	(void)snprintf(login_directory, sizeof(login_directory), "%s-login",
		supervisor->options.state_directory);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		int r = directory_make(wanted[i].path, wanted[i].mode, &supervisor->engine);

		if (r < 0)
			fatal("cannot make directory '%s': %s, stopping", wanted[i].path,
				strerror(-r));
	}
}

/* systemd mounts it; small systems do not. */
static void mount_bpf(const struct supervisor *supervisor)
{
	struct statfs status;

	if (strncmp(supervisor->options.pin_directory, BPF_MOUNT "/", strlen(BPF_MOUNT) + 1) != 0)
		return;
	if (statfs(BPF_MOUNT, &status) == 0 && status.f_type == BPF_FS_MAGIC)
		return;
	if (mount("bpf", BPF_MOUNT, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		log_warning("cannot mount " BPF_MOUNT ": %m, the sensor will say what it lacks");
}

static void find_users(struct supervisor *supervisor)
{
	uid_t uid;
	gid_t gid;

	if (privileges_find_user(supervisor->options.engine_user, &supervisor->engine.uid,
		    &supervisor->engine.gid) < 0 ||
		privileges_find_user(supervisor->options.sensor_user, &uid, &gid) < 0)
		fatal("users '%s' and '%s' are needed: create them with systemd-sysusers and "
		      "packaging/sysusers.conf, or with useradd --system, stopping",
			supervisor->options.engine_user, supervisor->options.sensor_user);
}

/* One holdfastd per runtime directory. */
static void take_lock(struct supervisor *supervisor)
{
	char path[PATH_MAX];

	(void)snprintf(
		path, sizeof(path), "%s/holdfastd.lock", supervisor->options.runtime_directory);
	supervisor->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (supervisor->lock_fd < 0)
		fatal("cannot open '%s': %m, stopping", path);
	if (flock(supervisor->lock_fd, LOCK_EX | LOCK_NB) < 0)
		fatal("another holdfastd holds '%s': stop it first, stopping", path);
}

static void take_signals(struct supervisor *supervisor)
{
	static const int wanted[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD, 0};

	supervisor->signal_fd = signals_open(wanted);
	if (supervisor->signal_fd < 0)
		fatal("cannot wait for signals: %s, stopping", strerror(-supervisor->signal_fd));
}

static void children_begin(struct supervisor *supervisor)
{
	int r = children_start(&supervisor->options, &supervisor->engine, &supervisor->children);

	if (r < 0)
		log_error("cannot start engine and sensor: %s, trying again", strerror(-r));
	supervisor->started_ns = supervisor->life_ns = clock_boot_ns();
}

/* Either both run or none: each is worthless without the other, and starting is cheap. */
static void children_again(struct supervisor *supervisor)
{
	if (clock_boot_ns() - supervisor->started_ns > STEADY_NS)
		supervisor->backoff_ms = BACKOFF_MIN_MS;
	log_warning("engine or sensor ended; the kernel part goes on; starting both in %d ms",
		supervisor->backoff_ms);
	(void)sd_notifyf(
		0, "STATUS=Restarting; the kernel part goes on enforcing"); /* no systemd */
	pair_stop(&supervisor->children);
	companion_stop(&supervisor->verify);	     /* its engine is gone */
	companion_stop(&supervisor->scout);	     /* likewise */
	companion_stop(&supervisor->browser);	     /* likewise */
	(void)poll(NULL, 0, supervisor->backoff_ms); /* signals wait in their descriptor */
	supervisor->backoff_ms *= 2;
	if (supervisor->backoff_ms > BACKOFF_MAX_MS)
		supervisor->backoff_ms = BACKOFF_MAX_MS;
	children_begin(supervisor);
}

/* One letter: 'H' reloads the policy, 'U' says that keyring or uplink ended. */
static void tell_engine(struct supervisor *supervisor, char letter)
{
	if (supervisor->children.fd >= 0 &&
		send(supervisor->children.fd, &letter, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_error("cannot tell the engine '%c': %m, going on", letter);
}

static void on_signal(struct supervisor *supervisor)
{
	struct signalfd_siginfo signal;

	while (read(supervisor->signal_fd, &signal, sizeof(signal)) == sizeof(signal)) {
		if (signal.ssi_signo == SIGHUP)
			tell_engine(supervisor, 'H');
		else if (signal.ssi_signo != SIGCHLD)
			supervisor->is_stopping = true;
	}
}

static void on_engine(struct supervisor *supervisor)
{
	char letter;

	while (recv(supervisor->children.fd, &letter, 1, MSG_DONTWAIT) == 1) {
		supervisor->life_ns = clock_boot_ns();
		if (letter == supervisor->scout.kind.letter)
			supervisor->scout.is_wanted = true;
		if (letter == supervisor->verify.kind.letter)
			supervisor->verify.is_wanted = true;
		if (letter == supervisor->browser.kind.letter)
			supervisor->browser.is_wanted = true;
		if (letter == WIPE_LETTER)
			reporting_want_wipe(&supervisor->reporting);
		if (letter == 'R') {
			log_notice("ready");
			(void)sd_notify(0, "READY=1\nSTATUS=Enforcing"); /* no systemd: nothing */
		}
		(void)sd_notify(0, "WATCHDOG=1"); /* likewise */
	}
}

static void on_verify(struct supervisor *supervisor)
{
	struct companion *verify = &supervisor->verify;

	if (workers_serve(&supervisor->workers, &supervisor->options, verify->fd) == -EPIPE)
		companion_stop(verify); /* started again by the next tick */
}

static void loop(struct supervisor *supervisor)
{
	while (!supervisor->is_stopping) {
		struct pollfd polls[] = {
			{supervisor->signal_fd, POLLIN, 0},
			{supervisor->children.fd, POLLIN, 0},
			{supervisor->verify.fd, POLLIN, 0},
		};

		(void)poll(polls, 3, 1000); /* interrupted: once more around */
		on_signal(supervisor);
		if (supervisor->is_stopping)
			return;
		if (polls[1].revents)
			on_engine(supervisor);
		if (pair_is_broken(&supervisor->children) || !supervisor->children.led ||
			clock_boot_ns() - supervisor->life_ns > HANG_NS)
			children_again(supervisor);
		else if (polls[2].revents)
			on_verify(supervisor);
		companion_tick(&supervisor->verify, &supervisor->options, supervisor->children.fd);
		workers_tick(&supervisor->workers);
		companion_tick(&supervisor->scout, &supervisor->options, supervisor->children.fd);
		companion_tick(&supervisor->browser, &supervisor->options, supervisor->children.fd);
		if (reporting_tick(
			    &supervisor->reporting, &supervisor->options, &supervisor->engine))
			tell_engine(supervisor, 'U');
	}
}

static void verify_init(struct supervisor *supervisor)
{
	const struct companion_kind kind = {
		.program = "holdfast-verify",
		.user = "holdfast-verify",
		.letter = VERIFY_LETTER,
		.state = supervisor->options.verify_directory,
		.runtime = VERIFY_DIRECTORY,
	};

	companion_init(&supervisor->verify, &kind);
	companion_prepare(&supervisor->verify, &supervisor->options);
}

static void scout_init(struct supervisor *supervisor)
{
	const struct companion_kind kind = {
		.program = "holdfast-scout",
		.user = supervisor->options.scout_user,
		.letter = SCOUT_LETTER,
		.is_asked_for_anew = true,
	};

	companion_init(&supervisor->scout, &kind);
}

/* Root: what it writes below /etc is root's. Its directory is made when it is started for the first time. */
static void browser_init(struct supervisor *supervisor)
{
	const struct companion_kind kind = {
		.program = "holdfast-browser",
		.user = "root",
		.letter = BROWSER_LETTER,
		.state = supervisor->browser_directory,
		.is_asked_for_anew = true,
	};

	(void)snprintf(supervisor->browser_directory, sizeof(supervisor->browser_directory),
		"%s" BROWSER_STATE_SUFFIX, supervisor->options.state_directory);
	companion_init(&supervisor->browser, &kind);
}

int main(int argc, char **argv)
{
	static struct supervisor supervisor = {.backoff_ms = BACKOFF_MIN_MS};

	parse_options(argc, argv, &supervisor);
	log_open("holdfastd", supervisor.options.is_verbose);
	if (geteuid() != 0)
		fatal("must be started by root, stopping");
	(void)umask(022); /* returns the old one */
	find_users(&supervisor);
	if (!supervisor.is_release) /* which may be none of the agent's, if it guards itself */
		directories_make(&supervisor);
	else
		(void)mkdir(supervisor.options.runtime_directory, 0755); /* is there as a rule */
	take_lock(&supervisor);
	if (supervisor.is_release)
		return children_release(&supervisor.options);
	mount_bpf(&supervisor);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fatal("cannot give up new privileges: %m, stopping");
	take_signals(&supervisor);
	reporting_init(&supervisor.reporting, &supervisor.options);
	verify_init(&supervisor);
	scout_init(&supervisor);
	browser_init(&supervisor);
	children_begin(&supervisor);
	loop(&supervisor);
	(void)sd_notify(0, "STOPPING=1\nSTATUS=The kernel part goes on enforcing"); /* no systemd */
	reporting_stop(&supervisor.reporting);
	companion_stop(&supervisor.verify);
	workers_stop(&supervisor.workers);
	pair_stop(&supervisor.children);
	companion_stop(&supervisor.browser);
	companion_stop(&supervisor.scout); /* before, the engine would shut what is for zones */
	log_notice("stopped; the kernel part goes on enforcing");
	return EXIT_SUCCESS;
}
