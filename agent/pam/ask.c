/* SPDX-License-Identifier: Apache-2.0 */
/* The question to the engine, and to its book. No PAM here. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/pam/pam_holdfast.h"
#include "common/answer.h"
#include "common/cleanup.h"
#include "common/file.h"

#define BUSY_MS 50

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* is always there */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until fd is ready for events. 0, -ETIMEDOUT. */
static int wait_for(int fd, short events, int64_t until_ms)
{
	for (;;) {
		struct pollfd wanted = {.fd = fd, .events = events};
		int64_t left = until_ms - now_ms();
		int r;

		if (left <= 0)
			return -ETIMEDOUT;
		r = poll(&wanted, 1, (int)left);
		if (r > 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return -errno;
	}
}

/* A full queue empties itself, or the engine hangs. */
static int connect_in_time(const char *runtime_directory, int64_t until_ms)
{
	for (;;) {
		int fd = local_connect(runtime_directory, SOCK_NONBLOCK);

		if (fd != -EAGAIN || now_ms() + BUSY_MS >= until_ms)
			return fd;
		(void)poll(NULL, 0, BUSY_MS); /* cut short: one look more */
	}
}

/* The one frame of the answer: this request has no lines. */
static int answer_take(const uint8_t *packet, size_t size, struct reply *ret_reply)
{
	struct reply reply = {.by_engine = true, .kind = LOGIN_OTHER};
	struct bytes_reader payload;
	uint16_t type;
	int32_t error;
	int r;

	r = wire_open(packet, size, &type, &payload);
	if (r < 0)
		return r;
	error = (int32_t)bytes_get_u32(&payload);
	bytes_get_string(&payload, reply.words, sizeof(reply.words));
	if (type != ANSWER_END || !bytes_is_done(&payload))
		return -EBADMSG;
	if (error != 0 && error != -EACCES)
		return error < 0 ? error : -EBADMSG;
	reply.may = error == 0;
	*ret_reply = reply;
	return 0;
}

int ask_engine(
	const struct places *places, const struct local_request *request, struct reply *ret_reply)
{
	uint8_t packet[LOCAL_REQUEST_MAX];
	int64_t until_ms = now_ms() + ASK_TIMEOUT_MS;
	auto_close int fd = connect_in_time(places->runtime_directory, until_ms);
	struct bytes_writer frame;
	ssize_t size;
	int r;

	if (fd < 0)
		return fd;
	local_request_put(&frame, packet, sizeof(packet), request);
	r = wire_end(&frame);
	if (r < 0)
		return r;
	if (send(fd, packet, frame.used, MSG_NOSIGNAL) < 0)
		return -errno;
	r = wait_for(fd, POLLIN, until_ms);
	if (r < 0)
		return r;
	size = recv(fd, packet, sizeof(packet), 0);
	if (size <= 0)
		return size < 0 ? -errno : -ECONNRESET;
	return answer_take(packet, (size_t)size, ret_reply);
}

/* 0; -ENOENT: the engine never ran here, or its policy was never any. The caller frees. */
static int book_read(const char *path, char **ret_text, size_t *ret_size)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EBADMSG;
	return file_read_all(fd, LOGIN_BOOK_MAX, ret_text, ret_size);
}

/* What can be said without a book. */
static enum login_kind kind_by_number(uint32_t uid)
{
	if (uid == 0)
		return LOGIN_ROOT;
	return uid < LOGIN_UID_PEOPLE || uid == LOGIN_UID_NOBODY ? LOGIN_SYSTEM : LOGIN_OTHER;
}

void ask_book(
	const struct places *places, const struct local_request *request, struct reply *ret_reply)
{
	const struct login_who who = {request->account, request->uid, request->groups,
		request->group_count, request->service};
	struct reply reply = {.kind = kind_by_number(request->uid)};
	struct login_found found = {0};
	enum login_verdict verdict;
	auto_free char *text = NULL;
	size_t size = 0;
	int r;

	r = book_read(places->book, &text, &size);
	if (r == 0)
		r = login_book_find(text, size, &who, &found);
	reply.trouble = r;
	if (r < 0) {
		/* Never a word about accounts: none is anybody's. Unreadable: root may repair it. */
		reply.may = r == -ENOENT || reply.kind != LOGIN_OTHER;
		if (!reply.may)
			(void)snprintf(reply.words, sizeof(reply.words),
				"Holdfast's agent does not answer and its list of accounts can't "
				"be read: only root and the system log in. Ask your "
				"administrator.");
		*ret_reply = reply;
		return;
	}
	reply.kind = found.kind;
	verdict = login_judge(&found, false);
	reply.may = verdict == LOGIN_LET_IN;
	login_say(&found, verdict, request->account,
		"whether this one is can't be said, as Holdfast's agent does not answer",
		reply.words, sizeof(reply.words));
	*ret_reply = reply;
}
