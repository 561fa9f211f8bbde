/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

#include "agent/sensor/kernel.h"
#include "common/cleanup.h"
#include "protocol.h"

#define PLAIN	       "/usr/local/bin/hf-walk-plain"
#define ANSWER_SECONDS 60 /* an actor that says nothing is stuck */

#define READER "/usr/local/bin/hf-walk-reader"

struct stage {
	struct kernel *kernel;
	struct ring_buffer *ring;
	struct stage_setting setting;
	unsigned int sequence; /* names the directory of this one */
	int pids[WALK_PROCESSES + 1];
	int controls[WALK_PROCESSES + 1]; /* our ends */
};

/* Its place in the tree; names are numbers. */
static void directory_path(
	const struct stage *stage, const struct model *model, int directory, char *ret_path)
{
	char above[WALK_PATH];

	if (directory == MODEL_ROOT) {
		(void)snprintf(ret_path, WALK_PATH, "%s/%d-%u", stage->setting.directory,
			(int)getpid(), stage->sequence);
		return;
	}
	directory_path(stage, model, model->directories[directory].parent, above);
	if (snprintf(ret_path, WALK_PATH, "%s/d%d", above, directory) >= WALK_PATH)
		abort();
}

static void path_in(const struct stage *stage, const struct model *model, int directory, int name,
	char *ret_path)
{
	char above[WALK_PATH];

	directory_path(stage, model, directory, above);
	if (snprintf(ret_path, WALK_PATH, "%s/n%d", above, name) >= WALK_PATH)
		abort();
}

static void name_path(
	const struct stage *stage, const struct model *model, int name, char *ret_path)
{
	path_in(stage, model, model->names[name].directory, name, ret_path);
}

static int talk(struct stage *stage, int slot, const struct walk_command *command,
	struct walk_reply *ret_reply)
{
	int control = stage->controls[slot];
	ssize_t size;

	if (send(control, command, sizeof(*command), MSG_NOSIGNAL) != sizeof(*command))
		return -EIO;
	do
		size = recv(control, ret_reply, sizeof(*ret_reply), 0);
	while (size < 0 && errno == EINTR);
	if (size != sizeof(*ret_reply))
		return -ETIMEDOUT;
	return ret_reply->error;
}

static int mark_path(struct stage *stage, const char *path, uint64_t labels)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct hf_inode_key key;
	struct hf_mark previous;

	if (fd < 0)
		return -errno;
	return kernel_mark(stage->kernel, fd, labels, 0, &key, &previous);
}

/* All cached labels are stale afterwards, as after any directory was marked. */
static int forget(struct stage *stage, const struct model *model)
{
	char path[WALK_PATH];

	if (stage->setting.is_forgetful) {
		auto_close int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

		if (fd < 0 || write(fd, "2", 1) != 1)
			return -errno;
	}
	directory_path(stage, model, MODEL_ROOT, path);
	return mark_path(stage, path, 0);
}

static int make_files(struct stage *stage, const struct model *model)
{
	char path[WALK_PATH];

	for (int directory = 0; directory < WALK_DIRECTORIES; directory++) {
		directory_path(stage, model, directory, path);
		if (mkdir(path, 0700) < 0)
			return -errno;
	}
	for (int name = 0; name < model->name_count; name++) {
		auto_close int fd = -EBADF;

		name_path(stage, model, name, path);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, "x", 1) != 1)
			return -errno;
	}
	for (int directory = 0; directory < WALK_DIRECTORIES; directory++) {
		int r;

		if (!model->directories[directory].own)
			continue;
		directory_path(stage, model, directory, path);
		r = mark_path(stage, path, model->directories[directory].own);
		if (r < 0)
			return r;
	}
	path_in(stage, model, MODEL_ROOT, WALK_NAMES, path);
	return mkfifo(path, 0600) < 0 ? -errno : 0;
}

static int fork_actor(struct stage *stage, int from, int to)
{
	struct walk_command command = {.kind = STEP_FORK, .a = to};
	struct walk_reply reply;
	int r = talk(stage, from, &command, &reply);

	if (r == 0)
		stage->pids[to] = reply.pid;
	return r;
}

int stage_begin(struct stage *stage, const struct model *model, const struct stage_setting *setting)
{
	struct walk_command command = {.kind = WALK_BEGIN, .places = setting->places};
	struct walk_reply reply;
	int r;

	stage->sequence++;
	stage->setting = *setting;
	r = make_files(stage, model);
	if (r < 0)
		return r;
	path_in(stage, model, MODEL_ROOT, WALK_NAMES, command.path);
	r = talk(stage, WALK_STAGE, &command, &reply);
	if (r)
		return -EIO;
	for (int process = 0; process < WALK_PROCESSES; process++) {
		if (!model->processes[process].is_alive)
			continue;
		/* One reader executes its program, the others are its children. */
		r = fork_actor(stage, process == 3 ? 2 : WALK_STAGE, process);
		command = (struct walk_command){.kind = STEP_EXEC, .a = WALK_APP_READER};
		if (!r && process == 2)
			r = talk(stage, process, &command, &reply);
		if (r)
			return -EIO;
	}
	return 0;
}

/* The names that the command is about, as they are now. */
static void command_paths(struct stage *stage, const struct model *model, const struct step *step,
	struct walk_command *command)
{
	switch (step->kind) {
	case STEP_CREATE:
		path_in(stage, model, step->b, model->name_count, command->path);
		break;
	case STEP_RENAME:
		name_path(stage, model, step->a, command->path);
		path_in(stage, model, step->b, step->a, command->other);
		break;
	case STEP_LINK:
		name_path(stage, model, step->a, command->path);
		path_in(stage, model, step->b, model->name_count, command->other);
		break;
	case STEP_REPLACE:
	case STEP_EXCHANGE:
		name_path(stage, model, step->a, command->path);
		name_path(stage, model, step->b, command->other);
		break;
	case STEP_MOVE:
		directory_path(stage, model, step->a, command->path);
		directory_path(stage, model, step->b, command->other);
		(void)snprintf(command->other + strlen(command->other), 8, "/d%d", step->a);
		break;
	case STEP_READ:
	case STEP_WRITE:
	case STEP_HOLD:
	case STEP_UNLINK:
	case STEP_SET_ATTRIBUTE:
	case STEP_GET_ATTRIBUTE:
	case STEP_VFORK_READ:
		name_path(stage, model, step->a, command->path);
		break;
	default:
		break;
	}
}

/* Until it is gone it counts among those that share memory. 0 or negative errno. */
static int exit_actor(struct stage *stage, int slot)
{
	struct walk_command command = {.kind = STEP_EXIT};
	auto_close int pidfd = (int)syscall(SYS_pidfd_open, stage->pids[slot], 0);
	struct pollfd gone = {.fd = pidfd, .events = POLLIN};
	struct walk_reply reply;
	int r;

	if (pidfd < 0)
		return -errno;
	r = talk(stage, slot, &command, &reply);
	if (r < 0)
		return r;
	return poll(&gone, 1, ANSWER_SECONDS * 1000) == 1 ? r : -ETIMEDOUT;
}

int stage_step(struct stage *stage, const struct model *model, const struct step *step)
{
	struct walk_command command = {.kind = step->kind, .a = step->a, .b = step->b};
	struct walk_reply reply;
	char path[WALK_PATH];

	if (step->kind == STEP_FORGET)
		return forget(stage, model);
	if (step->kind == STEP_MARK) {
		name_path(stage, model, step->a, path);
		return mark_path(stage, path, step->b);
	}
	if (step->kind == STEP_FORK)
		return fork_actor(stage, step->who, step->a);
	if (step->kind == STEP_EXIT)
		return exit_actor(stage, step->who);
	if (step->kind == STEP_SIGNAL || step->kind == STEP_PEEK)
		command.pid = stage->pids[step->a];
	command_paths(stage, model, step, &command);
	return talk(stage, step->who, &command, &reply);
}

static void remove_files(struct stage *stage, const struct model *model)
{
	char path[WALK_PATH];

	for (int name = 0; name < model->name_count; name++) {
		name_path(stage, model, name, path);
		(void)unlink(path); /* some are gone already */
	}
	path_in(stage, model, MODEL_ROOT, WALK_NAMES, path);
	(void)unlink(path); /* as above */
	for (int depth = 0; depth < WALK_DIRECTORIES; depth++)
		for (int directory = 0; directory < WALK_DIRECTORIES; directory++) {
			directory_path(stage, model, directory, path);
			(void)rmdir(path); /* those inside go first */
		}
}

static int take_record(void *userdata, void *bytes, size_t size_bytes)
{
	(void)userdata;
	(void)bytes; /* what records say is shown elsewhere */
	(void)size_bytes;
	return 0;
}

void stage_end(struct stage *stage, const struct model *model)
{
	struct walk_command command = {.kind = STEP_EXIT};
	struct walk_reply reply;

	for (int process = 0; process < WALK_PROCESSES; process++)
		if (model->processes[process].is_alive)
			(void)talk(stage, process, &command, &reply); /* or is gone */
	remove_files(stage, model);
	(void)ring_buffer__consume(stage->ring); /* makes room in the ring */
}

int stage_taint(struct stage *stage, int process, uint64_t *ret_labels)
{
	uint32_t app;
	int r = kernel_taint(stage->kernel, stage->pids[process], ret_labels, &app);

	if (r == -ENOENT) {
		*ret_labels = 0;
		return 0;
	}
	return r;
}

int stage_labels(struct stage *stage, const struct model *model, int name, uint64_t *ret_labels)
{
	struct kernel_inode inode;
	auto_close int fd = -EBADF;
	char path[WALK_PATH];
	int r;

	name_path(stage, model, name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	r = kernel_inode(stage->kernel, fd, &inode);
	if (r == 0)
		*ret_labels = inode.labels;
	return r;
}

/* Both ends, the actors' at their numbers. */
static int make_controls(struct stage *stage)
{
	struct timeval patience = {.tv_sec = ANSWER_SECONDS};

	for (int slot = 0; slot <= WALK_STAGE; slot++) {
		int ends[2];

		if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) < 0)
			return -errno;
		if (setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
			return -errno;
		stage->controls[slot] = ends[0];
		if (dup2(ends[1], WALK_CONTROL + slot) < 0)
			return -errno;
		(void)close(ends[1]); /* the copy is used */
	}
	return 0;
}

static int start_actors(struct stage *stage)
{
	char slot[16];
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		(void)snprintf(slot, sizeof(slot), "%d", WALK_STAGE);
		(void)execl(PLAIN, PLAIN, slot, (char *)NULL);
		_exit(127);
	}
	stage->pids[WALK_STAGE] = pid;
	return 0;
}

static int set_app(struct stage *stage, const char *path, enum walk_app app)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : kernel_set_app(stage->kernel, fd, app);
}

static int set_local(struct stage *stage, const char *directory)
{
	struct hf_volume volume = {.channel = HF_CHANNEL_LOCAL_FILE};
	struct stat status;

	if (stat(directory, &status) < 0)
		return -errno;
	return kernel_set_volume(
		stage->kernel, major(status.st_dev) << 20 | minor(status.st_dev), &volume);
}

static int make_policy(struct stage *stage)
{
	auto_free struct hf_bank *bank = calloc(1, sizeof(*bank));
	int r;

	if (!bank)
		return -ENOMEM;
	bank->serial = 1;
	for (int channel = 0; channel < HF_CHANNEL_MAX; channel++)
		bank->channels[channel].block = WALK_ALL;
	bank->channels[HF_CHANNEL_LOCAL_FILE] = (struct hf_channel_masks){
		.block = WALK_LABEL_VIEW,
		.follow = WALK_FOLLOW,
	};
	bank->channels[HF_CHANNEL_PASS] = bank->channels[HF_CHANNEL_LOCAL_FILE];
	bank->apps[WALK_APP_DRIVER].flags = HF_APP_CARRIER;
	bank->apps[WALK_APP_READER].open = WALK_ALL;
	r = kernel_publish(stage->kernel, bank, NULL, 0, &(const struct kernel_services){0});
	if (r < 0)
		return r;
	r = set_app(stage, "/proc/self/exe", WALK_APP_DRIVER);
	if (r < 0)
		return r;
	return set_app(stage, READER, WALK_APP_READER);
}

int stage_open(const char *const *directories, struct stage **ret)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	struct kernel_support support;
	cpu_set_t one;
	int r;

	if (!stage)
		return -ENOMEM;
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	/* They take turns: on one CPU none has to be woken elsewhere, which is slow in a machine. */
	(void)sched_setaffinity(0, sizeof(one), &one); /* else it is slow */
	r = make_controls(stage);
	if (r < 0)
		return r;
	/* The actors are there before the kernel part: what they are born with is nothing. */
	r = start_actors(stage);
	if (r < 0)
		return r;
	r = kernel_open(KERNEL_PIN_DIRECTORY, &support, &stage->kernel);
	for (unsigned int i = 0; i < support.missing_count; i++)
		fprintf(stderr, "missing: %s\n", support.missing[i]);
	if (r < 0)
		return r;
	for (; *directories; directories++) {
		r = set_local(stage, *directories);
		if (r < 0)
			return r;
	}
	stage->ring = ring_buffer__new(
		bpf_obj_get(KERNEL_PIN_DIRECTORY "/maps/hf_ring"), take_record, NULL, NULL);
	if (!stage->ring)
		return -errno;
	r = make_policy(stage);
	if (r < 0)
		return r;
	*ret = stage;
	return 0;
}
