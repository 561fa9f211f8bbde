/* SPDX-License-Identifier: Apache-2.0 */
/* Roads by pipes inside the kernel: splice, tee and vmsplice, to a file. */
#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "roads.h"

struct splice {
	int target;
	int pipe[2];
	int second[2];
};

/* Everything is there before the read, so that only the moves themselves can be refused. */
static int prepare(struct job *job, struct splice *splice)
{
	if (pipe2(splice->pipe, O_CLOEXEC) || pipe2(splice->second, O_CLOEXEC))
		return -errno;
	splice->target = job_open_target(job, 0);
	if (splice->target < 0)
		return splice->target;
	return job_read(job);
}

static int move(int from, int to, size_t size)
{
	ssize_t moved = splice(from, NULL, to, NULL, size, SPLICE_F_MOVE);

	if (moved < 0)
		return -errno;
	return moved == 0 ? -EIO : 0;
}

/* And the content is in the first pipe. */
static int fill(struct job *job, struct splice *splice)
{
	int r = prepare(job, splice);

	return r < 0 ? r : move(job->source_fd, splice->pipe[1], job->size);
}

static int road_splice(struct job *job)
{
	struct splice splice;
	int r = fill(job, &splice);

	return r < 0 ? r : move(splice.pipe[0], splice.target, job->size);
}

static int road_splice_two_pipes(struct job *job)
{
	struct splice splice;
	int r = fill(job, &splice);

	if (r < 0)
		return r;
	r = move(splice.pipe[0], splice.second[1], job->size);
	return r < 0 ? r : move(splice.second[0], splice.target, job->size);
}

static int road_tee(struct job *job)
{
	struct splice splice;
	int r = fill(job, &splice);

	if (r < 0)
		return r;
	r = check_call(tee(splice.pipe[0], splice.second[1], job->size, 0));
	return r < 0 ? r : move(splice.second[0], splice.target, job->size);
}

/* The pages of this process's memory become the pipe's. */
static int road_vmsplice(struct job *job)
{
	struct iovec part = {0};
	struct splice splice;
	int r = prepare(job, &splice);

	if (r < 0)
		return r;
	part = (struct iovec){.iov_base = job->content, .iov_len = job->size};
	r = check_call(vmsplice(splice.pipe[1], &part, 1, 0));
	return r < 0 ? r : move(splice.pipe[0], splice.target, job->size);
}

static int road_sendfile_pipe(struct job *job)
{
	struct splice splice;
	int r = prepare(job, &splice);

	if (r < 0)
		return r;
	r = check_call(sendfile(splice.pipe[1], job->source_fd, NULL, job->size));
	return r < 0 ? r : move(splice.pipe[0], splice.target, job->size);
}

/* tee and vmsplice have no hook: the pipe must carry the labels to a program without rights. */
static int fill_for_plain(struct job *job, bool by_vmsplice)
{
	struct iovec part = {0};
	struct splice splice;
	int r = prepare(job, &splice);

	if (r < 0)
		return r;
	part = (struct iovec){.iov_base = job->content, .iov_len = job->size};
	if (by_vmsplice) {
		r = check_call(vmsplice(splice.second[1], &part, 1, 0));
	} else {
		r = move(job->source_fd, splice.pipe[1], job->size);
		if (r == 0)
			r = check_call(tee(splice.pipe[0], splice.second[1], job->size, 0));
	}
	return r < 0 ? r : splice.second[0];
}

/*
 * The plain program is there, and waits, before the source is read: it inherits nothing. It gets
 * the content by a pipe only.
 */
static int pipe_to_waiting(struct job *job, bool by_vmsplice)
{
	int out[2], r;
	pid_t pid;

	if (pipe(out))
		return -errno;
	pid = fork();
	if (pid == 0) {
		(void)dup2(out[0], STDIN_FILENO);
		close(out[0]);
		close(out[1]);
		exit_road(exec_plain("@stdin-to", job->target, NULL));
	}
	close(out[0]);
	(void)usleep(300000);
	r = fill_for_plain(job, by_vmsplice);
	if (r >= 0)
		r = move(r, out[1], job->size);
	close(out[1]);
	return r < 0 ? r : wait_child(pid);
}

static int road_tee_pipe(struct job *job)
{
	return pipe_to_waiting(job, false);
}

static int road_vmsplice_pipe(struct job *job)
{
	return pipe_to_waiting(job, true);
}

const struct road roads_splice[] = {
	{"splice", road_splice, false},
	{"splice-two-pipes", road_splice_two_pipes, false},
	{"tee", road_tee, false},
	{"vmsplice", road_vmsplice, false},
	{"sendfile-pipe", road_sendfile_pipe, false},
	{"tee-pipe", road_tee_pipe, false},
	{"vmsplice-pipe", road_vmsplice_pipe, false},
	{0},
};
