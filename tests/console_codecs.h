/* SPDX-License-Identifier: Apache-2.0 */
/* As message_codecs.h, for what the console's processes say to each other. */
#ifndef HOLDFAST_TESTS_CONSOLE_CODECS_H
#define HOLDFAST_TESTS_CONSOLE_CODECS_H

#include "console/ipc/key_messages.h"

/* Name of the message, type of the frame. */
#define CONSOLE_EACH(use)                                                                          \
	use(enrol, CONSOLE_ENROL) use(certified, CONSOLE_CERTIFIED) use(who, CONSOLE_DEVICE) use(  \
		check, CONSOLE_CHECK) use(checked, CONSOLE_CHECKED) use(device, CONSOLE_DEVICE_IS) \
		use(sign, CONSOLE_SIGN) use(signed, CONSOLE_SIGNED) use(done, CONSOLE_DONE)        \
			use(poll, CONSOLE_POLICY) use(policy, CONSOLE_POLICY_IS)                   \
				use(wish, CONSOLE_WORD) use(word, CONSOLE_WORD_IS)                 \
					use(make, CONSOLE_KEY_MAKE) use(made, CONSOLE_KEY_MADE)    \
						use(release, CONSOLE_KEY_RELEASE)                  \
							use(destroy, CONSOLE_KEY_DESTROY)          \
								use(mark, CONSOLE_MARK)            \
									use(chain, CONSOLE_CHAIN)

#define CONSOLE_CODEC(kind, type)                                               \
	static void put_##kind(struct bytes_writer *frame, const void *message) \
	{                                                                       \
		console_put_##kind(frame, message);                             \
	}                                                                       \
	static void get_##kind(struct bytes_reader *payload, void *ret_message) \
	{                                                                       \
		console_get_##kind(payload, ret_message);                       \
	}

CONSOLE_EACH(CONSOLE_CODEC)

#endif
