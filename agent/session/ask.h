/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the engine that wait for their answer: for processes that do nothing else. */
#ifndef HOLDFAST_AGENT_SESSION_ASK_H
#define HOLDFAST_AGENT_SESSION_ASK_H

#include "agent/ipc/request.h"
#include "common/answer_channel.h"

#define ASK_ANSWER_S 10 /* an engine that takes longer hangs */

/* A connected socket, the caller's to close; negative errno. */
int ask_connect(const char *runtime_directory);
/* line: called for each of the answer. 0; negative errno, the engine's as well. */
int ask(int fd, const struct local_request *request, answer_line_function *line, void *userdata);

#endif
