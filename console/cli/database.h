/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HOLDFAST_CONSOLE_CLI_DATABASE_H
#define HOLDFAST_CONSOLE_CLI_DATABASE_H

#include "console/store/location.h"
#include "console/store/store.h"

/* What location_read() says of the state directory. */
int database_location(char ret_location[LOCATION_SIZE]);
/* As store_open(). */
int database_open(enum store_access access, struct store **ret_store);

#endif
