/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The issuing key in a PKCS#11 token: a hardware module, a smartcard, or SoftHSM. It is made there by
 * the administrator and never read; the token signs. By libp11, which names the module, the token and
 * the key apart, so that each failure can be told in words.
 */
#ifndef HOLDFAST_CONSOLE_AUTHORITY_TOKEN_H
#define HOLDFAST_CONSOLE_AUTHORITY_TOKEN_H

#include <openssl/types.h>
#include <stddef.h>

#include "console/authority/token_uri.h"

#define CA_PIN_REFUSED	"issuing.pin-refused" /* which content of the PIN file was not taken */
#define TOKEN_PIN_MAX	128
#define TOKEN_WORDS_MAX 512

/*
 * The key, P-256; the module stays loaded and logged in for the life of the process. directory_fd is
 * where it is remembered that a PIN was refused, so that it is not tried until the token locks
 * itself. -ENOENT (module, PIN file), -ENODEV (no such token), -EACCES (PIN), -ENOKEY, -EINVAL (not
 * P-256), -EIO; *ret_words says it.
 */
int token_key_open(int directory_fd, const struct token_uri *uri, EVP_PKEY **ret_key,
	char ret_words[TOKEN_WORDS_MAX]);

#endif
