/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a process answers a person's command on its local socket: any number of LINE frames (one
 * JSON object each), then one END. Requests are each room's own; their types are below these.
 */
#ifndef HOLDFAST_COMMON_ANSWER_H
#define HOLDFAST_COMMON_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

#define ANSWER_LINE_MAX \
	40960 /* bytes of one JSON object; an event of 32768 and what is said of it */
#define ANSWER_FRAME_MAX (ANSWER_LINE_MAX + 64)

enum answer_type {
	ANSWER_LINE = 64, /* string */
	ANSWER_END = 65,  /* error i32, string */
};

struct answer {
	uint16_t type; /* enum answer_type */
	int error;     /* END: 0 or negative errno */
	char text[ANSWER_LINE_MAX];
};

/* Write a frame; wire_end() is channel_send()'s. error: 0 or negative errno. */
void answer_put_line(struct bytes_writer *frame, void *buffer, size_t size, const char *json);
void answer_put_end(
	struct bytes_writer *frame, void *buffer, size_t size, int error, const char *text);
/* 0; -EBADMSG, -EPROTONOSUPPORT, with nothing written. */
int answer_decode(const void *packet, size_t size, struct answer *ret_answer);

#endif
