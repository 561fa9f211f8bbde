/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be required of a device before it counts as trusted: conditions, each a word that stands for
 * facts about the device (agent/survey/survey.h), with the least level that is enough. A requirement
 * is a text of them: "secure-boot, lockdown confidentiality, not-virtual". One table for policies,
 * the device and the console, which each evaluate it over the facts that they know. Pure.
 */
#ifndef HOLDFAST_COMMON_POSTURE_H
#define HOLDFAST_COMMON_POSTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POSTURE_TEXT_MAX 512 /* bytes of a requirement, NUL counted */
#define POSTURE_WORD_MAX 160 /* bytes of what is said of one condition, NUL counted */
#define POSTURE_FACT_MAX 2   /* facts of one condition */

/* Bits of what is not met travel as numbers: wire values. */
enum posture_condition {
	POSTURE_SECURE_BOOT = 0,
	POSTURE_LOCKDOWN = 1,
	POSTURE_MEASURED_BOOT = 2,
	POSTURE_TPM_KEY = 3,
	POSTURE_DISK_ENCRYPTION = 4,
	POSTURE_SWAP_ENCRYPTION = 5,
	POSTURE_UNTAINTED = 6,
	POSTURE_NO_DEBUG = 7,
	POSTURE_AGENT_INTEGRITY = 8,
	POSTURE_ENFORCING = 9,
	POSTURE_NOT_VIRTUAL = 10,
	POSTURE_NOT_EMULATED = 11,
	POSTURE_MAX,
};

struct posture {
	uint8_t least[POSTURE_MAX]; /* level from 1; 0 = is not required */
};

/* A fact of the device by its name; NULL or "" = is not known. Borrowed until the next call. */
typedef const char *posture_fact_function(const char *name, void *userdata);

/*
 * One condition, "lockdown confidentiality", to those that are required; of two of one kind the
 * stronger counts. -EINVAL: *ret_condition says which one's level is wrong, POSTURE_MAX that the word is
 * none.
 */
int posture_add(struct posture *posture, const char *item, unsigned int *ret_condition);
/* A whole requirement; "" = nothing is required. -EBADMSG, nothing written. */
int posture_parse(const char *text, struct posture *ret_posture);
/* As it would be written, in the table's order; "" = nothing is required. */
void posture_format(const struct posture *posture, char ret_text[POSTURE_TEXT_MAX]);
bool posture_is_empty(const struct posture *posture);

/* Bits, 1 << enum posture_condition, of what does not hold. What is not known does not. */
uint32_t posture_unmet(const struct posture *posture, posture_fact_function *fact, void *userdata);

/* "secure-boot"; NULL for a number that is none. */
const char *posture_word(unsigned int condition);
/* The levels that may stand behind the word, lowest first; "" for one that has none. */
void posture_levels(unsigned int condition, char ret_text[POSTURE_WORD_MAX]);
/* "lockdown confidentiality: lockdown is 'none'": of one that does not hold. */
void posture_say(const struct posture *posture, unsigned int condition, posture_fact_function *fact,
	void *userdata, char ret_text[POSTURE_WORD_MAX]);
/* What a person can do about one, a sentence. Static. */
const char *posture_advice(unsigned int condition);

#endif
