/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of names, by a process of its own: getaddrinfo(3) waits as long as it likes, and who watches
 * the network must not.
 */
#ifndef HOLDFAST_AGENT_SCOUT_NAMES_H
#define HOLDFAST_AGENT_SCOUT_NAMES_H

#include "agent/ipc/scout.h"

struct names {
	int fd; /* own: to the process */
	bool is_asked;
	size_t count;
	struct {
		char name[SCOUT_NAME_SIZE];
		uint64_t due_ns;
	} names[SCOUT_NAME_MAX];
};

/* Forks; the child does not come back. 0 or negative errno. */
int names_start(struct names *names);
/* These and no others; each is asked for at once. */
void names_want(struct names *names, const struct scout_want *want);
/* All are asked for anew: the network has changed. */
void names_again(struct names *names);
/* Asks for the next one that is due. */
void names_tick(struct names *names);
/* True: *ret_name is an answer. */
bool names_on_answer(struct names *names, struct scout_name *ret_name);

#endif
