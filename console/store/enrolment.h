/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who becomes a device. A token is checked and counted, and the device it makes is added, in one
 * transaction; the same key with the same token is the same device again, whatever became of the
 * answer. A device is pending until a person or its token's rule approves it.
 */
#ifndef HOLDFAST_CONSOLE_STORE_ENROLMENT_H
#define HOLDFAST_CONSOLE_STORE_ENROLMENT_H

#include "console/store/secret.h"
#include "console/store/store.h"

#define ENROLMENT_TOKEN_PREFIX \
	"hfe_" /* tells people, and scanners for leaked secrets, what it is */
#define ENROLMENT_CHECK_PREFIX "hfc_" /* of a token for checking tickets */
#define ENROLMENT_TOKEN_SIZE   (sizeof(ENROLMENT_TOKEN_PREFIX) + SECRET_TEXT_SIZE - 1)

/* All in a transaction: 0, also when refused (in the answer), or negative errno of the store. */

/* The device, which may have its certificate while it is pending too: by that it asks. */
int enrolment_device(
	struct store *store, const struct console_enrol *enrol, struct console_device *ret_answer);
/* By the certificate in use, for a key that was never seen. */
int enrolment_renew(
	struct store *store, const struct console_enrol *enrol, struct console_device *ret_answer);
/* Stores a certificate, which must be for the key that the device asked for last. */
int enrolment_certified(
	struct store *store, const struct console_certified *certified, uint16_t *ret_refusal);

/*
 * The token of who wants tickets checked; its device is none. 0 with *ret_refusal, negative errno of the
 * store.
 */
int enrolment_check_token(struct store *store, const char *text, struct store_token *ret_token,
	uint16_t *ret_refusal);

/* A new token, as text; adds what is known of it to the store, its hash and not itself. */
int enrolment_token_make(
	struct store *store, struct store_token *token, char ret_text[ENROLMENT_TOKEN_SIZE]);

#endif
