/* SPDX-License-Identifier: Apache-2.0 */
/* What a change of sessions ends, and what it does not; who has verified, and what that opens. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/engine/verify_users.h"
#include "agent/verify/sessions.h"

#define SECOND UINT64_C(1000000000)

static char said[512];

static void on_ended(uint32_t uid, enum verify_cause cause, void *userdata)
{
	size_t used = strlen(said);

	cr_assert_null(userdata);
	(void)snprintf(said + used, sizeof(said) - used, "%u:%s ", uid, verify_cause_name(cause));
}

static const char *compare(const struct sessions *before, const struct sessions *after)
{
	said[0] = '\0';
	sessions_compare(before, after, on_ended, NULL);
	return said;
}

static struct session *add(struct sessions *sessions, const char *id, uint32_t uid)
{
	struct session *session = sessions_add(sessions);

	(void)snprintf(session->id, sizeof(session->id), "%s", id);
	session->uid = uid;
	return session;
}

static struct session *add_seated(
	struct sessions *sessions, const char *id, uint32_t uid, bool is_active)
{
	struct session *session = add(sessions, id, uid);

	(void)snprintf(session->seat, sizeof(session->seat), "seat0");
	session->is_active = is_active;
	return session;
}

static struct sessions before, after;

static void clear(void)
{
	before.count = after.count = 0;
}

Test(verify_sessions, locking)
{
	clear();
	add(&before, "1", 1000);
	add(&before, "2", 1001);
	add(&after, "1", 1000)->is_locked = true;
	add(&after, "2", 1001);
	cr_expect_str_eq(compare(&before, &after), "1000:lock ");
	cr_expect_str_eq(compare(&after, &after), "", "it was locked before");
	cr_expect_str_eq(compare(&after, &before), "", "unlocking ends nothing");
	cr_expect(sessions_is_locked(&after, 1000));
	cr_expect_not(sessions_is_locked(&after, 1001));
	cr_expect_not(sessions_is_locked(&before, 1000));
	before.count = 0;
	cr_expect_str_eq(compare(&before, &after), "1000:lock ", "a new one that is locked");
}

Test(verify_sessions, another_user_comes_to_the_front)
{
	clear();
	add_seated(&before, "1", 1000, true);
	add_seated(&before, "2", 1001, false);
	add_seated(&after, "1", 1000, false);
	add_seated(&after, "2", 1001, true);
	cr_expect_str_eq(compare(&before, &after), "1000:switch ");
	after.list[1].is_active = false;
	cr_expect_str_eq(compare(&before, &after), "1000:switch ", "nobody's");
	before.list[1].uid = after.list[1].uid = 1000;
	after.list[1].is_active = true;
	cr_expect_str_eq(compare(&before, &after), "", "another one of the same user");
	clear();
	add(&before, "7", 1000)->is_active = true; /* without a seat */
	add(&after, "7", 1000);
	cr_expect_str_eq(compare(&before, &after), "");
}

Test(verify_sessions, logging_out)
{
	clear();
	add(&before, "1", 1000);
	add(&before, "2", 1000);
	add(&after, "2", 1000);
	cr_expect_str_eq(compare(&before, &after), "", "one is left");
	after.count = 0;
	cr_expect_str_eq(compare(&before, &after), "1000:logout 1000:logout ");
}

static const char *idle(const struct sessions *sessions, uint64_t now_us, uint64_t idle_us)
{
	said[0] = '\0';
	sessions_find_idle(sessions, now_us, idle_us, on_ended, NULL);
	return said;
}

Test(verify_sessions, idle_is_who_uses_none)
{
	clear();
	add(&before, "1", 1000)->idle_since_us = 100;
	add(&before, "2", 1001);
	cr_expect_str_eq(idle(&before, 149, 50), "");
	cr_expect_str_eq(idle(&before, 150, 50), "1000:idle ");
	add(&before, "3", 1000);
	cr_expect_str_eq(idle(&before, 1000, 50), "", "the other one is in use");
	before.list[2].idle_since_us = 960;
	cr_expect_str_eq(idle(&before, 1000, 50), "", "was in use lately");
	cr_expect_str_eq(idle(&before, 1010, 50), "1000:idle 1000:idle ");
	cr_expect_str_eq(idle(&before, 50, 10), "", "the clock is before it");
}

Test(verify_sessions, there_is_a_limit)
{
	clear();
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		cr_assert(sessions_add(&before));
	cr_expect_null(sessions_add(&before));
}

static const struct policy_verification verification = {
	.labels = 0xf,
	.slots = {{.labels = 1, .grace_s = 60, .methods = 1U << VERIFY_PASSWORD},
		{.labels = 6, .grace_s = 600, .methods = 1U << VERIFY_PASSWORD | 1U << VERIFY_TOTP},
		{.labels = 8, .grace_s = 60, .methods = 1U << VERIFY_SECURITY_KEY}},
};

Test(verify_users, a_proof_opens_what_asks_for_it)
{
	static struct verify_users users;
	struct hf_verified gate;

	cr_expect_eq(verify_user_gate(verify_users_find(&users, 1000), &verification, 1, &gate), 0);
	cr_expect_eq(gate.labels[0] | gate.labels[1] | gate.labels[2] | gate.labels[3], 0);
	cr_assert_eq(verify_users_prove(&users, 1000, VERIFY_PASSWORD, 100 * SECOND), 0);
	cr_expect_eq(verify_user_gate(
			     verify_users_find(&users, 1000), &verification, 100 * SECOND, &gate),
		700 * SECOND);
	cr_expect_eq(gate.labels[0], 1);
	cr_expect_eq(gate.until_ktime_ns[0], 160 * SECOND);
	cr_expect_eq(gate.labels[1], 6);
	cr_expect_eq(gate.until_ktime_ns[1], 700 * SECOND);
	cr_expect_eq(gate.labels[2], 0, "not by a security key");
	cr_expect_null(verify_users_find(&users, 1001), "nobody else");
}

Test(verify_users, what_is_over_is_left_out_and_a_later_proof_counts)
{
	static struct verify_users users;
	struct hf_verified gate;
	const struct verify_user *user;

	cr_assert_eq(verify_users_prove(&users, 1000, VERIFY_PASSWORD, 100 * SECOND), 0);
	cr_assert_eq(verify_users_prove(&users, 1000, VERIFY_TOTP, 200 * SECOND), 0);
	user = verify_users_find(&users, 1000);
	cr_expect_eq(verify_user_gate(user, &verification, 160 * SECOND, &gate), 800 * SECOND);
	cr_expect_eq(gate.labels[0], 0, "its time is over");
	cr_expect_eq(gate.until_ktime_ns[1], 800 * SECOND, "since the later one");
	cr_expect_eq(verify_user_gate(user, &verification, 800 * SECOND, &gate), 0);
	cr_expect(verify_users_end(&users, 1000));
	cr_expect_not(verify_users_end(&users, 1000));
	cr_expect_null(verify_users_find(&users, 1000));
}

Test(verify_users, there_is_a_limit)
{
	static struct verify_users users;

	for (uint32_t uid = 0; uid < VERIFY_USER_MAX; uid++)
		cr_assert_eq(verify_users_prove(&users, uid, VERIFY_TOTP, 1), 0);
	cr_expect_eq(verify_users_prove(&users, VERIFY_USER_MAX, VERIFY_TOTP, 1), -ENOSPC);
	cr_expect_eq(verify_users_prove(&users, 5, VERIFY_PASSWORD, 2), 0, "who is there already");
	cr_expect(verify_users_end(&users, 0));
	cr_expect_eq(verify_users_prove(&users, VERIFY_USER_MAX, VERIFY_TOTP, 1), 0);
}

Test(verify_users, who_never_verifies)
{
	uint32_t excepted[] = {33, 0};
	struct policy_verification some = verification;
	struct hf_verified gate;

	some.except_uids = excepted;
	some.except_count = 2;
	cr_expect(verify_is_excepted(&some, 0));
	cr_expect(verify_is_excepted(&some, 33));
	cr_expect_not(verify_is_excepted(&some, 1000));
	verify_except_gate(&some, &gate);
	cr_expect_eq(gate.labels[0], 0xf);
	cr_expect_eq(gate.until_ktime_ns[0], UINT64_MAX);
}
