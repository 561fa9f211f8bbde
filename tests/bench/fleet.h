/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of a fleet as a whole, in one loop; fleet.c's commands make them do things. */
#ifndef HOLDFAST_TESTS_BENCH_FLEET_H
#define HOLDFAST_TESTS_BENCH_FLEET_H

#include "tests/bench/fleet_device.h"

#define FLEET_DEVICES_MAX 20000
#define FLEET_SOURCE_MAX  250 /* devices of one address, as behind the NAT of an office */

struct fleet {
	struct device *devices;
	unsigned int count;
	struct sockaddr_in console;
	SSL_CTX *tls;
	int epoll_fd;
	const char *token;
	unsigned int enrolling_max; /* at a time */
	/* what came of it */
	unsigned int enrolling, enrolled, refused, lost, shaken, resumed;
	uint64_t events; /* acknowledged */
};

/* 0 or negative errno. */
int fleet_init(struct fleet *fleet, const char *console, const char *ca_path);
void fleet_set(struct fleet *fleet, struct device *device, enum errand errand);
/* Ends its connection; it comes back after a pause as an agent's, in which it was lost. */
void fleet_drop(struct fleet *fleet, struct device *device);
/* Some milliseconds of it: what is due is begun, what comes is taken. */
void fleet_turn(struct fleet *fleet);
/* Devices that hold a request for a policy; at has: of a newer one than that. */
unsigned int fleet_holding(const struct fleet *fleet);

#endif
