/* SPDX-License-Identifier: Apache-2.0 */
/* What both sides of a road between two processes must agree on. */
#ifndef HOLDFAST_TESTS_PLAIN_H
#define HOLDFAST_TESTS_PLAIN_H

#include "roads.h"

struct road_message { /* as msgsnd(2) wants it */
	long type;
	char text[ROAD_CONTENT_MAX];
};

/* Sends fd over a unix socket. */
int descriptor_send(int socket, int fd);

/* The descriptor that came, the caller's to close; -EPERM when it vanished on the way. */
int descriptor_receive(int socket);

/* Argument: name, from where, to where (chain.c). */
int chain_relay(char **argv);

#endif
