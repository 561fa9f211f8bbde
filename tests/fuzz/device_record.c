/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as what a device says of itself. What is taken ends inside its fields, fits what it is kept
 * in or is refused, is the same when it is read back, and is worse than itself in nothing.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "console/store/device_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct device_record *record)
{
	static char json[DEVICE_RECORD_MAX];
	static struct device_record again;
	int r = device_record_format(record, json);

	assert(r == 0 || r == -EMSGSIZE);
	if (r < 0)
		return;
	assert(device_record_parse(json, strlen(json), false, &again) == 0);
	for (unsigned int fact = 0; fact < FACT_MAX; fact++)
		assert(!strcmp(again.facts[fact], record->facts[fact]));
}

static void check_accounts(const char *json, size_t size, int of_record)
{
	static struct device_accounts accounts;

	assert(device_accounts_parse(json, size, &accounts) == of_record);
	if (of_record < 0)
		return;
	assert(accounts.count <= DEVICE_ACCOUNTS_MAX);
	for (unsigned int i = 0; i < accounts.count; i++) {
		size_t used = strnlen(accounts.list[i].name, sizeof(accounts.list[i].name));

		assert(used > 0 && used < sizeof(accounts.list[i].name));
		for (size_t j = 0; j < used; j++)
			assert((unsigned char)accounts.list[i].name[j] >= ' ');
		assert(accounts.list[i].since_ms >= 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct device_record record, before;
	char *copy = malloc(size ? size : 1); /* exactly so many bytes exist */
	int r;

	assert(copy);
	memcpy(copy, data, size);
	memset(&record, 0x5a, sizeof(record));
	memcpy(&before, &record, sizeof(before));
	r = device_record_parse(copy, size, true, &record);
	assert(r == 0 || r == -EBADMSG);
	if (r < 0) {
		assert(!memcmp(&record, &before, sizeof(before)));
	} else {
		assert(!record.facts[FACT_BOOTS][0]);
		for (unsigned int fact = 0; fact < FACT_MAX; fact++) {
			assert(memchr(record.facts[fact], '\0', DEVICE_RECORD_TEXT));
			assert(!device_record_lowered((enum device_fact)fact, &record, &record));
		}
		assert(!device_record_is_other_machine(&record, &record));
		check_same(&record);
	}
	check_accounts(copy, size, r);
	free(copy);
	return 0;
}
