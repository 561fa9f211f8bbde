/* SPDX-License-Identifier: Apache-2.0 */
/* One request to the engine and its answer. */
#include <stdio.h>
#include <string.h>

#include "agent/cli/cli.h"
#include "common/answer_channel.h"
#include "common/cleanup.h"

static int request_send(int fd, const struct local_request *request, int passed_fd)
{
	uint8_t buffer[LOCAL_REQUEST_MAX];
	struct bytes_writer frame;
	int r;

	local_request_put(&frame, buffer, sizeof(buffer), request);
	r = wire_end(&frame);
	return r < 0 ? r : channel_packet(fd, buffer, frame.used, passed_fd);
}

static int ask(const struct local_request *request, int passed_fd, bool is_quiet,
	answer_line_function *line, void *userdata)
{
	auto_close int fd = local_connect(cli.runtime_directory, 0);
	struct answer_reading reading = {.line = line, .userdata = userdata};
	int r;

	if (fd < 0) {
		if (!is_quiet)
			(void)fprintf(stderr,
				"holdfast: the agent is not reachable at %s/%s: %s\n"
				"Is holdfastd running? What it put into the kernel goes on "
				"enforcing.\n",
				cli.runtime_directory, LOCAL_SOCKET_NAME, strerror(-fd));
		return CLI_NO_AGENT;
	}
	r = request_send(fd, request, passed_fd);
	if (r == 0)
		r = answer_read(fd, &reading);
	if (r < 0) {
		if (!is_quiet)
			(void)fprintf(stderr, "holdfast: the agent broke off: %s\n", strerror(-r));
		return CLI_NO_AGENT;
	}
	if (reading.words[0] && !is_quiet)
		(void)fprintf(reading.error < 0 ? stderr : stdout, "%s%s\n",
			reading.error < 0 ? "holdfast: " : "", reading.words);
	return reading.error < 0 ? CLI_REFUSED : CLI_DONE;
}

int client_ask(
	const struct local_request *request, int fd, answer_line_function *line, void *userdata)
{
	return ask(request, fd, false, line, userdata);
}

int client_ask_quietly(
	const struct local_request *request, answer_line_function *line, void *userdata)
{
	return ask(request, -1, true, line, userdata);
}
