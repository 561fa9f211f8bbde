/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is logged in now: names, and since when; nothing else of a session is told. As systemd-logind
 * has it where there is one, in the files that libsystemd reads (sd-login(3); it has no call for the
 * names before 254), which are texts since 2011; else as utmp(5) has it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utmp.h>

#include "agent/survey/survey.h"
#include "common/cleanup.h"
#include "common/text.h"

#define SESSIONS     "run/systemd/sessions"
#define SESSIONS_MAX 256
#define RECORDS_MAX  1024 /* of utmp */
#define PERSON_FIRST 1000 /* Debian Policy 9.2.2: below are root and services */
#define NAME_SIZE    64

struct accounts {
	unsigned int count;
	struct {
		char name[NAME_SIZE];
		unsigned long long since; /* seconds since 1970; 0 = not known */
	} list[SURVEY_ACCOUNTS];
};

struct session {
	char name[NAME_SIZE], class[32], state[32];
	unsigned long long uid, since;
	bool has_uid;
};

/* Someone with several sessions is there since the first began. */
static void add_account(struct accounts *accounts, const char *name, unsigned long long since)
{
	char clean[NAME_SIZE];
	unsigned int i = 0;

	(void)text_clean(clean, sizeof(clean), name); /* cut */
	while (i < accounts->count && strcmp(accounts->list[i].name, clean) != 0)
		i++;
	if (!clean[0] || i == SURVEY_ACCOUNTS)
		return;
	if (i == accounts->count) {
		memcpy(accounts->list[i].name, clean, sizeof(clean));
		accounts->list[i].since = since;
		accounts->count++;
	}
	if (since && (!accounts->list[i].since || since < accounts->list[i].since))
		accounts->list[i].since = since;
}

static bool on_session_line(const char *line, void *userdata)
{
	struct session *session = userdata;

	if (!strncmp(line, "USER=", 5))
		(void)snprintf(session->name, sizeof(session->name), "%s", line + 5); /* cut */
	else if (!strncmp(line, "CLASS=", 6))
		(void)snprintf(session->class, sizeof(session->class), "%s", line + 6);
	else if (!strncmp(line, "STATE=", 6))
		(void)snprintf(session->state, sizeof(session->state), "%s", line + 6);
	else if (!strncmp(line, "REALTIME=", 9))
		session->since = strtoull(line + 9, NULL, 10) / 1000000;
	else if (!strncmp(line, "UID=", 4)) {
		session->uid = strtoull(line + 4, NULL, 10);
		session->has_uid = true;
	}
	return true;
}

/* No greeter, no cron job, no service, none that ended and left a process behind. */
static bool is_wanted(const struct session *session)
{
	return session->name[0] && session->has_uid &&
	       (session->uid == 0 || session->uid >= PERSON_FIRST) &&
	       (!strcmp(session->class, "user") || !strncmp(session->class, "user-", 5)) &&
	       strcmp(session->state, "closing") != 0;
}

static int is_session(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && !strchr(entry->d_name, '.'); /* 3.ref is a pipe */
}

/* Whether logind is there. */
static bool read_sessions(const struct survey *survey, struct accounts *accounts)
{
	auto_close int fd = openat(survey->root_fd, SESSIONS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **names = NULL;
	int count = fd < 0 ? 0 : scandirat(fd, ".", &names, is_session, alphasort);

	for (int i = 0; i < count; i++) {
		struct session session = {0};

		if (i < SESSIONS_MAX)
			fact_lines(fd, names[i]->d_name, on_session_line, &session);
		if (is_wanted(&session))
			add_account(accounts, session.name, session.since);
		free(names[i]);
	}
	free(names);
	return fd >= 0;
}

struct person {
	const char *name;
	bool is_service;
};

static bool on_password_line(const char *line, void *userdata)
{
	struct person *person = userdata;
	size_t size = strlen(person->name);
	unsigned long uid;

	if (strncmp(line, person->name, size) != 0 || line[size] != ':')
		return true;
	line = strchr(line + size + 1, ':');
	uid = line ? strtoul(line + 1, NULL, 10) : 0;
	person->is_service = uid > 0 && uid < PERSON_FIRST;
	return false;
}

/* The C library's reader would set an alarm, which is none of the calls that are allowed. */
static void read_utmp(const struct survey *survey, struct accounts *accounts)
{
	auto_close int fd = openat(survey->root_fd, "run/utmp", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct utmp record;

	for (unsigned int i = 0;
		fd >= 0 && i < RECORDS_MAX && read(fd, &record, sizeof(record)) == sizeof(record);
		i++) {
		char name[sizeof(record.ut_user) + 1] = "";
		struct person person = {.name = name};

		memcpy(name, record.ut_user, sizeof(record.ut_user));
		if (record.ut_type != USER_PROCESS || !name[0])
			continue;
		fact_lines(survey->root_fd, "etc/passwd", on_password_line, &person);
		if (!person.is_service)
			add_account(accounts, name, (unsigned long long)record.ut_tv.tv_sec);
	}
}

void survey_accounts(const struct survey *survey)
{
	struct accounts accounts = {0};
	char text[SURVEY_ACCOUNTS_SIZE] = "";
	size_t used = 0;

	if (!read_sessions(survey, &accounts))
		read_utmp(survey, &accounts);
	for (unsigned int i = 0; i < accounts.count; i++) {
		int size = snprintf(text + used, sizeof(text) - used, "%s%llu %s", i ? "\n" : "",
			accounts.list[i].since, accounts.list[i].name);

		if (size < 0 || (size_t)size >= sizeof(text) - used) {
			text[used] = '\0'; /* no half names */
			break;
		}
		used += (size_t)size;
	}
	fact_add(survey, "accounts", text);
}
