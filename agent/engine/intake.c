/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel records on their way from the sensor into the log: each becomes an event or is counted as
 * dropped, in the log too, before the sensor is told that it is safe.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/engine.h"
#include "agent/engine/witness.h"
#include "policy/words.h"

/* Records that could not be written yet: the rest of one message. */
static uint8_t waiting_bytes[WIRE_PAYLOAD_MAX];
static size_t waiting_size;
static unsigned int waiting_records, waiting_done;

static void say_taken(struct engine *engine, unsigned int count)
{
	struct bytes_writer frame;

	link_begin(&frame, MESSAGE_TAKEN);
	bytes_put_u32(&frame, count);
	link_send(engine, &frame, -1);
}

/* Counted in the log and by status: made = delivered + coalesced + lost holds without it too. */
static int record_drop(struct engine *engine, uint64_t sequence, const char *why)
{
	int r;

	r = journal_dropped(engine, sequence, why);
	if (r < 0)
		return r;
	accounting_drop(&engine->accounting, sequence);
	failure_count(engine, FAILURE_RECORD_BAD, why);
	return 0;
}

/* 0 when it is in the log, or needs not be; negative errno when it could not be written. */
static int record_take(struct engine *engine, const void *bytes, size_t size)
{
	static struct record record; /* too large for the stack */
	uint64_t sequence = record_sequence(bytes, size);
	char why[192];
	int r;

	if (sequence && !accounting_is_new(&engine->accounting, sequence)) {
		engine->accounting.again++;
		return 0;
	}
	r = record_decode(bytes, size, &record);
	if (r < 0) {
		(void)snprintf(why, sizeof(why), "a record of %zu bytes does not decode: %s", size,
			strerror(-r));
		return record_drop(engine, sequence, why);
	}
	r = journal_record(engine, &record);
	if (r == -EMSGSIZE) {
		(void)snprintf(why, sizeof(why),
			"the event of process %u ('%s', %s) is of more bytes than a line holds",
			record.raw.tgid, record.comm, policy_action_name(record.raw.verdict));
		return record_drop(engine, sequence, why);
	}
	if (r < 0)
		return r;
	accounting_take(&engine->accounting, sequence);
	lineage_keep_record(engine, &record);
	witness_on_record(engine, &record);
	tell_terminal(engine, &record);
	/* The table says what is refused for that reason; this could not be. */
	if (record.raw.reason != HF_REASON_RULE && record.raw.operation != HF_OPERATION_TAKEN)
		failure_count(engine, record.raw.reason, record.path);
	return 0;
}

/* Takes what waits, as far as it can be written. */
static void records_take(struct engine *engine)
{
	struct bytes_reader reader;
	unsigned int taken = 0;
	int r = 0;

	bytes_reader_init(&reader, waiting_bytes, waiting_size);
	while (waiting_done < waiting_records) {
		uint16_t size = bytes_get_u16(&reader);

		if (reader.is_bad || size > reader.left)
			fatal("a batch of records from the sensor is cut, stopping");
		r = record_take(engine, reader.at, size);
		if (r < 0)
			break;
		reader.at += size;
		reader.left -= size;
		waiting_done++;
		taken++;
	}
	if (r < 0) {
		/* The one that failed begins two bytes earlier, at its size. */
		size_t left = reader.left + 2;

		memmove(waiting_bytes, reader.at - 2, left);
		waiting_size = left;
	} else if (reader.left) {
		fatal("a batch of records from the sensor is too long, stopping");
	}
	if (taken)
		say_taken(engine, taken);
	if (r < 0 && !engine->is_log_failing)
		failure_note(engine, FAILURE_LOG_WRITE, "%s", strerror(-r));
	else if (r < 0)
		failure_count(engine, FAILURE_LOG_WRITE, strerror(-r));
	engine->is_log_failing = r < 0;
}

void intake_retry(struct engine *engine)
{
	if (engine->is_log_failing)
		records_take(engine);
}

void intake_records(struct engine *engine, struct bytes_reader *payload)
{
	waiting_records = bytes_get_u16(payload);
	waiting_done = 0;
	if (payload->is_bad || waiting_records > MESSAGE_RECORD_MAX)
		fatal("a batch of %u records from the sensor, stopping", waiting_records);
	waiting_size = payload->left;
	bytes_get_blob(payload, waiting_bytes, waiting_size);
	records_take(engine);
}
