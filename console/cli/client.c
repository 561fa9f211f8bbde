/* SPDX-License-Identifier: Apache-2.0 */
/* One request to the store and its answer. */
#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/cleanup.h"
#include "common/wire.h"
#include "console/cli/cli.h"

#define CLIENT_TEXT_SIZE 1024 /* of the words that end an answer */

typedef void line_function(struct json_object *object, const char *text, void *userdata);

static int request_send(int fd, const struct admin_request *request, int with_fd)
{
	uint8_t buffer[ADMIN_REQUEST_MAX];
	struct bytes_writer frame;
	int r;

	admin_request_put(&frame, buffer, sizeof(buffer), request);
	r = wire_end(&frame);
	return r < 0 ? r : channel_packet(fd, buffer, frame.used, with_fd);
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

struct reading {
	int *ret_fd; /* NULL: what comes is closed */
	line_function *line;
	void *userdata;
	int error;
	char text[CLIENT_TEXT_SIZE];
};

/* 1 = go on, 0 = over with error and text, negative errno. */
static int answer_read(int fd, struct reading *reading)
{
	auto_close int came = -EBADF;
	static uint8_t packet[ANSWER_FRAME_MAX];
	static struct answer answer;
	struct json_object *object;
	int size = packet_read(fd, packet, sizeof(packet), &came);
	int r;

	if (size < 0)
		return size;
	if (came >= 0 && reading->ret_fd && *reading->ret_fd < 0)
		*reading->ret_fd = take_fd(came);
	if (size == 0)
		return -ECONNRESET;
	r = answer_decode(packet, (size_t)size, &answer);
	if (r < 0)
		return r;
	if (answer.type == ANSWER_END) {
		reading->error = answer.error;
		(void)snprintf(reading->text, sizeof(reading->text), "%.*s", CLIENT_TEXT_SIZE - 1,
			answer.text);
		return 0;
	}
	object = json_tokener_parse(answer.text);
	if (!object)
		return -EBADMSG;
	reading->line(object, answer.text, reading->userdata);
	(void)json_object_put(object); /* freed */
	return 1;
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

int client_ask(const struct admin_request *request, line_function *line, void *userdata)
{
	return client_ask_with(request, -1, NULL, line, userdata);
}

int client_ask_with(const struct admin_request *request, int with_fd, int *ret_fd,
	line_function *line, void *userdata)
{
	auto_close int fd = admin_connect(cli.runtime_directory);
	struct reading reading = {.ret_fd = ret_fd, .line = line, .userdata = userdata};
	int r;

	if (fd < 0)
		return explain_unreachable(fd);
	r = request_send(fd, request, with_fd);
	while (r >= 0 && (r = answer_read(fd, &reading)) > 0)
		;
	if (r < 0) {
		(void)cli_refuse("the console broke off: %s", strerror(-r));
		return CLI_NO_CONSOLE;
	}
	if (reading.text[0])
		(void)fprintf(reading.error < 0 ? stderr : stdout, "%s%s\n",
			reading.error < 0 ? "holdfast-console: " : "", reading.text);
	return reading.error < 0 ? CLI_REFUSED : CLI_DONE;
}
