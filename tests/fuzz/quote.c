/* SPDX-License-Identifier: Apache-2.0 */
/* What a device sends as its TPM's word: nothing of it is taken that is not signed. */
#include "common/quote.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct quote quote, before;

	memset(&quote, 0x5a, sizeof(quote));
	before = quote;
	if (quote_prove(data, size, &quote) < 0 && memcmp(&quote, &before, sizeof(quote)) != 0)
		abort(); /* nothing is written */
	return 0;
}
