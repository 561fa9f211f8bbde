/* SPDX-License-Identifier: Apache-2.0 */
/* What a device asks behind the '?' of /v1/policy. Outside bytes: tests/fuzz/console_query.c. */
#ifndef HOLDFAST_CONSOLE_FRONTEND_QUERY_H
#define HOLDFAST_CONSOLE_FRONTEND_QUERY_H

#include <stdint.h>

#define QUERY_WAIT_MAX 60 /* seconds: more is cut to this */

struct query {
	uint64_t have; /* a policy's version */
	uint32_t wait_s;
	uint64_t lease; /* serial of the console's word that it knows; 0 = none */
};

/*
 * "have=N&wait=S" or "have=N&wait=S&lease=W", in this order and no other spelling: no zeros before a number, at most 12 digits.
 * -EINVAL with nothing written.
 */
int query_parse(const char *text, struct query *ret_query);

#endif
