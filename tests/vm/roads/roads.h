/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roads out of a labelled file. One road is one function: it reads job->source and tries to bring
 * the content to job->target by one way. The case judges; a road only says what happened.
 */
#ifndef HOLDFAST_TESTS_ROADS_H
#define HOLDFAST_TESTS_ROADS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/cleanup.h"

#define ROAD_CONTENT_MAX 4096 /* bytes of the source that are carried */
#define ROAD_ARG_MAX	 4

enum road_exit {
	ROAD_EXIT_OUT = 0,	/* the content got out */
	ROAD_EXIT_REFUSED = 10, /* EPERM or EACCES on the way */
	ROAD_EXIT_BROKEN = 20,	/* anything else: says nothing about enforcement */
	ROAD_EXIT_UNREAD = 21,	/* the source could not be read by a program that may */
	ROAD_EXIT_ABSENT = 30,	/* this kernel has no such thing */
	ROAD_EXIT_ERRNO = 100,	/* broken as above, plus the errno that says by what */
};

struct job {
	const char *source;
	const char *target;
	const char *arg[ROAD_ARG_MAX]; /* what follows the target; NULL = not given */
	bool may_refuse_read;	       /* a refusal of the read itself counts as refused */
	int source_fd;		       /* -EBADF until job_read() */
	size_t size;
	char *content; /* ROAD_CONTENT_MAX bytes, aligned for O_DIRECT */
};

struct road {
	const char *name;
	int (*run)(struct job *job); /* 0 or positive, or negative errno */
	bool may_refuse_read;
};

/* Tables of the families, each ended by a row without a name. */
extern const struct road roads_files[];
extern const struct road roads_names[];
extern const struct road roads_splice[];
extern const struct road roads_uring[];
extern const struct road roads_rings[];
extern const struct road roads_open[];
extern const struct road roads_descriptors[];
extern const struct road roads_process[];
extern const struct road roads_trace[];
extern const struct road roads_network[];
extern const struct road roads_packet[];
extern const struct road roads_devices[];
extern const struct road roads_ipc[];
extern const struct road roads_handover[];
extern const struct road roads_chain[];
extern const struct road roads_loopback[];
extern const struct road roads_shared[];

/* Opens and reads the source. Exits with ROAD_EXIT_UNREAD when that is refused and may not be. */
int job_read(struct job *job);

/* Opens the target for writing (O_CREAT); flags are added. Descriptor or negative errno. */
int job_open_target(const struct job *job, int flags);

/* -errno of a call that returned -1, else its value. */
int check_call(long value);

/* Writes all of it; -EIO when the kernel took less without an error. */
int write_all(int fd, const void *data, size_t size);

/* Stores the content into a shared mapping, and from there to its file. */
int job_store(const struct job *job, char *map);

/* Waits for a child; what it says by its exit status: 0, -EPERM, or -ECHILD for anything else. */
int wait_child(pid_t pid);

/*
 * Between a reader and a plain program that was there before it read: road_go_prepare() before the
 * fork, '@wait' first among the plain program's verbs, road_go() when it may begin.
 */
void road_go_prepare(void);
void road_go(pid_t pid);
void road_go_wait(void);

/* Reads, lets the child begin, and waits for what it says. */
int job_read_then_go(struct job *job, pid_t pid);

/* A child that was there before: it opens the target, and writes there what map holds on road_go(). */
pid_t fork_copier(const struct job *job, const char *map);

/* Reads, and stores it in memory that such a child has as well. */
int job_share(struct job *job, char *map);

/* For the end of a forked child: leaves with the road_exit that r stands for. */
_Noreturn void exit_road(int r);

/* Starts hf-road-plain, a program without rights, as 'plain VERB ARGUMENT...'. Ends with NULL. */
pid_t spawn_plain(const char *verb, ...);

/* Replaces this process by 'plain VERB ARGUMENT...'. Negative errno. */
int exec_plain(const char *verb, ...);

/* A plain program that waits, or is in read(), on descriptor `from` as its standard input. */
pid_t plain_on(struct job *job, int from, bool is_waiting);

/* Reads the source and writes it to one end, while such a program is at the other. */
int hand_over(struct job *job, int from, int to, bool is_waiting);

/* A terminal in raw mode: its master side and its other one. flags: O_CLOEXEC or 0. 0 or -errno. */
int open_terminal(int ret_ends[2], int flags);

/* The verbs of hf-road-plain; -ENOENT when verb is none. argv starts behind the verb. */
int plain_verb(const char *verb, int argc, char **argv);

#endif
