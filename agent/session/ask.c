/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/session/ask.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "common/cleanup.h"

int ask_connect(const char *runtime_directory)
{
	const struct timeval limit = {.tv_sec = ASK_ANSWER_S};
	auto_close int fd = local_connect(runtime_directory, 0);

	if (fd < 0)
		return fd;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return -errno;
	return take_fd(fd);
}

int ask(int fd, const struct local_request *request, answer_line_function *line, void *userdata)
{
	static uint8_t buffer[LOCAL_REQUEST_MAX];
	static struct answer_reading reading;
	struct bytes_writer frame;
	int r;

	reading = (struct answer_reading){.line = line, .userdata = userdata};
	local_request_put(&frame, buffer, sizeof(buffer), request);
	r = wire_end(&frame);
	if (r >= 0)
		r = channel_packet(fd, buffer, frame.used, -1);
	if (r >= 0)
		r = answer_read(fd, &reading);
	return r < 0 ? r : reading.error;
}
