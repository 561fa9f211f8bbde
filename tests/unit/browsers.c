/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine makes of [browser]: this test is the supervisor, holdfast-browser and the sensor. */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/engine/browsers.h"
#include "agent/engine/engine.h"
#include "agent/ipc/browser.h"
#include "common/cleanup.h"

static struct engine engine;
static struct policy_compiled policy;
static char *domains[] = {"acme.example", "b.example"};
static char directory[] = "/tmp/holdfast-browsers-XXXXXX";
static int supervisor = -1, browser = -1;
static unsigned int failures[FAILURE_REASON_MAX];
static int guarded = -1; /* what the sensor was told last */
static uint8_t buffer[WIRE_FRAME_MAX];

void failure_note(struct engine *who, enum failure_reason reason, const char *format, ...)
{
	(void)who, (void)format;
	failures[reason]++;
}

void link_begin(struct bytes_writer *frame, unsigned int type)
{
	cr_assert_eq(type, MESSAGE_BROWSERS);
	wire_begin(frame, buffer, sizeof(buffer), (uint16_t)type);
}

void link_send(struct engine *who, struct bytes_writer *frame, int fd)
{
	(void)who;
	cr_assert_eq(fd, -1);
	guarded = frame->start[WIRE_HEADER_SIZE];
}

static void begin(void)
{
	int fds[2];

	cr_assert(mkdtemp(directory));
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	engine.supervisor_fd = fds[0];
	supervisor = fds[1];
	engine.state_directory = directory;
	engine.has_hello = true;
	engine.policy = &policy;
	engine.policy_count = 1;
	cr_assert_eq(browsers_new(&engine.browsers), 0);
}

static void end(void)
{
	(void)rmdir(directory);
}

static void policy_says(uint8_t browsers)
{
	policy.browser = (struct policy_browser_rules){browsers, domains, browsers ? 2 : 0};
	engine.policy_count++;
}

static bool is_asked_for(void)
{
	char letter = 0;

	return recv(supervisor, &letter, 1, MSG_DONTWAIT) == 1 && letter == BROWSER_LETTER;
}

static void browser_comes(void)
{
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	browsers_take(&engine, fds[0]);
	browser = fds[1];
}

/* What holdfast-browser is asked for; false: nothing. */
static bool wish(struct browser_want *ret_want)
{
	uint8_t packet[8192];
	struct bytes_reader payload;
	uint16_t type;
	ssize_t got = recv(browser, packet, sizeof(packet), MSG_DONTWAIT);

	if (got <= 0)
		return false;
	cr_assert_eq(wire_open(packet, (size_t)got, &type, &payload), 0);
	cr_assert_eq(type, BROWSER_WANT);
	memset(ret_want, 0, sizeof(*ret_want));
	browser_get_want(&payload, ret_want);
	cr_assert(bytes_is_done(&payload));
	return true;
}

static void says_state(const struct browser_state *state)
{
	uint8_t packet[256];
	struct bytes_writer frame;
	int size;

	wire_begin(&frame, packet, sizeof(packet), BROWSER_STATE);
	browser_put_state(&frame, state);
	size = wire_end(&frame);
	cr_assert_eq(send(browser, packet, (size_t)size, 0), size);
	browsers_on_poll(&engine, POLLIN);
}

static void says_drift(uint8_t kind)
{
	const struct browser_drift drift = {.kind = kind, .path = "/etc/x"};
	uint8_t packet[1024];
	struct bytes_writer frame;
	int size;

	wire_begin(&frame, packet, sizeof(packet), BROWSER_DRIFT);
	browser_put_drift(&frame, &drift);
	size = wire_end(&frame);
	cr_assert_eq(send(browser, packet, (size_t)size, 0), size);
	browsers_on_poll(&engine, POLLIN);
}

TestSuite(browsers, .init = begin, .fini = end);

Test(browsers, who_never_had_it_does_not_start_it)
{
	browsers_tick(&engine);
	cr_expect_not(is_asked_for());
	policy_says(7);
	browsers_tick(&engine);
	cr_expect(is_asked_for(), "control");
}

Test(browsers, what_is_written_is_guarded)
{
	static struct browser_want want;

	policy_says(5);
	browsers_tick(&engine);
	browser_comes();
	cr_assert(wish(&want));
	cr_expect_eq(want.browsers, 5);
	cr_assert_eq(want.domain_count, 2);
	cr_expect_str_eq(want.domains[1], "b.example");
	says_state(&(const struct browser_state){.in_place = 5});
	cr_expect_eq(guarded, 5);
	cr_expect_eq(failures[FAILURE_BROWSERS], 0);
	policy_says(4);
	browsers_tick(&engine);
	cr_assert(wish(&want), "another policy is said at once");
	cr_expect_eq(want.browsers, 4);
	says_state(&(const struct browser_state){.in_place = 4});
	cr_expect_eq(guarded, 4);
}

/* Also when the policy lost its section while the agent did not run. */
Test(browsers, what_was_written_is_taken_back)
{
	char path[PATH_MAX];
	static struct browser_want want;

	(void)snprintf(path, sizeof(path), "%s" BROWSER_STATE_SUFFIX, directory);
	cr_assert_eq(mkdir(path, 0700), 0);
	policy_says(0);
	browsers_tick(&engine);
	cr_assert(is_asked_for());
	browser_comes();
	cr_assert(wish(&want));
	cr_expect_eq(want.browsers, 0);
	says_state(&(const struct browser_state){.errors = {[1] = -EROFS}});
	cr_expect_eq(failures[FAILURE_BROWSERS], 1);
	cr_expect_eq(browsers_poll(&engine).fd >= 0, true, "it goes on trying");
	says_state(&(const struct browser_state){.in_place = 0});
	cr_expect_eq(guarded, 0);
	cr_expect_lt(browsers_poll(&engine).fd, 0, "done: it is not needed any more");
	browsers_tick(&engine);
	cr_expect_not(is_asked_for());
	(void)rmdir(path);
}

Test(browsers, drift_and_failures_are_told)
{
	static struct browser_want want;

	policy_says(1);
	browsers_tick(&engine);
	browser_comes();
	cr_assert(wish(&want));
	says_drift(BROWSER_CHANGED);
	says_drift(BROWSER_REMOVED);
	cr_expect_eq(failures[FAILURE_BROWSER_DRIFT], 2);
	says_drift(BROWSER_OVERRIDDEN);
	cr_expect_eq(failures[FAILURE_BROWSER_RIVAL], 1);
	says_state(&(const struct browser_state){.errors = {-EROFS}});
	says_state(&(const struct browser_state){.errors = {-EROFS}});
	cr_expect_eq(failures[FAILURE_BROWSERS], 1, "once");
}

Test(browsers, one_that_ends_or_lies_is_started_again)
{
	static struct browser_want want;

	policy_says(1);
	browsers_tick(&engine);
	browser_comes();
	cr_assert(wish(&want));
	cr_assert_eq(close(browser), 0);
	browsers_on_poll(&engine, POLLHUP);
	cr_expect_eq(failures[FAILURE_BROWSERS], 1);
	cr_expect_lt(browsers_poll(&engine).fd, 0);
	browser_comes();
	cr_assert(wish(&want), "the next one is told again");
	cr_assert_eq(send(browser, "x", 1, 0), 1);
	browsers_on_poll(&engine, POLLIN);
	cr_expect_eq(failures[FAILURE_BROWSERS], 2);
	cr_expect_lt(browsers_poll(&engine).fd, 0);
}

Test(browsers, status_says_how_each_stands)
{
	struct json_object *status, *first, *last;

	cr_expect_null(browsers_status(&engine));
	policy_says(7);
	browsers_tick(&engine);
	browser_comes();
	says_state(&(const struct browser_state){
		.in_place = 3, .overridden = 2, .errors = {[2] = -EROFS}});
	status = browsers_status(&engine);
	cr_assert_eq(json_object_array_length(status), 3);
	for (size_t i = 0; i < 3; i++)
		cr_expect_eq(json_object_get_boolean(json_object_object_get(
				     json_object_array_get_idx(status, i), "bound")),
			i == 0, "%zu", i);
	first = json_object_array_get_idx(status, 0);
	cr_expect_str_eq(
		json_object_get_string(json_object_object_get(first, "browser")), "chromium");
	last = json_object_array_get_idx(status, 2);
	cr_expect_str_eq(
		json_object_get_string(json_object_object_get(last, "why")), strerror(EROFS));
	(void)json_object_put(status);
}
