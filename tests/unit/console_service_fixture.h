/* SPDX-License-Identifier: Apache-2.0 */
/* The store's process without its process: both of its sockets, and somebody at the other end of each. */
#ifndef HOLDFAST_TESTS_UNIT_CONSOLE_SERVICE_FIXTURE_H
#define HOLDFAST_TESTS_UNIT_CONSOLE_SERVICE_FIXTURE_H

#include "tests/unit/console_fixture.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/wire.h"
#include "console/store/admin_server.h"
#include "console/store/export_server.h"
#include "console/store/service.h"

static struct service service;
static struct channel frontend; /* our end */
static uint8_t buffer[WIRE_FRAME_MAX];

/* The key as init leaves it. */
static inline void fixture_seal_file(void)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/" SERVICE_SEAL_KEY, fixture_directory);
	file = fopen(path, "we");
	cr_assert_not_null(file);
	cr_assert_eq(fwrite(fixture_seal_key, 1, HPKE_KEY_SIZE, file), HPKE_KEY_SIZE);
	(void)fclose(file);
}

static inline void service_begin(void)
{
	int fds[2];

	fixture_begin();
	fixture_seal_file();
	ingest_free(fixture_ingest);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	service = (struct service){.writer = fixture_store, .signal_fd = -1, .life_fd = -1};
	cr_assert_eq(
		seal_keys_open(fixture_directory, fixture_store, &service.seals, &fixture_ingest),
		0);
	service.ingest = fixture_ingest;
	cr_assert_eq(store_open(fixture_path, STORE_READ, &service.reader), 0);
	cr_assert_eq(admin_server_new(fixture_directory, (gid_t)-1, &service.admin), 0);
	cr_assert_eq(export_server_new(fixture_directory, &service.exports), 0);
	channel_init(&service.frontend, fds[0], 0);
	channel_init(&frontend, fds[1], 0);
}

static inline void service_end(void)
{
	channel_done(&service.frontend);
	channel_done(&frontend);
	store_free(service.reader);
	fixture_end();
}

static char last_text[ANSWER_LINE_MAX]; /* of the last line */

#ifdef FIXTURE_AUTHORITY
#include "console/store/word.h"

static struct channel authority; /* our end */

static inline void authority_begin(void)
{
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	channel_init(&service.authority, fds[0], 0);
	channel_init(&authority, fds[1], 0);
	service.has_authority = true;
}

/* A frame's first byte is whom it names, of this minute 0; 0: no pen wrote it. */
static inline uint32_t authority_reads(const struct console_mark *mark, uint8_t *ret_text)
{
	struct bytes_writer answer;

	bytes_writer_init(&answer, ret_text, CONSOLE_WORD_MAX);
	bytes_put_u8(&answer, mark->frame[0] > 0);
	bytes_put_u32(&answer, mark->frame[0]);
	bytes_put_u32(&answer, 0);
	bytes_put_u8(&answer, 0);
	return (uint32_t)answer.used;
}

/* Says what it is asked to have done, for who looks at what is made of it. */
static inline void authority_turn(void)
{
	struct console_word word = {.size = 8, .text = "receipt"};
	struct console_destroy destroy;
	struct console_made made = {0};
	struct console_make make;
	struct console_mark mark;
	struct bytes_reader payload;
	struct bytes_writer frame;
	uint16_t type;
	int fd, size = channel_receive(&authority, buffer, sizeof(buffer), &fd);

	if (size <= 0)
		return;
	cr_assert_eq(wire_open(buffer, (size_t)size, &type, &payload), 0);
	if (type == CONSOLE_KEY_MAKE) {
		console_get_make(&payload, &make);
		made = (struct console_made){.id = make.id, .key = make.key};
		made.key.home[0] = 1;
		made.key.slot = make.key.generation;
		made.key.wrapped[0] = 7;
		wire_begin(&frame, buffer, sizeof(buffer), CONSOLE_KEY_MADE);
		console_put_made(&frame, &made);
	} else if (type == CONSOLE_MARK) {
		console_get_mark(&payload, &mark);
		word.id = mark.id;
		word.size = mark.has_frame ? authority_reads(&mark, word.text) : CONSOLE_HASH_SIZE;
		wire_begin(&frame, buffer, sizeof(buffer), CONSOLE_MARK_IS);
		console_put_word(&frame, &word);
	} else {
		cr_assert_eq(type, CONSOLE_KEY_DESTROY);
		console_get_destroy(&payload, &destroy);
		word.id = destroy.id;
		wire_begin(&frame, buffer, sizeof(buffer), CONSOLE_KEY_DESTROYED);
		console_put_word(&frame, &word);
	}
	cr_assert_eq(channel_send(&authority, &frame, -1), 0);
	word_on_poll(&service, POLLIN);
}
#else
static inline void authority_turn(void)
{
}
#endif

/* The error that ends the answer; *ret_lines: how many came before. */
static inline int ask_with(
	const struct admin_request *request, int with_fd, unsigned int *ret_lines)
{
	static struct answer answer;
	struct pollfd polls[1 + ADMIN_CLIENT_MAX];
	struct bytes_writer frame;
	int fd = admin_connect(fixture_directory), r = 1;
	ssize_t size;

	cr_assert_geq(fd, 0);
	*ret_lines = 0;
	admin_request_put(&frame, buffer, sizeof(buffer), request);
	cr_assert_gt(wire_end(&frame), 0);
	cr_assert_eq(channel_packet(fd, buffer, frame.used, with_fd), 0);
	while (r > 0) {
		unsigned int count = admin_server_poll_fill(
			service.admin, polls, 1 + ADMIN_CLIENT_MAX);

		(void)poll(polls, count, 0);
		admin_server_on_poll(&service, polls, count);
		(void)admin_server_work(&service);
		authority_turn();
		while ((size = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT)) > 0) {
			cr_assert_eq(answer_decode(buffer, (size_t)size, &answer), 0);
			if (answer.type == ANSWER_END) {
				r = answer.error;
				break;
			}
			(void)snprintf(last_text, sizeof(last_text), "%s", answer.text);
			++*ret_lines;
		}
	}
	(void)close(fd);
	return r;
}

static inline int ask(const struct admin_request *request, unsigned int *ret_lines)
{
	return ask_with(request, -1, ret_lines);
}

#endif
