/* SPDX-License-Identifier: Apache-2.0 */
/* console_store.c, with PostgreSQL. */
#define FIXTURE_POSTGRES
#include "tests/bench/console_store.c"
