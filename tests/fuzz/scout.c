/* SPDX-License-Identifier: Apache-2.0 */
/* What scout says to the engine, and the other way round: the first byte chooses. What is taken is said again. */
#include "agent/ipc/scout.h"
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
	switch (which % 6) {
	case 0:
		AGAIN(scout_want, scout_get_want, scout_put_want);
		break;
	case 1:
		AGAIN(scout_ask, scout_get_ask, scout_put_ask);
		break;
	case 2:
		AGAIN(scout_network, scout_get_network, scout_put_network);
		break;
	case 3:
		AGAIN(scout_suffixes, scout_get_suffixes, scout_put_suffixes);
		break;
	case 4:
		AGAIN(scout_name, scout_get_name, scout_put_name);
		break;
	default:
		AGAIN(beacon_answer, scout_get_answer, scout_put_answer);
	}
	return 0;
}
