/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/session/overlay.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/session/ask.h"
#include "agent/session/overlay_window.h"
#include "agent/session/restrict.h"
#include "agent/session/retry.h"
#include "agent/session/wait.h"
#include "common/filter.h"
#include "common/json.h"
#include "common/log.h"
#include "common/text.h"

struct overlay {
	const char *runtime_directory;
	int fd; /* to the engine; -EBADF when there is none */
	char display[LOCAL_LABEL_SIZE];
	struct overlay_names names;
	struct overlay_look look, shown;
	struct overlay_window window; /* connection NULL when there is none */
	struct overlay_paint paint;
	struct retry engine_retry, display_retry;
	uint64_t asked_ms;
	bool is_broken; /* the last answer was none that can be shown */
};

static void on_line(struct json_object *object, const char *text, void *userdata)
{
	struct overlay *overlay = userdata;

	(void)text; /* the object says it */
	overlay->is_broken = overlay_look_take(
				     &overlay->look, object, &overlay->names, time(NULL)) < 0;
}

/* What is shown is told, so that the engine knows what is not. */
static unsigned int state_of(const struct overlay *overlay)
{
	if (!overlay->window.window)
		return 0;
	return (overlay->shown.text[0] ? LOCAL_MARK_TEXT : 0) |
	       (overlay->shown.has_tile && overlay->window.is_window_blending ? LOCAL_MARK_BLIND
									      : 0) |
	       (overlay->window.is_window_blending ? 0 : LOCAL_MARK_SHAPED);
}

static int ask_engine(struct overlay *overlay)
{
	static struct local_request request;
	int r;

	memset(&request, 0, sizeof(request));
	request.type = LOCAL_MARK;
	request.method = state_of(overlay);
	request.after = overlay->look.has_tile ? overlay->look.minute : 0;
	memcpy(request.display, overlay->display, sizeof(request.display));
	if (overlay->fd < 0)
		overlay->fd = ask_connect(overlay->runtime_directory);
	r = overlay->fd < 0 ? overlay->fd : ask(overlay->fd, &request, on_line, overlay);
	if (r == 0 && overlay->is_broken)
		r = -EBADMSG;
	return r;
}

/* Without an engine what is shown stays. */
static int engine_tick(struct overlay *overlay, uint64_t now_ms)
{
	int r;

	if (overlay->asked_ms && overlay->asked_ms + OVERLAY_ASK_MS > now_ms && overlay->fd >= 0)
		return (int)(overlay->asked_ms + OVERLAY_ASK_MS - now_ms);
	if (retry_left_ms(&overlay->engine_retry, now_ms) > 0)
		return retry_left_ms(&overlay->engine_retry, now_ms);
	overlay->asked_ms = now_ms;
	r = ask_engine(overlay);
	if (r == 0) {
		if (retry_done(&overlay->engine_retry))
			log_notice("the agent says what to show again");
		return OVERLAY_ASK_MS;
	}
	if (overlay->fd >= 0)
		(void)close(overlay->fd); /* nothing was written that could fail */
	overlay->fd = -EBADF;
	if (retry_later(&overlay->engine_retry, now_ms, OVERLAY_RETRY_MAX_MS))
		log_warning(
			"the agent does not say what to write over the screen: %s, leaving it as "
			"it is, trying again quietly",
			strerror(-r));
	return retry_left_ms(&overlay->engine_retry, now_ms);
}

static void display_lost(struct overlay *overlay, int error, uint64_t now_ms)
{
	overlay_window_close(&overlay->window);
	if (retry_later(&overlay->display_retry, now_ms, OVERLAY_RETRY_MAX_MS))
		log_warning("nothing can be written over display '%s': %s, trying again quietly",
			overlay->display, strerror(-error));
}

/* Draws what has changed; the display is connected to only while something is wanted on it. */
static int display_tick(struct overlay *overlay, bool is_due, uint64_t now_ms)
{
	int r = 0;

	if (!overlay->window.connection) {
		if (!overlay->look.is_wanted)
			return -1;
		if (retry_left_ms(&overlay->display_retry, now_ms) > 0)
			return retry_left_ms(&overlay->display_retry, now_ms);
		r = overlay_window_open(&overlay->window);
		is_due = true;
	}
	if (r == 0 && (is_due || !overlay_look_is_same(&overlay->look, &overlay->shown))) {
		r = overlay_window_show(&overlay->window, &overlay->paint, &overlay->look);
		overlay->shown = overlay->look;
		overlay->asked_ms = 0; /* tells at once what is shown now */
	}
	if (r < 0) {
		display_lost(overlay, r, now_ms);
		return retry_left_ms(&overlay->display_retry, now_ms);
	}
	(void)retry_done(&overlay->display_retry); /* the engine was told */
	return overlay_window_tick(&overlay->window, now_ms);
}

static void round_once(struct overlay *overlay)
{
	struct pollfd poll_at = {-1, 0, 0};
	bool is_due = false;
	int wait, r;

	if (overlay->window.connection) {
		r = overlay_window_read(&overlay->window);
		if (r < 0)
			display_lost(overlay, r, session_now_ms());
		is_due = r > 0;
	}
	wait = engine_tick(overlay, session_now_ms());
	wait = sooner(wait, display_tick(overlay, is_due, session_now_ms()));
	if (overlay->window.connection)
		poll_at = overlay_window_poll(&overlay->window);
	if (!overlay->asked_ms)
		wait = 0;
	if (poll(&poll_at, 1, wait) < 0 && errno != EINTR)
		fatal("cannot poll: %m, stopping");
}

static _Noreturn void run(const char *runtime_directory)
{
	static struct overlay overlay;
	const char *display = getenv("DISPLAY");

	overlay.runtime_directory = runtime_directory;
	overlay.fd = -EBADF;
	(void)text_clean(
		overlay.display, sizeof(overlay.display), display ? display : ""); /* cut: fine */
	overlay_names_fill(&overlay.names);
	if (overlay_paint_init(&overlay.paint) < 0)
		fatal("there are no fonts to write over the screen with, stopping");
	restrict_self(FILTER_FILES | FILTER_IPC | FILTER_NAMES | FILTER_SERVE | FILTER_THREADS);
	for (;;)
		round_once(&overlay);
}

/* With the parent's end it ends as well. */
static void end_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(EXIT_FAILURE);
}

/* Starts the one that draws, and starts it again. */
static _Noreturn void watch_over(const char *runtime_directory)
{
	struct retry retry = {0};

	(void)signal(SIGCHLD, SIG_DFL); /* valid; waited for here */
	for (;;) {
		uint64_t began_ms = session_now_ms();
		pid_t self = getpid(), child = fork();

		if (child == 0) {
			end_with(self);
			run(runtime_directory);
		}
		if (child > 0 && waitpid(child, NULL, 0) < 0)
			_exit(EXIT_FAILURE);
		if (session_now_ms() - began_ms > OVERLAY_RETRY_MAX_MS)
			(void)retry_done(&retry); /* it worked for long enough */
		if (retry_later(&retry, session_now_ms(), OVERLAY_RETRY_MAX_MS))
			log_warning("what writes over the screen ended, starting it again");
		(void)poll(NULL, 0, retry_left_ms(&retry, session_now_ms())); /* sooner: fine */
	}
}

void overlay_start(const char *runtime_directory)
{
	pid_t parent = getpid(), child = fork();

	if (child < 0)
		log_warning("cannot start what writes over the screen: %m, going on without");
	if (child != 0)
		return;
	end_with(parent);
	watch_over(runtime_directory);
}
