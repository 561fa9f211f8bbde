/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 5424's grammar is in its section 6; octet counting is RFC 5425, 4.3. */
#include "console/exporter/format.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/uuid.h"
#include "policy/lines.h"

#define BOM	  "\xef\xbb\xbf"
#define COUNT_MAX 12   /* digits of the octet count, and the space */
#define YEAR_LAST 9999 /* of RFC 3339 */

unsigned int format_severity(uint8_t severity_id)
{
	switch (severity_id) {
	case 2:		  /* Low */
		return 5; /* notice */
	case 3:		  /* Medium */
		return 4; /* warning */
	case 4:		  /* High */
		return 3; /* error */
	case 5:		  /* Critical */
		return 2; /* critical */
	case 6:		  /* Fatal */
		return 1; /* alert; emergency is said of a whole system */
	default:	  /* Unknown, Informational, Other */
		return 6; /* informational */
	}
}

/* With a millisecond's precision, in UTC; NILVALUE for a time that has no such text. */
static int put_time(char *text, size_t size, uint64_t day_ms)
{
	time_t seconds = (time_t)(day_ms / 1000);
	struct tm tm;
	char date[64];

	if (!gmtime_r(&seconds, &tm) || tm.tm_year + 1900 > YEAR_LAST ||
		!strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm))
		return snprintf(text, size, "-");
	return snprintf(text, size, "%s.%03uZ", date, (unsigned int)(day_ms % 1000));
}

/* HOSTNAME: printable ASCII, no space; what is not becomes '?'. */
static size_t put_host(char *text, const char *host)
{
	size_t used = 0;

	for (; host[used] && used < 255; used++)
		text[used] = host[used] > ' ' && host[used] < 0x7f ? host[used] : '?';
	if (!used)
		text[used++] = '-';
	return used;
}

/* PARAM-VALUE: '"', '\' and ']' are escaped; it is UTF-8, or becomes '?'. */
static size_t put_value(char *text, const char *value)
{
	bool is_utf8 = policy_text_is_utf8(value, strlen(value));
	size_t used = 0;

	for (; *value; value++) {
		unsigned char letter = (unsigned char)*value;

		if (letter == '"' || letter == '\\' || letter == ']')
			text[used++] = '\\';
		text[used++] = letter < ' ' || letter == 0x7f || (letter >= 0x80 && !is_utf8)
				       ? '?'
				       : *value;
	}
	return used;
}

/* Everything before the message, into room enough: FORMAT_AROUND is more than twice what it takes. */
static size_t put_head(
	char *text, const struct export_event *event, const struct format_syslog *how)
{
	char uid[UUID_TEXT_SIZE];
	size_t used = 0;

	uuid_format(event->device, uid);
	used += (size_t)sprintf(
		text, "<%u>1 ", how->facility * 8 + format_severity(event->severity_id));
	used += (size_t)put_time(text + used, 64, event->time_ms);
	text[used++] = ' ';
	used += put_host(text + used, event->host);
	/* APP-NAME, no PROCID, MSGID: type_uid of OCSF */
	used += (size_t)sprintf(text + used, " holdfast - %llu ",
		(unsigned long long)event->class_uid * 100 + event->activity_id);
	used += (size_t)sprintf(text + used,
		"[holdfast@%u device=\"%s\" sequence=\"%llu\" id=\"%llu\" tenant=\"",
		how->enterprise, uid, (unsigned long long)event->sequence,
		(unsigned long long)event->id);
	used += put_value(text + used, how->tenant);
	used += (size_t)sprintf(text + used, "\"] ");
	return used;
}

size_t format_syslog(char *ret_text, size_t size, const struct export_event *event,
	const struct format_syslog *how)
{
	char head[FORMAT_AROUND], count[COUNT_MAX + 1];
	bool is_utf8 = policy_text_is_utf8(event->json, event->size);
	size_t head_size, digits, mark = is_utf8 ? strlen(BOM) : 0;

	if (size < event->size + FORMAT_AROUND || strlen(how->tenant) >= CONSOLE_NAME_SIZE)
		return 0;
	head_size = put_head(head, event, how);
	digits = (size_t)snprintf(count, sizeof(count), "%zu ", head_size + mark + event->size);
	memcpy(ret_text, count, digits);
	memcpy(ret_text + digits, head, head_size);
	memcpy(ret_text + digits + head_size, BOM, mark);
	memcpy(ret_text + digits + head_size + mark, event->json, event->size);
	return digits + head_size + mark + event->size;
}

/* A string of JSON, without its quotes. */
static size_t put_json(char *text, const char *value)
{
	bool is_utf8 = policy_text_is_utf8(value, strlen(value));
	size_t used = 0;

	for (; *value; value++) {
		unsigned char letter = (unsigned char)*value;

		if (letter == '"' || letter == '\\')
			text[used++] = '\\';
		text[used++] = letter < ' ' || (letter >= 0x80 && !is_utf8) ? '?' : *value;
	}
	return used;
}

size_t format_line(char *ret_text, size_t size, const struct export_event *event)
{
	char uid[UUID_TEXT_SIZE];
	size_t used;

	if (size < event->size + FORMAT_AROUND)
		return 0;
	uuid_format(event->device, uid);
	used = (size_t)sprintf(ret_text,
		"{\"id\":%llu,\"device\":\"%s\",\"sequence\":%llu,\"host\":\"",
		(unsigned long long)event->id, uid, (unsigned long long)event->sequence);
	used += put_json(ret_text + used, event->host);
	used += (size_t)sprintf(ret_text + used, "\",\"event\":");
	memcpy(ret_text + used, event->json, event->size);
	used += event->size;
	ret_text[used++] = '}';
	ret_text[used++] = '\n';
	return used;
}

/* The text, if it is there; moves on behind it. */
static bool skip(const char **at, const char *end, const char *text)
{
	size_t length = strlen(text);

	if ((size_t)(end - *at) < length || memcmp(*at, text, length) != 0)
		return false;
	*at += length;
	return true;
}

static bool read_number(const char **at, const char *end, uint64_t *ret_number)
{
	const char *begun = *at;
	uint64_t number = 0;

	while (*at < end && **at >= '0' && **at <= '9') {
		if (number > (INT64_MAX - 9) / 10)
			return false;
		number = number * 10 + (uint64_t)(*(*at)++ - '0');
	}
	*ret_number = number;
	return *at > begun;
}

int format_line_read(const char *line, size_t size, struct export_identity *ret_identity)
{
	const char *at = line, *end = line + size;
	struct export_identity identity;
	char uid[UUID_TEXT_SIZE];

	if (!skip(&at, end, "{\"id\":") || !read_number(&at, end, &identity.id) ||
		!skip(&at, end, ",\"device\":\"") || (size_t)(end - at) < sizeof(uid))
		return -EBADMSG;
	(void)snprintf(uid, sizeof(uid), "%.*s", (int)sizeof(uid) - 1, at);
	at += sizeof(uid) - 1;
	if (uuid_parse(uid, identity.device) < 0 || !skip(&at, end, "\",\"sequence\":") ||
		!read_number(&at, end, &identity.sequence) || !skip(&at, end, ",\"host\":\"") ||
		size < 2 || line[size - 2] != '}' || line[size - 1] != '\n')
		return -EBADMSG;
	*ret_identity = identity;
	return 0;
}
