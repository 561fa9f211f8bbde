/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdfast-verify may ask: it is not root, and parses what people send. So nothing of the request but
 * two numbers is looked at, a user is one of people, and who is root is never asked for.
 */
#include "agent/supervisor/workers.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/ipc/worker.h"
#include "agent/supervisor/process.h"
#include "common/channel.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/privileges.h"

#define SHADOW_GROUP "shadow"
#define PAGE_USER    "holdfast-page"
#define PASSWORD_S   60
#define PAGE_S	     960

struct row {
	const char *program;
	unsigned int limit_s;
	/* Whom it becomes; 0 or negative errno: it is not started. */
	int (*become)(const struct worker_request *request, struct process_plan *plan);
};

/*
 * The user whose password it is: PAM asks no helper with more rights, and the group is what its helper
 * would get, which it can't with no_new_privs. As the group is not the user's own, none of the user's
 * other processes may look into this one: ptrace(2).
 */
static int become_person(const struct worker_request *request, struct process_plan *plan)
{
	if (request->uid < WORKER_UID_MIN || request->uid == WORKER_UID_NOBODY ||
		request->uid == (uint32_t)-1)
		return -EPERM;
	plan->uid = request->uid;
	return privileges_find_group(SHADOW_GROUP, &plan->gid);
}

static int become_page(const struct worker_request *request, struct process_plan *plan)
{
	(void)request; /* it asks nobody's processes for anything */
	return privileges_find_user(PAGE_USER, &plan->uid, &plan->gid);
}

static const struct row rows[] = {
	[WORKER_PASSWORD] = {"holdfast-password", PASSWORD_S, become_person},
	[WORKER_PAGE] = {"holdfast-page", PAGE_S, become_page},
};

static struct worker_process *free_place(struct workers *workers)
{
	for (size_t i = 0; i < WORKERS_MAX; i++)
		if (!workers->processes[i].process)
			return &workers->processes[i];
	return NULL;
}

static int start(struct workers *workers, const struct supervisor_options *options,
	const struct worker_request *request, int fd)
{
	struct worker_process *place = free_place(workers);
	struct process_plan plan = {
		.directory = options->libexec_directory,
		.peer_fd = fd,
		.second_fd = -EBADF,
		.has_user = true,
		.group = (gid_t)-1,
	};
	const struct row *row;
	pid_t process;
	int r;

	if (request->kind >= sizeof(rows) / sizeof(rows[0]) || !rows[request->kind].program)
		return -EOPNOTSUPP;
	row = &rows[request->kind];
	if (!place)
		return -EBUSY;
	r = row->become(request, &plan);
	if (r < 0)
		return r;
	plan.arguments[0] = row->program;
	process = process_start(&plan);
	if (process < 0)
		return (int)process;
	place->process = process;
	place->end_ns = clock_boot_ns() + row->limit_s * CLOCK_SECOND_NS;
	return 0;
}

int workers_serve(struct workers *workers, const struct supervisor_options *options, int fd)
{
	static struct log_limit limit = {.burst = 6};
	struct channel from = {.fd = fd}; /* to receive by, no more */
	uint8_t bytes[WORKER_REQUEST_SIZE];
	struct worker_request request;
	auto_close int worker_fd = -EBADF;
	int size = channel_receive(&from, bytes, sizeof(bytes), &worker_fd);
	int r;

	if (size == -EAGAIN || size == -EINTR)
		return -EAGAIN;
	if (size <= 0)
		return -EPIPE;
	r = worker_request_get(bytes, (size_t)size, &request);
	if (r == 0 && worker_fd < 0)
		r = -EBADMSG;
	if (r == 0)
		r = start(workers, options, &request, worker_fd);
	if (r < 0 && log_allowed(&limit))
		log_warning(
			"a worker that holdfast-verify asked for is not started: %s", strerror(-r));
	return 0;
}

static void end(struct worker_process *worker)
{
	(void)kill(worker->process, SIGKILL);	 /* ours, not reaped: can't be another's id */
	(void)waitpid(worker->process, NULL, 0); /* killed */
	worker->process = 0;
}

void workers_tick(struct workers *workers)
{
	uint64_t now = clock_boot_ns();

	for (size_t i = 0; i < WORKERS_MAX; i++) {
		struct worker_process *worker = &workers->processes[i];

		if (!worker->process)
			continue;
		if (waitpid(worker->process, NULL, WNOHANG) == worker->process)
			worker->process = 0;
		else if (now > worker->end_ns)
			end(worker);
	}
}

void workers_stop(struct workers *workers)
{
	for (size_t i = 0; i < WORKERS_MAX; i++)
		if (workers->processes[i].process)
			end(&workers->processes[i]);
}
