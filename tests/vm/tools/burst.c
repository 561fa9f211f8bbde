/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens one file over and over, from several processes at once, and counts how it went. For the
 * tests that kill the agent, swap policies or flood the ring meanwhile: an answer that should
 * never be given must not be given even once.
 *
 *   burst refused|allowed PATH COUNT PROCESSES	COUNT opens in all
 *   burst refused|allowed PATH until STOPFILE PROCESSES	until STOPFILE exists
 *
 * Prints "opens N wrong M". Exit: 0 none wrong, 1 some wrong, 2 could not run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESS_MAX 64

struct tally {
	unsigned long opens;
	unsigned long wrong;
	int first_errno; /* of the first wrong refusal; 0 = a wrong success */
};

struct task {
	const char *path;
	const char *stop_file; /* NULL: count decides */
	unsigned long count;
	bool is_refused_right;
};

static void open_once(const struct task *task, struct tally *tally)
{
	int fd = open(task->path, O_RDONLY | O_CLOEXEC);
	bool was_refused = fd < 0 && (errno == EPERM || errno == EACCES);
	bool is_right = task->is_refused_right ? was_refused : fd >= 0;

	if (!is_right && !tally->wrong++)
		tally->first_errno = fd < 0 ? errno : 0;
	tally->opens++;
	if (fd >= 0)
		(void)close(fd); /* read only */
}

static void run(const struct task *task, struct tally *tally)
{
	if (!task->stop_file) {
		while (tally->opens < task->count)
			open_once(task, tally);
		return;
	}
	while (access(task->stop_file, F_OK) < 0)
		for (int i = 0; i < 100; i++)
			open_once(task, tally);
}

int main(int argc, char **argv)
{
	struct tally *tallies, sum = {0};
	struct task task = {0};
	int processes;

	if (argc != 5 && argc != 6) {
		fprintf(stderr,
			"usage: burst refused|allowed PATH COUNT|until STOPFILE PROCESSES\n");
		return 2;
	}
	task.is_refused_right = !strcmp(argv[1], "refused");
	task.path = argv[2];
	processes = atoi(argv[argc - 1]);
	if (processes < 1 || processes > PROCESS_MAX)
		return 2;
	if (argc == 6)
		task.stop_file = argv[4];
	else
		task.count = strtoul(argv[3], NULL, 10) / (unsigned long)processes;
	tallies = mmap(NULL, sizeof(*tallies) * PROCESS_MAX, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tallies == MAP_FAILED)
		return 2;
	for (int i = 0; i < processes; i++) {
		if (fork() != 0)
			continue;
		run(&task, &tallies[i]);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	for (int i = 0; i < processes; i++) {
		sum.opens += tallies[i].opens;
		sum.wrong += tallies[i].wrong;
		if (tallies[i].wrong)
			sum.first_errno = tallies[i].first_errno;
	}
	printf("opens %lu wrong %lu%s%s\n", sum.opens, sum.wrong, sum.wrong ? " " : "",
		!sum.wrong	  ? ""
		: sum.first_errno ? strerror(sum.first_errno)
				  : "opened");
	return sum.wrong || !sum.opens;
}
