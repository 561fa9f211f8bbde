/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, and how those of an older version become today's; what must hold before they are used. */
#ifndef HOLDFAST_CONSOLE_STORE_POSTGRES_SCHEMA_H
#define HOLDFAST_CONSOLE_STORE_POSTGRES_SCHEMA_H

#include "console/store/postgres/connection.h"

/* Commits are on disk when they return, and texts are UTF-8. -EOPNOTSUPP, with a problem in words. */
int postgres_schema_assert(struct pg_connection *connection);
/* Makes or migrates, in one transaction. -EPROTO: newer than this program, or not ours. */
int postgres_schema_migrate(struct pg_connection *connection);
/* Whether it is exactly today's. 0, -EPROTO. */
int postgres_schema_check(struct pg_connection *connection);

#endif
