/* SPDX-License-Identifier: Apache-2.0 */
/* Another process that sends back what it gets, by two pipes or a pair of sockets. */
#ifndef HOLDFAST_TESTS_BENCH_PARTNER_H
#define HOLDFAST_TESTS_BENCH_PARTNER_H

#include <stddef.h>

#define PARTNER_MAX 65536 /* bytes of one message: what a pipe holds */

struct partner {
	int to, from;
};

/* Ends the program with a message when that is not possible. The partners end with it. */
struct partner partner_by_pipes(void);
struct partner partner_by_sockets(void);

/* There and back. 0 or negative errno. */
int partner_round(const struct partner *partner, size_t size);

#endif
