/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which requests of X11 clients capture the screen, as the RECORD extension hands them over. Pure:
 * no connection. Outside bytes: any client says what it likes.
 */
#ifndef HOLDFAST_AGENT_SESSION_X_REQUESTS_H
#define HOLDFAST_AGENT_SESSION_X_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define X_REQUESTS_GET_IMAGE 73 /* X Window System Protocol, appendix B */

/* Extensions of which a request captures; their major opcodes are each server's own. */
enum x_extension {
	X_EXTENSION_SHM,
	X_EXTENSION_COMPOSITE,
	X_EXTENSION_DRI3,
	X_EXTENSION_RECORD,
	X_EXTENSION_XTEST,
	X_EXTENSION_MAX,
};

struct x_opcodes {
	uint8_t major[X_EXTENSION_MAX]; /* 0 = the server has none */
};

/* The first and last request of an extension that captures. */
struct x_extension_row {
	const char *name; /* as the server is asked for it */
	uint8_t first, last;
};

const struct x_extension_row *x_extension_row(enum x_extension extension);
/* Whose request it is: enum capture_method, 0 when it captures nothing. */
unsigned int x_request_method(const struct x_opcodes *opcodes, uint8_t major, uint8_t minor);
/*
 * The next of several requests of one client. Bytes that it takes, with its method; 0 when there is
 * no whole one more. is_swapped: they are in the other byte order.
 */
size_t x_requests_next(const struct x_opcodes *opcodes, const uint8_t *data, size_t size,
	bool is_swapped, unsigned int *ret_method);

#endif
