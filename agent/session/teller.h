/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a witness tells the engine: that it is there, and the captures that it sees, added up. Blocking,
 * as its process does nothing else.
 */
#ifndef HOLDFAST_AGENT_SESSION_TELLER_H
#define HOLDFAST_AGENT_SESSION_TELLER_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/ipc/request.h"
#include "agent/session/retry.h"

#define TELLER_CAPTURES_MAX 32	 /* more of one moment are one without a process */
#define TELLER_GATHER_MS    1000 /* so long captures of one process are added up */
#define TELLER_RETRY_MAX_MS 30000
#define TELLER_ASK_MS	    20000 /* so long until it is asked again whether to watch */
#define TELLER_PROGRAM_SIZE 64

struct capture {
	uint32_t pid;	     /* 0 = nobody knows */
	unsigned int method; /* enum capture_method */
	char program[TELLER_PROGRAM_SIZE];
};

struct teller {
	int fd; /* -EBADF when there is no agent */
	const char *runtime_directory;
	char display[LOCAL_LABEL_SIZE]; /* what is watched: ":0", "session bus" */
	bool is_wanted, clears_on_lock; /* the engine's answer, of the policy in force */
	struct retry retry;
	struct {
		struct capture capture;
		uint64_t count;
	} waiting[TELLER_CAPTURES_MAX];
	unsigned int count;
	uint64_t since_ms; /* the first that waits */
};

/* runtime_directory: borrowed for good. */
void teller_init(struct teller *teller, const char *runtime_directory, const char *display);
void teller_add(struct teller *teller, const struct capture *capture, uint64_t now_ms);
/* Waits until the engine is there, and its policy wants the screen watched. */
void teller_wait(struct teller *teller);
/* Connects, and sends what has waited. Milliseconds until it wants to be called again, or -1. */
int teller_tick(struct teller *teller, uint64_t now_ms);
/* Whether the engine is still there. */
struct pollfd teller_poll(const struct teller *teller);
void teller_on_poll(struct teller *teller, short events);
/* Nothing is watched now: who asks the engine is told so. What waits is kept. */
void teller_close(struct teller *teller);

/* The name of a process of one's own, "" when it is gone. */
void capture_program(struct capture *capture);

#endif
