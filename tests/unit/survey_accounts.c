/* SPDX-License-Identifier: Apache-2.0 */
/* Who is logged in: from logind's files and from utmp, as they lie below a directory. */
#include "agent/survey/survey.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utmpx.h>

static char root[64];

static void begin(void)
{
	static const char *const directories[] = {"run", "run/systemd", "etc"};
	char path[128];

	(void)snprintf(root, sizeof(root), "/tmp/holdfast-survey-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", root, directories[i]);
		cr_assert_eq(mkdir(path, 0755), 0);
	}
}

static void end(void)
{
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf -- %s", root);
	(void)!system(command); /* /tmp is cleaned anyway */
}

TestSuite(survey_accounts, .init = begin, .fini = end);

static void write_file(const char *path, const char *text)
{
	char whole[128];
	FILE *file;

	(void)snprintf(whole, sizeof(whole), "%s/%s", root, path);
	file = fopen(whole, "we");
	cr_assert_not_null(file);
	(void)fputs(text, file);
	cr_assert_eq(fclose(file), 0);
}

static void with_logind(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/run/systemd/sessions", root);
	cr_assert_eq(mkdir(path, 0755), 0);
}

/* By the C library, as login and sshd do it. */
static void log_in(const char *name, const char *line, short type, int since)
{
	struct utmpx record = {.ut_type = type, .ut_pid = 1, .ut_tv.tv_sec = since};
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/run/utmp", root);
	if (access(path, F_OK) < 0)
		write_file("run/utmp", "");
	cr_assert_eq(utmpxname(path), 0);
	strncpy(record.ut_user, name, sizeof(record.ut_user));
	strncpy(record.ut_line, line, sizeof(record.ut_line));
	strncpy(record.ut_id, line + strlen(line) - 4, sizeof(record.ut_id));
	setutxent();
	cr_assert_not_null(pututxline(&record));
	endutxent();
}

/* Borrowed until the next call; "" = nobody. */
static const char *accounts(void)
{
	static struct survey survey;
	struct json_object *value;

	(void)json_object_put(survey.facts);
	survey.root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	survey.facts = json_object_new_object();
	survey_accounts(&survey);
	(void)close(survey.root_fd);
	return json_object_object_get_ex(survey.facts, "accounts", &value)
		       ? json_object_get_string(value)
		       : "";
}

Test(survey_accounts, nobody_is_there)
{
	cr_expect_str_empty(accounts());
	with_logind();
	cr_expect_str_empty(accounts());
}

Test(survey_accounts, sessions_of_logind)
{
	with_logind();
	write_file("run/systemd/sessions/1",
		"# This is private data. Do not parse.\nUID=1000\nUSER=alice\nACTIVE=1\n"
		"STATE=active\nREMOTE=0\nTYPE=wayland\nCLASS=user\nREALTIME=1764500000123456\n");
	write_file("run/systemd/sessions/1.ref", "");
	write_file("run/systemd/sessions/4",
		"UID=1000\nUSER=alice\nSTATE=online\nREMOTE=1\nREMOTE_HOST=10.0.0.7\n"
		"CLASS=user\nREALTIME=1764400000000000\n");
	write_file("run/systemd/sessions/c1",
		"UID=113\nUSER=gdm\nSTATE=online\nCLASS=greeter\nREALTIME=1764300000000000\n");
	write_file("run/systemd/sessions/5",
		"UID=1002\nUSER=cron\nSTATE=online\nCLASS=background\nREALTIME=1764300000000000\n");
	write_file("run/systemd/sessions/6",
		"UID=1003\nUSER=gone\nSTATE=closing\nCLASS=user\nREALTIME=1764300000000000\n");
	write_file("run/systemd/sessions/7",
		"UID=998\nUSER=service\nSTATE=online\nCLASS=user\nREALTIME=1764300000000000\n");
	write_file("run/systemd/sessions/8",
		"UID=0\nUSER=root\nSTATE=online\nCLASS=user-early\nREALTIME=1764600000000000\n");
	cr_expect_str_eq(accounts(), "1764400000 alice\n1764600000 root");
	log_in("mallory", "tty1", USER_PROCESS, 1764000000);
	cr_expect_str_eq(accounts(), "1764400000 alice\n1764600000 root", "logind knows");
}

Test(survey_accounts, records_of_utmp)
{
	write_file("etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n"
				 "daemon:x:2:2::/:/bin/sh\nalic:x:3:3::/:/bin/sh\n");
	log_in("LOGIN", "tty6", LOGIN_PROCESS, 1764000000);
	cr_expect_str_empty(accounts());
	log_in("alice", "pts/1", USER_PROCESS, 1764500000);
	log_in("alice", "pts/2", USER_PROCESS, 1764400000);
	log_in("daemon", "pts/3", USER_PROCESS, 1764400000);
	log_in("bob@ad.example", "pts/4", USER_PROCESS, 1764400001);
	log_in("left", "pts/5", DEAD_PROCESS, 1764400000);
	cr_expect_str_eq(accounts(), "1764400000 alice\n1764400001 bob@ad.example");
}

Test(survey_accounts, are_bounded_and_clean)
{
	unsigned int lines = 0;
	char name[32], line[16];
	const char *text;

	log_in("a\nb\x1b[2J", "pts/999", USER_PROCESS, 1);
	cr_expect_str_eq(accounts(), "1 a?b?[2J");
	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "person-number-%03d", i);
		(void)snprintf(line, sizeof(line), "pts/%03d", i);
		log_in(name, line, USER_PROCESS, 1764400000);
	}
	text = accounts();
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	cr_expect_eq(lines + 1, SURVEY_ACCOUNTS);
	cr_expect_lt(strlen(text), SURVEY_ACCOUNTS_SIZE);
}
