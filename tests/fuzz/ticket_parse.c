/* SPDX-License-Identifier: Apache-2.0 */
/* A ticket as anybody may show it: what is taken has texts that end, an id, times that are some. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/ticket.h"
#include "console/store/ticket_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ticket_parts parts;
	char *text = malloc(size ? size : 1);

	assert(text);
	memcpy(text, data, size);
	(void)ticket_is_input(text, size);
	if (ticket_parse(text, size, &parts) == 0) {
		assert(size <= TICKET_MAX && parts.signed_size < size);
		assert(parts.certificate_size <= sizeof(parts.certificate));
		assert(memchr(parts.account, '\0', sizeof(parts.account)) && parts.account[0]);
		assert(memchr(parts.id, '\0', sizeof(parts.id)) && parts.id[0]);
		assert(memchr(parts.audience, '\0', sizeof(parts.audience)));
		assert(parts.expires_s > 0 && parts.issued_s > 0);
		assert(parts.posture.facts[FACT_BOOT][0] && parts.posture.facts[FACT_ENFORCING][0]);
		for (unsigned int i = 0; i < FACT_MAX; i++)
			assert(memchr(parts.posture.facts[i], '\0', DEVICE_RECORD_TEXT));
		/* Nobody signs by guessing, but the corpus's own may be good: it must not crash. */
		(void)ticket_is_signed(text, &parts);
	}
	free(text);
	return 0;
}
