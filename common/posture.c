/* SPDX-License-Identifier: Apache-2.0 */
/* The table, and what is asked of it. */
#include "common/posture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LEVEL_MAX 2
#define ITEM_MAX  64 /* bytes of one condition, NUL counted */

static const struct condition {
	const char *word;
	const char *facts[POSTURE_FACT_MAX]; /* all of which must be high enough */
	const char *levels[LEVEL_MAX];	     /* values that are enough, lowest first */
	uint8_t usual;			     /* what the word alone asks for */
	bool has_levels;		     /* may stand behind the word */
	const char *advice;
} table[POSTURE_MAX] = {
	[POSTURE_SECURE_BOOT] = {"secure-boot", {"secure_boot"}, {"on"}, 1, false,
		"Switch secure boot on in the firmware's settings."},
	[POSTURE_LOCKDOWN] = {"lockdown", {"lockdown"}, {"integrity", "confidentiality"}, 1, true,
		"Start the kernel with lockdown=integrity, or lockdown=confidentiality; with "
		"secure boot Debian's kernel does so by itself."},
	[POSTURE_MEASURED_BOOT] = {"measured-boot", {"measured"}, {"yes", "proven"}, 1, true,
		"The TPM has to tell what the machine started, as the organisation has accepted "
		"it: ask the administrator after a change of firmware, boot loader or kernel."},
	[POSTURE_TPM_KEY] = {"tpm-key", {"key"}, {"tpm"}, 1, false,
		"Switch the TPM on in the firmware's settings, and enrol this device anew."},
	[POSTURE_DISK_ENCRYPTION] = {"disk-encryption", {"root_encrypted", "state_encrypted"},
		{"yes"}, 1, false,
		"The system has to be installed on an encrypted disk (LUKS), or the agent's "
		"directories be encrypted (fscrypt)."},
	[POSTURE_SWAP_ENCRYPTION] = {"swap-encryption", {"swap"}, {"encrypted", "none"}, 1, true,
		"Switch swap off, or encrypt it (crypttab(5))."},
	[POSTURE_UNTAINTED] = {"untainted", {"taint"}, {"trouble", "none"}, 1, true,
		"Take away kernel modules that are not the distribution's, and start the machine "
		"again."},
	[POSTURE_NO_DEBUG] = {"no-debug", {"debug_closed"}, {"users", "all"}, 1, true,
		"Close what is open of kernel.yama.ptrace_scope, kernel.unprivileged_bpf_disabled, "
		"kernel.perf_event_paranoid, kernel.kptr_restrict, kernel.kexec_load_disabled and "
		"debugfs: sysctl(8)."},
	[POSTURE_AGENT_INTEGRITY] = {"agent-integrity", {"agent_files"}, {"good"}, 1, false,
		"Files of the agent are not those of its package: install it anew."},
	[POSTURE_ENFORCING] = {"enforcing", {"enforcing"}, {"yes"}, 1, false,
		"The kernel part is not in force: holdfast doctor says why."},
	[POSTURE_NOT_VIRTUAL] = {"not-virtual", {"virtual"}, {"likely", "none"}, 2, true,
		"The organisation wants a machine that is no virtual one."},
	[POSTURE_NOT_EMULATED] = {"not-emulated", {"emulated"}, {"likely", "none"}, 2, true,
		"The organisation wants a machine whose processor is no emulated one."},
};

/* 0: none of them, not known, or below the lowest. */
static unsigned int level_of(const struct condition *condition, const char *value)
{
	for (unsigned int i = 0; value && i < LEVEL_MAX && condition->levels[i]; i++)
		if (!strcmp(condition->levels[i], value))
			return i + 1;
	return 0;
}

int posture_add(struct posture *posture, const char *item, unsigned int *ret_condition)
{
	size_t size = strcspn(item, " \t");
	const char *rest = item + size + strspn(item + size, " \t");

	*ret_condition = POSTURE_MAX;
	for (unsigned int i = 0; i < POSTURE_MAX; i++) {
		unsigned int level = table[i].usual;

		if (strlen(table[i].word) != size || strncmp(table[i].word, item, size) != 0)
			continue;
		*ret_condition = i;
		if (*rest)
			level = table[i].has_levels ? level_of(&table[i], rest) : 0;
		if (!level)
			return -EINVAL;
		if (posture->least[i] < level)
			posture->least[i] = (uint8_t)level;
		return 0;
	}
	return -EINVAL;
}

/* The next condition without spaces at its ends; *text goes behind it. */
static int item_next(const char **text, char ret_item[ITEM_MAX])
{
	const char *begin = *text + strspn(*text, " ");
	size_t size = strcspn(begin, ",");

	*text = begin + size + (begin[size] == ',');
	while (size && begin[size - 1] == ' ')
		size--;
	if (!size || size >= ITEM_MAX)
		return -EBADMSG;
	memcpy(ret_item, begin, size);
	ret_item[size] = '\0';
	return 0;
}

int posture_parse(const char *text, struct posture *ret_posture)
{
	struct posture posture = {0};
	char item[ITEM_MAX];
	unsigned int condition;

	if (strnlen(text, POSTURE_TEXT_MAX) == POSTURE_TEXT_MAX)
		return -EBADMSG;
	while (*text)
		if (item_next(&text, item) < 0 || posture_add(&posture, item, &condition) < 0)
			return -EBADMSG;
	*ret_posture = posture;
	return 0;
}

/* "lockdown confidentiality"; the level only where it is not the usual one. */
static void item_format(unsigned int condition, unsigned int level, char ret_item[ITEM_MAX])
{
	const struct condition *row = &table[condition];
	bool is_usual = level == row->usual;

	(void)snprintf(ret_item, ITEM_MAX, "%s%s%s", row->word, is_usual ? "" : " ",
		is_usual ? "" : row->levels[level - 1]); /* fits */
}

void posture_format(const struct posture *posture, char ret_text[POSTURE_TEXT_MAX])
{
	size_t used = 0;

	ret_text[0] = '\0';
	for (unsigned int i = 0; i < POSTURE_MAX; i++) {
		char item[ITEM_MAX];

		if (!posture->least[i])
			continue;
		item_format(i, posture->least[i], item);
		used += (size_t)snprintf(ret_text + used, POSTURE_TEXT_MAX - used, "%s%s",
			used ? ", " : "", item); /* all of them fit: tests/unit/posture.c */
	}
}

bool posture_is_empty(const struct posture *posture)
{
	for (unsigned int i = 0; i < POSTURE_MAX; i++)
		if (posture->least[i])
			return false;
	return true;
}

static bool is_met(const struct condition *condition, unsigned int least,
	posture_fact_function *fact, void *userdata)
{
	for (unsigned int i = 0; i < POSTURE_FACT_MAX && condition->facts[i]; i++)
		if (level_of(condition, fact(condition->facts[i], userdata)) < least)
			return false;
	return true;
}

uint32_t posture_unmet(const struct posture *posture, posture_fact_function *fact, void *userdata)
{
	uint32_t unmet = 0;

	for (unsigned int i = 0; i < POSTURE_MAX; i++)
		if (posture->least[i] && !is_met(&table[i], posture->least[i], fact, userdata))
			unmet |= UINT32_C(1) << i;
	return unmet;
}

const char *posture_word(unsigned int condition)
{
	return condition < POSTURE_MAX ? table[condition].word : NULL;
}

void posture_levels(unsigned int condition, char ret_text[POSTURE_WORD_MAX])
{
	const struct condition *row = &table[condition];

	ret_text[0] = '\0';
	if (row->has_levels)
		(void)snprintf(ret_text, POSTURE_WORD_MAX, "%s or %s", row->levels[0],
			row->levels[1]); /* fits */
}

void posture_say(const struct posture *posture, unsigned int condition, posture_fact_function *fact,
	void *userdata, char ret_text[POSTURE_WORD_MAX])
{
	const struct condition *row = &table[condition];
	char item[ITEM_MAX];
	size_t used;

	item_format(condition, posture->least[condition], item);
	used = (size_t)snprintf(ret_text, POSTURE_WORD_MAX, "%s:", item); /* fits */
	for (unsigned int i = 0; i < POSTURE_FACT_MAX && row->facts[i]; i++) {
		const char *value = fact(row->facts[i], userdata);
		bool is_known = value && value[0];

		if (used >= POSTURE_WORD_MAX || level_of(row, value) >= posture->least[condition])
			continue;
		used += (size_t)snprintf(ret_text + used, POSTURE_WORD_MAX - used,
			is_known ? " %s is '%s'" : " %s is not known%s", row->facts[i],
			is_known ? value : ""); /* cut */
	}
}

const char *posture_advice(unsigned int condition)
{
	return condition < POSTURE_MAX ? table[condition].advice : "";
}
