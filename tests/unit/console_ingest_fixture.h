/* SPDX-License-Identifier: Apache-2.0 */
/* A device that delivers, and what the store says of it then. */
#ifndef HOLDFAST_TESTS_UNIT_CONSOLE_INGEST_FIXTURE_H
#define HOLDFAST_TESTS_UNIT_CONSOLE_INGEST_FIXTURE_H

#include "tests/unit/console_fixture.h"

static struct fixture_device device;
static struct fixture_batch batches[4];
static struct console_device answer;

static inline struct store_device stored(void)
{
	struct store_device now;

	cr_assert_eq(store_device_by_uid(fixture_store, device.uid, &now), 0);
	return now;
}

static inline struct store_account account_of(unsigned int number)
{
	struct store_account accounts[8];

	cr_assert_gt(store_accounts(fixture_store, stored().id, accounts, 8), (int)number);
	return accounts[number];
}

static inline int findings_of(const char *kind, struct store_finding *ret_last)
{
	static struct store_finding findings[64];
	int count = store_findings(fixture_store, 0, findings, 64), found = 0;

	for (int i = 0; i < count; i++)
		if (!strcmp(findings[i].kind, kind) && found++ == 0 && ret_last)
			*ret_last = findings[i];
	return found;
}

#endif
