/* SPDX-License-Identifier: Apache-2.0 */
/* pam_holdfast.so, loaded by libpam, before an engine that answers, refuses, hangs, lies or is not there. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/ipc/request.h"
#include "common/local_socket.h"

#define BOOK                                                                              \
	"holdfast-login 1\ncontact Helpdesk\ntenant acme Acme GmbH\nbreak-glass rescue\n" \
	"except-service swaylock\naccount acme alice\naccount acme @staff 1005\nend\n"

static char directory[64], said[2048];
static pid_t engine;

/* This machine's accounts, for libpam and the module: ours come first. */
static const struct {
	const char *name;
	uid_t uid;
	gid_t gid;
} accounts[] = {{"root", 0, 0}, {"alice", 1200, 1200}, {"carol", 1201, 1005},
	{"visitor", 1202, 1202}, {"rescue", 1300, 1300}, {"daemon", 1, 1}};

int getpwnam_r(
	const char *name, struct passwd *user, char *buffer, size_t size, struct passwd **ret_user)
{
	(void)snprintf(buffer, size, "/");
	*ret_user = NULL;
	for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++)
		if (!strcmp(accounts[i].name, name)) {
			*user = (struct passwd){(char *)(uintptr_t)accounts[i].name, buffer,
				accounts[i].uid, accounts[i].gid, buffer, buffer, buffer};
			*ret_user = user;
		}
	return 0;
}

int getgrouplist(const char *name, gid_t group, gid_t *groups, int *count)
{
	(void)name; /* each has one */
	groups[0] = group;
	*count = 1;
	return 1;
}

static void file_put(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void setup(void)
{
	char line[4096], here[512];

	(void)snprintf(directory, sizeof(directory), "/tmp/holdfast-pam-XXXXXX");
	cr_assert(mkdtemp(directory));
	cr_assert(getcwd(here, sizeof(here)));
	(void)snprintf(line, sizeof(line),
		"auth required pam_permit.so\n"
		"auth required %s/build/pam_holdfast.so runtime-dir=%s accounts=%s/accounts\n"
		"account required %s/build/pam_holdfast.so runtime-dir=%s accounts=%s/accounts\n"
		"session required %s/build/pam_holdfast.so runtime-dir=%s accounts=%s/accounts\n",
		here, directory, directory, here, directory, directory, here, directory, directory);
	file_put("login", line);
	file_put("swaylock", line);
	file_put("other", "auth required pam_deny.so\n");
	(void)snprintf(line, sizeof(line),
		"auth sufficient %s/build/pam_holdfast.so runtime-dir=%s accounts=%s/accounts\n"
		"auth required pam_deny.so\n",
		here, directory, directory);
	file_put("weak", line);
	engine = 0;
}

static void engine_stop(void)
{
	if (engine > 0) {
		(void)kill(engine, SIGKILL);
		(void)waitpid(engine, NULL, 0);
	}
	engine = 0;
}

static void teardown(void)
{
	char command[128];

	engine_stop();
	(void)snprintf(command, sizeof(command), "rm -rf %s", directory);
	cr_expect_eq(system(command), 0);
}

TestSuite(pam_module, .init = setup, .fini = teardown, .timeout = 60);

enum behaviour { ANSWERS, HANGS, LIES, CLOSES, CANT_SAY };

/* Refuses alice and what is in group 1005, by what it is asked; never returns. */
static void engine_run(int listen_fd, enum behaviour behaviour)
{
	for (;;) {
		static uint8_t packet[LOCAL_REQUEST_MAX], answer_bytes[4096];
		static struct local_request request;
		int fd = accept(listen_fd, NULL, NULL);
		struct bytes_writer frame;
		bool is_refused;
		ssize_t size;

		if (behaviour == HANGS)
			continue;
		size = recv(fd, packet, sizeof(packet), 0);
		if (size <= 0 || local_request_decode(packet, (size_t)size, &request) < 0)
			_exit(1);
		is_refused = !strcmp(request.account, "alice") || request.groups[0] == 1005;
		answer_put_end(&frame, answer_bytes, sizeof(answer_bytes),
			behaviour == CANT_SAY ? -EAGAIN
			: is_refused	      ? -EACCES
					      : 0,
			is_refused ? "not today, ask Helpdesk" : "");
		(void)wire_end(&frame);
		if (behaviour == LIES)
			memset(answer_bytes + 8, 0xff, 16);
		if (behaviour != CLOSES)
			(void)send(fd, answer_bytes, frame.used, MSG_NOSIGNAL);
		(void)close(fd);
	}
}

static void engine_start(enum behaviour behaviour)
{
	const struct local_access everybody = {.mode = 0666, .group = (gid_t)-1};
	int fd;

	engine_stop();
	fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	(void)close(fd);
	fd = local_socket_listen(directory, LOCAL_SOCKET_NAME, &everybody, 8);
	cr_assert_geq(fd, 0);
	cr_assert_eq(fcntl(fd, F_SETFL, 0), 0); /* waits */
	engine = fork();
	cr_assert_geq(engine, 0);
	if (engine == 0)
		engine_run(fd, behaviour);
	(void)close(fd);
}

static int listen_to(int count, const struct pam_message **messages,
	struct pam_response **ret_responses, void *userdata)
{
	(void)userdata; /* said is global */
	for (int i = 0; i < count; i++)
		(void)snprintf(said, sizeof(said), "%s", messages[i]->msg);
	*ret_responses = calloc((size_t)count, sizeof(**ret_responses));
	return *ret_responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int ask(
	const char *service, const char *account, int (*call)(pam_handle_t *, int), int flags)
{
	const struct pam_conv conversation = {listen_to, NULL};
	pam_handle_t *pamh;
	int r;

	said[0] = '\0';
	cr_assert_eq(
		pam_start_confdir(service, account, &conversation, directory, &pamh), PAM_SUCCESS);
	cr_assert_eq(pam_set_item(pamh, PAM_RHOST, "evil\nhost"), PAM_SUCCESS);
	r = call(pamh, flags);
	(void)pam_end(pamh, r); /* over */
	return r;
}

#define ACCOUNT(name) ask("login", name, pam_acct_mgmt, 0)

Test(pam_module, the_engine_decides)
{
	engine_start(ANSWERS);
	cr_expect_eq(ACCOUNT("visitor"), PAM_SUCCESS);
	cr_expect_str_empty(said);
	cr_expect_eq(ACCOUNT("alice"), PAM_PERM_DENIED);
	cr_expect_str_eq(said, "Holdfast: not today, ask Helpdesk");
	cr_expect_eq(ACCOUNT("carol"), PAM_PERM_DENIED, "by a group");
	cr_expect_eq(ask("login", "alice", pam_authenticate, 0), PAM_PERM_DENIED);
	cr_expect_eq(ask("login", "alice", pam_open_session, 0), PAM_PERM_DENIED);
	cr_expect_eq(ask("login", "alice", pam_close_session, 0), PAM_SUCCESS);
	cr_expect_eq(ask("login", "visitor", pam_authenticate, 0), PAM_SUCCESS);
	cr_expect_eq(ask("login", "visitor", pam_open_session, 0), PAM_SUCCESS);
	cr_expect_eq(ask("login", "alice", pam_acct_mgmt, PAM_SILENT), PAM_PERM_DENIED);
	cr_expect_str_empty(said);
	cr_expect_eq(ACCOUNT("nobody-at-all"), PAM_USER_UNKNOWN);
}

/* Whatever stands in the stack, it proves nobody's identity. */
Test(pam_module, it_never_says_yes_for_a_password)
{
	engine_start(ANSWERS);
	cr_expect_neq(ask("weak", "visitor", pam_authenticate, 0), PAM_SUCCESS);
	cr_expect_neq(ask("weak", "root", pam_authenticate, 0), PAM_SUCCESS);
}

Test(pam_module, root_gets_in_whatever_happens)
{
	for (int behaviour = ANSWERS; behaviour <= CANT_SAY; behaviour++) {
		engine_start((enum behaviour)behaviour);
		file_put("accounts", behaviour % 2 ? "rubbish" : BOOK);
		cr_expect_eq(ACCOUNT("root"), PAM_SUCCESS, "%d", behaviour);
		cr_expect_eq(
			ask("login", "root", pam_open_session, 0), PAM_SUCCESS, "%d", behaviour);
	}
	engine_stop();
	cr_expect_eq(ACCOUNT("root"), PAM_SUCCESS);
}

Test(pam_module, without_the_engine_the_book_decides)
{
	/* Never set up: nobody's account is anybody's. */
	cr_expect_eq(ACCOUNT("alice"), PAM_SUCCESS);
	file_put("accounts", BOOK);
	cr_expect_eq(ACCOUNT("alice"), PAM_PERM_DENIED);
	cr_expect(strstr(said, "alice is an account of Acme GmbH"), "%s", said);
	cr_expect(strstr(said, "agent does not answer. Ask Helpdesk."), "%s", said);
	cr_expect_eq(ACCOUNT("carol"), PAM_PERM_DENIED, "by a group");
	cr_expect_eq(ask("swaylock", "alice", pam_acct_mgmt, 0), PAM_SUCCESS, "no login");
	cr_expect_eq(ACCOUNT("visitor"), PAM_SUCCESS);
	cr_expect_eq(ACCOUNT("rescue"), PAM_SUCCESS);
	cr_expect(strstr(said, "on record"), "%s", said);
	cr_expect_eq(ACCOUNT("daemon"), PAM_SUCCESS);
	/* Not whole: root and the system alone. */
	file_put("accounts", "holdfast-login 1\naccount acme alice\n");
	cr_expect_eq(ACCOUNT("visitor"), PAM_PERM_DENIED);
	cr_expect(strstr(said, "list of accounts can't be read"), "%s", said);
	cr_expect_eq(ACCOUNT("daemon"), PAM_SUCCESS);
}

Test(pam_module, an_engine_that_hangs_or_lies_is_none)
{
	struct timespec begun, ended;
	double took;

	file_put("accounts", BOOK);
	engine_start(HANGS);
	(void)clock_gettime(CLOCK_MONOTONIC, &begun);
	cr_expect_eq(ACCOUNT("visitor"), PAM_SUCCESS);
	(void)clock_gettime(CLOCK_MONOTONIC, &ended);
	took = (double)(ended.tv_sec - begun.tv_sec) +
	       (double)(ended.tv_nsec - begun.tv_nsec) / 1e9;
	cr_expect(took > 1.9 && took < 3.0, "%f s", took);
	cr_expect_eq(ACCOUNT("alice"), PAM_PERM_DENIED);
	engine_start(LIES);
	cr_expect_eq(ACCOUNT("alice"), PAM_PERM_DENIED);
	cr_expect_eq(ACCOUNT("visitor"), PAM_SUCCESS);
	engine_start(CLOSES);
	cr_expect_eq(ACCOUNT("alice"), PAM_PERM_DENIED);
	engine_start(CANT_SAY);
	cr_expect_eq(ACCOUNT("alice"), PAM_PERM_DENIED);
	cr_expect(strstr(said, "does not answer"), "%s", said);
}
