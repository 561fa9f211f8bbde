/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever stands behind '?'. What must hold: what is taken is within bounds and is written in one
 * way only; what is not writes nothing.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/frontend/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct query query = {7, 7, 7};
	char *text = malloc(size + 1), again[64];
	int r;

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	r = query_parse(text, &query);
	if (r < 0) {
		assert(r == -EINVAL && query.have == 7 && query.wait_s == 7 && query.lease == 7);
	} else {
		assert(query.wait_s <= QUERY_WAIT_MAX && query.have < UINT64_C(1000000000000));
		(void)snprintf(again, sizeof(again), "have=%" PRIu64 "&wait=", query.have);
		assert(!strncmp(text, again, strlen(again)));
		if (query.wait_s < QUERY_WAIT_MAX)
			assert(strtoul(text + strlen(again), NULL, 10) == query.wait_s);
	}
	free(text);
	return 0;
}
