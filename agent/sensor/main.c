/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-sensor: started by holdfastd as root; takes hold of the kernel part, then becomes
 * holdfast-sensor with three capabilities. Descriptor 3 is the socket to the engine.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <inttypes.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/filter.h"
#include "common/privileges.h"
#include "agent/sensor/apps.h"
#include "agent/sensor/guard.h"
#include "agent/sensor/exempts.h"
#include "agent/sensor/guard_watch.h"
#include "agent/sensor/mark_checks.h"
#include "agent/sensor/mark_seal.h"
#include "agent/sensor/places.h"
#include "agent/sensor/sensor.h"
#include "agent/sensor/tree.h"
#include "agent/sensor/volumes.h"
#include "agent/sensor/watch.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"

#define ENGINE_FD	3
#define DIRTY_PERIOD_MS 500
#define MISS_PERIOD_NS	UINT64_C(10000000000)

enum poll_slot { POLL_ENGINE, POLL_RING, POLL_UDEV, POLL_MOUNTS, POLL_WATCH, POLL_MAX };

struct options {
	const char *pin_directory;
	const char *user;
	const char *key_file;
	struct guard_places places;
	bool is_verbose;
	bool is_release;
};

static int parse_options(int argc, char **argv, struct options *ret_options)
{
	static const struct option known[] = {
		{"pin-dir", required_argument, NULL, 'p'},
		{"user", required_argument, NULL, 'u'},
		{"key-file", required_argument, NULL, 'k'},
		{"state-dir", required_argument, NULL, 's'},
		{"log-dir", required_argument, NULL, 'l'},
		{"runtime-dir", required_argument, NULL, 'r'},
		{"keyring-dir", required_argument, NULL, 'y'},
		{"uplink-dir", required_argument, NULL, 'U'},
		{"verify-dir", required_argument, NULL, 'V'},
		{"policy", required_argument, NULL, 'P'},
		{"verbose", no_argument, NULL, 'v'},
		{"release", no_argument, NULL, 'R'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*ret_options = (struct options){.pin_directory = KERNEL_PIN_DIRECTORY,
		.user = "holdfast-sensor",
		.key_file = "/var/lib/holdfast-sensor/mark.key",
		.places = {.state_directory = "/var/lib/holdfast",
			.log_directory = "/var/log/holdfast",
			.runtime_directory = "/run/holdfast",
			.keyring_directory = "/var/lib/holdfast-keyring",
			.uplink_directory = "/var/lib/holdfast-uplink",
			.verify_directory = "/var/lib/holdfast-verify",
			.policy_file = "/etc/holdfast/policy.ini"}};
	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (option) {
		case 'p':
			ret_options->pin_directory = optarg;
			break;
		case 'u':
			ret_options->user = optarg;
			break;
		case 'k':
			ret_options->key_file = optarg;
			break;
		case 's':
			ret_options->places.state_directory = optarg;
			break;
		case 'l':
			ret_options->places.log_directory = optarg;
			break;
		case 'r':
			ret_options->places.runtime_directory = optarg;
			break;
		case 'y':
			ret_options->places.keyring_directory = optarg;
			break;
		case 'U':
			ret_options->places.uplink_directory = optarg;
			break;
		case 'V':
			ret_options->places.verify_directory = optarg;
			break;
		case 'P':
			ret_options->places.policy_file = optarg;
			break;
		case 'v':
			ret_options->is_verbose = true;
			break;
		case 'R':
			ret_options->is_release = true;
			break;
		default:
			return -EINVAL;
		}
	}
	ret_options->places.key_file = ret_options->key_file;
	ret_options->places.pin_directory = ret_options->pin_directory;
	return optind == argc ? 0 : -EINVAL;
}

/*
 * CAP_BPF: new inner maps for each policy, and map access where unprivileged BPF is off.
 * CAP_SYS_ADMIN: setting security.* attributes, and BPF map ids of the policy in force.
 * CAP_DAC_READ_SEARCH: reaching the files and executables that policy and kernel name.
 */
static void restrict_self(const struct options *options)
{
	static const cap_value_t keep[] = {CAP_BPF, CAP_SYS_ADMIN, CAP_DAC_READ_SEARCH};
	struct privileges wanted = {
		.group = (gid_t)-1, .keep = keep, .keep_count = sizeof(keep) / sizeof(keep[0])};
	const struct group *tty = getgrnam("tty"); /* to write to a user's terminal, as write(1) */
	int r;

	if (tty)
		wanted.group = tty->gr_gid;
	r = privileges_find_user(options->user, &wanted.uid, &wanted.gid);
	if (r < 0)
		fatal("no user '%s': create it with systemd-sysusers (packaging/sysusers.conf), "
		      "stopping",
			options->user);
	r = privileges_drop(&wanted);
	if (r < 0)
		fatal("cannot become user '%s': %s, stopping", options->user, strerror(-r));
	r = filter_load(FILTER_FILES | FILTER_IPC | FILTER_BPF | FILTER_MARKS | FILTER_UDEV);
	if (r < 0)
		fatal("cannot load the system call filter: %s, stopping", strerror(-r));
}

/*
 * Processes inherit what their parent has read: an agent started from the shell of a labelled
 * reader would label its own log and could not open it again. Nothing was written so far: the
 * engine waits for us.
 */
static void refuse_labelled_parent(const struct sensor *sensor)
{
	uint64_t labels = 0;
	uint32_t app;

	if (kernel_taint(sensor->kernel, getppid(), &labels, &app) == 0 && labels)
		fatal("holdfastd was started by a process that has read labelled files: start it "
		      "with systemctl or from a new session, stopping");
}

void sensor_guard(struct sensor *sensor)
{
	const char *path;
	int r = guard_apply(sensor->guard, sensor->kernel, &path);

	if (r < 0)
		log_error("cannot guard '%s': %s, it is not protected", path, strerror(-r));
	sensor->has_guard_failed = r < 0;
}

/* Without the kernel part the sensor goes on, so that the engine can say what is missing. */
static void take_kernel(struct sensor *sensor, const struct options *options)
{
	int r;

	r = kernel_open(options->pin_directory, &sensor->support, &sensor->kernel);
	if (r < 0) {
		log_error("cannot put the kernel part in: %s, nothing is enforced", strerror(-r));
		sensor->kernel = NULL;
		return;
	}
	kernel_clear_verified(sensor->kernel); /* nobody vouches for what an earlier agent saw */
	refuse_labelled_parent(sensor);
	r = ring_open(options->pin_directory, &sensor->ring);
	if (r < 0)
		fatal("cannot read the ring below '%s': %s, stopping", options->pin_directory,
			strerror(-r));
	r = mark_seal_open(options->key_file, &sensor->seal);
	if (r < 0)
		fatal("cannot take the key for marks from '%s': %s, stopping", options->key_file,
			strerror(-r));
	sensor->guard = guard_new(&options->places);
	if (!sensor->guard)
		fatal("no memory, stopping");
	sensor_guard(sensor);
	r = kernel_door(sensor->kernel, &sensor->door); /* an earlier sensor may have opened it */
	if (r < 0)
		fatal("cannot read the maintenance door: %s, stopping", strerror(-r));
	(void)malloc_trim(
		0); /* loading took the types of the whole kernel; nothing to give is fine */
	log_notice("kernel part %s", sensor->support.was_adopted ? "adopted" : "loaded");
	for (unsigned int i = 0; i < sensor->support.missing_count; i++)
		log_warning("reduced on this kernel: %s", sensor->support.missing[i]);
}

static void sensor_init(struct sensor *sensor)
{
	channel_init(&sensor->engine, ENGINE_FD, 0);
	sensor->apps = apps_new();
	sensor->places = places_new();
	sensor->exempts = exempts_new();
	sensor->tree = tree_new();
	sensor->volumes = volumes_new();
	sensor->watch = watch_new();
	sensor->checks = mark_checks_new();
	sensor->guard_watch = guard_watch_new();
	if (!sensor->apps || !sensor->places || !sensor->exempts || !sensor->tree ||
		!sensor->volumes || !sensor->checks || !sensor->guard_watch)
		fatal("no memory, stopping");
	if (!sensor->watch)
		log_warning("no inotify: changes on disk are seen at reload only");
}

static void on_engine(struct sensor *sensor, short events)
{
	static uint8_t packet[WIRE_FRAME_MAX];
	int r;

	if ((events & POLLOUT) && channel_flush(&sensor->engine) < 0)
		fatal("the engine is gone: %m, stopping");
	if (!(events & (POLLIN | POLLHUP | POLLERR)))
		return;
	for (;;) {
		struct bytes_reader payload;
		auto_close int fd = -EBADF;
		uint16_t type;
		int size = channel_receive(&sensor->engine, packet, sizeof(packet), &fd);

		if (size == -EAGAIN)
			return;
		if (size == 0)
			exit(EXIT_SUCCESS); /* told to stop, or the engine died: the supervisor knows */
		if (size < 0)
			fatal("cannot read from the engine: %s, stopping", strerror(-size));
		r = wire_open(packet, (size_t)size, &type, &payload);
		if (r < 0)
			fatal("broken frame from the engine: %s, stopping", strerror(-r));
		link_on_message(sensor, type, &payload, fd);
	}
}

static void on_watch(struct sensor *sensor)
{
	if (watch_drain(sensor->watch)) {
		sensor->watch_since_ns = clock_boot_ns();
		if (!sensor->is_watch_pending)
			sensor->watch_first_ns = sensor->watch_since_ns;
		sensor->is_watch_pending = true;
	}
}

static void settle(struct sensor *sensor)
{
	uint64_t now = clock_boot_ns();

	if (!sensor->is_watch_pending || (now - sensor->watch_since_ns < SENSOR_SETTLE_NS &&
						 now - sensor->watch_first_ns < SENSOR_WAIT_NS))
		return;
	sensor->is_watch_pending = false;
	apps_apply(sensor);
	places_again(sensor);
	exempts_apply(sensor);
}

static void tell_misses(struct sensor *sensor)
{
	uint64_t misses = 0;
	int r;

	if (!sensor->kernel)
		return;
	r = kernel_misses(sensor->kernel, &misses);
	if (r < 0)
		log_warning("cannot ask the kernel for skipped decisions: %s, asking again",
			strerror(-r));
	if (r < 0 || misses <= sensor->misses_told)
		return;
	link_failure(sensor, FAILURE_SKIPPED, "%" PRIu64 " decisions skipped since boot", misses);
	sensor->misses_told = misses;
}

/* A door that shuts by its time: the kernel part sees to that itself; what is new gets its guard. */
static void door_check(struct sensor *sensor)
{
	if (!sensor->door.until_ktime_ns || sensor->door.until_ktime_ns > clock_boot_ns())
		return;
	sensor->door.until_ktime_ns = 0;
	sensor_guard(sensor);
}

static void poll_fill(const struct sensor *sensor, struct pollfd *polls)
{
	polls[POLL_ENGINE] = (struct pollfd){ENGINE_FD, channel_events(&sensor->engine), 0};
	/* Until all is released, the ring always says that there is something. */
	polls[POLL_RING] = (struct pollfd){-1, POLLIN, 0};
	if (sensor->ring && sensor->is_restored && ring_is_caught_up(sensor->ring))
		polls[POLL_RING].fd = ring_fd(sensor->ring);
	polls[POLL_UDEV] = (struct pollfd){volumes_udev_fd(sensor->volumes), POLLIN, 0};
	polls[POLL_MOUNTS] = (struct pollfd){volumes_mounts_fd(sensor->volumes), POLLPRI, 0};
	polls[POLL_WATCH] = (struct pollfd){
		sensor->watch ? watch_fd(sensor->watch) : -1, POLLIN, 0};
}

static void loop(struct sensor *sensor)
{
	struct pollfd polls[POLL_MAX];
	uint64_t dirty_ns = 0, miss_ns = 0;

	for (;;) {
		poll_fill(sensor, polls);
		if (poll(polls, POLL_MAX, tree_is_busy(sensor->tree) ? 0 : DIRTY_PERIOD_MS) < 0 &&
			errno != EINTR)
			fatal("cannot poll: %m, stopping");
		if (polls[POLL_ENGINE].revents)
			on_engine(sensor, polls[POLL_ENGINE].revents);
		if (polls[POLL_UDEV].revents & POLLIN)
			volumes_on_udev(sensor);
		if (polls[POLL_MOUNTS].revents & (POLLPRI | POLLERR))
			volumes_on_mounts(sensor);
		if (polls[POLL_WATCH].revents & POLLIN)
			on_watch(sensor);
		records_pump(sensor);
		mark_checks_step(sensor);
		tree_step(sensor);
		settle(sensor);
		door_check(sensor);
		if (clock_boot_ns() - dirty_ns > DIRTY_PERIOD_MS * UINT64_C(1000000)) {
			dirty_ns = clock_boot_ns();
			records_persist_dirty(sensor);
			guard_watch_step(sensor->guard_watch, sensor);
		}
		if (clock_boot_ns() - miss_ns > MISS_PERIOD_NS) {
			miss_ns = clock_boot_ns();
			tell_misses(sensor);
		}
	}
}

/* holdfastd --release: removes the pins and with them the enforcement. */
static int release(const struct options *options)
{
	int r = kernel_unpin(options->pin_directory);

	if (r < 0) {
		log_error("cannot remove the pins below '%s': %s, enforcement goes on",
			options->pin_directory,
			r == -EPERM ? "not permitted: a maintenance token for removal opens the "
				      "door for it; see "
				      "'holdfast maintenance'"
				    : strerror(-r));
		return EXIT_FAILURE;
	}
	log_notice("pins below '%s' removed: nothing is enforced any more", options->pin_directory);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static struct sensor sensor;
	struct options options;
	int r = parse_options(argc, argv, &options);

	log_open("holdfast-sensor", r == 0 && options.is_verbose);
	if (r == 0 && options.is_release)
		return release(&options);
	if (r < 0 || fcntl(ENGINE_FD, F_GETFD) < 0) {
		(void)fprintf(stderr, "holdfast-sensor is started by holdfastd(8)\n");
		return 2;
	}
	take_kernel(&sensor, &options);
	sensor_init(&sensor);
	restrict_self(&options);
	volumes_scan(&sensor);
	if (sensor.has_guard_failed)
		link_failure(&sensor, FAILURE_GUARD, "see the journal of holdfastd");
	link_hello(&sensor); /* after the volumes: the engine restores their marks first */
	loop(&sensor);
}
