/* SPDX-License-Identifier: Apache-2.0 */
/* See the header. Unlike the other three, an exporter that ends says nothing of the others. */
#include "console/cli/serve_exports.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "console/cli/cli.h"
#include "console/exporter/config.h"
#include "console/exporter/exporter.h"

#define PAUSE_MIN_NS (CLOCK_SECOND_NS / 10)
#define PAUSE_MAX_NS (30 * CLOCK_SECOND_NS)
#define STEADY_NS    (60 * CLOCK_SECOND_NS)  /* as in serve.c, and so is the next */
#define HANG_NS	     (120 * CLOCK_SECOND_NS) /* a resolver without an answer takes a while */
#define STOP_TRIES   100
#define STOP_WAIT_MS 50

struct child {
	pid_t pid; /* 0 = none */
	int life;  /* end to read */
	uint64_t life_ns, started_ns, due_ns, pause_ns;
};

struct serve_exports {
	bool is_root, is_verbose;
	char path[PATH_MAX];
	struct config config;
	struct child children[EXPORT_OUTPUT_MAX];
};

static void log_problems(const char *path, const struct policy_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct policy_problem *problem = &problems->items[i];

		log_error("%s:%u: %s%s%s", path, problem->line, problem->message,
			problem->hint ? "; meant: " : "", problem->hint ? problem->hint : "");
	}
}

/* 0, or -EINVAL when what is there is not to be used. */
static int read_config(const struct serve_exports *exports, struct config *ret_config)
{
	auto_call(policy_problems_done) struct policy_problems problems = {0};
	int r = config_read(exports->path, ret_config, &problems);

	if (r == -ENOENT)
		return 0;
	log_problems(exports->path, &problems);
	if (r < 0)
		log_error("cannot use '%s': %s; see holdfast-console export check", exports->path,
			r == -EINVAL ? "it has mistakes" : strerror(-r));
	return r;
}

struct serve_exports *serve_exports_new(bool is_root, bool is_verbose)
{
	static struct serve_exports exports;

	exports = (struct serve_exports){.is_root = is_root, .is_verbose = is_verbose};
	for (unsigned int i = 0; i < EXPORT_OUTPUT_MAX; i++)
		exports.children[i].life = -EBADF;
	cli_config_path(exports.path, sizeof(exports.path), CONFIG_FILE_NAME);
	if (read_config(&exports, &exports.config) < 0) {
		log_error("nothing is exported until it is put right and the console reloaded; "
			  "nothing is lost");
		exports.config.count = 0;
	}
	return &exports;
}

static void exec_child(
	const struct serve_exports *exports, const struct config_output *output, int life_fd)
{
	char life[16];
	const char *words[16] = {"holdfast-console", "exporter", "--config", exports->path,
		"--name", output->name, "--runtime-dir", cli.runtime_directory, "--life-fd", life};
	unsigned int count = 10;
	sigset_t none;

	(void)sigemptyset(&none); /* can't fail, as below */
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)fcntl(life_fd, F_SETFD, 0);
	(void)snprintf(life, sizeof(life), "%d", life_fd);
	if (exports->is_root) {
		words[count++] = "--user";
		words[count++] = CLI_EXPORTER_USER;
	}
	if (exports->is_verbose)
		words[count++] = "--verbose";
	(void)execv("/proc/self/exe", (char **)(uintptr_t)words); /* returns on failure only */
	log_error("cannot run an exporter: %m");
	_exit(EXIT_FAILURE);
}

static void start_child(const struct serve_exports *exports, unsigned int which)
{
	struct child *child = (struct child *)(uintptr_t)&exports->children[which];
	int life[2];

	if (pipe2(life, O_CLOEXEC | O_NONBLOCK) < 0)
		return; /* tried again in a second */
	child->pid = fork();
	if (child->pid == 0)
		exec_child(exports, &exports->config.outputs[which], life[1]);
	(void)close(life[1]); /* the child's */
	if (child->pid < 0) {
		(void)close(life[0]); /* of no use */
		child->pid = 0;
		return;
	}
	child->life = life[0];
	child->life_ns = child->started_ns = clock_boot_ns();
}

void serve_exports_start(struct serve_exports *exports)
{
	uint64_t now_ns = clock_boot_ns();

	for (unsigned int i = 0; i < exports->config.count; i++)
		if (!exports->children[i].pid && now_ns >= exports->children[i].due_ns)
			start_child(exports, i);
}

unsigned int serve_exports_poll_fill(
	const struct serve_exports *exports, struct pollfd polls[EXPORT_OUTPUT_MAX])
{
	for (unsigned int i = 0; i < exports->config.count; i++)
		polls[i] = (struct pollfd){exports->children[i].life, POLLIN, 0};
	return exports->config.count;
}

static void is_gone(const struct config_output *output, struct child *child, const char *why)
{
	if (clock_boot_ns() - child->started_ns > STEADY_NS || !child->pause_ns)
		child->pause_ns = PAUSE_MIN_NS;
	log_warning("the exporter to '%s' %s; starting it in %llu ms", output->name, why,
		(unsigned long long)(child->pause_ns / 1000000));
	child->due_ns = clock_boot_ns() + child->pause_ns;
	child->pause_ns *= 2;
	if (child->pause_ns > PAUSE_MAX_NS)
		child->pause_ns = PAUSE_MAX_NS;
	(void)close(child->life); /* read only */
	child->life = -EBADF;
	child->pid = 0;
}

void serve_exports_look_after(struct serve_exports *exports)
{
	for (unsigned int i = 0; i < exports->config.count; i++) {
		struct child *child = &exports->children[i];
		char letter;

		if (!child->pid)
			continue;
		while (read(child->life, &letter, 1) == 1)
			child->life_ns = clock_boot_ns();
		if (waitpid(child->pid, NULL, WNOHANG) == child->pid) {
			is_gone(&exports->config.outputs[i], child, "ended");
		} else if (clock_boot_ns() - child->life_ns > HANG_NS) {
			(void)kill(child->pid, SIGKILL); /* ours, not reaped */
			(void)waitpid(child->pid, NULL, 0);
			is_gone(&exports->config.outputs[i], child, "hangs");
		}
	}
}

static bool reap_all(struct serve_exports *exports)
{
	bool is_empty = true;

	for (unsigned int i = 0; i < exports->config.count; i++) {
		struct child *child = &exports->children[i];

		if (child->pid && waitpid(child->pid, NULL, WNOHANG) == child->pid)
			child->pid = 0;
		is_empty &= !child->pid;
	}
	return is_empty;
}

void serve_exports_stop(struct serve_exports *exports)
{
	for (unsigned int i = 0; i < exports->config.count; i++)
		if (exports->children[i].pid)
			(void)kill(exports->children[i].pid, SIGTERM); /* ours, not reaped */
	for (int i = 0; i < STOP_TRIES && !reap_all(exports); i++)
		(void)poll(NULL, 0, STOP_WAIT_MS);
	for (unsigned int i = 0; i < exports->config.count; i++) {
		struct child *child = &exports->children[i];

		if (child->pid) {
			(void)kill(child->pid, SIGKILL);    /* likewise */
			(void)waitpid(child->pid, NULL, 0); /* killed */
		}
		if (child->life >= 0)
			(void)close(child->life); /* read only */
		*child = (struct child){.life = -EBADF};
	}
}

void serve_exports_reload(struct serve_exports *exports)
{
	struct config config;

	if (read_config(exports, &config) < 0)
		return; /* said, and all goes on as it is */
	serve_exports_stop(exports);
	exports->config = config;
	log_notice("'%s' was read: %u outputs", exports->path, config.count);
}
