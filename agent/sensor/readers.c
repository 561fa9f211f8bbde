/* SPDX-License-Identifier: Apache-2.0 */
/* Labelled readers on their way from the kernel part to the engine, as many to a frame as it takes. */
#include "agent/sensor/readers.h"

struct reader_batch {
	struct sensor *sensor;
	struct message_readers readers;
	uint32_t pid, sent, unsent;
};

static void readers_send(struct reader_batch *batch)
{
	struct bytes_writer frame;

	if (!batch->readers.count)
		return;
	link_begin(&frame, MESSAGE_READERS);
	message_put_readers(&frame, &batch->readers);
	link_send(batch->sensor, &frame);
	batch->sent += batch->readers.count;
	batch->readers.count = 0;
}

static int on_reader(const struct hf_reader *reader, void *userdata)
{
	struct reader_batch *batch = userdata;

	if (batch->pid && reader->tgid != batch->pid)
		return 0;
	if (batch->sent >= SENSOR_READER_MAX) {
		batch->unsent++;
		return 0;
	}
	batch->readers.readers[batch->readers.count++] = *reader;
	if (batch->readers.count == MESSAGE_READER_MAX)
		readers_send(batch);
	return 0;
}

int readers_tell(
	struct sensor *sensor, const struct message_request *request, struct message_answer *answer)
{
	static struct reader_batch batch; /* too large for the stack */
	int r;

	batch = (struct reader_batch){
		.sensor = sensor, .readers.id = request->id, .pid = request->pid};
	r = kernel_readers(sensor->kernel, on_reader, &batch);
	readers_send(&batch);
	answer->unsent = batch.unsent;
	return r;
}
