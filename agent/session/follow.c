/* SPDX-License-Identifier: Apache-2.0 */
/* One request, and its answer that does not end. */
#include "agent/session/follow.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/json.h"
#include "agent/ipc/request.h"
#include "common/log.h"

#define FOLLOW_BATCH_MAX 64 /* events taken before others have their turn */

void follow_init(struct follow *follow, const char *runtime_directory, follow_function *function,
	void *userdata)
{
	*follow = (struct follow){
		.channel = {.fd = -EBADF},
		.runtime_directory = runtime_directory,
		.after = LOCAL_FROM_NOW,
		.function = function,
		.userdata = userdata,
	};
}

static int ask(struct follow *follow)
{
	const struct local_request request = {.type = LOCAL_FOLLOW, .after = follow->after};
	static uint8_t buffer[LOCAL_REQUEST_MAX];
	struct bytes_writer frame;
	int fd = local_connect(follow->runtime_directory, SOCK_NONBLOCK);

	if (fd < 0)
		return fd;
	channel_init(&follow->channel, fd, 0);
	local_request_put(&frame, buffer, sizeof(buffer), &request);
	return channel_send(&follow->channel, &frame, -1);
}

static void later(struct follow *follow, const char *what, int error, uint64_t now_ms)
{
	channel_done(&follow->channel);
	if (retry_later(&follow->retry, now_ms, FOLLOW_RETRY_MAX_MS))
		log_warning("%s at '%s/%s': %s; no notices until it is back, trying again quietly",
			what, follow->runtime_directory, LOCAL_SOCKET_NAME, strerror(-error));
}

int follow_tick(struct follow *follow, uint64_t now_ms)
{
	int r;

	if (follow->channel.fd >= 0)
		return -1;
	if (retry_left_ms(&follow->retry, now_ms) == 0) {
		r = ask(follow);
		if (r >= 0)
			return -1;
		later(follow, "the agent is not reachable", r, now_ms);
	}
	return retry_left_ms(&follow->retry, now_ms);
}

struct pollfd follow_poll(const struct follow *follow)
{
	return (struct pollfd){follow->channel.fd, channel_events(&follow->channel), 0};
}

static int on_line(struct follow *follow, const char *text)
{
	struct json_object *object = json_tokener_parse(text);
	uint64_t sequence;

	if (!object)
		return -EBADMSG;
	if (json_at(object, "following")) { /* the agent took the request */
		follow->after = json_number(object, "following");
		if (retry_done(&follow->retry))
			log_notice("the agent is back");
	} else {
		sequence = json_number(object, "metadata.sequence");
		if (sequence > follow->after)
			follow->after = sequence;
		follow->function(object, follow->userdata);
	}
	(void)json_object_put(object); /* freed */
	return 0;
}

/* 1 = there may be more, 0 = nothing for now, negative errno = start over. */
static int take_one(struct follow *follow)
{
	static uint8_t packet[ANSWER_FRAME_MAX];
	static struct answer answer;
	int fd = -EBADF, r;
	int size = channel_receive(&follow->channel, packet, sizeof(packet), &fd);

	if (size == -EAGAIN)
		return 0;
	if (size <= 0)
		return size < 0 ? size : -ECONNRESET;
	if (fd >= 0) {
		(void)close(fd); /* not asked for */
		return -EBADMSG;
	}
	r = answer_decode(packet, (size_t)size, &answer);
	if (r < 0)
		return r;
	if (answer.type == ANSWER_END) /* an agent that does not know the request, or is stopping */
		return answer.error ? answer.error : -ECONNRESET;
	r = on_line(follow, answer.text);
	return r < 0 ? r : 1;
}

void follow_on_poll(struct follow *follow, short events, uint64_t now_ms)
{
	int r = 1;

	if (follow->channel.fd < 0 || !events)
		return;
	if (events & POLLOUT)
		r = channel_flush(&follow->channel);
	for (unsigned int i = 0; r >= 0 && i < FOLLOW_BATCH_MAX; i++) {
		r = take_one(follow);
		if (r == 0)
			return;
	}
	if (r < 0)
		later(follow, "the agent broke off", r, now_ms);
}
