/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the beginning of a print request says of its job: HTTP's first line (RFC 9112) and IPP's
 * attributes (RFC 8010), either of which may be missing or cut. The sender's own words: facts for
 * people, never a reason for a decision. Not libcups: it wants whole messages, and would bring TLS,
 * Kerberos and service discovery into the engine.
 */
#ifndef HOLDFAST_AGENT_ENGINE_PRINT_JOB_H
#define HOLDFAST_AGENT_ENGINE_PRINT_JOB_H

#include <stddef.h>
#include <stdint.h>

#define PRINT_JOB_TEXT_SIZE 256 /* RFC 8011, section 5.1.3: name(MAX) is 255 bytes */

/* "" and 0 = not said. Texts are fit to be shown. */
struct print_job {
	const char *operation; /* "Print-Job" ...; NULL = none we know. Static. */
	char printer
		[PRINT_JOB_TEXT_SIZE]; /* the queue's name, or what is asked for: "/ipp/print" */
	char name[PRINT_JOB_TEXT_SIZE];
	char document[PRINT_JOB_TEXT_SIZE];
	char user[PRINT_JOB_TEXT_SIZE];
	char format[PRINT_JOB_TEXT_SIZE];
	uint32_t id;
	uint32_t copies;
};

/* 0, or -EBADMSG when it begins as neither HTTP nor IPP. */
int print_job_parse(const void *bytes, size_t size, struct print_job *ret_job);

#endif
