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
	free(copy);
	return 0;
}
