/* SPDX-License-Identifier: Apache-2.0 */
/* Random secrets that people copy, and how those of administrators are kept. */
#ifndef HOLDFAST_CONSOLE_STORE_SECRET_H
#define HOLDFAST_CONSOLE_STORE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_BYTES	 20 /* of randomness */
#define SECRET_TEXT_SIZE 33 /* base32 of those, and NUL */
#define SECRET_HASH_SIZE 160

/* 0 or -EIO. */
int secret_make(char ret_text[SECRET_TEXT_SIZE]);
/* "scrypt$N$r$p$salt$key", OWASP's cost (2^17, 8, 1): 128 MiB and a third of a second. 0 or -EIO. */
int secret_hash(const char *secret, char ret_hash[SECRET_HASH_SIZE]);
/* Whether secret is the one; in constant time as far as the bytes go. */
bool secret_is(const char *secret, const char *hash);

#endif
