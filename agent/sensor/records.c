/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel records on their way to the engine: read, checked, acted on where the sensor has to, sent
 * in batches; released when the engine says that they are safe.
 */
#include <string.h>

#include "agent/sensor/mark_checks.h"
#include "agent/sensor/marks.h"
#include "agent/sensor/record.h"
#include "agent/sensor/sensor.h"
#include "agent/sensor/volumes.h"
#include "common/log.h"

#define DIRTY_MAX 256 /* marks persisted in one go */
#define GONE_MAX  256 /* marks let go of in one go */

/* One that does not decode still counts: it is sent on as it is, and the engine counts it bad. */
static void record_act(struct sensor *sensor, const void *bytes, size_t size)
{
	struct record record;

	if (record_decode(bytes, size, &record) < 0)
		return;
	switch (record.raw.header.type) {
	case HF_RECORD_VERDICT:
		if (record.raw.channel == HF_CHANNEL_OPEN)
			mark_checks_add(sensor->checks, &record.raw.inode, record.path);
		break;
	case HF_RECORD_OPENED:
		mark_checks_add(sensor->checks, &record.raw.inode, record.path);
		break;
	case HF_RECORD_LABELLED:
		marks_persist(sensor, &record.raw.inode, record.path);
		break;
	case HF_RECORD_APP_LOST:
		sensor->is_watch_pending = true; /* verify again once it is quiet */
		break;
	default:
		break;
	}
}

/* Of hooks that know no mount: the path in front of theirs. */
static const void *record_complete(struct sensor *sensor, const void *bytes, size_t size)
{
	static struct hf_record whole; /* until the next one; too large for the stack */

	if (!sensor->volumes || size != sizeof(whole))
		return bytes;
	memcpy(&whole, bytes, sizeof(whole));
	if (!whole.path_is_within)
		return bytes;
	volumes_complete(sensor->volumes, &whole);
	return &whole;
}

void records_pump(struct sensor *sensor)
{
	const void *bytes;
	size_t size;

	if (!sensor->ring || !sensor->is_restored)
		return;
	for (;;) {
		struct bytes_writer frame, count;
		uint16_t records = 0;

		if (!channel_is_idle(&sensor->engine))
			return;
		link_begin(&frame, MESSAGE_RECORDS);
		bytes_put_u16(&frame, 0);
		while (records < MESSAGE_RECORD_MAX && ring_next(sensor->ring, &bytes, &size)) {
			if (size > sizeof(struct hf_record))
				size = sizeof(struct hf_record) + 1; /* bad by its size */
			bytes = record_complete(sensor, bytes, size);
			bytes_put_u16(&frame, (uint16_t)size);
			bytes_put_blob(&frame, bytes, size);
			record_act(sensor, bytes, size);
			records++;
		}
		if (!records)
			return;
		bytes_writer_init(&count, frame.start + WIRE_HEADER_SIZE, 2);
		bytes_put_u16(&count, records);
		link_send(sensor, &frame);
	}
}

static int on_dirty(const struct hf_inode_key *key, const struct hf_mark *mark, void *userdata)
{
	struct sensor *sensor = userdata;
	struct hf_mark clean = *mark;

	if (!channel_is_idle(&sensor->engine))
		return -EAGAIN; /* stays dirty: next time */
	clean.flags &= ~HF_MARK_DIRTY;
	marks_tell(sensor, key, &clean, NULL);
	return 0;
}

static void on_gone(const struct hf_inode_key *key, void *userdata)
{
	marks_tell(userdata, key, &(struct hf_mark){0}, NULL);
}

void records_persist_dirty(struct sensor *sensor)
{
	int r;

	if (!sensor->kernel || !sensor->is_restored || !channel_is_idle(&sensor->engine))
		return;
	/* First what is gone: the number may be another inode's already. */
	r = kernel_visit_gone(sensor->kernel, GONE_MAX, on_gone, sensor);
	if (r < 0)
		link_failure(sensor, FAILURE_DATABASE, "deleted files stay in the index: %s",
			strerror(-r));
	if (r < GONE_MAX)
		(void)kernel_visit_dirty(
			sensor->kernel, DIRTY_MAX, on_dirty, sensor); /* what fails stays dirty */
}
