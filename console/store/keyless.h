/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine that has a device's certificate, and so its disk, and not its key. It proves nothing,
 * and so gets and changes nothing: who looks after the device is told.
 */
#ifndef HOLDFAST_CONSOLE_STORE_KEYLESS_H
#define HOLDFAST_CONSOLE_STORE_KEYLESS_H

#include "console/ipc/messages.h"
#include "console/store/store.h"

/*
 * At most one finding for a device and day; none for a certificate that is nobody's, or of a device
 * that is revoked. 0, or negative errno of the store.
 */
int keyless_note(struct store *store, const struct console_who *who);

#endif
