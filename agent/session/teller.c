/* SPDX-License-Identifier: Apache-2.0 */
/* One connection for as long as something is watched: that it ends tells the engine so. */
#include "agent/session/teller.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/session/ask.h"
#include "agent/session/wait.h"
#include "common/cleanup.h"
#include "common/json.h"
#include "common/log.h"
#include "common/text.h"

void teller_init(struct teller *teller, const char *runtime_directory, const char *display)
{
	*teller = (struct teller){.fd = -EBADF, .runtime_directory = runtime_directory};
	(void)text_clean(teller->display, sizeof(teller->display), display); /* cut: fine */
}

void teller_close(struct teller *teller)
{
	if (teller->fd >= 0)
		(void)close(teller->fd); /* nothing was written that could fail */
	teller->fd = -EBADF;
}

struct pollfd teller_poll(const struct teller *teller)
{
	return (struct pollfd){teller->fd, 0, 0};
}

void teller_on_poll(struct teller *teller, short events)
{
	if (events)
		teller_close(teller);
}

void capture_program(struct capture *capture)
{
	char path[32], text[TELLER_PROGRAM_SIZE];
	auto_close int fd = -EBADF;
	ssize_t size;

	capture->program[0] = '\0';
	(void)snprintf(path, sizeof(path), "/proc/%u/comm", capture->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	size = read(fd, text, sizeof(text) - 1);
	if (size <= 0)
		return;
	text[size] = '\0';
	text[strcspn(text, "\n")] = '\0';
	(void)text_clean(capture->program, sizeof(capture->program), text); /* cut: fine */
}

void teller_add(struct teller *teller, const struct capture *capture, uint64_t now_ms)
{
	unsigned int i;

	if (!teller->count)
		teller->since_ms = now_ms;
	for (i = 0; i < teller->count; i++)
		if (teller->waiting[i].capture.pid == capture->pid &&
			teller->waiting[i].capture.method == capture->method)
			break;
	if (i == TELLER_CAPTURES_MAX) {
		i--;
		teller->waiting[i].capture = (struct capture){.method = capture->method};
	} else if (i == teller->count) {
		teller->waiting[i].capture = *capture;
		teller->waiting[i].count = 0;
		teller->count++;
	}
	teller->waiting[i].count++;
}

static void on_line(struct json_object *object, const char *text, void *userdata)
{
	struct teller *teller = userdata;

	(void)text; /* the object says it */
	teller->is_wanted = json_true(object, "watch");
	teller->clears_on_lock = json_true(object, "clear_on_lock");
}

static int tell(struct teller *teller, struct local_request *request)
{
	request->type = LOCAL_WITNESS;
	(void)snprintf(request->display, sizeof(request->display), "%s", teller->display);
	return ask(teller->fd, request, on_line, teller);
}

/* Without any capture: here it is. */
static int begin(struct teller *teller)
{
	static struct local_request request;

	memset(&request, 0, sizeof(request));
	teller->fd = ask_connect(teller->runtime_directory);
	return teller->fd < 0 ? teller->fd : tell(teller, &request);
}

static int send_waiting(struct teller *teller)
{
	static struct local_request request;
	int r;

	while (teller->count) {
		const struct capture *capture = &teller->waiting[teller->count - 1].capture;

		memset(&request, 0, sizeof(request));
		request.pid = capture->pid;
		request.method = capture->method;
		request.after = teller->waiting[teller->count - 1].count;
		(void)snprintf(request.program, sizeof(request.program), "%s", capture->program);
		r = tell(teller, &request);
		if (r < 0)
			return r;
		teller->count--;
	}
	return 0;
}

static int later(struct teller *teller, int error, uint64_t now_ms)
{
	teller_close(teller);
	if (retry_later(&teller->retry, now_ms, TELLER_RETRY_MAX_MS))
		log_warning("the agent takes no word of %s: %s, trying again quietly",
			teller->display, strerror(-error));
	return retry_left_ms(&teller->retry, now_ms);
}

int teller_tick(struct teller *teller, uint64_t now_ms)
{
	int r = 0;

	if (teller->fd < 0) {
		if (retry_left_ms(&teller->retry, now_ms) > 0)
			return retry_left_ms(&teller->retry, now_ms);
		r = begin(teller);
		if (r < 0)
			return later(teller, r, now_ms);
		if (retry_done(&teller->retry))
			log_notice("the agent takes what %s shows", teller->display);
	}
	if (!teller->count)
		return -1;
	if (teller->since_ms + TELLER_GATHER_MS > now_ms)
		return (int)(teller->since_ms + TELLER_GATHER_MS - now_ms);
	r = send_waiting(teller);
	return r < 0 ? later(teller, r, now_ms) : -1;
}

void teller_wait(struct teller *teller)
{
	int wait;

	for (;;) {
		wait = teller_tick(teller, session_now_ms());
		if (teller->fd >= 0 && teller->is_wanted)
			return;
		if (teller->fd >= 0)
			wait = TELLER_ASK_MS;
		teller_close(teller);
		(void)poll(NULL, 0, wait); /* a signal ends it sooner: fine */
	}
}
