/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any packet to holdfast-verify, from it, and from its workers: people's commands, and processes that
 * listen to a network, send them. And what is kept of a user. What is taken is put to the same bytes again.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "agent/ipc/verify.h"
#include "agent/ipc/worker.h"
#include "agent/verify/enrolment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(struct bytes_writer *frame, const uint8_t *data, size_t size)
{
	assert(wire_end(frame) == (int)size && !memcmp(frame->start, data, size));
}

static void try_text(const uint8_t *data, size_t size)
{
	static struct enrolment enrolment, again;
	static char text[ENROLMENT_TEXT_MAX + 1];
	char *copy = malloc(size + 1);
	int length;

	assert(copy);
	memcpy(copy, data, size);
	copy[size] = '\0';
	if (enrolment_parse(copy, &enrolment) == 0) {
		length = enrolment_format(&enrolment, text, sizeof(text));
		assert(length > 0 && enrolment_parse(text, &again) == 0);
		assert(!memcmp(&enrolment, &again, sizeof(again)));
	}
	free(copy);
}

static void try_message(const uint8_t *data, size_t size)
{
	struct bytes_reader payload;
	struct verify_config config;
	struct verify_taken taken;
	struct verify_proof proof;
	struct verify_enrolment enrolment;

	bytes_reader_init(&payload, data, size);
	verify_get_config(&payload, &config);
	assert(memchr(config.page_ca, '\0', sizeof(config.page_ca)));
	bytes_reader_init(&payload, data, size);
	verify_get_taken(&payload, &taken);
	bytes_reader_init(&payload, data, size);
	verify_get_proof(&payload, &proof);
	assert(!bytes_is_done(&payload) || proof.method < VERIFY_METHOD_MAX);
	bytes_reader_init(&payload, data, size);
	verify_get_enrolment(&payload, &enrolment);
	assert(!bytes_is_done(&payload) || enrolment.method < VERIFY_METHOD_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct verify_request request;
	static struct worker_answer answer;
	static uint8_t packet[2 * VERIFY_FRAME_MAX];
	struct bytes_writer frame;

	if (verify_request_decode(data, size, &request) == 0) {
		verify_request_put(&frame, packet, sizeof(packet), &request);
		same(&frame, data, size);
	}
	if (worker_answer_decode(data, size, &answer) == 0) {
		worker_answer_put(&frame, packet, sizeof(packet), &answer);
		same(&frame, data, size);
	}
	try_message(data, size);
	try_text(data, size);
	return 0;
}
