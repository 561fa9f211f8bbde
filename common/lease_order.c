/* SPDX-License-Identifier: Apache-2.0 */
/* The words of orders, for policies as well, which know nothing else of leases. */
#include "common/lease.h"

#include <string.h>

static const char *const orders[] = {
	[LEASE_ORDER_KEYS] = "keys", [LEASE_ORDER_WIPE] = "wipe", [LEASE_ORDER_FILES] = "files"};

const char *lease_order_name(unsigned int order)
{
	return order < sizeof(orders) / sizeof(orders[0]) ? orders[order] : NULL;
}

enum lease_order lease_order_of_name(const char *name)
{
	for (unsigned int i = LEASE_ORDER_KEYS; i <= LEASE_ORDER_FILES; i++)
		if (!strcmp(orders[i], name))
			return (enum lease_order)i;
	return LEASE_ORDER_NONE;
}
