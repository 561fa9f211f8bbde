/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a key in a PKCS#11 token is: RFC 7512, as far as one key needs it. Of the path: token, serial,
 * object, id; of the query: module-path, pin-source, and of our own x-holdfast-network. What is not
 * known is an error, and so is a PIN in it (pin-value): a URI is no secret.
 */
#ifndef HOLDFAST_CONSOLE_AUTHORITY_TOKEN_URI_H
#define HOLDFAST_CONSOLE_AUTHORITY_TOKEN_URI_H

#include <stdbool.h>
#include <stddef.h>

#define TOKEN_URI_MAX  2048
#define TOKEN_ID_MAX   64
#define TOKEN_TEXT_MAX 256

struct token_uri {
	char token[TOKEN_TEXT_MAX], serial[TOKEN_TEXT_MAX], object[TOKEN_TEXT_MAX];
	unsigned char id[TOKEN_ID_MAX];
	size_t id_size;
	char module[TOKEN_TEXT_MAX];
	char pin_path[TOKEN_TEXT_MAX];
	bool has_network; /* the module speaks to its token over the network */
};

/* -EINVAL with *ret_why, static, in words. */
int token_uri_parse(const char *text, struct token_uri *ret_uri, const char **ret_why);

#endif
