/* SPDX-License-Identifier: Apache-2.0 */
/* What may stand behind the '=' of each key. */
#include "console/exporter/config_values.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/words.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define VERDICT_WARN 3 /* enum store_verdict */

void config_complain(const struct config_problem *at, const char *hint, const char *format, ...)
{
	char text[POLICY_PROBLEM_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments); /* cut when too long */
	va_end(arguments);
	policy_problems_add(at->problems, &at->place, hint, "%s", text);
}

/* Its place in words; complains, and answers -1. */
static int find_word(const struct config_problem *at, const char *value, const char *const *words,
	size_t count, const char *what)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(words[i], value))
			return (int)i;
	config_complain(at, policy_word_nearest(value, words, count), "'%s' is no %s", value, what);
	return -1;
}

/* A whole number; -EINVAL with *ret_rest at what stands behind it. */
static int read_number(const char *value, uint64_t *ret_number, const char **ret_rest)
{
	char *end;

	errno = 0;
	*ret_number = strtoull(value, &end, 10);
	*ret_rest = end;
	return errno || end == value || !isdigit((unsigned char)value[0]) ? -EINVAL : 0;
}

static bool set_number(
	const struct config_problem *at, uint64_t *field, const char *value, uint64_t most)
{
	const char *rest;
	uint64_t number;

	if (read_number(value, &number, &rest) < 0 || *rest || number > most) {
		config_complain(at, NULL, "'%s' is no number from 0 to %llu", value,
			(unsigned long long)most);
		return false;
	}
	*field = number;
	return true;
}

static void set_text(const struct config_problem *at, char *field, size_t size, const char *value)
{
	if (!value[0])
		config_complain(at, NULL, "nothing behind the '='");
	else if (strlen(value) >= size)
		config_complain(at, NULL, "longer than %zu bytes", size - 1);
	else
		(void)strcpy(field, value); /* fits */
}

void value_severity(const struct config_problem *at, struct config_output *output, void *field,
	const char *value)
{
	/* severity_id of OCSF */
	static const char *const words[] = {
		"unknown", "informational", "low", "medium", "high", "critical", "fatal"};
	int which = find_word(at, value, words, COUNT(words), "severity");

	(void)output;
	if (which >= 0)
		((struct export_filter *)field)->severity_min = (uint8_t)which;
}

void value_verdict(const struct config_problem *at, struct config_output *output, void *field,
	const char *value)
{
	static const char *const words[] = {"any", "allow", "audit", "warn", "block", "refused"};
	int which = find_word(at, value, words, COUNT(words), "verdict");
	struct export_filter *filter = field;

	(void)output;
	if (which < 0)
		return;
	filter->verdict_min = filter->verdict_max = (uint8_t)which;
	if (!strcmp(words[which], "refused")) {
		filter->verdict_min = VERDICT_WARN;
		filter->verdict_max = VERDICT_WARN + 1;
	}
}

static void add_class(
	const struct config_problem *at, struct export_filter *filter, const char *word)
{
	static const char *const names[] = {"file", "process", "log", "peripheral", "entity",
		"network", "config", "lifecycle", "hosting"};
	static const uint32_t uids[] = {1001, 1007, 1008, 1010, 3004, 4001, 5019, 6002, 6006};
	uint64_t number;
	const char *rest;
	int which;

	if (filter->class_count == EXPORT_CLASS_MAX) {
		config_complain(at, NULL, "more than %d classes", EXPORT_CLASS_MAX);
		return;
	}
	if (read_number(word, &number, &rest) == 0 && !*rest && number && number <= UINT32_MAX) {
		filter->classes[filter->class_count++] = (uint32_t)number;
		return;
	}
	which = find_word(at, word, names, COUNT(names), "class of OCSF, by name or number");
	if (which >= 0)
		filter->classes[filter->class_count++] = uids[which];
}

void value_classes(const struct config_problem *at, struct config_output *output, void *field,
	const char *value)
{
	char list[CONFIG_LIST_SIZE] = "", *rest = list, *word;

	(void)output;
	set_text(at, list, sizeof(list), value);
	while ((word = strtok_r(rest, " \t,", &rest)) != NULL)
		add_class(at, field, word);
}

void value_start(const struct config_problem *at, struct config_output *output, void *field,
	const char *value)
{
	static const char *const words[] = {"now", "first"};
	int which = find_word(at, value, words, COUNT(words), "start: expected now or first");

	(void)output;
	if (which >= 0)
		*(bool *)field = which;
}

void value_tls(const struct config_problem *at, struct config_output *output, void *field,
	const char *value)
{
	static const char *const words[] = {"yes", "no"};
	int which = find_word(at, value, words, COUNT(words), "yes or no");

	(void)output;
	if (which >= 0)
		*(bool *)field = which;
}

void value_bytes(const struct config_problem *at, struct config_output *output, void *field,
	const char *value)
{
	static const char units[] = "KMG";
	const char *rest, *unit;
	uint64_t number;

	(void)output;
	if (read_number(value, &number, &rest) == 0 && number && number < 1024 * 1024) {
		unit = rest[0] && !rest[1] ? strchr(units, rest[0]) : NULL;
		if (unit) {
			*(uint64_t *)field = number << (10 * (unit - units + 1));
			return;
		}
	}
	config_complain(
		at, NULL, "'%s' is no size: expected a number and K, M or G, as in 100M", value);
}

void value_keep(const struct config_problem *at, struct config_output *output, void *field,
	const char *value)
{
	(void)output;
	(void)set_number(at, field, value, 1000); /* has complained */
}

void value_enterprise(const struct config_problem *at, struct config_output *output, void *field,
	const char *value)
{
	(void)output;
	(void)set_number(at, field, value, UINT32_MAX); /* likewise */
}

void value_seconds(const struct config_problem *at, struct config_output *output, void *field,
	const char *value)
{
	uint64_t seconds;
	char digits[8];
	size_t length = strlen(value);

	(void)output;
	if (length < 2 || length >= sizeof(digits) || value[length - 1] != 's') {
		config_complain(at, NULL, "'%s' is no time: expected seconds, as in 5s", value);
		return;
	}
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)length - 1, value);
	if (set_number(at, &seconds, digits, 600))
		*(uint64_t *)field = seconds * 1000;
}

void value_facility(const struct config_problem *at, struct config_output *output, void *field,
	const char *value)
{
	/* RFC 5424, 6.2.1, by the names of syslog.conf(5) */
	static const char *const names[] = {"user", "daemon", "auth", "authpriv", "audit", "local0",
		"local1", "local2", "local3", "local4", "local5", "local6", "local7"};
	static const uint8_t codes[] = {1, 3, 4, 10, 13, 16, 17, 18, 19, 20, 21, 22, 23};
	int which = find_word(at, value, names, COUNT(names), "facility");

	(void)output;
	if (which >= 0)
		*(uint64_t *)field = codes[which];
}

void value_path(const struct config_problem *at, struct config_output *output, void *field,
	const char *value)
{
	(void)output;
	if (value[0] != '/')
		config_complain(at, NULL, "'%s' is no path from /", value);
	else
		set_text(at, field, PATH_MAX, value);
}

void value_host(const struct config_problem *at, struct config_output *output, void *field,
	const char *value)
{
	(void)output;
	set_text(at, field, CONFIG_HOST_SIZE, value);
}

void value_topic(const struct config_problem *at, struct config_output *output, void *field,
	const char *value)
{
	(void)output;
	/* What Kafka takes: org.apache.kafka.common.internals.Topic */
	if (strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") !=
			strlen(value) ||
		strlen(value) > 249)
		config_complain(
			at, NULL, "'%s' is no topic: expected a-z, A-Z, 0-9, ., _ and -", value);
	else
		set_text(at, field, CONFIG_HOST_SIZE, value);
}

void value_brokers(const struct config_problem *at, struct config_output *output, void *field,
	const char *value)
{
	(void)output;
	set_text(at, field, CONFIG_LIST_SIZE, value);
}

/* HOST, HOST:PORT, [ADDRESS]:PORT */
void value_server(const struct config_problem *at, struct config_output *output, void *field,
	const char *value)
{
	const char *colon = strrchr(value, ':'), *close = strchr(value, ']'), *rest;
	size_t length;
	uint64_t port;

	(void)field;
	if (colon && (close ? colon < close : strchr(value, ':') != colon))
		colon = NULL; /* of an IPv6 address */
	length = colon ? (size_t)(colon - value) : strlen(value);
	if (colon && (read_number(colon + 1, &port, &rest) < 0 || *rest || !port || port > 65535)) {
		config_complain(at, NULL, "'%s' is no port", colon + 1);
		return;
	}
	if (colon)
		(void)snprintf(output->port, sizeof(output->port), "%u", (unsigned int)port);
	if (value[0] == '[' && length >= 2 && value[length - 1] == ']') {
		value++;
		length -= 2;
	}
	if (!length || length >= sizeof(output->host) || strcspn(value, " \t,/@[]") < length)
		config_complain(at, NULL, "'%s' is no server: expected HOST or HOST:PORT", value);
	else
		(void)snprintf(output->host, sizeof(output->host), "%.*s", (int)length, value);
}
