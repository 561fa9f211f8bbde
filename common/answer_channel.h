/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of common/answer.h over a channel: the process's side and the command's. */
#ifndef HOLDFAST_COMMON_ANSWER_CHANNEL_H
#define HOLDFAST_COMMON_ANSWER_CHANNEL_H

#include <json-c/json_object.h>
#include <stdarg.h>

#include "common/answer.h"
#include "common/channel.h"

#define ANSWER_WORDS_SIZE 1024 /* bytes of the words that end an answer, NUL counted */

/* Sending. A client that is gone or does not read is found out by its socket, not here. */

/* A line that is JSON already; with a descriptor, which stays the caller's, or -1. */
void answer_send_text(struct channel *channel, const char *json, int fd);
/* The same of an object, which it takes over. */
void answer_send_object(struct channel *channel, struct json_object *object, int fd);
/* error: 0 or negative errno. */
void answer_send_end(struct channel *channel, int error, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

/* Reading */

typedef void answer_line_function(struct json_object *object, const char *text, void *userdata);

struct answer_reading {
	int *ret_fd; /* the first descriptor that comes along, -EBADF before; NULL: none is kept */
	answer_line_function *line; /* borrows the object */
	void *userdata;
	int error; /* of the end: 0 or negative errno */
	char words[ANSWER_WORDS_SIZE];
};

/* Waits for the whole answer on a connected socket. 0, or negative errno when it breaks off. */
int answer_read(int fd, struct answer_reading *reading);

#endif
