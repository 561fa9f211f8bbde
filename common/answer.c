/* SPDX-License-Identifier: Apache-2.0 */
/* Codec of the answers to local requests. */
#include "common/answer.h"

#include <errno.h>

#include "common/wire.h"

void answer_put_line(struct bytes_writer *frame, void *buffer, size_t size, const char *json)
{
	wire_begin(frame, buffer, size, ANSWER_LINE);
	bytes_put_string(frame, json);
}

void answer_put_end(
	struct bytes_writer *frame, void *buffer, size_t size, int error, const char *text)
{
	wire_begin(frame, buffer, size, ANSWER_END);
	bytes_put_u32(frame, (uint32_t)error);
	bytes_put_string(frame, text);
}

int answer_decode(const void *packet, size_t size, struct answer *ret_answer)
{
	static struct answer answer; /* too large for the stack */
	struct bytes_reader payload;
	int r;

	r = wire_open(packet, size, &answer.type, &payload);
	if (r < 0)
		return r;
	answer.error = 0;
	if (answer.type == ANSWER_END)
		answer.error = (int)bytes_get_u32(&payload);
	else if (answer.type != ANSWER_LINE)
		return -EBADMSG;
	bytes_get_string(&payload, answer.text, sizeof(answer.text));
	if (!bytes_is_done(&payload) || answer.error > 0)
		return -EBADMSG;
	*ret_answer = answer;
	return 0;
}
