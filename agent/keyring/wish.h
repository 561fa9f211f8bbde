/* SPDX-License-Identifier: Apache-2.0 */
/* Where the administrator wants the device key: `key` in console.ini, which uplink must not be asked for. */
#ifndef HOLDFAST_AGENT_KEYRING_WISH_H
#define HOLDFAST_AGENT_KEYRING_WISH_H

#include "agent/keyring/device_key.h"

/* AUTO when it says nothing, or can't be read, which is logged. A word that is none: KEY_WISH_TPM. */
enum key_wish wish_read(const char *path);

#endif
