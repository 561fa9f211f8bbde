/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/event_line.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>

size_t event_line(uint64_t number, unsigned int device, char ret_line[EVENT_LINE_MAX])
{
	unsigned long long n = number;
	bool is_block = n % 4 == 0;
	int size = snprintf(ret_line, EVENT_LINE_MAX,
		"{\"time\":%llu,\"class_uid\":%u,\"class_name\":\"File System Activity\","
		"\"category_uid\":1,\"category_name\":\"System "
		"Activity\",\"activity_id\":3,"
		"\"activity_name\":\"Update\",\"type_uid\":100103,\"metadata\":{"
		"\"version\":"
		"\"1.8.0\",\"product\":{\"name\":\"Holdfast\",\"vendor_name\":\"Holdfast\","
		"\"version\":\"0.1.0\"},\"profiles\":[\"security_control\",\"host\"],"
		"\"sequence\":%llu,\"uid\":\"0123456789abcdef0123456789abcdef:%llu\","
		"\"event_code\":\"removable\"},\"device\":{\"hostname\":\"pc-%u\","
		"\"type_id\":0,\"boot_uid\":\"6f1c6f62-1c7c-4c3f-9d7c-0d3c5b7f2a11\"},"
		"\"message\":\"anna may not write report-%llu.odt to a removable device\","
		"\"severity_id\":%u,\"action_id\":%u,\"disposition_id\":%u,\"status_id\":1,"
		"\"actor\":{\"process\":{\"pid\":%llu,\"name\":\"cp\"},\"user\":{\"name\":"
		"\"user-%u\",\"uid\":\"%u\"}},\"file\":{\"path\":\"/media/stick/"
		"report-%llu.odt"
		"\",\"name\":\"report-%llu.odt\",\"type_id\":1},\"unmapped\":{\"holdfast\":"
		"{"
		"\"channel\":\"removable\",\"verdict\":\"block\",\"coalesced\":0}}}\n",
		1700000000000ull + n * 10, n % 50 ? 1001 : 4001, n, n, device, n, is_block ? 3 : 1,
		is_block ? 2 : 1, is_block ? 2 : 1, n % 30000, device % 500, 1000 + device % 500, n,
		n);

	assert(size < EVENT_LINE_MAX);
	return (size_t)size;
}

size_t event_lines(uint64_t first, unsigned int count, unsigned int device, char *ret_lines)
{
	size_t used = 0;

	for (unsigned int i = 0; i < count; i++)
		used += event_line(first + i, device, ret_lines + used);
	return used;
}
