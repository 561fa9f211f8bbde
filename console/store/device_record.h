/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device says of itself: hardware and posture, as short texts by names that are known here.
 * Outside bytes become a record, and nothing else of them is kept. The device's own word: it tells
 * apart and warns, and proves nothing.
 */
#ifndef HOLDFAST_CONSOLE_STORE_DEVICE_RECORD_H
#define HOLDFAST_CONSOLE_STORE_DEVICE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEVICE_RECORD_TEXT 128	/* of a fact; longer ones are cut */
#define DEVICE_RECORD_MAX  4096 /* bytes of JSON, either way */

enum device_fact {
	FACT_OS,
	FACT_KERNEL,
	FACT_VENDOR,
	FACT_PRODUCT,
	FACT_SERIAL,
	FACT_UUID,
	FACT_CPU,
	FACT_CPUS,
	FACT_MEMORY,
	FACT_MAC,	  /* a hash of it */
	FACT_MACHINE,	  /* a hash of what stays the same as long as the machine does */
	FACT_EK,	  /* a hash of the TPM's endorsement key */
	FACT_TPM,	  /* "yes", "no" */
	FACT_KEY,	  /* "tpm", "file" */
	FACT_SECURE_BOOT, /* "on", "off", "none" */
	FACT_LOCKDOWN,	  /* "none", "integrity", "confidentiality" */
	FACT_LSM,
	FACT_BPF_LSM,	     /* "on", "off" */
	FACT_ROOT_ENCRYPTED, /* "yes", "no" */
	FACT_PTRACE_SCOPE,
	FACT_SYSTEM,	      /* a hash of machine-id(5) */
	FACT_STATE_ENCRYPTED, /* "yes", "no" */
	FACT_SWAP,	      /* "plain", "encrypted", "none" */
	FACT_TAINT,	      /* "foreign", "trouble", "none" */
	FACT_TAINT_FLAGS,
	FACT_DEBUG_CLOSED, /* "no", "users", "all" */
	FACT_DEBUG_OPEN,   /* what is open */
	FACT_KPTR_RESTRICT,
	FACT_PERF_PARANOID,
	FACT_BPF_DISABLED,
	FACT_KEXEC_DISABLED,
	FACT_LSM_PROGRAMS,
	FACT_MEASURED, /* "yes", or why not */
	FACT_PCRS,
	FACT_EVENT_LOG, /* a hash of it */
	FACT_VIRTUAL,	/* "certain", "likely", "unknown", "none" */
	FACT_EMULATED,
	FACT_HYPERVISOR,
	FACT_VIRTUAL_BY,
	FACT_AGENT_FILES,  /* "good" */
	FACT_AGENT_DIGEST, /* of its manifest */
	FACT_AGENT,	   /* its version */
	FACT_BUILD,
	FACT_ENFORCING, /* "yes", "no" */
	FACT_BOOT,
	/* the console's own, from here on */
	FACT_BOOTS,    /* boots before this one, newest first, with spaces between */
	FACT_ACCEPTED, /* registers that an administrator accepted: FACT_PCRS as it was then */
	FACT_ACCEPTED_QUOTE, /* likewise, as its TPM said them: FACT_QUOTE's digits */
	FACT_AK,	     /* a hash of the key that its TPM attests with, as of the first time */
	FACT_QUOTE,	     /* the boot, and a hash of the registers that the TPM said in it */
	FACT_UNMET,	     /* words of what its policy requires and it does not meet */
	FACT_MAX
};

struct device_record {
	char facts[FACT_MAX][DEVICE_RECORD_TEXT]; /* "" = not known */
};

#define DEVICE_QUOTE_SIZE 700 /* bytes of text */

#define DEVICE_ACCOUNTS_MAX  32
#define DEVICE_ACCOUNTS_SIZE 1024 /* bytes of their text */

/* Who is logged in. No part of the record: the store has who was, and when. */
struct device_accounts {
	unsigned int count;
	struct {
		char name[64]; /* cut */
		int64_t since_ms;
	} list[DEVICE_ACCOUNTS_MAX];
};

/* "secure_boot"; the names of JSON, and of rules. */
const char *device_fact_name(enum device_fact fact);
/* FACT_MAX: there is none of that name. */
enum device_fact device_fact_find(const char *name);
/*
 * An object of texts; others, and names that are not known, are passed over. is_outside: what only
 * the console says is passed over too. 0 or -EBADMSG, with nothing written.
 */
int device_record_parse(
	const char *json, size_t size, bool is_outside, struct device_record *ret_record);
/*
 * Of the same object "accounts": a line each, the seconds since 1970 when the session began, a space,
 * the name. What is not so is passed over, and so is what is too much. As device_record_parse().
 */
int device_accounts_parse(const char *json, size_t size, struct device_accounts *ret_accounts);
/* Of the same object "quote", base64; "" = there is none. */
void device_quote_parse(const char *json, size_t size, char ret_quote[DEVICE_QUOTE_SIZE]);
/* -EMSGSIZE: does not fit, -ENOMEM. */
int device_record_format(const struct device_record *record, char ret_json[DEVICE_RECORD_MAX]);

/* What is worse than before: the kind of finding, of at most 31 characters; NULL = nothing of this fact. */
const char *device_record_lowered(enum device_fact fact, const struct device_record *before,
	const struct device_record *after);
/*
 * What is another than before, and should not be: the kind of finding, NULL = nothing of this fact.
 * What is measured at the start, and the agent's files while its version is the same.
 */
const char *device_record_changed(enum device_fact fact, const struct device_record *before,
	const struct device_record *after);
/* Whether both say which machine they are of, and mean another one. Not known is not another. */
bool device_record_is_other_machine(
	const struct device_record *before, const struct device_record *after);

#endif
