/* SPDX-License-Identifier: Apache-2.0 */
/* Sections and keys; what a value may be is config_values.c's. */
#include "console/exporter/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "console/exporter/config_values.h"
#include "policy/lines.h"
#include "policy/words.h"

#define DEFAULT_PORT	   "6514" /* RFC 5425 */
#define DEFAULT_FACILITY   13	  /* log audit: RFC 5424 */
#define DEFAULT_ENTERPRISE 32473  /* for examples: RFC 5612 */
#define DEFAULT_RESEND_MS  5000
#define DEFAULT_KEEP	   10

#define KIND(kind) (1u << CONFIG_##kind)
#define KIND_ALL   (KIND(FILE) | KIND(SYSLOG) | KIND(KAFKA))
#define KIND_TLS   (KIND(SYSLOG) | KIND(KAFKA))

static const char *const kinds[CONFIG_KIND_MAX] = {"file", "syslog", "kafka"};

#define OUTPUT(member) offsetof(struct config_output, member)

static const struct config_key keys[] = {
	{"severity", KIND_ALL, value_severity, OUTPUT(filter)},
	{"verdict", KIND_ALL, value_verdict, OUTPUT(filter)},
	{"class", KIND_ALL, value_classes, OUTPUT(filter)},
	{"start", KIND_ALL, value_start, OUTPUT(is_from_first)},
	{"path", KIND(FILE), value_path, OUTPUT(path)},
	{"rotate-size", KIND(FILE), value_bytes, OUTPUT(rotate_bytes)},
	{"keep", KIND(FILE), value_keep, OUTPUT(keep)},
	{"server", KIND(SYSLOG), value_server, 0},
	{"server-name", KIND(SYSLOG), value_host, OUTPUT(server_name)},
	{"facility", KIND(SYSLOG), value_facility, OUTPUT(facility)},
	{"enterprise", KIND(SYSLOG), value_enterprise, OUTPUT(enterprise)},
	{"resend", KIND(SYSLOG), value_seconds, OUTPUT(resend_ms)},
	{"brokers", KIND(KAFKA), value_brokers, OUTPUT(brokers)},
	{"topic", KIND(KAFKA), value_topic, OUTPUT(topic)},
	{"tls", KIND(KAFKA), value_tls, OUTPUT(is_plain)},
	{"ca", KIND_TLS, value_path, OUTPUT(ca)},
	{"certificate", KIND_TLS, value_path, OUTPUT(certificate)},
	{"key", KIND_TLS, value_path, OUTPUT(key)},
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

struct reading {
	struct config *config;
	struct config_output *output; /* NULL: what comes belongs nowhere */
	struct config_problem at;
	uint32_t seen; /* bits of keys */
	bool has_heading;
};

const char *config_kind_name(enum config_kind kind)
{
	return kinds[kind];
}

const struct config_output *config_find(const struct config *config, const char *name)
{
	for (unsigned int i = 0; i < config->count; i++)
		if (!strcmp(config->outputs[i].name, name))
			return &config->outputs[i];
	return NULL;
}

static bool has(const struct reading *reading, const char *key)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (!strcmp(keys[i].name, key))
			return reading->seen >> i & 1;
	return false;
}

static void need(struct reading *reading, const char *key)
{
	if (!has(reading, key))
		config_complain(&reading->at, NULL, "[%s %s] has no '%s'",
			kinds[reading->output->kind], reading->output->name, key);
}

/* A file's end says where its output was: it has one. */
static void check_alone(struct reading *reading)
{
	const struct config *config = reading->config;

	for (const struct config_output *other = config->outputs; other < reading->output; other++)
		if (other->kind == CONFIG_FILE && other->path[0] &&
			!strcmp(other->path, reading->output->path))
			config_complain(&reading->at, NULL, "'%s' writes to '%s' already",
				other->name, other->path);
}

/* What a section must have, once all of it was read. */
static void end_section(struct reading *reading)
{
	struct config_output *output = reading->output;

	if (!output)
		return;
	reading->at.place.line = output->line;
	switch (output->kind) {
	case CONFIG_FILE:
		need(reading, "path");
		check_alone(reading);
		break;
	case CONFIG_SYSLOG:
		need(reading, "server");
		need(reading, "ca");
		if (!output->server_name[0])
			memcpy(output->server_name, output->host, sizeof(output->host));
		break;
	case CONFIG_KAFKA:
	case CONFIG_KIND_MAX:
		need(reading, "brokers");
		need(reading, "topic");
		if (!output->is_plain)
			need(reading, "ca");
		else if (output->ca[0] || output->certificate[0] || output->key[0])
			config_complain(&reading->at, "leave it out, or the certificates",
				"'tls = no' beside certificates");
		break;
	}
	if (!output->certificate[0] != !output->key[0])
		config_complain(&reading->at, NULL, "'certificate' and 'key' go together");
}

static bool is_name(const char *name)
{
	return name[0] && strlen(name) < EXPORT_NAME_SIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static void on_section(void *userdata, const char *kind, const char *name, unsigned int line)
{
	struct reading *reading = userdata;
	struct config *config = reading->config;
	struct config_output *output;
	unsigned int which = 0;

	end_section(reading);
	reading->has_heading = true;
	reading->output = NULL;
	reading->seen = 0;
	reading->at.place.line = line;
	while (which < CONFIG_KIND_MAX && strcmp(kinds[which], kind) != 0)
		which++;
	if (which == CONFIG_KIND_MAX)
		config_complain(&reading->at, policy_word_nearest(kind, kinds, CONFIG_KIND_MAX),
			"no such section '%s': expected [file NAME], [syslog NAME] or [kafka NAME]",
			kind);
	else if (!is_name(name))
		config_complain(&reading->at, NULL,
			"'%s' is no name: expected 1 to %d of a-z, 0-9 and -", name,
			EXPORT_NAME_SIZE - 1);
	else if (config_find(config, name))
		config_complain(&reading->at, NULL, "there is an output '%s' already", name);
	else if (config->count == EXPORT_OUTPUT_MAX)
		config_complain(&reading->at, NULL, "more than %d outputs", EXPORT_OUTPUT_MAX);
	else {
		output = &config->outputs[config->count++];
		*output = (struct config_output){.kind = (enum config_kind)which,
			.line = line,
			.keep = DEFAULT_KEEP,
			.facility = DEFAULT_FACILITY,
			.enterprise = DEFAULT_ENTERPRISE,
			.resend_ms = DEFAULT_RESEND_MS,
			.port = DEFAULT_PORT};
		(void)snprintf(output->name, sizeof(output->name), "%s", name);
		reading->output = output;
	}
}

static void on_lost(void *userdata)
{
	struct reading *reading = userdata;

	end_section(reading);
	reading->has_heading = true;
	reading->output = NULL;
}

static void complain_of_key(struct reading *reading, const char *key)
{
	const char *words[KEY_COUNT];
	size_t count = 0;

	for (size_t i = 0; i < KEY_COUNT; i++)
		if (keys[i].kinds >> reading->output->kind & 1)
			words[count++] = keys[i].name;
	config_complain(&reading->at, policy_word_nearest(key, words, count),
		"no such key '%s' in a section [%s]", key, kinds[reading->output->kind]);
}

static void on_value(void *userdata, const char *key, const char *value, unsigned int line)
{
	struct reading *reading = userdata;
	struct config_output *output = reading->output;

	reading->at.place.line = line;
	if (!reading->has_heading)
		config_complain(&reading->at, NULL, "stands before the first section");
	if (!key)
		config_complain(&reading->at, NULL, "a value that goes on in the next line");
	if (!key || !output)
		return;
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (strcmp(keys[i].name, key) != 0 || !(keys[i].kinds >> output->kind & 1))
			continue;
		if (reading->seen >> i & 1)
			config_complain(&reading->at, NULL, "'%s' a second time", key);
		reading->seen |= 1u << i;
		keys[i].set(&reading->at, output, (char *)output + keys[i].offset, value);
		return;
	}
	complain_of_key(reading, key);
}

int config_parse(const char *text, size_t size, const char *path, struct config *ret_config,
	struct policy_problems *problems)
{
	struct reading reading = {
		.config = ret_config, .at = {.place = {.file = path}, .problems = problems}};
	const struct policy_lines lines = {
		.section = on_section, .lost = on_lost, .value = on_value, .userdata = &reading};

	*ret_config = (struct config){0};
	policy_lines_read(text, size, &reading.at.place, problems, &lines);
	end_section(&reading);
	policy_problems_sort(problems);
	return policy_problems_any(problems) ? -EINVAL : 0;
}

int config_read(const char *path, struct config *ret_config, struct policy_problems *problems)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	size_t size;
	int r = fd < 0 ? -errno : file_read_all(fd, CONFIG_FILE_MAX, &text, &size);

	*ret_config = (struct config){0};
	if (r < 0)
		return r;
	return config_parse(text, size, path, ret_config, problems);
}
