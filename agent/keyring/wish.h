/* SPDX-License-Identifier: Apache-2.0 */
/* What keyring itself takes from console.ini, which uplink must not be asked for. */
#ifndef HOLDFAST_AGENT_KEYRING_WISH_H
#define HOLDFAST_AGENT_KEYRING_WISH_H

#include <limits.h>

#include "agent/keyring/device_key.h"
#include "agent/keyring/secret_memory.h"

struct wishes {
	enum key_wish key;	 /* `key`: AUTO when it says nothing; a word that is none: TPM */
	enum secret_wish memory; /* `key-memory`: likewise; a word that is none: SECRET */
	char ca[PATH_MAX];	 /* `ca`: whose words are the console's; "" = it is not said */
};

/* All of it as when nothing is said, when it can't be read, which is logged. */
void wish_read(const char *path, struct wishes *ret_wishes);

#endif
