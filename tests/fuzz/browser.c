/* SPDX-License-Identifier: Apache-2.0 */
/* What engine and holdfast-browser say to each other: the first byte chooses. What is taken is said again. */
#include "agent/ipc/browser.h"
#include "tests/fuzz/again.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct bytes_reader payload;
	struct bytes_writer frame;
	uint8_t which;

	if (!size)
		return 0;
	which = *bytes++;
	size--;
	bytes_reader_init(&payload, bytes, size);
	switch (which % 3) {
	case 0:
		AGAIN(browser_want, browser_get_want, browser_put_want);
		break;
	case 1:
		AGAIN(browser_state, browser_get_state, browser_put_state);
		break;
	default:
		AGAIN(browser_drift, browser_get_drift, browser_put_drift);
	}
	return 0;
}
