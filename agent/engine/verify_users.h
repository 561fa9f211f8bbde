/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has verified, by what and when, and what that opens under a policy. Pure: time and policy are the
 * caller's to give.
 */
#ifndef HOLDFAST_AGENT_ENGINE_VERIFY_USERS_H
#define HOLDFAST_AGENT_ENGINE_VERIFY_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/decisions.h"
#include "common/verification.h"
#include "policy/compile.h"

#define VERIFY_USER_MAX \
	1024 /* the kernel part has room for HF_VERIFY_MAX, those who never verify too */

struct verify_user {
	uint32_t uid;
	uint64_t proven_ns[VERIFY_METHOD_MAX]; /* CLOCK_BOOTTIME; 0 = not */
};

struct verify_users {
	struct verify_user list[VERIFY_USER_MAX];
	size_t count;
};

/* NULL when the user has not verified. Borrowed until the next change. */
const struct verify_user *verify_users_find(const struct verify_users *users, uint32_t uid);
/* 0 or -ENOSPC. now_ns is not 0. */
int verify_users_prove(
	struct verify_users *users, uint32_t uid, enum verify_method method, uint64_t now_ns);
/* Whether the user had verified. */
bool verify_users_end(struct verify_users *users, uint32_t uid);

/* Until when a slot's labels are open to the user; 0 = they are not. */
uint64_t verify_user_until(const struct verify_user *user, const struct policy_verify_slot *slot);
/*
 * What the kernel part is to know of the user; user NULL = has not verified. Slots that are over are left
 * out. The latest end of all, 0 = nothing is open.
 */
uint64_t verify_user_gate(const struct verify_user *user,
	const struct policy_verification *verification, uint64_t now_ns,
	struct hf_verified *ret_verified);
/* Whether some user has verified for the label of that bit. */
bool verify_users_have(const struct verify_users *users,
	const struct policy_verification *verification, unsigned int bit, uint64_t now_ns);
/* The same for somebody who never verifies. */
void verify_except_gate(
	const struct policy_verification *verification, struct hf_verified *ret_verified);
bool verify_is_excepted(const struct policy_verification *verification, uint32_t uid);

#endif
