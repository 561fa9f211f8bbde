/* SPDX-License-Identifier: Apache-2.0 */
/* Roads by looking into a labelled reader's memory, from a program without rights. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "roads.h"

/* A plain program that is to look here; it is there before the read, so it inherits nothing. */
static pid_t spawn_looker(const struct job *job, const char *verb, bool is_waiting)
{
	char self[16], address[32];

	snprintf(self, sizeof(self), "%d", (int)getpid());
	snprintf(address, sizeof(address), "%lx", (unsigned long)job->content);
	(void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* for yama; EINVAL without it */
	road_go_prepare();
	return is_waiting ? spawn_plain("@wait", verb, self, address, NULL)
			  : spawn_plain(verb, self, address, NULL);
}

static int looked_at(struct job *job, const char *verb)
{
	return job_read_then_go(job, spawn_looker(job, verb, true));
}

static int road_ptrace(struct job *job)
{
	return looked_at(job, "@peek");
}

static int road_vm_read(struct job *job)
{
	return looked_at(job, "@vm-read");
}

static int road_memory(struct job *job)
{
	return looked_at(job, "@memory");
}

static bool is_traced(void)
{
	char line[256];
	bool traced = false;
	int pid;
	FILE *status = fopen("/proc/self/status", "re");

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "TracerPid: %d", &pid) == 1)
			traced = pid != 0;
	if (status)
		fclose(status);
	return traced;
}

/* Traced while it had nothing to hide; then it reads. */
static int road_traced_then_read(struct job *job)
{
	pid_t pid = spawn_looker(job, "@trace", false);

	for (int tries = 0; !is_traced(); tries++) {
		if (tries == 100)
			return -ETIMEDOUT;
		(void)usleep(50000);
	}
	return job_read_then_go(job, pid);
}

/* Asks its parent to trace it after it has read. */
static int road_trace_me(struct job *job)
{
	pid_t pid = fork();
	int r;

	if (pid == 0) {
		r = job_read(job);
		exit_road(r < 0 ? r : check_call(ptrace(PTRACE_TRACEME, 0, NULL, NULL)));
	}
	return wait_child(pid);
}

const struct road roads_trace[] = {
	{"ptrace", road_ptrace, false},
	{"vm-read", road_vm_read, false},
	{"memory", road_memory, false},
	{"traced-then-read", road_traced_then_read, true},
	{"trace-me", road_trace_me, false},
	{0},
};
