/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of any host, tenant and JSON as outputs get them. What must hold: a message is as long as its
 * count says, in structured data every quote and bracket is escaped, and a line shows whose it is.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "console/exporter/format.h"

static size_t take_text(const uint8_t **data, size_t *size, char *ret_text, size_t room)
{
	size_t length = *size ? (*data)[0] : 0;

	if (!*size)
		return ret_text[0] = '\0', 0;
	(*data)++;
	(*size)--;
	if (length > *size)
		length = *size;
	if (length >= room)
		length = room - 1;
	memcpy(ret_text, *data, length);
	ret_text[length] = '\0';
	*data += length;
	*size -= length;
	return length;
}

/* The end of the structured data behind text. */
static const char *skip_data(const char *at, const char *end)
{
	bool is_quoted = false;

	for (; at < end; at++) {
		if (is_quoted && *at == '\\')
			at++;
		else if (*at == '"')
			is_quoted = !is_quoted;
		else if (*at == ']' && !is_quoted)
			return at + 1;
	}
	return NULL;
}

static void check_syslog(const struct export_event *event, const char *tenant)
{
	static char text[1 << 16];
	const struct format_syslog how = {.facility = 13, .enterprise = 32473, .tenant = tenant};
	size_t size = format_syslog(text, sizeof(text) - 1, event, &how);
	const char *data;
	char *rest;

	assert(size > 0 && size < event->size + FORMAT_AROUND);
	text[size] = '\0';
	assert(strtoul(text, &rest, 10) == size - (size_t)(rest + 1 - text));
	data = memmem(text, size, " [holdfast@32473 ", 17); /* a host has no space */
	assert(data);
	for (const char *at = text; at < data; at++)
		assert(*at >= ' ' && *at < 0x7f);
	data = skip_data(data, text + size);
	assert(data && *data == ' ');
	assert((size_t)(text + size - data - 1) -
			(data[1] == '\xef' && event->size && event->json[0] != '\xef' ? 3 : 0) >=
		event->size);
	assert(!memcmp(text + size - event->size, event->json, event->size));
}

static void check_line(const struct export_event *event)
{
	static char text[1 << 16];
	struct export_identity identity;
	size_t size = format_line(text, sizeof(text), event);

	assert(size > 0 && size < event->size + FORMAT_AROUND);
	assert(format_line_read(text, size, &identity) == 0);
	assert(identity.id == event->id && identity.sequence == event->sequence);
	assert(!memcmp(identity.device, event->device, sizeof(event->device)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct export_event event = {0};
	struct export_identity identity;
	char tenant[CONSOLE_NAME_SIZE];

	(void)format_line_read(
		(const char *)data, size, &identity); /* any bytes may be asked about */
	if (size < 40)
		return 0;
	memcpy(&event.time_ms, data, 8);
	event.time_ms &= INT64_MAX;
	event.id = data[8] + 1u;
	event.sequence = data[9];
	memcpy(event.device, data + 10, 16);
	event.device[0] |= 1; /* one that is all zero is none */
	memcpy(&event.class_uid, data + 26, 4);
	memcpy(&event.activity_id, data + 30, 4);
	event.severity_id = data[34];
	data += 40;
	size -= 40;
	(void)take_text(&data, &size, event.host, sizeof(event.host)); /* its end is a NUL */
	(void)take_text(&data, &size, tenant, sizeof(tenant));	       /* likewise */
	event.json = (const char *)data;
	event.size = (uint32_t)size;
	check_syslog(&event, tenant);
	check_line(&event);
	return 0;
}
