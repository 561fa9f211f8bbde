/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam_holdfast.so: account, auth and session. Turns PAM's items into a question and the answer into
 * PAM's codes. pam_holdfast(8) says what each stack does, and what happens without the agent.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "agent/pam/pam_holdfast.h"

#define VISIBLE __attribute__((visibility("default")))

static void take_arguments(pam_handle_t *pamh, int argc, const char **argv, struct places *places)
{
	*places = (struct places){
		LOCAL_RUNTIME_DIRECTORY, LOGIN_BOOK_DIRECTORY "/" LOGIN_BOOK_NAME};
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "runtime-dir=", strlen("runtime-dir=")))
			places->runtime_directory = argv[i] + strlen("runtime-dir=");
		else if (!strncmp(argv[i], "accounts=", strlen("accounts=")))
			places->book = argv[i] + strlen("accounts=");
		else
			pam_syslog(pamh, LOG_ERR, "unknown argument '%s', ignored", argv[i]);
	}
}

/* A remote host and a terminal are texts of others. */
static void item_copy(pam_handle_t *pamh, int item, char *ret_text, size_t size)
{
	const void *text = NULL;

	if (pam_get_item(pamh, item, &text) != PAM_SUCCESS || !text)
		text = "";
	(void)snprintf(ret_text, size, "%s", (const char *)text); /* cut: fine for a log */
	for (char *at = ret_text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = '?';
}

/* False when it is in more groups than can be asked about. */
static bool groups_take(const struct passwd *user, struct local_request *request)
{
	gid_t groups[LOCAL_GROUP_MAX];
	int count = LOCAL_GROUP_MAX;

	if (getgrouplist(user->pw_name, user->pw_gid, groups, &count) < 0)
		return false;
	for (int i = 0; i < count; i++)
		request->groups[i] = groups[i];
	request->group_count = (uint32_t)count;
	return true;
}

/* PAM_SUCCESS with the question, or what to answer without one. */
static int request_fill(pam_handle_t *pamh, enum local_stage stage, struct local_request *request)
{
	const struct passwd *user;
	const char *account = NULL;
	int r;

	r = pam_get_user(pamh, &account, NULL);
	if (r != PAM_SUCCESS)
		return r;
	if (!account || !*account)
		return PAM_USER_UNKNOWN;
	request->type = LOCAL_LOGIN;
	request->stage = stage;
	user = pam_modutil_getpwnam(pamh, account);
	if (user)
		request->uid = user->pw_uid;
	else if (strcmp(account, "root") != 0) /* root is root, also when no file says so */
		return PAM_USER_UNKNOWN;
	item_copy(pamh, PAM_USER, request->account, sizeof(request->account));
	item_copy(pamh, PAM_SERVICE, request->service, sizeof(request->service));
	item_copy(pamh, PAM_TTY, request->terminal, 64);
	item_copy(pamh, PAM_RHOST, request->host, 256);
	if (!request->service[0])
		(void)snprintf(request->service, sizeof(request->service), "unknown");
	if (user && user->pw_uid != 0 && !groups_take(user, request)) {
		pam_error(pamh,
			"Holdfast: %s is in more than %d groups, so that nobody can say "
			"whose account it is. Ask your administrator.",
			request->account, LOCAL_GROUP_MAX);
		return PAM_PERM_DENIED;
	}
	return PAM_SUCCESS;
}

/* What root reads in the journal; nothing for the many logins where all is well. */
static void log_reply(
	pam_handle_t *pamh, const struct local_request *request, const struct reply *reply)
{
	if (!reply->by_engine && reply->trouble)
		pam_syslog(pamh, LOG_ERR, "the list of accounts can't be read: %s",
			strerror(-reply->trouble));
	if (!reply->may)
		pam_syslog(pamh, LOG_NOTICE, "%s refused: %s", request->account, reply->words);
	else if (!reply->by_engine && reply->kind == LOGIN_BREAK_GLASS)
		pam_syslog(pamh, LOG_ALERT,
			"break-glass account %s let in while Holdfast's agent does not answer",
			request->account);
}

static int decide(pam_handle_t *pamh, int flags, const struct places *places,
	const struct local_request *request)
{
	struct reply reply;
	int r;

	r = ask_engine(places, request, &reply);
	if (r < 0) {
		ask_book(places, request, &reply);
		if (reply.trouble == -ENOENT) /* it has never been set up to have a say */
			reply.trouble = 0;
		else
			pam_syslog(pamh, LOG_ERR, "the agent does not answer: %s, deciding by '%s'",
				strerror(-r), places->book);
	}
	log_reply(pamh, request, &reply);
	if (reply.words[0] && !(flags & PAM_SILENT)) {
		if (reply.may)
			pam_info(pamh, "Holdfast: %s", reply.words);
		else
			pam_error(pamh, "Holdfast: %s", reply.words);
	}
	return reply.may ? PAM_SUCCESS : PAM_PERM_DENIED;
}

static int stage_run(
	pam_handle_t *pamh, int flags, enum local_stage stage, int argc, const char **argv)
{
	struct local_request request = {0};
	struct places places;
	int r;

	take_arguments(pamh, argc, argv, &places);
	r = request_fill(pamh, stage, &request);
	if (r != PAM_SUCCESS)
		return r;
	if (request.uid != 0)
		return decide(pamh, flags, &places, &request);
	return PAM_SUCCESS; /* root, whatever anybody would say */
}

/* Proves nothing of who it is, so it never says yes: PAM_SUCCESS would let "sufficient" do so. */
VISIBLE int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int r = stage_run(pamh, flags, LOCAL_STAGE_AUTH, argc, argv);

	return r == PAM_SUCCESS || r == PAM_USER_UNKNOWN ? PAM_IGNORE : r;
}

VISIBLE int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv; /* gives nothing */
	return PAM_SUCCESS;
}

VISIBLE int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return stage_run(pamh, flags, LOCAL_STAGE_ACCOUNT, argc, argv);
}

VISIBLE int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return stage_run(pamh, flags, LOCAL_STAGE_OPEN, argc, argv);
}

/* A session that can't be told to have ended has ended all the same. */
VISIBLE int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct local_request request = {0};
	struct places places;
	struct reply reply;

	(void)flags; /* nothing is said */
	take_arguments(pamh, argc, argv, &places);
	if (request_fill(pamh, LOCAL_STAGE_CLOSE, &request) == PAM_SUCCESS && request.uid != 0)
		(void)ask_engine(&places, &request, &reply); /* nobody there: no event */
	return PAM_SUCCESS;
}
