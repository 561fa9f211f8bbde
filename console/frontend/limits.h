/* SPDX-License-Identifier: Apache-2.0 */
/* What the frontend takes on at most, and how long it waits. */
#ifndef HOLDFAST_CONSOLE_FRONTEND_LIMITS_H
#define HOLDFAST_CONSOLE_FRONTEND_LIMITS_H

#include <stdint.h>

#define LIMITS_IN_FLIGHT_MAX 4096 /* places in pending.h */

struct limits {
	/* connections, each about 20 kB */
	uint32_t connections; /* in all */
	uint32_t address;     /* from one address (IPv6: one /64), with a certificate or not */
	uint32_t strangers;   /* from one address, that have shown no certificate (yet) */
	uint32_t device;      /* of one device: for another, the one that it had longest ends */
	uint32_t handshakes;  /* begun in a second, evenly: the rest is for those who are in */
	/* requests */
	uint32_t in_flight;    /* in all; one on each connection */
	uint32_t header_bytes; /* with the request line */
	uint32_t headers;
	uint32_t failures; /* to enrol, of one address in a minute */
	/* how long: */
	uint32_t handshake_ms;
	uint32_t request_ms;  /* from its first byte to its last */
	uint32_t reply_ms;    /* until the peer has taken it */
	uint32_t stranger_ms; /* without a request, no certificate shown */
	uint32_t idle_ms;     /* likewise, a certificate shown: devices keep their connection */
	uint32_t store_ms;    /* for an answer of the store */
	uint32_t authority_ms;
};

extern const struct limits limits_default;

/* "name=number,name=number"; -EINVAL for an unknown name, no number, or one that can't be. */
int limits_parse(const char *text, struct limits *limits);

#endif
