/* SPDX-License-Identifier: Apache-2.0 */
/* What of a certificate the store writes down. */
#ifndef HOLDFAST_CONSOLE_STORE_CERTIFICATE_FIELDS_H
#define HOLDFAST_CONSOLE_STORE_CERTIFICATE_FIELDS_H

#include "console/store/store.h"

/* All but device and made_ms. -EBADMSG. */
int certificate_fields_read(
	const uint8_t *der, size_t size, struct store_certificate *ret_certificate);

#endif
