/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the kernel is its own, and how far it can be looked into: foreign code that was loaded, and
 * what is open to users, or to root, to debug it or other programs with. Kernel,
 * Documentation/admin-guide/tainted-kernels.rst and sysctl/kernel.rst.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/survey/survey.h"

#define PERF_CLOSED 2 /* kernel events are root's from here on */

/* By bit. Letters that stand for code which is not the distribution's kernel are in `foreign`. */
static const char flags[] = "PFSRMBUDAWCIOELKXTN";
static const char foreign[] = "PFRUAOEKN";

static void add_taint(const struct survey *survey)
{
	char text[SURVEY_TEXT_SIZE], letters[sizeof(flags)] = "", *end;
	bool is_foreign = false;
	unsigned long long mask;
	size_t used = 0;

	if (!fact_read(survey->root_fd, "proc/sys/kernel/tainted", text))
		return;
	mask = strtoull(text, &end, 10);
	if (*end)
		return;
	for (unsigned int bit = 0; bit < sizeof(flags) - 1; bit++) {
		if (!(mask & 1ULL << bit))
			continue;
		letters[used++] = flags[bit];
		is_foreign |= strchr(foreign, flags[bit]) != NULL;
	}
	letters[used] = '\0';
	is_foreign |= mask >> (sizeof(flags) - 1) !=
		      0; /* of a later kernel: not known to be harmless */
	fact_show(survey, "taint", is_foreign ? "foreign" : mask ? "trouble" : "none");
	fact_show(survey, "taint_flags", letters);
}

/* A number of /proc/sys; -1: is not there. */
static long long setting(const struct survey *survey, const char *path)
{
	char text[SURVEY_TEXT_SIZE], *end;
	long long value;

	if (!fact_read(survey->root_fd, path, text))
		return -1;
	value = strtoll(text, &end, 10);
	return *end || value < 0 ? -1 : value;
}

struct open_ways {
	char text[SURVEY_TEXT_SIZE];
	bool is_to_users, is_to_root;
};

static void open_way(struct open_ways *ways, const char *name, bool is_to_users)
{
	size_t used = strlen(ways->text);

	(void)snprintf(ways->text + used, sizeof(ways->text) - used, "%s%s", used ? " " : "",
		name); /* all of them fit */
	ways->is_to_users |= is_to_users;
	ways->is_to_root |= !is_to_users;
}

/*
 * Where a setting is not there the kernel was built without it: Yama's is then open, for any
 * program may trace its like; the others' features are not there either, or are closed.
 */
static void look_users(const struct survey *survey, struct open_ways *ways)
{
	static const char events[] = "proc/sys/kernel/perf_event_paranoid";

	if (setting(survey, "proc/sys/kernel/yama/ptrace_scope") < 1)
		open_way(ways, "ptrace", true);
	if (setting(survey, "proc/sys/kernel/unprivileged_bpf_disabled") == 0)
		open_way(ways, "bpf", true);
	if (faccessat(survey->root_fd, events, F_OK, 0) == 0 &&
		setting(survey, events) < PERF_CLOSED) /* -1 is its most open value, too */
		open_way(ways, "perf", true);
	if (setting(survey, "proc/sys/kernel/unprivileged_userfaultfd") == 1)
		open_way(ways, "userfaultfd", true);
}

static bool on_mount(const char *line, void *userdata)
{
	bool *is_mounted = userdata;

	*is_mounted = strstr(line, " - debugfs ") != NULL;
	return !*is_mounted;
}

static void look_root(const struct survey *survey, struct open_ways *ways)
{
	bool is_mounted = false;

	if (setting(survey, "proc/sys/kernel/kptr_restrict") == 0)
		open_way(ways, "kptr", false);
	if (setting(survey, "proc/sys/kernel/kexec_load_disabled") == 0)
		open_way(ways, "kexec", false);
	fact_lines(survey->root_fd, "proc/self/mountinfo", on_mount, &is_mounted);
	if (is_mounted)
		open_way(ways, "debugfs", false);
}

/* Numbers of settings are told too, for who wants to know more. */
static void add_settings(const struct survey *survey)
{
	static const char *const names[][2] = {
		{"ptrace_scope", "proc/sys/kernel/yama/ptrace_scope"},
		{"kptr_restrict", "proc/sys/kernel/kptr_restrict"},
		{"perf_paranoid", "proc/sys/kernel/perf_event_paranoid"},
		{"bpf_disabled", "proc/sys/kernel/unprivileged_bpf_disabled"},
		{"kexec_disabled", "proc/sys/kernel/kexec_load_disabled"}};
	char text[SURVEY_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (fact_read(survey->root_fd, names[i][1], text))
			fact_show(survey, names[i][0], text);
}

void survey_openness(const struct survey *survey)
{
	struct open_ways ways = {0};
	char number[16];

	add_taint(survey);
	add_settings(survey);
	if (faccessat(survey->root_fd, "proc/sys/kernel", F_OK, 0) == 0) {
		look_users(survey, &ways);
		look_root(survey, &ways);
		fact_show(survey, "debug_closed",
			ways.is_to_users  ? "no"
			: ways.is_to_root ? "users"
					  : "all");
		fact_show(survey, "debug_open", ways.text);
	}
	if (survey->secrets.lsm_programs >= 0) {
		(void)snprintf(number, sizeof(number), "%d", survey->secrets.lsm_programs);
		fact_show(survey, "lsm_programs", number);
	}
}
