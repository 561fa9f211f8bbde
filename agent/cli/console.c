/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the one file that uplink writes; works for everybody who may see the status. */
#include "agent/cli/console.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/cli/cli.h"
#include "agent/ipc/console_files.h"
#include "common/cleanup.h"
#include "common/clock.h"

_Static_assert(SURVEY_MAX <= CONSOLE_STATUS_MAX, "each fits");

struct json_object *console_object(const char *name)
{
	char path[PATH_MAX], text[CONSOLE_STATUS_MAX];
	auto_close int fd = -EBADF;
	ssize_t got;

	(void)snprintf(path, sizeof(path), "%s/" CONSOLE_STATUS_DIRECTORY "/%s",
		cli.runtime_directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (got <= 0)
		return NULL;
	text[got] = '\0';
	return json_tokener_parse(text);
}

struct json_object *console_status(void)
{
	return console_object(CONSOLE_STATUS_NAME);
}

bool console_has_trouble(struct json_object *status)
{
	const char *standing = json_text(status, "standing");

	return !strcmp(standing, "refused") || !strcmp(standing, "not enrolled") ||
	       json_number(status, "gone") || json_text(status, "spool_trouble")[0] ||
	       json_text(status, "key_trouble")[0];
}

static void print_standing(struct json_object *status)
{
	const char *standing = json_text(status, "standing");
	const char *trouble = json_text(status, "trouble");
	enum print_style style = !strcmp(standing, "trusted")	? PRINT_GOOD
				 : !strcmp(standing, "pending") ? PRINT_WARN
				 : !strcmp(standing, "unknown") ? PRINT_WARN
								: PRINT_BAD;

	print_styled(PRINT_BOLD, "Console\n");
	(void)fputs("  ", stdout);
	print_clean(json_text(status, "console"));
	(void)fputs(": ", stdout);
	print_styled(style, "%s",
		!strcmp(standing, "pending")   ? "enrolled, waits to be approved"
		: !strcmp(standing, "unknown") ? "not reached yet"
					       : standing);
	if (trouble[0]) {
		(void)fputs(" (", stdout);
		print_clean(trouble);
		(void)putchar(')');
	}
	(void)putchar('\n');
}

static void print_key(struct json_object *status)
{
	const char *place = json_text(status, "key"), *trouble = json_text(status, "key_trouble");

	if (place[0])
		(void)printf("  %-22s %s\n", "device key",
			!strcmp(place, "tpm") ? "in the TPM" : "in a file");
	if (trouble[0]) {
		print_styled(PRINT_BAD, "  the device key can't be used: ");
		print_clean(trouble);
		(void)putchar('\n');
	}
}

void console_print(struct json_object *status)
{
	char when[CLOCK_TEXT_SIZE];

	if (!status)
		return;
	print_standing(status);
	if (json_text(status, "device")[0])
		(void)printf("  %-22s %s\n", "this device is", json_text(status, "device"));
	if (json_number(status, "contact")) {
		clock_format(json_number(status, "contact"), when);
		(void)printf("  %-22s %s\n", "last answer", when);
	}
	(void)printf("  %-22s %llu\n", "events delivered up to",
		(unsigned long long)json_number(status, "acknowledged"));
	(void)printf(
		"  %-22s %llu\n", "waiting", (unsigned long long)json_number(status, "waiting"));
	print_key(status);
	if (json_text(status, "spool_trouble")[0]) {
		print_styled(PRINT_BAD, "  the spool takes no events: ");
		print_clean(json_text(status, "spool_trouble"));
		(void)putchar('\n');
	}
	if (json_number(status, "gone"))
		print_styled(PRINT_BAD,
			"  %llu events could not be kept until they were delivered\n",
			(unsigned long long)json_number(status, "gone"));
}
