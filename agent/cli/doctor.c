/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast doctor: coverage, what this kernel lacks, and what went wrong, with what to do. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "agent/cli/browsers.h"
#include "agent/cli/cli.h"
#include "agent/cli/console.h"
#include "agent/cli/desktops.h"
#include "agent/cli/label_keys.h"
#include "agent/cli/trust.h"
#include "agent/cli/watermarks.h"
#include "common/clock.h"

static const char usage[] =
	"usage: holdfast doctor [--json]\n"
	"What is covered on this machine, what is not and why, and what to do about it.\n";

struct doctor {
	bool is_json;
	bool has_trouble;
	char section[32];
	struct desktops desktops;
};

static void section(struct doctor *doctor, const char *kind, const char *title)
{
	if (!strcmp(doctor->section, kind))
		return;
	(void)snprintf(doctor->section, sizeof(doctor->section), "%s", kind);
	print_styled(PRINT_BOLD, "%s\n", title);
}

static void print_kernel(struct doctor *doctor, struct json_object *line)
{
	struct json_object *missing = json_at(line, "kernel.missing");
	struct utsname name = {0};

	(void)uname(&name); /* an empty name is printed */
	print_styled(PRINT_BOLD, "Kernel %s\n", name.release);
	if (json_true(line, "kernel.enforcing"))
		print_styled(PRINT_GOOD, "  enforcing%s\n",
			json_true(line, "kernel.adopted")
				? " (taken over from an earlier agent, without a gap)"
				: "");
	else if (!json_true(line, "kernel.loaded"))
		print_styled(PRINT_BAD, "  NOTHING IS ENFORCED: the kernel part is not in\n");
	else if (!json_true(line, "policy.applied"))
		print_styled(PRINT_BAD, "  NOTHING IS ENFORCED: there is no policy in force\n");
	else
		print_styled(PRINT_BAD,
			"  NOTHING IS ENFORCED: no path of the policy could be labelled\n");
	for (size_t i = 0; missing && i < json_object_array_length(missing); i++)
		print_styled(PRINT_WARN, "  %s: %s\n",
			json_true(line, "kernel.loaded") ? "reduced" : "missing",
			json_object_get_string(json_object_array_get_idx(missing, i)));
	if (!json_true(line, "kernel.bpf_lsm"))
		(void)puts(
			"  Switch BPF LSM on: add bpf to the list of the lsm= parameter, for "
			"example\n"
			"    "
			"GRUB_CMDLINE_LINUX=\"lsm=landlock,lockdown,yama,integrity,apparmor,bpf\"\n"
			"  in /etc/default/grub, run update-grub, and start the machine again.");
	if (!json_true(line, "kernel.enforcing"))
		doctor->has_trouble = true;
	if (!json_true(line, "events.agrees") && !json_number(line, "events.pending"))
		print_styled(PRINT_WARN, "  events made and events delivered do not agree\n");
}

static void print_failure(struct doctor *doctor, struct json_object *line)
{
	uint64_t count = json_number(line, "count");
	char when[CLOCK_TEXT_SIZE];

	section(doctor, "failure", "Trouble since the agent started (reason, action, times)");
	print_styled(count ? PRINT_WARN : PRINT_DIM, "  %-22s %-12s %llu\n",
		json_text(line, "name"), json_text(line, "action"), (unsigned long long)count);
	if (!count)
		return;
	doctor->has_trouble = true;
	(void)printf("      %s\n", json_text(line, "text"));
	clock_format(json_number(line, "last_time"), when);
	(void)printf("      last at %s: ", when);
	print_clean(json_text(line, "last"));
	(void)putchar('\n');
}

static void print_protection(struct doctor *doctor, struct json_object *line)
{
	const char *name = json_text(line, "name"), *action = json_text(line, "action");
	bool is_self = !strcmp(name, "self");

	section(doctor, "protection", "Self-protection against root");
	print_styled(!strcmp(action, "block") ? PRINT_GOOD
		     : is_self		      ? PRINT_WARN
					      : PRINT_PLAIN,
		"  %-8s", action);
	(void)printf(" %-11s", name);
	if (!is_self) {
		(void)putchar('\n');
		return;
	}
	(void)printf(" %llu attempts recorded since boot",
		(unsigned long long)json_number(line, "attempts"));
	if (json_true(line, "door"))
		print_styled(PRINT_WARN, "; THE MAINTENANCE DOOR IS OPEN");
	if (!json_true(line, "key"))
		print_styled(PRINT_WARN, "; no maintenance key: see 'holdfast maintenance'");
	(void)putchar('\n');
}

static void print_line(struct json_object *line, const char *text, void *userdata)
{
	struct doctor *doctor = userdata;
	const char *kind = json_text(line, "kind");

	if (!strcmp(kind, "screen") || !strcmp(kind, "witness")) {
		desktops_add(&doctor->desktops, line);
	} else if (doctor->is_json) {
		(void)puts(text);
	} else if (!strcmp(kind, "status")) {
		print_kernel(doctor, line);
		trust_print(line);
		trust_print_machine(line);
		label_keys_print(line);
		browsers_print(line);
		watermarks_print(line);
		doctor->has_trouble |= trust_has_trouble(line) | label_keys_have_trouble(line) |
				       browsers_have_trouble(line) | watermarks_have_trouble(line);
	} else if (!strcmp(kind, "channel")) {
		section(doctor, kind, "Ways out");
		print_styled(json_true(line, "covered") ? PRINT_GOOD : PRINT_BAD, "  %-8s",
			json_true(line, "covered") ? "covered" : "OPEN");
		(void)printf(" %-11s %s\n", json_text(line, "name"), json_text(line, "text"));
	} else if (!strcmp(kind, "protection")) {
		print_protection(doctor, line);
	} else if (!strcmp(kind, "volume")) {
		section(doctor, kind, "Devices and file systems");
		(void)printf(
			"  %-10s %-24s ", json_text(line, "channel"), json_text(line, "reason"));
		print_clean(json_text(line, "name"));
		(void)putchar('\n');
	} else if (!strcmp(kind, "failure")) {
		print_failure(doctor, line);
	} else {
		section(doctor, kind,
			!strcmp(kind, "program") ? "Programs not trusted" : "Paths not labelled");
		print_styled(PRINT_WARN, "  ");
		print_clean(json_text(line, "name"));
		(void)printf(": %s\n", json_text(line, "reason"));
		doctor->has_trouble = true;
	}
}

static void print_console(struct doctor *doctor)
{
	struct json_object *console = console_status();

	if (!console)
		return;
	doctor->has_trouble |= console_has_trouble(console);
	if (doctor->is_json) {
		(void)json_object_object_add(console, "kind",
			json_object_new_string("console")); /* without memory: null */
		(void)puts(json_object_to_json_string_ext(console, JSON_C_TO_STRING_PLAIN));
	} else {
		console_print(console);
	}
	(void)json_object_put(console); /* freed */
}

int cli_doctor(int argc, char **argv)
{
	const struct local_request request = {.type = LOCAL_DOCTOR};
	struct doctor doctor = {0};
	int r;

	r = options_json(argc, argv, usage, &doctor.is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	r = client_ask(&request, -1, print_line, &doctor);
	if (r != CLI_DONE) {
		desktops_done(&doctor.desktops);
		return r;
	}
	desktops_print(&doctor.desktops, doctor.is_json);
	desktops_done(&doctor.desktops);
	print_console(&doctor);
	return doctor.has_trouble ? CLI_REFUSED : CLI_DONE;
}
