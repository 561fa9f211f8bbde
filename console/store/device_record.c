/* SPDX-License-Identifier: Apache-2.0 */
/* One table of what is known; json-c reads, bounded by size and depth before. */
#include "console/store/device_record.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

#define DEPTH_MAX  2 /* an object of texts */
#define LEVELS_MAX 3
#define SINCE_MAX  (INT64_C(1) << 40) /* seconds */

static const struct {
	const char *name;
	const char *lowered;		/* the finding's kind; NULL = has no order */
	const char *levels[LEVELS_MAX]; /* from the second lowest up; anything else is the lowest */
} table[FACT_MAX] = {
	[FACT_OS] = {"os", NULL, {NULL}},
	[FACT_KERNEL] = {"kernel", NULL, {NULL}},
	[FACT_VENDOR] = {"vendor", NULL, {NULL}},
	[FACT_PRODUCT] = {"product", NULL, {NULL}},
	[FACT_SERIAL] = {"serial", NULL, {NULL}},
	[FACT_UUID] = {"uuid", NULL, {NULL}},
	[FACT_CPU] = {"cpu", NULL, {NULL}},
	[FACT_CPUS] = {"cpus", NULL, {NULL}},
	[FACT_MEMORY] = {"memory_mb", NULL, {NULL}},
	[FACT_MAC] = {"mac", NULL, {NULL}},
	[FACT_MACHINE] = {"machine", NULL, {NULL}},
	[FACT_EK] = {"ek", NULL, {NULL}},
	[FACT_TPM] = {"tpm", "tpm-gone", {"yes"}},
	[FACT_KEY] = {"key", "key-left-tpm", {"tpm"}},
	[FACT_SECURE_BOOT] = {"secure_boot", "secure-boot-off", {"on"}},
	[FACT_LOCKDOWN] = {"lockdown", "lockdown-lowered", {"integrity", "confidentiality"}},
	[FACT_LSM] = {"lsm", NULL, {NULL}},
	[FACT_BPF_LSM] = {"bpf_lsm", "bpf-lsm-off", {"on"}},
	[FACT_ROOT_ENCRYPTED] = {"root_encrypted", "disk-not-encrypted", {"yes"}},
	[FACT_PTRACE_SCOPE] = {"ptrace_scope", "ptrace-allowed", {"1", "2", "3"}},
	[FACT_SYSTEM] = {"system", NULL, {NULL}},
	[FACT_STATE_ENCRYPTED] = {"state_encrypted", "disk-not-encrypted", {"yes"}},
	[FACT_SWAP] = {"swap", "swap-lowered", {"encrypted", "none"}},
	[FACT_TAINT] = {"taint", "kernel-tainted", {"trouble", "none"}},
	[FACT_TAINT_FLAGS] = {"taint_flags", NULL, {NULL}},
	[FACT_DEBUG_CLOSED] = {"debug_closed", "debug-opened", {"users", "all"}},
	[FACT_DEBUG_OPEN] = {"debug_open", NULL, {NULL}},
	[FACT_KPTR_RESTRICT] = {"kptr_restrict", NULL, {NULL}},
	[FACT_PERF_PARANOID] = {"perf_paranoid", NULL, {NULL}},
	[FACT_BPF_DISABLED] = {"bpf_disabled", NULL, {NULL}},
	[FACT_KEXEC_DISABLED] = {"kexec_disabled", NULL, {NULL}},
	[FACT_LSM_PROGRAMS] = {"lsm_programs", NULL, {NULL}},
	[FACT_MEASURED] = {"measured", "not-measured", {"yes"}},
	[FACT_PCRS] = {"pcrs", NULL, {NULL}},
	[FACT_EVENT_LOG] = {"event_log", NULL, {NULL}},
	[FACT_VIRTUAL] = {"virtual", "became-virtual", {"likely", "unknown", "none"}},
	[FACT_EMULATED] = {"emulated", "became-emulated", {"likely", "unknown", "none"}},
	[FACT_HYPERVISOR] = {"hypervisor", NULL, {NULL}},
	[FACT_VIRTUAL_BY] = {"virtual_by", NULL, {NULL}},
	[FACT_AGENT_FILES] = {"agent_files", "agent-changed", {"good"}},
	[FACT_AGENT_DIGEST] = {"agent_digest", NULL, {NULL}},
	[FACT_AGENT] = {"agent", NULL, {NULL}},
	[FACT_BUILD] = {"build", "debug-build", {"release"}},
	[FACT_ENFORCING] = {"enforcing", "not-enforcing", {"yes"}},
	[FACT_BOOT] = {"boot", NULL, {NULL}},
	[FACT_BOOTS] = {"boots", NULL, {NULL}},
	[FACT_ACCEPTED] = {"accepted", NULL, {NULL}},
	[FACT_ACCEPTED_QUOTE] = {"accepted_quote", NULL, {NULL}},
	[FACT_AK] = {"attestation_key", NULL, {NULL}},
	[FACT_QUOTE] = {"quoted", NULL, {NULL}},
	[FACT_UNMET] = {"unmet", NULL, {NULL}},
};

const char *device_fact_name(enum device_fact fact)
{
	return table[fact].name;
}

enum device_fact device_fact_find(const char *name)
{
	for (unsigned int fact = 0; fact < FACT_MAX; fact++)
		if (!strcmp(name, table[fact].name))
			return (enum device_fact)fact;
	return FACT_MAX;
}

/* An object that is all of the text; caller puts. */
static int object_parse(const char *json, size_t size, struct json_object **ret_object)
{
	struct json_tokener *parser;
	struct json_object *object;
	int r = -EBADMSG;

	if (!size || size >= DEVICE_RECORD_MAX || memchr(json, '\0', size))
		return -EBADMSG;
	parser = json_tokener_new_ex(DEPTH_MAX);
	if (!parser)
		return -ENOMEM;
	object = json_tokener_parse_ex(parser, json, (int)size);
	if (json_tokener_get_error(parser) == json_tokener_success &&
		json_tokener_get_parse_end(parser) == size &&
		json_object_is_type(object, json_type_object)) {
		*ret_object = object;
		object = NULL;
		r = 0;
	}
	(void)json_object_put(object); /* freed */
	json_tokener_free(parser);
	return r;
}

int device_record_parse(
	const char *json, size_t size, bool is_outside, struct device_record *ret_record)
{
	struct device_record record = {0};
	struct json_object *object;
	int r;

	r = object_parse(json, size, &object);
	if (r < 0)
		return r;
	json_object_object_foreach(object, name, value)
	{
		enum device_fact fact = device_fact_find(name);

		if (fact < FACT_MAX && json_object_is_type(value, json_type_string) &&
			!(is_outside && fact >= FACT_BOOTS))
			(void)text_clean(record.facts[fact], DEVICE_RECORD_TEXT,
				json_object_get_string(value)); /* cut */
	}
	(void)json_object_put(object); /* freed */
	*ret_record = record;
	return 0;
}

/* A line without its end, of at most DEVICE_ACCOUNTS_SIZE bytes. */
static void take_account(const char *line, struct device_accounts *accounts)
{
	char *name;
	unsigned long long since;

	if (accounts->count == DEVICE_ACCOUNTS_MAX || *line < '0' || *line > '9')
		return;
	since = strtoull(line, &name, 10);
	if (*name != ' ' || !name[1] || since > SINCE_MAX)
		return;
	accounts->list[accounts->count].since_ms = (int64_t)since * 1000;
	(void)text_clean(accounts->list[accounts->count].name, sizeof(accounts->list[0].name),
		name + 1); /* cut */
	accounts->count++;
}

int device_accounts_parse(const char *json, size_t size, struct device_accounts *ret_accounts)
{
	struct device_accounts accounts = {0};
	char text[DEVICE_ACCOUNTS_SIZE];
	struct json_object *object, *value;
	int r;

	r = object_parse(json, size, &object);
	if (r < 0)
		return r;
	if (json_object_object_get_ex(object, "accounts", &value) &&
		json_object_is_type(value, json_type_string)) {
		char *rest = text, *line;

		(void)snprintf(text, sizeof(text), "%s", json_object_get_string(value)); /* cut */
		while ((line = strsep(&rest, "\n")))
			take_account(line, &accounts);
	}
	(void)json_object_put(object); /* freed */
	*ret_accounts = accounts;
	return 0;
}

void device_quote_parse(const char *json, size_t size, char ret_quote[DEVICE_QUOTE_SIZE])
{
	struct json_object *object, *value;

	ret_quote[0] = '\0';
	if (object_parse(json, size, &object) < 0)
		return;
	if (json_object_object_get_ex(object, "quote", &value) &&
		json_object_is_type(value, json_type_string) &&
		json_object_get_string_len(value) < DEVICE_QUOTE_SIZE)
		(void)snprintf(ret_quote, DEVICE_QUOTE_SIZE, "%s", json_object_get_string(value));
	(void)json_object_put(object); /* freed */
}

int device_record_format(const struct device_record *record, char ret_json[DEVICE_RECORD_MAX])
{
	struct json_object *object = json_object_new_object();
	const char *text;
	int r = -ENOMEM;

	for (unsigned int fact = 0; object && fact < FACT_MAX; fact++)
		if (record->facts[fact][0])
			(void)json_object_object_add(object, table[fact].name,
				json_object_new_string(record->facts[fact])); /* null is none */
	text = object ? json_object_to_json_string_ext(
				object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)
		      : NULL;
	if (text)
		r = strlen(text) < DEVICE_RECORD_MAX ? 0 : -EMSGSIZE;
	if (r == 0)
		(void)snprintf(ret_json, DEVICE_RECORD_MAX, "%s", text); /* fits */
	(void)json_object_put(object);					 /* freed */
	return r;
}

static unsigned int level(enum device_fact fact, const char *text)
{
	for (unsigned int i = 0; i < LEVELS_MAX && table[fact].levels[i]; i++)
		if (!strcmp(text, table[fact].levels[i]))
			return i + 1;
	return 0;
}

const char *device_record_lowered(enum device_fact fact, const struct device_record *before,
	const struct device_record *after)
{
	if (!table[fact].lowered ||
		level(fact, after->facts[fact]) >= level(fact, before->facts[fact]))
		return NULL;
	return table[fact].lowered;
}

const char *device_record_changed(enum device_fact fact, const struct device_record *before,
	const struct device_record *after)
{
	const char *was = before->facts[fact], *is = after->facts[fact];

	if (!was[0] || !is[0] || !strcmp(was, is))
		return NULL;
	if (fact == FACT_PCRS)
		return "measured-otherwise";
	return fact == FACT_AGENT_DIGEST &&
			       !strcmp(before->facts[FACT_AGENT], after->facts[FACT_AGENT])
		       ? "agent-other-files"
		       : NULL;
}

bool device_record_is_other_machine(
	const struct device_record *before, const struct device_record *after)
{
	static const enum device_fact identities[] = {FACT_MACHINE, FACT_EK, FACT_SYSTEM};

	for (unsigned int i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
		const char *was = before->facts[identities[i]], *is = after->facts[identities[i]];

		if (was[0] && is[0] && strcmp(was, is) != 0)
			return true;
	}
	return false;
}
