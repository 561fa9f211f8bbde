/* SPDX-License-Identifier: Apache-2.0 */
/* What holdfastd starts for holdfast-verify, as whom; and what it does not start, whoever asks. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/ipc/worker.h"
#include "agent/supervisor/workers.h"
#include "common/channel.h"
#include "common/privileges.h"

static char directory[] = "/tmp/holdfast-workers-XXXXXX";
static struct supervisor_options options = {.libexec_directory = directory};
static struct workers workers;

/* It says who it is. */
static void program_make(void)
{
	static const char script[] = "#!/bin/sh\nid -u >&3\nid -g >&3\nid -G >&3\n";
	char path[128];
	int fd;

	cr_assert(mkdtemp(directory));
	cr_assert_eq(chmod(directory, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/holdfast-password", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	cr_assert_eq(write(fd, script, sizeof(script) - 1), (ssize_t)(sizeof(script) - 1));
	(void)close(fd);
}

static void program_remove(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/holdfast-password", directory);
	(void)unlink(path);
	(void)rmdir(directory);
}

static unsigned int running(void)
{
	unsigned int count = 0;

	for (size_t i = 0; i < WORKERS_MAX; i++)
		count += workers.processes[i].process != 0;
	return count;
}

/* Sends what holdfast-verify would; the other end of the worker's socket, or -1 for none sent. */
static int ask(const void *bytes, size_t size, bool has_fd)
{
	int link[2], own[2] = {-1, -1};

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link), 0);
	if (has_fd)
		cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, own), 0);
	cr_assert_eq(channel_packet(link[0], bytes, size, own[1]), 0);
	cr_expect_eq(workers_serve(&workers, &options, link[1]), 0);
	cr_expect_eq(workers_serve(&workers, &options, link[1]), -EAGAIN);
	(void)close(link[0]);
	(void)poll(
		&(struct pollfd){link[1], POLLIN, 0}, 1, 5000); /* a child has it until its exec */
	cr_expect_eq(workers_serve(&workers, &options, link[1]), -EPIPE);
	(void)close(link[1]);
	if (has_fd)
		(void)close(own[1]);
	return own[0];
}

static int ask_for(uint32_t kind, uint32_t uid)
{
	const struct worker_request request = {.kind = kind, .uid = uid};
	uint8_t bytes[WORKER_REQUEST_SIZE];

	worker_request_put(bytes, &request);
	return ask(bytes, sizeof(bytes), true);
}

static void expect_refused(uint32_t kind, uint32_t uid)
{
	char byte;
	int fd = ask_for(kind, uid);

	cr_expect_eq(running(), 0, "%u for %u", kind, uid);
	cr_expect_eq(recv(fd, &byte, 1, 0), 0, "%u for %u: who asked sees it closed", kind, uid);
	(void)close(fd);
}

Test(workers, nobody_becomes_root_or_a_service, .init = program_make, .fini = program_remove)
{
	static const uint32_t uids[] = {0, 1, 33, 999, 65534, UINT32_MAX};
	static const uint32_t kinds[] = {0, 3, 99, UINT32_MAX};
	uint8_t bytes[WORKER_REQUEST_SIZE] = {WORKER_PASSWORD};

	for (size_t i = 0; i < sizeof(uids) / sizeof(uids[0]); i++)
		expect_refused(WORKER_PASSWORD, uids[i]);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		expect_refused(kinds[i], 1000);
	bytes[5] = 4; /* user id 1024 */
	(void)close(ask(bytes, sizeof(bytes) - 1, true));
	cr_expect_eq(running(), 0, "too short");
	(void)ask(bytes, sizeof(bytes), false);
	cr_expect_eq(running(), 0, "without a socket");
}

Test(workers, the_person_with_the_group_that_reads_passwords, .init = program_make,
	.fini = program_remove)
{
	char words[256] = "", wanted[64];
	gid_t shadow;
	int fd;

	if (geteuid() != 0 || privileges_find_group("shadow", &shadow) < 0)
		cr_skip_test("root and the group shadow are needed");
	fd = ask_for(WORKER_PASSWORD, 4321);
	cr_expect_eq(running(), 1);
	for (int i = 0; i < 3; i++) {
		struct pollfd wait = {fd, POLLIN, 0};
		size_t used = strlen(words);

		cr_assert_eq(poll(&wait, 1, 10000), 1);
		(void)recv(fd, words + used, sizeof(words) - 1 - used, 0);
	}
	(void)snprintf(wanted, sizeof(wanted), "4321\n%u\n%u\n", shadow, shadow);
	cr_expect_str_eq(words, wanted);
	workers_stop(&workers);
	cr_expect_eq(running(), 0);
	(void)close(fd);
}

Test(workers, there_is_a_limit, .init = program_make, .fini = program_remove)
{
	int fds[WORKERS_MAX];

	if (geteuid() != 0)
		cr_skip_test("root is needed");
	for (size_t i = 0; i < WORKERS_MAX; i++)
		fds[i] = ask_for(WORKER_PASSWORD, 4321);
	cr_expect_eq(running(), WORKERS_MAX);
	(void)close(ask_for(WORKER_PASSWORD, 4321));
	cr_expect_eq(running(), WORKERS_MAX);
	for (int i = 0; i < 200 && running(); i++) {
		(void)poll(NULL, 0, 50);
		workers_tick(&workers);
	}
	cr_expect_eq(running(), 0, "they are reaped");
	for (size_t i = 0; i < WORKERS_MAX; i++)
		(void)close(fds[i]);
}
