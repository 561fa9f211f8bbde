/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `holdfast policy explain`: what would happen, in plain English, and which line says so. Works on
 * strings and the compiled policy; looks at no file.
 */
#ifndef HOLDFAST_POLICY_EXPLAIN_H
#define HOLDFAST_POLICY_EXPLAIN_H

#include "policy/evaluate.h"

#define POLICY_EXPLAIN_LINE_MAX 64 /* lines of one answer */

struct policy_question {
	const char *user; /* name for the text; NULL = the uid */
	uint32_t uid;
	const char *app;  /* name of an [app], absolute path of an executable, or NULL = unknown */
	const char *path; /* absolute; what is opened */
	uint64_t labels;  /* that the file carries beside those of its path; 0 when not known */
	int channel;	  /* what is done then: enum hf_channel, or -1 = nothing */
	bool has_destination;
	uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;
	const char *destination; /* as asked, for the text; NULL with none */
	const char *device; /* name of a [device], for REMOVABLE and RAWDISK; NULL = any other */
};

struct policy_answer {
	enum hf_verdict open; /* of opening path */
	enum hf_verdict then; /* of channel; ALLOW when not asked or never reached */
	bool is_unlabelled;   /* the policy has nothing to say about path */
	char *lines[POLICY_EXPLAIN_LINE_MAX];
	size_t count;
};

/*
 * The caller frees the answer with policy_answer_done(). 0; -EINVAL when path is not absolute or
 * channel is none; -ENOENT when app or device is none of this policy; -ENOMEM.
 */
int policy_explain(const struct policy_compiled *compiled, const struct policy_question *question,
	struct policy_answer *ret_answer);

/* Frees the lines, not the answer; for auto_call(). Accepts NULL. */
void policy_answer_done(struct policy_answer *answer);

#endif
