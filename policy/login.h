/* SPDX-License-Identifier: Apache-2.0 */
/* Whose accounts are whose and who may have which ticket, of a compiled policy. */
#ifndef HOLDFAST_POLICY_LOGIN_H
#define HOLDFAST_POLICY_LOGIN_H

#include "policy/compile.h"

/* The number of a group, by the machine's name service. 0, or -ENOENT. */
typedef int policy_gid_function(const char *name, uint32_t *ret_gid, void *userdata);

/*
 * common/login_book.h of a policy; gid_of NULL: no group is known. *ret_size counts no NUL, which is
 * there. 0: *ret_text is the caller's to free. -EFBIG, -ENOMEM.
 */
int policy_login_book(const struct policy_compiled *compiled, policy_gid_function *gid_of,
	void *userdata, char **ret_text, size_t *ret_size);

/* The account line that login_book_find() counts; NULL past the last. */
const struct policy_account *policy_login_account(
	const struct policy_compiled *compiled, size_t index);

/* By its name or its uri; NULL when there is none. */
const struct policy_audience_entry *policy_audience_find(
	const struct policy_compiled *compiled, const char *name);

#endif
