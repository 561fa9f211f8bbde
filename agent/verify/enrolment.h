/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a user has enrolled: the key of an authenticator, security keys, and how often the last codes
 * were wrong. One file a user in holdfast-verify's directory, which nobody else reads.
 */
#ifndef HOLDFAST_AGENT_VERIFY_ENROLMENT_H
#define HOLDFAST_AGENT_VERIFY_ENROLMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/verify/assertion.h"
#include "agent/verify/totp.h"

#define ENROLMENT_KEY_MAX	 8   /* security keys of a user */
#define ENROLMENT_CREDENTIAL_MAX 512 /* bytes */
#define ENROLMENT_TEXT_MAX	 16384

struct enrolment_key {
	uint16_t credential_size;
	uint8_t credential[ENROLMENT_CREDENTIAL_MAX];
	uint8_t public_key[ASSERTION_KEY_SIZE];
	uint32_t counter;
	uint8_t flags; /* that each assertion must have */
};

struct enrolment {
	bool has_totp;
	uint8_t totp_key[TOTP_KEY_SIZE];
	uint64_t totp_step; /* of the last code that was taken */
	uint32_t failed;    /* codes in a row that were wrong */
	unsigned int key_count;
	struct enrolment_key keys[ENROLMENT_KEY_MAX];
};

/* 0; without a file it is empty. -EBADMSG when it is damaged; negative errno. */
int enrolment_read(int directory_fd, uint32_t uid, struct enrolment *ret_enrolment);
/* Durably, or what was there stays; an empty one leaves no file. 0 or negative errno. */
int enrolment_write(int directory_fd, uint32_t uid, const struct enrolment *enrolment);
/* Wipes it. */
void enrolment_clear(struct enrolment *enrolment);

/* Of the file's text, which is changed. 0 or -EBADMSG. */
int enrolment_parse(char *text, struct enrolment *ret_enrolment);
/* Bytes written, or -EMSGSIZE. */
int enrolment_format(const struct enrolment *enrolment, char *ret_text, size_t size);

#endif
