/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose accounts are whose, as a text: what the engine decides logins from, and leaves in a file for
 * pam_holdfast.so when it is not there itself. One line a fact:
 *
 *   holdfast-login 1
 *   contact Helpdesk, telephone 4711
 *   tenant acme Acme GmbH                what people call it
 *   device-of acme                       the device logs in accounts of this tenant alone
 *   break-glass rescue                   logs in always
 *   except-service swaylock              a service that is no login
 *   account acme alice                   a name,
 *   account acme @staff 1005             a group and its number, - when there is none of that name,
 *   account acme *@acme.example          or what a name ends with
 *   end
 *
 * Pure and without memory of its own: it is read where it lies. Outside bytes for the module, by
 * tests/fuzz/login_book.c.
 */
#ifndef HOLDFAST_COMMON_LOGIN_BOOK_H
#define HOLDFAST_COMMON_LOGIN_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOGIN_BOOK_MAX	     (256 * 1024) /* bytes */
#define LOGIN_BOOK_DIRECTORY "/var/lib/holdfast-login"
#define LOGIN_BOOK_NAME	     "accounts"
#define LOGIN_TENANT_SIZE    33
#define LOGIN_TITLE_SIZE     129 /* of a tenant, cut */
#define LOGIN_CONTACT_SIZE   513
#define LOGIN_GROUPS_MAX     1024 /* of one account */
#define LOGIN_UID_PEOPLE     1000 /* below, and nobody's: accounts of the system (UID_MIN) */
#define LOGIN_UID_NOBODY     65534

/* Who wants in. */
struct login_who {
	const char *account;
	uint32_t uid;
	const uint32_t *groups; /* numbers of all its groups */
	size_t group_count;
	const char *service; /* the PAM service */
};

enum login_kind {
	LOGIN_ROOT, /* user id 0 */
	LOGIN_BREAK_GLASS,
	LOGIN_ORGANISATION, /* of a tenant */
	LOGIN_SYSTEM,	    /* a daemon's */
	LOGIN_OTHER,	    /* nobody's that the policy knows */
};

/* What a book says of an account and of the device. */
struct login_found {
	enum login_kind kind;
	size_t account; /* ORGANISATION: which account line it is, from 0 */
	char tenant[LOGIN_TENANT_SIZE];
	char title[LOGIN_TITLE_SIZE]; /* of that tenant; its name when it has none */
	char owner[LOGIN_TENANT_SIZE];
	char owner_title[LOGIN_TITLE_SIZE]; /* "" = the device is no tenant's alone */
	char contact[LOGIN_CONTACT_SIZE];
	bool is_excepted; /* the service is no login */
	bool has_unknown_group;
};

enum login_verdict {
	LOGIN_LET_IN,
	LOGIN_REFUSED_TRUST,  /* an organisation's account, and the device is not trusted */
	LOGIN_REFUSED_TENANT, /* another tenant's account on a tenant's device */
	LOGIN_REFUSED_OTHER,  /* nobody's account on a tenant's device */
};

/* 0; -EBADMSG when book is none, or not whole. The first account line that matches counts. */
int login_book_find(
	const char *book, size_t size, const struct login_who *who, struct login_found *ret_found);

enum login_verdict login_judge(const struct login_found *found, bool is_trusted);

/*
 * One sentence or two for the person who was refused: why, and whom to ask. state: why the device is
 * not trusted, "its trust has expired" and the like.
 */
void login_say(const struct login_found *found, enum login_verdict verdict, const char *account,
	const char *state, char *ret_text, size_t size);

#endif
