/* SPDX-License-Identifier: Apache-2.0 */
/* One request to the engine and its answer. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/cli/cli.h"
#include "common/cleanup.h"

static int engine_connect(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s",
		    cli.runtime_directory, LOCAL_SOCKET_NAME) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return take_fd(fd);
}

static int request_send(int fd, const struct local_request *request, int passed_fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	uint8_t buffer[LOCAL_REQUEST_MAX];
	struct bytes_writer frame;
	struct iovec part;
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	int r;

	local_request_put(&frame, buffer, sizeof(buffer), request);
	r = wire_end(&frame);
	if (r < 0)
		return r;
	part = (struct iovec){.iov_base = buffer, .iov_len = frame.used};
	if (passed_fd >= 0) {
		message.msg_control = control.space;
		message.msg_controllen = sizeof(control.space);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &passed_fd, sizeof(passed_fd));
	}
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

typedef void line_function(struct json_object *object, const char *text, void *userdata);

/* 1 = go on, 0 = over with *ret_error and text, negative errno. */
static int answer_read(int fd, line_function *line, void *userdata, int *ret_error, char *ret_text)
{
	static uint8_t packet[LOCAL_LINE_MAX + 64];
	static char text[LOCAL_LINE_MAX];
	struct json_object *object;
	struct bytes_reader payload;
	uint16_t type;
	ssize_t size = recv(fd, packet, sizeof(packet), 0);
	int r;

	if (size < 0)
		return -errno;
	if (size == 0)
		return -ECONNRESET;
	r = wire_open(packet, (size_t)size, &type, &payload);
	if (r < 0)
		return r;
	if (type == LOCAL_END) {
		*ret_error = (int)bytes_get_u32(&payload);
		bytes_get_string(&payload, ret_text, 1024);
		return bytes_is_done(&payload) ? 0 : -EBADMSG;
	}
	bytes_get_string(&payload, text, sizeof(text));
	if (type != LOCAL_LINE || !bytes_is_done(&payload))
		return -EBADMSG;
	object = json_tokener_parse(text);
	if (!object)
		return -EBADMSG;
	line(object, text, userdata);
	(void)json_object_put(object); /* freed */
	return 1;
}

static int ask(const struct local_request *request, int passed_fd, bool is_quiet,
	line_function *line, void *userdata)
{
	auto_close int fd = engine_connect();
	char text[1024] = "";
	int error = 0, r;

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
	while (r >= 0 && (r = answer_read(fd, line, userdata, &error, text)) > 0)
		;
	if (r < 0) {
		if (!is_quiet)
			(void)fprintf(stderr, "holdfast: the agent broke off: %s\n", strerror(-r));
		return CLI_NO_AGENT;
	}
	if (text[0] && !is_quiet)
		(void)fprintf(
			error < 0 ? stderr : stdout, "%s%s\n", error < 0 ? "holdfast: " : "", text);
	return error < 0 ? CLI_REFUSED : CLI_DONE;
}

int client_ask(const struct local_request *request, int fd, line_function *line, void *userdata)
{
	return ask(request, fd, false, line, userdata);
}

int client_ask_quietly(const struct local_request *request, line_function *line, void *userdata)
{
	return ask(request, -1, true, line, userdata);
}
