/* SPDX-License-Identifier: Apache-2.0 */
/* Which machine, and what is installed on it. DMI: kernel, Documentation/ABI/testing/sysfs-class-dmi. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/survey/survey.h"
#include "common/cleanup.h"
#include "common/hex.h"
#include "common/text.h"

#define DMI	       "sys/class/dmi/id/"
#define ACPI	       "sys/firmware/acpi/tables/"
#define EVENT_LOG      "sys/kernel/security/tpm0/binary_bios_measurements"
#define HASH_SHOWN     16  /* bytes of a hash that is an identity: more does not tell more apart */
#define PERMANENT      "0" /* addr_assign_type: by the hardware */
#define INTERFACES_MAX 64

void survey_secrets_open(int root_fd, struct survey_secrets *ret_secrets)
{
	ret_secrets->serial = openat(root_fd, DMI "product_serial", O_RDONLY | O_CLOEXEC);
	ret_secrets->board_serial = openat(root_fd, DMI "board_serial", O_RDONLY | O_CLOEXEC);
	ret_secrets->uuid = openat(root_fd, DMI "product_uuid", O_RDONLY | O_CLOEXEC);
	ret_secrets->acpi = openat(root_fd, ACPI "FACP", O_RDONLY | O_CLOEXEC);
	if (ret_secrets->acpi < 0)
		ret_secrets->acpi = openat(root_fd, ACPI "DSDT", O_RDONLY | O_CLOEXEC);
	ret_secrets->event_log = openat(root_fd, EVENT_LOG, O_RDONLY | O_CLOEXEC);
	ret_secrets->lsm_programs = -1;
}

static void hash_text(const char *text, char ret_hash[2 * HASH_SHOWN + 1])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	ret_hash[0] = '\0';
	if (EVP_Digest(text, strlen(text), hash, &size, EVP_sha256(), NULL) != 1)
		return;
	hex_write(hash, HASH_SHOWN, ret_hash);
}

static void add_file(const struct survey *survey, const char *name, const char *path)
{
	char text[SURVEY_TEXT_SIZE];

	if (fact_read(survey->root_fd, path, text))
		fact_add(survey, name, text);
}

/* NAME=VALUE or NAME="VALUE": os-release(5). */
static bool on_os_line(const char *line, void *userdata)
{
	static const char key[] = "PRETTY_NAME=";
	char *text = userdata;
	size_t size;

	if (strncmp(line, key, sizeof(key) - 1) != 0)
		return true;
	line += sizeof(key) - 1;
	line += *line == '"';
	size = strcspn(line, "\"");
	if (size < SURVEY_TEXT_SIZE) {
		char value[SURVEY_TEXT_SIZE];

		memcpy(value, line, size);
		value[size] = '\0';
		(void)text_clean(text, SURVEY_TEXT_SIZE, value); /* as long */
	}
	return false;
}

static void add_system(const struct survey *survey)
{
	char os[SURVEY_TEXT_SIZE] = "";
	struct utsname name;

	fact_lines(survey->root_fd, "etc/os-release", on_os_line, os);
	fact_add(survey, "os", os);
	if (uname(&name) == 0)
		fact_add(survey, "kernel", name.release);
}

struct processors {
	char model[SURVEY_TEXT_SIZE];
	unsigned int count;
};

static bool on_cpu_line(const char *line, void *userdata)
{
	struct processors *processors = userdata;
	const char *value = strchr(line, ':');

	if (!strncmp(line, "processor", 9))
		processors->count++;
	if (!strncmp(line, "model name", 10) && value && !processors->model[0])
		(void)text_clean(processors->model, sizeof(processors->model),
			value + 1 + strspn(value + 1, " ")); /* cut */
	return true;
}

static bool on_memory_line(const char *line, void *userdata)
{
	if (strncmp(line, "MemTotal:", 9) != 0)
		return true;
	*(unsigned long long *)userdata = strtoull(line + 9, NULL, 10) / 1024;
	return false;
}

static void add_size(const struct survey *survey)
{
	struct processors processors = {0};
	unsigned long long memory_mb = 0;
	char number[32];

	fact_lines(survey->root_fd, "proc/cpuinfo", on_cpu_line, &processors);
	fact_lines(survey->root_fd, "proc/meminfo", on_memory_line, &memory_mb);
	fact_add(survey, "cpu", processors.model);
	(void)snprintf(number, sizeof(number), "%u", processors.count);
	if (processors.count)
		fact_add(survey, "cpus", number);
	(void)snprintf(number, sizeof(number), "%llu", memory_mb);
	if (memory_mb)
		fact_add(survey, "memory_mb", number);
}

static int is_name(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && strcmp(entry->d_name, "lo") != 0;
}

/* Of the first interface, by name, that is a device with an address of its own. */
static void read_address(const struct survey *survey, char ret_text[SURVEY_TEXT_SIZE])
{
	auto_close int net_fd = openat(
		survey->root_fd, "sys/class/net", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **names = NULL;
	int count = net_fd < 0 ? 0 : scandirat(net_fd, ".", &names, is_name, alphasort);

	ret_text[0] = '\0';
	for (int i = 0; i < count; i++) {
		char path[320], type[SURVEY_TEXT_SIZE];

		(void)snprintf(path, sizeof(path), "%s/device", names[i]->d_name);
		if (!ret_text[0] && i < INTERFACES_MAX && faccessat(net_fd, path, F_OK, 0) == 0) {
			(void)snprintf(path, sizeof(path), "%s/addr_assign_type", names[i]->d_name);
			if (fact_read(net_fd, path, type) && !strcmp(type, PERMANENT)) {
				(void)snprintf(path, sizeof(path), "%s/address", names[i]->d_name);
				(void)fact_read(net_fd, path, ret_text); /* "" when it can't */
			}
		}
		free(names[i]);
	}
	free(names);
}

/* What makers leave where a number should be says nothing of this machine. */
static bool is_number_of_its_own(const char *text)
{
	static const char *const blanks[] = {"", "None", "N/A", "Default string", "Not Specified",
		"System Serial Number", "To Be Filled By O.E.M.", "To be filled by O.E.M.",
		"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
		"03000200-0400-0500-0006-000700080009", "0", "0123456789", "123456789"};

	for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++)
		if (!strcasecmp(text, blanks[i]))
			return false;
	return true;
}

/* Which installation: machine-id(5) is not to be shown as it is. */
static void add_system_id(const struct survey *survey)
{
	char id[SURVEY_TEXT_SIZE], text[SURVEY_TEXT_SIZE + 16], hash[2 * HASH_SHOWN + 1];

	if (!fact_read(survey->root_fd, "etc/machine-id", id) ||
		strspn(id, "0123456789abcdef") != 32)
		return;
	(void)snprintf(text, sizeof(text), "holdfast\n%s", id);
	hash_text(text, hash);
	fact_add(survey, "system", hash);
}

/* One hash for what stays the same while the machine does; by the network card where there is no DMI. */
static void add_identity(const struct survey *survey)
{
	char serial[SURVEY_TEXT_SIZE], board[SURVEY_TEXT_SIZE], uuid[SURVEY_TEXT_SIZE];
	char address[SURVEY_TEXT_SIZE], all[4 * SURVEY_TEXT_SIZE], hash[2 * HASH_SHOWN + 1];
	bool has_serial = fact_read_fd(survey->secrets.serial, serial) &&
			  is_number_of_its_own(serial);
	bool has_board = fact_read_fd(survey->secrets.board_serial, board) &&
			 is_number_of_its_own(board);
	bool has_uuid = fact_read_fd(survey->secrets.uuid, uuid) && is_number_of_its_own(uuid);

	if (has_serial)
		fact_add(survey, "serial", serial);
	if (has_uuid)
		fact_add(survey, "uuid", uuid);
	read_address(survey, address);
	hash_text(address, hash);
	if (address[0])
		fact_add(survey, "mac", hash);
	if (has_serial || has_board || has_uuid)
		(void)snprintf(all, sizeof(all), "dmi\n%s\n%s\n%s", has_serial ? serial : "",
			has_board ? board : "", has_uuid ? uuid : "");
	else
		(void)snprintf(all, sizeof(all), "mac\n%s", address);
	hash_text(all, hash);
	if (has_serial || has_board || has_uuid || address[0])
		fact_add(survey, "machine", hash);
	add_system_id(survey);
}

void survey_machine(const struct survey *survey)
{
	add_system(survey);
	add_file(survey, "vendor", DMI "sys_vendor");
	add_file(survey, "product", DMI "product_name");
	add_size(survey);
	add_identity(survey);
}
