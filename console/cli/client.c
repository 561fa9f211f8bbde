/* SPDX-License-Identifier: Apache-2.0 */
/* One request to the store and its answer. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/answer_channel.h"
#include "common/cleanup.h"
#include "common/wire.h"
#include "console/cli/cli.h"

static int request_send(int fd, const struct admin_request *request, int with_fd)
{
	uint8_t buffer[ADMIN_REQUEST_MAX];
	struct bytes_writer frame;
	int r;

	admin_request_put(&frame, buffer, sizeof(buffer), request);
	r = wire_end(&frame);
	return r < 0 ? r : channel_packet(fd, buffer, frame.used, with_fd);
}

static int explain_unreachable(int r)
{
	if (r == -EACCES)
		return cli_refuse("you may not ask the console: that is for root and members of "
				  "group " ADMIN_GROUP),
		       CLI_NO_CONSOLE;
	(void)cli_refuse(
		"the console is not reachable at %s/%s: %s\n"
		"Is it running? It is started by 'systemctl start holdfast-console', or by\n"
		"'holdfast-console serve'.",
		cli.runtime_directory, ADMIN_SOCKET_NAME, strerror(-r));
	return CLI_NO_CONSOLE;
}

int client_ask(const struct admin_request *request, answer_line_function *line, void *userdata)
{
	return client_ask_with(request, -1, NULL, line, userdata);
}

int client_ask_with(const struct admin_request *request, int with_fd, int *ret_fd,
	answer_line_function *line, void *userdata)
{
	auto_close int fd = admin_connect(cli.runtime_directory);
	struct answer_reading reading = {.ret_fd = ret_fd, .line = line, .userdata = userdata};
	int r;

	if (fd < 0)
		return explain_unreachable(fd);
	r = request_send(fd, request, with_fd);
	if (r == 0)
		r = answer_read(fd, &reading);
	if (r < 0) {
		(void)cli_refuse("the console broke off: %s", strerror(-r));
		return CLI_NO_CONSOLE;
	}
	if (reading.words[0])
		(void)fprintf(reading.error < 0 ? stderr : stdout, "%s%s\n",
			reading.error < 0 ? "holdfast-console: " : "", reading.words);
	return reading.error < 0 ? CLI_REFUSED : CLI_DONE;
}
