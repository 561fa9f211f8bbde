/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the random walk share: the steps, the cast and the stage. A step is something
 * that one process does; the model says what must come of it, the actors do it, main.c compares.
 */
#ifndef HOLDFAST_TESTS_WALK_H
#define HOLDFAST_TESTS_WALK_H

#include <stdint.h>

#define WALK_PROCESSES	 6  /* that can live at a time */
#define WALK_NAMES	 24 /* of files, in one sequence; none is used again */
#define WALK_DIRECTORIES 7
#define WALK_LENGTH_MAX	 64 /* steps of one sequence */
#define WALK_INODES	 (WALK_NAMES + 2)
#define WALK_INODE_MEMFD WALK_NAMES
#define WALK_INODE_SHM	 (WALK_NAMES + 1)

/* Three labels: two that follow, and one that may only be viewed. */
#define WALK_LABEL_A	1u
#define WALK_LABEL_B	2u
#define WALK_LABEL_VIEW 4u
#define WALK_FOLLOW	(WALK_LABEL_A | WALK_LABEL_B)
#define WALK_ALL	(WALK_FOLLOW | WALK_LABEL_VIEW)

/* Verified applications: the driver, which is a carrier, and one that may open all labels. */
enum walk_app {
	WALK_APP_PLAIN = 0,
	WALK_APP_DRIVER = 1,
	WALK_APP_READER = 2,
};

/* What carries content between processes. Two for what has two directions. */
enum walk_place {
	PLACE_PIPE,
	PLACE_PIPE_OTHER,
	PLACE_FIFO,
	PLACE_STREAM,
	PLACE_STREAM_BACK,
	PLACE_DATAGRAM,
	PLACE_DATAGRAM_BACK,
	PLACE_PACKET,
	PLACE_PACKET_BACK,
	PLACE_RIGHTS, /* a datagram socket for descriptors */
	PLACE_TERMINAL_OUT,
	PLACE_TERMINAL_IN,
	PLACE_MEMFD,
	PLACE_QUEUE,	   /* SysV */
	PLACE_QUEUE_POSIX, /* the last two have no descriptors */
	PLACE_MAX,
};

/* a and b: what each step needs of names, directories, places and processes. */
enum step_kind {
	STEP_READ,	    /* name: open, read */
	STEP_WRITE,	    /* name: open, append */
	STEP_CREATE,	    /* name, directory: make it and write to it */
	STEP_HOLD,	    /* name: open for both, and keep the descriptor */
	STEP_READ_HELD,	    /* from here on with the descriptor kept */
	STEP_WRITE_HELD,    /* */
	STEP_MAP_HELD,	    /* shared, writable */
	STEP_RENAME,	    /* name, directory */
	STEP_REPLACE,	    /* name, name: over another one */
	STEP_EXCHANGE,	    /* name, name */
	STEP_LINK,	    /* name, directory: a second name, which is a new one */
	STEP_UNLINK,	    /* name */
	STEP_MOVE,	    /* directory, directory */
	STEP_SET_ATTRIBUTE, /* name */
	STEP_GET_ATTRIBUTE, /* name */
	STEP_FORK,	    /* process: the child's slot */
	STEP_EXEC,	    /* application */
	STEP_VFORK_READ,    /* name: a child in the same memory reads it */
	STEP_EXIT,
	STEP_PUT,	    /* place */
	STEP_TAKE,	    /* place */
	STEP_SPLICE,	    /* place, place: from pipe to pipe */
	STEP_TEE,	    /* place, place */
	STEP_SPLICE_HELD,   /* place */
	STEP_VMSPLICE,	    /* place */
	STEP_SEND_HELD,	    /* a descriptor by SCM_RIGHTS */
	STEP_RECEIVE_HELD,  /* */
	STEP_MAP_MEMFD,	    /* shared, writable */
	STEP_MAP_SHM,	    /* SysV */
	STEP_MAP_ANONYMOUS, /* shared with children to come */
	STEP_SIGNAL,	    /* process: with a value */
	STEP_PEEK,	    /* process: process_vm_readv */
	STEP_MARK,	    /* name, labels: by the agent */
	STEP_FORGET,	    /* caches are emptied */
	STEP_MAX,
};

struct step {
	uint8_t kind; /* enum step_kind */
	uint8_t who;
	uint8_t a;
	uint8_t b;
};

#endif
