/* SPDX-License-Identifier: Apache-2.0 */
/* Tables, and how those of an older version become today's. */
#ifndef HOLDFAST_CONSOLE_STORE_SQLITE_SCHEMA_H
#define HOLDFAST_CONSOLE_STORE_SQLITE_SCHEMA_H

#include <sqlite3.h>

#define SQLITE_SCHEMA_APPLICATION 0x48464353 /* "HFCS": the file is ours */

/* Makes or migrates, in one transaction a version. -EPROTO: newer than this program, or not ours. */
int sqlite_schema_migrate(sqlite3 *sqlite);
/* Whether it is exactly today's. 0, -EPROTO. */
int sqlite_schema_check(sqlite3 *sqlite);

#endif
