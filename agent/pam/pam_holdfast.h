/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to pam_holdfast.so. It runs inside of login, sshd, sudo: as root, beside their secrets. So
 * it starts nothing, keeps nothing, waits 2 s at most, and lets root in whatever happens.
 */
#ifndef HOLDFAST_AGENT_PAM_PAM_HOLDFAST_H
#define HOLDFAST_AGENT_PAM_PAM_HOLDFAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/ipc/request.h"
#include "common/login_book.h"

#define ASK_TIMEOUT_MS 2000
#define ASK_WORDS_SIZE 1024

/* Where things are: arguments of the module, for tests. */
struct places {
	const char *runtime_directory;
	const char *book;
};

struct reply {
	bool may;
	bool by_engine;		    /* false: it did not answer, the book was asked */
	char words[ASK_WORDS_SIZE]; /* for the person; "" = none */
	enum login_kind kind;	    /* of the book; OTHER when the engine answered */
	int trouble;		    /* why the engine or the book did not answer; 0 */
};

/*
 * ask.c: asks the engine. 0 with *ret_reply; negative errno when it does not answer in time or can't
 * say, and then the book is to be asked.
 */
int ask_engine(
	const struct places *places, const struct local_request *request, struct reply *ret_reply);

/* ask.c: what the engine left behind says, when it does not answer itself; always decides. */
void ask_book(
	const struct places *places, const struct local_request *request, struct reply *ret_reply);

#endif
