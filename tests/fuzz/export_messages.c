/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any packet between an exporter and the store. What must hold: a message that is taken whole is put
 * to the same bytes again, and no event of it reaches beyond the packet.
 */
#include <assert.h>
#include <string.h>

#include "console/ipc/export.h"

static void check_same(struct bytes_writer *frame, const uint8_t *data, size_t size)
{
	assert(wire_end(frame) == (int)size);
	assert(!memcmp(frame->start, data, size));
}

static void check_events(
	struct bytes_reader *payload, struct bytes_writer *frame, const uint8_t *data, size_t size)
{
	struct export_events events;
	struct export_event event;

	export_get_events(payload, &events);
	export_put_events(frame, &events);
	for (unsigned int i = 0; i < events.count && !payload->is_bad; i++) {
		export_get_event(payload, &event);
		if (payload->is_bad)
			return;
		assert((const uint8_t *)event.json + event.size <= data + size);
		export_put_event(frame, &event);
	}
	if (bytes_is_done(payload))
		check_same(frame, data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[WIRE_FRAME_MAX];
	static struct export_open open;
	struct export_opened opened;
	struct export_next next;
	struct bytes_reader payload;
	struct bytes_writer frame;
	uint16_t type;

	if (wire_open(data, size, &type, &payload) < 0)
		return 0;
	wire_begin(&frame, bytes, sizeof(bytes), type);
	switch (type) {
	case EXPORT_OPEN:
		export_get_open(&payload, &open);
		export_put_open(&frame, &open);
		break;
	case EXPORT_OPENED:
		export_get_opened(&payload, &opened);
		export_put_opened(&frame, &opened);
		break;
	case EXPORT_NEXT:
		export_get_next(&payload, &next);
		export_put_next(&frame, &next);
		break;
	case EXPORT_EVENTS:
		check_events(&payload, &frame, data, size);
		return 0;
	default:
		return 0;
	}
	if (bytes_is_done(&payload))
		check_same(&frame, data, size);
	return 0;
}
