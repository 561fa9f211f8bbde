/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every message's put and get behind void pointers, so that each gets the same tests: unit tests
 * and fuzzing make their tables with MESSAGE_EACH.
 */
#ifndef HOLDFAST_TESTS_MESSAGE_CODECS_H
#define HOLDFAST_TESTS_MESSAGE_CODECS_H

#include "agent/ipc/messages.h"

#define MESSAGE_EACH(use)                                                                       \
	use(program) use(label) use(place) use(exempt) use(matcher) use(tell) use(request) use( \
		answer) use(hello) use(marked) use(volume) use(state) use(failure) use(readers)

#define MESSAGE_CODEC(kind)                                                     \
	static void put_##kind(struct bytes_writer *frame, const void *message) \
	{                                                                       \
		message_put_##kind(frame, message);                             \
	}                                                                       \
	static void get_##kind(struct bytes_reader *payload, void *ret_message) \
	{                                                                       \
		message_get_##kind(payload, ret_message);                       \
	}

MESSAGE_EACH(MESSAGE_CODEC)

#endif
