/* SPDX-License-Identifier: Apache-2.0 */
/* What a firmware's log comes to; logs are made here as the profile says. */
#include "agent/survey/event_log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/survey/survey.h"

static uint8_t made[4096];
static size_t used;

static void add(const void *bytes, size_t size)
{
	memcpy(made + used, bytes, size);
	used += size;
}

static void number(uint32_t value, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		made[used++] = (uint8_t)(value >> (8 * i));
}

/* SHA-1 and SHA-256, as most machines have them. */
static void head(void)
{
	static const uint8_t zeros[20];

	used = 0;
	number(0, 4);
	number(3, 4);
	add(zeros, sizeof(zeros));
	number(16 + 4 + 4 + 4 + 8 + 1, 4);
	add("Spec ID Event03", 16);
	number(0, 4);
	add("\0\2\0\2", 4);
	number(2, 4);
	number(0x0004, 2);
	number(20, 2);
	number(0x000b, 2);
	number(32, 2);
	number(0, 1);
}

static void event(uint32_t pcr, uint32_t type, const char *what)
{
	uint8_t digest[32];

	SHA256((const uint8_t *)what, strlen(what), digest);
	number(pcr, 4);
	number(type, 4);
	number(2, 4);
	number(0x0004, 2);
	add(digest, 20); /* is not looked at */
	number(0x000b, 2);
	add(digest, 32);
	number((uint32_t)strlen(what), 4);
	add(what, strlen(what));
}

/* As a TPM does it. */
static void extend(uint8_t value[32], const char *what)
{
	uint8_t both[64];

	memcpy(both, value, 32);
	SHA256((const uint8_t *)what, strlen(what), both + 32);
	SHA256(both, sizeof(both), value);
}

Test(survey_event_log, comes_to_what_a_tpm_would_have)
{
	struct event_log_registers registers;
	uint8_t first[32] = {0}, seventh[32] = {0};

	head();
	event(0, 8, "firmware");
	event(7, 0x80000001, "SecureBoot");
	event(0, 1, "more of it");
	extend(first, "firmware");
	extend(first, "more of it");
	extend(seventh, "SecureBoot");
	cr_assert_eq(event_log_replay(made, used, &registers), 0);
	cr_expect_eq(registers.count, 3);
	cr_expect_eq(registers.touched, 1u << 0 | 1u << 7);
	cr_expect_arr_eq(registers.values[0], first, 32);
	cr_expect_arr_eq(registers.values[7], seventh, 32);
}

Test(survey_event_log, what_is_no_action_is_not_measured)
{
	struct event_log_registers registers;
	uint8_t digest[32] = {0}, first[32] = {0};

	head();
	number(0, 4);
	number(3, 4);
	number(1, 4);
	number(0x000b, 2);
	add(digest, 32);
	number(17, 4);
	add("StartupLocality\0\3", 17);
	event(0, 8, "firmware");
	first[31] = 3;
	extend(first, "firmware");
	cr_assert_eq(event_log_replay(made, used, &registers), 0);
	cr_expect_arr_eq(registers.values[0], first, 32, "it began at another locality");
}

Test(survey_event_log, cut_anywhere_it_is_none_or_a_shorter_one)
{
	struct event_log_registers registers;
	size_t ends[3];
	unsigned int good = 0;

	head();
	ends[0] = used;
	event(0, 8, "firmware");
	ends[1] = used;
	event(4, 0x80000003, "boot loader");
	ends[2] = used;
	for (size_t size = 0; size <= used; size++) {
		int r = event_log_replay(made, size, &registers);
		bool is_end = size == ends[0] || size == ends[1] || size == ends[2];

		cr_expect_eq(r, is_end ? 0 : -EBADMSG, "%zu bytes", size);
		good += r == 0;
	}
	cr_expect_eq(good, 3);
}

Test(survey_event_log, others_are_none)
{
	struct event_log_registers registers;

	head();
	made[32] = 'X';
	cr_expect_eq(event_log_replay(made, used, &registers), -EBADMSG, "another signature");
	head();
	event(24, 8, "of a register that there is not");
	cr_expect_eq(event_log_replay(made, used, &registers), -EBADMSG);
	head();
	made[used - 5] = 0x0c;
	event(0, 8, "without SHA-256 the digests are not understood");
	cr_expect_eq(event_log_replay(made, used, &registers), -EBADMSG);
}

static void write_at(int root_fd, const char *path, const void *bytes, size_t size)
{
	int fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	cr_assert(fd >= 0, "%s", path);
	cr_assert_eq(write(fd, bytes, size), (ssize_t)size);
	(void)close(fd);
}

static void put_register(int root_fd, unsigned int number_of, const uint8_t value[32])
{
	char path[64], text[66];

	for (unsigned int i = 0; i < 32; i++)
		(void)snprintf(text + 2 * i, 3, "%02X", value[i]);
	text[64] = '\n';
	(void)snprintf(path, sizeof(path), "sys/class/tpm/tpm0/pcr-sha256/%u", number_of);
	write_at(root_fd, path, text, 65);
}

static const char *measured(struct survey *survey)
{
	struct json_object *value;

	survey_measured(survey);
	return json_object_object_get_ex(survey->facts, "measured", &value)
		       ? json_object_get_string(value)
		       : "";
}

Test(survey_event_log, the_registers_are_held_against_it)
{
	char root[] = "/tmp/holdfast-event-log-XXXXXX", command[128];
	uint8_t values[8][32] = {{0}};
	struct survey survey = {.facts = json_object_new_object()};

	cr_assert_not_null(mkdtemp(root));
	(void)snprintf(command, sizeof(command), "mkdir -p %s/sys/class/tpm/tpm0/pcr-sha256", root);
	cr_assert_eq(system(command), 0);
	survey.root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	head();
	event(0, 8, "firmware");
	event(7, 0x80000001, "SecureBoot");
	extend(values[0], "firmware");
	extend(values[7], "SecureBoot");
	memset(values[1], 7, 32); /* of this one the log says nothing */
	for (unsigned int i = 0; i < 8; i++)
		put_register(survey.root_fd, i, values[i]);
	write_at(survey.root_fd, "log", made, used);
	survey.secrets.event_log = openat(survey.root_fd, "log", O_RDONLY | O_CLOEXEC);
	cr_expect_str_eq(measured(&survey), "yes");
	values[7][0] ^= 1;
	put_register(survey.root_fd, 7, values[7]);
	(void)lseek(survey.secrets.event_log, 0, SEEK_SET);
	cr_expect_str_eq(measured(&survey), "differs");
	(void)close(survey.secrets.event_log);
	(void)close(survey.root_fd);
	(void)json_object_put(survey.facts);
	(void)snprintf(command, sizeof(command), "rm -rf -- %s", root);
	(void)!system(command); /* /tmp is cleaned anyway */
}
