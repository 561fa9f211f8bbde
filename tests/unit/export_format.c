/* SPDX-License-Identifier: Apache-2.0 */
/* Events as RFC 5424 and as JSON Lines: what is escaped, what is cut, what is read back. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/exporter/format.h"

static char text[EXPORT_JSON_MAX + FORMAT_AROUND];

static struct export_event sample(const char *json)
{
	return (struct export_event){.id = 9,
		.sequence = 7,
		.device = {0x12, [15] = 0x34},
		.time_ms = 1764050748123,
		.class_uid = 1001,
		.activity_id = 14,
		.severity_id = 4,
		.host = "pc-17",
		.size = (uint32_t)strlen(json),
		.json = json};
}

static const struct format_syslog how = {.facility = 13, .enterprise = 32473, .tenant = "acme"};

static void expect_syslog(
	const struct export_event *event, const struct format_syslog *wanted, const char *expected)
{
	size_t size = format_syslog(text, sizeof(text), event, wanted), digits;
	unsigned long count;
	char *end;

	cr_assert_gt(size, 0);
	count = strtoul(text, &end, 10);
	digits = (size_t)(end + 1 - text);
	cr_expect_eq(*end, ' ');
	cr_expect_eq(count, size - digits, "RFC 5425: octets behind the count");
	cr_expect_eq(size - digits, strlen(expected));
	cr_expect(!strncmp(text + digits, expected, size - digits), "%.*s", (int)size, text);
}

Test(export_format, syslog)
{
	const struct export_event event = sample("{\"a\":\"\xc3\xa9\"}");

	expect_syslog(&event, &how,
		"<107>1 2025-11-25T06:05:48.123Z pc-17 holdfast - 100114 "
		"[holdfast@32473 device=\"12000000-0000-0000-0000-000000000034\" sequence=\"7\" "
		"id=\"9\" tenant=\"acme\"] \xef\xbb\xbf{\"a\":\"\xc3\xa9\"}");
}

Test(export_format, what_structured_data_may_not_hold_is_escaped)
{
	const struct format_syslog odd = {
		.facility = 16, .enterprise = 1, .tenant = "a\"b\\c]d\ne"};
	struct export_event event = sample("{}");

	event.severity_id = 99;
	expect_syslog(&event, &odd,
		"<134>1 2025-11-25T06:05:48.123Z pc-17 holdfast - 100114 "
		"[holdfast@1 device=\"12000000-0000-0000-0000-000000000034\" sequence=\"7\" "
		"id=\"9\" tenant=\"a\\\"b\\\\c\\]d?e\"] \xef\xbb\xbf{}");
}

Test(export_format, a_host_is_one_word_of_ascii)
{
	struct export_event event = sample("{}");
	char host[sizeof(event.host)];

	(void)strcpy(event.host, "a b\xc3\xa9\x7f");
	cr_assert_gt(format_syslog(text, sizeof(text), &event, &how), 0);
	cr_expect(strstr(text, "Z a?b??? holdfast "), "%s", text);
	memset(host, 'x', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	memcpy(event.host, host, sizeof(host));
	cr_assert_gt(format_syslog(text, sizeof(text), &event, &how), 0);
	cr_expect(strstr(text, "xxx holdfast "));
	event.host[0] = '\0';
	cr_assert_gt(format_syslog(text, sizeof(text), &event, &how), 0);
	cr_expect(strstr(text, "Z - holdfast "));
}

Test(export_format, no_mark_of_utf8_before_what_is_none)
{
	const struct export_event event = sample("{\"a\":\"\xff\"}");
	size_t size = format_syslog(text, sizeof(text), &event, &how);

	cr_assert_gt(size, 0);
	cr_expect(!memmem(text, size, "\xef\xbb\xbf", 3));
	cr_expect(memmem(text, size, "] {\"a\":", 7));
}

Test(export_format, times_that_have_no_text)
{
	struct export_event event = sample("{}");

	event.time_ms = INT64_MAX;
	cr_assert_gt(format_syslog(text, sizeof(text), &event, &how), 0);
	cr_expect(strstr(text, "1 - pc-17 holdfast "), "%s", text);
	event.time_ms = 0;
	cr_assert_gt(format_syslog(text, sizeof(text), &event, &how), 0);
	cr_expect(strstr(text, "1 1970-01-01T00:00:00.000Z pc-17"), "%s", text);
}

Test(export_format, severities)
{
	static const uint8_t severities[] = {0, 1, 2, 3, 4, 5, 6, 99};
	static const unsigned int expected[] = {6, 6, 5, 4, 3, 2, 1, 6};

	for (size_t i = 0; i < sizeof(severities); i++)
		cr_expect_eq(format_severity(severities[i]), expected[i], "%u", severities[i]);
}

Test(export_format, room)
{
	const struct export_event event = sample("{}");

	cr_expect_eq(format_syslog(text, event.size + FORMAT_AROUND - 1, &event, &how), 0);
	cr_expect_eq(format_line(text, event.size + FORMAT_AROUND - 1, &event), 0);
	cr_expect_gt(format_line(text, event.size + FORMAT_AROUND, &event), 0);
}

Test(export_format, lines_are_read_back)
{
	struct export_event event = sample("{\"x\":1}");
	struct export_identity identity;
	size_t size;

	(void)strcpy(event.host, "a\"\\\x01");
	size = format_line(text, sizeof(text), &event);
	text[size] = '\0';
	cr_expect_str_eq(text,
		"{\"id\":9,\"device\":\"12000000-0000-0000-0000-000000000034\",\"sequence\":7,"
		"\"host\":\"a\\\"\\\\?\",\"event\":{\"x\":1}}\n");
	cr_assert_eq(format_line_read(text, size, &identity), 0);
	cr_expect_eq(identity.id, 9);
	cr_expect_eq(identity.sequence, 7);
	cr_expect_arr_eq(identity.device, event.device, sizeof(event.device));
	for (size_t i = 0; i < size; i++)
		cr_expect_eq(format_line_read(text, i, &identity), -EBADMSG, "cut at %zu", i);
	text[2] = 'x';
	cr_expect_eq(format_line_read(text, size, &identity), -EBADMSG);
}
