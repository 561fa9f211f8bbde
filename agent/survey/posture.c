/* SPDX-License-Identifier: Apache-2.0 */
/* How far the machine can be trusted, as its kernel says. What root can forge, root can forge here. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/survey/survey.h"
#include "common/cleanup.h"

#define EFI	    "sys/firmware/efi"
#define SECURE_BOOT EFI "/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* UEFI 2.10, 3.3: one byte, behind the four of its attributes. */
static void add_secure_boot(const struct survey *survey)
{
	auto_close int fd = openat(survey->root_fd, SECURE_BOOT, O_RDONLY | O_CLOEXEC);
	char bytes[5];

	if (fd >= 0 && read(fd, bytes, sizeof(bytes)) == sizeof(bytes))
		fact_show(survey, "secure_boot", bytes[4] == 1 ? "on" : "off");
	else if (faccessat(survey->root_fd, EFI, F_OK, 0) < 0)
		fact_show(survey, "secure_boot", "none"); /* started otherwise */
}

/* "none [integrity] confidentiality" */
static void add_lockdown(const struct survey *survey)
{
	char text[SURVEY_TEXT_SIZE], *begin, *end;

	if (!fact_read(survey->root_fd, "sys/kernel/security/lockdown", text))
		return;
	begin = strchr(text, '[');
	end = begin ? strchr(begin, ']') : NULL;
	if (!end)
		return;
	*end = '\0';
	fact_show(survey, "lockdown", begin + 1);
}

static bool has_word(const char *list, const char *word)
{
	size_t size = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += size)
		if ((at == list || at[-1] == ',') && (at[size] == ',' || !at[size]))
			return true;
	return false;
}

static void add_modules(const struct survey *survey)
{
	char text[SURVEY_TEXT_SIZE];

	if (!fact_read(survey->root_fd, "sys/kernel/security/lsm", text))
		return;
	fact_show(survey, "lsm", text);
	fact_show(survey, "bpf_lsm", has_word(text, "bpf") ? "on" : "off");
}

void survey_posture(const struct survey *survey)
{
	add_secure_boot(survey);
	add_lockdown(survey);
	add_modules(survey);
}
