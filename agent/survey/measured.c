/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the machine started, as its TPM has it: the registers that firmware and boot loader extended,
 * and whether the firmware's log of that comes to the same. Here the kernel asks the TPM, a command for
 * each register (Documentation/ABI/stable/sysfs-class-tpm), and root can show others: nothing of it is
 * signed. What the TPM signs is keyring's.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/survey/event_log.h"
#include "agent/survey/survey.h"
#include "common/cleanup.h"
#include "common/file.h"
#include "common/hex.h"

#define TPM	   "sys/class/tpm/tpm0"
#define REGISTERS  8 /* of the firmware and what it starts: 0 to 7 */
#define SHOWN	   4 /* bytes of each that are told: enough to see which one is another */
#define HASH_SHOWN 16

static bool register_parse(const char *text, uint8_t ret_value[EVENT_LOG_HASH])
{
	for (unsigned int i = 0; i < EVENT_LOG_HASH; i++) {
		unsigned int byte;

		if (strspn(text + 2 * i, "0123456789abcdefABCDEF") < 2 ||
			sscanf(text + 2 * i, "%2x", &byte) != 1)
			return false;
		ret_value[i] = (uint8_t)byte;
	}
	return !text[2 * EVENT_LOG_HASH];
}

/* False: the kernel does not show all of them, as those before 5.12. */
static bool registers_read(
	const struct survey *survey, uint8_t ret_values[REGISTERS][EVENT_LOG_HASH])
{
	char path[64], text[SURVEY_TEXT_SIZE];

	for (unsigned int i = 0; i < REGISTERS; i++) {
		(void)snprintf(path, sizeof(path), TPM "/pcr-sha256/%u", i);
		if (!fact_read(survey->root_fd, path, text) || !register_parse(text, ret_values[i]))
			return false;
	}
	return true;
}

static void add_registers(const struct survey *survey, uint8_t values[REGISTERS][EVENT_LOG_HASH])
{
	char text[SURVEY_TEXT_SIZE] = "", shown[2 * SHOWN + 1];

	for (unsigned int i = 0; i < REGISTERS; i++) {
		size_t used = strlen(text);

		hex_write(values[i], SHOWN, shown);
		(void)snprintf(text + used, sizeof(text) - used, "%s%u=%s", used ? " " : "", i,
			shown); /* fits */
	}
	fact_show(survey, "pcrs", text);
}

/* A machine whose firmware knows nothing of its TPM has these: nothing was measured. */
static bool is_untouched(uint8_t values[REGISTERS][EVENT_LOG_HASH])
{
	static const uint8_t zeros[EVENT_LOG_HASH];

	return !memcmp(values[0], zeros, sizeof(zeros)) && !memcmp(values[7], zeros, sizeof(zeros));
}

static void add_digest(const struct survey *survey, const void *bytes, size_t size)
{
	uint8_t digest[EVENT_LOG_HASH];
	char text[2 * HASH_SHOWN + 1];
	unsigned int digest_size = sizeof(digest);

	if (EVP_Digest(bytes, size, digest, &digest_size, EVP_sha256(), NULL) != 1)
		return;
	hex_write(digest, HASH_SHOWN, text);
	fact_show(survey, "event_log", text);
}

/* Of the log, those that it has events of; others it says nothing about. */
static bool agrees(const struct event_log_registers *log, uint8_t values[REGISTERS][EVENT_LOG_HASH])
{
	for (unsigned int i = 0; i < REGISTERS; i++)
		if (log->touched & UINT32_C(1) << i &&
			memcmp(log->values[i], values[i], EVENT_LOG_HASH) != 0)
			return false;
	return true;
}

/* "yes", "differs"; "no-log", "other-log" where there is none to be compared with, or none of SHA-256. */
static const char *compare(const struct survey *survey, uint8_t values[REGISTERS][EVENT_LOG_HASH])
{
	static struct event_log_registers log;
	auto_free char *bytes = NULL;
	size_t size;

	if (survey->secrets.event_log < 0 ||
		file_read_all(survey->secrets.event_log, EVENT_LOG_MAX, &bytes, &size) < 0 || !size)
		return "no-log";
	add_digest(survey, bytes, size);
	if (event_log_replay(bytes, size, &log) < 0)
		return "other-log";
	return agrees(&log, values) ? "yes" : "differs";
}

void survey_measured(const struct survey *survey)
{
	uint8_t values[REGISTERS][EVENT_LOG_HASH];
	bool is_there = faccessat(survey->root_fd, TPM, F_OK, 0) == 0;

	fact_show(survey, "tpm", is_there ? "yes" : "no");
	if (!is_there || !registers_read(survey, values)) {
		fact_show(survey, "measured", "no");
		return;
	}
	add_registers(survey, values);
	fact_show(survey, "measured", is_untouched(values) ? "no" : compare(survey, values));
}
