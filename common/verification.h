/* SPDX-License-Identifier: Apache-2.0 */
/* Second verification: by what people show who they are, and what ends it; numbers and words. */
#ifndef HOLDFAST_COMMON_VERIFICATION_H
#define HOLDFAST_COMMON_VERIFICATION_H

/* By what somebody shows who they are. Wire values: events, policy. */
enum verify_method {
	VERIFY_PASSWORD = 0,
	VERIFY_TOTP = 1,
	VERIFY_SECURITY_KEY = 2,
	VERIFY_PAGE = 3,
	VERIFY_METHOD_MAX,
};

/* What ends it. The first four are the policy's to choose. */
enum verify_cause {
	VERIFY_CAUSE_LOCK = 0,
	VERIFY_CAUSE_SUSPEND = 1,
	VERIFY_CAUSE_IDLE = 2,
	VERIFY_CAUSE_SWITCH = 3,
	VERIFY_CAUSE_LOGOUT = 4,    /* the user's last session ended */
	VERIFY_CAUSE_UNWATCHED = 5, /* nobody would see a lock */
	VERIFY_CAUSE_ASKED = 6,	    /* by the person */
	VERIFY_CAUSE_MAX,
};

#define VERIFY_CAUSE_CHOICE_MAX 4
#define VERIFY_METHODS_SIZE	64 /* words of all, with a NUL */

/* "password" ..., "lock" ...; NULL for a number that is none. Static. */
const char *verify_method_name(unsigned int method);
const char *verify_cause_name(unsigned int cause);
/* "password, totp": 1 << enum verify_method of each. */
void verify_methods_format(unsigned int numbers, char ret_words[VERIFY_METHODS_SIZE]);
/* enum verify_method, or -ENOENT. */
int verify_method_parse(const char *word);
/* enum verify_cause below VERIFY_CAUSE_CHOICE_MAX, or -ENOENT. */
int verify_cause_parse(const char *word);

#endif
