/* SPDX-License-Identifier: Apache-2.0 */
/* The TCTI interface (TCG TSS 2.0 TCTI 1.0) on read(2) and write(2). */
#include "agent/keyring/tpm_channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define CHANNEL_MAGIC UINT64_C(0x4846545043544931) /* any, but not 0 */
#define ANSWER_MS     30000			   /* so long a TPM may take for one command */
#define HEADER_SIZE   10			   /* tag, size, code: TPM 2.0 part 1, 18.1 */

static TSS2_RC broken(struct tpm_channel *channel)
{
	channel->is_broken = true;
	return TSS2_TCTI_RC_IO_ERROR;
}

/* The kernel's device takes a command in one write only; sockets do for its size. */
static TSS2_RC transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
	struct tpm_channel *channel = (struct tpm_channel *)context;
	ssize_t put;

	if (channel->is_broken)
		return TSS2_TCTI_RC_IO_ERROR;
	channel->used = 0;
	do
		put = write(channel->fd, command, size);
	while (put < 0 && errno == EINTR);
	return put == (ssize_t)size ? TSS2_RC_SUCCESS : broken(channel);
}

static size_t announced(const uint8_t *answer)
{
	return (size_t)answer[2] << 24 | (size_t)answer[3] << 16 | (size_t)answer[4] << 8 |
	       answer[5];
}

static bool wait_for_answer(const struct tpm_channel *channel)
{
	struct pollfd wanted = {channel->fd, POLLIN, 0};
	int ready;

	do
		ready = poll(&wanted, 1, ANSWER_MS);
	while (ready < 0 && errno == EINTR);
	return ready == 1;
}

/* The answer as a whole, into our buffer. */
static TSS2_RC fill(struct tpm_channel *channel)
{
	channel->used = 0;
	while (channel->used < HEADER_SIZE || channel->used < announced(channel->answer)) {
		ssize_t got;

		if (!wait_for_answer(channel))
			return broken(channel);
		got = read(channel->fd, channel->answer + channel->used,
			sizeof(channel->answer) - channel->used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return broken(channel);
		channel->used += (size_t)got;
	}
	return channel->used == announced(channel->answer) ? TSS2_RC_SUCCESS : broken(channel);
}

/*
 * How long the stack would wait is not asked: it waits for ever, and we do not. It may ask for the
 * size alone first (a NULL answer).
 */
static TSS2_RC receive(TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *answer, int32_t timeout)
{
	struct tpm_channel *channel = (struct tpm_channel *)context;
	TSS2_RC code = TSS2_RC_SUCCESS;
	size_t room = *size;

	(void)timeout;
	if (channel->is_broken)
		return TSS2_TCTI_RC_IO_ERROR;
	if (!channel->used)
		code = fill(channel);
	if (code != TSS2_RC_SUCCESS)
		return code;
	*size = channel->used;
	if (!answer)
		return TSS2_RC_SUCCESS;
	if (room < channel->used)
		return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
	memcpy(answer, channel->answer, channel->used);
	channel->used = 0;
	return TSS2_RC_SUCCESS;
}

/* The descriptor is its opener's. */
static void finalize(TSS2_TCTI_CONTEXT *context)
{
	(void)context;
}

void tpm_channel_init(struct tpm_channel *channel, int fd)
{
	*channel = (struct tpm_channel){.fd = fd};
	channel->common.magic = CHANNEL_MAGIC;
	channel->common.version = 1;
	channel->common.transmit = transmit;
	channel->common.receive = receive;
	channel->common.finalize = finalize;
}
