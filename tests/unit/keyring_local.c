/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may ask keyring for what on its local socket: the socket as holdfastd makes it, served by the real
 * code in a process, and asked by processes of other users.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/ipc/keyring_ask.h"
#include "agent/keyring/local.h"
#include "agent/supervisor/keyring_socket.h"
#include "common/channel.h"
#include "common/cleanup.h"
#include "common/log.h"

#define ENGINE	 4000001 /* users that nothing else has */
#define STRANGER 4000002

static char directory[] = "/tmp/keyring-local-XXXXXX";
static struct keyring keyring;
static pid_t server;

static void serve(int listen_fd)
{
	struct pollfd polls[LOCAL_POLL_MAX];
	struct local *local;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (local_new(listen_fd, ENGINE, &local) < 0)
		_exit(1);
	for (;;) {
		unsigned int count = local_poll_fill(local, polls);

		if (poll(polls, count, -1) > 0)
			local_on_poll(local, &keyring, polls, count);
	}
}

static void start(void)
{
	const struct device_key_plan plan = {.directory = directory, .tpm_fd = -EBADF};
	char path[64];
	int fd;

	if (geteuid() != 0)
		cr_skip_test("needs root, to be other users");
	cr_assert(mkdtemp(directory));
	cr_assert_eq(chmod(directory, 0755), 0);
	log_open("test", false);
	cr_assert_eq(device_key_open(&plan, &keyring.device), 0);
	cr_assert_eq(device_key_make(keyring.device, KEYRING_CURRENT), 0);
	cr_assert_eq(keys_new(SECRET_WISH_LOCKED, &keyring.keys), 0);
	fd = keyring_socket_make(directory, ENGINE);
	cr_assert_geq(fd, 0);
	(void)snprintf(path, sizeof(path), "%s/" KEYRING_SOCKET, directory);
	cr_assert_eq(access(path, F_OK), 0);
	server = fork();
	if (server == 0)
		serve(fd);
	(void)close(fd);
}

static void stop(void)
{
	char command[64];

	if (server > 0) {
		(void)kill(server, SIGKILL);
		(void)waitpid(server, NULL, 0);
	}
	device_key_free(take_ptr(keyring.device));
	(void)snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_expect_eq(system(command), 0);
}

TestSuite(keyring_local, .init = start, .fini = stop);

/* As keyring_ask() has it. */
static int ask(enum keyring_verb verb)
{
	const struct keyring_request request = {.verb = (uint16_t)verb};
	static struct keyring_answer answer;
	auto_close int fd = keyring_connect(directory, 0);

	return fd < 0 ? fd : keyring_ask(fd, &request, -1, &answer);
}

/* The same by a process of another user. */
static int ask_as(uid_t uid, enum keyring_verb verb)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
			_exit(255);
		status = ask(verb);
		_exit(status < 0 ? -status : 0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

Test(keyring_local, serves_root_and_the_engine)
{
	cr_expect_gt(ask(KEYRING_STATE), KEYRING_TPM_SIZE);
	cr_expect_eq(ask_as(ENGINE, KEYRING_STATE), 0);
	cr_expect_gt(ask(KEYRING_KEYS_STATE), 0);
	cr_expect_eq(ask_as(ENGINE, KEYRING_KEYS_STATE), 0);
}

Test(keyring_local, verbs_of_uplink_are_nobody_elses)
{
	static const enum keyring_verb verbs[] = {KEYRING_PUBLIC, KEYRING_DIGEST, KEYRING_SEGMENT,
		KEYRING_REQUEST, KEYRING_RENEW, KEYRING_COMMIT, KEYRING_KEYS_ASK,
		KEYRING_KEYS_GRANT, KEYRING_KEYS_REFUSED};
	const struct keyring_request request = {.verb = KEYRING_PUBLIC};
	static struct keyring_answer answer;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		cr_expect_eq(ask(verbs[i]), -EPERM, "verb %d", verbs[i]);
		cr_expect_eq(ask_as(ENGINE, verbs[i]), -EPERM, "verb %d", verbs[i]);
	}
	keyring_serve(&keyring, PEER_UPLINK, &request, -EBADF, &answer);
	cr_expect_eq(answer.error, 0);
	cr_expect_gt(answer.size, 64);
	cr_expect_eq(ask(KEYRING_MARK), -EPERM, "marks are drawn for the engine alone");
	/* no verb has that number */
	cr_expect_eq(ask((enum keyring_verb)(KEYRING_MARK + 1)), -EOPNOTSUPP);
}

Test(keyring_local, another_user_is_shut_out_twice)
{
	char path[64];

	cr_expect_eq(ask_as(STRANGER, KEYRING_STATE), -EACCES, "by the mode of the name");
	(void)snprintf(path, sizeof(path), "%s/" KEYRING_SOCKET, directory);
	cr_assert_eq(chmod(path, 0666), 0);
	cr_expect_eq(ask_as(STRANGER, KEYRING_STATE), -ECONNRESET, "by who it is");
	cr_expect_eq(ask_as(ENGINE, KEYRING_STATE), 0);
}

Test(keyring_local, a_broken_frame_ends_its_connection_only)
{
	const struct keyring_request request = {.verb = KEYRING_STATE};
	static struct keyring_answer answer;
	auto_close int good = keyring_connect(directory, 0), bad = keyring_connect(directory, 0);
	char byte;

	cr_assert(good >= 0 && bad >= 0);
	cr_assert_gt(keyring_ask(good, &request, -1, &answer), 0);
	cr_assert_eq(send(bad, "nonsense of some length", 23, MSG_NOSIGNAL), 23);
	cr_expect_leq(recv(bad, &byte, 1, 0), 0);
	cr_expect_gt(keyring_ask(good, &request, -1, &answer), 0);
}

Test(keyring_local, connections_have_an_end_and_come_back)
{
	const struct keyring_request request = {.verb = KEYRING_STATE};
	static struct keyring_answer answer;
	int fds[LOCAL_PEER_MAX + 1];

	for (int i = 0; i <= LOCAL_PEER_MAX; i++) {
		fds[i] = keyring_connect(directory, 0);
		cr_assert_geq(fds[i], 0);
		if (i < LOCAL_PEER_MAX)
			cr_assert_gt(keyring_ask(fds[i], &request, -1, &answer), 0);
	}
	cr_expect_eq(keyring_ask(fds[LOCAL_PEER_MAX], &request, -1, &answer), -ECONNRESET);
	for (int i = 0; i <= LOCAL_PEER_MAX; i++)
		(void)close(fds[i]);
	(void)usleep(100000);
	cr_expect_gt(ask(KEYRING_STATE), 0);
}

/* A name that leads elsewhere is replaced, not followed. */
Test(keyring_local, the_name_is_not_followed)
{
	char path[64], target[64];
	struct stat status;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/" KEYRING_SOCKET, directory);
	(void)snprintf(target, sizeof(target), "%s/shadow", directory);
	fd = open(target, O_WRONLY | O_CREAT, 0600);
	cr_assert_geq(fd, 0);
	(void)close(fd);
	cr_assert(unlink(path) == 0 && symlink(target, path) == 0);
	fd = keyring_socket_make(directory, ENGINE);
	cr_assert_geq(fd, 0);
	(void)close(fd);
	cr_assert_eq(stat(target, &status), 0);
	cr_expect_eq(status.st_mode, S_IFREG | 0600);
	cr_expect_eq(status.st_gid, 0);
	cr_assert_eq(lstat(path, &status), 0);
	cr_expect_eq(status.st_mode, S_IFSOCK | 0660);
	cr_expect_eq(status.st_uid, 0);
	cr_expect_eq(status.st_gid, ENGINE);
}

/* The directory is the engine's: what it puts there is not taken for keyring. */
Test(keyring_local, a_socket_that_is_not_roots_is_not_asked)
{
	int ready[2];
	pid_t child;
	char byte;

	cr_assert_eq(pipe(ready), 0);
	cr_assert_eq(chown(directory, ENGINE, ENGINE), 0);
	child = fork();
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (setresgid(ENGINE, ENGINE, ENGINE) < 0 ||
			setresuid(ENGINE, ENGINE, ENGINE) < 0 ||
			keyring_socket_make(directory, ENGINE) < 0 || write(ready[1], "r", 1) != 1)
			_exit(1);
		(void)pause();
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	cr_expect_eq(ask(KEYRING_STATE), -EPERM);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
}
