/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets of rtnetlink(7): told of changes by one, asked on the other for all there is. */
#ifndef HOLDFAST_AGENT_SCOUT_DUMP_H
#define HOLDFAST_AGENT_SCOUT_DUMP_H

#include "agent/scout/netlink.h"

enum dump_stage { DUMP_LINKS, DUMP_ADDRESSES, DUMP_ROUTES, DUMP_NEIGHBOURS, DUMP_WHOLE };

struct dump {
	int events_fd; /* own */
	int asked_fd;  /* own */
	bool is_dirty; /* something has changed since the dump under way was begun */
	enum dump_stage stage;
	uint64_t begun_ns; /* of this stage; 0 = no dump is under way */
	struct netlink_tables tables;
};

/* 0 or negative errno. */
int dump_open(struct dump *dump);
/* Something was said on the first socket; whatever it is. */
void dump_on_event(struct dump *dump);
/* Begins one when one is due and none is under way. */
void dump_tick(struct dump *dump);
/* Something came on the second. True: the tables are whole and new. */
bool dump_on_answer(struct dump *dump);

#endif
