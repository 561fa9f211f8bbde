/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast verify: what its files share. Talks to holdfast-verify, not to the engine. */
#ifndef HOLDFAST_AGENT_CLI_VERIFY_H
#define HOLDFAST_AGENT_CLI_VERIFY_H

#include <json-c/json_object.h>

#include "agent/ipc/verify.h"

/*
 * One request and its answer on a connection; the last line is *ret_line, the caller's to put, NULL =
 * none. Words of the end are printed. enum cli_exit.
 */
int verify_ask(int fd, const struct verify_request *request, struct json_object **ret_line);
/* The same with words of what is shown meanwhile: the organisation's page. */
int verify_ask_page(int fd, const struct verify_request *request);

/* A line without echo where a person types it. 0 or negative errno, with words printed. */
int verify_prompt(const char *words, char *ret_secret, size_t size);

/* verify_key.c: with a security key that is plugged in. enum cli_exit. */
int verify_with_key(int fd);
int verify_enrol_key(int fd);

#endif
