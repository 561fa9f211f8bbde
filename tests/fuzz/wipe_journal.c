/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the journal of a wipe: what is read is what would be written, so nothing else goes on from it. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "agent/wipe/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct journal journal;
	char text[JOURNAL_MAX];
	int r = journal_parse((const char *)data, size, &journal);

	assert(r == 0 || r == -EBADMSG);
	if (r == 0) {
		r = journal_format(&journal, text);
		assert(r == -EMSGSIZE || ((size_t)r == size && !memcmp(text, data, size)));
	}
	return 0;
}
