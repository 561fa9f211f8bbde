/* SPDX-License-Identifier: Apache-2.0 */
#include "console/frontend/limits.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A NAT or a proxy makes many devices one address; few handshakes of theirs are under way at a time. */
const struct limits limits_default = {
	.connections = 20000,
	.address = 5000,
	.strangers = 256,
	.device = 8,
	.handshakes = 300,
	.in_flight = 1024,
	.header_bytes = 8192,
	.headers = 64,
	.failures = 60,
	.handshake_ms = 10000,
	.request_ms = 30000,
	.reply_ms = 30000,
	.stranger_ms = 15000,
	.idle_ms = 900000,
	.store_ms = 10000,
	.authority_ms = 5000,
};

#define ROW(name, max)                                    \
	{                                                 \
#name, offsetof(struct limits, name), max \
	}

static const struct {
	const char *name;
	size_t offset;
	uint32_t max;
} rows[] = {
	ROW(connections, 1000000),
	ROW(address, 1000000),
	ROW(device, 1000000),
	ROW(strangers, 1000000),
	ROW(handshakes, 1000000),
	ROW(in_flight, LIMITS_IN_FLIGHT_MAX),
	ROW(header_bytes, 65536),
	ROW(headers, 1000),
	ROW(failures, 1000000),
	ROW(handshake_ms, 3600000),
	ROW(request_ms, 3600000),
	ROW(reply_ms, 3600000),
	ROW(stranger_ms, 3600000),
	ROW(idle_ms, 86400000),
	ROW(store_ms, 3600000),
	ROW(authority_ms, 3600000),
};

static int set(const char *name, size_t size, uint32_t value, struct limits *limits)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strlen(rows[i].name) != size || strncmp(rows[i].name, name, size))
			continue;
		if (value == 0 || value > rows[i].max)
			return -EINVAL;
		memcpy((char *)limits + rows[i].offset, &value, sizeof(value));
		return 0;
	}
	return -EINVAL;
}

int limits_parse(const char *text, struct limits *limits)
{
	struct limits wanted = *limits;

	while (*text) {
		const char *equals = strchr(text, '=');
		unsigned long value;
		char *end;

		if (!equals || equals[1] < '0' || equals[1] > '9')
			return -EINVAL;
		value = strtoul(equals + 1, &end, 10);
		if ((*end && *end != ',') || value > UINT32_MAX ||
			set(text, (size_t)(equals - text), (uint32_t)value, &wanted) < 0)
			return -EINVAL;
		text = *end ? end + 1 : end;
	}
	*limits = wanted;
	return 0;
}
