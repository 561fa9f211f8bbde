/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the driver and the actors say to one another, over a unix socket for each process. The driver
 * is a carrier by its verified identity: what labelled actors answer does not label it, and while it
 * waits for an answer, those may answer too that may hand nothing to others.
 */
#ifndef HOLDFAST_TESTS_WALK_PROTOCOL_H
#define HOLDFAST_TESTS_WALK_PROTOCOL_H

#include "walk.h"

#define WALK_STAGE   WALK_PROCESSES /* slot of the process that makes what the others share */
#define WALK_BEGIN   STEP_MAX	    /* to the stage alone: everything anew */
#define WALK_PATH    128
#define WALK_CONTROL 100 /* first descriptor of the actors' ends */

struct walk_command {
	int kind; /* enum step_kind, or WALK_BEGIN */
	int a;
	int b;
	int pid;
	unsigned int places; /* of WALK_BEGIN: bits */
	char path[WALK_PATH];
	char other[WALK_PATH];
};

struct walk_reply {
	int error; /* errno, 0 */
	int pid;   /* of the child */
};

#endif
