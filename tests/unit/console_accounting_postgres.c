/* SPDX-License-Identifier: Apache-2.0 */
/* console_accounting.c, with PostgreSQL. */
#define FIXTURE_POSTGRES
#include "tests/unit/console_accounting.c"
