/* SPDX-License-Identifier: Apache-2.0 */
/* console_attestation.c, with PostgreSQL. */
#define FIXTURE_POSTGRES
#include "tests/unit/console_attestation.c"
