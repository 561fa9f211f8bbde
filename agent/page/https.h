/* SPDX-License-Identifier: Apache-2.0 */
/* One question to a server by TLS, and its answer. */
#ifndef HOLDFAST_AGENT_PAGE_HTTPS_H
#define HOLDFAST_AGENT_PAGE_HTTPS_H

#include <stddef.h>

#define HTTPS_TIMEOUT_S 20

struct https_answer {
	long status;
	char *text; /* own; with a NUL behind it */
	size_t size;
};

struct https_question {
	const char *address;
	const char *form; /* sent by POST; NULL = GET */
	const char *ca;	  /* file of certificates; "" = the system's */
	size_t size_max;  /* of the answer */
};

/* 0, whatever the status; -EFBIG, -EPROTO (not https, no TLS), -EHOSTUNREACH, with words of why. */
int https_ask(const struct https_question *question, struct https_answer *ret_answer,
	char *ret_words, size_t words_size);
void https_answer_done(struct https_answer *answer);
/* For a form: the caller frees; NULL without memory. */
char *https_escape(const char *text);

#endif
