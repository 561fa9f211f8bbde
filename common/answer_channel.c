/* SPDX-License-Identifier: Apache-2.0 */
/* One frame at a time. */
#include "common/answer_channel.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>

#include "common/cleanup.h"

static uint8_t frame_buffer[ANSWER_FRAME_MAX];

void answer_send_text(struct channel *channel, const char *json, int fd)
{
	struct bytes_writer frame;

	answer_put_line(&frame, frame_buffer, sizeof(frame_buffer), json);
	(void)channel_send(channel, &frame, fd); /* see the header */
}

void answer_send_object(struct channel *channel, struct json_object *object, int fd)
{
	answer_send_text(channel,
		json_object_to_json_string_ext(
			object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
		fd);
	(void)json_object_put(object); /* freed */
}

void answer_send_end(struct channel *channel, int error, const char *format, va_list arguments)
{
	struct bytes_writer frame;
	char words[ANSWER_WORDS_SIZE];

	(void)vsnprintf(words, sizeof(words), format, arguments);
	answer_put_end(&frame, frame_buffer, sizeof(frame_buffer), error, words);
	(void)channel_send(channel, &frame, -1); /* see the header */
}

/* Waits for a packet, then takes it with what it carries. */
static int packet_read(int fd, void *packet, size_t size, int *ret_fd)
{
	struct channel channel = {.fd = fd};
	struct pollfd wanted = {.fd = fd, .events = POLLIN};

	while (poll(&wanted, 1, -1) < 0)
		if (errno != EINTR)
			return -errno;
	return channel_receive(&channel, packet, size, ret_fd);
}

/* 1 = go on, 0 = over, negative errno. */
static int frame_read(int fd, struct answer_reading *reading)
{
	auto_close int came = -EBADF;
	static struct answer answer;
	struct json_object *object;
	int size = packet_read(fd, frame_buffer, sizeof(frame_buffer), &came);
	int r;

	if (size < 0)
		return size;
	if (came >= 0 && reading->ret_fd && *reading->ret_fd < 0)
		*reading->ret_fd = take_fd(came);
	if (size == 0)
		return -ECONNRESET;
	r = answer_decode(frame_buffer, (size_t)size, &answer);
	if (r < 0)
		return r;
	if (answer.type == ANSWER_END) {
		reading->error = answer.error;
		(void)snprintf(reading->words, sizeof(reading->words), "%.*s",
			ANSWER_WORDS_SIZE - 1, answer.text);
		return 0;
	}
	object = json_tokener_parse(answer.text);
	if (!object)
		return -EBADMSG;
	reading->line(object, answer.text, reading->userdata);
	(void)json_object_put(object); /* freed */
	return 1;
}

int answer_read(int fd, struct answer_reading *reading)
{
	int r;

	do
		r = frame_read(fd, reading);
	while (r > 0);
	return r;
}
